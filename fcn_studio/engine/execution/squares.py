"""The winning class of each pixel on CPUs, mostly without its scores.

Bilinear enlargement makes each pixel's scores a mean of the four cells around it, with weights that depend on where in
the square between their centres it lies. So where one class wins in all four cells, it wins in the whole square. In the
others, a class that is behind one of the four winners in all four cells wins nowhere; mostly two are left, and the
sign of one difference decides. With the default weights on CamVid's photos 12 to 41 % of squares are mixed, most at
stride 32, and 46 to 82 % of these have two classes left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fcn_studio.core.cancel import CancelToken

BAND_PIXELS = 1 << 21  # done at a time: 2 MB of labels, and few calls; from 0.5 to 8 million it hardly matters
CHUNK_BYTES = 8 << 20  # of any one temporary
FEW = 4  # classes that are gathered rather than all computed; 90 % of mixed squares have no more


@dataclass(frozen=True, slots=True)
class Lattice:
    """The squares of pixels between the centres of four neighbouring cells, which a bilinear kernel makes.

    Around the grid lies one more row and column of squares, whose outer cells are zero. There all scores shrink alike
    towards the border, which changes no winner, so the outermost cells count as repeated.

    Attributes:
        stride: Side of a square in pixels.
        kernel: Of the enlargement, `2 * stride` or one less.
        shift: Rows and columns from the first square's first pixel to the photo's first pixel.
    """

    stride: int
    kernel: int
    shift: int

    @classmethod
    def of(cls, stride: int, kernel: int, crop: int) -> Lattice:
        """Of an unpadded transposed convolution whose result is cropped by `crop` at the top and the left."""
        # Cell i is centred on (kernel - 1) / 2 + stride * i; square 0 lies before cell 0.
        return cls(stride, kernel, crop + 2 * stride - kernel)

    @property
    def phase(self) -> float:
        """Of a square's first pixel, in pixels from the cell before it."""
        return 0.0 if self.kernel % 2 else 0.5

    def weights(self) -> Tensor:
        """(4, stride * stride) float32 shares of the upper left, upper right, lower left and lower right cell."""
        share = (torch.arange(self.stride) + self.phase) / self.stride
        line = torch.stack([1 - share, share])
        return torch.einsum("ay,bx->abyx", line, line).reshape(4, -1)


