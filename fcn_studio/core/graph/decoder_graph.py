"""A decoder as a graph: its stages from coarse to fine, the trunk's pools below them, and what each of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph import layout
from fcn_studio.core.maps.heat import HeatKind, HeatRange, colour_table, coloured
from fcn_studio.core.trace.stages import DecoderStage, Energy
from fcn_studio.core.trace.trace import Trace

Part = Literal["output", "below", "skip"]  # of a stage: what it hands on, what comes from below, what the skip adds
PARTS: tuple[Part, ...] = ("output", "below", "skip")
KIND: HeatKind = "probability"  # whose colour map is sequential, from 0


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the graph.

    Attributes:
        name: Of a stage, of a pool, PHOTO_NODE or OUTPUT.
        column: From the left: the deepest pool, then the stages, then the output.
        row: 0 for the stages, 1 for pools and photo.
        stride: Photo pixels from one cell to the next.
        stage: Whose energies are shown here, if any are.
    """

    name: str
    column: int
    row: int
    stride: int
    stage: DecoderStage | None = None


def places(trace: Trace) -> tuple[Place, ...]:
    """Of a trace with stages. A pool that is added somewhere shows what that stage gets from it; the others nothing."""
    shown = {stage.skip: stage for stage in trace.stages if stage.skip} | {stage.name: stage for stage in trace.stages}
    strides = {node.name: node.stride for node in trace.graph.nodes}
    return tuple(
        Place(place.name, place.column, place.row, strides.get(place.name, 1), shown.get(place.name))
        for place in layout.places(trace.graph)
    )


def pool_links(trace: Trace) -> tuple[tuple[str, str], ...]:
    """Start and end of each arrow from the photo to the deepest pool."""
    return tuple((link.start, link.end) for link in layout.links(trace.graph) if not link.factor and not link.skip)


def links(trace: Trace) -> tuple[tuple[str, str, str], ...]:
    """Start, end and words of each arrow from the deepest pool to the mask."""
    return tuple(
        (link.start, link.end, f"x{link.factor}" if link.factor > 1 else "1x1")
        for link in layout.links(trace.graph)
        if link.factor
    )


def energy_of(place: Place, part: Part) -> Energy | None:
    """(h, w) float32 that a node shows, None where there is none. A pool shows what it adds, whatever the part."""
    stage = place.stage
    if stage is None:
        return None
    if place.name != stage.name or part == "skip":
        return stage.added
    return stage.energy if part == "output" else stage.upsampled


def energy_range(stage: DecoderStage) -> HeatRange:
    """From 0 to the strongest energy of all parts of a stage, so that they can be compared."""
    maps = [array for array in (stage.energy, stage.upsampled, stage.added) if array is not None]
    return HeatRange(0.0, max(float(array.max(initial=0)) for array in maps) or 1.0)


def energy_picture(place: Place, part: Part) -> NDArray[np.uint8] | None:
    """(h, w, 3) uint8 RGB of `energy_of`, in the sequential colours of `energy_range`."""
    values = energy_of(place, part)
    if values is None or place.stage is None:
        return None
    return coloured(values, energy_range(place.stage), colour_table(KIND))


def padded_size(trace: Trace) -> tuple[int, int]:
    """(height, width) that the net pads the photo to: what its pools can halve."""
    multiple = 2 ** len(trace.stages)
    height, width = trace.size
    return height + -height % multiple, width + -width % multiple
