"""The choices above heat maps: which node, which kind, cells or enlarged, range and order."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from fcn_studio.app.widgets.choice_box import ChoiceBox
from fcn_studio.app.widgets.segments import Segments
from fcn_studio.core.maps.heat import HeatKind, kinds_of, node_geometry, nodes_of
from fcn_studio.core.trace.trace import Trace


class HeatmapBar(QWidget):
    """The row of choices.

    Signals:
        maps_changed: Other maps are wanted: node, kind, or cells against enlarged.
        look_changed: The same maps are wanted in another range or order.
    """

    maps_changed = Signal()
    look_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("heatmap_bar")
        self._trace: Trace | None = None
        self._wanted = ""  # a node that a trace to come may have
        self._nodes = ChoiceBox()
        self._nodes.setObjectName("heatmap_node")
        self._nodes.setAccessibleName(self.tr("Node of the fusion graph"))
        self._nodes.setToolTip(self.tr("Whose scores are shown: a score layer, a fusion step or a final output"))
        self._nodes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._nodes.setMinimumContentsLength(10)  # where there is no room for the whole text
        self._nodes.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._kinds = ChoiceBox()
        self._kinds.setObjectName("heatmap_kind")
        self._kinds.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._kinds.setAccessibleName(self.tr("Kind of map"))
        self._kinds.setToolTip(self.tr("Scores, probabilities, or how unsure the final output is"))
        self._cells = Segments(
            "heatmap_cells",
            self.tr("Resolution"),
            (
                (self.tr("Grid cells"), self.tr("Each cell of the node's own grid as one block")),
                (self.tr("Upsampled"), self.tr("Enlarged to the photo's size, as the net does it")),
            ),
        )
        self._range = Segments(
            "heatmap_range",
            self.tr("Range of colours"),
            (
                (self.tr("Shared"), self.tr("One range for all classes, so that tiles can be compared")),
                (self.tr("Own"), self.tr("Each class up to its own peak, so that weak classes can be seen")),
            ),
        )
        self._sort = Segments(
            "heatmap_sort",
            self.tr("Order of classes"),
            (
                (self.tr("Peak"), self.tr("The class with the highest value first")),
                (self.tr("Name"), self.tr("By name")),
            ),
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._labelled(self.tr("Node"), self._nodes))
        row.addWidget(self._kinds)
        row.addWidget(self._cells)
        row.addStretch(1)
        self._range_field = self._labelled(self.tr("Range"), self._range)
        self._sort_field = self._labelled(self.tr("Sort"), self._sort)
        row.addWidget(self._range_field)
        row.addWidget(self._sort_field)
        self._nodes.currentIndexChanged.connect(self._on_node)
        self._kinds.currentIndexChanged.connect(self._on_kind)
        self._cells.chosen.connect(self._on_maps)
        self._range.chosen.connect(self._on_look)
        self._sort.chosen.connect(self._on_look)

    @staticmethod
    def _labelled(word: str, field: QWidget) -> QWidget:
        box = QWidget()
        label = QLabel(word)
        label.setProperty("role", "quiet")
        label.setBuddy(field)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label)
        row.addWidget(field, 1)
        return box

    @property
    def node(self) -> str:
        """The chosen node; empty before there is a trace."""
        return str(self._nodes.currentData() or "")

    @property
    def kind(self) -> HeatKind:
        """The chosen kind of map."""
        kind: HeatKind = self._kinds.currentData() or "score"
        return kind

    @property
    def cells(self) -> bool:
        """Whether cells are shown as they are; final outputs have none but the photo's pixels."""
        return self._cells.number == 0 and self._trace is not None and self.node not in self._trace.variants

    @property
    def shared(self) -> bool:
        """Whether all classes have one range."""
        return self._range.number == 0

    @property
    def by_peak(self) -> bool:
        """Whether classes are sorted by their peak and not by name."""
        return self._sort.number == 0

    def set_trace(self, trace: Trace) -> None:
        """The nodes of another trace; the chosen one stays if it has it."""
        wanted = self._wanted or self.node
        self._trace = trace
        nodes = nodes_of(trace)
        with QSignalBlocker(self._nodes):
            self._nodes.clear()
            for node in nodes:
                self._nodes.addItem(self._node_text(trace, node), node)
            self._nodes.setCurrentIndex(nodes.index(wanted) if wanted in nodes else 0)
        if wanted in nodes:
            self._wanted = ""
        self._fill_kinds()

    def choose_node(self, node: str) -> None:
        """As if the user had; a node that is not there yet is chosen once a trace has it."""
        place = self._nodes.findData(node)
        if place < 0:
            self._wanted = node
        else:
            self._nodes.setCurrentIndex(place)

    def set_large(self, large: bool) -> None:
        """Without what concerns tiles only, while one map is shown alone."""
        self._sort_field.setVisible(not large)

    def _node_text(self, trace: Trace, node: str) -> str:
        rows, columns, coords = node_geometry(trace, node)
        if node in trace.variants:
            return self.tr("{0}, final ({1} x {2})").format(trace.title(node), columns, rows)
        text = self.tr("{0} (stride {1}, {2} x {3})")
        tap = trace.other_tap(node)
        return text.format(f"{node} \N{MIDDLE DOT} {tap}" if tap else node, int(coords.scale), columns, rows)

    def _fill_kinds(self) -> None:
        if self._trace is None:
            return
        words = {
            "score": self.tr("Score"),
            "probability": self.tr("Probability"),
            "entropy": self.tr("Entropy"),
            "margin": self.tr("Margin"),
        }
        kinds, chosen = kinds_of(self._trace, self.node), self.kind
        with QSignalBlocker(self._kinds):
            self._kinds.clear()
            for kind in kinds:
                self._kinds.addItem(words[kind], kind)
            self._kinds.setCurrentIndex(kinds.index(chosen) if chosen in kinds else 0)
        self._cells.setEnabled(self.node not in self._trace.variants)

    @Slot(int)
    def _on_node(self, _index: int) -> None:
        self._wanted = ""
        self._fill_kinds()
        self.maps_changed.emit()

    @Slot(int)
    def _on_kind(self, _index: int) -> None:
        self.maps_changed.emit()

    @Slot(int)
    def _on_maps(self, _number: int) -> None:
        self.maps_changed.emit()

    @Slot(int)
    def _on_look(self, _number: int) -> None:
        self.look_changed.emit()
