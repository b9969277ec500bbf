"""One heat map over the photo, at the zoom and place that all views share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen

from fcn_studio.app.canvas.canvas import Canvas
from fcn_studio.app.canvas.heat_picture import HeatPlane
from fcn_studio.app.canvas.rendering import PhotoRenderer, indexed_image
from fcn_studio.app.canvas.view_transform import Placement, ViewTransform
from fcn_studio.app.values.appearance import ColourTable
from fcn_studio.core.maps.heat import NO_VALUE


class HeatCanvas(Canvas):
    """The photo with a heat map; of a large photo a rough one, and a fine one of what is seen.

    Signals:
        left: The user wants to go back to all classes.
    """

    left = Signal()

    def __init__(self, transform: ViewTransform, renderer: PhotoRenderer) -> None:
        super().__init__(transform, renderer)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._planes: tuple[HeatPlane, ...] = ()  # the finer ones last
        self._colours: ColourTable = ()
        self._image: QImage | None = None
        self._image_at: Placement | None = None
        self._pressed = False

    def set_planes(self, *planes: HeatPlane) -> None:
        """What to draw, the finer ones last."""
        self._planes, self._image_at = planes, None
        self.update()

    def set_colours(self, colours: ColourTable) -> None:
        """Other colours or another opacity: the indices stay as they are."""
        self._colours = colours
        if self._image is not None:
            self._image.setColorTable(colours)
        self.update()

    def heat_image(self, placement: Placement) -> QImage | None:
        """The visible part of the map as an indexed image."""
        if placement != self._image_at:
            self._image, self._image_at = None, placement
            if self._planes:
                seen = self._planes[0].sampled(placement)
                for plane in self._planes[1:]:
                    finer = plane.sampled(placement)
                    np.copyto(seen, finer, where=finer != NO_VALUE)
                self._image = indexed_image(seen)
            if self._image is not None:
                self._image.setColorTable(self._colours)
        return self._image

    def _paint_layers(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        super()._paint_layers(painter, placement, ratio)
        image = self.heat_image(placement)
        if image is not None:
            image.setDevicePixelRatio(ratio)
            left, top = placement.visible()[:2]
            painter.drawImage(round(left / ratio), round(top / ratio), image)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws, with a frame while the keys are meant for this picture."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
            painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Starts a pan."""
        self._pressed = True
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Goes back; not when the first click was the one on a tile that led here."""
        if self._pressed and event.button() is Qt.MouseButton.LeftButton:
            self.left.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Forgets the click."""
        self._pressed = False


def visible_pixels(placement: Placement) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Rows and columns of the photo that the screen has pixels for, and the step between them."""
    left, top, right, bottom = placement.visible()
    step = max(1, int(1 / placement.zoom))
    first = placement.to_image(left, top)
    last = placement.to_image(right, bottom)
    rows = np.arange(max(int(first[1]), 0), min(int(np.ceil(last[1])), placement.image_height), step)
    columns = np.arange(max(int(first[0]), 0), min(int(np.ceil(last[0])), placement.image_width), step)
    return rows, columns, step
