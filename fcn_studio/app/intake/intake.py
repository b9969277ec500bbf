"""How things come in: dialogs, drops, the clipboard, links, samples, recent files; and a word on what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, QUrl, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from fcn_studio.app.intake.gather import Gathered, Gatherer, Wish
from fcn_studio.app.intake.incoming import Incoming, can_take, from_mime
from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import EngineChoice, Photo
from fcn_studio.app.values.word import Word
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.catalog.checkpoint_file import SUFFIXES as CHECKPOINT_SUFFIXES
from fcn_studio.core.images.image import SUFFIXES
from fcn_studio.core.samples import sample_photos

if TYPE_CHECKING:
    from fcn_studio.app.intake.download import Download


MASK_PATTERNS = "*.png *.gif *.tif *.tiff *.bmp"


class Intake(QObject):
    """Brings photos, masks and checkpoints to the session.

    Attributes:
        samples: Photos that come with the program.

    Signals:
        happened: Something came in that is not simply seen. (Word)
        busy_changed: A folder is looked through or a link fetched. (what for; empty when done)
        recent_changed: The recent files have.
        run_found: A training run is to be watched. (its folder)
    """

    happened = Signal(object)  # Word
    busy_changed = Signal(str)
    recent_changed = Signal()
    run_found = Signal(object)  # Path

    def __init__(self, session: Session, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._window = window
        self._told: set[str] = set()  # checkpoints whose gaps have been spoken of
        self._offers: tuple[tuple[str, Callable[[], None]], ...] = ()  # what can be done about the last one
        session.engine_changed.connect(self.on_engine_changed)
        session.engine_refused.connect(self.on_engine_refused)
        session.shown_changed.connect(self.on_shown_changed)
        self._asked: Path | None = None  # the mask of which it was asked last whose classes it shows
        self._chosen: dict[Path, tuple[tuple[str, Callable[[], None]], ...]] = {}  # what can be undone of them
        self._gatherer = Gatherer(self)
        self._gatherer.found.connect(self.on_found)
        self._download: Download | None = None  # made for the first link
        self.samples = [sample.path for sample in sample_photos()]

    @property
    def busy(self) -> bool:
        """Whether something is still on its way."""
        return self._gatherer.busy or (self._download is not None and self._download.busy)

    @property
    def running(self) -> bool:
        """Whether its thread is alive."""
        return self._gatherer.running

    @Slot()
    def stop(self) -> None:
        """Gives up what is on its way."""
        self._stop_download()
        self._gatherer.stop()
        self.busy_changed.emit("")

    def close(self) -> None:
        """Ends its thread and gives up what is on its way."""
        self._stop_download()
        self._gatherer.close()

    def _stop_download(self) -> None:
        if self._download is not None:
            self._download.cancel()

    def _fetch(self, links: tuple[QUrl, ...]) -> None:
        if self._download is None:
            from fcn_studio.app.intake.download import Download  # Qt's network: the window's start needs none of it

            self._download = Download(self)
            self._download.started.connect(self.on_download_started)
            self._download.fetched.connect(self.on_fetched)
            self._download.failed.connect(self.on_download_failed)
        self._download.fetch(links)

    # Ways in

    def ask_for_files(self) -> None:
        """File > Open."""
        patterns = " ".join(f"*{suffix}" for suffix in (*sorted(SUFFIXES), ".fcntrace"))
        files, _ = QFileDialog.getOpenFileNames(
            self._window,
            self.tr("Open photos"),
            str(self._settings.last_folder),
            ";;".join((self.tr("Images ({0})").format(patterns), self.tr("All files (*)"))),
        )
        if files:
            self._settings.last_folder = Path(files[0]).parent
            self.open_paths([Path(file) for file in files])

    def ask_for_folder(self) -> None:
        """File > Open Folder."""
        folder = QFileDialog.getExistingDirectory(
            self._window, self.tr("Open a folder of photos"), str(self._settings.last_folder)
        )
        if folder:
            self._settings.last_folder = Path(folder)
            self.open_paths([Path(folder)])

    def ask_for_truth(self, photo: Photo | None) -> None:
        """File > Ground Truth."""
        if photo is None:
            return
        start = photo.path.parent if photo.path is not None else self._settings.last_folder
        file, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Ground truth of {0}").format(photo.name),
            str(start),
            ";;".join((self.tr("Masks ({0})").format(MASK_PATTERNS), self.tr("All files (*)"))),
        )
        if file:
            self.use_truth(photo, Path(file))

    def ask_for_checkpoint(self, *, beside: bool) -> None:
        """File > Checkpoint: in place of the open one, or beside it."""
        patterns = " ".join(f"*{suffix}" for suffix in CHECKPOINT_SUFFIXES)
        file, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a checkpoint"),
            str(self._settings.last_folder),
            ";;".join((self.tr("Checkpoints ({0})").format(patterns), self.tr("All files (*)"))),
        )
        if file:
            self.use_checkpoint(Path(file), beside=beside)

    def paste(self) -> None:
        """File > Paste."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is None or not can_take(mime):
            self._session.tell(self.tr("The clipboard holds neither a picture nor a file; copy one and paste again."))
            return
        self._take(from_mime(mime), self.tr("pasted picture"))

    def drop(self, mime: QMimeData) -> None:
        """Something was dropped on the window."""
        self._take(from_mime(mime), self.tr("dropped picture"))

    def open_paths(self, given: Iterable[Path], *, are_samples: bool = False) -> None:
        """Opens files and folders."""
        paths = tuple(given)
        if not paths:
            return
        shown = self._session.shown
        labels = self._session.engine[0].labels if self._session.engine else None
        wish = Wish(
            paths,
            CancelToken(),
            samples=are_samples,
            photo=shown.photo if shown else None,
            size=shown.size if shown else None,
            labels=labels,
        )
        self._gatherer.look(wish)
        self.busy_changed.emit(self.tr("Looking through {0}…").format(paths[0].name))

    def open_split(self, folder: Path, split: str) -> None:
        """Opens another split of a data set."""
        self._gatherer.look(Wish((folder,), CancelToken(), split=split))
        self.busy_changed.emit(self.tr("Looking through {0}…").format(folder.name))

    def open_samples(self, first: Path | None = None) -> None:
        """Opens the samples, all in the list, `first` on screen."""
        ordered = [first, *(path for path in self.samples if path != first)] if first else self.samples
        self.open_paths(ordered, are_samples=True)

    # What becomes of it

    def use_truth(self, photo: Photo, path: Path) -> None:
        """A mask is the ground truth of a photo; says so."""
        before = self._session.list.truths.get(photo)
        self._session.set_truth(photo, path)
        text = self.tr("{0} is now the ground truth of {1}.").format(path.name, photo.name)

        def undo() -> None:
            self._session.set_truth(photo, before)

        def as_photo() -> None:
            undo()
            self._session.list.add([Photo.from_path(path)])

        actions = ((self.tr("Undo"), undo), (self.tr("Open as Photo"), as_photo))
        self._asked = None
        self._chosen = {path: actions}
        self.happened.emit(Word(text, actions))

    @Slot()
    def on_shown_changed(self) -> None:
        """Of a mask whose classes nobody names it is asked, each time that it comes, whether they are the net's."""
        shown = self._session.shown
        truth = shown.result.truth if shown is not None and not shown.pending else None
        if shown is None or shown.pending:
            return
        if truth is None or truth.is_named or not self._session.engine:
            self._asked = None
            return
        photo, path = shown.photo, truth.path
        if path == self._asked or self._session.dataset.task_of(photo) is not None:
            return  # of a data set the table says it
        self._asked = path
        name = self._session.engine[0].labels.name
        text = self.tr(
            "Nothing says what classes {0} shows, so it is compared with none. Put a labels.json beside it, or say "
            "that they are those of {1}."
        ).format(path.name, name)

        def read_so() -> None:
            self._session.set_truth(photo, path, as_nets=True)

        self.happened.emit(Word(text, ((self.tr("Read as {0}").format(name), read_so), *self._chosen.get(path, ()))))

    def _tell_of_misfit(self, path: Path, why: str) -> None:
        def as_photo() -> None:
            self._session.list.add([Photo.from_path(path)])

        self.happened.emit(Word(why, ((self.tr("Open as Photo"), as_photo),)))

    def _offer_inner(self, folders: tuple[Path, ...]) -> None:
        text = self.tr("The data set is one folder further down: {0}. Open that folder to measure on it.")
        names = ", ".join(folder.name for folder in folders)
        self.happened.emit(
            Word(text.format(names), ((self.tr("Open as Data Set"), lambda: self.open_paths(folders[:1])),))
        )

    def use_checkpoint(self, path: Path, *, beside: bool = False) -> None:
        """A checkpoint is loaded in place of the open ones, or beside them; says so."""
        before = self._session.choice
        weights = (*before.weights, str(path)) if beside else (str(path),)
        self._session.set_engine(replace(before, weights=weights))
        text = self.tr("Loading {0}.").format(path.name)
        both = EngineChoice((before.weights[0], str(path)), before.device, before.precision, backend=before.backend)
        actions = [(self.tr("Undo"), self._switcher(before))]
        if not beside:
            actions.append((self.tr("Compare Both"), self._switcher(both)))
        self._offers = tuple(actions)
        self.happened.emit(Word(text, self._offers))

    def use_set(self, paths: tuple[Path, ...]) -> None:
        """Several checkpoints, such as one for each variant, in place of the open ones; says so."""
        before = self._session.choice
        self._session.set_engine(replace(before, weights=tuple(str(path) for path in paths)))
        text = self.tr("Loading {0} checkpoints, each for panels of its own.").format(len(paths))
        self._offers = ((self.tr("Undo"), self._switcher(before)),)
        self.happened.emit(Word(text, self._offers))

    @Slot(object, str)
    def on_engine_refused(self, choice: EngineChoice, sentence: str) -> None:
        """Nothing is being loaded any more."""
        if self._offers:
            self._offers = ()
            self.happened.emit(Word(""))

    @Slot()
    def on_engine_changed(self) -> None:
        """Says what is open now; also what a checkpoint's file did not say, and a second head is offered."""
        actions, texts = list(self._offers), []
        if actions:
            names = ", ".join(info.checkpoint for info in self._session.engine)
            texts.append(self.tr("Open now: {0}.").format(names))
        self._offers = ()  # about what is open from now on they say nothing
        for info in self._session.engine:
            if info.weights in self._told or not info.notes:
                continue
            self._told.add(info.weights)
            for head in info.other_heads:
                weights = f"{info.weights.partition('#')[0]}#{head}"
                if weights not in self._session.choice.weights:
                    actions.append((self.tr("Open the {0} Head Beside").format(head), self._opener(weights)))
            texts.append(self.tr("{0}: {1}.").format(info.checkpoint, "; ".join(info.notes)))
        if texts:
            self.happened.emit(Word(" ".join(texts), tuple(actions)))

    def _switcher(self, choice: EngineChoice) -> Callable[[], None]:
        def switch() -> None:
            self._offers = ()  # about what is open from now on they say nothing
            self._session.set_engine(choice)

        return switch

    def _opener(self, weights: str) -> Callable[[], None]:
        def open_beside() -> None:
            now = self._session.choice
            self._session.set_engine(replace(now, weights=(*now.weights, weights)))

        return open_beside

    def _take(self, incoming: Incoming, name: str) -> None:
        if incoming.paths:
            self.open_paths(incoming.paths)
        elif incoming.pixels is not None:
            self._session.list.add([Photo(name=name, pixels=incoming.pixels)])
        elif incoming.links:
            self._fetch(incoming.links)
        else:
            self._session.tell(self.tr("There is no picture in what was dropped or pasted."))

    @Slot(object)
    def on_found(self, gathered: Gathered) -> None:
        """Files and folders have been looked through."""
        if gathered.mask is not None and gathered.wish.photo is not None:
            self.use_truth(gathered.wish.photo, gathered.mask)
        if gathered.misfit is not None:
            self._tell_of_misfit(gathered.misfit, gathered.why)
        if len(gathered.checkpoints) == 1:
            self.use_checkpoint(gathered.checkpoints[0])
        elif gathered.checkpoints:
            self.use_set(gathered.checkpoints)
        if gathered.run is not None:
            self._settings.add_recent(gathered.wish.paths)
            self.recent_changed.emit()
            self.run_found.emit(gathered.run)
        if gathered.dataset is not None:
            self._settings.add_recent(gathered.wish.paths)
            self.recent_changed.emit()
            self._session.measuring.open_split(gathered.dataset)
            if gathered.dataset.notes:
                self.happened.emit(Word(" ".join(gathered.dataset.notes)))
        if gathered.photos:
            if not gathered.wish.samples:
                self._settings.add_recent(gathered.wish.paths)
                self.recent_changed.emit()
            self._session.list.add(gathered.photos)
        if gathered.inner:
            self._offer_inner(gathered.inner)
        if gathered.refused and gathered.photos and not gathered.inner:
            self.happened.emit(Word(" ".join(gathered.refused)))  # a problem would go when the photo's masks are there
        elif gathered.refused:
            self._session.tell(" ".join(gathered.refused))
        if not self.busy:
            self.busy_changed.emit("")  # last: whoever waits for this finds the photos there

    @Slot(str)
    def on_download_started(self, host: str) -> None:
        """The network is asked."""
        self.busy_changed.emit(self.tr("Fetching from {0}…").format(host) if host else self.tr("Fetching…"))

    @Slot(object)
    def on_fetched(self, path: Path) -> None:
        """A picture from the web is here."""
        self._session.list.add([Photo.from_path(path)])
        self.busy_changed.emit("")

    @Slot(str)
    def on_download_failed(self, sentence: str) -> None:
        """It is not."""
        self.busy_changed.emit("")
        self._session.tell(sentence)
