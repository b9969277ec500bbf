"""Enlarging and choosing in one GPU kernel: scores are read from the small grid, and only labels are written.

Each thread computes its pixels' scores of one class after the other from the four cells around them, which its
neighbours share in the cache, and keeps the largest: no C x H x W stack is ever in memory. Triton comes with torch's
CUDA builds for Linux; its interpreter runs the same kernel on CPUs, which is where it is tested.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
import triton
import triton.language as tl
from torch import Tensor

from fcn_studio.engine.execution.squares import Lattice

BLOCK = 256  # pixels of a row that a program does; two or more for each thread of its four warps


@triton.jit  # type: ignore[untyped-decorator]
def _winners(  # type: ignore[no-untyped-def]
    scores,
    labels,
    cell_rows,
    cell_columns,
    class_step,
    row_step,
    column_step,
    width,
    shift,
    phase,
    classes: tl.constexpr,
    stride: tl.constexpr,
    block: tl.constexpr,
):
    y = tl.program_id(0)
    x = tl.program_id(1) * block + tl.arange(0, block)
    row, column = (y + shift) // stride, (x + shift) // stride
    down = ((y + shift) % stride + phase) / stride
    right = ((x + shift) % stride + phase) / stride
    # Beyond the outermost cells lie zeros, which change no winner: those cells count as repeated.
    above = scores + tl.minimum(tl.maximum(row - 1, 0), cell_rows - 1) * row_step
    below = scores + tl.minimum(row, cell_rows - 1) * row_step
    before = tl.minimum(tl.maximum(column - 1, 0), cell_columns - 1) * column_step
    after = tl.minimum(column, cell_columns - 1) * column_step
    largest = tl.full((block,), float("-inf"), tl.float32)
    winner = tl.zeros((block,), tl.int32)
    for index in range(classes):
        at = index * class_step
        upper = tl.load(above + at + before) * (1 - right) + tl.load(above + at + after) * right
        lower = tl.load(below + at + before) * (1 - right) + tl.load(below + at + after) * right
        score = upper * (1 - down) + lower * down
        # As torch's max: of equal ones the first, and the first that is no number before all numbers.
        better = (score > largest) | ((score != score) & (largest == largest))
        largest = tl.where(better, score, largest)
        winner = tl.where(better, index, winner)
    tl.store(labels + y.to(tl.int64) * width + x, winner.to(tl.uint8), mask=x < width)


def triton_winners(scores: Tensor, lattice: Lattice, size: tuple[int, int]) -> Tensor:
    """(H, W) uint8 class of the largest enlarged score on the scores' device, of equal ones the lowest.

    Args:
        scores: (C, h, w) float32 scores, of any strides.
        lattice: Where the photo's pixels lie between the cells.
        size: (H, W) of the photo.
    """
    height, width = size
    labels = torch.empty(size, dtype=torch.uint8, device=scores.device)
    # Triton starts kernels on torch's current device, wherever their tensors lie.
    with torch.cuda.device(scores.device) if scores.is_cuda else nullcontext():
        _winners[(height, triton.cdiv(width, BLOCK))](
            scores,
            labels,
            *scores.shape[1:],
            *scores.stride(),
            width,
            lattice.shift,
            lattice.phase,
            classes=scores.shape[0],
            stride=lattice.stride,
            block=BLOCK,
        )
    return labels
