"""Photos of any size through a trunk, strip by strip: the score maps of one piece, in memory that a plan bounds.

Strips are as high as fits the processor's cache, rows are whole, and layers keep what their next rows need (see
`rows`), so a strip costs no more than its share of the photo. Only rows that are too long for the memory given are
split, into spans of columns that see beyond their own (see `columns`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor
from torch.nn import functional

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import ImageError
from fcn_studio.core.graph.names import TAPS
from fcn_studio.engine.execution.columns import Span, spans, tap_maps, whole_width
from fcn_studio.engine.execution.layers import Paths, Section, input_side, sections_of
from fcn_studio.engine.execution.rows import Pace, memory, output_size, output_sizes, stream
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps
from fcn_studio.engine.nets.trunks.trunk import Taps
from fcn_studio.engine.tracing.tiling import STRIDE

STRIP_BYTES = 8 << 20  # of a layer's output at a time: on CPUs it and the input share the last-level cache
DEVICE_STRIP_BYTES = 256 << 20  # elsewhere: enough work to keep thousands of cores busy
LEAST_ROWS = 2  # a pool's window
SMALLEST_SPAN = 512  # columns; of narrower ones most of the work would be on what they see beyond their own


@dataclass(frozen=True, slots=True)
class Plan:
    """How a photo goes through a trunk in strips.

    Attributes:
        pace: Rows at a time.
        columns: One span, or several.
        bytes: That it takes at most on the device, the weights and the results on the CPU not counted.
    """

    pace: Pace
    columns: tuple[Span, ...]
    bytes: int

    @property
    def description(self) -> str:
        """Such as `strips of 16 rows`."""
        rows = f"strips of {self.pace.rows[1]} rows"
        return rows if len(self.columns) == 1 else f"{rows} in {len(self.columns)} spans of columns"

    def total(self, height: int) -> int:
        """Rows to be done of a photo of this height, those of each span counted."""
        return height * len(self.columns)


def plan(net: FCN, size: tuple[int, int], limit: int, dtype: torch.dtype) -> Plan | None:
    """The quickest plan within `limit` bytes; None if none fits.

    Args:
        net: Without batch normalisation layers, on its device.
        size: (height, width) of the photo.
        limit: Bytes on the device.
        dtype: Of the features.
    """
    return next((found for found in _plans(net, size, dtype) if found.bytes <= limit), None)


def least_bytes(net: FCN, size: tuple[int, int], dtype: torch.dtype) -> int:
    """The smallest limit that `plan` finds a plan for."""
    return min(found.bytes for found in _plans(net, size, dtype))


def _plans(net: FCN, size: tuple[int, int], dtype: torch.dtype) -> Iterator[Plan]:
    """Plans from the quickest to that which takes the least memory."""
    sections, value_bytes = sections_of(net), torch.empty((), dtype=dtype).element_size()
    height, width = (input_side(net, length) for length in size)
    sizes, maps = output_sizes(sections, width), tap_maps(sections)
    most = STRIP_BYTES if next(net.parameters()).device.type == "cpu" else DEVICE_STRIP_BYTES
    columns, side = whole_width(width, sizes), width
    while True:
        widest, budget = max(len(span.seen) for span in columns), most
        pace = _pace(sections, (height, widest), budget, value_bytes)
        yield Plan(pace, columns, memory(sections, widest, pace, value_bytes))
        while set(pace.rows.values()) != {LEAST_ROWS}:
            budget //= 2
            pace = _pace(sections, (height, widest), budget, value_bytes)
            yield Plan(pace, columns, memory(sections, widest, pace, value_bytes))
        if side <= SMALLEST_SPAN:
            return
        side = max(SMALLEST_SPAN, STRIDE * math.ceil(side / 2 / STRIDE))
        columns = spans(width, side, maps, sizes)


def _pace(sections: tuple[Section, ...], size: tuple[int, int], budget: int, value_bytes: int) -> Pace:
    """As many rows on each grid as have `budget` bytes of features, an even number, and no more than there are."""
    (height, width), stride = size, 1
    rows = {1: budget // (3 * width * value_bytes)}
    heights = {1: height}
    for section in sections:
        for part in section.parts:
            chains = part.chains if isinstance(part, Paths) else ((part,),)
            for chain in chains:
                for step in chain:
                    tall, wide = output_size(step, height), output_size(step, width)
                    own = stride * step.geometry.stride
                    most = max(1, budget // (wide * step.outputs * value_bytes))
                    rows[own] = min(rows.get(own, most), most)
            if not isinstance(part, Paths):
                height, width, stride = tall, wide, own
                heights[stride] = max(heights.get(stride, 0), height)
    # Even, so that pools take a convolution's rows as they come.
    return Pace({stride: max(LEAST_ROWS, min(count, heights[stride] + 1) // 2 * 2) for stride, count in rows.items()})


def streamed(
    net: FCN,
    pixels: Callable[[range, range], Tensor],
    size: tuple[int, int],
    plan: Plan,
    *,
    keep_taps: bool = False,
    on_rows: Callable[[int], None] = lambda done: None,
    cancel: CancelToken,
) -> tuple[ScoreMaps, Taps | None]:
    """Score maps of a whole photo on the CPU, in fp32, and its taps if they are wanted.

    Args:
        net: Without batch normalisation layers, on its device.
        pixels: (1, 3, rows, columns) of those rows and columns of the photo, as the net wants them.
        size: (height, width) of the photo.
        plan: For this net and size.
        keep_taps: Whether taps are put together too.
        on_rows: Hears how many rows have gone in, of `plan.total`.
        cancel: Asked before each strip.

    Raises:
        ImageError: The taps would not fit in memory.
        Cancelled: `cancel` was set.
    """
    sections = sections_of(net)
    height, width = (input_side(net, length) for length in size)
    grids = _Grids(net, output_sizes(sections, height), output_sizes(sections, width), keep_taps=keep_taps)

    def strips(span: Span, before: int) -> Iterator[Tensor]:
        seen = range(span.seen.start, min(span.seen.stop, size[1]))
        for top in range(0, height, plan.pace.rows[1]):
            cancel.check()
            rows = range(min(top, size[0]), min(top + plan.pace.rows[1], size[0]))
            below = min(top + plan.pace.rows[1], height) - max(top, size[0])
            part = pixels(rows, seen)
            yield functional.pad(part, (0, len(span.seen) - len(seen), 0, max(0, below)))
            del part
            on_rows(before + rows.stop)

    for number, span in enumerate(plan.columns):
        grids.begin(span)
        stream(sections, strips(span, number * size[0]), len(span.seen), plan.pace, grids.put)
    return grids.maps, grids.taps


class _Grids:
    """Score maps, and taps if wanted, of a whole photo, filled from the top down."""

    def __init__(self, net: FCN, heights: dict[str, int], widths: dict[str, int], *, keep_taps: bool) -> None:
        self._net = net
        architecture = net.architecture
        taps = architecture.taps()
        sizes = {tap: (heights[tap], widths[tap]) for tap in taps}
        self._taps = None
        if keep_taps:
            shapes = {name: (1, tap.channels, *sizes[name]) for name, tap in taps.items()}
            needed = 4 * sum(math.prod(shape) for shape in shapes.values())
            if needed > psutil.virtual_memory().available:
                raise ImageError(
                    f"The features of this photo need {needed / 2**30:.1f} GiB of memory, which is not free; "
                    "trace it without keeping them, or make it smaller."
                )
            self._taps = {name: torch.empty(shape) for name, shape in shapes.items()}
        self._layers = {TAPS[layer]: layer for layer in architecture.score_layers}
        self._maps = {
            layer: torch.empty(1, architecture.num_classes, *sizes[tap]) for tap, layer in self._layers.items()
        }
        self._scales = architecture.scales
        self._span: Span | None = None
        self._done: dict[str, int] = {}

    def begin(self, span: Span) -> None:
        """From the top again, in other columns."""
        self._span, self._done = span, dict.fromkeys(self._net.architecture.taps(), 0)

    def put(self, tap: str, part: Tensor) -> None:
        """Scores and keeps the next rows of a tap."""
        assert self._span is not None
        rows = slice(self._done[tap], self._done[tap] + part.shape[-2])
        cells, own = (slice(found.start, found.stop) for found in (self._span.cells[tap], self._span.own[tap]))
        self._done[tap] = rows.stop
        if not self._span.cells[tap]:
            return
        features = part[..., own].float()  # scores are small: in fp32 they cost nothing and keep close calls right
        if tap in self._layers:
            name = self._layers[tap]
            scale, layer = self._scales[name], self._net.get_submodule(name)
            self._maps[name][..., rows, cells] = layer(features if scale == 1 else features * scale).cpu()
        if self._taps is not None:
            self._taps[tap][..., rows, cells] = features.cpu()

    @property
    def maps(self) -> ScoreMaps:
        """Of the whole photo."""
        return self._maps

    @property
    def taps(self) -> Taps | None:
        """Of the whole photo, if they were wanted."""
        return self._taps
