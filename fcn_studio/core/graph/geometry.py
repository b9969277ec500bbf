"""Where the cells of a layer lie on the photo, and the crop offsets that follow from it.

Every layer maps an output index to an input coordinate by a line, x = scale * index + offset. Composing the lines
from the photo up to two layers gives the crop that aligns them, so no offset is ever typed (Caffe's own
`coord_map.crop` does the same).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Layer:
    """The geometry of one convolution or pooling along one axis, in cells of its input.

    Attributes:
        kernel: Window size.
        stride: Step between windows.
        padding: Cells added before the first cell, and after the last.
        ceil: Whether a last, partial window counts (Caffe's pooling rounds up).
        padding_after: Cells added after the last, where they are others: TensorFlow's "same" padding at stride 2.
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    ceil: bool = False
    padding_after: int | None = None

    @property
    def after(self) -> int:
        """Cells added after the last one."""
        return self.padding if self.padding_after is None else self.padding_after

    def output_size(self, size: int) -> int:
        """Number of output cells for `size` input cells (0 or less where the kernel does not fit)."""
        span = size + self.padding + self.after - self.kernel
        return (-(-span // self.stride) if self.ceil else span // self.stride) + 1


@dataclass(frozen=True, slots=True)
class CoordMap:
    """The line that gives the photo coordinate (0 is the first pixel's centre) of a cell index."""

    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    receptive_field: int = 1

    def through(self, layer: Layer) -> CoordMap:
        """The map of `layer`'s output cells, where this is the map of its input cells."""
        centre = Fraction(layer.kernel - 1, 2) - layer.padding
        return CoordMap(
            self.scale * layer.stride,
            self.offset + self.scale * centre,
            self.receptive_field + int((layer.kernel - 1) * self.scale),
        )

    def upsampled(self, stride: int, kernel: int) -> CoordMap:
        """The map after an unpadded transposed convolution: cell i lands on stride * i + (kernel - 1) / 2."""
        scale = self.scale / stride
        return CoordMap(scale, self.offset - scale * Fraction(kernel - 1, 2), self.receptive_field)

    def cropped(self, cells: int) -> CoordMap:
        """The map after the first `cells` cells are cut off."""
        return CoordMap(self.scale, self.offset + cells * self.scale, self.receptive_field)

    def crop_to(self, target: CoordMap) -> int:
        """How many leading cells to cut off here so that the first cell lies on `target`'s first.

        Negative where `target` is the one to be cropped.

        Raises:
            ValueError: The two grids differ in stride or by a fraction of a cell.
        """
        cells = (target.offset - self.offset) / self.scale
        if self.scale != target.scale or cells.denominator != 1:
            raise ValueError(f"grids {self} and {target} cannot be aligned by a crop")
        return int(cells)

    def box(self, index: int) -> tuple[float, float]:
        """First and last photo coordinate of the receptive field of cell `index`."""
        centre = float(self.scale * index + self.offset)
        half = (self.receptive_field - 1) / 2
        return centre - half, centre + half


PHOTO = CoordMap()


def crop_pair(first: CoordMap, second: CoordMap) -> tuple[int, int]:
    """The crops (of the first, of the second grid) that align two grids of equal stride."""
    cells = first.crop_to(second)
    return max(cells, 0), max(-cells, 0)


def aligned_kernel(coords: CoordMap, stride: int, target: CoordMap) -> int:
    """The bilinear kernel size of a transposed convolution that puts its output's cells onto `target`'s.

    Twice the stride as in the VGG nets, or one less as in FCN-AlexNet (63 for stride 32), whose trunk's odd kernels
    leave its cells half a cell elsewhere.

    Raises:
        ValueError: Neither aligns the grids by a crop.
    """
    for kernel in (2 * stride, 2 * stride - 1):
        upscored = coords.upsampled(stride, kernel)
        if ((target.offset - upscored.offset) / upscored.scale).denominator == 1:
            return kernel
    raise ValueError(f"no kernel of stride {stride} aligns {coords} with {target}")
