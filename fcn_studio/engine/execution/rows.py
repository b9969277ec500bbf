"""Rows through layers: each layer keeps the few rows that its next output needs, so that nothing is computed twice.

A convolution of 3x3 that has given its first rows keeps two of its input. What comes in next joins them, in one buffer
for the life of the stream:

    kept   kept | new  new  new  new      4 rows in, 4 rows out, at any height of the photo
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fcn_studio.engine.execution.layers import Paths, Section, Step
from fcn_studio.engine.execution.product import PATCH_BYTES

ALIGNMENT = 64  # values: cache lines and tensor cores want what a layer reads to begin at a round address
Rows = Iterator[Tensor]  # (1, C, any number of rows, w) each, from the top down; whoever takes one owns it


@dataclass(frozen=True, slots=True)
class Pace:
    """How many rows are done at a time, on each grid.

    Attributes:
        rows: By stride: of the output of layers that keep the grid.
    """

    rows: dict[int, int]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a step does at a time.

    Attributes:
        rows: Of its output.
        lead: Rows that its first output has beyond that: what the layers behind it on the same grid need before they
            can give theirs. After that, as many rows come in as go out, and only what windows share is left between.
        capacity: Rows of its input that it holds at most.
    """

    rows: int
    lead: int
    capacity: int

    @property
    def first(self) -> int:
        """Rows of its first output."""
        return self.rows + self.lead


def turns(sections: tuple[Section, ...], pace: Pace) -> dict[Step, Turn]:
    """What each step does at a time."""
    leads = _leads(sections)
    found: dict[Step, Turn] = {}
    stride, arriving = 1, pace.rows[1]
    for section in sections:
        for part in section.parts:
            for chain in _chains(part):
                coming = arriving
                for step in chain:
                    found[step] = turn = _turn(step, leads[step], pace, stride, coming)
                    coming = turn.first
            arriving = coming
            stride *= part.geometry.stride if isinstance(part, Step) else 1
    return found


def _chains(part: Step | Paths) -> tuple[tuple[Step, ...], ...]:
    return part.chains if isinstance(part, Paths) else ((part,),)


def _leads(sections: tuple[Section, ...]) -> dict[Step, int]:
    found: dict[Step, int] = {}
    lead = 0
    for part in reversed([part for section in sections for part in section.parts]):
        before = []
        for chain in _chains(part):
            wanted = lead
            for step in reversed(chain):
                geometry = step.geometry
                # On another grid rows are collected anew.
                found[step] = wanted = wanted if geometry.stride == 1 else 0
                wanted = max(0, geometry.stride * wanted + geometry.kernel - geometry.stride - geometry.padding)
            before.append(wanted)
        lead = max(before)
    return found


def _turn(step: Step, lead: int, pace: Pace, stride: int, arriving: int) -> Turn:
    geometry = step.geometry
    rows = pace.rows[stride * geometry.stride]
    if geometry.kernel <= geometry.stride:
        # Windows that do not overlap take what comes as it is.
        rows = pace.rows[stride] // geometry.stride
        if arriving == (rows + lead) * geometry.stride:
            return Turn(rows, lead, arriving)  # held at the photo's end only
    waiting = (rows + lead - 1) * geometry.stride + geometry.kernel - 1
    rim = max(geometry.padding, geometry.after)
    return Turn(rows, lead, max(waiting, rim) + max(arriving, rim))


def stream(
    sections: tuple[Section, ...], photo: Rows, width: int, pace: Pace, keep: Callable[[str, Tensor], None]
) -> None:
    """A photo through a trunk.

    Args:
        sections: The trunk's.
        photo: As the net wants it.
        width: Of the photo.
        pace: Rows at a time.
        keep: Hears a tap's name and its next rows, which it must not change.
    """
    taken = turns(sections, pace)
    slab = _Slab(_held_values(sections, width, taken))
    parts, rectified = photo, False
    for section in sections:
        for part in section.parts:
            if isinstance(part, Paths):
                parts, rectified = _side_by_side(part, _rectified(parts, rectified), taken, slab), False
            else:
                parts, rectified = _through(part, parts, taken[part], rectified, slab), part.rectified
        parts, rectified = _told(section.tap, _rectified(parts, rectified), keep), False
    for _ in parts:
        pass


