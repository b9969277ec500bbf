"""A large photo in tiles: the same score maps as in one piece, within a bound on memory.

Each tile sees a halo of real pixels around its core, as wide as its cells' receptive fields reach, and ends where the
photo ends. There, and only there, the net's own zero padding stands, as it does in one piece. Cores begin at multiples
of the coarsest stride, so that every grid of a tile is a part of the whole photo's grid.

Net coordinates are those of the canvas: the photo with the border of zeros that the `caffe` alignment adds around it.
On its canvas that net is a `same` net whose outermost fc6 cells are cut off, so one geometry serves both.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import psutil
import torch
from torch import Tensor

from fcn_studio.core.errors import ImageError
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps
from fcn_studio.engine.nets.trunks.trunk import Taps
from fcn_studio.engine.nets.unstarted import unstarted

STRIDE = 32  # of fc7, the coarsest grid
STRIDES = (8, 16, STRIDE)  # of pool3, pool4 and fc7, in the order of Taps
SCORED = {"score_fr": "fc7", "score_pool4": "pool4", "score_pool3": "pool3"}
SMALLEST = 512  # pixels; below it the halo, recomputed for each tile, is nearly all the work


@dataclass(frozen=True, slots=True)
class Span:
    """One axis of a tile, in canvas pixels.

    Attributes:
        core: What the tile contributes.
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


def halo(architecture: Architecture) -> int:
    """Pixels around a core that its cells may depend on, rounded up to the coarsest stride."""
    coords = replace(architecture, alignment="same").pool_maps()["fc7"]
    reach = -coords.box(0)[0]
    return STRIDE * math.ceil(reach / STRIDE)


def spans(length: int, side: int, margin: int) -> list[Span]:
    """Cores of `side` pixels that cover `length`, each seen with up to `margin` more on both ends."""
    found = []
    for start in range(0, length, side):
        stop = min(start + side, length)
        found.append(Span(range(start, stop), range(max(0, start - margin), min(length, stop + margin))))
    return found


def tiles(canvas: tuple[int, int], side: int, margin: int) -> list[Tile]:
    """Tiles of a canvas of (height, width), row by row."""
    rows, columns = (spans(length, side, margin) for length in canvas)
    return [Tile(row, column) for row in rows for column in columns]


def largest_side(canvas: tuple[int, int], margin: int, fits: Callable[[int, int], bool]) -> int | None:
    """The largest core, a multiple of the coarsest stride, whose tile `fits` (height, width); None if none does."""
    for side in range(STRIDE * ((max(canvas) - 1) // STRIDE), SMALLEST - 1, -STRIDE):
        height, width = (min(length, side + 2 * margin) for length in canvas)
        if fits(height, width):
            return side
    return None


def half_side(side: int) -> int | None:
    """Half a core's side, a multiple of the coarsest stride; None where that would be no smaller."""
    half = max(SMALLEST, STRIDE * math.ceil(side / 2 / STRIDE))
    return half if half < side else None


def inside(seen: range, length: int, border: int) -> tuple[int, int, slice]:
    """Zeros before, zeros after, and the pixels of a photo of `length` between them, of a range of its canvas.

    With a core of `SMALLEST` and its halo, a tile always sees some of the photo.
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


class Mosaic:
    """Score maps, and taps if wanted, of a whole photo, put together on the CPU from tiles.

    Args:
        architecture: Of the net that the whole photo is for.
        canvas: Its (height, width).
        keep_taps: Whether taps are put together too.

    Raises:
        ImageError: The taps would not fit in memory.
    """

    def __init__(self, architecture: Architecture, canvas: tuple[int, int], *, keep_taps: bool) -> None:
        self._sizes = [(-(-canvas[0] // stride), -(-canvas[1] // stride)) for stride in STRIDES]
        # fc6 without padding lacks the cells whose window leaves its input.
        self._lost = replace(architecture, alignment="same").fc6_padding() - architecture.fc6_padding()
        self._taps = self._empty_taps(architecture) if keep_taps else None
        self._maps: dict[str, Tensor] = {}

    def _empty_taps(self, architecture: Architecture) -> Taps:
        channels = (architecture.channels[2], architecture.channels[3], architecture.fc_channels)
        shapes = [(1, count, *size) for count, size in zip(channels, self._sizes, strict=True)]
        needed = 4 * sum(math.prod(shape) for shape in shapes)
        if needed > psutil.virtual_memory().available:
            raise ImageError(
                f"The features of this photo need {needed / 2**30:.1f} GiB of memory, which is not free; "
                "trace it without keeping them, or make it smaller."
            )
        return Taps(*(torch.empty(shape) for shape in shapes))

    def put(self, tile: Tile, taps: Taps, score: Callable[[Taps], ScoreMaps]) -> None:
        """Scores the core of a tile's taps and keeps it.

        Args:
            tile: Where the taps belong.
            taps: Of what the tile sees.
            score: The net's score layers.
        """
        core = Taps(
            *(
                tap[..., tile.rows.own_cells(stride), tile.columns.own_cells(stride)].float()
                for tap, stride in zip(taps, STRIDES, strict=True)
            )
        )
        for layer, part in score(core)._asdict().items():
            if part is None:
                continue
            index = Taps._fields.index(SCORED[layer])
            if layer not in self._maps:
                self._maps[layer] = torch.empty((1, part.shape[1], *self._sizes[index]))
            _put(self._maps[layer], part, tile, STRIDES[index])
        if self._taps is not None:
            for whole, part, stride in zip(self._taps, core, STRIDES, strict=True):
                _put(whole, part, tile, stride)

    @property
    def maps(self) -> ScoreMaps:
        """Of the whole photo, as the net gives them in one piece."""
        coarse = self._cut(self._maps["score_fr"])
        return ScoreMaps(coarse, self._maps.get("score_pool4"), self._maps.get("score_pool3"))

    @property
    def taps(self) -> Taps | None:
        """Of the whole photo, if they were wanted."""
        return None if self._taps is None else self._taps._replace(fc7=self._cut(self._taps.fc7))

    def _cut(self, grid: Tensor) -> Tensor:
        height, width = grid.shape[-2:]
        return grid[..., self._lost : height - self._lost, self._lost : width - self._lost]


def _put(whole: Tensor, part: Tensor, tile: Tile, stride: int) -> None:
    whole[..., tile.rows.cells(stride), tile.columns.cells(stride)] = part
