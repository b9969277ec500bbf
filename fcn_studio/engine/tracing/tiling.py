"""A part of a photo that gives a cell the score of the whole one, and how much memory a device has for photos.

A cell's part holds a halo of real pixels as wide as its receptive field reaches, and ends where the photo ends. There,
and only there, the net's own zero padding stands, as it does in one piece. Parts begin at multiples of the coarsest
stride, so that every grid of a part is a part of the whole photo's grid.

Net coordinates are those of the canvas: the photo with the border of zeros that the `caffe` alignment adds around it.
On its canvas that net is a `same` net whose outermost fc6 cells are cut off, so one geometry serves both.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psutil
import torch

from fcn_studio.core.graph.names import BY_VARIANT, COARSEST, PUBLISHED
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.unstarted import unstarted

STRIDE = COARSEST.stride  # of fc7, the coarsest grid


@dataclass(frozen=True, slots=True)
class Span:
    """One axis of a tile, in canvas pixels.

    Attributes:
        core: What is asked about.
        seen: What the net sees: the core and its halo, within the canvas.
    """

    core: range
    seen: range

    def cells(self, stride: int) -> slice:
        """The core's cells on the whole grid of a stride."""
        return slice(self.core.start // stride, -(-self.core.stop // stride))

    def own_cells(self, stride: int) -> slice:
        """The core's cells on the grid of what is seen."""
        cells, shift = self.cells(stride), self.seen.start // stride
        return slice(cells.start - shift, cells.stop - shift)


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the canvas."""

    rows: Span
    columns: Span


def canvas_border(architecture: Architecture) -> int:
    """Zeros around the photo on each side, in pixels: what conv1_1 adds beyond keeping its input's size."""
    return architecture.first_padding() - 1


def cells_per_pixel(variants: Sequence[str]) -> float:
    """Cells of all score maps for each pixel of a photo, at most: those of strides 32, 16 and 8, and of finer ones."""
    strides = {BY_VARIANT[name].stride for name in (*PUBLISHED, *variants) if name in BY_VARIANT}
    return sum(1 / stride**2 for stride in strides)


def halo(architecture: Architecture) -> int:
    """Pixels around a core that its cells may depend on, rounded up to the coarsest stride."""
    coords = replace(architecture, alignment="same").pool_maps()["fc7"]
    reach = -coords.box(0)[0]
    return STRIDE * math.ceil(reach / STRIDE)


def inside(seen: range, length: int, border: int) -> tuple[int, int, slice]:
    """Zeros before, zeros after, and the pixels of a photo of `length` between them, of a range of its canvas.

    A part always sees some of the photo.
    """
    start, stop = seen.start - border, seen.stop - border
    return max(0, -start), max(0, stop - length), slice(max(0, start), min(stop, length))


def free_memory(device: torch.device) -> int:
    """Bytes that tensors may still take on a device; where the device cannot tell, no bound."""
    if device.type == "cpu":
        return psutil.virtual_memory().available
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What torch holds for later counts as taken there.
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return sys.maxsize


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that a device's memory did not suffice."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # MPS and torch's CPU allocator raise a plain RuntimeError.
    return any(words in str(error) for words in ("out of memory", "can't allocate memory"))


def on_canvas(net: FCN) -> FCN:
    """The net with its convolutions padded to keep their input's size, on the same weights."""
    if net.architecture.alignment == "same":
        return net
    with unstarted():
        same = FCN(replace(net.architecture, alignment="same"))
    same.load_state_dict(net.state_dict(), assign=True)
    return same.requires_grad_(False).eval()
