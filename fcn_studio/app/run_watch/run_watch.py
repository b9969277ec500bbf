"""Watches a training run: its log is read again and again, and each newer checkpoint takes the older one's place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from fcn_studio.app.run_watch.run_watch_files import RunFiles, RunPhotos, choosing
from fcn_studio.app.run_watch.run_watch_folder import RunFolder
from fcn_studio.app.run_watch.run_watch_history import RunHistory
from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import EngineChoice, MeasureTask, Photo, Purpose
from fcn_studio.app.values.word import Word
from fcn_studio.app.worker.background import Background
from fcn_studio.core.run_folder import RUN, is_run

PHOTOS = 12  # of the judged split, at first
MOST_PHOTOS = 200

State = tuple[str, str]  # a checkpoint's path and its file's stamp


class RunWatch(QObject):
    """Follows one run's folder.

    Attributes:
        follower: The run's folder, and what it holds.
        best: Whether the best checkpoint is wanted instead of the newest.
        held: Whether newer checkpoints are left alone.
        count: How many photos of the judged split are wanted.
        problem: One sentence on what cannot be had just now; empty if nothing.
        waits: Whether a newer checkpoint waits until the data set's table is measured.
        history: The epochs seen so far.

    Signals:
        changed: Any of these has.
        opened: A run is watched from now on.
        loaded: A checkpoint is in use. (what the status line says)
        happened: Something that is not simply seen. (Word)
        stages_requested: Checkpoints of several phases are to be opened beside each other. (tuple of Path)
    """

    changed = Signal()
    opened = Signal()
    loaded = Signal(str)
    happened = Signal(object)  # Word
    stages_requested = Signal(object)  # tuple[Path, ...]

    def __init__(self, session: Session, background: Background, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._background, self._settings, self._window = session, background, settings, window
        self.follower = RunFolder(background, self)
        self.follower.seen.connect(self._on_seen)
        self.history = RunHistory(session, self._is_free, self)
        self.history.changed.connect(self.changed)
        session.engine_changed.connect(self._on_engine_changed)
        session.engine_refused.connect(self._on_engine_refused)
        session.dataset.state_changed.connect(self._on_measured)
        self._forget()

    def _forget(self) -> None:
        self.best = self.held = self.waits = False
        self.count = PHOTOS
        self.problem = ""
        self._photos_asked = self._photos_known = False
        self._kept_problem = ""  # that no newer checkpoint solves
        self._weights = ""  # the path in use
        self._loaded: State | None = None
        self._coming: State | None = None
        self._refused: State | None = None
        self._seen: State | None = None  # at the last look: a file that still changes is left alone
        self._switching = False  # between newest and best: wanted though newer ones are held
        self._before: EngineChoice | None = None

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
        self.follower.start(folder)
        self.history.start()
        self._session.measuring.give_way(True)
        self._before = self._session.choice
        self.opened.emit()
        self.changed.emit()
        self.follower.look()

    def close(self) -> None:
        """Stops watching; photos and checkpoint stay open."""
        if self.folder is None:
            return
        self.history.stop()
        self.follower.stop()
        self._background.forget("run_photos")
        self._session.tasks.clear()
        self._forget()
        self.changed.emit()
        self._session.measuring.give_way(False)

    def set_held(self, held: bool) -> None:
        """Leaves newer checkpoints alone, or takes the newest now."""
        if held != self.held:
            self.held, self.waits = held, False
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

    def open_stages(self) -> None:
        """Opens the best checkpoint of each phase of a staged run, all beside each other."""
        if self.folder is not None and self.files is not None and len(self.files.stages) > 1:
            self.stages_requested.emit(tuple(self.folder / name for name in self.files.stages))

    def set_count(self, count: int) -> None:
        """Another number of photos."""
        count = min(max(count, 1), MOST_PHOTOS)
        if count != self.count:
            self.count = count
            self.changed.emit()
            if self._photos_asked:
                self._ask_for_photos()

    # What the folder says

    @property
    def folder(self) -> Path | None:
        """The run's; None while none is watched."""
        return self.follower.path

    @property
    def files(self) -> RunFiles | None:
        """What it held when it was looked at last; None before that."""
        return self.follower.files

    @property
    def epoch(self) -> int | None:
        """Of the checkpoint that is loaded, where it says so."""
        return self.history.epoch

    @property
    def detached(self) -> bool:
        """Whether the run's checkpoint was closed by the user."""
        return bool(self._weights) and self._loaded is None and self._coming is None

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is one to show."""
        return self.files is not None and self.files.checkpoint(best=self.best) is not None

    @Slot(bool)
    def _on_seen(self, changed: bool) -> None:
        if changed and self.files is not None:
            self._problem_seen(self.files.problem)
            self.changed.emit()
        self._session.measuring.give_way(self.follower.running)
        self._consider()

    def _problem_seen(self, sentence: str) -> None:
        if sentence or self._refused is None:
            self.problem = sentence or self._kept_problem

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
            self._session.tasks[photo] = MeasureTask(example, found.labels)
            photos.append(photo)
        mine, self.history.photos = set(self.history.photos), tuple(photos)
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
            self.follower.look_soon()
        elif self._session.dataset.insisting and not self._switching:
            self._wait()
        elif self._is_free():
            self._load(state)
        else:
            self.follower.look_soon()

    def _wait(self) -> None:
        """The next look, or the end of measuring, asks again."""
        if not self.waits:
            self.waits = True
            self.changed.emit()

    @Slot()
    def _on_measured(self) -> None:
        if self.waits and not self._session.dataset.insisting:
            self.waits = False
            self.changed.emit()
            self.follower.look_soon()

    def _is_free(self) -> bool:
        """Whether nobody waits for anything that loading would stop."""
        queue = self._session.queue
        idle = queue.running is None or queue.running.purpose in (Purpose.PREFETCH, Purpose.MEASURE)
        return idle and not queue.waiting and not self._session.running and not self._session.loading

    def _load(self, state: State) -> None:
        choice, path = self._session.choice, state[0]
        self._switching = self.waits = False
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
            epoch = next(info.epoch for info in self._session.engine if info.weights == coming[0])
            self.history.set_loaded(*coming, epoch)
            self.loaded.emit(self.loaded_text)
            if first:
                self.happened.emit(
                    Word(self.tr("Watching {0}.").format(self.folder.name), ((self.tr("Undo"), self._undo),))
                )
            self.changed.emit()
        elif self.detached and self._weights in choice.weights:  # the user went back to it
            stamp = choice.stamp(self._weights)
            self._loaded, self.held = (self._weights, stamp), False
            epoch = next(info.epoch for info in self._session.engine if info.weights == self._weights)
            self.history.set_loaded(self._weights, stamp, epoch)
            self.changed.emit()
        elif self._weights and self._coming is None and self._weights not in choice.weights and not self.held:
            self.held, self._loaded = True, None  # the user opened another one
            self.history.set_unloaded()
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
        before, mine = self._before, set(self.history.photos)
        self.close()
        if before is not None:
            self._session.set_engine(before)
        listed = self._session.list
        kept = tuple(photo for photo in listed.photos if photo not in mine)
        listed.restore((kept, min(max(listed.index, 0), len(kept) - 1)))
