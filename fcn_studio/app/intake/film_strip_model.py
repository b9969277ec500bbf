"""The photos of the film strip as Qt's list model: rows are found by photo, and thumbnails asked for when painted."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage

from fcn_studio.app.intake.thumbnails import Thumbnails
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.values.photo_status import PhotoState, PhotoStatus

STATUS = Qt.ItemDataRole.UserRole  # PhotoStatus
IS_CURRENT = Qt.ItemDataRole.UserRole + 1  # bool

Index = QModelIndex | QPersistentModelIndex
WAITING = PhotoStatus()


class FilmStripModel(QAbstractListModel):
    """One row for each photo.

    Attributes:
        photos: In order.
        current: The row of the photo that the window shows; -1 for none.
    """

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._rows: dict[Photo, int] = {}
        self._statuses: dict[Photo, PhotoStatus] = {}
        self.photos: tuple[Photo, ...] = ()
        self.current = -1

    def set_photos(self, photos: tuple[Photo, ...], statuses: Mapping[Photo, PhotoStatus]) -> None:
        """Takes another list; rows before and after the change stay what they are, with their selection."""
        first, end_before, end_after = _change(self.photos, photos)
        self._statuses = dict(statuses)
        if end_before > first:
            self.beginRemoveRows(QModelIndex(), first, end_before - 1)
            self._set(self.photos[:first] + self.photos[end_before:])
            self.endRemoveRows()
        if end_after > first:
            self.beginInsertRows(QModelIndex(), first, end_after - 1)
            self._set(photos)
            self.endInsertRows()
        if photos:
            self.dataChanged.emit(self.index(0), self.index(len(photos) - 1), [STATUS])

    def set_status(self, photo: Photo, status: PhotoStatus) -> None:
        """The state of a photo has changed; one that is not listed is passed over."""
        self._statuses[photo] = status
        index = self.index_of(photo)
        if index.isValid():
            roles = [STATUS, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole]
            self.dataChanged.emit(index, index, roles)

    def index_of(self, photo: Photo) -> QModelIndex:
        """Where a photo is; invalid if it is not listed."""
        return self.index(self._rows.get(photo, -1))

    def rowCount(self, parent: Index | None = None) -> int:
        """How many photos there are."""
        return 0 if parent is not None and parent.isValid() else len(self.photos)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a role of a photo is; asking for its decoration has its thumbnail made."""
        row = index.row()
        if not index.isValid() or row >= len(self.photos):
            return None
        photo = self.photos[row]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return photo.name
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnail(photo)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tool_tip(photo)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{photo.name}, {self._words(photo)}"
            case _ if role == STATUS:
                return self._statuses.get(photo, WAITING)
            case _ if role == IS_CURRENT:
                return row == self.current
            case _:
                return None

    def _set(self, photos: tuple[Photo, ...]) -> None:
        self.photos = photos
        self._rows = {photo: row for row, photo in enumerate(photos)}

    def _thumbnail(self, photo: Photo) -> QImage | None:
        image = self._thumbnails.get(photo)
        if image is None:
            self._thumbnails.request(photo)
        return image

    def _words(self, photo: Photo) -> str:
        match self._statuses.get(photo, WAITING).state:
            case PhotoState.RUNNING:
                return self.tr("running")
            case PhotoState.DONE:
                return self.tr("done")
            case PhotoState.FAILED:
                return self.tr("failed")
            case _:
                return self.tr("waiting")

    def _tool_tip(self, photo: Photo) -> str:
        status = self._statuses.get(photo, WAITING)
        lines = [str(photo.path) if photo.path is not None else photo.name, self._words(photo)]
        if status.state is PhotoState.FAILED and status.reason:
            lines.append(status.reason)
        return "<qt>" + "<br>".join(escape(line) for line in lines) + "</qt>"  # file names are not markup


def _change(before: tuple[Photo, ...], after: tuple[Photo, ...]) -> tuple[int, int, int]:
    """What differs: (first, end in `before`, end in `after`); all else is the same photos in the same order."""
    shorter = min(len(before), len(after))
    first = 0
    while first < shorter and before[first] is after[first]:
        first += 1
    end_before, end_after = len(before), len(after)
    while end_before > first and end_after > first and before[end_before - 1] is after[end_after - 1]:
        end_before -= 1
        end_after -= 1
    return first, end_before, end_after
