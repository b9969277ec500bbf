"""How a cell of the data set table is drawn: a number, and under a gain a bar from the middle that says its sign."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fcn_studio.app.canvas.plot_colours import VERDICT_COLOURS
from fcn_studio.app.dataset.dataset_model import GAIN, PROBLEM, STALE
from fcn_studio.core.maps.changes import Verdict

BAR = 3.0  # pixels high
PADDING = 8  # left and right of the bar
SIGN = 14  # of a problem, in pixels
STALE_OPACITY = 0.35

Index = QModelIndex | QPersistentModelIndex


class DatasetDelegate(QStyledItemDelegate):
    """Colours of gains are those of rescued and harmed pixels, told apart by every eye; the sign says it too.

    Attributes:
        sign: Stands before the name of a photo that has a problem.
    """

    sign = QIcon()

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Figures of one width, so that points stand below each other."""
        super().initStyleOption(option, index)
        font = QFont(option.font)
        font.setFeature(QFont.Tag("tnum"), 1)
        option.font = font
        if index.data(STALE):
            option.font.setItalic(True)
        option.state &= ~QStyle.StateFlag.State_HasFocus  # the row is what is chosen, not a cell
        if index.data(GAIN) is not None:
            option.displayAlignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if index.column() == 0 and index.data(PROBLEM):
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            option.icon = self.sign
            option.decorationSize = QSize(SIGN, SIGN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draws a cell."""
        super().paint(painter, option, index)
        share = index.data(GAIN)
        if not isinstance(share, float):
            return
        cell = QRect(option.rect)
        middle = QPoint(cell.center().x(), cell.bottom())
        half = (cell.width() - 2 * PADDING) / 2
        length = half * min(abs(share), 1.0)
        red, green, blue = VERDICT_COLOURS[Verdict.RESCUED if share >= 0 else Verdict.HARMED]
        left = middle.x() - (0.0 if share >= 0 else length)
        painter.save()
        painter.setOpacity(STALE_OPACITY if index.data(STALE) else 1.0)
        painter.fillRect(QRectF(left, middle.y() - BAR, length, BAR), QColor(red, green, blue))
        painter.fillRect(QRectF(middle.x() - 0.5, middle.y() - BAR - 1, 1, BAR + 1), option.palette.placeholderText())
        painter.restore()
