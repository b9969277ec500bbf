"""Fusion, live: the net after its trunk as a graph, and the mask while its skips are made stronger and weaker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.appearance import Appearance, clear_index
from fcn_studio.app.background import Background
from fcn_studio.app.session import Shown
from fcn_studio.app.views.canvas import Canvas
from fcn_studio.app.views.captions import trace_text
from fcn_studio.app.views.fusion_graph import Arrow, FusionGraph, Node
from fcn_studio.app.views.layers import Content, Look
from fcn_studio.app.views.marks import LAYER_COLOURS
from fcn_studio.app.views.rendering import PhotoRenderer, indexed_image
from fcn_studio.app.views.view_transform import ViewTransform
from fcn_studio.app.widgets.choice_box import ChoiceBox
from fcn_studio.app.widgets.gain_slider import GainSlider
from fcn_studio.app.widgets.kernel_plot import KernelPlot
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.fusion import strips
from fcn_studio.core.live_fusion import Gains, LiveFusion, winners
from fcn_studio.core.metrics import confusion_matrix, metrics
from fcn_studio.core.trace import LAST_STEP, SCORE_LAYERS, VARIANTS, Trace, UpsamplingKind, layers_of

CONTROLS_WIDTH = 320
SETTLE_MS = 120  # after which counts and the graph's pictures follow a slider
PICTURE = 160  # pixels across the largest picture of a node
CHAIN = {(0.0, 0.0): "32s", (1.0, 0.0): "16s"}  # gains of pool4 and pool3 that look like an exit but are a chain
UPSAMPLINGS: tuple[UpsamplingKind, ...] = ("learned", "bilinear", "nearest")


class FusionView(QFrame):
    """A canvas with the live mask, the sliders, and the graph.

    Signals:
        pointer_moved: The pointer is over another pixel. ((x, y) on the photo, or None)
        node_chosen: A node is to be seen as heat maps. (its name)
        variant_chosen: A variant's mask is to be seen. (its name)
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None
    node_chosen = Signal(str)
    variant_chosen = Signal(str)

    def __init__(self, transform: ViewTransform, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fusion_view")
        self._background = background
        self._shown: Shown | None = None
        self._appearance = Appearance()
        self._trace: Trace | None = None
        self._live: LiveFusion | None = None
        self._exit: str | None = None  # a variant that is shown as the net has it, in place of the live mask
        self._upsampling: UpsamplingKind = "learned"
        self._class: str | None = None  # whose map the nodes show; None for the winning classes
        self._pixel: tuple[int, int] | None = None
        self.canvas = Canvas(transform, PhotoRenderer())
        self.canvas.setObjectName("canvas_fusion")
        self.canvas.setAccessibleName(self.tr("Mask with these gains"))
        self.graph = FusionGraph()
        self.sliders = {layer: GainSlider(layer, colour) for layer, colour in LAYER_COLOURS.items()}
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._ask)
        self._title, self._readout, self._origin = QLabel(), QLabel(), QLabel()
        self._title.setObjectName("fusion_title")
        self._title.setProperty("role", "title")
        self._readout.setObjectName("fusion_readout")
        self._origin.setProperty("role", "small")
        self._word = QLabel()
        self._word.setObjectName("fusion_word")
        self._word.setWordWrap(True)
        self._score = QLabel()
        self._score.setObjectName("fusion_score")
        self._score.setWordWrap(True)
        self._kind, self._picture = ChoiceBox(), ChoiceBox()
        self._kernel = KernelPlot()
        self._presets: dict[str, QPushButton] = {}
        self._build()
        self._connect()

    # Construction

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._readout)
        pictures = QVBoxLayout()
        pictures.setSpacing(2)
        pictures.addLayout(head)
        pictures.addWidget(self._origin)
        pictures.addWidget(self.canvas, 1)
        upper = QHBoxLayout()
        upper.setSpacing(12)
        upper.addLayout(pictures, 1)
        upper.addWidget(self._controls())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addLayout(upper, 3)
        column.addLayout(self._graph_head())
        column.addWidget(self.graph, 2)

    def _controls(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        title = QLabel(self.tr("Strength of each score layer"))
        title.setProperty("role", "title")
        column.addWidget(title)
        for slider in self.sliders.values():
            column.addWidget(slider)
        grid = QGridLayout()
        grid.setSpacing(6)
        for place, (name, words, tip) in enumerate(
            (
                ("32s_chain", self.tr("No skips"), self.tr("The chain x2, x2, x8 over score_fr alone")),
                ("16s_chain", self.tr("pool4 only"), self.tr("The chain x2, x8 over score_fr and score_pool4")),
                ("8s", self.tr("Net as it is"), self.tr("All gains 1: FCN-8s")),
                ("skips", self.tr("Skips alone"), self.tr("What score_pool4 and score_pool3 say without score_fr")),
                ("exit_32s", self.tr("FCN-32s exit"), self.tr("score_fr enlarged by x32 at once")),
                ("exit_16s", self.tr("FCN-16s exit"), self.tr("fuse_pool4 enlarged by x16 at once")),
            )
        ):
            button = QPushButton(words)
            button.setObjectName(f"fusion_{name}")
            button.setProperty("role", "inline")
            button.setToolTip(tip)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._presets[name] = button
            grid.addWidget(button, place // 2, place % 2)
        column.addLayout(grid)
        column.addWidget(self._word)
        column.addWidget(self._score)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        label = QLabel(self.tr("Upsampling"))
        label.setProperty("role", "quiet")
        label.setBuddy(self._kind)
        self._kind.setObjectName("fusion_upsampling")
        self._kind.setAccessibleName(self.tr("Upsampling"))
        self._kind.addItems([self.tr("The net's own"), self.tr("Bilinear"), self.tr("Nearest (unpooling)")])
        row.addWidget(label)
        row.addWidget(self._kind, 1)
        column.addLayout(row)
        column.addWidget(self._kernel)
        area = QScrollArea()  # a low window has no room for all of it
        area.setObjectName("fusion_controls")
        area.setWidget(side)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(CONTROLS_WIDTH)
        return area

    def _graph_head(self) -> QHBoxLayout:
        label = QLabel(self.tr("Nodes show"))
        label.setProperty("role", "quiet")
        label.setBuddy(self._picture)
        self._picture.setObjectName("fusion_picture")
        self._picture.setAccessibleName(self.tr("What the nodes show"))
        self._picture.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        hint = QLabel(self.tr("Click a node to see it as heat maps."))
        hint.setProperty("role", "small")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self._picture)
        row.addWidget(hint)
        row.addStretch(1)
        return row

    def _connect(self) -> None:
        self.canvas.pointer_moved.connect(self.pointer_moved)
        self.graph.node_chosen.connect(self._open_node)
        for slider in self.sliders.values():
            slider.gain_requested.connect(self._on_gain)
        self._presets["32s_chain"].clicked.connect(lambda: self.set_gains(Gains(1, 0, 0)))
        self._presets["16s_chain"].clicked.connect(lambda: self.set_gains(Gains(1, 1, 0)))
        self._presets["8s"].clicked.connect(lambda: self.set_gains(Gains()))
        self._presets["skips"].clicked.connect(lambda: self.set_gains(Gains(0, 1, 1)))
        self._presets["exit_32s"].clicked.connect(lambda: self.show_exit("32s"))
        self._presets["exit_16s"].clicked.connect(lambda: self.show_exit("16s"))
        self._kind.activated.connect(self._on_kind)
        self._picture.activated.connect(self._on_picture)

    # What is shown

    @property
    def gains(self) -> Gains:
        """Where the sliders are."""
        return Gains(**{layer: slider.gain for layer, slider in self.sliders.items()})

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Another photo, or more of it."""
        self._shown, self._appearance = shown, appearance
        if self.isVisible():
            self._take_trace()

    def set_appearance(self, appearance: Appearance) -> None:
        """Other colours."""
        self._appearance = appearance
        if self.isVisible() and self._trace is not None:
            self.canvas.set_look(self._look())
            self._ask()

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair and names the class under it."""
        self._pixel = pixel
        self.canvas.set_crosshair(pixel)
        self._readout.clear()
        if pixel is None or self._trace is None or not self.isVisible():
            return
        mask = self._mask_at(np.array([pixel[1]]), np.array([pixel[0]]))
        self._readout.setText(self._trace.labels.classes[int(mask[0, 0])] if mask is not None else "")

    def set_gains(self, gains: Gains) -> None:
        """Moves the sliders."""
        for layer, slider in self.sliders.items():
            slider.set_gain(gains.of(layer))
        self._on_gain()

    def show_exit(self, variant: str) -> None:
        """The mask of a variant as the net has it, which no gains of the finest one give."""
        self._exit = variant
        self._show_mask()
        self._settle.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up."""
        super().showEvent(event)
        self._take_trace()

    def _take_trace(self) -> None:
        trace = self._shown.deepest if self._shown is not None else None
        if self._shown is not None and trace is None:
            self.canvas.set_content(Content(self._shown.result.levels), self.tr("Segmenting…"))
        if trace is self._trace:
            self._show_mask()
            return
        self._trace, self._live, self._exit = trace, None, None
        if trace is None:
            return
        layers = layers_of(trace.variants[-1])
        for layer, slider in self.sliders.items():
            slider.setVisible(layer in layers)
        self._presets["exit_32s"].setVisible("32s" in trace.variants[:-1])
        self._presets["exit_16s"].setVisible("16s" in trace.variants[:-1])
        for name in ("32s_chain", "skips"):
            self._presets[name].setVisible(len(layers) > 1)
        self._presets["16s_chain"].setVisible(len(layers) > 2)
        self._presets["8s"].setText(self.tr("Net as it is"))
        names = (self.tr("Winning classes"), *trace.labels.classes)
        if [self._picture.itemText(number) for number in range(self._picture.count())] != list(names):
            self._picture.clear()
            self._picture.addItems(names)
            self._class = None
        self._prepare()

    def _prepare(self) -> None:
        """The layers' shares are put on one grid in the background: for a large photo that takes a while."""
        trace, kind = self._trace, self._upsampling
        if trace is None:
            return
        self._show_graph(trace)
        self._background.ask("fusion.live", lambda token: LiveFusion(trace, kind), self._on_live)

    def _on_live(self, live: object) -> None:
        if isinstance(live, LiveFusion):
            self._live = live
            self._show_mask()
            self._ask()

    @Slot()
    def _on_gain(self) -> None:
        self._exit = None
        self._show_mask()
        self._settle.start()

    @Slot(int)
    def _on_kind(self, index: int) -> None:
        self._upsampling = UPSAMPLINGS[index]
        self._live = None
        self._prepare()

    @Slot(int)
    def _on_picture(self, index: int) -> None:
        self._class = None if index <= 0 else self._picture.itemText(index)
        self._ask()

    @Slot(str)
    def _open_node(self, name: str) -> None:
        if self._trace is not None and name in self._trace.variants:
            self.variant_chosen.emit(name)
        else:
            self.node_chosen.emit(name)

    def _mask_at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.uint8] | None:
        if self._exit is not None and self._trace is not None:
            return self._trace.mask(self._exit)[rows[:, None], columns]
        return self._live.mask(self.gains, rows, columns) if self._live is not None else None

    def _look(self) -> Look:
        if self._trace is None:
            return Look()
        return Look(self._appearance.colour_table(self._trace.labels), self._appearance.outlines)

    def _show_mask(self) -> None:
        trace, shown = self._trace, self._shown
        if trace is None or shown is None:
            return
        content = Content(shown.result.levels, clear=clear_index(trace.labels))
        if self._exit is not None:
            content = replace(content, mask=trace.mask(self._exit))
        elif self._live is not None:
            live, gains = self._live, self.gains
            content = replace(content, live=lambda rows, columns: live.mask(gains, rows, columns))
        self.canvas.set_content(content)
        self.canvas.set_look(self._look())
        gains = self.gains
        self._title.setText(f"FCN-{self._exit}" if self._exit else self.tr("Live mask"))
        self._origin.setText(trace_text(trace))
        pair = (gains.score_pool4, gains.score_pool3)
        chain = CHAIN.get(pair) if gains.score_fr == 1 and trace.variants[-1] == "8s" else None
        if self._exit:
            word = self.tr("The exit itself: one enlargement, no chain.")
        elif chain in trace.variants:
            word = self.tr("A chain of enlargements, not the exit FCN-{0}, which enlarges at once.").format(chain)
        elif gains == Gains():
            word = self.tr("The net as it is: FCN-{0}.").format(trace.variants[-1])
        else:
            word = self.tr("Between the nets: scores are sums, so every mixture has a mask.")
        self._word.setText(word)
        self._show_kernel(trace)
        self.set_pointer(self._pixel)

    def _show_kernel(self, trace: Trace) -> None:
        step = trace.fuse(upsampling=self._upsampling).upsamplings[LAST_STEP[self._exit or trace.variants[-1]][1]]
        line = step.line() if step.weight is None else step.weight[0, 0, step.kernel // 2]
        self._kernel.set_kernel(line, step.stride)

    # The graph and the figures, which follow a little later

    def _show_graph(self, trace: Trace) -> None:
        def grid(name: str, stride: int) -> str:
            height, width = trace.part(name, "score_fr").scores.shape[1:]
            return self.tr("{0} x {1}, stride {2}").format(width, height, stride)

        height, width = trace.size
        last = trace.variants[-1]
        nodes = [Node("score_fr", 0, 0, grid("score_fr", 32))]
        if "16s" in trace.variants:
            nodes += [
                Node("upscore2", 1, 0, grid("upscore2", 16)),
                Node("fuse_pool4", 2, 0, grid("fuse_pool4", 16)),
                Node("score_pool4", 1, 1, grid("score_pool4", 16)),
            ]
        if "8s" in trace.variants:
            nodes += [
                Node("upscore_pool4", 3, 0, grid("upscore_pool4", 8)),
                Node("fuse_pool3", 4, 0, grid("fuse_pool3", 8)),
                Node("score_pool3", 3, 1, grid("score_pool3", 8)),
            ]
        nodes.append(Node(last, 1 + 2 * VARIANTS.index(last), 0, f"{width} x {height}"))
        self.graph.set_graph(tuple(nodes), self._arrows(trace), width / height)

    def _arrows(self, trace: Trace) -> tuple[Arrow, ...]:
        gains, last = self.gains, trace.variants[-1]

        def skip(layer: str, end: str) -> Arrow:
            gain = gains.of(layer)
            crop = trace.skip_crop(layer)
            cut = self.tr("crop {0}").format(crop) if crop else ""
            words = ", ".join(word for word in (f"+ {gain:.2f}", cut) if word)
            return Arrow(layer, end, words, LAYER_COLOURS[layer], gain)

        colour = LAYER_COLOURS["score_fr"]
        arrows: list[Arrow] = []
        if last == "32s":
            return (Arrow("score_fr", "32s", "x32", colour, gains.score_fr),)
        arrows = [
            Arrow("score_fr", "upscore2", "x2", colour, gains.score_fr),
            Arrow("upscore2", "fuse_pool4", ""),
            skip("score_pool4", "fuse_pool4"),
        ]
        if last == "16s":
            return (*arrows, Arrow("fuse_pool4", "16s", "x16"))
        arrows += [
            Arrow("fuse_pool4", "upscore_pool4", "x2"),
            Arrow("upscore_pool4", "fuse_pool3", ""),
            skip("score_pool3", "fuse_pool3"),
            Arrow("fuse_pool3", "8s", "x8"),
        ]
        return tuple(arrows)

    @Slot()
    def _ask(self) -> None:
        """Pictures of the nodes and counts, in the background."""
        trace, live, shown = self._trace, self._live, self._shown
        if trace is None or live is None or shown is None or not self.isVisible():
            return
        self.graph.set_arrows(self._arrows(trace))
        gains, kind, chosen, leaving = self.gains, self._upsampling, self._class, self._exit
        names = [node.name for node in self.graph.nodes]
        truth = shown.result.truth

        def question(token: CancelToken) -> tuple[dict[str, NDArray[np.float32 | np.uint8]], dict[str, float]]:
            fused = trace.fuse(
                score_fr=gains.score_fr, pool4=gains.score_pool4, pool3=gains.score_pool3, upsampling=kind
            )
            pictures: dict[str, NDArray[np.float32 | np.uint8]] = {}
            for name in names:
                token.check()
                # A score layer is seen as it speaks, however little it is listened to.
                source = trace if name in SCORE_LAYERS else fused
                pictures[name] = _picture_of(source, live, gains, name, chosen)
            return pictures, _figures(trace, live, gains, leaving, truth.mask if truth else None, token)

        self._background.ask("fusion.graph", question, self._on_pictures)

    def _on_pictures(self, answer: object) -> None:
        trace = self._trace
        if trace is None or not isinstance(answer, tuple):
            return
        arrays, figures = answer
        table = replace(self._appearance, opacity=100, masks_shown=True).colour_table(trace.labels)
        images = {}
        for name, values in arrays.items():
            image = _image(values, table)
            if image is not None:
                images[name] = image
        self.graph.set_pictures(images)
        words = [
            self.tr("{0} % of the pixels differ from FCN-{1}").format(f"{100 * share:.1f}", variant)
            for variant, share in figures.items()
            if variant in VARIANTS
        ]
        if "mean_iu" in figures:
            words.append(self.tr("mean IU {0}").format(f"{100 * figures['mean_iu']:.1f}"))
        gains = self.gains
        for layer, score_map in trace.score_maps.items():
            if score_map.input_scale != 1.0:
                effective = self.tr("{0} reads its features times {1}: effective gain {2}")
                gain = gains.of(layer) * score_map.input_scale
                words.append(effective.format(layer, f"{score_map.input_scale:g}", f"{gain:g}"))
        self._score.setText("\n".join(words))


def _picture_of(
    fused: Trace, live: LiveFusion, gains: Gains, name: str, chosen: str | None
) -> NDArray[np.float32 | np.uint8]:
    """What a node's picture shows: (h, w) uint8 classes, or (h, w) float32 of one class."""
    if name in fused.variants:
        height, width = fused.size
        step = max(max(fused.size) // PICTURE, 1)
        scores = live.scores(gains, np.arange(0, height, step), np.arange(0, width, step))
    else:
        scores = fused.node(name)
        step = max(max(scores.shape[1:]) // PICTURE, 1)
        scores = scores[:, ::step, ::step]
    if chosen is None:
        return winners(scores)
    values: NDArray[np.float32] = scores[fused.labels.index(chosen)]
    return values


def _image(values: NDArray[np.float32 | np.uint8], table: tuple[int, ...]) -> QImage | None:
    """Classes in their colours; a map of one class in grey, zero in the middle."""
    if values.dtype == np.uint8:
        image = indexed_image(values.astype(np.uint8))
        if image is not None:
            image.setColorTable(table)
        return image
    reach = max(float(np.abs(values).max(initial=0)), 1e-9)
    image = indexed_image((127.5 + 127.5 * values / reach).astype(np.uint8))
    if image is not None:
        image.setColorTable([0xFF << 24 | grey << 16 | grey << 8 | grey for grey in range(256)])
    return image


def _figures(
    trace: Trace,
    live: LiveFusion,
    gains: Gains,
    leaving: str | None,
    truth: NDArray[np.uint8] | None,
    token: CancelToken,
) -> dict[str, float]:
    """Shares of pixels that differ from each variant, and mean IU where there is a truth."""
    height, width = trace.size
    columns = np.arange(width)
    differing = dict.fromkeys(trace.variants, 0)
    classes, void = len(trace.labels), trace.labels.void
    confusion = np.zeros((classes, classes), dtype=np.int64)
    for rows in strips(height, width * classes * 4):
        token.check()
        part = slice(rows.start, rows.stop)
        mask = trace.mask(leaving)[part] if leaving else live.mask(gains, np.arange(rows.start, rows.stop), columns)
        for variant in trace.variants:
            differing[variant] += int(np.count_nonzero(mask != trace.mask(variant)[part]))
        if truth is not None:
            confusion += confusion_matrix(truth[part], mask, classes=classes, void=void)
    figures = {variant: count / (height * width) for variant, count in differing.items()}
    if truth is not None and confusion.any():
        figures["mean_iu"] = float(metrics(confusion).mean_iu)
    return figures
