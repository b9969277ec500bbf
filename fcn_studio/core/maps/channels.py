"""A pixel's score down to the channels of pool3, pool4 and fc7, and the masks without some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph.names import TAPS, layers_of
from fcn_studio.core.trace.trace import ScoreMap, Trace


@dataclass(frozen=True, slots=True, order=True)
class Channel:
    """One channel that a score layer reads.

    Attributes:
        layer: The score layer.
        index: Of the channel in its tap.
    """

    layer: str
    index: int

    def __str__(self) -> str:
        return f"{TAPS[self.layer]} #{self.index}"


def channel_shares(trace: Trace, x: int, y: int, variant: str, class_index: int) -> dict[str, NDArray[np.float32]]:
    """By score layer, (channels,) float32: what each channel adds to a class's score at column `x`, row `y`.

    With the layers' biases (`Trace.biases`) they sum to the score. Enlarging is linear and, with fixed kernels, the
    same for every class, so that each cell has one weight at the pixel: a channel's share is its score weight times
    the weighted sum of its cells.

    Raises:
        ValueError: The trace has no taps, or its upsampling is learned and mixes classes.
    """
    if not trace.taps or not trace.score_weights:
        raise ValueError("this trace was made without its taps; trace the photo again with them")
    if any(step.weight is not None for step in trace.upsamplings.values()):
        raise ValueError("this net's learned upsampling mixes classes, so that channels have no shares of their own")
    found = {}
    for layer in layers_of(variant):
        tap = trace.taps[TAPS[layer]]
        cells = _cell_weights(trace, x, y, variant, layer)
        rows, columns = (np.flatnonzero(cells.any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            found[layer] = np.zeros(len(tap), dtype=np.float32)
            continue
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        sums = (tap[:, part[0], part[1]] * cells[part]).sum(axis=(1, 2))
        found[layer] = trace.score_weights[layer][class_index] * sums
    return found


def strongest(shares: Mapping[str, NDArray[np.float32]], count: int) -> list[tuple[Channel, float]]:
    """The channels with the largest shares, whatever their sign, the largest first."""
    pairs = [
        (Channel(layer, index), float(value)) for layer, values in shares.items() for index, value in enumerate(values)
    ]
    return sorted(pairs, key=lambda pair: -abs(pair[1]))[:count]


def muted(trace: Trace, channels: Iterable[Channel]) -> Trace:
    """The trace as if these channels were zero everywhere; its masks are computed when asked for."""
    maps = dict(trace.score_maps)
    for channel in channels:
        score_map = maps[channel.layer]
        weight = trace.score_weights[channel.layer][:, channel.index]
        silent = score_map.evidence - weight[:, None, None] * trace.taps[TAPS[channel.layer]][channel.index]
        maps[channel.layer] = replace(score_map, evidence=silent)
    return replace(trace, score_maps=maps, masks={})


def _cell_weights(trace: Trace, x: int, y: int, variant: str, layer: str) -> NDArray[np.float32]:
    """(h, w) float32: the factor of each cell of a score layer in the scores of one pixel.

    The kernels are outer products, so the factors are too: one row and one column of them give all.
    """
    height, width = trace.score_maps[layer].evidence.shape[1:]
    coords = trace.score_maps[layer].coords
    row, column = (round(float((place - coords.offset) / coords.scale)) for place in (y, x))
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)

    def response(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """What the pixel gets from single cells, one at each of these places."""
        single = np.zeros((len(rows), height, width), dtype=np.float32)
        single[np.arange(len(rows)), rows, columns] = 1
        maps = {}
        for name, other in trace.score_maps.items():
            shape = (len(rows), *other.evidence.shape[1:])
            evidence = single if name == layer else np.zeros(shape, dtype=np.float32)
            maps[name] = ScoreMap(evidence, np.zeros(len(rows), dtype=np.float32), other.coords)
        return replace(trace, score_maps=maps, masks={}).contributions(x, y, variant)[layer]

    near = 6  # cells on each side: more than any kernel reaches
    rows = np.arange(max(row - near, 0), min(row + near + 1, height))
    columns = np.arange(max(column - near, 0), min(column + near + 1, width))
    down = response(rows, np.full(len(rows), column))
    across = response(np.full(len(columns), row), columns)
    middle = float(down[row - rows[0]])
    weights = np.zeros((height, width), dtype=np.float32)
    if middle:
        weights[np.ix_(rows, columns)] = np.outer(down, across) / middle
    return weights
