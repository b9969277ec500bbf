"""A convolution as the matrix product that it is: what pays on CPUs where kernels are large or cells few."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

# Of cells' windows laid out as a matrix at a time; glibc maps allocations above 32 MB anew each time, which costs more.
PATCH_BYTES = 28 << 20


def product(features: Tensor, weight: Tensor, bias: Tensor | None, padding: tuple[int, int] = (0, 0)) -> Tensor:
    """`conv2d` of stride 1, as a product of each output cell's window with the kernels.

    Args:
        features: (1, C, h, w).
        weight: (out, C, kh, kw); laid out in channels_last it is not copied.
        bias: (out,).
        padding: Zeros above and below, and left and right.

    Returns:
        (1, out, ...) in channels_last.
    """
    down, across = padding
    # (rows, columns, channels)
    seen = functional.pad(features, (across, across, down, down)).permute(0, 2, 3, 1).contiguous()[0]
    outputs, _, high, wide = weight.shape
    rows, columns = seen.shape[0] - high + 1, seen.shape[1] - wide + 1
    steps = (seen.stride(0), seen.stride(1))
    windows = seen.as_strided((rows, columns, high, wide * seen.shape[2]), (*steps, steps[0], 1))
    matrix = weight.permute(0, 2, 3, 1).reshape(outputs, -1)
    result = features.new_empty(rows, columns, outputs)
    cells = max(1, PATCH_BYTES // (matrix.shape[1] * seen.element_size()))
    down_at_once, across_at_once = max(1, cells // columns), min(columns, cells)
    for row in range(0, rows, down_at_once):
        for column in range(0, columns, across_at_once):
            place = (slice(row, row + down_at_once), slice(column, column + across_at_once))
            patches = windows[place]
            part = functional.linear(patches.reshape(-1, matrix.shape[1]), matrix, bias)
            result[place] = part.view(*patches.shape[:2], outputs)
    return result[None].permute(0, 3, 1, 2)
