"""The rows of the data set table: chosen by mouse and keys, sorted by a click, copied as CSV."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyle, QTableView, QWidget

from fcn_studio.app.dataset.dataset_columns import Figure
from fcn_studio.app.dataset.dataset_delegate import DatasetDelegate
from fcn_studio.app.dataset.dataset_model import DatasetModel, DatasetOrder
from fcn_studio.app.session.dataset_scores import ScoredPhoto
from fcn_studio.app.widgets.own_keys import LeavesLetters, keeps_key

SAMPLES = {Figure.GAIN: "\N{MINUS SIGN}88.8", Figure.PIXELS: "\N{MINUS SIGN}888,888"}  # the widest; else a share
SHARE_SAMPLE = "100.0"
CELL_PADDING, NAME_PADDING = 10, 18  # pixels beside a text
NAME_LETTERS = 18  # that a long name has room for; the rest is left out in its middle
FEWEST_LETTERS = 8  # where the first figures would have no room else
FIRST_FIGURES = 2  # to be seen beside the name without scrolling
NAMES_LOOKED_AT = 200
LEAST_HEIGHT = 112  # pixels: the head and two rows
ROWS_WANTED = 8  # where there is room for them and for pictures
ROW_PADDING = 12  # the bar of a gain lies in it
FIRST_CELL = 1  # where a problem's sentence starts


class DatasetGrid(LeavesLetters, QTableView):
    """Moves by rows; the row that is current is the photo that is shown.

    Signals:
        photo_chosen: Another row is current. (ScoredPhoto)
        copy_pressed: The selected rows are to be copied.
        sorting_changed: By another column, or the other way.
    """

    photo_chosen = Signal(object)  # ScoredPhoto
    copy_pressed = Signal()
    sorting_changed = Signal()

    OWN = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
    OTHERS = (Qt.Key.Key_Left, Qt.Key.Key_Right)  # the window's: they step through the film strip

    def __init__(self, model: DatasetModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset_grid")
        self._model = model
        self._telling = True
        self._spans = QTimer(self)  # once for many rows that change together
        self._spans.setSingleShot(True)
        self.order = DatasetOrder(model, self)
        self.setModel(self.order)
        self.cells = DatasetDelegate(self)
        self.setItemDelegate(self.cells)
        self.setAccessibleName(self.tr("Photos of the data set and their figures"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setMouseTracking(True)
        self.setMinimumHeight(LEAST_HEIGHT)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setObjectName("dataset_head")
        head.setHighlightSections(False)
        head.setStretchLastSection(False)
        head.setSectionsMovable(False)
        head.setMinimumSectionSize(32)
        head.setSortIndicatorClearable(True)  # a third click: the data set's own order
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        head.sortIndicatorChanged.connect(lambda *_: self.sorting_changed.emit())
        self._spans.timeout.connect(self._span_problems)
        for changed in (
            self.order.layoutChanged,
            self.order.rowsInserted,
            self.order.rowsRemoved,
            self.order.dataChanged,
            self.order.modelReset,
        ):
            changed.connect(self._ask_for_spans)
        self.order.modelReset.connect(self._fit)
        self._fit()

    @property
    def chosen(self) -> tuple[ScoredPhoto, ...]:
        """The selected photos, in the table's order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return tuple(self.order.ordered_at(row) for row in rows)

    @property
    def sorting(self) -> tuple[str, bool]:
        """The key of the column that rows are sorted by, and whether it falls; no key for the data set's order."""
        head = self.horizontalHeader()
        section = head.sortIndicatorSection()
        falling = head.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
        return (self._model.columns[section].key, falling) if 0 <= section < len(self._model.columns) else ("", False)

    def sort_by(self, key: str, *, falling: bool) -> None:
        """Sorts by a column; by none, or one that is not there, the data set's order stays."""
        keys = [column.key for column in self._model.columns]
        section = keys.index(key) if key in keys else -1
        self.sortByColumn(section, Qt.SortOrder.DescendingOrder if falling else Qt.SortOrder.AscendingOrder)

    def show_row(self, place: int) -> None:
        """Marks the photo that is shown, by its place in the data set; -1 marks none. Nobody is told."""
        index = self.order.mapFromSource(self._model.index(place, 0)) if place >= 0 else QModelIndex()
        if index == self.currentIndex().siblingAtColumn(0) and index.isValid():
            return
        self._telling = False
        if index.isValid():
            flag = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
            self.scrollTo(index)
        else:
            self.selectionModel().clear()
        self._telling = True

    @Slot()
    def _ask_for_spans(self) -> None:
        self._spans.start(0)

    @Slot()
    def _span_problems(self) -> None:
        """What went wrong stands across the figures that are not there."""
        self.clearSpans()
        width = len(self._model.columns) - FIRST_CELL
        places = [place for place, row in enumerate(self._model.rows) if row.problem]
        for place in places if width > 1 else ():
            row = self.order.mapFromSource(self._model.index(place, 0)).row()
            if row >= 0:
                self.setSpan(row, FIRST_CELL, 1, width)

    @Slot()
    def _fit(self) -> None:
        """Widths of the figures; the name has what is left, or as much as leaves the first figures in sight."""
        metrics = QFontMetrics(self.font())
        self.verticalHeader().setDefaultSectionSize(metrics.height() + ROW_PADDING)
        widths = []
        for section, column in enumerate(self._model.columns[1:], start=1):
            sample = metrics.horizontalAdvance(SAMPLES.get(column.figure, SHARE_SAMPLE))
            title = str(self._model.headerData(section, Qt.Orientation.Horizontal)).split("\n")
            widest = max(metrics.horizontalAdvance(line) for line in title)
            width = max(sample, widest) + CELL_PADDING
            self.setColumnWidth(section, width)
            widths.append(width)
        room, letter = self.viewport().width(), metrics.averageCharWidth()
        names = (metrics.horizontalAdvance(self._model.name_of(row)) for row in self._model.rows[:NAMES_LOOKED_AT])
        over = str(self._model.headerData(0, Qt.Orientation.Horizontal))
        heading = metrics.horizontalAdvance(over) + self._sign_width()
        wanted = min(max(names, default=0), letter * NAME_LETTERS) + NAME_PADDING
        fewest = min(wanted, letter * FEWEST_LETTERS + NAME_PADDING)
        beside = room - sum(widths[:FIRST_FIGURES])  # the name's, where the first figures are to be seen too
        least = max(min(wanted, beside), fewest, heading + CELL_PADDING)
        self.setColumnWidth(0, max(least, room - sum(widths)))

    def _sign_width(self) -> int:
        """Of the arrow that a sorted column's title has."""
        return self.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMarkSize, None, self.horizontalHeader())

    # Qt's own

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Shows the photo of the row."""
        super().currentChanged(current, previous)
        if self._telling and current.isValid() and current.row() != previous.row():
            self.photo_chosen.emit(self.order.ordered_at(current.row()))

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End go to the first and last row."""
        ends = {QAbstractItemView.CursorAction.MoveHome: 0, QAbstractItemView.CursorAction.MoveEnd: -1}
        if action not in ends:
            return super().moveCursor(action, modifiers)
        return self.order.index(self.order.rowCount() - 1 if ends[action] else 0, 0)

    def sizeHint(self) -> QSize:
        """Room for some rows."""
        rows = ROWS_WANTED * self.verticalHeader().defaultSectionSize()
        return QSize(super().sizeHint().width(), self.horizontalHeader().sizeHint().height() + rows + 2)

    def event(self, event: QEvent) -> bool:
        """Keeps its keys while it has the focus; elsewhere they are shortcuts."""
        return keeps_key(event, self._is_own) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copies; letters are the window's shortcuts, so nothing is looked for by typing."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_pressed.emit()
        elif event.key() in self.OTHERS or (event.key() not in self.OWN and not self._is_own(event)):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives the name what is left."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Follows the size of type."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_spans"):
            self._fit()

    def _is_own(self, event: QKeyEvent) -> bool:
        shift = Qt.KeyboardModifier.ShiftModifier
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        moves = event.key() in self.OWN and modifiers in (Qt.KeyboardModifier.NoModifier, shift)
        return (
            moves or event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.SelectAll)
        )
