"""Fusion, live: the net after its trunk as a graph, and the mask while its skips are made stronger and weaker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fcn_studio.app.canvas.canvas import LEAST_PICTURE, Canvas
from fcn_studio.app.canvas.heat_picture import heat_colours
from fcn_studio.app.canvas.layers import Content, Look
from fcn_studio.app.canvas.rendering import PhotoRenderer
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.fusion.decoder_nodes import SingleGraph, StageHeat, photo_image, stage_pictures
from fcn_studio.app.fusion.fusion_controls import FusionControls
from fcn_studio.app.fusion.fusion_graph import FusionGraph
from fcn_studio.app.fusion.fusion_nodes import fusion_arrows, fusion_nodes
from fcn_studio.app.fusion.fusion_pictures import Figures, figures_of, node_image, picture_of, points
from fcn_studio.app.fusion.unpooling_choice import UnpoolingChoice
from fcn_studio.app.values.appearance import Appearance, clear_index
from fcn_studio.app.values.captions import trace_text
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.widgets.choice_box import ChoiceBox
from fcn_studio.app.worker.background import Background
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.decoder_graph import PARTS, Part
from fcn_studio.core.graph.names import OUTPUT, PHOTO_NODE, SCORE, VARIANTS, layers_of
from fcn_studio.core.maps.heat import NO_VALUE
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion
from fcn_studio.core.trace.trace import Trace, UpsamplingKind

Mixed = tuple[Trace, NDArray[np.float64]]  # with gains, and the shares of its finest mask's classes
SETTLE_MS = 120  # after which counts and the graph's pictures follow a slider


class FusionView(QFrame):
    """A canvas with the live mask, the controls, and the graph.

    Nets with one output have no scores to fuse: their mask stands alone, and a decoder's stages can be laid over it.

    Signals:
        pointer_moved: The pointer is over another pixel. ((x, y) on the photo, or None)
        node_chosen: A node is to be seen as heat maps. (its name)
        variant_chosen: A variant's mask is to be seen. (its name)
        taps_wanted: Max-unpooling needs a trace of the photo that is shown with its taps.
        mixed: Another live mask is seen. (Mixed, or None for none)
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None
    node_chosen = Signal(str)
    variant_chosen = Signal(str)
    taps_wanted = Signal()
    mixed = Signal(object)  # Mixed | None

    def __init__(self, transform: ViewTransform, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fusion_view")
        self._background = background
        self._shown: Shown | None = None
        self._appearance = Appearance()
        self._trace: Trace | None = None
        self._fused: Trace | None = None  # with the chosen upsampling; its grids may be others than the net's own
        self._live: LiveFusion | None = None
        self._exit: str | None = None  # a variant that is shown as the net has it, in place of the live mask
        self._class: str | None = None  # whose map the nodes show; None for the winning classes
        self._part: Part = "output"  # of a decoder's stages
        self._stage: str | None = None  # whose energy lies over the photo, in place of the mask
        self._pixel: tuple[int, int] | None = None
        self.canvas = Canvas(transform, PhotoRenderer())
        self.canvas.setObjectName("canvas_fusion")
        self.canvas.setMinimumSize(LEAST_PICTURE)
        self.canvas.setAccessibleName(self.tr("Mask with these gains"))
        self.graph = FusionGraph()
        self.controls = FusionControls()
        self._unpooling = UnpoolingChoice(self)
        self._single = SingleGraph(self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._ask)
        self._title, self._readout, self._origin, self._mean_iu = QLabel(), QLabel(), QLabel(), QLabel()
        self._title.setObjectName("fusion_title")
        for label in (self._title, self._mean_iu):
            label.setProperty("role", "title")
        self._mean_iu.setObjectName("fusion_mean_iu")
        self._readout.setObjectName("fusion_readout")
        self._origin.setProperty("role", "small")
        self._picture, self._click = ChoiceBox(), QLabel()
        self._build()
        self._connect()

    # Construction

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._title)
        head.addWidget(self._mean_iu)
        head.addStretch(1)
        head.addWidget(self._readout)
        pictures = QVBoxLayout()
        pictures.setSpacing(2)
        pictures.addLayout(head)
        pictures.addWidget(self._origin)
        pictures.addWidget(self.canvas, 1)
        upper = QHBoxLayout()
        upper.setSpacing(12)
        upper.addLayout(pictures, 1)
        upper.addWidget(self.controls)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addLayout(upper, 3)
        column.addLayout(self._graph_head())
        column.addWidget(self.graph, 2)

    def _graph_head(self) -> QHBoxLayout:
        label = QLabel(self.tr("Nodes show"))
        label.setProperty("role", "quiet")
        label.setBuddy(self._picture)
        self._picture.setObjectName("fusion_picture")
        self._picture.setAccessibleName(self.tr("What the nodes show"))
        self._picture.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._click.setProperty("role", "small")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self._picture)
        row.addWidget(self._click)
        row.addStretch(1)
        return row

    def _connect(self) -> None:
        self.canvas.pointer_moved.connect(self.pointer_moved)
        self.graph.node_chosen.connect(self._open_node)
        self.controls.gains_moved.connect(self._on_gain)
        self.controls.mixture_chosen.connect(self.set_gains)
        self.controls.exit_chosen.connect(self.show_exit)
        self.controls.upsampling_chosen.connect(self._on_kind)
        self._picture.activated.connect(self._on_picture)
        self._unpooling.taps_wanted.connect(self.taps_wanted)

    # What is shown

    @property
    def gains(self) -> Gains:
        """Where the sliders are."""
        return self.controls.gains

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Another photo, or more of it."""
        self._shown, self._appearance = shown, appearance
        if self.isVisible():
            self._take_trace()

    def set_appearance(self, appearance: Appearance) -> None:
        """Other colours."""
        self._appearance = appearance
        if self.isVisible() and self._trace is not None:
            self.canvas.set_look(self._look(self._trace))
            self._ask()

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair and names the class under it."""
        self._pixel = pixel
        self.canvas.set_crosshair(pixel)
        self._readout.clear()
        trace = self._trace
        if pixel is None or trace is None or not self.isVisible():
            return
        heat = self._heat(trace)
        if heat is not None:
            self._readout.setText(self.tr("energy {0}").format(f"{heat.at(*pixel):.3g}"))
            return
        mask = self._mask_at(np.array([pixel[1]]), np.array([pixel[0]]))
        if mask is not None:
            index = int(mask[0, 0])
            self._readout.setText(trace.labels.classes[index] if index < len(trace.labels) else self.tr("no score"))

    @Slot(object)
    def set_gains(self, gains: Gains) -> None:
        """Moves the sliders."""
        self.controls.set_gains(gains)
        self._on_gain()

    @Slot(str)
    def show_exit(self, variant: str) -> None:
        """The mask of a variant as the net has it, which no gains of the finest one give."""
        self._exit = variant
        self._show_mask()
        self._settle.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up."""
        super().showEvent(event)
        self._take_trace()
        self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """No live mask is seen."""
        super().hideEvent(event)
        self.mixed.emit(None)

    def _take_trace(self) -> None:
        trace = self._shown.deepest if self._shown is not None else None
        if self._shown is not None and trace is None:
            self.canvas.set_content(Content(self._shown.result.levels), self.tr("Segmenting…"))
        if trace is not None and trace is self._trace:
            self._settle_unpooling(trace)
            self._show_mask()
            return
        self._trace, self._live, self._exit = trace, None, None
        self.mixed.emit(None)
        self._mean_iu.clear()
        if trace is None:
            return
        self.controls.set_trace(trace)
        names = (self.tr("Winning classes"), *trace.labels.classes)
        if trace.stages:
            names = tuple(self._single.parts().values())
        if [self._picture.itemText(number) for number in range(self._picture.count())] != list(names):
            self._picture.clear()
            self._picture.addItems(names)
            self._class, self._part, self._stage = None, PARTS[0], None
        self._settle_unpooling(trace)
        self._prepare()

    def _settle_unpooling(self, trace: Trace) -> None:
        """What can be done with the upsampling that was chosen."""
        if self._shown is not None:
            photo: Photo | None = None if self._shown.pending else self._shown.photo
            self._unpooling.take(trace, photo)
        self.controls.set_unpooling(self._unpooling.refusal)
        self.controls.show_upsampling(self._unpooling.chosen if trace.fuses_scores else "learned")
        self.controls.set_hint(self._unpooling.hint if trace.fuses_scores else "")

    def _prepare(self) -> None:
        """The layers' shares are put on one grid in the background: for a large photo that takes a while."""
        trace = self._trace
        if trace is None:
            return
        self._fused = trace.fuse(upsampling=self._unpooling.kind)
        self._show_graph(self._fused)
        if not trace.fuses_scores:
            self._exit = OUTPUT
            self._show_mask()
            self._ask()
            return
        kind = self._unpooling.kind
        self._background.ask("fusion.live", lambda token: LiveFusion(trace, kind), self._on_live)

    def _on_live(self, live: object) -> None:
        if isinstance(live, LiveFusion):
            self._live = live
            self._show_mask()
            self._ask()

    @Slot()
    def _on_gain(self) -> None:
        if self._trace is not None and not self._trace.fuses_scores:
            return
        self._exit = None
        self._show_mask()
        self._settle.start()

    @Slot(str)
    def _on_kind(self, kind: UpsamplingKind) -> None:
        self._unpooling.choose(kind)
        if self._trace is not None:
            self._settle_unpooling(self._trace)
        self._live = None
        self._prepare()

    @Slot(int)
    def _on_picture(self, index: int) -> None:
        trace = self._trace
        if trace is not None and trace.stages:
            self._part = PARTS[index]
            self.graph.drop_pictures()
            self._show_mask()
        else:
            self._class = None if index <= 0 else self._picture.itemText(index)
        self._ask()

    @Slot(str)
    def _open_node(self, name: str) -> None:
        trace = self._trace
        if trace is not None and trace.stages:
            if name not in (OUTPUT, PHOTO_NODE) and self._single.heat(trace, name, self._part) is None:
                return
            self._stage = None if name in (OUTPUT, PHOTO_NODE) else name
            self._show_mask()
        elif trace is not None and name in trace.variants:
            self.variant_chosen.emit(name)
        elif name != PHOTO_NODE:
            self.node_chosen.emit(name)

    def _mask_at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.uint8] | None:
        if self._exit is not None and self._trace is not None:
            return self._trace.mask(self._exit)[rows[:, None], columns]
        return self._live.mask(self.gains, rows, columns) if self._live is not None else None

    def _heat(self, trace: Trace) -> StageHeat | None:
        """What lies over the photo in place of the mask."""
        return self._single.heat(trace, self._stage, self._part) if self._stage is not None else None

    def _look(self, trace: Trace) -> Look:
        appearance = self._appearance
        if self._heat(trace) is not None:
            opacity = appearance.opacity if appearance.masks_shown else 0
            return Look(heat_colours("probability", dark=False, opacity=opacity))
        unpooled = self._exit is None and self._unpooling.kind == "max_unpooling" and trace.fuses_scores
        return Look(appearance.colour_table(trace.labels, void_shown=unpooled), appearance.outlines and not unpooled)

    def _show_mask(self) -> None:
        trace, shown = self._trace, self._shown
        if trace is None or shown is None:
            return
        content, heat = Content(shown.result.levels, clear=clear_index(trace.labels)), self._heat(trace)
        if heat is not None:
            content = replace(content, live=heat.indices, clear=NO_VALUE)
        elif self._exit is not None:
            content = replace(content, mask=trace.mask(self._exit))
        elif self._live is not None:
            live, gains = self._live, self.gains
            void = trace.labels.void if self._unpooling.kind == "max_unpooling" else None

            def drawn(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.uint8]:
                if void is not None:
                    return points(live, gains, void, rows, columns)
                return live.mask(gains, rows, columns)

            content = replace(content, live=drawn)
        self.canvas.set_content(content)
        self.canvas.set_look(self._look(trace))
        self._origin.setText(trace_text(trace))
        if trace.fuses_scores:
            self._title.setText(trace.title(self._exit) if self._exit else self.tr("Live mask"))
            self.controls.set_words(self._mixture(trace))
            shape = trace if self._exit is not None else self._fused or trace
            self.controls.show_kernel(shape, self._exit or trace.variants[-1])
        else:
            self._title.setText(self._single.heat_title(heat) if heat is not None else trace.title(OUTPUT))
            self.controls.set_words(self._single.words(trace))
            self.controls.set_figures(self._single.figures(trace))
        self.set_pointer(self._pixel)

    def _mixture(self, trace: Trace) -> str:
        """What net these gains are."""
        gains = self.gains
        # Gains that look like an exit, but are a chain.
        used = [gains.of(layer) for layer in layers_of(trace.variants[-1])]
        ones = used.index(0.0) if 0.0 in used else len(used)
        chained = 0 < ones < len(used) and used == [1.0] * ones + [0.0] * (len(used) - ones)
        chain = VARIANTS[ones - 1] if chained else None
        if self._exit:
            return self.tr("The exit itself: one enlargement, no chain.")
        if chain in trace.variants:
            return self.tr("A chain of enlargements, not the exit FCN-{0}, which enlarges at once.").format(chain)
        if gains == Gains() and self._unpooling.kind != "learned":
            return self.tr("All gains 1, but not with the net's own upsampling.")
        if gains == Gains():
            return self.tr("The net as it is: {0}.").format(trace.title(trace.variants[-1]))
        return self.tr("Between the nets: scores are sums, so every mixture has a mask.")

    # The graph and the figures, which follow a little later

    def _show_graph(self, trace: Trace) -> None:
        height, width = trace.size
        if trace.fuses_scores:
            whole = self.gains == Gains() and self._unpooling.kind == "learned"
            mask = trace.title(trace.variants[-1]) if whole else self.tr("Live mask")
            self.graph.set_graph(fusion_nodes(trace, mask), fusion_arrows(trace, self.gains), width / height)
        else:
            tip = self.tr("Lay {0} over the photo") if trace.stages else None
            self.graph.set_graph(self._single.nodes(trace), self._single.arrows(trace), width / height, tip)
        self._click.setText(
            self.tr("Click a node to lay its energy over the photo, the last one to see the mask.")
            if trace.stages
            else self.tr("Click a node to see it as heat maps.")
        )

    @Slot()
    def _ask(self) -> None:
        """Pictures of the nodes and counts, in the background."""
        trace, live, shown, shape = self._trace, self._live, self._shown, self._fused
        if trace is None or shape is None or shown is None or not self.isVisible():
            return
        if not trace.fuses_scores:
            self._show_single(trace, shown)
            return
        if live is None:
            return
        self._show_graph(shape)
        gains, kind, chosen, leaving = self.gains, self._unpooling.kind, self._class, self._exit
        names = [node.name for node in self.graph.nodes]
        known = shown.result.truth
        truth = known.mask if known is not None and known.is_of(trace.labels) else None

        def question(token: CancelToken) -> tuple[dict[str, NDArray[np.float32 | np.uint8]], Figures, Trace | None]:
            fused = trace.fuse(upsampling=kind, **gains.by_layer)
            pictures: dict[str, NDArray[np.float32 | np.uint8]] = {}
            for name in names:
                token.check()
                # A score layer is seen as it speaks, however little it is listened to.
                source = trace if name in trace.score_maps else fused
                pictures[name] = picture_of(source, live, gains, name, chosen)
            return pictures, figures_of(trace, live, gains, leaving, truth, token), None if leaving else fused

        self._background.ask("fusion.graph", question, self._on_pictures)

    def _show_single(self, trace: Trace, shown: Shown) -> None:
        """The nodes of a net with one output, whose pictures are there already or small."""
        pictures = stage_pictures(trace, self._part) if trace.stages else {}
        smallest = shown.result.levels[-1]
        pictures[PHOTO_NODE] = photo_image(smallest)
        table = self._table(trace, void_shown=False)
        mask = node_image(shown_mask(trace, smallest.shape[:2]), table)
        if mask is not None:
            pictures[OUTPUT] = mask
        if not trace.stages:
            scores = trace.node(SCORE)
            values = scores.argmax(axis=0).astype(np.uint8)
            chosen = scores[trace.labels.index(self._class)] if self._class is not None else values
            image = node_image(chosen, table)
            if image is not None:
                pictures[SCORE] = image
        self.graph.set_pictures(pictures)

    def _table(self, trace: Trace, *, void_shown: bool) -> tuple[int, ...]:
        appearance = replace(self._appearance, opacity=100, masks_shown=True)
        return appearance.colour_table(trace.labels, void_shown=void_shown)

    def _on_pictures(self, answer: object) -> None:
        trace = self._trace
        if trace is None or not trace.fuses_scores or not isinstance(answer, tuple):
            return
        arrays, figures, fused = answer
        table = self._table(trace, void_shown=self._unpooling.kind == "max_unpooling")
        images = {}
        for name, values in arrays.items():
            image = node_image(values, table)
            if image is not None:
                images[name] = image
        self.graph.set_pictures(images)
        self.controls.set_figures("\n".join(self._counted(trace, figures)))
        known = figures.mean_iu is not None
        self._mean_iu.setText(self.tr("mean IU {0}").format(f"{100 * figures.mean_iu:.1f}") if known else "")
        self.mixed.emit((fused, figures.shares) if fused is not None else None)

    def _counted(self, trace: Trace, figures: Figures) -> list[str]:
        words = []
        if figures.reached < 1:
            share = f"{100 * figures.reached:.1f}"
            words.append(self.tr("{0} % of the pixels have a score; the rest is void and not counted").format(share))
        words += [
            self.tr("{0} % of the pixels differ from {1}").format(f"{100 * share:.1f}", trace.title(variant))
            for variant, share in figures.differing.items()
        ]
        gains = self.gains
        for layer, score_map in trace.score_maps.items():
            if score_map.input_scale != 1.0:
                effective = self.tr("{0} reads its features times {1}: effective gain {2}")
                gain = gains.of(layer) * score_map.input_scale
                words.append(effective.format(layer, f"{score_map.input_scale:g}", f"{gain:g}"))
        return words


def shown_mask(trace: Trace, size: tuple[int, ...]) -> NDArray[np.uint8]:
    """The only mask of a net with one output, as small as a picture of (height, width), by nearest neighbour."""
    rows, columns = (np.arange(count) * length // count for count, length in zip(size, trace.size, strict=True))
    return trace.mask(OUTPUT)[rows[:, None], columns]
