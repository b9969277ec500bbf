"""Two pictures in one place, with a divider that is dragged between them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from fcn_studio.app.canvas.canvas import Canvas
from fcn_studio.app.canvas.layers import Layers
from fcn_studio.app.canvas.rendering import PhotoRenderer
from fcn_studio.app.canvas.view_transform import Placement, ViewTransform

GRIP = 12  # pixels on either side of the divider that take hold of it
KEY_STEP = 0.02


class SwipeCanvas(Canvas):
    """Left of the divider one picture, right of it the other; without a divider the second alone.

    Attributes:
        before: The layers on the left; `layers` are those on the right.
        divider: Share of the width, 0 to 1, or None for no divider.

    Signals:
        divider_moved: The user moved it. (share of the width)
    """

    divider_moved = Signal(float)

    def __init__(self, transform: ViewTransform, renderer: PhotoRenderer, parent: QWidget | None = None) -> None:
        super().__init__(transform, renderer, parent)
        self.before = Layers(renderer)
        self.divider: float | None = None
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_divider(self, share: float | None) -> None:
        """Where the divider is."""
        self.divider = None if share is None else min(max(share, 0.0), 1.0)
        if self.divider is not None:
            text = self.tr("Divider at {0} %").format(round(100 * self.divider))
            self.setAccessibleDescription(text)
        self.update()

    def _near_divider(self, position: QPointF) -> bool:
        return self.divider is not None and abs(position.x() - self.divider * self.width()) <= GRIP

    def _move_divider(self, x: float) -> None:
        self.set_divider(x / max(self.width(), 1))
        if self.divider is not None:
            self.divider_moved.emit(self.divider)

    def _paint_layers(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        if self.divider is None:
            self.layers.paint(painter, placement, ratio)
            return
        x = round(self.divider * self.width() * ratio) / ratio
        for layers, area in (
            (self.before, QRectF(0, 0, x, self.height())),
            (self.layers, QRectF(x, 0, self.width() - x, self.height())),
        ):
            painter.save()
            painter.setClipRect(area)
            layers.paint(painter, placement, ratio)
            painter.restore()
        self._paint_divider(painter, x)

    def _paint_divider(self, painter: QPainter, x: float) -> None:
        middle = self.height() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 140), 4.0), (QColor(255, 255, 255), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.setPen(QPen(self.palette().highlight().color() if self.hasFocus() else QColor(0, 0, 0, 140), 2))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(QPointF(x, middle), 14, 14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(40, 40, 40))
        for side in (-1, 1):
            tip, base = x + side * 9, x + side * 4
            painter.drawPolygon(QPolygonF([QPointF(tip, middle), QPointF(base, middle - 4), QPointF(base, middle + 4)]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of the divider, or of the picture."""
        if event.button() == Qt.MouseButton.LeftButton and self._near_divider(event.position()):
            self._dragging = True
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Moves the divider, or the picture."""
        if self._dragging:
            self._move_divider(event.position().x())
            self.pointer_moved.emit(self.pixel_at(event.position()))
            return
        if event.buttons() == Qt.MouseButton.NoButton:
            near = self._near_divider(event.position())
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go."""
        if self._dragging:
            self._dragging = False
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Comma and full stop move the divider."""
        step = {Qt.Key.Key_Comma: -KEY_STEP, Qt.Key.Key_Period: KEY_STEP}.get(Qt.Key(event.key()))
        if step is None or self.divider is None:
            super().keyPressEvent(event)
            return
        self._move_divider((self.divider + step) * self.width())
