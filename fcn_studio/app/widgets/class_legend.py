"""The legend: each class's colour, name and share of pixels in each variant; a click hides it, Alt+click solos it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QBrush, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.icons import swatch
from fcn_studio.core.trace import Trace

INDEX = Qt.ItemDataRole.UserRole


class _Tree(QTreeWidget):
    """Rows of classes.

    Signals:
        toggled: A class is to be shown or hidden. (its index)
        soloed: A class is to be shown alone. (its index)
    """

    toggled = Signal(int)
    soloed = Signal(int)

    def _request(self, item: QTreeWidgetItem, *, solo: bool) -> None:
        (self.soloed if solo else self.toggled).emit(int(item.data(0, INDEX)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        item = self.itemAt(event.position().toPoint())
        if item is not None and event.button() == Qt.MouseButton.LeftButton:
            self._request(item, solo=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if item is not None and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_S):
            self._request(item, solo=event.key() == Qt.Key.Key_S)
            return
        super().keyPressEvent(event)


class ClassLegend(QFrame):
    """A table of classes, largest first.

    Signals:
        class_toggled: A class is to be shown or hidden. (its index)
        class_soloed: A class is to be shown alone. (its index)
        all_requested: All classes are to be shown.
    """

    class_toggled = Signal(int)
    class_soloed = Signal(int)
    all_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("legend")
        self._trace: Trace | None = None
        self._hidden: frozenset[int] = frozenset()
        title = QLabel(self.tr("Classes"))
        title.setProperty("role", "title")
        hint = QLabel(self.tr("Share of pixels in percent. Click hides a class, Alt+click shows it alone."))
        hint.setProperty("role", "small")
        hint.setWordWrap(True)
        self._tree = _Tree()
        self._tree.setObjectName("legend_tree")
        self._tree.setAccessibleName(self.tr("Classes and their shares of pixels"))
        self._tree.setRootIsDecorated(False)
        self._tree.setUniformRowHeights(True)
        self._tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._tree.toggled.connect(self.class_toggled)
        self._tree.soloed.connect(self.class_soloed)
        self._all = QPushButton(self.tr("Show all classes"))
        self._all.setObjectName("legend_all")
        self._all.clicked.connect(self.all_requested)
        self._all.setEnabled(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for widget in (title, hint):
            column.addWidget(widget)
        column.addWidget(self._tree, 1)
        column.addWidget(self._all)
        self.show_trace(None)

    def show_trace(self, trace: Trace | None) -> None:
        """Fills the table from a trace; without one it is empty."""
        self._trace = trace
        self._tree.clear()
        variants = trace.variants if trace else ()
        self._tree.setHeaderLabels([self.tr("Class"), *variants])
        header = self._tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column in range(1, len(variants) + 1):
            self._tree.headerItem().setTextAlignment(column, right)
        if trace is not None:
            shares = {variant: trace.class_shares(variant) for variant in variants}
            order = sorted(range(len(trace.labels)), key=lambda index: -float(shares[variants[-1]][index]))
            for index in order:
                texts = [share_text(float(shares[variant][index])) for variant in variants]
                item = QTreeWidgetItem([trace.labels.classes[index], *texts])
                item.setData(0, INDEX, index)
                for column in range(1, len(variants) + 1):
                    item.setTextAlignment(column, right)
                self._tree.addTopLevelItem(item)
        self._mark()

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Marks the classes that are not drawn."""
        self._hidden = hidden
        self._mark()

    @Slot()
    def refresh(self) -> None:
        """Colours of text have changed with the theme."""
        self._mark()

    def _mark(self) -> None:
        self._all.setEnabled(bool(self._hidden))
        if self._trace is None:
            return
        palette = self._trace.labels.palette()
        quiet = QBrush(self.palette().placeholderText().color())
        for row in range(self._tree.topLevelItemCount()):
            item = self._tree.topLevelItem(row)
            if item is None:
                continue
            index = int(item.data(0, INDEX))
            shown = index not in self._hidden
            item.setIcon(0, swatch(palette[index].tolist(), shown=shown))
            font = self._tree.font()
            font.setStrikeOut(not shown)
            item.setFont(0, font)
            for column in range(self._tree.columnCount()):
                item.setForeground(column, QBrush() if shown else quiet)
            state = self.tr("shown") if shown else self.tr("hidden")
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{item.text(0)}, {state}")
            item.setToolTip(0, f"{item.text(0)} ({index}), {state}")


def share_text(share: float) -> str:
    """A share for the table, in percent: `23.4`, `< 0.1` for what is there but small, a dash for nothing."""
    if share == 0:
        return "\N{EN DASH}"
    return "< 0.1" if share < 0.0005 else f"{100 * share:.1f}"
