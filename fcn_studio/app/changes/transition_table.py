"""Which class became which, and in how many pixels; a row shows its pixels alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from fcn_studio.app.widgets.icons import swatch
from fcn_studio.app.widgets.own_keys import LeavesLetters, keeps_key
from fcn_studio.core.labels import LabelSet

PAIR = Qt.ItemDataRole.UserRole  # (class before, class after, pixels)
OLD, NEW, PIXELS, SHARE = range(4)
SWATCH = QSize(12, 12)
TOGGLES = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
OWN_KEYS = (*TOGGLES, Qt.Key.Key_Home, Qt.Key.Key_End)


class TransitionTable(LeavesLetters, QTreeWidget):
    """Rows of transitions, most pixels first. A click, the space bar or Enter chooses a row, or lets go of it.

    Signals:
        chosen: One transition is to be shown, or all. ((class before, class after), or None)
    """

    chosen = Signal(object)  # tuple[int, int] | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._only: tuple[int, int] | None = None
        self._rows: list[QTreeWidgetItem] = []
        self.setObjectName("transition_table")
        self.setAccessibleName(self.tr("Changes of class, most pixels first"))
        self.setHeaderLabels([self.tr("From"), self.tr("To"), self.tr("Pixels"), self.tr("Share")])
        self.headerItem().setToolTip(SHARE, self.tr("Of all pixels of the photo, in percent"))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(SWATCH)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(120)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(24)
        for column in (OLD, NEW):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column in (PIXELS, SHARE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    @property
    def only(self) -> tuple[int, int] | None:
        """The transition that is shown alone."""
        return self._only

    def set_transitions(self, ranked: Sequence[tuple[int, int, int]], labels: LabelSet, pixels: int) -> None:
        """Other rows, none of them chosen.

        Args:
            ranked: (class before, class after, pixels), in their order.
            labels: Names and colours of the classes.
            pixels: Of the photo.
        """
        self._only = None
        self._rows.clear()
        self.clear()
        icons = [swatch(colour) for colour in labels.colours]
        for old, new, count in ranked:
            share = f"{100 * count / pixels:.2f}"
            row = QTreeWidgetItem([labels.classes[old], labels.classes[new], self.locale().toString(count), share])
            row.setData(OLD, PAIR, (old, new, count))
            for column, index in ((OLD, old), (NEW, new)):
                row.setIcon(column, icons[index])
                row.setToolTip(column, labels.classes[index])
            for column in (PIXELS, SHARE):
                row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._rows.append(row)
        self.addTopLevelItems(self._rows)

    def set_colours(self, labels: LabelSet) -> None:
        """The same rows in other colours."""
        icons = [swatch(colour) for colour in labels.colours]
        for row in self._rows:
            for column, index in zip((OLD, NEW), row.data(OLD, PAIR)[:2], strict=True):
                row.setIcon(column, icons[index])

    def choose(self, pair: tuple[int, int] | None) -> None:
        """Marks a row, or none, and tells of it."""
        self._only = pair
        self.clearSelection()
        for row in self._rows:
            if pair is not None and tuple(row.data(OLD, PAIR)[:2]) == pair:
                row.setSelected(True)
        self.chosen.emit(pair)

    def _toggle(self, row: QTreeWidgetItem) -> None:
        old, new, _ = row.data(OLD, PAIR)
        self.choose(None if (old, new) == self._only else (old, new))

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Only `choose` selects: moving from row to row must not."""
        return QItemSelectionModel.SelectionFlag.NoUpdate

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses the row under the pointer, or lets go of it."""
        super().mousePressEvent(event)
        row = self.itemAt(event.position().toPoint())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self._toggle(row)

    def event(self, event: QEvent) -> bool:
        """Keeps its keys while it has the focus; elsewhere they are shortcuts."""
        return keeps_key(event, lambda pressed: pressed.key() in OWN_KEYS) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Chooses the current row, or lets go of it."""
        row = self.currentItem()
        if row is not None and event.key() in TOGGLES:
            self._toggle(row)
            return
        super().keyPressEvent(event)
