"""A photo's columns in spans, each with what its cells see, for rows that are too long for the memory at hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fcn_studio.core.graph.geometry import PHOTO, CoordMap, Layer
from fcn_studio.engine.execution.layers import Paths, Section
from fcn_studio.engine.tracing.tiling import STRIDE


@dataclass(frozen=True, slots=True)
class Span:
    """Some columns.

    Attributes:
        seen: Columns of the photo that the net sees.
        cells: By tap: which columns of its grid come from this span.
        own: By tap: where they are in what the net makes of `seen`.
    """

    seen: range
    cells: Mapping[str, range]
    own: Mapping[str, range]


def tap_maps(sections: tuple[Section, ...]) -> dict[str, CoordMap]:
    """Where the cells of each tap lie on the photo, and what they see."""
    found, current = {}, PHOTO
    for section in sections:
        for part in section.parts:
            # Of paths side by side, that which sees most; all are centred on the same cell.
            chains = part.chains if isinstance(part, Paths) else ((part,),)
            reached = [_through(current, [step.geometry for step in chain]) for chain in chains]
            current = max(reached, key=lambda coords: coords.receptive_field)
        found[section.tap] = current
    return found


def _through(coords: CoordMap, layers: list[Layer]) -> CoordMap:
    for layer in layers:
        coords = coords.through(layer)
    return coords


def whole_width(width: int, sizes: Mapping[str, int]) -> tuple[Span, ...]:
    """One span of all columns."""
    cells = {tap: range(size) for tap, size in sizes.items()}
    return (Span(range(width), cells, cells),)


def spans(width: int, side: int, maps: Mapping[str, CoordMap], sizes: Mapping[str, int]) -> tuple[Span, ...]:
    """Spans of `side` columns, a multiple of STRIDE, so that its cells are the whole photo's, and of what is left.

    Args:
        width: Of the photo.
        side: Columns that a span contributes.
        maps: Of the taps.
        sizes: Columns of each tap's grid.
    """
    found = []
    for start in range(0, width, side):
        stop = start + side
        cells = {
            tap: range(
                0 if start == 0 else min(size, _first_cell(maps[tap], start)),
                size if stop >= width else min(size, _first_cell(maps[tap], stop)),
            )
            for tap, size in sizes.items()
        }
        boxes = [(maps[tap].box(part.start)[0], maps[tap].box(part.stop - 1)[1]) for tap, part in cells.items() if part]
        if not boxes:
            continue  # the last columns, of which the cells before them make a part
        left = max(0, math.floor(min(low for low, _ in boxes)) // STRIDE * STRIDE)
        right = min(width, math.ceil(max(high for _, high in boxes)) + 1)
        own = {}
        for tap, part in cells.items():
            shift = left // int(maps[tap].scale)
            own[tap] = range(part.start - shift, part.stop - shift)
        found.append(Span(range(left, right), cells, own))
    return tuple(found)


def _first_cell(coords: CoordMap, column: int) -> int:
    """The first cell whose centre lies at a column or behind it."""
    return max(0, math.ceil((column - coords.offset) / coords.scale))
