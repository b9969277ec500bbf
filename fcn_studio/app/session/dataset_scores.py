"""What each photo of an open data set is worth: kept for the table, and measured while nobody waits for a photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from fcn_studio.app.values.dataset_split import DatasetSplit
from fcn_studio.app.values.jobs import Cancelled, EngineChoice, EngineInfo, Failed, Measured, MeasureTask, Photo, Report
from fcn_studio.app.values.panels import PanelId
from fcn_studio.core.graph.names import PUBLISHED
from fcn_studio.core.judging.metrics import Metrics, metrics
from fcn_studio.core.judging.photo_metrics import PhotoMetrics


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPhoto:
    """A photo of the data set.

    Attributes:
        photo: As the film strip has it.
        task: How it is measured; None for a photo that has no mask.
        metrics: By panel (`32s`, `32s_2`), once measured.
        problem: One sentence where it could not be; else empty.
        stale: Whether `metrics` are of a checkpoint that is no longer open.
    """

    photo: Photo
    task: MeasureTask | None
    metrics: PhotoMetrics | None = None
    problem: str = ""
    stale: bool = False

    @property
    def waits(self) -> bool:
        """Whether it is still to be measured."""
        return not self.problem and (self.metrics is None or self.stale)


class DatasetScores(QObject):
    """The session's part that knows an open data set. Values go one way: only the session calls what changes it.

    Attributes:
        split: What is open, or None.
        rows: Its photos, in the data set's order.
        paused: Whether measuring was stopped by the user.
        giving_way: Whether a run that trains has the processor: only the photo on screen is measured then.
        wished: Whether the user wants all photos measured nevertheless, by these checkpoints.
        listed: Whether any of the photos is in the film strip; what nobody sees is not measured.
        panels: By checkpoint, the panels that are measured; empty for one of other classes.
        checkpoints: Names of the checkpoints that the figures are of.

    Signals:
        opened: Another data set or split is open, or none.
        columns_changed: Other checkpoints are.
        row_changed: A photo has been measured. (its place in `rows`)
        state_changed: How far it is, or whether it is paused.
    """

    opened = Signal()
    columns_changed = Signal()
    row_changed = Signal(int)
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.split: DatasetSplit | None = None
        self.rows: tuple[ScoredPhoto, ...] = ()
        self.paused = self.giving_way = self.wished = False
        self.listed = True
        self.panels: tuple[tuple[PanelId, ...], ...] = (tuple(PanelId(variant) for variant in PUBLISHED),)
        self.checkpoints: tuple[str, ...] = ()
        self.before = ""  # the checkpoint that stale figures are of
        self._choice: EngineChoice | None = None
        self._engine: tuple[EngineInfo, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._places: dict[Photo, int] = {}
        self._sums: dict[str, NDArray[np.int64]] = {}  # confusion matrices over what is measured, by panel

    # What is asked

    @property
    def measured(self) -> int:
        """Photos whose figures are of the open checkpoints."""
        return sum(1 for row in self.rows if row.metrics is not None and not row.stale)

    @property
    def failed(self) -> int:
        """Photos that could not be measured."""
        return sum(1 for row in self.rows if row.problem)

    @property
    def waiting(self) -> int:
        """Photos that are still to be measured."""
        return sum(1 for row in self.rows if row.waits)

    @property
    def stale(self) -> int:
        """Photos whose figures are of a checkpoint that is no longer open."""
        return sum(1 for row in self.rows if row.stale)

    @property
    def resting(self) -> bool:
        """Whether photos wait for the user's word."""
        return self.paused or (self.giving_way and not self.wished)

    @property
    def insisting(self) -> bool:
        """Whether the user waits for figures of these checkpoints, though a run trains newer ones."""
        return self.giving_way and not self.resting and not self.mismatch and self.listed and self.waiting > 0

    @property
    def mismatch(self) -> bool:
        """Whether no open checkpoint has the data set's classes."""
        return bool(self.checkpoints) and not any(self.panels)

    @property
    def unnamed(self) -> bool:
        """Whether nothing says what the data set's classes are, so that nothing is measured."""
        return self.split is not None and self.split.labels is None

    @property
    def totals(self) -> Mapping[str, Metrics]:
        """The set's metrics over what is measured, by panel."""
        return {panel: metrics(confusion) for panel, confusion in self._sums.items()}

    @property
    def only_class(self) -> str:
        """The one class of the whole split's ground truth, where all photos are measured and there is no other."""
        counts = next(iter(self._sums.values()), None)
        if counts is None or self.waiting:
            return ""
        there = np.flatnonzero(counts.sum(axis=1))
        return self._classes[int(there[0])] if len(there) == 1 else ""

    def place_of(self, photo: Photo | None) -> int:
        """A photo's place in `rows`; -1 for one of no data set."""
        return self._places.get(photo, -1) if photo is not None else -1

    def task_of(self, photo: Photo) -> MeasureTask | None:
        """How a photo of the data set is measured; None for another one."""
        place = self.place_of(photo)
        return self.rows[place].task if place >= 0 else None

    def next_to_measure(self, current: Photo | None) -> ScoredPhoto | None:
        """What is measured next: the photo on screen, then the others in order."""
        if self.paused or self.mismatch or not self.listed:
            return None
        place = self.place_of(current)
        if place >= 0 and self.rows[place].waits:
            return self.rows[place]  # its masks are at hand, so that this costs nothing
        return next((row for row in self.rows if row.waits), None) if not self.resting else None

    # What the session tells

    def open(self, split: DatasetSplit | None, photos: Sequence[Photo] = ()) -> None:
        """Another split; `photos` are its photos as the film strip has them."""
        self.split = split
        self.rows = (
            tuple(
                ScoredPhoto(photo, MeasureTask(example, split.labels) if example else None, problem=problem)
                for photo, example, problem in zip(photos, split.examples, split.problems, strict=True)
            )
            if split is not None
            else ()
        )
        self._places = {row.photo: place for place, row in enumerate(self.rows)}
        self._sums = {}
        self.before, self.paused, self.wished, self.listed = "", False, False, True
        self._choose_panels()
        self.opened.emit()
        self.state_changed.emit()

    def set_engine(self, choice: EngineChoice, engine: tuple[EngineInfo, ...]) -> None:
        """Other checkpoints, or others of their name: figures that are there are of the ones before."""
        if (choice, engine) == (self._choice, self._engine):
            return
        names = ", ".join(self.checkpoints)
        self._choice, self._engine, self.wished = choice, engine, False
        self._choose_panels()
        self.columns_changed.emit()
        self._forget(names)

    def measure_again(self) -> None:
        """All are measured anew."""
        self.paused, self.wished = False, self.giving_way
        self._forget(", ".join(self.checkpoints))

    def set_paused(self, paused: bool) -> None:
        """Measuring stops after the photo that is measured, or goes on."""
        if (paused, not paused and self.giving_way) != (self.paused, self.wished):
            self.paused, self.wished = paused, not paused and self.giving_way
            self.state_changed.emit()

    def set_giving_way(self, giving_way: bool) -> None:
        """A run that trains is watched, or none any more."""
        if giving_way != self.giving_way:
            self.giving_way, self.wished = giving_way, False
            self.state_changed.emit()

    def set_list(self, photos: Sequence[Photo]) -> None:
        """The film strip's photos have changed."""
        listed = any(photo in self._places for photo in photos)
        if listed != self.listed:
            self.listed = listed
            self.opened.emit()

    def take(self, photo: Photo, report: Report) -> None:
        """What the worker says of a photo; one that was stopped goes on waiting."""
        place = self.place_of(photo)
        if place < 0 or isinstance(report, Cancelled):
            return
        row = self.rows[place]
        if isinstance(report, Failed):
            row = replace(row, metrics=None, stale=False, problem=report.sentence)
        elif isinstance(report, Measured):
            if not row.waits:
                return
            row = replace(row, metrics=report.metrics, stale=False, problem=report.problem)
            for panel, confusion in report.confusions.items():
                self._sums[panel] = self._sums[panel] + confusion if panel in self._sums else confusion
        else:
            return
        self.rows = (*self.rows[:place], row, *self.rows[place + 1 :])
        self.row_changed.emit(place)
        self.state_changed.emit()

    def _choose_panels(self) -> None:
        labels = self.split.labels if self.split is not None else None
        if self.split is None and self._engine:
            labels = self._engine[0].labels
        classes = labels.classes if labels is not None else ()
        self._classes = tuple(classes)
        self.checkpoints = tuple(info.checkpoint for info in self._engine)
        if self._engine:
            self.panels = tuple(
                tuple(PanelId(variant, slot) for variant in info.variants) if info.labels.classes == classes else ()
                for slot, info in enumerate(self._engine)
            )

    def _forget(self, before: str) -> None:
        self._sums, self.before = {}, before
        self.rows = tuple(
            replace(row, problem="", stale=row.metrics is not None) if row.task is not None else row
            for row in self.rows
        )
        for place in range(len(self.rows)):
            self.row_changed.emit(place)
        self.state_changed.emit()
