"""Looks through what was opened, in a thread of its own: folders may be large and disks slow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

from fcn_studio.app.values.dataset_split import DatasetSplit, find_split
from fcn_studio.app.values.jobs import Photo
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.catalog.checkpoint_file import looks_like_checkpoint
from fcn_studio.core.datasets.dataset import inner_datasets, is_archive
from fcn_studio.core.datasets.ground_truth import find_mask, images_in, is_named_after, mask_size
from fcn_studio.core.datasets.masks.mask_classes import MaskClasses, classes_around
from fcn_studio.core.datasets.masks.mask_file import read_mask
from fcn_studio.core.datasets.masks.picture import is_picture
from fcn_studio.core.errors import Cancelled, DataError
from fcn_studio.core.images.image_formats import SUFFIXES, UNREAD, list_unread, unread_in_words
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import is_run
from fcn_studio.core.trace.trace_file import SUFFIX as TRACE_SUFFIX

NO_MASKS = frozenset({TRACE_SUFFIX, *UNREAD})
NO_CHECKPOINTS = SUFFIXES | NO_MASKS  # by their endings, whatever is in them


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What was opened.

    Attributes:
        paths: Files and folders, in the order given.
        samples: Whether they came with the program.
        photo: The photo on screen, whose ground truth a single dropped mask may be.
        size: (height, width) of that photo.
        labels: Its classes.
        token: Set when nobody waits for it any more.
        split: Of a data set's folder; empty for the one to show first.
    """

    paths: tuple[Path, ...]
    token: CancelToken
    samples: bool = False
    photo: Photo | None = None
    size: tuple[int, int] | None = None
    labels: LabelSet | None = None
    split: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What was found.

    Attributes:
        wish: What was asked for.
        photos: To add; folders in natural order.
        checkpoints: Files of weights.
        mask: The one file that was given, if it is a ground truth of the photo on screen.
        misfit: The one file that was given, if it is a mask that does not fit that photo.
        why: Why it does not, and what to do.
        refused: A sentence for each thing that holds none of these.
        run: The folder of a training run to watch; the last one given.
        dataset: The one folder that was given, if it is a data set.
        inner: Data sets in it, if it is none.
    """

    wish: Wish
    photos: tuple[Photo, ...] = ()
    checkpoints: tuple[Path, ...] = ()
    mask: Path | None = None
    misfit: Path | None = None
    why: str = ""
    refused: tuple[str, ...] = ()
    run: Path | None = None
    dataset: DatasetSplit | None = None
    inner: tuple[Path, ...] = ()


class _Searcher(QObject):
    """Lives in the thread."""

    found = Signal(object)  # Gathered

    @Slot(object)
    def search(self, wish: Wish) -> None:
        try:
            self.found.emit(gathered(wish))
        except Cancelled:
            self.found.emit(Gathered(wish))


class Gatherer(QObject):
    """Owns the thread.

    Attributes:
        busy: Whether something is still being looked through.

    Signals:
        found: Something was looked through. (Gathered)
    """

    found = Signal(object)  # Gathered
    _wished = Signal(object)  # Wish

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread()
        self._thread.setObjectName("gatherer")
        self._searcher = _Searcher()
        self._searcher.moveToThread(self._thread)
        self._wished.connect(self._searcher.search)
        self._searcher.found.connect(self.on_found)
        self._open: list[Wish] = []
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether something is still being looked through."""
        return bool(self._open)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.isRunning()

    def look(self, wish: Wish) -> None:
        """Looks through files and folders; ends in `found`."""
        self._open.append(wish)
        self._wished.emit(wish)

    def stop(self) -> None:
        """Gives up what is being looked through; it ends in `found` with nothing."""
        for wish in self._open:
            wish.token.cancel()

    def close(self) -> None:
        """Ends the thread."""
        self.stop()
        self._thread.quit()
        self._thread.wait()

    @Slot(object)
    def on_found(self, gathered: Gathered) -> None:
        """From the thread."""
        self._open.remove(gathered.wish)
        self.found.emit(gathered)


