"""Photos and masks to images of the viewport's own pixels: photos smoothly, masks by nearest neighbour only.

A mask is sampled, never averaged: whatever the zoom, each pixel drawn is the class of one pixel of the mask.
"""

from __future__ import annotations

import math

import numpy as np
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from fcn_studio.app.canvas.view_transform import Placement
from fcn_studio.app.values.pyramid import Levels, level_for

HATCH_PERIOD = 8  # of Qt's pixels, from one stripe to the next
HATCH_COLOURS = (0x00000000, 0xE6FFFFFF, 0xB4000000)  # nothing, a light stripe, and a dark one beside it


def sample(pixels: NDArray[np.uint8], placement: Placement) -> NDArray[np.uint8]:
    """The visible part of an (H, W, ...) array, one value for each screen pixel, by nearest neighbour."""
    rows, columns = places(placement)
    if not (rows.size and columns.size):
        return pixels[:0, :0]
    # Rows first, cut to the columns that are seen: a gather of single pixels is several times slower.
    seen: NDArray[np.uint8] = pixels[rows, columns[0] : columns[-1] + 1].take(columns - columns[0], axis=1)
    return seen


def places(placement: Placement) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The photo's rows and columns under the middles of the screen's pixels, in the part that shows the photo."""
    left, top, right, bottom = placement.visible()
    rows = _nearest(top, bottom, placement.top, placement.zoom, placement.image_height)
    columns = _nearest(left, right, placement.left, placement.zoom, placement.image_width)
    return rows, columns


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


def stripes(shape: tuple[int, ...], corner: tuple[int, int], ratio: float) -> NDArray[np.uint8]:
    """(h, w) diagonal stripes as indices of HATCH_COLOURS; `corner` makes them stand still in a clipped view."""
    period, stripe = round(HATCH_PERIOD * ratio), max(round(ratio), 1)
    cycle = np.zeros(period, dtype=np.uint8)
    cycle[:stripe], cycle[stripe : 2 * stripe] = 1, 2
    height, width = shape
    line = np.resize(np.roll(cycle, -((corner[0] + corner[1]) % period)), width + height)
    return np.lib.stride_tricks.sliding_window_view(line, width)[:height]


def hatch(chosen: NDArray[np.bool_], pattern: NDArray[np.uint8]) -> QImage | None:
    """The (h, w) pattern where `chosen` is true."""
    image = indexed_image(pattern * chosen)
    if image is not None:
        image.setColorTable(HATCH_COLOURS)
    return image


def rgb_image(pixels: NDArray[np.uint8]) -> QImage:
    """(h, w, 3) values, whose memory is borrowed if it is in one piece, as an image; it must not outlive them."""
    whole = np.ascontiguousarray(pixels)
    return QImage(whole.data, whole.shape[1], whole.shape[0], whole.strides[0], QImage.Format.Format_RGB888)


def render_photo(levels: Levels, placement: Placement) -> QImage | None:
    """The visible part of a photo: smooth below 100%, by nearest neighbour from there on; None if not visible."""
    left, top, right, bottom = placement.visible()
    if right <= left or bottom <= top:
        return None
    if placement.zoom >= 1:
        return rgb_image(sample(levels[0], placement)).convertToFormat(QImage.Format.Format_RGB32)
    pixels = levels[level_for(levels, placement.zoom)]
    across = placement.image_width * placement.zoom / pixels.shape[1]  # screen pixels for one of the level's
    down = placement.image_height * placement.zoom / pixels.shape[0]
    # Some rows more than are seen, for the smoothing to find something there.
    first = max(math.floor((top - placement.top) / down) - 2, 0)
    last = min(math.ceil((bottom - placement.top) / down) + 2, pixels.shape[0])
    image = QImage(right - left, bottom - top, QImage.Format.Format_RGB32)
    part = rgb_image(pixels[first:last])
    painter = QPainter(image)
    painter.translate(placement.left - left, placement.top - top + first * down)
    # Roughly first: the photo's last column and row may cover less than half of a screen pixel.
    painter.drawImage(QRect(0, 0, math.ceil(across * part.width()), math.ceil(down * part.height()) + 1), part)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(across, down)
    painter.drawImage(0, 0, part)
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
