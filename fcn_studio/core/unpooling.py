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

from fcn_studio.core.fusion import Upsampling
from fcn_studio.core.geometry import CoordMap, crop_pair

POOLS = ("pool1", "pool2", "pool3", "pool4", "pool5")
# The pools that each upsampling layer goes back through, coarsest first.
UNDONE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "upscore2": POOLS[4:],
        "upscore_pool4": POOLS[3:4],
        "upscore8": POOLS[2::-1],
        "upscore16": POOLS[3::-1],
        "upscore32": POOLS[::-1],
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

    def fused(self, step: Upsampling, skip: Lattice) -> Lattice:
        """This one enlarged by `step`, and cropped to what it shares with a skip (see `fusion.align`)."""
        enlarged = self.coords.upsampled(step.stride, step.kernel)
        cut, skip_cut = crop_pair(enlarged, skip.coords)
        rows, columns = (
            min((cells - 1) * step.stride + step.kernel - cut, others - skip_cut)
            for cells, others in zip(self.size, skip.size, strict=True)
        )
        return Lattice(enlarged.cropped(cut), (rows, columns))


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
    layers: Mapping[str, Lattice], steps: Iterable[str], switches: Mapping[str, Switches]
) -> dict[str, Upsampling]:
    """Each upsampling layer of a net as max-unpooling.

    Args:
        layers: The cells of each score layer.
        steps: The net's upsampling layers, of those of `UNDONE`.
        switches: By pool, of `POOLS`.

    Raises:
        ValueError: A pool's switches are missing, or do not lie on the score maps.
    """
    wanted, found = set(steps), dict[str, Upsampling]()

    def step(name: str, lattice: Lattice) -> Upsampling:
        found[name] = unpooling(lattice, (switches[pool] for pool in UNDONE[name]))
        return found[name]

    if missing := [pool for pool in POOLS if pool not in switches]:
        raise ValueError(f"there are no indices of {missing[0]}")
    coarse = layers["score_fr"]
    if "upscore32" in wanted:
        step("upscore32", coarse)
    if "upscore2" in wanted:
        fused = coarse.fused(step("upscore2", coarse), layers["score_pool4"])
        if "upscore16" in wanted:
            step("upscore16", fused)
        if "upscore_pool4" in wanted:
            fused = fused.fused(step("upscore_pool4", fused), layers["score_pool3"])
            step("upscore8", fused)
    return found
