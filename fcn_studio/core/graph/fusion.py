"""The linear part of an FCN on small numpy score maps: upsampling, cropping, adding.

Independent of torch, so that a trace can be read without it; the engine's own arithmetic is tested against this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph.geometry import PHOTO, CoordMap, crop_pair

Scores = NDArray[np.float32]  # (classes, h, w)

# `resize` is bilinear with the edges repeated, to a size that need not be a multiple of the cells (torchvision's nets);
# `max_unpooling` gives each cell's score to one pixel and leaves the others zero (see `unpooling`).
Interpolation = Literal["bilinear", "nearest", "resize", "max_unpooling"]
STRIP_BYTES = 16 << 20  # of a strip's scores; a few fit the last-level cache of any desktop machine


def bilinear_line(size: int) -> NDArray[np.float32]:
    """One axis of `bilinear_kernel`."""
    factor = (size + 1) // 2
    centre = factor - 1.0 if size % 2 else factor - 0.5
    line: NDArray[np.float32] = (1.0 - np.abs(np.arange(size) - centre) / factor).astype(np.float32)
    return line


def bilinear_kernel(size: int) -> NDArray[np.float32]:
    """The (size, size) bilinear filler of Caffe's Deconvolution layers.

    With f = (size + 1) // 2 and centre c = f - 1 (odd) or f - 0.5 (even), the weight at (y, x) is
    (1 - |y - c| / f) (1 - |x - c| / f).
    """
    line = bilinear_line(size)
    return np.outer(line, line)


def nearest_line(size: int, stride: int) -> NDArray[np.float32]:
    """One axis of the kernel that copies each cell to the `stride` pixels around its centre (unpooling)."""
    first = (size - stride) // 2
    line = np.zeros(size, dtype=np.float32)
    line[first : first + stride] = 1
    return line


@dataclass(frozen=True, slots=True)
class Upsampling:
    """An unpadded transposed convolution of stride `stride`, as the nets enlarge scores.

    Attributes:
        stride: Enlargement.
        kernel: Window size.
        weight: None for a fixed kernel, else (C, C, kernel, kernel) from input to output class, or
            (C, 1, kernel, kernel) with one kernel for each class.
        interpolation: The fixed kernel.
        size: (height, width) that `resize` gives, which no kernel determines.
        places: (h, w, 2) uint8 of `max_unpooling`, for the cells of the grid that it enlarges: row and column, below
            `stride`, of the pixel among the cell's own that gets its score. The kernel is as large as the stride then.
    """

    stride: int
    kernel: int
    weight: NDArray[np.float32] | None = None
    interpolation: Interpolation = "bilinear"
    size: tuple[int, int] | None = None
    places: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if (self.interpolation == "resize") != (self.size is not None):
            raise ValueError("a size goes with resizing, and with nothing else")
        if (self.interpolation == "max_unpooling") != (self.places is not None):
            raise ValueError("places go with max-unpooling, and with nothing else")
        if self.places is not None:
            if self.kernel != self.stride:
                raise ValueError("max-unpooling reaches just the cell's own pixels")
            self.places.setflags(write=False)

    def line(self) -> NDArray[np.float32]:
        """One axis of the fixed kernel, which is the outer product of it with itself.

        Raises:
            ValueError: Max-unpooling has no kernel.
        """
        if self.places is not None:
            raise ValueError("max-unpooling has no kernel: each cell has a place of its own")
        return (
            bilinear_line(self.kernel) if self.interpolation == "bilinear" else nearest_line(self.kernel, self.stride)
        )

    def full(self, scores: Scores) -> Scores:
        """(C, h, w) to (C, stride * (h - 1) + kernel, stride * (w - 1) + kernel)."""
        height, width = ((size - 1) * self.stride + self.kernel for size in scores.shape[1:])
        return self.window(scores, range(height), range(width))

    def window(self, scores: Scores, rows: range, columns: range) -> Scores:
        """The part of `full` at the given rows and columns (steps of 1)."""
        if self.size is not None:
            return self.resized(scores, np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop))
        if self.places is not None:
            return self.unpooled(scores, np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop))
        if self.weight is None:
            line = self.line()
            across = _enlarge_rows(scores, rows, self.stride, line).swapaxes(1, 2)
            return np.ascontiguousarray(_enlarge_rows(across, columns, self.stride, line).swapaxes(1, 2))
        return self._learned_window(scores, self.weight, rows, columns)

    def resized(self, scores: Scores, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Scores:
        """(C, rows, columns) float32: some rows and columns of what `resize` gives, counted as in `window`."""
        if self.size is None:
            raise ValueError("only resizing has a size")
        first, second = (
            resize_matrix(places - self.stride // 2, cells, length)
            for places, cells, length in zip((rows, columns), scores.shape[1:], self.size, strict=True)
        )
        found: Scores = np.matmul(first, scores) @ second.T
        return found

    def unpooled(self, scores: Scores, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Scores:
        """(C, rows, columns) float32: some rows and columns of what `max_unpooling` gives, counted as in `window`.

        Raises:
            ValueError: The scores have another grid than the places.
        """
        if self.places is None or scores.shape[1:] != self.places.shape[:2]:
            raise ValueError("these scores have another grid than the indices of the pools")
        found: Scores = np.zeros((scores.shape[0], len(rows), len(columns)), dtype=np.float32)
        down, across = np.nonzero(self.landed(rows, columns))
        found[:, down, across] = scores[:, rows[down] // self.stride, columns[across] // self.stride]
        return found

    def landed(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(rows, columns) bool: the places of `unpooled` that get a cell's score; of other kinds, all of them."""
        found = np.ones((len(rows), len(columns)), dtype=np.bool_)
        if self.places is None or not found.size:
            return found
        for axis, positions in enumerate((rows, columns)):
            inside = (positions >= 0) & (positions < self.stride * self.places.shape[axis])
            found &= inside[:, None] if axis == 0 else inside
        i, j = (
            np.clip(positions // self.stride, 0, cells - 1)
            for positions, cells in zip((rows, columns), self.places.shape, strict=False)
        )
        chosen = self.places[i[:, None], j]
        found &= chosen[..., 0] == (rows - self.stride * i)[:, None]
        found &= chosen[..., 1] == columns - self.stride * j
        return found

    def _learned_window(self, scores: Scores, weight: NDArray[np.float32], rows: range, columns: range) -> Scores:
        out = np.zeros((scores.shape[0], len(rows), len(columns)), dtype=np.float32)
        taps = -(-self.kernel // self.stride)
        per_class = weight.shape[1] == 1 and weight.shape[0] != 1
        for row_phase in range(min(self.stride, len(rows))):
            for column_phase in range(min(self.stride, len(columns))):
                # Outputs of one phase are a plain convolution of the coarse grid with a slice of the kernel.
                y = np.arange(rows.start + row_phase, rows.stop, self.stride)
                x = np.arange(columns.start + column_phase, columns.stop, self.stride)
                target = out[:, row_phase :: self.stride, column_phase :: self.stride]
                for up in range(taps):
                    i, u = y // self.stride - up, int(y[0]) % self.stride + up * self.stride
                    inside_rows = (i >= 0) & (i < scores.shape[1])
                    if u >= self.kernel or not inside_rows.any():
                        continue
                    for left in range(taps):
                        j, v = x // self.stride - left, int(x[0]) % self.stride + left * self.stride
                        inside_columns = (j >= 0) & (j < scores.shape[2])
                        if v >= self.kernel or not inside_columns.any():
                            continue
                        source = scores[:, i[inside_rows]][:, :, j[inside_columns]]
                        mixing = weight[:, :, u, v]
                        part = source * mixing[:, :, None] if per_class else np.einsum("co,chw->ohw", mixing, source)
                        target[np.ix_(range(out.shape[0]), inside_rows, inside_columns)] += part
        return out


def resize_matrix(places: NDArray[np.intp], cells: int, length: int) -> NDArray[np.float32]:
    """(places, cells) float32: the share of each cell in each place when `cells` are resized bilinearly to `length`.

    As torch's `interpolate(mode="bilinear", align_corners=False)`: place p reads the cells around
    (p + 1/2) cells / length - 1/2, and beyond the outermost cells' centres those cells alone.
    """
    centres = np.clip((places + 0.5) * (cells / length) - 0.5, 0, cells - 1)
    below = np.floor(centres).astype(np.intp)
    share = (centres - below).astype(np.float32)
    matrix = np.zeros((len(places), cells), dtype=np.float32)
    rows = np.arange(len(places))
    matrix[rows, below] = 1 - share
    matrix[rows, np.minimum(below + 1, cells - 1)] += share
    return matrix


def _enlarge_rows(scores: Scores, rows: range, stride: int, line: NDArray[np.float32]) -> Scores:
    positions = np.arange(rows.start, rows.stop)
    out = np.zeros((scores.shape[0], len(positions), scores.shape[2]), dtype=np.float32)
    for tap in range(-(-len(line) // stride)):
        cells = positions // stride - tap
        offsets = positions - stride * cells
        inside = (cells >= 0) & (cells < scores.shape[1]) & (offsets < len(line))
        weights = np.where(inside, line[np.minimum(offsets, len(line) - 1)], 0).astype(np.float32)
        out += scores[:, np.clip(cells, 0, scores.shape[1] - 1)] * weights[None, :, None]
    return out


@dataclass(frozen=True, slots=True)
class Grid:
    """Scores and where their cells lie on the photo."""

    scores: Scores
    coords: CoordMap

    def upsampled(self, upsampling: Upsampling) -> Grid:
        """This grid enlarged, uncropped."""
        coords = self.coords.upsampled(upsampling.stride, upsampling.kernel)
        return Grid(upsampling.full(self.scores), coords)

    def at_photo(self, upsampling: Upsampling, rows: range, columns: range) -> Scores:
        """The given rows and columns of the photo, enlarged from this grid and cropped to the photo."""
        crop = self.coords.upsampled(upsampling.stride, upsampling.kernel).crop_to(PHOTO)
        return upsampling.window(
            self.scores,
            range(rows.start + crop, rows.stop + crop),
            range(columns.start + crop, columns.stop + crop),
        )

    def reached(
        self, upsampling: Upsampling, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> NDArray[np.bool_] | None:
        """(rows, columns) bool: the photo's pixels that get a score from any cell; None for all of them."""
        if upsampling.places is None:
            return None
        crop = self.coords.upsampled(upsampling.stride, upsampling.kernel).crop_to(PHOTO)
        return upsampling.landed(rows + crop, columns + crop)


def align(first: Grid, second: Grid) -> tuple[Grid, Grid]:
    """Both grids cropped to what they share."""
    cuts = crop_pair(first.coords, second.coords)
    cut = [
        Grid(grid.scores[:, cells:, cells:], grid.coords.cropped(cells))
        for grid, cells in zip((first, second), cuts, strict=True)
    ]
    height, width = (min(cut[0].scores.shape[axis], cut[1].scores.shape[axis]) for axis in (1, 2))
    return (
        Grid(cut[0].scores[:, :height, :width], cut[0].coords),
        Grid(cut[1].scores[:, :height, :width], cut[1].coords),
    )


def strips(height: int, row_bytes: int, *, at_least: int = 1) -> Iterator[range]:
    """Ranges of rows that cover `height`, each of about STRIP_BYTES but of `at_least` so many rows."""
    rows = max(at_least, STRIP_BYTES // max(row_bytes, 1))
    for start in range(0, height, rows):
        yield range(start, min(start + rows, height))


def softmax(scores: Scores) -> Scores:
    """Class probabilities of (C, ...) scores."""
    shifted: Scores = np.exp(scores - scores.max(axis=0, keepdims=True))
    shifted /= shifted.sum(axis=0, keepdims=True)
    return shifted
