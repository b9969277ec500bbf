"""The film strip: the photos that are open, in a row, with thumbnails and their states."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QVBoxLayout, QWidget

from fcn_studio.app.intake.film_strip_delegate import FilmStripDelegate, cell_size
from fcn_studio.app.intake.film_strip_model import FilmStripModel
from fcn_studio.app.intake.thumbnails import Thumbnails
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.values.photo_status import PhotoState, PhotoStatus
from fcn_studio.app.widgets.own_keys import LeavesLetters, keeps_key

SPARE = 4  # pixels above and below the cells


class _List(LeavesLetters, QListView):
    """Keeps keys that choose photos; arrow keys, which step through them, letters and digits are the window's.

    Signals:
        entered_row: Enter was pressed. (row)
        removal_pressed: Delete was pressed.
        menu_requested: (place in the viewport)
    """

    entered_row = Signal(int)
    removal_pressed = Signal()
    menu_requested = Signal(QPoint)

    STEPS = (Qt.Key.Key_Left, Qt.Key.Key_Right)
    ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)
    OWN = (*ENTER, *ENDS, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Delete, Qt.Key.Key_Space)

    def event(self, event: QEvent) -> bool:
        return keeps_key(event, self._is_own) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in self.STEPS and _modifiers(event) == Qt.KeyboardModifier.NoModifier:
            event.ignore()
        elif key in self.ENTER and self.currentIndex().isValid():
            self.entered_row.emit(self.currentIndex().row())
        elif key == Qt.Key.Key_Delete:
            self.removal_pressed.emit()
        else:
            super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        pages = {QAbstractItemView.CursorAction.MovePageDown: 1, QAbstractItemView.CursorAction.MovePageUp: -1}
        if action not in pages:
            return super().moveCursor(action, modifiers)
        width = max(self.sizeHintForIndex(self.model().index(0, 0)).width(), 1)
        step = max(self.viewport().width() // width, 1)  # Qt's own page keys go up and down only
        last = self.model().rowCount() - 1
        return self.model().index(min(max(self.currentIndex().row() + pages[action] * step, 0), last), 0)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_requested.emit(self.visualRect(self.currentIndex()).center())
        else:
            self.menu_requested.emit(event.pos())

    def _is_own(self, event: QKeyEvent) -> bool:
        none, shift = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
        modifiers = _modifiers(event)
        if event.key() in self.STEPS:
            return modifiers == shift  # extends the selection
        return modifiers in (none, shift) and event.key() in self.OWN


class FilmStrip(QFrame):
    """A row of photos; made for thousands, since only what is seen is drawn and asked for.

    Signals:
        photo_requested: A photo is to be shown. (its place)
        removal_requested: Photos are to be taken off the list. (tuple of places)
        clear_requested: All photos are.
        truth_requested: A photo's ground truth is to be chosen. (its place)
        reveal_requested: A photo's path is to be copied. (its place)
    """

    photo_requested = Signal(int)
    removal_requested = Signal(object)  # tuple[int, ...]
    clear_requested = Signal()
    truth_requested = Signal(int)
    reveal_requested = Signal(int)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("film_strip")
        self._model = FilmStripModel(thumbnails, self)
        self._list = _List()
        self._list.setObjectName("film_strip_list")
        self._list.setModel(self._model)
        self._list.setItemDelegate(FilmStripDelegate(self._list))
        self._list.setFlow(QListView.Flow.LeftToRight)
        self._list.setWrapping(False)
        self._list.setUniformItemSizes(True)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setMouseTracking(True)  # the cell under the pointer is tinted
        self._list.clicked.connect(self._click)
        self._list.entered_row.connect(self.photo_requested)
        self._list.removal_pressed.connect(self._remove)
        self._list.menu_requested.connect(self._open_menu)
        self.setFocusProxy(self._list)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, SPARE, 4, 0)
        column.addWidget(self._list)
        thumbnails.ready.connect(self.on_thumbnail)
        self._retranslate()
        self._fit()

    @property
    def selected(self) -> tuple[int, ...]:
        """The places of the selected photos, in order."""
        return tuple(sorted(index.row() for index in self._list.selectionModel().selectedIndexes()))

    def set_photos(self, photos: tuple[Photo, ...], statuses: Mapping[Photo, PhotoStatus]) -> None:
        """Shows another list of photos; one that is not in `statuses` waits.

        What has not changed keeps its selection, and the strip its place.
        """
        shown = self._current_photo()
        self._model.set_photos(photos, statuses)
        self._model.current = self._model.index_of(shown).row() if shown is not None else -1
        self._list.viewport().update()

    @Slot(object, object)
    def set_status(self, photo: Photo, status: PhotoStatus) -> None:
        """The state of a photo has changed; one that was chosen and could not be shown is let go of."""
        self._model.set_status(photo, status)
        row, current = self._model.index_of(photo).row(), self._model.current
        if status.state in (PhotoState.FAILED, PhotoState.WAITING) and self.selected == (row,) != (current,):
            self._list.setCurrentIndex(self._model.index(current))

    @Slot(int)
    def set_current(self, index: int) -> None:
        """Marks the photo that the window shows, and scrolls to it; -1 marks none."""
        if index == self._model.current:
            return
        self._model.current = index
        place = self._model.index(index)
        if place.isValid():
            chosen = self._list.selectionModel()
            flag = QItemSelectionModel.SelectionFlag
            kept = chosen.isSelected(place)  # one of several that are selected: they stay so
            chosen.setCurrentIndex(place, flag.NoUpdate if kept else flag.ClearAndSelect)
            self._list.scrollTo(place)
        self._list.viewport().update()

    @Slot(object, object)
    def on_thumbnail(self, photo: Photo, image: object) -> None:
        """A thumbnail is there; Qt draws it if the photo is in view."""
        self._list.update(self._model.index_of(photo))

    def changeEvent(self, event: QEvent) -> None:
        """Follows the language and the size of type."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Brings the current photo into view."""
        super().showEvent(event)
        self._fit()
        if self._model.current >= 0:
            self._list.scrollTo(self._model.index(self._model.current))

    def _retranslate(self) -> None:
        self._list.setAccessibleName(self.tr("Photos"))

    def _fit(self) -> None:
        bar = self._list.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(cell_size(self._list.font()).height() + bar + 2 * SPARE)

    def _current_photo(self) -> Photo | None:
        place = self._model.current
        return self._model.photos[place] if 0 <= place < len(self._model.photos) else None

    @Slot(QModelIndex)
    def _click(self, index: QModelIndex) -> None:
        selecting = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        if not QGuiApplication.keyboardModifiers() & selecting:
            self.photo_requested.emit(index.row())

    @Slot()
    def _remove(self) -> None:
        if self.selected:
            self.removal_requested.emit(self.selected)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        menu = self._build_menu(self._list.indexAt(place).row())
        menu.popup(self._list.viewport().mapToGlobal(place))

    def _build_menu(self, row: int) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if row >= 0:
            menu.addAction(self.tr("Ground Truth…"), lambda: self.truth_requested.emit(row))
            copy = menu.addAction(self.tr("Copy Path"), lambda: self.reveal_requested.emit(row))
            copy.setEnabled(self._model.photos[row].path is not None)
            menu.addSeparator()
            menu.addAction(self.tr("Remove"), self._remove)
        menu.addAction(self.tr("Clear List"), self.clear_requested.emit).setEnabled(bool(self._model.photos))
        return menu


def _modifiers(event: QKeyEvent) -> Qt.KeyboardModifier:
    return event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
