"""What the window shows: a photo with what is known of it, and the place that the probe explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fcn_studio.app.values.jobs import Mask, Photo, Result
from fcn_studio.app.values.panels import TRUTH, PanelId
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is on screen.

    Attributes:
        photo: Where it comes from.
        result: As much as is known of it.
        pending: Whether more is still to come.
        past: Masks of an earlier epoch, which panels show in place of the traces'.
        note: Which epoch that was, in words.
    """

    photo: Photo
    result: Result
    pending: bool = False
    past: Mapping[PanelId, Mask] = field(default_factory=dict)
    note: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the photo."""
        return self.result.levels[0].shape[0], self.result.levels[0].shape[1]

    @property
    def trace(self) -> Trace | None:
        """Of the first checkpoint."""
        return next(iter(self.result.traces), None)

    @property
    def deepest(self) -> Trace | None:
        """The trace with most skips, the first one of equals: what there is to see of fusion."""
        traces = [trace for trace in self.result.traces if trace is not None]
        return max(traces, key=lambda trace: len(trace.score_maps), default=None)

    def trace_of(self, panel: PanelId) -> Trace | None:
        """The trace that a panel shows a variant of, if it is there."""
        traces, early = self.result.traces, self.result.early.get(panel.slot)
        trace = traces[panel.slot] if panel.slot < len(traces) else None
        if trace is None and early is not None:
            trace = early.trace
        return trace if trace is not None and panel.kind in trace.variants else None

    def exits(self, panel: PanelId) -> int:
        """How many variants the net of a panel has, when all of them are there."""
        trace, early = self.trace_of(panel), self.result.early.get(panel.slot)
        if trace is None:
            return 0
        return len(early.variants if early is not None and early.trace is trace else trace.variants)

    def mask(self, panel: PanelId) -> Mask | None:
        """The mask of a panel: a variant's or the ground truth."""
        if panel.kind == TRUTH:
            return self.result.truth.mask if self.result.truth else None
        if panel in self.past:
            return self.past[panel]
        trace = self.trace_of(panel)
        return trace.mask(panel.kind) if trace else None

    def labels(self, panel: PanelId) -> LabelSet | None:
        """What the values of a panel's mask stand for."""
        if panel.kind == TRUTH:
            return self.result.truth.labels if self.result.truth else None
        trace = self.trace_of(panel)
        return trace.labels if trace else None

    def is_comparable(self, panel: PanelId) -> bool:
        """Whether a panel's mask and the ground truth speak of the same classes."""
        truth, labels = self.result.truth, self.labels(panel)
        return truth is not None and labels is not None and truth.labels.classes == labels.classes


@dataclass(frozen=True, slots=True)
class Probed:
    """What the probe explains: a pixel, a rectangle, or nothing.

    Attributes:
        pixel: (x, y) on the photo.
        region: (rows, columns), instead of a pixel.
        pinned: Whether it stays while the pointer moves.
    """

    pixel: tuple[int, int] | None = None
    region: tuple[range, range] | None = None
    pinned: bool = False
