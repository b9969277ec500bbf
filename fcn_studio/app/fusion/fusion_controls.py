"""The controls beside the live mask: strengths of the score layers, ready-made mixtures, and kinds of upsampling."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
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

from fcn_studio.app.canvas.marks import LAYER_COLOURS
from fcn_studio.app.fusion.gain_slider import GainSlider
from fcn_studio.app.fusion.kernel_plot import KernelPlot
from fcn_studio.app.widgets.choice_box import ChoiceBox
from fcn_studio.core.graph.names import BY_VARIANT, PUBLISHED, VARIANTS, layers_of, variant_title
from fcn_studio.core.trace.live_fusion import Gains
from fcn_studio.core.trace.trace import Trace, UpsamplingKind

WIDTH = 320
WHOLE = PUBLISHED[-1]  # the button for the net as it is
UPSAMPLINGS: tuple[UpsamplingKind, ...] = ("learned", "bilinear", "nearest", "max_unpooling")


class FusionControls(QScrollArea):
    """A column that scrolls in a low window.

    Attributes:
        sliders: By score layer.

    Signals:
        gains_moved: A slider has.
        mixture_chosen: Ready-made gains. (Gains)
        exit_chosen: A variant as the net has it. (its name)
        upsampling_chosen: Another kind. (one of UPSAMPLINGS)
    """

    gains_moved = Signal()
    mixture_chosen = Signal(object)  # Gains
    exit_chosen = Signal(str)
    upsampling_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fusion_controls")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(WIDTH)
        self.sliders = {layer: GainSlider(layer, colour) for layer, colour in LAYER_COLOURS.items()}
        for layer, slider in self.sliders.items():
            if layer not in layers_of(PUBLISHED[-1]):
                slider.hide()  # showing one would open a window: it lies in no other widget yet
        self._layers: tuple[str, ...] = ()
        self._presets: dict[str, QPushButton] = {}
        self._title = QLabel(self.tr("Strength of each score layer"))
        self._title.setProperty("role", "title")
        self._word, self._score, self._hint = QLabel(), QLabel(), QLabel()
        for label, name in ((self._word, "word"), (self._score, "score"), (self._hint, "hint")):
            label.setObjectName(f"fusion_{name}")
            label.setWordWrap(True)
        self._hint.setProperty("role", "quiet")
        self._kind, self._kernel = ChoiceBox(), KernelPlot()
        self._build()
        for slider in self.sliders.values():
            slider.gain_requested.connect(self.gains_moved)
        self._presets[WHOLE].clicked.connect(lambda: self.mixture_chosen.emit(Gains()))
        self._presets["skips"].clicked.connect(lambda: self.mixture_chosen.emit(Gains(0)))
        for variant in VARIANTS[:-1]:
            chain, early = self._presets[f"{variant}_chain"], self._presets[f"exit_{variant}"]
            chain.clicked.connect(lambda _=False, variant=variant: self.mixture_chosen.emit(self._chain(variant)))
            early.clicked.connect(lambda _=False, variant=variant: self.exit_chosen.emit(variant))
        self._kind.activated.connect(self._on_kind)

    def _build(self) -> None:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        for slider in self.sliders.values():
            column.addWidget(slider)
        grid = QGridLayout()
        grid.setSpacing(6)
        for place, (name, words, tip) in enumerate(self._preset_texts()):
            button = QPushButton(words)
            button.setObjectName(f"fusion_{name}")
            button.setProperty("role", "inline")
            button.setToolTip(tip)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._presets[name] = button
            grid.addWidget(button, place // 2, place % 2)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.setSpacing(8)
        label = QLabel(self.tr("Upsampling"))
        label.setProperty("role", "quiet")
        label.setBuddy(self._kind)
        self._kind.setObjectName("fusion_upsampling")
        self._kind.setAccessibleName(self.tr("Upsampling"))
        names = (
            self.tr("The net's own"),
            self.tr("Bilinear"),
            self.tr("Nearest (unpooling)"),
            self.tr("Max-unpooling (indices)"),
        )
        self._kind.addItems(names)
        row.addWidget(label)
        row.addWidget(self._kind, 1)
        column.addLayout(row)
        column.addWidget(self._kernel)
        column.addWidget(self._hint)
        column.addWidget(self._word)
        column.addWidget(self._score)
        column.addStretch(1)
        self.setWidget(side)

    def _preset_texts(self) -> tuple[tuple[str, str, str], ...]:
        """Name, words and tip of each button."""
        at_once = self.tr("{0} enlarged by x{1} at once")
        coarsest, middle, *finer = VARIANTS[:-1]
        return (
            (f"{coarsest}_chain", self.tr("No skips"), self.tr("The chain x2, x2, x8 over score_fr alone")),
            (f"{middle}_chain", self.tr("pool4 only"), self.tr("The chain x2, x8 over score_fr and score_pool4")),
            (WHOLE, self.tr("Net as it is"), self.tr("All gains 1: FCN-8s")),
            ("skips", self.tr("Skips alone"), self.tr("What score_pool4 and score_pool3 say without score_fr")),
            *(
                (f"exit_{name}", self.tr("{0} exit").format(variant_title(name)), at_once.format(*_last(name)))
                for name in (coarsest, middle)
            ),
            *(
                preset
                for name in finer
                for preset in (
                    (
                        f"{name}_chain",
                        self.tr("Up to {0}").format(BY_VARIANT[name].tap),
                        self.tr("Finer skips left out"),
                    ),
                    (f"exit_{name}", self.tr("{0} exit").format(variant_title(name)), at_once.format(*_last(name))),
                )
            ),
        )

    def _chain(self, variant: str) -> Gains:
        """The gains that leave the layers of a coarser variant, on the way of this net's finest."""
        return Gains(**{layer: 0.0 for layer in self._layers if layer not in layers_of(variant)})

    def _tell(self, trace: Trace) -> None:
        """What the buttons do with this net."""
        for name, _, tip in self._preset_texts():
            self._presets[name].setToolTip(tip)
        finest = trace.variants[-1]
        if finest == PUBLISHED[-1]:
            return
        self._presets[WHOLE].setToolTip(self.tr("All gains 1: {0}").format(trace.title(finest)))
        factors = [step.by.stride for step, _ in trace.graph.skips] + [trace.graph.exit(finest).by.stride]
        steps, skips = ", ".join(f"x{factor}" for factor in factors), ", ".join(self._layers[1:])
        self._presets["skips"].setToolTip(self.tr("What {0} say without score_fr").format(skips))
        for variant in VARIANTS[:-1]:
            left = ", ".join(layer for layer in self._layers if layer in layers_of(variant))
            self._presets[f"{variant}_chain"].setToolTip(self.tr("The chain {0} over {1}").format(steps, left))

    @property
    def gains(self) -> Gains:
        """Where the sliders are."""
        return Gains(**{layer: slider.gain for layer, slider in self.sliders.items()})

    def set_gains(self, gains: Gains) -> None:
        """Moves the sliders, without a signal."""
        for layer, slider in self.sliders.items():
            slider.set_gain(gains.of(layer))

    def set_trace(self, trace: Trace) -> None:
        """What can be controlled of this net: nothing where scores are not fused."""
        self._layers = layers = layers_of(trace.variants[-1]) if trace.fuses_scores else ()
        self._title.setVisible(bool(layers))
        for layer, slider in self.sliders.items():
            slider.setVisible(layer in layers)
        fusing = len(layers) > 0
        self._presets[WHOLE].setVisible(fusing)
        self._presets["skips"].setVisible(len(layers) > 1)
        for number, variant in enumerate(VARIANTS[:-1], start=1):
            self._presets[f"{variant}_chain"].setVisible(len(layers) > number)
            self._presets[f"exit_{variant}"].setVisible(fusing and variant in trace.variants[:-1])
        if fusing:
            self._tell(trace)
        self._kind.setEnabled(fusing)
        if not fusing:
            self.show_upsampling("learned")
            self._kernel.hide()

    def set_unpooling(self, reason: str) -> None:
        """Whether max-unpooling can be chosen: an empty reason, or why not."""
        last = UPSAMPLINGS.index("max_unpooling")
        model = self._kind.model()
        if isinstance(model, QStandardItemModel):
            model.item(last).setEnabled(not reason)
        tip = reason or self.tr(
            "Each score goes back to the pixel at which the trunk's pools found their largest activation, summed over "
            "channels"
        )
        self._kind.setItemData(last, tip, Qt.ItemDataRole.ToolTipRole)
        self._kind.setToolTip(reason)

    def show_upsampling(self, kind: UpsamplingKind) -> None:
        """Marks a kind as chosen, without a signal."""
        self._kind.setCurrentIndex(UPSAMPLINGS.index(kind))

    def set_words(self, words: str) -> None:
        """What the mask is."""
        self._word.setText(words)

    def set_figures(self, words: str) -> None:
        """What was counted."""
        self._score.setText(words)

    def set_hint(self, words: str) -> None:
        """What is to be known of the chosen kind of upsampling."""
        self._hint.setText(words)
        self._hint.setVisible(bool(words))

    def show_kernel(self, fused: Trace, variant: str) -> None:
        """Draws the kernel of a variant's last enlargement, if it has one."""
        step = fused.upsamplings[fused.graph.exit(variant).by.layer]
        self._kernel.setVisible(step.places is None)
        if step.places is None:
            line = step.line() if step.weight is None else step.weight[0, 0, step.kernel // 2]
            self._kernel.set_kernel(line, step.stride)

    @Slot(int)
    def _on_kind(self, index: int) -> None:
        self.upsampling_chosen.emit(UPSAMPLINGS[index])


def _last(variant: str) -> tuple[str, int]:
    """The node that a variant enlarges at once, and by how much."""
    return BY_VARIANT[variant].fused, BY_VARIANT[variant].stride
