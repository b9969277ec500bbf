"""Watches a training run: its log is read again and again, and each newer checkpoint takes the older one's place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from fcn_studio.app.background import Background
from fcn_studio.app.intake import Word
from fcn_studio.app.jobs import Cancelled, EngineChoice, Finished, Job, MeasureTask, Photo, Purpose, Report
from fcn_studio.app.run_watch_files import RunFiles, RunPhotos, choosing, looking
from fcn_studio.app.run_watch_masks import Past, PastMasks, as_past
from fcn_studio.app.session import Session, Shown
from fcn_studio.app.settings import Settings
from fcn_studio.app.worker import TRACE_SUFFIX
from fcn_studio.core.run_folder import LOG, RUN, is_run

PHOTOS = 12  # of the judged split, at first
MOST_PHOTOS = 200
FOLLOWED = 24  # of them, at most, that each checkpoint segments though they are not on screen
SETTLE_MS = 250  # after a change, until it is looked at: changes come in flocks
POLL_MS = 2_000  # for network drives, which tell of no change
SLOW_POLL_MS = 10_000  # of a run that has ended

State = tuple[str, str]  # a checkpoint's path and its file's stamp


class RunWatch(QObject):
    """Follows one run's folder.

    Attributes:
        folder: The run's; None while none is watched.
        files: What it held when it was looked at last; None before that.
        best: Whether the best checkpoint is wanted instead of the newest.
        held: Whether newer checkpoints are left alone.
        count: How many photos of the judged split are wanted.
        epoch: Of the checkpoint that is loaded, where it says so.
        scrubbed: The epoch whose masks are shown in place of the loaded one's.
        problem: One sentence on what cannot be had just now; empty if nothing.
        past: Masks of the epochs seen so far.

    Signals:
        changed: Any of these has.
        opened: A run is watched from now on.
        loaded: A checkpoint is in use. (what the status line says)
        happened: Something that is not simply seen. (Word)
    """

    changed = Signal()
    opened = Signal()
    loaded = Signal(str)
    happened = Signal(object)  # Word

    def __init__(self, session: Session, background: Background, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._background, self._settings, self._window = session, background, settings, window
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._on_told)
        self._watcher.fileChanged.connect(self._on_told)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLE_MS)
        self._settled.timeout.connect(self._look)
        self._poll = QTimer(self)
        self._poll.timeout.connect(self._look)
        self.past = PastMasks()
        session.engine_changed.connect(self._on_engine_changed)
        session.engine_refused.connect(self._on_engine_refused)
        session.shown_changed.connect(self._on_shown)
        session.queue.reported.connect(self._on_report)
        session.queue.idle.connect(self._fill)
        self._forget()

    def _forget(self) -> None:
        self.folder: Path | None = None
        self.files: RunFiles | None = None
        self.best = self.held = False
        self.count = PHOTOS
        self.epoch: int | None = None
        self.scrubbed: int | None = None
        self.problem = ""
        self.past.clear()
        self._asked = False  # a look is under way
        self._again = False  # and another is wanted after it
        self._photos_asked = self._photos_known = False
        self._kept_problem = ""  # that no newer checkpoint solves
        self._photos: tuple[Photo, ...] = ()  # that came from this run
        self._weights = ""  # the path in use
        self._loaded: State | None = None
        self._coming: State | None = None
        self._refused: State | None = None
        self._seen: State | None = None  # at the last look: a file that still changes is left alone
        self._switching = False  # between newest and best: wanted though newer ones are held
        self._before: EngineChoice | None = None
        self._present: Shown | None = None
        self._epochs: dict[str, int] = {}  # by stamp
        self._tried: set[tuple[Photo, int]] = set()

    # Wishes

    def ask_for_run(self) -> None:
        """File > Watch a Run."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, self.tr("Watch a training run"), str(self._settings.last_folder)
        )
        if not chosen:
            return
        folder = Path(chosen)
        self._settings.last_folder = folder
        if is_run(folder):
            self.open(folder)
        else:
            self._session.tell(
                self.tr("{0} is no run's folder: it holds no {1}. Choose what train was given with -o.").format(
                    folder, RUN
                )
            )

    @Slot(object)
    def open(self, folder: Path) -> None:
        """Watches a run from now on, in place of another."""
        self.close()
        self.folder = folder.resolve()
        self._before = self._session.choice
        self._poll.start(POLL_MS)
        self.opened.emit()
        self.changed.emit()
        self._look()

    def close(self) -> None:
        """Stops watching; photos and checkpoint stay open."""
        if self.folder is None:
            return
        if self.scrubbed is not None:
            self.scrub(None)
        for timer in (self._poll, self._settled):
            timer.stop()
        watched = [*self._watcher.files(), *self._watcher.directories()]
        if watched:
            self._watcher.removePaths(watched)
        for key in ("run", "run_photos"):
            self._background.forget(key)
        self._session.tasks.clear()
        self._forget()
        self.changed.emit()

    def set_held(self, held: bool) -> None:
        """Leaves newer checkpoints alone, or takes the newest now."""
        if held != self.held:
            self.held = held
            self._refused = None
            self.changed.emit()
            self._consider()

    def set_best(self, best: bool) -> None:
        """Shows the best checkpoint instead of the newest."""
        if best != self.best:
            self.best = best
            self._switching = True
            self._refused = None
            self.changed.emit()
            self._consider()

    def set_count(self, count: int) -> None:
        """Another number of photos."""
        count = min(max(count, 1), MOST_PHOTOS)
        if count != self.count:
            self.count = count
            self.changed.emit()
            if self._photos_asked:
                self._ask_for_photos()

    def scrub(self, epoch: int | None) -> None:
        """Shows an earlier epoch's masks of the photo on screen; None, or the loaded epoch, shows the present."""
        present = self._present
        past = self.past.get(present.photo, epoch) if present is not None and epoch is not None else None
        if past is None or epoch == self.epoch:
            epoch = None
        if epoch == self.scrubbed:
            return
        self.scrubbed = epoch
        shown = None
        if present is not None and past is not None and epoch is not None:
            shown = as_past(present, past, self._slot or 0, self.tr("epoch {0}").format(epoch))
        self._session.show_past(shown)
        self.changed.emit()

    # What the folder says

    @property
    def detached(self) -> bool:
        """Whether the run's checkpoint was closed by the user."""
        return bool(self._weights) and self._loaded is None and self._coming is None

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is one to show."""
        return self.files is not None and self.files.checkpoint(best=self.best) is not None

    @property
    def epochs_seen(self) -> tuple[int, ...]:
        """Of the photo on screen."""
        return self.past.epochs(self._present.photo if self._present is not None else None)

    @Slot()
    def _on_told(self) -> None:
        if self.folder is not None:
            self._settled.start()

    @Slot()
    def _look(self) -> None:
        if self.folder is None:
            return
        if self._asked:
            self._again = True
            return
        self._asked = True
        self._background.ask("run", looking(self.folder), self._on_seen)

    def _on_seen(self, found: object) -> None:
        self._asked = False
        if not isinstance(found, RunFiles) or found.folder != self.folder:
            return
        before = self.files
        if found.info is None and before is not None:  # gone, or being written: what was known stays
            found = replace(found, info=before.info, rows=found.rows or before.rows)
        self.files = found
        self._follow(found)
        if found != before:
            self._problem_seen(found.problem)
            self.changed.emit()
        if self._again:
            self._again = False
            self._settled.start()
        self._consider()

    def _problem_seen(self, sentence: str) -> None:
        if sentence or self._refused is None:
            self.problem = sentence or self._kept_problem

    def _follow(self, found: RunFiles) -> None:
        """Files that were replaced are no longer watched by themselves."""
        wanted = {str(path) for path in (found.folder, found.folder / RUN, found.folder / LOG) if path.exists()}
        fresh = wanted - {*self._watcher.files(), *self._watcher.directories()}
        if fresh:
            self._watcher.addPaths(sorted(fresh))
        running = found.info is None or found.info.state == "running"
        self._poll.setInterval(POLL_MS if running else SLOW_POLL_MS)

    # Photos

    def _ask_for_photos(self) -> None:
        if self.folder is None or self.files is None or self.files.info is None:
            return
        self._photos_asked = True
        self._background.ask("run_photos", choosing(self.folder, self.files.info, self.count), self._on_photos)

    def _on_photos(self, found: object) -> None:
        if not isinstance(found, RunPhotos) or found.folder != self.folder:
            return
        first, self._photos_known = not self._photos_known, True
        if found.problem:
            told = self.tr("The photos of this run are not on this machine; open some of the same kind. {0}")
            self.problem = self._kept_problem = told.format(found.problem)
        listed = self._session.list
        known = {photo.resolved: photo for photo in listed.photos if photo.resolved is not None}
        photos = []
        for example in found.examples:
            photo = known.get(example.photo.resolve()) or Photo.from_path(example.photo)
            self._session.tasks[photo] = MeasureTask(example)
            photos.append(photo)
        mine, self._photos = set(self._photos), tuple(photos)
        if first:
            self._consider()  # before the photos come: the net that is open may know other classes
            listed.add(photos)
        elif photos:
            current = listed.current
            together = (*(photo for photo in listed.photos if photo not in mine), *photos)
            listed.restore((together, together.index(current) if current in together else len(together) - len(photos)))
        self.changed.emit()

    # Checkpoints

    def _consider(self) -> None:
        """Takes a newer checkpoint, if there is one and nothing speaks against it."""
        if self.folder is None or self.files is None or self.files.info is None:
            return
        name = self.files.checkpoint(best=self.best)
        if name is None:
            return
        if not self._photos_known:
            if not self._photos_asked:
                self._ask_for_photos()
            return
        state = (str(self.folder / name), self.files.stamps[name])
        if state in (self._loaded, self._coming, self._refused):
            return
        if not self._weights:
            self._load(state)
        elif self.held and not self._switching:
            return
        elif state != self._seen:  # at two looks the same: no longer being copied
            self._seen = state
            self._settled.start()
        elif self._is_free():
            self._load(state)
        else:
            self._settled.start()

    def _is_free(self) -> bool:
        """Whether nobody waits for anything that loading would stop."""
        queue = self._session.queue
        idle = queue.running is None or queue.running.purpose in (Purpose.PREFETCH, Purpose.MEASURE)
        return idle and not queue.waiting and not self._session.running and not self._session.loading

    def _load(self, state: State) -> None:
        choice, path = self._session.choice, state[0]
        self._switching = False
        self._coming = state
        if self._weights in choice.weights:
            weights = tuple(path if name == self._weights else name for name in choice.weights)
            self._session.reload(replace(choice, weights=weights, stamps=(state,)))
        else:
            self._session.set_engine(replace(choice, weights=(path,), stamps=(state,)))

    @Slot()
    def _on_engine_changed(self) -> None:
        choice, coming = self._session.choice, self._coming
        if self.folder is None:
            return
        if coming is not None and coming in choice.stamps and coming[0] in choice.weights:
            first = not self._weights
            self._loaded, self._coming, self._refused, self._weights = coming, None, None, coming[0]
            self.problem = self._kept_problem
            self.epoch = next(info.epoch for info in self._session.engine if info.weights == coming[0])
            if self.epoch is not None:
                self._epochs[coming[1]] = self.epoch
            self.loaded.emit(self.loaded_text)
            if first:
                self.happened.emit(
                    Word(self.tr("Watching {0}.").format(self.folder.name), ((self.tr("Undo"), self._undo),))
                )
            self.changed.emit()
        elif self._weights and self._coming is None and self._weights not in choice.weights and not self.held:
            self.held, self._loaded = True, None  # the user opened another one
            self.changed.emit()

    @property
    def loaded_text(self) -> str:
        """What the status line says; empty before a checkpoint is loaded."""
        if self._loaded is None:
            return ""
        if self.epoch is None:
            return self.tr("a newer checkpoint is loaded")
        return self.tr("epoch {0} loaded").format(self.epoch)

    @Slot(object, str)
    def _on_engine_refused(self, choice: EngineChoice, sentence: str) -> None:
        coming = self._coming
        if self.folder is None or coming is None or coming not in choice.stamps:
            return
        self._coming, self._refused = None, coming  # until its file changes again
        self.problem = self.tr("The newer checkpoint cannot be read yet; the one before stays. {0}").format(sentence)
        self.changed.emit()
        if not self._session.engine:
            self._session.refresh()  # by the checkpoint that the window began with

    def _undo(self) -> None:
        before, mine = self._before, set(self._photos)
        self.close()
        if before is not None:
            self._session.set_engine(before)
        listed = self._session.list
        kept = tuple(photo for photo in listed.photos if photo not in mine)
        listed.restore((kept, min(max(listed.index, 0), len(kept) - 1)))

    # The picture on screen

    @Slot()
    def _on_shown(self) -> None:
        shown = self._session.shown
        if self.folder is None or shown is None or shown.pending or shown.note:
            return
        same = self._present is not None and self._present.photo is shown.photo
        self._present = shown
        if self.scrubbed is not None and same:
            scrubbed, self.scrubbed = self.scrubbed, None
            self.scrub(scrubbed)  # what the user looks at stays, though the present has moved on
        else:
            self.scrubbed = None
        self.changed.emit()

    @property
    def _slot(self) -> int | None:
        weights = self._session.choice.weights
        return weights.index(self._weights) if self._weights in weights else None

    @Slot(object, object)
    def _on_report(self, job: Job, report: Report) -> None:
        """Keeps the masks of what the run's checkpoint has segmented, whatever it was done for."""
        if isinstance(report, Cancelled) and self.epoch is not None:
            self._tried.discard((job.photo, self.epoch))  # for something that someone waits for
        if self.folder is None or not isinstance(report, Finished) or self._weights not in job.engine.weights:
            return
        slot, path = job.engine.weights.index(self._weights), job.photo.path
        epoch = self._epochs.get(job.engine.stamp(self._weights))
        trace = report.result.traces[slot] if slot < len(report.result.traces) else None
        if epoch is None or trace is None or (path is not None and path.suffix.lower() == TRACE_SUFFIX):
            return  # a saved trace is of the net that made it
        metrics = report.result.truth.metrics if report.result.truth is not None else {}
        of_net = {panel.kind: found for panel, found in metrics.items() if panel.slot == slot}
        self.past.keep(job.photo, epoch, Past({kind: trace.mask(kind) for kind in trace.variants}, of_net))
        if self._present is not None and self._present.photo is job.photo:
            self.changed.emit()

    @Slot()
    def _fill(self) -> None:
        """While nobody waits: the run's other photos, so that each can be followed through the epochs."""
        epoch, queue = self.epoch, self._session.queue
        if self.folder is None or epoch is None or self._loaded is None or queue.running is not None:
            return
        if not self._is_free():
            return
        for photo in self._photos[:FOLLOWED]:
            done = epoch in self.past.epochs(photo) or (photo, epoch) in self._tried
            if not done and photo in self._session.list.photos:
                self._tried.add((photo, epoch))
                queue.add([self._session.make_job(photo, Purpose.PREFETCH)])
                return
