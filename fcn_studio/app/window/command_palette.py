"""The command palette: every action of the menus, found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QEvent, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QBrush, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QHeaderView, QLineEdit, QMenu, QTreeWidget, QTreeWidgetItem, QVBoxLayout
from PySide6.QtWidgets import QWidget as Widget

from fcn_studio.app.window.actions import plain

SIZE = (600, 400)  # pixels: width, height, where the window has the room
FROM_TOP = 56  # pixels below the window's upper edge
PAGE = 8  # rows for the page keys
ACTION = Qt.ItemDataRole.UserRole


class Match(IntEnum):
    """How well what is typed matches a text, best first."""

    START = 0
    WORD = 1
    INSIDE = 2
    SCATTERED = 3  # all letters, in order, with others between them


class _Edit(QLineEdit):
    """Passes on the keys that move in the list.

    Signals:
        stepped: (rows)
    """

    stepped = Signal(int)

    STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -PAGE, Qt.Key.Key_PageDown: PAGE}  # noqa: RUF012

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = self.STEPS.get(Qt.Key(event.key()), 0)
        if step:
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)


class CommandPalette(QDialog):
    """A line to type in and the actions that match it; it deletes itself when it is closed.

    Not modal: it closes itself when its window is deactivated, and Qt would go on blocking a modal one's parent.

    Args:
        actions: In the order of the menus; hidden ones are left out, disabled ones listed last and not triggered.
        parent: The window, at the top of which it opens.
    """

    def __init__(self, actions: Sequence[QAction], parent: Widget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._parent = parent
        self.setModal(False)
        self.setObjectName("command_palette")
        self.setWindowTitle(self.tr("Find a command"))
        listed = [action for action in actions if action.isVisible() and not action.isSeparator() and words_of(action)]
        self._actions = sorted(listed, key=lambda action: not action.isEnabled())
        self._edit = _Edit()
        self._edit.setObjectName("palette_edit")
        self._edit.setPlaceholderText(self.tr("Type a part of a command's name"))
        self._edit.setAccessibleName(self.tr("Command"))
        self._edit.textChanged.connect(self._filter)
        self._edit.stepped.connect(self._step)
        self._edit.returnPressed.connect(self._trigger)
        self._list = QTreeWidget()
        self._list.setObjectName("palette_list")
        self._list.setAccessibleName(self.tr("Matching commands"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setColumnCount(3)
        self._list.setHeaderHidden(True)
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self._list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.itemClicked.connect(self._trigger)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self._edit)
        column.addWidget(self._list, 1)
        self.finished.connect(self.deleteLater)
        self._filter("")

    def showEvent(self, event: QShowEvent) -> None:
        """Goes to the top of the window, in the middle."""
        super().showEvent(event)
        window = self._parent.window()
        self.resize(min(SIZE[0], window.width() - 32), min(SIZE[1], window.height() - FROM_TOP - 16))
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, FROM_TOP)))
        self._edit.setFocus()

    def event(self, event: QEvent) -> bool:
        """Closes when another window is chosen."""
        if event.type() == QEvent.Type.WindowDeactivate and self.isVisible():
            self.reject()
        return super().event(event)

    @Slot(str)
    def _filter(self, typed: str) -> None:
        ranked = [(rank(typed, action), action) for action in self._actions]
        found = [(place, action) for place, action in ranked if place is not None]
        found.sort(key=lambda pair: (not pair[1].isEnabled(), pair[0]))
        self._list.clear()
        quiet = QBrush(self.palette().placeholderText().color())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for _, action in found:
            item = QTreeWidgetItem([words_of(action), menu_of(action), _key_of(action)])
            item.setData(0, ACTION, action)
            item.setTextAlignment(2, right)
            if action.isEnabled():
                item.setForeground(1, quiet)
            else:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self._list.addTopLevelItem(item)
        self._choose(0)

    @Slot(int)
    def _step(self, by: int) -> None:
        self._choose(self._list.currentIndex().row() + by)

    def _choose(self, row: int) -> None:
        last = sum(1 for place in range(self._list.topLevelItemCount()) if self._enabled(place)) - 1
        if last >= 0:
            self._list.setCurrentIndex(self._list.model().index(min(max(row, 0), last), 0))

    def _enabled(self, row: int) -> bool:
        item = self._list.topLevelItem(row)
        return item is not None and bool(item.flags() & Qt.ItemFlag.ItemIsEnabled)

    @Slot()
    def _trigger(self) -> None:
        item = self._list.currentItem()
        action = item.data(0, ACTION) if item is not None else None
        if isinstance(action, QAction) and action.isEnabled():
            self.accept()
            action.trigger()


def words_of(action: QAction) -> str:
    """An action's text as it is read, without marks for keys and dialogs."""
    return plain(action.text())


def menu_of(action: QAction) -> str:
    """The menus that lead to an action, such as "Device" in "Net"; empty if it is in none that has a title."""
    for holder in action.associatedObjects():
        if isinstance(holder, QMenu) and holder.title():
            title = plain(holder.title())
            above = menu_of(holder.menuAction())
            return f"{above} \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} {title}" if above else title
    return ""


def rank(typed: str, action: QAction) -> int | None:
    """How well an action matches, 0 the best; None if it does not. Its own words count before its menus and id."""
    words = words_of(action)
    own = match(typed, words)
    if own is not None:
        return own
    others = (match(typed, text) for text in (action.objectName(), f"{menu_of(action)} {words}"))
    near = [found for found in others if found is not None and found is not Match.SCATTERED]
    return len(Match) + min(near) if near else None


def match(typed: str, text: str) -> Match | None:
    """How `typed` is found in `text`, without regard to case; None if it is not."""
    wanted, whole = " ".join(typed.casefold().split()), text.casefold()
    place = whole.find(wanted)
    if place == 0:
        return Match.START
    while place > 0:
        if not whole[place - 1].isalnum():
            return Match.WORD
        place = whole.find(wanted, place + 1)
    if wanted in whole:
        return Match.INSIDE
    letters = iter(whole)
    return Match.SCATTERED if all(letter in letters for letter in wanted.replace(" ", "")) else None


def _key_of(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
