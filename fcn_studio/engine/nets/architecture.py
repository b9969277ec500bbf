"""What a net is made of, as a value: enough to build it, and what a checkpoint's metadata holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NamedTuple

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.build import fusion_graph, score_node
from fcn_studio.core.graph.geometry import PHOTO, CoordMap, Layer
from fcn_studio.core.graph.graph import Graph
from fcn_studio.core.graph.names import BY_LAYER, BY_STRIDE, BY_VARIANT, PUBLISHED, VARIANTS, layers_of
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import LITE_KINDS, LiteKind, lite_layers_of

Alignment = Literal["caffe", "same", "classifier"]
TrunkKind = Literal["vgg16", "alexnet", "googlenet"] | LiteKind
Upsampling = Literal["bilinear", "learned", "per_class", "nearest"]

ALIGNMENTS: tuple[Alignment, ...] = ("caffe", "same", "classifier")
UPSAMPLINGS: tuple[Upsampling, ...] = ("bilinear", "learned", "per_class", "nearest")
VGG16_CONVOLUTIONS = (2, 2, 3, 3, 3)  # in each block; Simonyan and Zisserman 2014, configuration D
VGG16_CHANNELS = (64, 128, 256, 512, 512)
VGG16_FC_CHANNELS = 4096
POOL = Layer(kernel=2, stride=2, ceil=True)  # Caffe rounds up
WIDE_POOL = Layer(kernel=3, stride=2, ceil=True)  # of AlexNet and GoogLeNet
MAX_CHANNELS = 8192  # a bound on what a stranger's metadata may ask for
# Padding of the first convolution. AlexNet's own classifier has 2; with 5, grids of stride 8 still cover every photo.
FIRST_PADDING: dict[TrunkKind, dict[Alignment, int]] = {
    "vgg16": {"caffe": 100, "same": 1, "classifier": 1},
    "alexnet": {"caffe": 100, "same": 5, "classifier": 2},
    "googlenet": {"same": 3, "classifier": 3},
    **{lite: {"same": 0, "classifier": 0} for lite in LITE_KINDS},
}
NAMES: dict[TrunkKind, str] = {
    "vgg16": "FCN-VGG16",
    "alexnet": "FCN-AlexNet",
    "googlenet": "FCN-GoogLeNet",
    **{lite: f"FCN-EfficientNet-Lite{lite[-1]}" for lite in LITE_KINDS},
}
# By stride, finest first: the features that can be scored, and whose channels they have: a block's, counted from 0, or
# None for what the classifier read.
SCORED: dict[str, dict[int, tuple[str, int | None]]] = {
    "vgg16": {4: ("pool2", 1), 8: ("pool3", 2), 16: ("pool4", 3), 32: ("fc7", None)},
    "alexnet": {8: ("pool1", 0), 16: ("pool2", 1), 32: ("fc7", None)},
    "googlenet": {8: ("pool2", 1), 16: ("pool3", 2), 32: ("inception5b", 4)},
    **{lite: {4: ("stage2", 1), 8: ("stage3", 2), 16: ("stage5", 3), 32: ("fc6", None)} for lite in LITE_KINDS},
}


class Tap(NamedTuple):
    """Features that are scored: their name in this trunk, and their channels."""

    name: str
    channels: int


@dataclass(frozen=True, slots=True)
class Architecture:
    """An FCN that fuses scores; the defaults are the published net on VGG-16 (Long, Shelhamer, Darrell 2015).

    Attributes:
        num_classes: Channels of every score layer.
        alignment: `caffe` (first convolution padded by 100, fc6 unpadded), `same` (fc6 padded, no canvas of zeros), or
            `classifier`: the paddings of torchvision's ImageNet classifier, made convolutional; FCN-32s only.
        channels: Output channels of the five convolution blocks; of GoogLeNet those of conv1, conv3, and the last
            inception modules at strides 8, 16 and 32; of EfficientNet-Lite those of the last stages at each stride.
        fc_channels: Output channels of fc6 and fc7; GoogLeNet has neither, EfficientNet-Lite fc6 or the head alone.
        batch_norm: Whether each trunk convolution is followed by batch normalisation.
        upsampling: `bilinear` (fixed, as in the Caffe nets), `learned` (bilinear at the start, dense), `per_class`
            (learned, one kernel for each class) or `nearest` (unpooling by copying).
        variants: The outputs this net has, coarsest first.
        pool4_scale: Factor on the features of stride 16 before their scores (0.01 in the at-once Caffe net).
        pool3_scale: Factor on the features of stride 8 before their scores (0.0001 in the at-once Caffe net).
        dropout: Drop probability after fc6 and fc7 (or before the scores of GoogLeNet), in training.
        trunk: The classifier that the net was made from.
        groups: Of AlexNet's conv2, conv4 and conv5: 2 in Caffe's, 1 in torchvision's.
        local_response_norm: Whether AlexNet's first two pools are normalised, as in Caffe's.
    """

    num_classes: int
    alignment: Alignment = "caffe"
    channels: tuple[int, int, int, int, int] = VGG16_CHANNELS
    fc_channels: int = VGG16_FC_CHANNELS
    batch_norm: bool = False
    upsampling: Upsampling = "bilinear"
    variants: tuple[str, ...] = PUBLISHED
    pool4_scale: float = 1.0
    pool3_scale: float = 1.0
    dropout: float = 0.5
    trunk: TrunkKind = "vgg16"
    groups: int = 1
    local_response_norm: bool = False

    def __post_init__(self) -> None:
        if self.trunk not in FIRST_PADDING:
            raise CheckpointError(f"Unknown trunk {self.trunk!r}; it is one of {', '.join(FIRST_PADDING)}.")
        if self.alignment not in FIRST_PADDING[self.trunk]:
            known = ", ".join(FIRST_PADDING[self.trunk])
            raise CheckpointError(f"Unknown alignment {self.alignment!r} of {self.trunk}; it is one of {known}.")
        if self.upsampling not in UPSAMPLINGS:
            raise CheckpointError(f"Unknown upsampling {self.upsampling!r}; it is one of {', '.join(UPSAMPLINGS)}.")
        if not self.variants or any(variant not in VARIANTS for variant in self.variants):
            raise CheckpointError(f"Variants {self.variants} must be some of {', '.join(VARIANTS)}.")
        for variant in self.variants:
            if BY_VARIANT[variant].stride not in SCORED[self.trunk]:
                raise CheckpointError(f"{self.trunk} has no features of stride {variant[:-1]}, which {variant} needs.")
        if self.alignment == "classifier" and self.variants != VARIANTS[:1]:
            raise CheckpointError("A convolutionalised classifier has no skips: its only variant is 32s.")
        sizes = (self.num_classes, self.fc_channels, *self.channels)
        if len(self.channels) != len(VGG16_CHANNELS) or any(not 1 <= size <= MAX_CHANNELS for size in sizes):
            raise CheckpointError(f"Channel counts {sizes} must be five blocks of 1 to {MAX_CHANNELS}.")
        if self.groups not in (1, 2) or (self.groups == 2 and any(size % 2 for size in self.channels)):
            raise CheckpointError(f"Groups {self.groups} must be 1, or 2 with even channel counts.")

    @property
    def name(self) -> str:
        """Such as `FCN-VGG16`, or `VGG16 classifier`."""
        name = NAMES[self.trunk]
        return f"{name.removeprefix('FCN-')} classifier" if self.alignment == "classifier" else name

    def first_padding(self) -> int:
        """Padding of the first convolution."""
        return FIRST_PADDING[self.trunk][self.alignment]

    def fc6_padding(self) -> int:
        """Padding of fc6, which is 7x7 (AlexNet's: 6x6, so that padding it by 3 adds a cell)."""
        return 0 if self.alignment == "caffe" else 3

    @property
    def tileable(self) -> bool:
        """Whether a part of a photo, with a halo, gives a cell the whole one's score: see `engine.tracing.tiling`."""
        return self.trunk == "vgg16" and self.alignment != "classifier"

    def values_per_pixel(self) -> float:
        """Features that the widest step of the trunk holds at once, input and output, for each pixel of the canvas."""
        if self.is_lite:  # stage 2 expands the first block's channels by six, at stride 2
            return 2 * 6 * self.channels[0] / 2**2
        first_stride = {"vgg16": 1, "alexnet": 4, "googlenet": 2}[self.trunk]
        return 2 * self.channels[0] / first_stride**2

    @property
    def is_lite(self) -> bool:
        """Whether the trunk is one of the EfficientNet-Lite."""
        return self.trunk in LITE_KINDS

    def pool_maps(self) -> dict[str, CoordMap]:
        """Where the cells of the features of `taps` lie on the photo, by the features' own names."""
        layers = {"vgg16": self._vgg16_layers, "alexnet": self._alexnet_layers, "googlenet": self._googlenet_layers}
        found, current = {}, PHOTO
        for name, layer in self._lite_layers() if self.is_lite else layers[self.trunk]():
            current = current.through(layer)
            found[name] = current
        return {tap.name: found[tap.name] for tap in self.taps().values()}

    def taps(self) -> dict[str, Tap]:
        """The features that are scored, finest first, by the name that those of the same stride have in VGG-16.

        Pools' outputs and what the classifier read: of strides 8, 16 and 32, and of stride 4 where a variant needs it.
        """
        finest = min(8, *(BY_VARIANT[variant].stride for variant in self.variants))
        found = {}
        for stride, (name, block) in SCORED[self.trunk].items():
            if stride < finest:
                continue
            if self.is_lite and block is None and self.alignment == "classifier":
                name = "head"
            channels = self.fc_channels if block is None else self.channels[block]
            found[BY_STRIDE[stride].tap] = Tap(name, channels)
        return found

    @property
    def scales(self) -> dict[str, float]:
        """By score layer: the net's own factor on the features that it reads."""
        own = {"score_pool4": self.pool4_scale, "score_pool3": self.pool3_scale}
        return {layer: own.get(layer, 1.0) for layer in self.score_layers}

    @property
    def score_layers(self) -> tuple[str, ...]:
        """Those that the finest variant needs, coarsest first."""
        return max((layers_of(variant) for variant in self.variants), key=len)

    def graph(self) -> Graph:
        """The net after its trunk: nodes, steps with bilinear kernels' sizes, and exits."""
        return self._graph(self.score_layers, self.variants)

    def whole_graph(self) -> Graph:
        """The same with all scores that the trunk's features allow, whatever the variants."""
        return self._graph(tuple(BY_STRIDE[stride].layer for stride in SCORED[self.trunk]), VARIANTS)

    def _graph(self, layers: tuple[str, ...], variants: tuple[str, ...]) -> Graph:
        taps, maps, scales = self.taps(), self.pool_maps(), self.scales
        nodes = []
        for layer in layers:
            tap = taps.get(BY_LAYER[layer].tap)
            if tap is not None:
                coords, scale = maps[tap.name], scales.get(layer, 1.0)
                nodes.append(score_node(layer, coords, self.num_classes, tap=tap.name, scale=scale))
        return fusion_graph(tuple(nodes), variants)

    def kernels(self) -> dict[str, int]:
        """Kernel size of each upsampling layer that the trunk's features allow, by its name."""
        return {by.layer: by.kernel for _, by in self.whole_graph().enlarged}

    def _vgg16_layers(self) -> Iterator[tuple[str, Layer]]:
        padding = self.first_padding()
        for block, count in enumerate(VGG16_CONVOLUTIONS, start=1):
            for number in range(1, count + 1):
                yield f"conv{block}_{number}", Layer(kernel=3, padding=padding)
                padding = 1
            yield f"pool{block}", POOL
        yield "fc7", Layer(kernel=7, padding=self.fc6_padding())

    def _alexnet_layers(self) -> Iterator[tuple[str, Layer]]:
        yield "conv1", Layer(kernel=11, stride=4, padding=self.first_padding())
        yield "pool1", WIDE_POOL
        yield "conv2", Layer(kernel=5, padding=2)
        yield "pool2", WIDE_POOL
        for number in (3, 4, 5):
            yield f"conv{number}", Layer(kernel=3, padding=1)
        yield "pool5", WIDE_POOL
        yield "fc7", Layer(kernel=6, padding=self.fc6_padding())

    def _googlenet_layers(self) -> Iterator[tuple[str, Layer]]:
        """Of an inception module, its widest path: 3x3, since torchvision's 5x5 path is 3x3 too."""
        yield "conv1", Layer(kernel=7, stride=2, padding=self.first_padding())
        yield "pool1", WIDE_POOL
        yield "conv3", Layer(kernel=3, padding=1)
        yield "pool2", WIDE_POOL
        for number in ("3a", "3b"):
            yield f"inception{number}", Layer(kernel=3, padding=1)
        yield "pool3", WIDE_POOL
        for number in ("4a", "4b", "4c", "4d", "4e"):
            yield f"inception{number}", Layer(kernel=3, padding=1)
        yield "pool4", POOL
        for number in ("5a", "5b"):
            yield f"inception{number}", Layer(kernel=3, padding=1)

    def _lite_layers(self) -> Iterator[tuple[str, Layer]]:
        yield from lite_layers_of(self.trunk)
        yield ("head", Layer(kernel=1)) if self.alignment == "classifier" else ("fc6", Layer(kernel=3, padding=1))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for metadata."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Architecture:
        """The architecture that `to_dict` wrote.

        Raises:
            CheckpointError: A key is unknown or missing, or a value out of bounds.
        """
        kinds: dict[str, tuple[type, ...]] = {
            "int": (int,),
            "float": (int, float),
            "bool": (bool,),
            "tuple": (list, tuple),
        }
        plain: dict[str, Any] = {}
        for entry in fields(cls):
            if entry.name not in values:
                continue
            value = values[entry.name]
            expected = kinds.get(str(entry.type).partition("[")[0], (str,))
            if not isinstance(value, expected) or (isinstance(value, bool) and expected != (bool,)):
                raise CheckpointError(f"The architecture in this checkpoint has {entry.name} = {value!r}.")
            plain[entry.name] = tuple(value) if isinstance(value, list) else value
        if unknown := sorted(set(values) - set(plain)):
            raise CheckpointError(f"The architecture in this checkpoint has an unknown entry {unknown[0]!r}.")
        try:
            return cls(**plain)
        except TypeError as error:
            raise CheckpointError(f"The architecture in this checkpoint is malformed ({error}).") from error
