"""Why a pixel, or a region, has its class: each score layer's share in the scores, its bias apart from its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph.fusion import strips
from fcn_studio.core.graph.names import layers_of
from fcn_studio.core.trace.trace import ScoreMap, Trace

Shares = Mapping[str, NDArray[np.float32]]  # (C,) by score layer


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The scores of one place, split exactly by score layer.

    Attributes:
        variant: Whose scores.
        contributions: (C,) float32 by score layer; they sum to the scores.
        biases: (C,) float32 by score layer: the part of `contributions` that does not depend on the photo.
    """

    variant: str
    contributions: Shares
    biases: Shares

    @property
    def scores(self) -> NDArray[np.float32]:
        """(C,) float32."""
        total: NDArray[np.float32] = np.sum(list(self.contributions.values()), axis=0, dtype=np.float32)
        return total

    @property
    def evidence(self) -> Shares:
        """(C,) float32 by score layer: contributions without biases."""
        return {layer: share - self.biases[layer] for layer, share in self.contributions.items()}

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(C,) float64: the softmax of the scores."""
        powers = np.exp(self.scores.astype(np.float64) - float(self.scores.max()))
        shares: NDArray[np.float64] = powers / powers.sum()
        return shares

    def ranking(self) -> NDArray[np.intp]:
        """(C,) class indices, the winner first; equal scores in the order of the classes."""
        return np.argsort(-self.scores, kind="stable")

    def between(self, first: int, second: int) -> dict[str, float]:
        """By score layer: what it adds to the score of one class more than to another's; they sum to the margin."""
        return {layer: float(share[first] - share[second]) for layer, share in self.contributions.items()}

    @property
    def margin(self) -> float:
        """Probability of the winner less that of the runner-up, 0 to 1."""
        best = np.sort(self.probabilities)[::-1]
        return float(best[0] - best[1]) if len(best) > 1 else 1.0

    @property
    def entropy(self) -> float:
        """Of the probabilities, in bits: 0 where one class is certain, log2(C) where all are equal."""
        shares = self.probabilities
        return float(-np.sum(shares * np.log2(np.maximum(shares, np.finfo(np.float64).tiny))))

    @property
    def decider(self) -> str:
        """The score layer that carries most of the difference between winner and runner-up."""
        first, second = self.ranking()[:2]
        margins = self.between(int(first), int(second))
        return max(margins, key=lambda layer: margins[layer])


def explain(trace: Trace, x: int, y: int, variant: str) -> Explanation:
    """The pixel at column `x`, row `y`.

    Raises:
        ValueError: The pixel lies outside the photo, or the net has no such variant.
    """
    return Explanation(
        variant,
        MappingProxyType(trace.contributions(x, y, variant)),
        MappingProxyType(trace.biases(x, y, variant)),
    )


def explain_region(trace: Trace, rows: range, columns: range, variant: str) -> Explanation:
    """The mean over a rectangle of the photo, in steps of 1; scores are means too, so that everything still adds up.

    Raises:
        ValueError: The rectangle is empty or reaches beyond the photo.
    """
    height, width = trace.size
    if not rows or not columns or rows.start < 0 or columns.start < 0 or rows.stop > height or columns.stop > width:
        raise ValueError(f"rows {rows} and columns {columns} are no part of a {width}x{height} photo")
    bare = trace.without_evidence()
    return Explanation(variant, _means(trace, rows, columns, variant), _means(bare, rows, columns, variant))


def _means(trace: Trace, rows: range, columns: range, variant: str) -> Shares:
    classes = len(trace.labels)
    found = {}
    for layer in layers_of(variant):
        total = np.zeros(classes, dtype=np.float64)
        for part in strips(len(rows), len(columns) * classes * 4):
            seen = range(rows.start + part.start, rows.start + part.stop)
            total += trace.layer_scores(layer, variant, seen, columns).sum(axis=(1, 2), dtype=np.float64)
        found[layer] = (total / (len(rows) * len(columns))).astype(np.float32)
    return MappingProxyType(found)


def nearest_cell(score_map: ScoreMap, x: int, y: int) -> tuple[int, int]:
    """(row, column) of the score cell whose centre is nearest to a pixel of the photo; always one that there is."""
    height, width = score_map.evidence.shape[1:]
    row, column = (round(float((place - score_map.coords.offset) / score_map.coords.scale)) for place in (y, x))
    return min(max(row, 0), height - 1), min(max(column, 0), width - 1)


def receptive_fields(trace: Trace, x: int, y: int) -> dict[str, tuple[float, float, float, float]]:
    """By score layer: left, top, right and bottom edge, on the photo, of what the cell nearest to a pixel can see.

    Edges are those of pixels: the pixel in column 0 reaches from 0 to 1. They may lie beyond the photo.
    """
    found = {}
    for layer, score_map in trace.score_maps.items():
        row, column = nearest_cell(score_map, x, y)
        (left, right), (top, bottom) = score_map.coords.box(column), score_map.coords.box(row)
        found[layer] = (left, top, right + 1, bottom + 1)
    return found