def _classes(path: Path, net: LabelSet) -> MaskClasses:
    """What a mask shows by the folders that it lies in, or else, to see whether it may be one, the net's classes."""
    try:
        return classes_around(path) or MaskClasses(net)
    except DataError:
        return MaskClasses(net)


def gathered(wish: Wish) -> Gathered:
    """Sorts what was given into photos, checkpoints and a mask.

    Raises:
        Cancelled: Nobody waits for it any more.
    """
    if (as_mask := _as_mask(wish)) is not None:
        return as_mask
    photos: dict[Path, Photo] = {}
    masks = {find_mask(path) for path in wish.paths if path.suffix} if len(wish.paths) > 1 else set()
    checkpoints, refused = [], []
    inner: tuple[Path, ...] = ()
    run: Path | None = None
    for path in wish.paths:
        if path.suffix.lower() not in NO_CHECKPOINTS and looks_like_checkpoint(path):
            checkpoints.append(path)
            continue
        if path.absolute() in masks:
            continue  # chosen together with its photo
        if is_archive(path):
            text = QCoreApplication.translate("Gather", "{0}: an archive; unpack it, and drop the folder.")
            refused.append(text.format(path))
            continue
        found = [path]
        if is_run(path):
            run = path
            continue
        if path.is_dir() and len(wish.paths) == 1 and not wish.samples:
            try:
                if (dataset := find_split(path, wish.split, cancel=wish.token)) is not None:
                    return Gathered(wish, dataset=dataset)
            except DataError as error:
                refused.append(str(error))
        if path.is_dir():
            try:
                images, unread = images_in(path, cancel=wish.token), list_unread(path, recursive=True)
                inner = inner_datasets(path) if len(wish.paths) == 1 and not wish.samples else ()
            except OSError as error:
                text = QCoreApplication.translate("Gather", "{0}: the folder cannot be read ({1}).")
                refused.append(text.format(path, error.strerror))
                continue
            found = list(images.photos)
            refused += [f"{path}: {sentence}" for sentence in unread_in_words(unread)]
            if not found and not unread:
                refused.append(QCoreApplication.translate("Gather", "{0}: no images in this folder.").format(path))
        for file in found:
            wish.token.check()
            photo = Photo.from_path(file, is_sample=wish.samples)
            if photo.resolved is not None:
                photos.setdefault(photo.resolved, photo)
    return Gathered(wish, tuple(photos.values()), tuple(checkpoints), refused=tuple(refused), run=run, inner=inner)


def _as_mask(wish: Wish) -> Gathered | None:
    """What becomes of a single file that is a mask, of the photo on screen or of another size; None if it is none."""
    if len(wish.paths) != 1 or wish.photo is None or wish.size is None or wish.labels is None:
        return None
    path, photo = wish.paths[0], wish.photo
    if not path.is_file() or path == photo.path or path.suffix.lower() in NO_MASKS:
        return None
    classes = _classes(path, wish.labels) if path.suffix.lower() in SUFFIXES else MaskClasses(wish.labels)
    size = mask_size(path, classes.labels, classes.encoding)
    if size == wish.size:
        return Gathered(wish, mask=path)
    if size is not None:
        text = QCoreApplication.translate(
            "Gather",
            "{0} looks like a mask, but it is {1} and {2} is {3}, so it is not its ground truth. Export it at the "
            "photo's size; if you resize it, by nearest neighbour only.",
        )
        why = text.format(path.name, _pixels(size), photo.name, _pixels(wish.size))
        return Gathered(wish, misfit=path, why=why)
    if photo.path is None or not is_named_after(path, photo.path) or is_picture(path, photo.path):
        return None
    try:
        read_mask(path, classes.labels, classes.encoding)
    except DataError as error:
        text = QCoreApplication.translate(
            "Gather", "{0} is named like a mask of {1}, but cannot be its ground truth: {2}"
        )
        return Gathered(wish, misfit=path, why=text.format(path.name, photo.name, error))
    return None


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
