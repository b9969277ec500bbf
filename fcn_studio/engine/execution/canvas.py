"""With padding 100, where the photo reaches: the rest of the canvas is constant, and is not computed anew.

The `caffe` alignment lays a photo on a canvas of zeros, 99 pixels wider on each side than the photo (and conv1_1 pads
by one more, as the other convolutions do). What a block makes of the canvas alone, far from its edges, is one value for
each channel; near the edges it depends on the distance to them. The photo's reach grows by one cell a convolution from
the photo outwards, that of the edges inwards, and up to the end of block 4 they do not meet at any size of the photo.
So blocks 1 to 4 run on the part that the photo reaches, within a ring of that one value, and what lies outside is
copied from a small canvas without a photo. From block 5 on the photo reaches everywhere.

At 375x500 that is 0.71 of the multiplications of the trunk on the published widths, counted from its layer sizes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

from fcn_studio.engine.execution.blocks import Block

STRIDE = 16  # of pool4, the last grid that is put together from a part and the canvas around it
CELLS = 10  # of stride 16 on the small canvas: as many as both edges reach (3 each), and constant ones between
SCORED = MappingProxyType({"block2": "pool2", "block3": "pool3", "block4": "pool4"})  # whose pools can have scores
EDGE = 4  # cells that are copied from each edge, one more than it reaches


@dataclass(frozen=True, slots=True)
class Reach:
    """Along one axis, the cells that the photo reaches at a pool, and how many cells there are."""

    start: int
    stop: int
    cells: int

    def after(self, convolutions: int) -> Reach:
        """At the next pool, behind so many 3x3 convolutions."""
        return Reach((self.start - convolutions) // 2, -(-(self.stop + convolutions) // 2), -(-self.cells // 2))

    def ring(self, convolutions: int) -> tuple[int, int]:
        """Cells to add before and behind, for convolutions without padding to give what `after` says."""
        grown = self.after(convolutions)
        return self.start - (2 * grown.start - convolutions), 2 * grown.stop + convolutions - self.stop


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What blocks 1 to 4 make of a small canvas of zeros, by the name of the block.

    Attributes:
        constants: (1, C, 1, 1), far from the canvas's edges.
        grids: (1, C, h, w) of the blocks that are scored, of which the middle is constant.
    """

    constants: dict[str, Tensor]
    grids: dict[str, Tensor]

    def enlarged(self, block: str, rows: Reach, columns: Reach, part: Tensor) -> Tensor:
        """(1, C, rows.cells, columns.cells): the grid of the whole canvas, with the photo's part in its place."""
        grid = self.grids[block]
        row_index, column_index = (
            _repeated(reach.cells, small, grid.device)
            for reach, small in zip((rows, columns), grid.shape[-2:], strict=True)
        )
        whole = grid.index_select(2, row_index).index_select(3, column_index)
        whole = whole.contiguous(memory_format=torch.channels_last)
        whole[..., rows.start : rows.stop, columns.start : columns.stop] = part
        return whole


class Canvas:
    """What surrounds photos for the blocks of one net, kept by what a canvas's size leaves over 16.

    That is 256 times 0.6 MB at the most, in fp32 on the published widths. Nothing is let go: recorded passes use it.
    """

    def __init__(self, blocks: tuple[Block, ...], scored: Collection[str]) -> None:
        self._blocks, self._scored = blocks, scored
        self._known: dict[tuple[int, int], Surroundings] = {}

    def around(self, height: int, width: int) -> Surroundings:
        """For a canvas of (height, width): its far edges lie as those of a small one of the same remainders."""
        key = (height % STRIDE, width % STRIDE)
        if key not in self._known:
            self._known[key] = self._computed(*(CELLS * STRIDE + remainder for remainder in key))
        return self._known[key]

    def _computed(self, height: int, width: int) -> Surroundings:
        weight = self._blocks[0].convolutions[0].weight
        features = weight.new_zeros(1, weight.shape[1], height, width)
        constants, grids = {}, {}
        for block in self._blocks:
            for convolution in block.convolutions:
                features = functional.relu(functional.conv2d(features, convolution.weight, convolution.bias, padding=1))
            features = functional.max_pool2d(features, 2, 2, ceil_mode=True)
            row, column = features.shape[-2] // 2, features.shape[-1] // 2
            constants[block.name] = features[..., row : row + 1, column : column + 1].clone()
            if SCORED.get(block.name) in self._scored:
                grids[block.name] = features
        return Surroundings(constants, grids)


def ringed(part: Tensor, value: Tensor | None, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """A part with so many cells of `value` (1, C, 1, 1) around it, before and behind; None for zeros."""
    if value is None:
        return functional.pad(part, (*columns, *rows))
    height, width = part.shape[-2:]
    size = (*part.shape[:2], sum(rows) + height, sum(columns) + width)
    whole = part.new_empty(size).to(memory_format=torch.channels_last)
    inside = (slice(rows[0], rows[0] + height), slice(columns[0], columns[0] + width))
    whole[..., : rows[0], :] = value
    whole[..., rows[0] + height :, :] = value
    whole[..., inside[0], : columns[0]] = value
    whole[..., inside[0], columns[0] + width :] = value
    whole[..., inside[0], inside[1]] = part
    return whole


def _repeated(cells: int, small: int, device: torch.device) -> Tensor:
    """(cells,) int64: where each cell of a long axis stands on a short one, whose middle is constant."""
    index = torch.full((cells,), small // 2, device=device)  # nothing is copied there: such a pass can be recorded
    index[:EDGE] = torch.arange(EDGE, device=device)
    index[-EDGE:] = torch.arange(small - EDGE, small, device=device)
    return index
