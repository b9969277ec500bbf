"""The legend: each class's colour, name and share of pixels in each variant; a click hides it, Alt+click solos it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.compare.cutoff_slider import CutoffSlider
from fcn_studio.app.values.appearance import Appearance
from fcn_studio.app.values.jobs import Result
from fcn_studio.app.widgets.choice_box import ChoiceBox
from fcn_studio.app.widgets.icons import swatch
from fcn_studio.app.widgets.own_keys import LeavesLetters
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace

INDEX = Qt.ItemDataRole.UserRole


class _Tree(LeavesLetters, QTreeWidget):
    """Rows of classes.

    Signals:
        toggled: A class is to be shown or hidden. (its row)
        soloed: A class is to be shown alone. (its row)
    """

    toggled = Signal(int)
    soloed = Signal(int)

    def _request(self, item: QTreeWidgetItem, *, solo: bool) -> None:
        (self.soloed if solo else self.toggled).emit(self.indexOfTopLevelItem(item))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        item = self.itemAt(event.position().toPoint())
        if item is not None and event.button() == Qt.MouseButton.LeftButton:
            self._request(item, solo=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if item is not None and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._request(item, solo=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
            return
        super().keyPressEvent(event)


class ClassLegend(QFrame):
    """A table of classes, largest first.

    Signals:
        class_toggled: A class is to be shown or hidden. (its name)
        class_soloed: A class is to be shown alone. (its name)
        map_requested: A class of a classifier is to be shown as a heat map. (its name)
        colour_requested: A class is to get another colour. (its name)
        all_requested: All classes are to be shown.
        cutoff_requested: Pixels below this probability are to be hatched. (percent)
    """

    class_toggled = Signal(str)
    class_soloed = Signal(str)
    map_requested = Signal(str)
    colour_requested = Signal(str)
    all_requested = Signal()
    cutoff_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("legend")
        self._result: Result | None = None
        self._live: NDArray[np.float64] | None = None
        self._appearance = Appearance()
        self._slot = 0
        title = QLabel(self.tr("Classes"))
        title.setProperty("role", "title")
        self._shares_hint = self.tr("Share of pixels in percent. Click hides a class, Alt+click shows it alone.")
        self._presence_hint = self.tr(
            "Probability in percent, of the whole photo and at its peak. The mean of a class's map is the classifier's "
            "logit. Click shows where a class is, Alt+click its pixels alone."
        )
        self._hint = QLabel(self._shares_hint)
        self._hint.setProperty("role", "small")
        self._hint.setWordWrap(True)
        self._checkpoint = ChoiceBox()
        self._checkpoint.setObjectName("legend_checkpoint")
        self._checkpoint.setAccessibleName(self.tr("Checkpoint whose shares are listed"))
        self._checkpoint.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._checkpoint.activated.connect(self._choose)
        self._checkpoint.hide()
        self._tree = _Tree()
        self._tree.setObjectName("legend_tree")
        self._tree.setAccessibleName(self.tr("Classes and their shares of pixels"))
        self._tree.setRootIsDecorated(False)
        self._tree.setUniformRowHeights(True)
        self._tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._tree.toggled.connect(self._toggle)
        self._tree.soloed.connect(self._solo)
        self._tree.customContextMenuRequested.connect(self._open_menu)
        self._cutoff = CutoffSlider()
        self._cutoff.cutoff_requested.connect(self.cutoff_requested)
        self._all = QPushButton(self.tr("Show all classes"))
        self._all.setObjectName("legend_all")
        self._all.clicked.connect(self.all_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for widget in (title, self._hint, self._checkpoint):
            column.addWidget(widget)
        column.addWidget(self._tree, 1)
        column.addWidget(self._all)
        column.addWidget(self._cutoff)
        self.show_result(None)

    @property
    def labels(self) -> LabelSet | None:
        """The classes that are listed."""
        return self._trace.labels if self._trace else None

    @property
    def _trace(self) -> Trace | None:
        traces = _traces(self._result)
        return traces[self._slot] if self._slot < len(traces) else None

    def show_result(self, result: Result | None) -> None:
        """Fills the table; without a result it is empty."""
        self._result = result
        traces = _traces(result)
        names = [trace.provenance.checkpoint if trace else "\N{HORIZONTAL ELLIPSIS}" for trace in traces]
        if self._slot >= len(traces):
            self._slot = 0
        with QSignalBlocker(self._checkpoint):
            self._checkpoint.clear()
            self._checkpoint.addItems([f"{number}  {name}" for number, name in enumerate(names, start=1)])
            self._checkpoint.setCurrentIndex(self._slot)
        self._checkpoint.setVisible(len(names) > 1)
        self._fill()

    def show_live(self, shares: NDArray[np.float64] | None) -> None:
        """(C,) shares of a mask that is mixed by hand, in a column of their own; None for no such mask."""
        self._live = shares
        self._fill()

    def set_appearance(self, appearance: Appearance) -> None:
        """Marks hidden classes, shows other colours and the cut-off."""
        self._appearance = appearance
        self._cutoff.set_cutoff(appearance.cutoff)
        self._mark()

    @Slot()
    def refresh(self) -> None:
        """Colours of text have changed with the theme."""
        self._mark()

    def _fill(self) -> None:
        self._tree.clear()
        trace = self._trace
        truth = self._result.truth if self._result else None
        variants = trace.variants if trace else ()
        columns = {variant: trace.class_shares(variant).tolist() for variant in variants} if trace else {}
        presence = trace.presence if trace is not None else None
        self._hint.setText(self._shares_hint if presence is None else self._presence_hint)
        if presence is not None:
            columns = {self.tr("photo"): presence.photo.tolist(), self.tr("peak"): presence.peak.tolist()}
        if truth is not None and trace is not None and truth.labels.classes == trace.labels.classes:
            columns = {self.tr("truth"): list(truth.shares), **columns}
        if self._live is not None and trace is not None and len(self._live) == len(trace.labels):
            columns[self.tr("live")] = self._live.tolist()
        guessed = trace is not None and trace.labels.guessed
        self._tree.setColumnCount(1 + len(columns))  # labels alone take none away
        self._tree.setHeaderLabels([self.tr("Class (guessed)") if guessed else self.tr("Class"), *columns])
        header = self._tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column in range(1, len(columns) + 1):
            self._tree.headerItem().setTextAlignment(column, right)
        if trace is not None:
            last = columns[variants[-1]] if presence is None else _named_first(trace, presence.photo)
            for index in sorted(range(len(trace.labels)), key=lambda index: -last[index]):
                texts = [share_text(shares[index]) for shares in columns.values()]
                item = QTreeWidgetItem([trace.labels.classes[index], *texts])
                item.setData(0, INDEX, index)
                for column in range(1, len(columns) + 1):
                    item.setTextAlignment(column, right)
                self._tree.addTopLevelItem(item)
        self._mark()

    def _name(self, row: int) -> str:
        item = self._tree.topLevelItem(row)
        labels = self.labels
        return labels.classes[int(item.data(0, INDEX))] if item is not None and labels is not None else ""

    def _mark(self) -> None:
        hidden = self._appearance.hidden
        self._all.setEnabled(bool(hidden))
        labels = self.labels
        if labels is None:
            return
        palette = self._appearance.dressed(labels).palette()
        quiet = QBrush(self.palette().placeholderText().color())
        for row in range(self._tree.topLevelItemCount()):
            item = self._tree.topLevelItem(row)
            if item is None:
                continue
            index, name = int(item.data(0, INDEX)), self._name(row)
            shown = name not in hidden
            item.setIcon(0, swatch(palette[index].tolist(), shown=shown))
            font = self._tree.font()
            font.setStrikeOut(not shown)
            item.setFont(0, font)
            for column in range(self._tree.columnCount()):
                item.setForeground(column, QBrush() if shown else quiet)
            state = self.tr("shown") if shown else self.tr("hidden")
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{name}, {state}")
            item.setToolTip(0, f"{name} ({index}), {state}")

    @Slot(int)
    def _choose(self, slot: int) -> None:
        self._slot = slot
        self._fill()

    @Slot(int)
    def _toggle(self, row: int) -> None:
        trace = self._trace
        if trace is not None and trace.presence is not None:
            self.map_requested.emit(self._name(row))
        else:
            self.class_toggled.emit(self._name(row))

    @Slot(int)
    def _solo(self, row: int) -> None:
        self.class_soloed.emit(self._name(row))

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        item = self._tree.itemAt(place) or self._tree.currentItem()
        if item is None:
            return
        row = self._tree.indexOfTopLevelItem(item)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Show or Hide"), lambda: self.class_toggled.emit(self._name(row)))
        menu.addAction(self.tr("Show Alone"), lambda: self._solo(row))
        menu.addAction(self.tr("Change Colour…"), lambda: self.colour_requested.emit(self._name(row)))
        menu.popup(self._tree.viewport().mapToGlobal(place))


def share_text(share: float) -> str:
    """A share for the table, in percent: `23.4`, `< 0.1` for what is there but small, a dash for nothing."""
    if share == 0:
        return "\N{EN DASH}"
    return "< 0.1" if share < 0.0005 else f"{100 * share:.1f}"


def _named_first(trace: Trace, probabilities: NDArray[np.float32]) -> list[float]:
    """What a classifier's classes are sorted by: those that stand for many others come last."""
    return [-1.0 if index == trace.labels.background else float(value) for index, value in enumerate(probabilities)]


def _traces(result: Result | None) -> tuple[Trace | None, ...]:
    """One for each open checkpoint, even if only some of its masks are there."""
    if result is None:
        return ()
    early = {slot: found.trace for slot, found in result.early.items()}
    return tuple(trace or early.get(slot) for slot, trace in enumerate(result.traces))
