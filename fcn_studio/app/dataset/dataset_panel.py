"""The data set table with all that belongs to it: its head, its progress and the whole set's metrics."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.dataset.dataset_columns import Column, Pick, picks
from fcn_studio.app.dataset.dataset_csv import table_csv
from fcn_studio.app.dataset.dataset_grid import DatasetGrid
from fcn_studio.app.dataset.dataset_head import DatasetHead
from fcn_studio.app.dataset.dataset_model import DatasetModel
from fcn_studio.app.dataset.dataset_progress import DatasetProgress
from fcn_studio.app.dataset.dataset_totals import DatasetTotals
from fcn_studio.app.session.dataset_scores import DatasetScores, ScoredPhoto
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.widgets.low_room import UprightArea

CONTROLS_WIDTH = 264  # where they stand beside the rows
MARGIN = 12


class DatasetPanel(QFrame):
    """Follows the session's data set; what is wished for is told by signals.

    Attributes:
        grid: The rows.
        totals: The whole set's metrics.
        pick: Whose figures are shown.

    Signals:
        photo_requested: A photo is to be shown. (Photo)
        split_requested: Another split is to be opened. (its name)
        pause_requested: Measuring is to stop, or to go on. (whether to stop)
        folder_requested: A data set's folder is to be chosen.
        copy_requested: Rows are to be copied. (tuple of ScoredPhoto)
    """

    photo_requested = Signal(object)  # Photo
    split_requested = Signal(str)
    pause_requested = Signal(bool)
    folder_requested = Signal()
    copy_requested = Signal(object)  # tuple[ScoredPhoto, ...]

    def __init__(self, dataset: DatasetScores, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset_panel")
        self._dataset = dataset
        self._current: Photo | None = None
        self._picks: tuple[Pick, ...] = ()
        self.pick: Pick | None = None
        self._model = DatasetModel(dataset, self)
        self.grid, self.totals = DatasetGrid(self._model), DatasetTotals()
        self._head, self._progress = DatasetHead(), DatasetProgress(dataset)
        self._filled = QWidget()
        self._places = QGridLayout(self._filled)
        self._places.setContentsMargins(0, 0, 0, 0)
        self._places.setSpacing(0)
        controls = QWidget()
        self._controls = QVBoxLayout(controls)  # of what stands beside the rows, where the table is below
        self._controls.setContentsMargins(0, 0, 0, 0)
        self._controls.setSpacing(0)
        self._controls.addStretch(1)
        self._area = UprightArea("dataset_area", controls)
        self._area.setFixedWidth(CONTROLS_WIDTH)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._build_empty())
        self._stack.addWidget(self._filled)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(UprightArea("dataset_scroll", self._stack))
        self.set_beside(True)
        self.grid.photo_chosen.connect(self._choose_photo)
        self.grid.copy_pressed.connect(self.copy)
        self.grid.customContextMenuRequested.connect(self._open_menu)
        self._head.split_chosen.connect(self.split_requested)
        self._head.checkpoint_chosen.connect(self._choose_pick)
        self._head.filter_changed.connect(self._filter_rows)
        self._progress.pause_requested.connect(self.pause_requested)
        dataset.opened.connect(self._reset)
        dataset.columns_changed.connect(self._reset)
        dataset.row_changed.connect(self._model.refresh_row)
        dataset.state_changed.connect(self._show_state)
        self._menu_actions: tuple[QAction, ...] = ()
        self._reset()

    @property
    def rows(self) -> tuple[ScoredPhoto, ...]:
        """The photos as they are sorted and filtered."""
        return self.grid.order.ordered

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is shown of them."""
        return self._model.columns

    @property
    def status(self) -> str:
        """How far it is, in words."""
        return self._progress.text

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """What the menus of the table offer."""
        self._menu_actions = tuple(actions)
        self._head.set_actions(actions)

    def set_icons(self, sign: QIcon) -> None:
        """Icons in the theme's colours."""
        self.grid.cells.sign = sign
        self.grid.viewport().update()

    def set_beside(self, beside: bool) -> None:
        """Narrow and high, beside the pictures, or wide and low, below them."""
        controls: tuple[QWidget, ...] = (self._head, self._progress, self.totals)
        for widget in (self.grid, self._area, *controls):
            self._places.removeWidget(widget)
        self._area.setVisible(not beside)
        if beside:
            for row, widget in enumerate((self._head, self.grid, self._progress, self.totals)):
                self._places.addWidget(widget, row, 0)
        else:  # all of the height is for rows
            self._places.addWidget(self.grid, 1, 0)
            self._places.addWidget(self._area, 1, 1)
            for row, widget in enumerate(controls):
                self._controls.insertWidget(row, widget)
        self._places.setRowStretch(1, 1)
        self._places.setColumnStretch(0, 1)
        self.setProperty("beside", beside)
        self.style().unpolish(self)
        self.style().polish(self)

    @Slot(object)
    def set_current(self, photo: Photo | None) -> None:
        """Marks the photo that the window shows."""
        self._current = photo
        self.grid.show_row(self._dataset.place_of(photo))

    @Slot()
    def copy(self) -> None:
        """Asks for the selected rows to be copied; all of them where no more than one is."""
        chosen = self.grid.chosen
        self.copy_requested.emit(chosen if len(chosen) > 1 else self.rows)

    def copy_all(self) -> None:
        """Asks for all rows to be copied."""
        self.copy_requested.emit(self.rows)

    def csv(self, rows: Sequence[ScoredPhoto]) -> str:
        """Rows as CSV."""
        split = self._dataset.split
        return table_csv(rows, self.pick, split.folder) if split is not None else ""

    def _build_empty(self) -> QWidget:
        text = QLabel(
            self.tr(
                "Open the folder of a data set, photos with their masks, such as train/ with trainannot/ and val/ with "
                "valannot/. Each photo is measured, and the table can be sorted by any figure: where does 8s gain on "
                "32s, and where does it lose?"
            )
        )
        text.setProperty("role", "quiet")
        text.setWordWrap(True)
        button = QPushButton(self.tr("Open a Folder…"))
        button.setObjectName("dataset_open")
        button.clicked.connect(self.folder_requested)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(12)
        column.addWidget(text)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return empty

    @Slot()
    def _reset(self) -> None:
        split = self._dataset.split
        self._stack.setCurrentIndex(0 if split is None or not self._dataset.listed else 1)
        chosen = self.pick.slot if self.pick is not None else None
        self._picks = picks(self._dataset.panels)
        self.pick = next((pick for pick in self._picks if pick.slot == chosen), next(iter(self._picks), None))
        titles = [self._title(pick) for pick in self._picks]
        self._head.show_checkpoints(titles, self._picks.index(self.pick) if self.pick is not None else -1)
        if split is not None:
            self._head.show_split(split)
        self._fill()

    def _fill(self) -> None:
        key, falling = self.grid.sorting
        self._model.reset(self.pick)
        self.grid.sort_by(key, falling=falling)
        self.set_current(self._current)
        self._show_state()

    def _title(self, pick: Pick) -> str:
        if pick.slot is None:
            return self.tr("All checkpoints: {0}").format(", ".join(pick.panels))
        names = self._dataset.checkpoints
        return f"{pick.slot + 1}  {names[pick.slot]}" if pick.slot < len(names) else str(pick.slot + 1)

    @Slot(int)
    def _choose_pick(self, place: int) -> None:
        self.pick = self._picks[place]
        self._fill()

    @Slot(str)
    def _filter_rows(self, text: str) -> None:
        self.grid.order.set_filter(text)
        self._show_state()

    @Slot(object)
    def _choose_photo(self, row: ScoredPhoto) -> None:
        self.photo_requested.emit(row.photo)

    @Slot()
    def _show_state(self) -> None:
        self._progress.show_state(found=bool(self.rows))
        self.totals.setVisible(not self._dataset.mismatch)
        self.totals.show_totals(self.pick, self._dataset.totals, self._dataset.measured)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(self._menu_actions))
        menu.popup(self.grid.viewport().mapToGlobal(place))
