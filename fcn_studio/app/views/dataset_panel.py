"""The data set table with all that belongs to it: split, filter, progress and the whole set's metrics."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.dataset_columns import Column, Pick, picks
from fcn_studio.app.dataset_csv import table_csv
from fcn_studio.app.dataset_scores import DatasetScores, ScoredPhoto
from fcn_studio.app.jobs import Photo
from fcn_studio.app.views.dataset_grid import DatasetGrid
from fcn_studio.app.views.dataset_model import DatasetModel
from fcn_studio.app.views.dataset_totals import DatasetTotals
from fcn_studio.app.widgets.choice_box import ChoiceBox

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
        self._head, self._progress = self._build_head(), self._build_progress()
        self._filled = QWidget()
        self._places = QGridLayout(self._filled)
        self._places.setContentsMargins(0, 0, 0, 0)
        self._places.setSpacing(0)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._build_empty())
        self._stack.addWidget(self._filled)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.set_beside(True)
        self.grid.photo_chosen.connect(self._choose_photo)
        self.grid.copy_pressed.connect(self.copy)
        self.grid.customContextMenuRequested.connect(self._open_menu)
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
        return self._status.text()

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """What the menus of the table offer."""
        self._menu_actions = tuple(actions)
        menu = QMenu(self._more)
        menu.addActions(list(actions))
        self._more.setMenu(menu)

    def set_icons(self, sign: QIcon) -> None:
        """Icons in the theme's colours."""
        self.grid.cells.sign = sign
        self.grid.viewport().update()

    def set_beside(self, beside: bool) -> None:
        """Narrow and high, beside the pictures, or wide and low, below them."""
        parts = (self._head, self.grid, self._progress, self.totals)
        below = ((0, 0), (1, 0), (0, 1), (1, 1))
        for place, widget in enumerate(parts):
            self._places.removeWidget(widget)
            self._places.addWidget(widget, *((place, 0) if beside else below[place]))
        if not beside:
            self._places.setAlignment(self.totals, Qt.AlignmentFlag.AlignTop)
        for widget in (self._progress, self.totals):
            widget.setMaximumWidth(16_777_215 if beside else CONTROLS_WIDTH)
        self._head_line.setDirection(QBoxLayout.Direction.TopToBottom if beside else QBoxLayout.Direction.LeftToRight)
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
        return table_csv(rows, self.columns, split.folder) if split is not None else ""

    def _build_head(self) -> QWidget:
        self._name = QLabel()
        self._name.setProperty("role", "title")
        self._split = ChoiceBox()
        self._split.setObjectName("dataset_split")
        self._split.setAccessibleName(self.tr("Split of the data set"))
        self._split.textActivated.connect(self.split_requested)
        self._checkpoint = ChoiceBox()
        self._checkpoint.setObjectName("dataset_checkpoint")
        self._checkpoint.setAccessibleName(self.tr("Checkpoint whose figures are listed"))
        self._checkpoint.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._checkpoint.activated.connect(self._choose_pick)
        self._more = QToolButton()
        self._more.setObjectName("dataset_more")
        self._more.setText("\N{HORIZONTAL ELLIPSIS}")
        self._more.setToolTip(self.tr("More about the table"))
        self._more.setAccessibleName(self._more.toolTip())
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._filter = QLineEdit()
        self._filter.setObjectName("dataset_filter")
        self._filter.setPlaceholderText(self.tr("Filter by name"))
        self._filter.setAccessibleName(self._filter.placeholderText())
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._filter_rows)
        head = QWidget()
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._name, 1)
        first.addWidget(self._split)
        first.addWidget(self._more)
        column = self._head_line = QBoxLayout(QBoxLayout.Direction.TopToBottom, head)
        column.setContentsMargins(MARGIN, 8, MARGIN, 8)
        column.setSpacing(8)
        column.addLayout(first)
        column.addWidget(self._checkpoint)
        column.addWidget(self._filter)
        return head

    def _build_progress(self) -> QWidget:
        self._status = QLabel()
        self._status.setObjectName("dataset_status")
        self._status.setProperty("role", "small")
        self._status.setWordWrap(True)
        self._status.setToolTip(
            self.tr(
                "Figures are of the checkpoint as it was loaded; the sliders of the Fusion view do not change them."
            )
        )
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Share of the photos that are measured"))
        self._pause = QPushButton()
        self._pause.setObjectName("dataset_pause")
        self._pause.setProperty("role", "inline")
        self._pause.clicked.connect(lambda: self.pause_requested.emit(not self._dataset.paused))
        progress = QWidget()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._status, 1)
        row.addWidget(self._pause)
        column = QVBoxLayout(progress)
        column.setContentsMargins(MARGIN, 8, MARGIN, 0)
        column.setSpacing(6)
        column.addWidget(self._bar)
        column.addLayout(row)
        return progress

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
        with QSignalBlocker(self._checkpoint):
            self._checkpoint.clear()
            self._checkpoint.addItems([self._title(pick) for pick in self._picks])
            self._checkpoint.setCurrentIndex(self._picks.index(self.pick) if self.pick is not None else -1)
        self._checkpoint.setVisible(len(self._picks) > 1)
        if split is not None:
            self._name.setText(split.name)
            self._name.setToolTip(str(split.folder))
            with QSignalBlocker(self._split):
                self._split.clear()
                self._split.addItems(split.splits)
                self._split.setCurrentText(split.split)
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
        dataset = self._dataset
        done, total = dataset.measured + dataset.failed, len(dataset.rows)
        self._status.setText(self._words())
        self._bar.setMaximum(max(total, 1))
        self._bar.setValue(done)
        self._bar.setVisible(dataset.waiting > 0 and not dataset.mismatch)
        self._pause.setText(self.tr("Go On") if dataset.paused else self.tr("Stop"))
        self._pause.setVisible(dataset.waiting > 0 and not dataset.mismatch)
        self.totals.show_totals(self.pick, dataset.totals, dataset.measured)

    def _words(self) -> str:
        dataset = self._dataset
        if dataset.mismatch:
            return self.tr("No open checkpoint has the classes of this data set. Open one that was trained on them.")
        if dataset.rows and not self.rows:
            return self.tr("No photo has this in its name.")
        total = len(dataset.rows)
        if dataset.measured == total:
            return self.tr("All {0} photos are measured.").format(total)
        texts = [self.tr("{0} of {1} photos measured.").format(dataset.measured, total)]
        if dataset.failed:
            texts.append(self.tr("{0} cannot be.").format(dataset.failed))
        if dataset.stale:
            texts.append(self.tr("{0} still show {1}.").format(dataset.stale, dataset.before))
        if dataset.paused and dataset.waiting:
            texts.insert(0, self.tr("Stopped."))
        return " ".join(texts)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(self._menu_actions))
        menu.popup(self.grid.viewport().mapToGlobal(place))