def memory(sections: tuple[Section, ...], width: int, pace: Pace, value_bytes: int) -> int:
    """Bytes that `stream` takes at most at a photo of this width, its results not counted."""
    taken, arriving = turns(sections, pace), pace.rows[1]
    kept = _held_values(sections, width, taken) * value_bytes
    kept += arriving * width * 3 * (8 + value_bytes)  # preprocessing holds a strip in fp32, twice
    largest = scratch = 0
    for section in sections:
        for part in section.parts:
            joined = 0
            for chain in _chains(part):
                wide = width
                for step in chain:
                    turn, kernel = taken[step], step.geometry.kernel
                    padded = turn.capacity * (wide + 2 * kernel) * step.inputs * value_bytes
                    wide = output_size(step, wide)
                    given = turn.first * wide * step.outputs * value_bytes
                    largest = max(largest, given)
                    # Of products, their padded input and its windows; of convolutions, their weights laid out anew.
                    windows = min(PATCH_BYTES, turn.first * wide * step.inputs * kernel**2 * value_bytes)
                    groups = 1 if step.convolution is None else step.convolution.groups
                    weights = step.inputs * step.outputs * kernel**2 * value_bytes // groups
                    scratch = max(scratch, padded + windows if step.product else weights)
                joined += given
            if isinstance(part, Paths):
                # What comes in waits for the slowest chain.
                kept += joined + 2 * arriving * width * part.chains[0][0].inputs * value_bytes
            width, arriving, largest = wide, turn.first, max(largest, joined)
    return kept + 2 * largest + scratch


def _held_values(sections: tuple[Section, ...], width: int, taken: dict[Step, Turn]) -> int:
    """Values that all steps hold of their inputs at most."""
    total = 0
    for section in sections:
        for part in section.parts:
            for chain in _chains(part):
                wide = width
                for step in chain:
                    total += _aligned(taken[step].capacity * wide * step.inputs)
                    wide = output_size(step, wide)
            width = wide
    return total


def output_size(step: Step, cells: int) -> int:
    """Cells along an axis that a step makes of so many."""
    return step.geometry.output_size(cells)


def output_sizes(sections: tuple[Section, ...], cells: int) -> dict[str, int]:
    """Cells along an axis of each tap, by its name."""
    found = {}
    for section in sections:
        for part in section.parts:
            if isinstance(part, Step):
                cells = output_size(part, cells)
        found[section.tap] = cells
    return found


def _through(step: Step, parts: Rows, turn: Turn, rectified: bool, slab: _Slab) -> Rows:
    """A step's output, as its turn says and what is left at the end.

    Args:
        step: The step.
        parts: Its input.
        turn: How much at a time.
        rectified: Whether the input's ReLU is still to be done.
        slab: Where it holds rows.
    """
    geometry = replace(step.geometry, padding=0, padding_after=None)  # it is among the rows
    rows = turn.first
    window: _Window | None = None
    for part in parts:
        alone = window is None or not window.held
        if alone and geometry.kernel <= geometry.stride and part.shape[-2] == rows * geometry.stride:
            yield step.run(part.relu_() if rectified else part)
            rows = turn.rows
            continue
        if window is None:
            window = _Window(slab.rows(part, turn.capacity))
            window.fill(step.geometry.padding, step.fill)
        window.put(part, rectified)
        del part
        while window.held >= (needed := (rows - 1) * geometry.stride + geometry.kernel):
            yield step.run(window.first(needed))
            window.drop(rows * geometry.stride)
            rows = turn.rows
    if window is None:
        return
    window.fill(step.geometry.after, step.fill)
    while (left := geometry.output_size(window.held)) > 0:
        count = min(left, rows)
        yield step.run(window.first(min(window.held, (count - 1) * geometry.stride + geometry.kernel)))
        window.drop(count * geometry.stride)
        rows = turn.rows


