"""One panel's picture: the photo, a mask over it, the shared cross-hair; mouse and wheel move the shared view."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QNativeGestureEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fcn_studio.app.appearance import ColourTable
from fcn_studio.app.pyramid import Levels
from fcn_studio.app.views.rendering import PhotoRenderer, render_mask
from fcn_studio.app.views.view_transform import Placement, ViewTransform

BACKDROP = QColor(0x6B, 0x6B, 0x6B)  # neutral and the same in both themes, so that colours look alike
WHEEL_ZOOM = 1.25  # for one notch
NOTCH = 120  # Qt's angle for one notch
GRID_FROM = 12.0  # zoom from which the photo's pixels are ruled off
INDICES_FROM = 32.0  # zoom from which class indices are printed in the mask's pixels


class Canvas(QWidget):
    """Draws from a shared `ViewTransform` and moves it.

    Signals:
        pointer_moved: The pointer is over another place. ((x, y) of a pixel of the photo, or None)
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None

    def __init__(self, transform: ViewTransform, renderer: PhotoRenderer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._transform = transform
        self._renderer = renderer
        self._levels: Levels | None = None
        self._mask: NDArray[np.uint8] | None = None
        self._colours: ColourTable = ()
        self._mask_image: QImage | None = None
        self._mask_placement: Placement | None = None
        self._crosshair: tuple[int, int] | None = None
        self._drag_from: QPointF | None = None
        self._message = ""
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        transform.changed.connect(self.update)

    @property
    def class_mask(self) -> NDArray[np.uint8] | None:
        """The mask that is shown."""
        return self._mask

    def set_picture(self, levels: Levels | None, mask: NDArray[np.uint8] | None, message: str = "") -> None:
        """What to show; `message` is written over it."""
        self._levels, self._mask, self._message = levels, mask, message
        self._mask_image = None
        self.update()

    def set_colours(self, colours: ColourTable) -> None:
        """The mask's colour table: all that opacity and visibility change."""
        self._colours = colours
        if self._mask_image is not None:
            self._mask_image.setColorTable(colours)
        self.update()

    def set_crosshair(self, pixel: tuple[int, int] | None) -> None:
        """Marks a pixel of the photo."""
        if pixel != self._crosshair:
            self._crosshair = pixel
            self.update()

    def placement(self) -> Placement:
        """Where the photo lies here, in screen pixels."""
        ratio = self.devicePixelRatioF()
        return self._transform.placement(round(self.width() * ratio), round(self.height() * ratio))

    def pixel_at(self, position: QPointF) -> tuple[int, int] | None:
        """The photo's pixel at a place of this widget, or None beside the photo."""
        ratio = self.devicePixelRatioF()
        x, y = self.placement().to_image(position.x() * ratio, position.y() * ratio)
        if self._levels is None:
            return None
        height, width = self._levels[0].shape[:2]
        return (int(x), int(y)) if 0 <= x < width and 0 <= y < height else None

    def _from_middle(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return (position.x() - self.width() / 2) * ratio, (position.y() - self.height() / 2) * ratio

    def _indexed(self, placement: Placement) -> QImage | None:
        """The visible part of the mask; sampled again only if mask or view have changed."""
        if self._mask is None:
            return None
        if self._mask_image is None or placement != self._mask_placement:
            self._mask_image = render_mask(self._mask, placement)
            self._mask_placement = placement
            if self._mask_image is not None:
                self._mask_image.setColorTable(self._colours)
        return self._mask_image

    def _paint_crosshair(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        if self._crosshair is None:
            return
        x, y = placement.to_view(self._crosshair[0] + 0.5, self._crosshair[1] + 0.5)
        left, top, right, bottom = (edge / ratio for edge in placement.visible())
        x, y = x / ratio, y / ratio
        half = max(placement.zoom / ratio / 2, 5.0)  # the marked pixel itself stays free
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255, 230), 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(left, y), QPointF(max(x - half, left), y))
            painter.drawLine(QPointF(min(x + half, right), y), QPointF(right, y))
            painter.drawLine(QPointF(x, top), QPointF(x, max(y - half, top)))
            painter.drawLine(QPointF(x, min(y + half, bottom)), QPointF(x, bottom))

    def _paint_grid(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        if placement.zoom < GRID_FROM:
            return
        left, top, right, bottom = placement.visible()
        painter.setPen(QPen(QColor(0, 0, 0, 60), 1 / ratio))
        first, last = (int(edge) for edge in (placement.to_image(left, 0)[0], placement.to_image(right, 0)[0]))
        for column in range(first + 1, last + 1):
            x = round(placement.to_view(column, 0)[0]) / ratio
            painter.drawLine(QPointF(x, top / ratio), QPointF(x, bottom / ratio))
        first, last = (int(edge) for edge in (placement.to_image(0, top)[1], placement.to_image(0, bottom)[1]))
        for row in range(first + 1, last + 1):
            y = round(placement.to_view(0, row)[1]) / ratio
            painter.drawLine(QPointF(left / ratio, y), QPointF(right / ratio, y))

    def _paint_indices(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        """The class index in each pixel of the mask, once there is room for it."""
        zoom = placement.zoom / ratio
        if self._mask is None or zoom < INDICES_FROM:
            return
        left, top, right, bottom = placement.visible()
        first = placement.to_image(left, top)
        last = placement.to_image(right - 1, bottom - 1)
        for row in range(int(first[1]), int(last[1]) + 1):
            for column in range(int(first[0]), int(last[0]) + 1):
                x, y = (edge / ratio for edge in placement.to_view(column, row))
                text = str(self._mask[row, column])
                for shift, colour in ((1, QColor(0, 0, 0, 200)), (0, QColor(255, 255, 255))):
                    painter.setPen(colour)  # white on a dark shadow can be read on every class colour
                    cell = QRectF(x + shift, y + shift, zoom, zoom)
                    painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_message(self, painter: QPainter) -> None:
        if not self._message:
            return
        metrics = painter.fontMetrics()
        size = metrics.size(0, self._message) + QSize(24, 12)
        box = QRectF(
            (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 190))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._message)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), BACKDROP)
        if self._levels is not None:
            placement, ratio = self.placement(), self.devicePixelRatioF()
            corner = QPointF(placement.visible()[0] / ratio, placement.visible()[1] / ratio)
            for image in (self._renderer.render(self._levels, placement), self._indexed(placement)):
                if image is not None:
                    image.setDevicePixelRatio(ratio)
                    painter.drawImage(corner, image)
            self._paint_grid(painter, placement, ratio)
            self._paint_indices(painter, placement, ratio)
            self._paint_crosshair(painter, placement, ratio)
        self._paint_message(painter)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms at the pointer; two fingers on a touchpad pan."""
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if not pixels.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            ratio = self.devicePixelRatioF()  # two fingers on a touchpad pan
            self._transform.pan_by(pixels.x() * ratio, pixels.y() * ratio)
        elif angle.y():
            self._transform.zoom_at(WHEEL_ZOOM ** (angle.y() / NOTCH), *self._from_middle(event.position()))
        self.pointer_moved.emit(self.pixel_at(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Starts a pan."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._drag_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans while a button is held; moves the cross-hair."""
        if self._drag_from is not None:
            moved = (event.position() - self._drag_from) * self.devicePixelRatioF()
            self._drag_from = event.position()
            self._transform.pan_by(moved.x(), moved.y())
        self.pointer_moved.emit(self.pixel_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends a pan."""
        self._drag_from = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fits the photo."""
        self._transform.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """Takes the cross-hair away."""
        self.pointer_moved.emit(None)

    def event(self, event: QEvent) -> bool:
        """Pinching zooms."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._transform.zoom_at(1 + event.value(), *self._from_middle(event.position()))
            return True
        return super().event(event)
