"""The probe: why the pixel under the pointer, or the one that is pinned, has its class."""

from __future__ import annotations

import html
import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fcn_studio.app.canvas.marks import LAYER_COLOURS, Marks
from fcn_studio.app.probe.share_bars import Bar, BarGroup, ShareBars
from fcn_studio.app.values.appearance import Appearance
from fcn_studio.app.values.captions import panel_title
from fcn_studio.app.values.jobs import FieldTask
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.shown import Probed, Shown
from fcn_studio.app.widgets.choice_box import ChoiceBox
from fcn_studio.app.worker.background import Background
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.names import PUBLISHED, SCORE_LAYERS, VARIANTS, layers_of
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.explain import Explanation, explain, explain_region, receptive_fields
from fcn_studio.core.trace.trace import Trace

TOP = 3  # classes named for each variant
KEY = "probe"
LIVE = PanelId("live")  # the mask that is mixed by hand, while it is seen
DELAY_MS = 12  # within which the pointer's moves are taken together


class ProbeView(QFrame):
    """Words and bars for one place of the photo.

    Signals:
        marks_changed: The place, and what its score cells see, are to be marked. (Marks)
        unpin_requested: The pointer is to be followed again.
        channels_requested: The channels behind the pinned pixel are asked for.
        field_requested: The effective receptive field of a score cell is asked for. (FieldTask)
    """

    marks_changed = Signal(object)  # Marks
    unpin_requested = Signal()
    channels_requested = Signal()
    field_requested = Signal(object)  # FieldTask

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("probe")
        self._background = background
        self._found: dict[PanelId | None, Explanation] = {}
        self._shown: Shown | None = None
        self._probed = Probed()
        self._panels: tuple[PanelId, ...] = ()
        self._variants: tuple[PanelId, ...] = ()
        self._live: Trace | None = None
        self._appearance = Appearance()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._explain)
        self._place = QLabel()
        self._place.setObjectName("probe_place")
        self._place.setProperty("role", "title")
        self._unpin = QPushButton(self.tr("Unpin"))
        self._unpin.setObjectName("probe_unpin")
        self._unpin.setProperty("role", "inline")
        self._unpin.clicked.connect(self.unpin_requested)
        self._hint = QLabel()
        self._hint.setProperty("role", "small")
        self._hint.setWordWrap(True)
        self._ranks = QLabel()
        self._ranks.setObjectName("probe_ranks")
        self._ranks.setTextFormat(Qt.TextFormat.RichText)
        self._ranks.setWordWrap(True)
        self._variant = ChoiceBox()
        self._variant.setObjectName("probe_variant")
        self._variant.setAccessibleName(self.tr("Whose score is split"))
        self._variant.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._variant.currentIndexChanged.connect(self._explain)
        self._bars = ShareBars()
        self._bars.setObjectName("probe_bars")
        self._bars.setAccessibleName(self.tr("Share of each score layer"))
        self._verdict = QLabel()
        self._verdict.setObjectName("probe_verdict")
        self._verdict.setWordWrap(True)
        self._doubt = QLabel()
        self._doubt.setObjectName("probe_doubt")
        self._doubt.setProperty("role", "small")
        self._doubt.setWordWrap(True)
        self._key = QLabel(self.tr("Solid: evidence from the photo. Hatched: the layer's bias."))
        self._key.setProperty("role", "small")
        self._key.setWordWrap(True)
        self._fields = QCheckBox(self.tr("Receptive fields on the photo"))
        self._fields.setObjectName("probe_fields")
        self._fields.toggled.connect(self._explain)
        self._effective = ChoiceBox()
        self._effective.setObjectName("probe_effective")
        self._effective.setAccessibleName(self.tr("Effective receptive field"))
        self._effective.setToolTip(
            self.tr(
                "Where the photo moves the winner's score in this layer's cell: the gradient, its square root as "
                "brightness"
            )
        )
        self._effective.addItem(self.tr("No effective field"))
        self._offer_fields(layers_of(PUBLISHED[-1]))
        self._effective.currentIndexChanged.connect(self._ask_field)
        self._heat: NDArray[np.uint8] | None = None
        self._heat_of: FieldTask | None = None
        self._wished: FieldTask | None = None
        self._channels = QPushButton(self.tr("Channels…"))
        self._channels.setObjectName("probe_channels")
        self._channels.setToolTip(self.tr("The channels of pool3, pool4 and fc7 behind the pinned pixel"))
        self._channels.clicked.connect(self.channels_requested)
        self._build()
        self._explain()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._place, 1)
        head.addWidget(self._unpin)
        choice = QHBoxLayout()
        label = QLabel(self.tr("Split the score of"))
        label.setProperty("role", "quiet")
        label.setBuddy(self._variant)
        choice.addWidget(label)
        choice.addWidget(self._variant)
        choice.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._hint)
        column.addWidget(self._ranks)
        column.addLayout(choice)
        for widget in (self._bars, self._key, self._verdict, self._doubt, self._fields):
            column.addWidget(widget)
        column.addWidget(self._effective, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._channels, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self._explained = (self._ranks, label, self._variant, self._bars, self._key, self._verdict, self._doubt)

    def show_picture(self, shown: Shown | None, panels: tuple[PanelId, ...], appearance: Appearance) -> None:
        """Another photo, or more of it."""
        if shown is None or self._shown is None or shown.photo is not self._shown.photo:
            self._heat = self._heat_of = self._wished = None
        self._shown, self._appearance = shown, appearance
        self._variants = tuple(panel for panel in panels if panel.is_variant)
        self._list_panels()

    def show_live(self, trace: Trace | None) -> None:
        """The trace of a mask that is mixed by hand: its finest variant is explained too; None for no such mask."""
        self._live = trace
        self._list_panels()

    def _list_panels(self) -> None:
        panels = (*self._variants, *((LIVE,) if self._live is not None else ()))
        names = [self._title_of(panel) for panel in panels]
        if panels != self._panels or names != [self._variant.itemText(n) for n in range(self._variant.count())]:
            self._panels = panels
            with QSignalBlocker(self._variant):
                self._variant.clear()
                self._variant.addItems(names)
                first = [panel for panel in panels if panel.slot == 0]
                self._variant.setCurrentIndex(panels.index(first[-1]) if first else -1)
        self._later()

    def _title_of(self, panel: PanelId) -> str:
        return self.tr("Live mask") if panel == LIVE else panel_title(panel, self._shown)

    def _kind(self, panel: PanelId) -> str:
        return self._live.variants[-1] if panel == LIVE and self._live is not None else panel.kind

    def set_appearance(self, appearance: Appearance) -> None:
        """Other colours."""
        self._appearance = appearance
        self._later()

    @Slot(object)
    def set_probed(self, probed: Probed) -> None:
        """Another place."""
        self._probed = probed
        self._later()

    def explain_now(self) -> None:
        """Without waiting for more moves of the pointer."""
        self._timer.stop()
        self._explain()

    def _later(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up."""
        self._explain()

    def hideEvent(self, event: QHideEvent) -> None:
        """Takes its marks away."""
        self.marks_changed.emit(Marks())

    @property
    def _panel(self) -> PanelId | None:
        index = self._variant.currentIndex()
        return self._panels[index] if 0 <= index < len(self._panels) else None

    @Slot()
    def _explain(self) -> None:
        """Asks for all variants' explanations of the place: at once for a pixel, in the background for a rectangle."""
        traces = self._traces()
        self._background.forget(KEY)
        if self._probed.region is not None and traces:
            rows, columns = self._probed.region

            def question(token: CancelToken) -> dict[PanelId, Explanation]:
                found = {}
                for panel, trace in traces.items():
                    token.check()
                    found[panel] = explain_region(trace, rows, columns, self._kind(panel))
                return found

            self._background.ask(KEY, question, self._on_explained)
        elif self._probed.pixel is not None:
            x, y = self._probed.pixel
            self._on_explained({panel: explain(trace, x, y, self._kind(panel)) for panel, trace in traces.items()})
        else:
            self._on_explained({})

    def _traces(self) -> dict[PanelId, Trace]:
        if self._shown is None:
            return {}
        found = ((panel, self._live if panel == LIVE else self._shown.trace_of(panel)) for panel in self._panels)
        return {panel: trace for panel, trace in found if trace is not None}

    def _on_explained(self, explanations: object) -> None:
        assert isinstance(explanations, dict)
        self._found = explanations
        panel, probed = self._panel, self._probed
        found = self._found.get(panel)
        trace = self._traces().get(panel) if panel is not None else None
        for widget in (*self._explained, self._fields):
            widget.setVisible(found is not None)
        self._unpin.setVisible(probed.pinned)
        pinned_pixel = found is not None and probed.pinned and probed.pixel is not None
        fuses = trace is not None and trace.fuses_scores
        if trace is not None and fuses:
            self._offer_fields(max(layers_of(PUBLISHED[-1]), trace.graph.layers, key=len))
        self._channels.setVisible(pinned_pixel and fuses)
        self._effective.setVisible(pinned_pixel and fuses)
        self._ask_field()
        self._hint.setVisible(not probed.pinned)
        self._hint.setText(
            self.tr("Click a pixel to pin it, or draw a rectangle with Shift.")
            if found is not None
            else self.tr("Point at a picture: here it is said which class each variant sees there, and why.")
        )
        if found is None or trace is None:
            self._place.setText(self.tr("Probe"))
            self.marks_changed.emit(Marks())
            return
        self._place.setText(self._place_text(probed))
        labels = self._appearance.dressed(trace.labels)
        self._ranks.setText(self._rank_text())
        for widget in (self._bars, self._key):
            widget.setVisible(fuses)  # elsewhere there is one layer, and nothing to share
        if fuses:
            self._bars.set_groups(_groups(found, labels))
            self._verdict.setText(self._verdict_text(found, labels))
        else:
            self._verdict.setText(
                self.tr("{0} does not add scores of several layers, so there are no shares to tell apart here.").format(
                    trace.title(found.variant)
                )
            )
        self._doubt.setText(
            self.tr("Margin of the winner's probability {0} %, entropy {1} bits of at most {2}.").format(
                f"{100 * found.margin:.1f}", f"{found.entropy:.2f}", f"{math.log2(len(labels)):.2f}"
            )
        )
        self.marks_changed.emit(self._marks(trace))

    def _marks(self, trace: Trace) -> Marks:
        probed = self._probed
        region = None
        if probed.region is not None:
            rows, columns = probed.region
            region = (float(columns.start), float(rows.start), float(columns.stop), float(rows.stop))
        fields: tuple[tuple[str, tuple[float, float, float, float]], ...] = ()
        if self._fields.isChecked() and probed.pixel is not None:
            fields = tuple(receptive_fields(trace, *probed.pixel).items())
        task = self._field_task()
        heat = self._heat if task is not None and task == self._heat_of else None
        return Marks(probed.pixel if probed.pinned else None, region, fields, heat, task if heat is not None else None)

    def _offer_fields(self, layers: tuple[str, ...]) -> None:
        """Lists the layers whose effective field can be seen."""
        with QSignalBlocker(self._effective):
            for number in range(self._effective.count() - 1, len(layers)):
                self._effective.addItem(self.tr("Effective field of {0}").format(layers[number]))
            while self._effective.count() > len(layers) + 1:
                self._effective.removeItem(self._effective.count() - 1)

    @property
    def _finest(self) -> Explanation | None:
        """Of the first checkpoint's finest variant, where it fuses scores."""
        return next((self._found[PanelId(name)] for name in reversed(VARIANTS) if PanelId(name) in self._found), None)

    def _field_task(self) -> FieldTask | None:
        """The effective field that is to be seen, if one is."""
        found, index = (
            self._finest or self._found.get(self._panel),
            self._effective.currentIndex(),
        )
        probed = self._probed
        if found is None or index <= 0 or not probed.pinned or probed.pixel is None:
            return None
        return FieldTask(SCORE_LAYERS[index - 1], probed.pixel, int(found.ranking()[0]))

    @Slot()
    def _ask_field(self) -> None:
        task = self._field_task()
        if task is None:
            self._wished = None
        elif task not in (self._heat_of, self._wished):
            self._wished = task
            self.field_requested.emit(task)
        trace = self._traces().get(self._panel) if self._panel is not None else None
        if trace is not None:
            self.marks_changed.emit(self._marks(trace))

    @Slot(object, object)
    def show_field(self, task: FieldTask, values: NDArray[np.float32]) -> None:
        """An effective field has come; an older one is passed over."""
        if task == self._field_task():
            top = max(float(values.max(initial=0)), 1e-30)
            self._heat, self._heat_of = (255 * np.sqrt(values / top)).astype(np.uint8), task
            self._ask_field()

    def _place_text(self, probed: Probed) -> str:
        if probed.region is not None:
            rows, columns = probed.region
            return self.tr("x {0} to {1}, y {2} to {3}").format(
                columns.start, columns.stop - 1, rows.start, rows.stop - 1
            )
        x, y = probed.pixel or (0, 0)
        return f"x {x}, y {y}"

    def _rank_text(self) -> str:
        """The first classes of every variant, with swatches."""
        rows = []
        for panel, trace in self._traces().items():
            found = self._found.get(panel)
            if found is None:
                continue
            dressed = self._appearance.dressed(trace.labels)
            words = []
            for index in found.ranking()[:TOP].tolist():
                red, green, blue = dressed.colours[index]
                sign = f'<span style="color: #{red:02x}{green:02x}{blue:02x}">\N{BLACK SQUARE}</span>'
                percent = f"{100 * found.probabilities[index]:.0f}"
                words.append(
                    f"{sign}\N{NO-BREAK SPACE}{html.escape(dressed.classes[index])} {percent}\N{NO-BREAK SPACE}%"
                )
            title = html.escape(self._title_of(panel))
            rows.append(f"<tr><td><b>{title}</b>&nbsp;&nbsp;</td><td>{', '.join(words)}</td></tr>")
        return f"<table cellspacing='0' cellpadding='1'>{''.join(rows)}</table>"

    def _verdict_text(self, found: Explanation, labels: LabelSet) -> str:
        first, second = (int(index) for index in found.ranking()[:2])
        margins = found.between(first, second)
        lead = sum(margins.values())
        return self.tr("{0} decides: of the lead of {1} over {2} ({3}) it carries {4}.").format(
            found.decider,
            labels.classes[first],
            labels.classes[second],
            f"{lead:+.2f}",
            f"{margins[found.decider]:+.2f}",
        )


def _groups(found: Explanation, labels: LabelSet) -> tuple[BarGroup, ...]:
    first, second = (int(index) for index in found.ranking()[:2])
    evidence = found.evidence

    def group(title: str, plus: int, minus: int | None) -> BarGroup:
        bars = []
        for layer, colour in LAYER_COLOURS.items():
            if layer not in evidence:
                continue
            seen, bias = float(evidence[layer][plus]), float(found.biases[layer][plus])
            if minus is not None:
                seen, bias = seen - float(evidence[layer][minus]), bias - float(found.biases[layer][minus])
            bars.append(Bar(layer, colour, seen, bias))
        return BarGroup(title, tuple(bars))

    winner, runner_up = labels.classes[first], labels.classes[second]
    return (
        group(winner, first, None),
        group(runner_up, second, None),
        group(f"{winner} \N{MINUS SIGN} {runner_up}", first, second),
    )
