"""The photos that are open, which of them is current, and the state of each; removal can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.values.photo_status import PhotoState, PhotoStatus

WAITING = PhotoStatus()


class PhotoList(QObject):
    """What the film strip shows.

    Attributes:
        photos: In order.
        index: Of the current one; -1 if there is none.
        statuses: Of the photos that are no longer merely waiting.
        truths: Ground truth that the user chose, by photo.
        truths_as_nets: Photos of whose truth the user has said that its classes are the net's.

    Signals:
        changed: `photos` has, and perhaps `index`.
        current_changed: Another photo is current, or the same one is asked for again. (its place, -1 for none)
        returned: The one that is shown is current again: the one that was asked for could not be shown. (its place)
        status_changed: (Photo, PhotoStatus)
    """

    changed = Signal()
    current_changed = Signal(int)
    returned = Signal(int)
    status_changed = Signal(object, object)  # Photo, PhotoStatus

    def __init__(self, undo: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo = undo
        self.photos: tuple[Photo, ...] = ()
        self.index = -1
        self.statuses: dict[Photo, PhotoStatus] = {}
        self.truths: dict[Photo, Path] = {}
        self.truths_as_nets: set[Photo] = set()

    @property
    def current(self) -> Photo | None:
        """The current photo."""
        return self.photos[self.index] if 0 <= self.index < len(self.photos) else None

    def add(self, photos: Iterable[Photo]) -> None:
        """Adds those that are not there yet and goes to the first one given; samples make room for the user's own."""
        given = tuple(photos)
        if not given:
            return
        own = any(not photo.is_sample for photo in given)
        kept = [photo for photo in self.photos if not (own and photo.is_sample)]
        places = {photo.resolved: place for place, photo in enumerate(kept) if photo.resolved is not None}
        first = -1
        for photo in given:
            place = places.get(photo.resolved) if photo.resolved is not None else None
            if place is None:
                place = len(kept)
                kept.append(photo)
                if photo.resolved is not None:
                    places[photo.resolved] = place
            if first < 0:
                first = place
        self._replace(tuple(kept), first)
        self.current_changed.emit(self.index)

    def listed(self, photos: Iterable[Photo]) -> tuple[Photo, ...]:
        """The same files as the list has them already, and the others as given."""
        known = {photo.resolved: photo for photo in self.photos if photo.resolved is not None}
        return tuple(known.get(photo.resolved, photo) if photo.resolved is not None else photo for photo in photos)

    def swap(self, gone: Iterable[Photo], photos: Iterable[Photo]) -> None:
        """Adds photos in the place of others, and goes to the first of them."""
        leaving = set(gone)
        self.photos = tuple(photo for photo in self.photos if photo not in leaving)
        self.add(photos)

    def arrange(self, photos: Sequence[Photo], text: str) -> None:
        """Puts listed photos in this order, all others after them; `text` names it for undoing."""
        here = set(self.photos)
        first = [photo for photo in photos if photo in here]
        chosen, current = set(first), self.current
        arranged = (*first, *(photo for photo in self.photos if photo not in chosen))
        if arranged != self.photos:
            index = arranged.index(current) if current is not None else -1
            self._undo.push(_Replacement(self, text, (self.photos, self.index), (arranged, index)))

    def extend(self, photos: Iterable[Photo]) -> None:
        """Adds more of what is being opened, without going there."""
        known = {photo.resolved for photo in self.photos if photo.resolved is not None}
        fresh = tuple(photo for photo in photos if photo.resolved is None or photo.resolved not in known)
        if fresh:
            self._replace((*self.photos, *fresh), self.index)

    def go_to(self, index: int) -> None:
        """Makes a photo the current one."""
        if 0 <= index < len(self.photos):
            self.index = index
            self.current_changed.emit(index)

    def return_to(self, photo: Photo) -> None:
        """Makes a listed photo, which is shown already, the current one."""
        index = self.photos.index(photo)
        if index != self.index:
            self.index = index
            self.returned.emit(index)

    def step(self, way: int) -> None:
        """Goes to the next (1) or previous (-1) photo; past those that failed, unless there are no others that way."""
        ahead = range(self.index + 1, len(self.photos)) if way > 0 else range(self.index - 1, -1, -1)
        failed = {photo for photo, status in self.statuses.items() if status.state is PhotoState.FAILED}
        self.go_to(next((place for place in ahead if self.photos[place] not in failed), next(iter(ahead), -1)))

    def remove(self, places: Sequence[int], text: str) -> None:
        """Takes photos off the list, not off the disk; `text` names it for undoing."""
        gone = set(places)
        kept = tuple(photo for place, photo in enumerate(self.photos) if place not in gone)
        if len(kept) == len(self.photos):
            return
        before = sum(1 for place in gone if place < self.index)
        index = min(max(self.index - before, 0), len(kept) - 1)
        self._undo.push(_Replacement(self, text, (self.photos, self.index), (kept, index)))

    def set_status(self, photo: Photo, status: PhotoStatus) -> None:
        """The state of a photo has changed."""
        if self.statuses.get(photo, WAITING) == status:
            return
        if status == WAITING:
            self.statuses.pop(photo, None)
        else:
            self.statuses[photo] = status
        self.status_changed.emit(photo, status)

    def forget_failures(self) -> None:
        """Those that failed wait again: what they lacked may be there now."""
        for photo, status in tuple(self.statuses.items()):
            if status.state is PhotoState.FAILED:
                self.set_status(photo, WAITING)

    def forget_results(self) -> None:
        """All wait again: something else is to segment them."""
        self.statuses = {photo: status for photo, status in self.statuses.items() if status.state is PhotoState.RUNNING}
        self.changed.emit()

    def restore(self, state: tuple[tuple[Photo, ...], int]) -> None:
        """The list of an earlier or later moment."""
        current = self.current
        self._replace(*state)
        if self.current is not current:
            self.current_changed.emit(self.index)

    def _replace(self, photos: tuple[Photo, ...], index: int) -> None:
        self.photos, self.index = photos, index
        self.changed.emit()


class _Replacement(QUndoCommand):
    """One list instead of another."""

    def __init__(
        self,
        target: PhotoList,
        text: str,
        before: tuple[tuple[Photo, ...], int],
        after: tuple[tuple[Photo, ...], int],
    ) -> None:
        super().__init__(text)
        self._target, self._before, self._after = target, before, after

    def undo(self) -> None:
        self._target.restore(self._before)

    def redo(self) -> None:
        self._target.restore(self._after)
