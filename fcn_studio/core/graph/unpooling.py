"""Max-unpooling of scores: each cell's score goes back to the one pixel at which the trunk's pools found their maxima.

A pool has a maximum for each of its channels, and scores have other channels: one for each class. So there is one
place for each window here: that of the largest feature activation, summed over the channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph.build import fusion_graph
from fcn_studio.core.graph.fusion import Upsampling
from fcn_studio.core.graph.geometry import CoordMap
from fcn_studio.core.graph.graph import Enlargement, Node, Size
from fcn_studio.core.graph.names import BY_STRIDE, ENLARGES, VARIANTS

POOLS = ("pool1", "pool2", "pool3", "pool4", "pool5")


def _undone(stride: int, finer: int) -> tuple[str, ...]:
    """The pools, each of stride 2, that lie between two strides, coarsest first."""
    return POOLS[finer.bit_length() - 1 : stride.bit_length() - 1][::-1]


# The pools that each upsampling layer goes back through, coarsest first.
UNDONE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{names.upscored: _undone(2 * names.stride, names.stride) for names in BY_STRIDE.values() if names.upscored},
        **{names.last: _undone(names.stride, 1) for names in BY_STRIDE.values()},
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Switches:
    """Where, in each 2x2 window of a pool, the features summed over channels are largest; the first place of equals.

    Attributes:
        places: (h, w) uint8 on the pool's output grid: 2 * row + column within the window, 0 to 3.
        coords: Where the output's cells lie on the photo.
    """

    places: NDArray[np.uint8]
    coords: CoordMap

    def __post_init__(self) -> None:
        self.places.setflags(write=False)

    def window(self, rows: range, columns: range) -> Switches:
        """Some of the cells, on the same coordinates as if they were the first ones."""
        return replace(self, places=self.places[rows.start : rows.stop, columns.start : columns.stop])


@dataclass(frozen=True, slots=True)
class Lattice:
    """The cells of a node, without their scores.

    Attributes:
        coords: Where they lie on the photo.
        size: (rows, columns).
    """

    coords: CoordMap
    size: tuple[int, int]


def unpooling(lattice: Lattice, pools: Iterable[Switches]) -> Upsampling:
    """What puts the cells of a lattice back through pools of 2x2, the coarsest first.

    Raises:
        ValueError: The cells are not among the first pool's, or a place lies outside the next pool's grid.
    """
    pools = tuple(pools)
    first = pools[0].coords.crop_to(lattice.coords)
    rows, columns = np.indices(lattice.size)
    row, column, stride = rows + first, columns + first, 1
    for pool in pools:
        height, width = pool.places.shape
        if row.size and (min(row.min(), column.min()) < 0 or row.max() >= height or column.max() >= width):
            raise ValueError("the indices of the pools do not lie on the score maps")
        code = pool.places[row, column].astype(np.intp)
        row, column, stride = 2 * row + code // 2, 2 * column + code % 2, 2 * stride
    places = np.stack([row - stride * (rows + first), column - stride * (columns + first)], axis=-1).astype(np.uint8)
    return Upsampling(stride, stride, interpolation="max_unpooling", places=places)


def unpoolings(
    layers: tuple[Node, ...], steps: Iterable[str], sizes: Mapping[str, Size], switches: Mapping[str, Switches]
) -> dict[str, Upsampling]:
    """Each upsampling layer of a net as max-unpooling.

    Args:
        layers: The score layers.
        steps: The net's upsampling layers, of those of `UNDONE`.
        sizes: (rows, columns) of each score layer.
        switches: By pool, of `POOLS`.

    Raises:
        ValueError: A pool's switches are missing, or do not lie on the score maps.
    """
    if missing := [pool for pool in POOLS if pool not in switches]:
        raise ValueError(f"there are no indices of {missing[0]}")
    kernels = tuple(Enlargement(step, ENLARGES[step], ENLARGES[step]) for step in steps)
    graph = fusion_graph(layers, VARIANTS, kernels)
    found = graph.sizes(sizes)
    return {
        by.layer: unpooling(Lattice(graph.node(source).coords, found[source]), (switches[p] for p in UNDONE[by.layer]))
        for source, by in graph.enlarged
    }
