"""What stands beside a map: colours with their meaning and share, a colour scale, and tables of figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from fcn_studio.app.canvas.plot_colours import SEQUENTIAL, Colour, sequential
from fcn_studio.app.widgets.icons import swatch
from fcn_studio.app.widgets.own_keys import LeavesLetters

FLAT = 12  # height of a colour scale, pixels
ICON = 12


def small_label(name: str = "") -> QLabel:
    """A label for a sentence, in small type."""
    label = QLabel()
    label.setObjectName(name)
    label.setProperty("role", "small")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


class SwatchRows(QWidget):
    """One line for each colour: what it stands for, and a figure."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._labels: list[tuple[QLabel, QLabel, QLabel]] = []

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Words and figures, as they are shown."""
        return [(words.text(), figure.text()) for _, words, figure in self._labels if not words.isHidden()]

    def set_rows(self, rows: Sequence[tuple[Colour, str, str]]) -> None:
        """(colour, words, figure) of each line."""
        while len(self._labels) < len(rows):
            self._append()
        for place, labels in enumerate(self._labels):
            for label in labels:
                label.setVisible(place < len(rows))
            if place < len(rows):
                colour, words, figure = rows[place]
                labels[0].setPixmap(swatch(colour).pixmap(ICON, ICON))
                labels[1].setText(words)
                labels[2].setText(figure)

    def _append(self) -> None:
        icon, words, figure = QLabel(), QLabel(), QLabel()
        words.setWordWrap(True)
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, label in enumerate((icon, words, figure)):
            self._grid.addWidget(label, len(self._labels), column)
        self._labels.append((icon, words, figure))


class ColourScale(QWidget):
    """The colours from 0 to 1, with their ends and middle named."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The scale and its figures below."""
        return QSize(120, FLAT + 4 + self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        painter = QPainter(self)
        ramp = QLinearGradient(0, 0, self.width(), 0)
        for place in range(len(SEQUENTIAL)):
            share = place / (len(SEQUENTIAL) - 1)
            red, green, blue = sequential(share)
            ramp.setColorAt(share, QColor(red, green, blue))
        painter.fillRect(QRectF(0, 0, self.width(), FLAT), ramp)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        below = self.rect().adjusted(0, FLAT + 4, 0, 0)
        for text, side in (("0", "AlignLeft"), ("0.5", "AlignHCenter"), ("1", "AlignRight")):
            painter.drawText(below, Qt.AlignmentFlag[side] | Qt.AlignmentFlag.AlignTop, text)
        painter.end()


class FigureTable(LeavesLetters, QTreeWidget):
    """A name and some figures in each row, for reading."""

    def __init__(self, name: str, headings: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setHeaderLabels(list(headings))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(ICON, ICON))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(120)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(headings)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def set_rows(self, rows: Sequence[tuple[str, Sequence[str], Colour | None]]) -> None:
        """(name, figures, its colour if it has one) of each row."""
        self.clear()
        for name, figures, colour in rows:
            row = QTreeWidgetItem([name, *figures])
            row.setToolTip(0, name)
            if colour is not None:
                row.setIcon(0, swatch(colour))
            for column in range(1, len(figures) + 1):
                row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.addTopLevelItem(row)

    def fit(self) -> None:
        """As high as its rows."""
        rows = self.topLevelItemCount()
        self.setFixedHeight(self.header().sizeHint().height() + rows * max(self.sizeHintForRow(0), 0) + 4)
