"""A label that gives way: what it has no room for is left out, and an ellipsis says so."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel

LEAST = 24  # pixels: a letter and the ellipsis


class ElidedLabel(QLabel):
    """One line of plain text."""

    def minimumSizeHint(self) -> QSize:
        """Hardly any width, so that no window grows for its words."""
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), LEAST), whole.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws as much of the text as there is room for."""
        if super().minimumSizeHint().width() <= self.width():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()