def _aligned(values: int) -> int:
    """Values to a multiple of ALIGNMENT."""
    return -(-values // ALIGNMENT) * ALIGNMENT


class _Slab:
    """One piece of memory for all that steps hold: pieces of their own, among outputs that come and go, leave gaps.

    Args:
        values: How many there will be at most.
    """

    def __init__(self, values: int) -> None:
        self._values, self._taken = values, 0
        self._memory: Tensor | None = None

    def rows(self, like: Tensor, count: int) -> Tensor:
        """Room for so many rows, in channels_last."""
        _, channels, _, width = like.shape
        if self._memory is None:
            self._memory = like.new_empty(self._values)
        start, values = self._taken, count * width * channels
        self._taken += _aligned(values)
        return self._memory[start : start + values].view(1, count, width, channels).permute(0, 3, 1, 2)


class _Window:
    """Rows that wait for their turn.

    Args:
        rows: Memory for as many as there can be.
    """

    def __init__(self, rows: Tensor) -> None:
        self._rows = rows
        self._start = 0
        self.held = 0

    def put(self, part: Tensor, rectified: bool) -> None:
        """Adds rows, negative values zero where they are to be `rectified`."""
        place = self._room(part.shape[-2])
        if rectified:
            torch.clamp_min(part, 0, out=place)
        else:
            place.copy_(part)

    def fill(self, rows: int, value: float) -> None:
        """Adds rows of one value."""
        if rows:
            self._room(rows).fill_(value)

    def first(self, rows: int) -> Tensor:
        """The first rows, as they lie here."""
        return self._rows[:, :, self._start : self._start + rows]

    def drop(self, rows: int) -> None:
        """Forgets the first rows."""
        rows = min(rows, self.held)
        self._start, self.held = self._start + rows, self.held - rows

    def _room(self, rows: int) -> Tensor:
        if self._start + self.held + rows > self._rows.shape[-2]:
            kept = self.first(self.held)
            overlap = self._start < self.held
            self._rows[:, :, : self.held] = kept.clone() if overlap else kept
            self._start = 0
        stop = self._start + self.held
        self.held += rows
        return self._rows[:, :, stop : stop + rows]


def _side_by_side(paths: Paths, parts: Rows, taken: dict[Step, Turn], slab: _Slab) -> Rows:
    """The chains' outputs, channel by channel or added; each gives as many rows at a time as the others."""
    chains = []
    for chain, branch in zip(paths.chains, _shared(parts, len(paths.chains)), strict=True):
        rectified = False
        for step in chain:
            branch, rectified = _through(step, branch, taken[step], rectified, slab), step.rectified
        chains.append(_rectified(branch, rectified))
    for together in zip(*chains, strict=True):
        # The first chain's output is its own; another may be what came in.
        yield together[0].add_(*together[1:]) if paths.added else torch.cat(together, 1)


def _shared(parts: Rows, count: int) -> list[Rows]:
    """The same parts for so many takers, each kept until the last has taken it; `itertools.tee` keeps more."""
    waiting: list[deque[Tensor]] = [deque() for _ in range(count)]

    def taken(own: deque[Tensor]) -> Rows:
        while True:
            if not own:
                part = next(parts, None)
                if part is None:
                    return
                for queue in waiting:
                    queue.append(part)
                del part
            yield own.popleft()

    return [taken(own) for own in waiting]


def _rectified(parts: Rows, rectified: bool) -> Rows:
    return (part.relu_() for part in parts) if rectified else parts


def _told(name: str, parts: Rows, keep: Callable[[str, Tensor], None]) -> Rows:
    for part in parts:
        keep(name, part)
        yield part
