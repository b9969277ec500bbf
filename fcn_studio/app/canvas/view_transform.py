"""Zoom and pan that all panels share, in the photo's coordinates, so that panels of unequal size agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

MAX_ZOOM = 64.0
STEP = 2**0.5  # of the zoom keys


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the photo lies in one viewport. Everything is in the screen's own pixels, not in Qt's scaled ones.

    Attributes:
        zoom: Screen pixels for one of the photo's.
        left: Of the photo's left edge in the viewport; whole, so that pixels are never torn.
        top: Of the photo's top edge.
        width: Of the viewport.
        height: Of the viewport.
        image_width: Of the photo, in its own pixels.
        image_height: Of the photo, in its own pixels.
    """

    zoom: float
    left: int
    top: int
    width: int
    height: int
    image_width: int
    image_height: int

    def visible(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the part of the viewport that shows the photo; right and bottom exclusive."""
        right = math.ceil(self.left + self.image_width * self.zoom)
        bottom = math.ceil(self.top + self.image_height * self.zoom)
        return max(self.left, 0), max(self.top, 0), min(right, self.width), min(bottom, self.height)

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """A point of the viewport, on the photo."""
        return (x - self.left) / self.zoom, (y - self.top) / self.zoom

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """A point of the photo, in the viewport."""
        return self.left + x * self.zoom, self.top + y * self.zoom


class ViewTransform(QObject):
    """The shared zoom and centre.

    Attributes:
        zoom: Screen pixels for one of the photo's.
        centre: The point of the photo that lies in the middle of every panel.
        fitted: Whether zoom and centre follow the panels' size.

    Signals:
        changed: Zoom, centre or the photo's size has.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zoom = 1.0
        self.centre = (0.0, 0.0)
        self.fitted = True
        self._image = (0, 0)  # width, height
        self._viewport = (0, 0)

    def set_image_size(self, width: int, height: int) -> None:
        """A photo of another size is fitted; one of the same size keeps zoom and place."""
        if (width, height) != self._image:
            self._image = (width, height)
            self.fit()

    def set_viewport(self, width: int, height: int) -> None:
        """The smallest panel's size, in screen pixels."""
        if (width, height) != self._viewport:
            self._viewport = (width, height)
            if self.fitted:
                self.fit()

    def fit(self) -> None:
        """The whole photo, as large as the panel, also where that enlarges it."""
        self.fitted = True
        self._set(self._fit_zoom(), (self._image[0] / 2, self._image[1] / 2))

    def zoom_at(self, factor: float, x: float, y: float) -> None:
        """Zooms and keeps the photo's point at (x, y), from the panel's middle in screen pixels, where it is."""
        zoom = min(max(self.zoom * factor, min(self._fit_zoom(), 1.0) / 4), MAX_ZOOM)
        point = (self.centre[0] + x / self.zoom, self.centre[1] + y / self.zoom)
        self.fitted = False
        self._set(zoom, (point[0] - x / zoom, point[1] - y / zoom))

    def set_zoom(self, zoom: float) -> None:
        """Zooms about the middle."""
        self.zoom_at(zoom / self.zoom, 0, 0)

    def pan_by(self, x: float, y: float) -> None:
        """Moves the photo by screen pixels."""
        self.fitted = False
        self._set(self.zoom, (self.centre[0] - x / self.zoom, self.centre[1] - y / self.zoom))

    def placement(self, width: int, height: int) -> Placement:
        """Where the photo lies in a panel of this size, in screen pixels."""
        return Placement(
            zoom=self.zoom,
            left=round(width / 2 - self.centre[0] * self.zoom),
            top=round(height / 2 - self.centre[1] * self.zoom),
            width=width,
            height=height,
            image_width=self._image[0],
            image_height=self._image[1],
        )

    def _fit_zoom(self) -> float:
        if 0 in self._image or 0 in self._viewport:
            return 1.0
        fit = min(self._viewport[0] / self._image[0], self._viewport[1] / self._image[1])
        return min(fit, MAX_ZOOM)

    def _set(self, zoom: float, centre: tuple[float, float]) -> None:
        self.zoom = zoom
        # The middle of the panel stays on the photo, so that it cannot be lost.
        width, height = self._image
        self.centre = (min(max(centre[0], 0.0), width), min(max(centre[1], 0.0), height))
        self.changed.emit()
