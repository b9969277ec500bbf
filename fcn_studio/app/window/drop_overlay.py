"""The target that covers the whole window while something that can be opened is dragged over it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

MARGIN = 16


class DropOverlay(QWidget):
    """Lets every mouse event through; its parent shows and hides it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("drop_overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("Drop to open"))
        self.hide()

    def cover(self) -> None:
        """Covers the parent, above everything else in it."""
        if (window := self.parentWidget()) is not None:
            self.setGeometry(window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = self.palette().highlight().color()
        painter.fillRect(self.rect(), QColor(16, 18, 22, 200))
        painter.setPen(QPen(accent.lighter(130), 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN), 12, 12)
        painter.setPen(QColor(255, 255, 255))
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 1.8)
        painter.setFont(font)
        middle = QRectF(self.rect()).adjusted(0, -2 * MARGIN, 0, -2 * MARGIN)
        painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, self.tr("Drop to open"))
        painter.setFont(self.font())
        below = middle.adjusted(0, 5 * MARGIN, 0, 5 * MARGIN)
        words = self.tr("Photos, folders, a mask as ground truth of the photo on screen, or a checkpoint")
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
