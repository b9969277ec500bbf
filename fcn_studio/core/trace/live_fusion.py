"""The finest mask while skips are made stronger and weaker: quick enough to follow a slider."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph.fusion import Grid, Scores, Upsampling
from fcn_studio.core.graph.geometry import PHOTO
from fcn_studio.core.graph.names import SCORE_LAYERS
from fcn_studio.core.trace.trace import Trace, UpsamplingKind


class Gains:
    """Factors of the score layers; without any, the net as it is."""

    __slots__ = ("_factors",)

    def __init__(self, *factors: float, **by_layer: float) -> None:
        """Factors that are not 1.

        Args:
            factors: Of the layers in the order of SCORE_LAYERS: score_fr, score_pool4, score_pool3 and so on.
            by_layer: By layer.
        """
        given = dict(zip(SCORE_LAYERS, factors, strict=False)) | by_layer
        self._factors = {layer: float(factor) for layer, factor in given.items() if factor != 1}

    def of(self, layer: str) -> float:
        """The factor of a score layer."""
        return self._factors.get(layer, 1.0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Gains) and self._factors == other._factors

    def __hash__(self) -> int:
        return hash(frozenset(self._factors.items()))

    def __repr__(self) -> str:
        return f"Gains({', '.join(f'{layer}={factor:g}' for layer, factor in self._factors.items())})"

    @property
    def by_layer(self) -> Mapping[str, float]:
        """Those that are not 1."""
        return MappingProxyType(self._factors)


class LiveFusion:
    """Each score layer's share on the finest grid, ready to be added; only the last enlargement is left to do.

    Args:
        trace: Whose score maps.
        upsampling: As `Trace.fuse` has it.
    """

    def __init__(self, trace: Trace, upsampling: UpsamplingKind = "learned") -> None:
        fused = trace.fuse(upsampling=upsampling)
        self._void = trace.labels.void
        self.variant = trace.variants[-1]
        self.size = trace.size
        last = fused.graph.exit(self.variant)
        self._last: Upsampling = fused.upsamplings[last.by.layer]
        grids = {layer: fused.part(last.node, layer) for layer in fused.graph.layers_in(last.node)}
        self._coords = next(iter(grids.values())).coords
        self._shares = {layer: grid.scores for layer, grid in grids.items()}

    def fused(self, gains: Gains) -> Grid:
        """The finest grid's scores with the given gains."""
        total: Scores = np.sum(
            [np.float32(gains.of(layer)) * share for layer, share in self._shares.items()], axis=0, dtype=np.float32
        )
        return Grid(total, self._coords)

    def alone(self, layer: str) -> Gains:
        """The gains that leave one score layer only."""
        return Gains(**{name: float(name == layer) for name in self._shares})

    def scores(self, gains: Gains, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Scores:
        """(C, len(rows), len(columns)) float32 at the photo's pixels where these rows and columns meet."""
        grid = self.fused(gains)
        if self._last.weight is not None:
            whole = grid.at_photo(
                self._last, range(int(rows[0]), int(rows[-1]) + 1), range(int(columns[0]), int(columns[-1]) + 1)
            )
            return whole[:, rows - rows[0]][:, :, columns - columns[0]]
        crop = grid.coords.upsampled(self._last.stride, self._last.kernel).crop_to(PHOTO)
        if self._last.places is not None:
            return self._last.unpooled(grid.scores, rows + crop, columns + crop)
        down = _weights(rows + crop, grid.scores.shape[1], self._last)
        across = _weights(columns + crop, grid.scores.shape[2], self._last)
        near_rows, near_columns = _used(down), _used(across)  # while zoomed in, most cells are out of sight
        part = grid.scores[:, near_rows, near_columns]
        return np.asarray(down[:, near_rows] @ part @ across[:, near_columns].T, dtype=np.float32)

    def mask(self, gains: Gains, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.uint8]:
        """(len(rows), len(columns)) uint8 class indices there; both in ascending order. Void as in `Trace.mask`."""
        if not (rows.size and columns.size):
            return np.empty((len(rows), len(columns)), dtype=np.uint8)
        mask = winners(self.scores(gains, rows, columns))
        reached = self.reached(rows, columns)
        if reached is not None:
            mask[~reached] = self._void
        return mask

    def landings(self, gains: Gains) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]:
        """(n,) rows, columns and classes of the photo's pixels that max-unpooling gives a score; few among many.

        Raises:
            ValueError: Another kind of upsampling, which gives all pixels scores.
        """
        if self._last.places is None:
            raise ValueError("only max-unpooling leaves pixels without scores")
        grid = self.fused(gains)
        crop = grid.coords.upsampled(self._last.stride, self._last.kernel).crop_to(PHOTO)
        cells = np.indices(grid.scores.shape[1:]) * self._last.stride - crop
        rows, columns = (cells + self._last.places.transpose(2, 0, 1)).reshape(2, -1)
        inside = (rows >= 0) & (rows < self.size[0]) & (columns >= 0) & (columns < self.size[1])
        return rows[inside], columns[inside], winners(grid.scores).ravel()[inside]

    def reached(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_] | None:
        """(len(rows), len(columns)) bool: the pixels that get a score from any cell; None for all of them."""
        return Grid(next(iter(self._shares.values())), self._coords).reached(self._last, rows, columns)


def winners(scores: Scores) -> NDArray[np.uint8]:
    """(h, w) uint8 index of the largest of (C, h, w), of equal ones the first; quicker than `argmax` over axis 0."""
    best = scores[0].copy()
    index = np.zeros(best.shape, dtype=np.uint8)
    for number in range(1, len(scores)):
        better = scores[number] > best
        index[better] = number
        np.maximum(best, scores[number], out=best)
    return index


def _used(weights: NDArray[np.float32]) -> slice:
    """The cells that give anything at all; all of them where none does."""
    cells = np.flatnonzero(weights.any(axis=0))
    return slice(int(cells[0]), int(cells[-1]) + 1) if cells.size else slice(None)


def _weights(positions: NDArray[np.intp], cells: int, upsampling: Upsampling) -> NDArray[np.float32]:
    """(positions, cells) float32: what each cell gives to each place along one axis of the enlarged grid."""
    line = upsampling.line()
    offsets = positions[:, None] - upsampling.stride * np.arange(cells)[None]
    inside = (offsets >= 0) & (offsets < len(line))
    weights: NDArray[np.float32] = np.where(inside, line[np.clip(offsets, 0, len(line) - 1)], 0).astype(np.float32)
    return weights