def winners_of_squares(scores: Tensor, lattice: Lattice, size: tuple[int, int], cancel: CancelToken) -> Tensor:
    """(H, W) uint8 class of the largest enlarged score, of equal ones the lowest; rounding may decide close calls.

    Args:
        scores: (C, h, w) finite float32 scores of up to 256 classes, on the CPU, whose cells cover the photo.
        lattice: Where the photo's pixels lie between the cells.
        size: (H, W) of the photo.
        cancel: Asked before each band of rows.

    Raises:
        Cancelled: `cancel` was set.
    """
    height, width = size
    stride, shift = lattice.stride, lattice.shift
    rows, columns = (range(shift // stride, -(-(shift + length) // stride)) for length in size)
    left = shift - columns.start * stride
    weights, across = lattice.weights(), _cells(columns, scores.shape[2])
    result = torch.empty(size, dtype=torch.uint8)
    step = max(1, BAND_PIXELS // (len(columns) * stride**2))
    for start in range(rows.start, rows.stop, step):
        cancel.check()
        band = range(start, min(start + step, rows.stop))
        cells = scores.index_select(1, _cells(band, scores.shape[1])).index_select(2, across)
        labels = _band(cells, weights, stride)
        top = start * stride - shift  # the photo's row of the band's first one
        seen = range(max(top, 0), min(band.stop * stride - shift, height))
        result[seen.start : seen.stop] = labels[seen.start - top : seen.stop - top, left : left + width]
    return result


def _cells(squares: range, cells: int) -> Tensor:
    """The cells at the corners of a run of squares, one more than they are; the outermost are repeated."""
    return torch.arange(squares.start - 1, squares.stop).clamp_(0, cells - 1)


def _band(cells: Tensor, weights: Tensor, stride: int) -> Tensor:
    """(rows * stride, columns * stride) uint8 winners, of (C, rows + 1, columns + 1) scores at the squares' corners."""
    classes, rows, columns = cells.shape[0], cells.shape[1] - 1, cells.shape[2] - 1
    best = cells.max(0).indices.to(torch.uint8)  # max gives the index too, in a fifteenth of the time of argmax
    first = best[:-1, :-1]
    labels = torch.empty(rows, stride, columns, stride, dtype=torch.uint8)
    labels.view(rows, stride, -1).copy_(first.repeat_interleave(stride, 1).unsqueeze(1))
    alike = (first == best[:-1, 1:]) & (first == best[1:, :-1]) & (first == best[1:, 1:])
    mixed = alike.logical_not_().flatten().nonzero()[:, 0]
    scores, best = cells.flatten(1).t().contiguous(), best.flatten()
    corners = torch.tensor([0, 1, columns + 1, columns + 2])
    squares = labels.permute(0, 2, 1, 3)
    for chunk in torch.split(mixed, max(1, CHUNK_BYTES // (16 * 4 * classes))):
        row = chunk // columns
        places = ((chunk + row)[:, None] + corners).flatten()
        found = _mixed(scores[places].view(-1, 4, classes), best[places].view(-1, 4).long(), weights)
        squares[row, chunk - row * columns] = found.view(-1, stride, stride)
    return labels.view(rows * stride, columns * stride)


def _mixed(corners: Tensor, best: Tensor, weights: Tensor) -> Tensor:
    """(n, pixels) uint8 winners in squares of (n, 4, C) scores whose corners' winners are (n, 4) `best`."""
    leading = corners.gather(2, best[:, None].expand(-1, 4, -1))  # (n, corner, winner)
    ahead = (corners[:, :, None] - leading[..., None]).amax(1)  # (n, winner, C): by how much somewhere, at the most
    left = ahead.amin(1) >= 0
    count = left.sum(1)
    labels = torch.empty(len(corners), weights.shape[1], dtype=torch.uint8)
    pairs = (count == 2).nonzero()[:, 0]
    if len(pairs):
        labels[pairs] = _of_two(corners[pairs], best[pairs], weights)
    for few in _chunks((count > 2) & (count <= FEW), FEW * weights.shape[1]):
        # Those left come first, in order of class, so that of equal ones the lowest wins.
        classes = left[few].logical_not().to(torch.uint8).sort(dim=1, stable=True).indices[:, :FEW]
        found = _largest(corners[few].gather(2, classes[:, None].expand(-1, 4, -1)), weights)
        labels[few] = classes.gather(1, found).to(torch.uint8)
    for many in _chunks(count > FEW, corners.shape[2] * weights.shape[1]):
        labels[many] = _largest(corners[many], weights).to(torch.uint8)
    return labels


def _chunks(chosen: Tensor, values: int) -> Iterator[Tensor]:
    """The indices of what is chosen, so many at a time as their scores fit the chunk; `values` are one's scores."""
    found = chosen.nonzero()[:, 0]
    return iter(torch.split(found, max(1, CHUNK_BYTES // (4 * values))) if len(found) else ())


def _of_two(corners: Tensor, best: Tensor, weights: Tensor) -> Tensor:
    """(n, pixels) uint8, where only the two classes that win at a corner can win."""
    low, high = best.amin(1), best.amax(1)
    pair = corners.gather(2, torch.stack([low, high], 1)[:, None].expand(-1, 4, -1))
    return torch.where(
        (pair[..., 1] - pair[..., 0]) @ weights > 0, high.to(torch.uint8)[:, None], low.to(torch.uint8)[:, None]
    )


def _largest(corners: Tensor, weights: Tensor) -> Tensor:
    """(n, pixels) index of the largest of (n, 4, K) scores, interpolated."""
    squares, _, classes = corners.shape
    scores = corners.permute(2, 0, 1).reshape(-1, 4) @ weights
    return scores.view(classes, squares, -1).max(0).indices
