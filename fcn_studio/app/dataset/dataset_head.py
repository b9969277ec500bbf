"""What stands over the data set table: its name, split and checkpoint, a filter and a menu."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from fcn_studio.app.values.dataset_split import DatasetSplit
from fcn_studio.app.widgets.choice_box import ChoiceBox

MARGIN = 12


class DatasetHead(QWidget):
    """Two lines, or three where several checkpoints are open.

    Signals:
        split_chosen: Another split. (its name)
        checkpoint_chosen: The figures of another checkpoint. (its place)
        filter_changed: Only photos with this in their names. (text)
    """

    split_chosen = Signal(str)
    checkpoint_chosen = Signal(int)
    filter_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = QLabel()
        self._name.setProperty("role", "title")
        self._split = ChoiceBox()
        self._split.setObjectName("dataset_split")
        self._split.setAccessibleName(self.tr("Split of the data set"))
        self._split.textActivated.connect(self.split_chosen)
        self._checkpoint = ChoiceBox()
        self._checkpoint.setObjectName("dataset_checkpoint")
        self._checkpoint.setAccessibleName(self.tr("Checkpoint whose figures are listed"))
        self._checkpoint.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._checkpoint.activated.connect(self.checkpoint_chosen)
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
        self._filter.textChanged.connect(self.filter_changed)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._name, 1)
        first.addWidget(self._split)
        first.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 8, MARGIN, 8)
        column.setSpacing(8)
        column.addLayout(first)
        column.addWidget(self._checkpoint)
        column.addWidget(self._filter)

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """What its menu offers."""
        menu = QMenu(self._more)
        menu.addActions(list(actions))
        self._more.setMenu(menu)

    def show_split(self, split: DatasetSplit) -> None:
        """Names the data set and its splits."""
        self._name.setText(split.name)
        self._name.setToolTip(str(split.folder))
        with QSignalBlocker(self._split):
            self._split.clear()
            self._split.addItems(split.splits)
            self._split.setCurrentText(split.split)

    def show_checkpoints(self, titles: Sequence[str], chosen: int) -> None:
        """Whose figures can be listed; with one there is nothing to choose."""
        with QSignalBlocker(self._checkpoint):
            self._checkpoint.clear()
            self._checkpoint.addItems(list(titles))
            self._checkpoint.setCurrentIndex(chosen)
        self._checkpoint.setVisible(len(titles) > 1)
