"""The session: what is open, running and shown. The single writer; views read it and send it wishes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from fcn_studio.app.session.measuring import Measuring
from fcn_studio.app.session.photo_list import PhotoList
from fcn_studio.app.session.presentation import Presentation
from fcn_studio.app.values.jobs import (
    Cancelled,
    DoctorTask,
    EngineChoice,
    EngineInfo,
    Failed,
    FieldFound,
    FieldTask,
    Finished,
    Job,
    Measured,
    MeasureTask,
    Partial,
    Photo,
    Purpose,
    Report,
    StageDone,
)
from fcn_studio.app.values.panels import PanelId, available_panels
from fcn_studio.app.values.photo_status import PhotoState, PhotoStatus
from fcn_studio.app.values.shown import Probed, Shown
from fcn_studio.app.worker.inference import Inference
from fcn_studio.app.worker.job_queue import JobQueue
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.names import PUBLISHED

RUNNING, DONE, WAITING = (PhotoStatus(state) for state in (PhotoState.RUNNING, PhotoState.DONE, PhotoState.WAITING))


class Session(QObject):
    """Owns the state of the window.

    Attributes:
        undo: What can be undone.
        list: The photos that are open.
        presentation: How they are shown.
        queue: What runs and what waits.
        measuring: When the photos of an open data set are measured.
        dataset: That data set, and what its photos are worth.
        tasks: Where photos of a training run have their masks.
        shown: What is on screen, or None at the start.
        probed: What the probe explains.
        choice: The checkpoints, device and precision that are in use, or are tried first.
        memory_limit: Bytes that the net may take at work; None for what is free.
        engine: One entry for each loaded checkpoint; empty until they are.

    Signals:
        shown_changed: `shown` has.
        engine_changed: Checkpoints are loaded.
        engine_loading: Others are being loaded. (EngineChoice)
        engine_refused: Others could not be. (EngineChoice, one sentence)
        running_changed: A job that someone waits for has started or ended. (whether one runs)
        stage_changed: A stage has ended. (its name, the share of all work done)
        problem_found: Something failed. (one sentence; empty when the problem is past)
        pointer_changed: The pointer is over another pixel. ((x, y) on the photo, or None)
        probed_changed: Another place is probed. (Probed)
        photo_wanted: A photo has become the current one and is about to be segmented. (Photo)
        field_found: An effective receptive field that was asked for. (FieldTask, (H, W) float32)
        doctor_reported: What the checkpoint doctor's job tells. (Report)
    """

    shown_changed = Signal()
    engine_changed = Signal()
    engine_loading = Signal(object)  # EngineChoice
    engine_refused = Signal(object, str)  # EngineChoice
    running_changed = Signal(bool)
    stage_changed = Signal(str, float)
    problem_found = Signal(str)
    photo_wanted = Signal(object)  # Photo
    pointer_changed = Signal(object)  # tuple[int, int] | None
    probed_changed = Signal(object)  # Probed
    field_found = Signal(object, object)  # FieldTask, NDArray[np.float32]
    doctor_reported = Signal(object)  # Report

    def __init__(self, inference: Inference, choice: EngineChoice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inference = inference
        self._wanted: Job | None = None  # the job whose reports are shown
        self._last_id = 0
        self._good: Shown | None = None
        self._interrupted = False  # a photo waits for another engine to be loaded
        self._quiet = False  # newer weights of a run: what is on screen stays until its successor is there
        self._coming: EngineChoice | None = None  # what is being loaded
        self._with_taps: Photo | None = None  # a photo whose channels are asked for
        self.undo = QUndoStack(self)
        self.list = PhotoList(self.undo, self)
        self.presentation = Presentation(self)
        self.queue = JobQueue(inference, self)
        self.tasks: dict[Photo, MeasureTask] = {}
        self._closed = False
        self.shown: Shown | None = None
        self.probed = Probed()
        self.choice = choice
        self.memory_limit: int | None = None
        self.engine: tuple[EngineInfo, ...] = ()
        self.list.current_changed.connect(self.on_current_changed)
        self.presentation.appearance_changed.connect(self.on_appearance_changed)
        self.queue.started.connect(self.on_started)
        self.queue.reported.connect(self.on_report)
        self.measuring = Measuring(self.list, self.queue, self.make_job, lambda: self._at_rest, self)
        self.dataset = self.measuring.scores
        inference.worker.engine_ready.connect(self.on_engine_ready)
        inference.worker.engine_failed.connect(self.on_engine_failed)

    @property
    def running(self) -> bool:
        """Whether a job that someone waits for is under way."""
        return self._wanted is not None

    @property
    def loading(self) -> bool:
        """Whether checkpoints are being loaded."""
        return self._coming is not None

    @property
    def _at_rest(self) -> bool:
        """Whether nobody waits, and there is a net to work with."""
        return bool(self.engine) and not (self._closed or self.loading or self.running)

    @property
    def place(self) -> int:
        """Where in the list the photo is that is on screen; -1 for nowhere."""
        photos = self.list.photos
        return photos.index(self.shown.photo) if self.shown is not None and self.shown.photo in photos else -1

    @property
    def panels(self) -> tuple[PanelId, ...]:
        """The panels that can be filled, in order."""
        traces = self.shown.result.traces if self.shown is not None and not self.shown.pending else ()
        # A trace that was opened from a file is of a checkpoint of its own.
        found = [trace.variants for trace in traces if trace is not None]
        variants = found or [info.variants for info in self.engine] or [PUBLISHED]
        return available_panels(variants, truth=self.shown is not None and self.shown.result.truth is not None)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes of the open checkpoints, each name once."""
        return tuple(dict.fromkeys(name for info in self.engine for name in info.labels.classes))

    # Wishes

    def make_job(self, photo: Photo, purpose: Purpose) -> Job:
        """A job with today's settings."""
        self._last_id += 1
        return Job(
            self._last_id,
            photo,
            self.choice,
            CancelToken(),
            purpose,
            self.list.truths.get(photo),
            truth_as_nets=photo in self.list.truths_as_nets,
            confidence=purpose is Purpose.SHOW and self.presentation.appearance.cutoff > 0,
            taps=purpose is Purpose.SHOW and photo is self._with_taps,
            measure=self.dataset.task_of(photo) or self.tasks.get(photo),
            memory_limit=self.memory_limit,
        )

    def refresh(self) -> None:
        """Segments the current photo again, or what has changed of it."""
        photo = self.list.current
        if photo is None:
            return
        if self._coming not in (None, self.choice):
            self._interrupted = True  # what is loaded now is about to go
            return
        was_running = self.running
        self.queue.drop(Purpose.PREFETCH)
        self._wanted = self.make_job(photo, Purpose.SHOW)
        if not was_running:
            self.running_changed.emit(True)
        self.queue.request(self._wanted)

    def set_memory_limit(self, limit: int | None) -> None:
        """For the photos to come: results are the same at any limit; one that failed is tried again."""
        changed, self.memory_limit = limit != self.memory_limit, limit
        photo = self.list.current
        status = self.list.statuses.get(photo) if photo is not None else None
        if changed:
            self.list.forget_failures()
            if status is not None and status.state is PhotoState.FAILED:
                self.refresh()

    def cancel(self) -> None:
        """Stops the job that someone waits for; it ends with its own report."""
        if self._wanted is not None:
            self._wanted.token.cancel()

    def set_truth(self, photo: Photo, path: Path | None, *, as_nets: bool = False) -> None:
        """Ground truth that the user chose, or None for the one found by name; `as_nets`, of the net's classes."""
        self.list.truths_as_nets.discard(photo)
        if as_nets:
            self.list.truths_as_nets.add(photo)
        if path is None:
            self.list.truths.pop(photo, None)
        else:
            self.list.truths[photo] = path
        if photo is self.list.current:
            self.refresh()

    def set_engine(self, choice: EngineChoice) -> None:
        """Other checkpoints, device or precision: loaded first, then used; what runs is stopped."""
        self._quiet = False
        self._load(choice)

    def reload(self, choice: EngineChoice) -> None:
        """The same checkpoints, one of whose files was written anew: the picture on screen stays until the next one.

        If they cannot be loaded, `engine_refused` tells, and nothing else does.
        """
        self._quiet = True
        self._load(choice)

    def show_past(self, shown: Shown | None) -> None:
        """An earlier epoch's masks of the photo on screen; None for the present."""
        if shown is None:
            shown = self._good
        now = self.shown
        if now is not None and not now.pending and shown is not None and shown.photo is now.photo:
            self._show(shown)

    def _load(self, choice: EngineChoice) -> None:
        if choice == (self._coming or (self.choice if self.engine else None)):
            return
        self._coming = choice
        self._interrupted = self._interrupted or self.running
        self.queue.cancel_all()
        self.engine_loading.emit(choice)
        self._inference.prepare(choice)

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """The pixel of the photo under the pointer, which is probed unless another place is pinned."""
        if pixel is not None and not self._holds(pixel):
            pixel = None  # of the photo before, from a picture that has not been replaced yet
        self.pointer_changed.emit(pixel)
        if not self.probed.pinned and pixel is not None:
            self._probe(Probed(pixel))

    def _holds(self, pixel: tuple[int, int]) -> bool:
        return self.shown is not None and pixel[0] < self.shown.size[1] and pixel[1] < self.shown.size[0]

    def ask_field(self, task: FieldTask) -> None:
        """Has the effective receptive field of a score cell computed by the worker; the newest wish counts."""
        photo = self.list.current
        if photo is not None:
            self.queue.drop(Purpose.FIELD)
            self.queue.add([replace(self.make_job(photo, Purpose.FIELD), field=task)])

    def ask_doctor(self, photo: Photo, task: DoctorTask) -> int:
        """Has a checkpoint examined, or written anew, by the worker; the newest wish counts. Gives the job's number."""
        self.queue.drop(Purpose.DOCTOR)
        job = replace(self.make_job(photo, Purpose.DOCTOR), doctor=task)
        self.queue.add([job])
        return job.id

    def show_photo(self, photo: Photo) -> None:
        """Makes a photo the current one; one that was taken off the list comes back."""
        if photo in self.list.photos:
            self.list.go_to(self.list.photos.index(photo))
        else:
            self.list.add([photo])

    def keep_taps(self) -> None:
        """Has the photo that is shown traced with its taps."""
        self._with_taps = self.list.current
        self.refresh()

    def pin(self, pixel: tuple[int, int] | None) -> None:
        """Keeps a pixel in the probe; None follows the pointer again."""
        if pixel is not None and not self._holds(pixel):
            return
        self._probe(Probed(pixel, pinned=pixel is not None))

    def pin_region(self, rows: range, columns: range) -> None:
        """Keeps a rectangle in the probe."""
        self._probe(Probed(None, (rows, columns), pinned=True))

    def _probe(self, probed: Probed) -> None:
        if probed != self.probed:
            self.probed = probed
            self.probed_changed.emit(probed)

    def tell(self, sentence: str) -> None:
        """Shows a problem that did not come from a job."""
        self.problem_found.emit(sentence)

    def close(self) -> None:
        """Stops everything."""
        self._closed = True
        self.undo.blockSignals(True)  # a stack tells of its end, when nobody can ask it any more
        self.queue.cancel_all()

    # From the list and the presentation

    @Slot(int)
    def on_current_changed(self, index: int) -> None:
        """Another photo is wanted, or none."""
        self.problem_found.emit("")
        if index >= 0:
            self.photo_wanted.emit(self.list.current)
            self.refresh()
            return
        self.cancel()
        self._wanted = self._good = None
        self.running_changed.emit(False)
        self._show(None)

    @Slot()
    def on_appearance_changed(self) -> None:
        """Unsure pixels need probabilities, which are computed once they are asked for."""
        if not self.presentation.appearance.cutoff or self.running:
            return
        shown = self.shown
        if shown is not None and not shown.pending and shown.trace is not None and not shown.result.confidences:
            self.refresh()

    # From the worker

    @Slot(object, object)
    def on_engine_ready(self, choice: EngineChoice, engine: tuple[EngineInfo, ...]) -> None:
        """Checkpoints are loaded."""
        if self._coming not in (None, choice):
            return  # overtaken by what is being loaded now
        changed, interrupted = choice != self.choice, self._interrupted
        self._interrupted, self._coming = False, None
        self.choice, self.engine = choice, engine
        self.dataset.set_engine(choice, engine)
        self.engine_changed.emit()
        if changed:
            self.list.forget_results()
        if changed or interrupted:
            self.refresh()
        self.measuring.go_on()

    @Slot(object, str)
    def on_engine_failed(self, choice: EngineChoice, sentence: str) -> None:
        """Checkpoints could not be loaded; the ones in use stay."""
        if self._coming not in (None, choice):
            return
        interrupted, self._interrupted, self._coming = self._interrupted, False, None
        if interrupted and self.engine:
            self.refresh()
        self.engine_refused.emit(choice, sentence)
        self.measuring.go_on()
        if self._quiet:
            self._quiet = False
            return
        self.problem_found.emit(sentence)

    @Slot(object)
    def on_started(self, job: Job) -> None:
        """The worker has a job."""
        if job.purpose is not Purpose.MEASURE or self.list.statuses.get(job.photo) != DONE:
            self.list.set_status(job.photo, RUNNING)

    @Slot(object, object)
    def on_report(self, job: Job, report: Report) -> None:
        """A job has something to tell; what an overtaken job tells is dropped here and nowhere else."""
        self._note_status(job, report)
        if job.purpose is Purpose.DOCTOR:
            self.doctor_reported.emit(report)
        elif job.purpose is Purpose.MEASURE and job.engine == self.choice:
            self.dataset.take(job.photo, report)
        if isinstance(report, FieldFound):
            self.field_found.emit(report.task, report.values)
        elif isinstance(report, Failed) and job.purpose is Purpose.FIELD:
            self.problem_found.emit(report.sentence)
        if self._wanted is None or report.job != self._wanted.id:
            return
        match report:
            case StageDone():
                self.stage_changed.emit(report.stage, report.share)
            case Partial():
                if not (self._quiet and self._good is not None and self._good.photo is job.photo):
                    self._show(Shown(job.photo, report.result, pending=True))
            case Finished():
                self._good = Shown(job.photo, report.result)
                self._show(self._good)
                self._end_job()
                self.problem_found.emit(report.result.warning)
                self._prefetch()
            case Failed():
                self._go_back()
                self._end_job()
                self.problem_found.emit(report.sentence)
            case Cancelled():
                self._go_back()
                self._end_job()

    def _note_status(self, job: Job, report: Report) -> None:
        match report:
            case Finished() | Measured():
                self.list.set_status(job.photo, DONE if job.engine == self.choice else WAITING)
            case Failed() if job.purpose in (Purpose.SHOW, Purpose.PREFETCH, Purpose.MEASURE):
                self.list.set_status(job.photo, PhotoStatus(PhotoState.FAILED, report.sentence))
            case Partial() | StageDone():
                return
            case Cancelled() if job.purpose is Purpose.MEASURE and self.list.statuses.get(job.photo) == DONE:
                return
            case _:
                done = self.shown is not None and self.shown.photo is job.photo and not self.shown.pending
                self.list.set_status(job.photo, DONE if done else WAITING)

    def _prefetch(self) -> None:
        """The next photo, so that going there is instant."""
        following = self.list.index + 1
        if following < len(self.list.photos):
            photo = self.list.photos[following]
            if photo not in self.list.statuses:
                self.queue.add([self.make_job(photo, Purpose.PREFETCH)])

    def _go_back(self) -> None:
        """Shows the last good picture again, unless it was taken off the list; its photo is the current one again."""
        if self._good is not None and self._good.photo not in self.list.photos:
            self._good = None
            self._show(None)
        elif self._good is not None:
            if not self._interrupted:  # else the photo is about to be tried again
                self.list.return_to(self._good.photo)
            self._show(self._good)
        elif self.shown is not None:
            self._show(replace(self.shown, pending=False))

    def _end_job(self) -> None:
        self._wanted = None
        self._quiet = False
        self.running_changed.emit(False)

    def _show(self, shown: Shown | None) -> None:
        if shown is not self.shown:
            if shown is None or self.shown is None or shown.photo is not self.shown.photo:
                self._probe(Probed())
            self.shown = shown
            self.shown_changed.emit()
