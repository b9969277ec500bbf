"""One panel's picture and the shared cross-hair; mouse, wheel and pinch move the shared view."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from fcn_studio.app.canvas.layers import Content, Layers, Look
from fcn_studio.app.canvas.marks import Marks
from fcn_studio.app.canvas.rendering import PhotoRenderer
from fcn_studio.app.canvas.view_transform import Placement, ViewTransform

BACKDROP = QColor(0x6B, 0x6B, 0x6B)  # neutral and the same in both themes, so that colours look alike
WHEEL_ZOOM = 1.25  # for one notch
LEAST_PICTURE = QSize(200, 140)  # Qt's pixels, in views that scroll where there is no room for it
NOTCH = 120  # Qt's angle for one notch


class Canvas(QWidget):
    """Draws from a shared `ViewTransform` and moves it.

    Attributes:
        layers: What is drawn.

    Signals:
        pointer_moved: The pointer is over another place. ((x, y) of a pixel of the photo, or None)
        clicked: A pixel was clicked, and not dragged. ((x, y) of a pixel of the photo)
        region_chosen: A rectangle was drawn with Shift. (rows, columns)
        resized: It is seen at another size, so that what fits may differ.
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None
    clicked = Signal(object)  # tuple[int, int]
    region_chosen = Signal(object, object)  # range, range
    resized = Signal()

    def __init__(self, transform: ViewTransform, renderer: PhotoRenderer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._transform = transform
        self.layers = Layers(renderer)
        self._crosshair: tuple[int, int] | None = None
        self._marks = Marks()
        self._drag_from: QPointF | None = None
        self._pressed_at: QPointF | None = None  # until it becomes a drag
        self._region_from: QPointF | None = None
        self._region_to: QPointF | None = None
        self._message = ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click takes the keys back from lists and fields
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        transform.changed.connect(self.update)

    def set_content(self, content: Content, message: str = "") -> None:
        """What to show; `message` is written over it."""
        self.layers.set_content(content)
        self._message = message
        self.update()

    def set_look(self, look: Look) -> None:
        """How masks are drawn: all that opacity, visibility and the cut-off change."""
        self.layers.set_look(look)
        self.update()

    def set_crosshair(self, pixel: tuple[int, int] | None) -> None:
        """Marks a pixel of the photo."""
        if pixel != self._crosshair:
            self._crosshair = pixel
            self.update()

    def set_marks(self, marks: Marks) -> None:
        """What the probe marks."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def placement(self) -> Placement:
        """Where the photo lies here, in screen pixels."""
        ratio = self.devicePixelRatioF()
        return self._transform.placement(round(self.width() * ratio), round(self.height() * ratio))

    def pixel_at(self, position: QPointF) -> tuple[int, int] | None:
        """The photo's pixel at a place of this widget, or None beside the photo."""
        ratio = self.devicePixelRatioF()
        x, y = self.placement().to_image(position.x() * ratio, position.y() * ratio)
        if self.layers.content.levels is None:
            return None
        height, width = self.layers.content.levels[0].shape[:2]
        return (int(x), int(y)) if 0 <= x < width and 0 <= y < height else None

    def _from_middle(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return (position.x() - self.width() / 2) * ratio, (position.y() - self.height() / 2) * ratio

    def _paint_layers(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        self.layers.paint(painter, placement, ratio)

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

    def _paint_region(self, painter: QPainter) -> None:
        if self._region_from is not None and self._region_to is not None:
            painter.setPen(QPen(QColor(255, 255, 255), 1, Qt.PenStyle.DashLine))
            painter.setBrush(QColor(255, 255, 255, 40))
            painter.drawRect(QRectF(self._region_from, self._region_to).normalized())

    def _region(self) -> tuple[range, range] | None:
        """The pixels of the photo in the rectangle that is drawn."""
        if self._region_from is None or self._region_to is None or self.layers.content.levels is None:
            return None
        ratio, placement = self.devicePixelRatioF(), self.placement()
        ends = [placement.to_image(end.x() * ratio, end.y() * ratio) for end in (self._region_from, self._region_to)]
        height, width = self.layers.content.levels[0].shape[:2]
        columns, rows = (
            range(max(int(min(ends[0][axis], ends[1][axis])), 0), min(int(max(ends[0][axis], ends[1][axis])) + 1, size))
            for axis, size in ((0, width), (1, height))
        )
        return (rows, columns) if rows and columns else None

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

    def fit_view(self) -> None:
        """Lets "fit" mean this canvas; for the one picture of a view."""
        ratio = self.devicePixelRatioF()
        self._transform.set_viewport(round(self.width() * ratio), round(self.height() * ratio))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tells of it."""
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()  # Qt does not survive a painter that outlives its event

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), BACKDROP)
        placement, ratio = self.placement(), self.devicePixelRatioF()
        levels = self.layers.content.levels
        # The shared view may be of the next photo already, whose picture is about to come.
        if levels is not None and levels[0].shape[:2] == (placement.image_height, placement.image_width):
            self._paint_layers(painter, placement, ratio)
            self._marks.paint(painter, placement, ratio)
            self._paint_crosshair(painter, placement, ratio)
            self._paint_region(painter)
        self._paint_message(painter)

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
        """Starts a pan, or a region with Shift."""
        if event.button() == Qt.MouseButton.LeftButton and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._region_from = self._region_to = event.position()
            return
        self._pressed_at = event.position() if event.button() == Qt.MouseButton.LeftButton else None
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._drag_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans while a button is held; moves the cross-hair."""
        if self._region_from is not None:
            self._region_to = event.position()
            self.update()
            return
        start = self._pressed_at
        if start is not None and (event.position() - start).manhattanLength() >= QApplication.startDragDistance():
            self._pressed_at = None
        if self._drag_from is not None:
            moved = (event.position() - self._drag_from) * self.devicePixelRatioF()
            self._drag_from = event.position()
            self._transform.pan_by(moved.x(), moved.y())
        self.pointer_moved.emit(self.pixel_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends a pan; what was none is a click."""
        region, self._region_from, self._region_to = self._region(), None, None
        pixel = self.pixel_at(event.position()) if self._pressed_at is not None else None
        self._pressed_at = None
        if region is not None:
            self.region_chosen.emit(*region)
            self.update()
        elif pixel is not None:
            self.clicked.emit(pixel)
        self._drag_from = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fits the photo."""
        self._transform.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """Takes the cross-hair away."""
        self.pointer_moved.emit(None)

    def event(self, event: QEvent) -> bool:
        """Pinching zooms; a screen of another density has other pixels to fill."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.resized.emit()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._transform.zoom_at(1 + event.value(), *self._from_middle(event.position()))
            return True
        return super().event(event)
