"""The session: what is open, running and shown. The single writer; views read it and send it wishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal, Slot

from fcn_studio.app.appearance import PANELS, Appearance, Arrangement, Layout
from fcn_studio.app.jobs import Cancelled, EngineInfo, Failed, Finished, ImageLoaded, Job, Photo, Report, StageDone
from fcn_studio.app.pyramid import Levels
from fcn_studio.app.worker import Inference
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is on screen.

    Attributes:
        photo: Where it comes from.
        levels: The photo at its own size and at halves of it.
        trace: Its masks, or None while they are being computed.
        seconds: The whole time they took.
        pending: Whether its masks are still to come.
    """

    photo: Photo
    levels: Levels
    trace: Trace | None = None
    seconds: float = 0.0
    pending: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the photo."""
        return self.levels[0].shape[0], self.levels[0].shape[1]


class Session(QObject):
    """Owns the state of the window.

    Attributes:
        photos: The photos that are open.
        index: Which of them was last asked for; -1 if none is open.
        shown: What is on screen, or None at the start.
        engine: What runs, once it is loaded.
        appearance: How masks look.
        layout: Which panels are seen.

    Signals:
        photos_changed: `photos` or `index` has.
        shown_changed: `shown` has.
        engine_changed: The engine is loaded.
        running_changed: A job has started or ended. (whether one runs)
        stage_changed: A stage has ended. (its name, the share of all work done)
        problem_found: Something failed. (one sentence; empty when the problem is past)
        appearance_changed: `appearance` has.
        layout_changed: `layout` has.
        pointer_changed: The pointer is over another pixel. ((x, y) on the photo, or None)
    """

    photos_changed = Signal()
    shown_changed = Signal()
    engine_changed = Signal()
    running_changed = Signal(bool)
    stage_changed = Signal(str, float)
    problem_found = Signal(str)
    appearance_changed = Signal()
    layout_changed = Signal()
    pointer_changed = Signal(object)  # tuple[int, int] | None

    def __init__(self, inference: Inference, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inference = inference
        self._job: Job | None = None
        self._last_id = 0
        self._good: Shown | None = None
        self._good_list: tuple[tuple[Photo, ...], int] = ((), -1)
        self._labels: LabelSet | None = None
        self.photos: tuple[Photo, ...] = ()
        self.index = -1
        self.shown: Shown | None = None
        self.engine: EngineInfo | None = None
        self.appearance = Appearance()
        self.layout = Layout()
        inference.worker.engine_ready.connect(self.on_engine_ready)
        inference.worker.engine_failed.connect(self.on_engine_failed)
        inference.worker.reported.connect(self.on_report)

    @property
    def running(self) -> bool:
        """Whether a job is under way."""
        return self._job is not None

    @property
    def panels(self) -> tuple[str, ...]:
        """The panels that the open checkpoint can fill, in order."""
        trace = self.shown.trace if self.shown else None
        variants = trace.variants if trace else self.engine.variants if self.engine else PANELS
        return tuple(name for name in PANELS if name == PANELS[0] or name in variants)

    # Photos

    def open_photos(self, photos: Sequence[Photo]) -> None:
        """Replaces the list of photos and segments the first."""
        if photos:
            self.photos = tuple(photos)
            self.go_to(0)

    def go_to(self, index: int) -> None:
        """Segments a photo of the list; what runs is cancelled: the newest request wins."""
        if not 0 <= index < len(self.photos):
            return
        self.index = index
        self.photos_changed.emit()
        self.problem_found.emit("")
        if self._job is not None:
            self._job.token.cancel()
        self._last_id += 1
        was_running, self._job = self.running, Job(self._last_id, self.photos[index], CancelToken())
        if not was_running:
            self.running_changed.emit(True)
        self._inference.submit(self._job)

    def step(self, by: int) -> None:
        """Goes to the next or previous photo; stays at the ends."""
        target = min(max(self.index + by, 0), len(self.photos) - 1)
        if target != self.index:
            self.go_to(target)

    def cancel(self) -> None:
        """Stops the running job; it ends with its own report."""
        if self._job is not None:
            self._job.token.cancel()

    def tell(self, sentence: str) -> None:
        """Shows a problem that did not come from a job."""
        self.problem_found.emit(sentence)

    # Appearance

    def set_opacity(self, percent: int) -> None:
        """Opacity of masks over the photo, 0 to 100."""
        self._set_appearance(replace(self.appearance, opacity=min(max(percent, 0), 100)))

    def set_masks_shown(self, shown: bool) -> None:
        """Shows or hides all masks."""
        self._set_appearance(replace(self.appearance, masks_shown=shown))

    def toggle_class(self, index: int) -> None:
        """Shows or hides a class."""
        self._set_appearance(replace(self.appearance, hidden=self.appearance.hidden ^ {index}))

    def solo_class(self, index: int) -> None:
        """Shows one class only, or all again if it is alone already."""
        if self.shown is None or self.shown.trace is None:
            return
        others = frozenset(range(len(self.shown.trace.labels))) - {index}
        hidden = frozenset() if self.appearance.hidden == others else others
        self._set_appearance(replace(self.appearance, hidden=hidden))

    def show_all_classes(self) -> None:
        """Hides no class."""
        self._set_appearance(replace(self.appearance, hidden=frozenset()))

    def toggle_panel(self, name: str) -> None:
        """Shows or hides a panel, never the last one; in the single arrangement, shows that panel instead."""
        if self.layout.arrangement is Arrangement.SINGLE:
            self._set_layout(replace(self.layout, single=name))
            return
        shown = self.layout.shown ^ {name}
        if shown & set(self.panels):
            self._set_layout(replace(self.layout, shown=shown))
        else:
            self.layout_changed.emit()  # a button that was switched off goes back on

    def set_arrangement(self, arrangement: Arrangement) -> None:
        """How panels are laid out."""
        self._set_layout(replace(self.layout, arrangement=arrangement))

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """The pixel of the photo under the pointer."""
        self.pointer_changed.emit(pixel)

    # From the worker

    @Slot(object)
    def on_engine_ready(self, engine: EngineInfo) -> None:
        """The checkpoint is loaded."""
        self.engine = engine
        self.engine_changed.emit()

    @Slot(str)
    def on_engine_failed(self, sentence: str) -> None:
        """The checkpoint could not be loaded; the next photo tries again."""
        self.problem_found.emit(sentence)

    @Slot(object)
    def on_report(self, report: Report) -> None:
        """A job has something to tell; what an overtaken job tells is dropped here and nowhere else."""
        if self._job is None or report.job != self._job.id:
            return
        match report:
            case StageDone():
                self.stage_changed.emit(report.stage, report.share)
            case ImageLoaded():
                self._show(Shown(self._job.photo, report.levels, pending=True))
            case Finished():
                self._good = Shown(self._job.photo, report.levels, report.trace, report.seconds)
                self._good_list = (self.photos, self.index)
                self._show(self._good)
                self._end_job()
            case Failed():
                self._go_back()
                self._end_job()
                self.problem_found.emit(report.sentence)
            case Cancelled():
                self._go_back()
                self._end_job()

    def _go_back(self) -> None:
        """Shows the last good picture again; a list of one that failed gives way to the list before it."""
        if self._good is not None:
            self._show(self._good)
            if len(self.photos) == 1:
                self.photos, self.index = self._good_list
                self.photos_changed.emit()
        elif self.shown is not None:
            self._show(replace(self.shown, pending=False))

    def _end_job(self) -> None:
        self._job = None
        self.running_changed.emit(False)

    def _show(self, shown: Shown | None) -> None:
        if shown is self.shown:
            return
        self.shown = shown
        labels = shown.trace.labels if shown and shown.trace else self._labels
        if labels != self._labels:
            self._labels = labels
            self.show_all_classes()  # indices of one label set mean nothing in another
        self.shown_changed.emit()

    def _set_appearance(self, appearance: Appearance) -> None:
        if appearance != self.appearance:
            self.appearance = appearance
            self.appearance_changed.emit()

    def _set_layout(self, layout: Layout) -> None:
        if layout != self.layout:
            self.layout = layout
            self.layout_changed.emit()
