"""Heat maps of any node of the fusion graph: values, where their cells lie on the photo, ranges and colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.fusion import Grid, Scores, softmax, strips
from fcn_studio.core.graph.geometry import PHOTO, CoordMap
from fcn_studio.core.trace.trace import Trace, node_upsampling

HeatKind = Literal["score", "probability", "entropy", "margin"]

CLASS_KINDS: tuple[HeatKind, ...] = ("score", "probability")  # one map for each class
DOUBT_KINDS: tuple[HeatKind, ...] = ("entropy", "margin")  # one map for all classes
LEVELS = 255  # of a colour table; an odd number, so that one level is the middle of a diverging map
NO_VALUE = 255  # the index of NaN
NO_VALUE_GREY = 128
DIVERGING = ("crameri:vik", "crameri:berlin")  # Crameri (2018), neutral middle light or dark
SEQUENTIAL = "bids:viridis"  # Smith & van der Walt (2015)
SHARE = 8  # of `fusion.STRIP_BYTES` that is computed at a time: indexing holds Python's lock, and others wait
SIDE = 768  # samples along the longer side of a photo, at most, for maps of all classes


@dataclass(frozen=True, slots=True)
class HeatRange:
    """The values that the first and the last colour stand for."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class HeatMaps:
    """Values in square blocks that lie side by side on the photo.

    Block (i, j) holds the photo's pixels with floor((y - top) / step) = i and floor((x - left) / step) = j.

    Attributes:
        values: (n, h, w) float32: one map for each class, or a single one; NaN where there is no value.
        top: Photo coordinate (0 is the first pixel's centre) at which the first row of blocks begins.
        left: The same for the first column.
        step: Photo pixels along a block's side.
        complete: Whether every cell of the node, or pixel of the photo, has its block.
    """

    values: NDArray[np.float32]
    top: float
    left: float
    step: float
    complete: bool

    @property
    def peaks(self) -> NDArray[np.float32]:
        """(n,) the largest value of each map."""
        if self.values[0].size == 0:
            return np.full(len(self.values), np.nan, dtype=np.float32)
        peaks: NDArray[np.float32] = np.fmax.reduce(self.values.reshape(len(self.values), -1), axis=1)
        return peaks

    def rows_at(self, pixels: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rows of blocks at rows of the photo; -1 where there is none."""
        return _blocks(pixels, self.top, self.step, self.values.shape[1])

    def columns_at(self, pixels: NDArray[np.intp]) -> NDArray[np.intp]:
        """Columns of blocks at columns of the photo; -1 where there is none."""
        return _blocks(pixels, self.left, self.step, self.values.shape[2])


def _blocks(pixels: NDArray[np.intp], first: float, step: float, count: int) -> NDArray[np.intp]:
    blocks: NDArray[np.intp] = np.floor((pixels - first) / step).astype(np.intp)
    blocks[(blocks < 0) | (blocks >= count)] = -1
    return blocks


def nodes_of(trace: Trace) -> tuple[str, ...]:
    """The nodes of a trace in the order of the graph, then its variants, whose maps are the final ones."""
    return (*trace.graph.scored, *trace.variants)


def kinds_of(trace: Trace, node: str) -> tuple[HeatKind, ...]:
    """The kinds of maps that a node has: doubt is a question to final scores only."""
    return CLASS_KINDS + DOUBT_KINDS if node in trace.variants else CLASS_KINDS


def node_geometry(trace: Trace, node: str) -> tuple[int, int, CoordMap]:
    """Rows, columns and place of a node's cells, without computing its scores; of a variant, the photo's pixels.

    Raises:
        ValueError: This net has no such node.
    """
    if node in trace.variants:
        return (*trace.size, PHOTO)
    if node not in trace.graph.scored:
        raise ValueError(f"this net has no node {node!r}")
    return (*trace.grid_sizes[node], trace.graph.node(node).coords)


class NodeHeat:
    """The scores of one node, and every heat map of them.

    Computes the node once; keep it to ask for more.

    Args:
        trace: Whose node.
        node: One of `nodes_of(trace)`. A variant's maps are those of its final scores, pixel by pixel.

    Attributes:
        node: Its name.
        final: Whether it is a variant: its cells are then the photo's pixels.
        size: (height, width) of the photo.

    Raises:
        ValueError: This net has no such node.
    """

    def __init__(self, trace: Trace, node: str) -> None:
        self.node = node
        self.final = node in trace.variants
        self.size = trace.size
        last = trace.graph.exit(node) if self.final else None
        own = last.node if last else node
        self.rows, self.columns, self._coords = node_geometry(trace, own)
        self._grid = Grid(trace.node(own), self._coords)
        # As Trace.heatmap enlarges them.
        self._upsampling = trace.upsamplings[last.by.layer] if last else node_upsampling(self._coords)
        self._crop = self._coords.upsampled(self._upsampling.stride, self._upsampling.kernel).crop_to(PHOTO)

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self._grid.scores)

    @property
    def stride(self) -> int:
        """Photo pixels from one cell to the next."""
        return 1 if self.final else int(self._coords.scale)

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """(row, column) of the cell whose block holds a pixel of the photo; None outside the grid."""
        stride, first = self._coords.scale, self._coords.offset - self._coords.scale / 2
        row, column = math.floor((y - first) / stride), math.floor((x - first) / stride)
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        return (row, column) if inside else None

    def cells(self, kind: HeatKind, class_index: int | None = None, *, side: int = SIDE) -> HeatMaps:
        """All classes, or one, on the node's own grid; of more than `side` cells a side, every n-th cell.

        Raises:
            ValueError: `kind` is none for each class, or the node is a variant.
        """
        if self.final or kind not in CLASS_KINDS:
            raise ValueError(f"{self.node} has no cells of kind {kind!r}")
        skip = max(1, -(-max(self.rows, self.columns) // side))
        scores = self._grid.scores[:, skip // 2 :: skip, skip // 2 :: skip]
        first, stride = float(self._coords.offset - self._coords.scale / 2), float(self._coords.scale)
        return HeatMaps(_of_class(scores, kind, class_index), first, first, skip * stride, skip == 1)

    def enlarged(self, kind: HeatKind, *, side: int = SIDE, cancel: CancelToken | None = None) -> HeatMaps:
        """All maps as the net enlarges them, over the whole photo; of a larger one, every n-th pixel.

        Raises:
            Cancelled: `cancel` was set.
        """
        height, width = self.size
        step = max(1, -(-max(height, width) // side))
        rows, columns = (np.arange(min(step // 2, size - 1), size, step) for size in (height, width))
        values = self.at(rows, columns, kind, cancel=cancel)
        return HeatMaps(values, 0.0, 0.0, float(step), step == 1)

    def at(
        self,
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
        kind: HeatKind,
        class_index: int | None = None,
        *,
        cancel: CancelToken | None = None,
    ) -> NDArray[np.float32]:
        """(n, rows, columns) float32 at the pixels of the photo where these rows and columns meet, enlarged.

        Args:
            rows: Ascending.
            columns: Ascending.
            kind: Probabilities are the softmax at the pixel, as in `Trace.heatmap`.
            class_index: One class only, so that n is 1; entropy and margin have n = 1 in any case.
            cancel: Asked between strips of rows.

        Raises:
            Cancelled: `cancel` was set.
        """
        single = class_index is not None or kind in DOUBT_KINDS
        result = np.empty((1 if single else self.classes, len(rows), len(columns)), dtype=np.float32)
        only = class_index if kind == "score" and self._upsampling.weight is None else None
        for part in strips(len(rows), len(columns) * self.classes * 4 * SHARE):
            if cancel is not None:
                cancel.check()
            scores = self._scores(rows[part.start : part.stop], columns, only)
            found = _of_kind(scores, kind)
            if class_index is not None and len(found) > 1:
                found = found[class_index : class_index + 1]
            result[:, part.start : part.stop] = found
        return result

    def pixel(self, x: int, y: int, kind: HeatKind) -> NDArray[np.float32]:
        """(n,) float32 at one pixel of the photo, enlarged: what `Trace.heatmap` has there, for every class."""
        return self.at(np.array([y]), np.array([x]), kind)[:, 0, 0]

    def cell(self, row: int, column: int, kind: HeatKind) -> NDArray[np.float32]:
        """(C,) float32 of one cell of the node's own grid."""
        return _of_kind(self._grid.scores[:, row : row + 1, column : column + 1], kind)[:, 0, 0]

    def _scores(self, rows: NDArray[np.intp], columns: NDArray[np.intp], only: int | None) -> Scores:
        scores = self._grid.scores if only is None else self._grid.scores[only : only + 1]
        step = self._upsampling
        if step.size is not None:
            return step.resized(scores, rows + self._crop, columns + self._crop)
        if step.places is not None:
            return step.unpooled(scores, rows + self._crop, columns + self._crop)
        if step.weight is None:
            line = step.line()
            across = _enlarge(scores, rows + self._crop, step.stride, line).swapaxes(1, 2)
            return np.ascontiguousarray(_enlarge(across, columns + self._crop, step.stride, line).swapaxes(1, 2))
        span = range(int(columns[0]), int(columns[-1]) + 1)
        lines = [range(int(row), int(row) + 1) for row in rows]
        if len(rows) > 1 and rows[-1] - rows[0] == len(rows) - 1:
            lines = [range(int(rows[0]), int(rows[-1]) + 1)]
        parts = [self._grid.at_photo(step, line, span)[:, :, columns - columns[0]] for line in lines]
        return np.concatenate(parts, axis=1)


def _enlarge(scores: Scores, positions: NDArray[np.intp], stride: int, line: NDArray[np.float32]) -> Scores:
    """Axis 1 of (C, h, w) at some places of its enlargement by a transposed convolution with the kernel `line`."""
    out = np.zeros((scores.shape[0], len(positions), scores.shape[2]), dtype=np.float32)
    for tap in range(-(-len(line) // stride)):
        cells = positions // stride - tap
        offsets = positions - stride * cells
        inside = (cells >= 0) & (cells < scores.shape[1]) & (offsets < len(line))
        weights = np.where(inside, line[np.minimum(offsets, len(line) - 1)], 0).astype(np.float32)
        out += scores[:, np.clip(cells, 0, scores.shape[1] - 1)] * weights[None, :, None]
    return out


def _of_kind(scores: Scores, kind: HeatKind) -> NDArray[np.float32]:
    """(C, ...) scores to scores, probabilities, or one map of entropy in bits or of margin."""
    if kind == "score":
        return scores
    shares = softmax(scores)
    if kind == "probability":
        return shares
    if kind == "entropy":
        bits: Scores = -(shares * np.log2(np.maximum(shares, np.finfo(np.float32).tiny))).sum(axis=0, keepdims=True)
        return bits
    if len(shares) < 2:
        return np.ones_like(shares)
    best: Scores = np.partition(shares, len(shares) - 2, axis=0)
    margin: Scores = best[-1:] - best[-2:-1]
    return margin


def _of_class(scores: Scores, kind: HeatKind, class_index: int | None) -> NDArray[np.float32]:
    """As `_of_kind`; of one class in strips, so that large grids need little memory."""
    if class_index is None:
        return _of_kind(scores, kind)
    if kind == "score":
        return scores[class_index : class_index + 1]
    heat = np.empty((1, *scores.shape[1:]), dtype=np.float32)
    for rows in strips(scores.shape[1], scores.shape[2] * len(scores) * 4):
        heat[0, rows.start : rows.stop] = softmax(scores[:, rows.start : rows.stop])[class_index]
    return heat


def node_values(
    trace: Trace, node: str, class_index: int | None = None, kind: HeatKind = "score", *, side: int = SIDE
) -> NDArray[np.float32]:
    """(C, h, w) float32 of a node on its own grid, or of a variant at the photo's size; every n-th of a large one.

    Args:
        trace: Whose node.
        node: One of `nodes_of(trace)`.
        class_index: One class only: (1, h, w).
        kind: For variants also `entropy` and `margin`, which are (1, h, w).
        side: The most cells, or pixels, along the longer side.

    Raises:
        ValueError: This net has no such node, or the node no such kind.
    """
    heat = NodeHeat(trace, node)
    values = heat.enlarged(kind, side=side).values if heat.final else heat.cells(kind, side=side).values
    return values if class_index is None or len(values) == 1 else values[class_index : class_index + 1]


def heat_ranges(
    values: NDArray[np.float32], kind: HeatKind, *, shared: bool, classes: int | None = None
) -> tuple[HeatRange, ...]:
    """One range for each of (n, h, w) maps.

    Scores get a range that is symmetric about 0, up to the largest absolute value of all maps or of each its own.
    Probability and margin go from 0 to 1, entropy to log2(C) bits; with `shared` off, to the map's own peak.

    Args:
        values: NaN is passed over.
        kind: What they are.
        shared: One range for all.
        classes: C, where it is not n.
    """
    flat = np.abs(values.reshape(len(values), -1))
    peaks = np.fmax.reduce(flat, axis=1) if flat.size else np.zeros(len(values), dtype=np.float32)
    peaks = np.nan_to_num(peaks, nan=0.0, posinf=0.0)
    tops = {"score": float(peaks.max(initial=0)), "entropy": math.log2(max(classes or len(values), 2))}
    ends = [tops.get(kind, 1.0)] * len(values) if shared else [float(peak) for peak in peaks]
    return tuple(HeatRange(-(top or 1.0) if kind == "score" else 0.0, top or 1.0) for top in ends)


def indices(values: NDArray[np.float32], span: HeatRange) -> NDArray[np.uint8]:
    """Values to 0 .. LEVELS - 1, the low end of the range to 0; NO_VALUE for NaN."""
    scaled = (values - np.float32(span.low)) * np.float32((LEVELS - 1) / ((span.high - span.low) or 1.0))
    np.rint(scaled, out=scaled)
    np.clip(scaled, 0, LEVELS - 1, out=scaled)
    np.copyto(scaled, NO_VALUE, where=np.isnan(scaled))
    return scaled.astype(np.uint8)


@lru_cache(maxsize=16)
def _colours(name: str) -> NDArray[np.uint8]:
    from cmap import Colormap  # a fifteenth of the window's start, which shows no heat map

    map_colours = Colormap(name)(np.linspace(0, 1, LEVELS))[:, :3]
    table = np.full((256, 3), NO_VALUE_GREY, dtype=np.uint8)
    table[:LEVELS] = np.rint(np.asarray(map_colours) * 255).astype(np.uint8)
    table.setflags(write=False)
    return table


def colour_table(kind: HeatKind, *, dark: bool = False) -> NDArray[np.uint8]:
    """(256, 3) uint8 RGB: LEVELS colours of a perceptually uniform map, then a neutral grey for NO_VALUE.

    Scores have a diverging map with zero at its neutral middle, which is dark with `dark`; the others a sequential one.
    """
    return _colours(DIVERGING[dark] if kind == "score" else SEQUENTIAL)


def coloured(values: NDArray[np.float32], span: HeatRange, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 RGB of (h, w) values."""
    picture: NDArray[np.uint8] = table[indices(values, span)]
    return picture


def ticks(span: HeatRange, most: int = 7) -> tuple[float, ...]:
    """Round numbers within a range, zero among them if it lies in it; steps of 1, 2 or 5 times a power of ten."""
    width = span.high - span.low
    if not width > 0:
        return (span.low,)
    power = 10.0 ** math.floor(math.log10(width / most))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if width / (factor * power) <= most)
    first = math.ceil(span.low / step - 1e-9)
    last = math.floor(span.high / step + 1e-9)
    return tuple(float(f"{number * step:.6g}") for number in range(first, last + 1))
