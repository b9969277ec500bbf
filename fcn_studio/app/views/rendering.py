"""Photos and masks to images of the viewport's own pixels: photos smoothly, masks by nearest neighbour only.

A mask is sampled, never averaged: whatever the zoom, each pixel drawn is the class of one pixel of the mask.
"""

from __future__ import annotations

import math

import numpy as np
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from fcn_studio.app.pyramid import Levels, level_for
from fcn_studio.app.views.view_transform import Placement

HATCH_PERIOD = 8  # of Qt's pixels, from one stripe to the next
HATCH_COLOURS = (0x00000000, 0xE6FFFFFF, 0xB4000000)  # nothing, a light stripe, and a dark one beside it


def sample(pixels: NDArray[np.uint8], placement: Placement) -> NDArray[np.uint8]:
    """The visible part of an (H, W, ...) array, one value for each screen pixel, by nearest neighbour."""
    left, top, right, bottom = placement.visible()
    rows = _nearest(top, bottom, placement.top, placement.zoom, pixels.shape[0])
    columns = _nearest(left, right, placement.left, placement.zoom, pixels.shape[1])
    return pixels[rows[:, None], columns]


def indexed_image(indices: NDArray[np.uint8]) -> QImage | None:
    """(h, w) mask values as an indexed image without a colour table; None if there are none."""
    if indices.size == 0:
        return None
    image = QImage(indices.shape[1], indices.shape[0], QImage.Format.Format_Indexed8)
    qimage2ndarray.raw_view(image)[:] = indices
    return image


def outlined(indices: NDArray[np.uint8], clear: int) -> NDArray[np.uint8]:
    """(h, w) mask values with `clear` in place of all that do not touch another class, up, down or sideways."""
    border = np.zeros(indices.shape, dtype=bool)
    across = indices[:, 1:] != indices[:, :-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    down = indices[1:] != indices[:-1]
    border[1:] |= down
    border[:-1] |= down
    return np.where(border, indices, np.uint8(clear))


def hatch(chosen: NDArray[np.bool_], corner: tuple[int, int], ratio: float) -> QImage | None:
    """Diagonal stripes where `chosen` (h, w) is true; `corner` makes them stand still while the view is clipped."""
    if chosen.size == 0:
        return None
    period, stripe = round(HATCH_PERIOD * ratio), max(round(ratio), 1)
    rows = np.arange(corner[1], corner[1] + chosen.shape[0])[:, None]
    phase = (rows + np.arange(corner[0], corner[0] + chosen.shape[1])) % period
    values = np.where(phase < stripe, 1, np.where(phase < 2 * stripe, 2, 0)).astype(np.uint8)
    image = indexed_image(values * chosen)
    if image is not None:
        image.setColorTable(HATCH_COLOURS)
    return image


def render_photo(levels: Levels, placement: Placement) -> QImage | None:
    """The visible part of a photo: smooth below 100%, by nearest neighbour from there on; None if not visible."""
    left, top, right, bottom = placement.visible()
    if right <= left or bottom <= top:
        return None
    image = QImage(right - left, bottom - top, QImage.Format.Format_RGB32)
    if placement.zoom >= 1:
        pixels = sample(levels[0], placement)
        _fill(image, pixels)
        return image
    level = level_for(levels, placement.zoom)
    pixels = levels[level]
    scale_x = pixels.shape[1] / (placement.image_width * placement.zoom)
    scale_y = pixels.shape[0] / (placement.image_height * placement.zoom)
    rows = _span(top - placement.top, bottom - placement.top, scale_y)
    columns = _span(left - placement.left, right - placement.left, scale_x)
    part = QImage(len(columns), len(rows), QImage.Format.Format_RGB32)
    # Beyond the edge the last row or column goes on, for the smoothing to find something there.
    inside = pixels[np.clip(rows, 0, pixels.shape[0] - 1)[:, None], np.clip(columns, 0, pixels.shape[1] - 1)]
    _fill(part, inside)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    source = QRectF(
        (left - placement.left) * scale_x - columns.start,
        (top - placement.top) * scale_y - rows.start,
        (right - left) * scale_x,
        (bottom - top) * scale_y,
    )
    painter.drawImage(QRectF(0, 0, right - left, bottom - top), part, source)
    painter.end()
    return image


class PhotoRenderer:
    """Keeps the last few renderings, since panels of one size all show the same part of the same photo."""

    KEPT = 4

    def __init__(self) -> None:
        self._levels: Levels | None = None
        self._rendered: dict[tuple[Placement, bool], QImage | None] = {}

    def render(self, levels: Levels, placement: Placement, *, grey: bool = False) -> QImage | None:
        """As `render_photo`; in grey on request."""
        if levels is not self._levels:
            self._levels = levels
            self._rendered.clear()
        key = (placement, grey)
        if key not in self._rendered:
            while len(self._rendered) >= self.KEPT:
                del self._rendered[next(iter(self._rendered))]
            image = render_photo(levels, placement)
            if image is not None and grey:
                image = image.convertToFormat(QImage.Format.Format_Grayscale8)
            self._rendered[key] = image
        return self._rendered[key]


def _nearest(start: int, stop: int, origin: int, zoom: float, length: int) -> NDArray[np.intp]:
    """For each screen pixel from `start` to `stop`, the photo's pixel under its middle."""
    indices = np.floor((np.arange(start, max(start, stop)) + 0.5 - origin) / zoom)
    nearest: NDArray[np.intp] = np.clip(indices, 0, length - 1).astype(np.intp)
    return nearest


def _span(start: int, stop: int, scale: float) -> range:
    """The rows or columns of a level that reach the screen pixels, with some to spare for smoothing."""
    return range(math.floor(start * scale) - 1, math.ceil(stop * scale) + 2)


def _fill(image: QImage, pixels: NDArray[np.uint8]) -> None:
    qimage2ndarray.rgb_view(image)[:] = pixels
