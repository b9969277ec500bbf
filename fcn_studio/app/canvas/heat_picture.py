"""Heat maps to indexed images of the screen's own pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from fcn_studio.app.canvas.rendering import indexed_image
from fcn_studio.app.canvas.view_transform import Placement
from fcn_studio.app.values.appearance import ColourTable
from fcn_studio.core.maps.heat import NO_VALUE, HeatKind, HeatMaps, HeatRange, colour_table, indices


class HeatPlane:
    """One map with its range, to be drawn at any zoom; only what is seen is turned into colour indices."""

    def __init__(self, maps: HeatMaps, number: int, span: HeatRange) -> None:
        self._maps = maps
        self._values = maps.values[number]
        self.span = span

    def sampled(self, placement: Placement) -> NDArray[np.uint8]:
        """The colour index at each screen pixel that shows the photo, NO_VALUE where the map has none."""
        left, top, right, bottom = placement.visible()
        rows = self._maps.rows_at(_pixels(top, bottom, placement.top, placement.zoom, placement.image_height))
        columns = self._maps.columns_at(_pixels(left, right, placement.left, placement.zoom, placement.image_width))
        if not self._values.size:
            return np.full((len(rows), len(columns)), NO_VALUE, dtype=np.uint8)
        seen = indices(self._values[rows].take(columns, axis=1), self.span)
        seen[rows < 0] = NO_VALUE
        seen[:, columns < 0] = NO_VALUE
        return seen

    def image(self, placement: Placement, colours: ColourTable) -> QImage | None:
        """The same as an indexed image in these colours; None if nothing is seen."""
        image = indexed_image(self.sampled(placement))
        if image is not None:
            image.setColorTable(colours)
        return image


def heat_colours(kind: HeatKind, *, dark: bool, opacity: int = 100) -> ColourTable:
    """The colours of a kind of map at an opacity in percent."""
    alpha = round(255 * opacity / 100) << 24
    table = colour_table(kind, dark=dark).tolist()
    return tuple(alpha | red << 16 | green << 8 | blue for red, green, blue in table)


def value_text(value: float, kind: HeatKind) -> str:
    """A value with the digits that its kind deserves."""
    if np.isnan(value):
        return "\N{EN DASH}"
    if kind == "score":
        return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
    return f"{value:.2f}" if kind == "entropy" else f"{value:.3f}"


def _pixels(start: int, stop: int, origin: int, zoom: float, length: int) -> NDArray[np.intp]:
    """For each screen pixel from `start` to `stop`, the photo's pixel under its middle."""
    pixels = np.floor((np.arange(start, max(start, stop)) + 0.5 - origin) / zoom)
    inside: NDArray[np.intp] = np.clip(pixels, 0, max(length - 1, 0)).astype(np.intp)
    return inside
