"""Decoder FCNs: a trunk of five pools, then five stages that each double the grid and may add a pool's features.

    (1, 3, 360, 480), padded to 384x480; published widths:
    x1..x5, the pools' outputs    64 at /2, 128 at /4, 256 at /8, 512 at /16, 512 at /32
    deconv1..5                    512 at /16, 256 at /8, 128 at /4, 64 at /2, 32 at /1
    classifier                    (1, classes, 384, 480), cropped to 360x480

Unlike FCN-8s these add features, with ReLU and normalisation between, so scores are no sum of shares. Layer names are
those of the widespread `FCN32s`, `FCN16s`, `FCN8s` and `FCNs` classes on torchvision's VGG nets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Literal, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.engine.nets.architecture import VGG16_CHANNELS
from fcn_studio.engine.nets.single import (
    SingleArchitecture,
    SingleNet,
    SingleOutput,
    StageMap,
    check_channels,
    energy,
    ignore_stage,
    single_precision,
)
from fcn_studio.engine.nets.unstarted import unstarted

Trunk = Literal["blocks", "vgg11", "vgg13", "vgg16", "vgg19"]
Addition = Literal["before_norm", "after_norm"]
Enlargement = Literal["transposed", "nearest", "bilinear", "max_unpooling"]

# Convolutions in each block: `blocks` is trained from scratch, the others are Simonyan and Zisserman 2014, A B D E.
CONVOLUTIONS = MappingProxyType(
    {
        "blocks": (2, 2, 2, 2, 2),
        "vgg11": (1, 1, 2, 2, 2),
        "vgg13": (2, 2, 2, 2, 2),
        "vgg16": (2, 2, 3, 3, 3),
        "vgg19": (2, 2, 4, 4, 4),
    }
)

POOLS = 5
SKIPS = ("x4", "x3", "x2", "x1")  # in the order in which the decoder meets them
NAMES = ("FCN-32s", "FCN-16s", "FCN-8s", "FCN-4s", "FCNs")  # by the number of skips
# Those that convolve after enlarging share the shapes of their weights, and may be exchanged.
CONVOLVED = ("nearest", "bilinear", "max_unpooling")


class Scheme(NamedTuple):
    """Which pools are added, and on which side of the normalisation."""

    skips: tuple[str, ...]
    addition: Addition


SCHEMES = MappingProxyType(
    {
        "fcn32s": Scheme((), "before_norm"),
        "fcn16s": Scheme(SKIPS[:1], "before_norm"),
        "fcn8s": Scheme(SKIPS[:2], "before_norm"),
        "fcns": Scheme(SKIPS, "after_norm"),
    }
)


@dataclass(frozen=True, slots=True)
class DecoderArchitecture(SingleArchitecture):
    """A decoder FCN; the defaults are the published `FCNs` on VGG-16.

    Attributes:
        skips: Pools whose outputs are added, deepest first; a beginning of SKIPS.
        addition: `before_norm`: bn(relu(deconv(x)) + skip); `after_norm`: bn(relu(deconv(x))) + skip.
        trunk: Which convolutions stand before the pools.
        channels: Output channels of the five blocks; the decoder goes back through them.
        last_channels: Output channels of deconv5.
        batch_norm: Whether each trunk convolution is followed by batch normalisation.
        upsampling: How a stage doubles its grid: by a 3x3 transposed convolution, or by copying, interpolating or
            putting values where the trunk's pool of that level found its maxima, each before a 3x3 convolution.
    """

    kind: ClassVar[str] = "decoder"

    skips: tuple[str, ...] = SKIPS
    addition: Addition = "after_norm"
    trunk: Trunk = "vgg16"
    channels: tuple[int, int, int, int, int] = VGG16_CHANNELS
    last_channels: int = 32
    batch_norm: bool = False
    upsampling: Enlargement = "transposed"

    def __post_init__(self) -> None:
        SingleArchitecture.__post_init__(self)  # super() knows not the class that slots=True makes
        if len(self.channels) != POOLS:
            raise CheckpointError(f"Channel counts {self.channels} must be those of {POOLS} blocks.")
        check_channels("channels", *self.channels)
        check_channels("last_channels", self.last_channels)
        if self.trunk not in CONVOLUTIONS:
            raise CheckpointError(f"Unknown trunk {self.trunk!r}; it is one of {', '.join(CONVOLUTIONS)}.")
        if self.skips != SKIPS[: len(self.skips)]:
            raise CheckpointError(f"Skips {self.skips} must be the first so many of {', '.join(SKIPS)}.")
        if self.addition not in ("before_norm", "after_norm"):
            raise CheckpointError(f"Unknown addition {self.addition!r}; it is 'before_norm' or 'after_norm'.")
        if self.upsampling not in ("transposed", *CONVOLVED):
            raise CheckpointError(
                f"Unknown upsampling {self.upsampling!r}; it is one of transposed, {', '.join(CONVOLVED)}."
            )

    def stages(self) -> Iterator[tuple[int, int, int]]:
        """Number, input and output channels of each stage of the decoder."""
        widths = (*reversed(self.channels), self.last_channels)
        return zip(range(1, POOLS + 1), widths, widths[1:], strict=False)

    def convolution_names(self) -> tuple[tuple[str, ...], ...]:
        """Each block's convolutions; on VGG by their places in torchvision's `features` (ReLUs and pools count)."""
        names, start = [], 0
        step = 3 if self.batch_norm else 2
        for block, count in enumerate(CONVOLUTIONS[self.trunk], start=1):
            places = range(start, start + step * count, step)
            if self.trunk == "blocks":
                names.append(tuple(f"block{block}.{place}" for place in places))
            else:
                names.append(tuple(f"pretrained_net.features.{place}" for place in places))
                start += step * count + 1
        return tuple(names)


class _VGG(nn.Module):
    """torchvision's VGG without its classifier, under its own names."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)


class DecoderFCN(SingleNet):
    """The net of a `DecoderArchitecture`; photos of any size, padded with zeros at the right and bottom."""

    architecture: DecoderArchitecture
    stride = 1
    size_multiple = 2**POOLS

    def __init__(self, architecture: DecoderArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        blocks = _trunk(architecture)
        self.pretrained_net: _VGG | None = None
        if architecture.trunk == "blocks":
            for number, layers in enumerate(blocks, start=1):
                self.add_module(f"block{number}", nn.Sequential(*layers))
        else:
            self.pretrained_net = _VGG([layer for layers in blocks for layer in layers])
        for number, into, out in architecture.stages():
            layer = (
                nn.ConvTranspose2d(into, out, 3, stride=2, padding=1, output_padding=1)
                if architecture.upsampling == "transposed"
                else nn.Conv2d(into, out, 3, padding=1)
            )
            self.add_module(f"deconv{number}", layer)
            self.add_module(f"bn{number}", nn.BatchNorm2d(out))
        self.classifier = nn.Conv2d(architecture.last_channels, architecture.num_classes, 1)

    @property
    def title(self) -> str:
        """Such as `FCN-8s with decoder`."""
        name = NAMES[len(self.architecture.skips)]
        return f"{name} with decoder, {self.architecture.upsampling.replace('_', '-')}".removesuffix(", transposed")

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Five blocks, five stages of the decoder, the classifier."""
        numbers = range(1, POOLS + 1)
        return (*(f"block{n}" for n in numbers), *(f"deconv{n}" for n in numbers), "classifier")

    @property
    def exchangeable(self) -> tuple[str, ...]:
        """The kinds of upsampling that these weights fit, this net's own among them."""
        return CONVOLVED if self.architecture.upsampling in CONVOLVED else ("transposed",)

    def with_upsampling(self, upsampling: Enlargement) -> DecoderFCN:
        """The same weights, shared, with another of the `exchangeable` kinds of upsampling."""
        if upsampling not in self.exchangeable:
            raise ValueError(f"these weights fit {', '.join(self.exchangeable)}, not {upsampling}")
        with unstarted():
            other = DecoderFCN(replace(self.architecture, upsampling=upsampling))
        other.load_state_dict(self.state_dict(keep_vars=True), assign=True)
        return other.train(self.training)

    def outputs(self, photo: Tensor, on_stage: Callable[[str], None] = ignore_stage) -> SingleOutput:
        """See `SingleNet`; the scores are the photo's size, and there is a map for each stage of the decoder."""
        height, width = photo.shape[-2:]
        maps = []

        def keep(number: int, skip_name: str | None, upsampled: Tensor, skip: Tensor | None, output: Tensor) -> None:
            stride = 2 ** (POOLS - number)
            rows, columns = -(-height // stride), -(-width // stride)
            strength = energy(output[..., :rows, :columns])
            below = strength if output is upsampled else energy(upsampled[..., :rows, :columns])
            added = None if skip is None else energy(skip[..., :rows, :columns])
            maps.append(StageMap(f"deconv{number}", skip_name, stride, strength, below, added))

        return SingleOutput(self._scores(photo, on_stage, keep), tuple(maps))

    def forward(self, photo: Tensor) -> dict[str, Tensor]:
        """See `SingleNet`."""
        return {OUTPUT: self._scores(photo)}

    def _scores(
        self,
        photo: Tensor,
        on_stage: Callable[[str], None] = ignore_stage,
        keep: Callable[[int, str | None, Tensor, Tensor | None, Tensor], None] | None = None,
    ) -> Tensor:
        height, width = photo.shape[-2:]
        features = functional.pad(photo, (0, -width % self.size_multiple, 0, -height % self.size_multiple))
        pools: dict[str, Tensor] = {}
        maxima = []
        for number, block in enumerate(self._blocks(), start=1):
            features, places = _through(block, features)
            if f"x{number}" in self.architecture.skips:
                pools[f"x{number}"] = features
            maxima.append(places)
            on_stage(f"block{number}")
        for number in range(1, POOLS + 1):
            name = f"x{POOLS - number}"  # the pool whose output has this stage's grid; x0 would be the photo
            skip = pools.pop(name, None)
            norm = getattr(self, f"bn{number}")
            features = functional.relu(self._enlarged(number, features, maxima.pop()), inplace=True)
            if self.architecture.addition == "after_norm":
                upsampled = features = norm(features)
                if skip is not None:
                    features = upsampled + skip
            elif skip is not None:
                upsampled, features = features, norm(features + skip)
            else:
                upsampled = features = norm(features)
            if keep is not None:
                keep(number, None if skip is None else name, upsampled, skip, features)
            on_stage(f"deconv{number}")
        # The classifier has one tap: cropping before it gives the same, for less.
        scores: Tensor = self.classifier(features[..., :height, :width])
        on_stage("classifier")
        return single_precision(scores)

    def _blocks(self) -> Iterator[nn.Sequential]:
        if self.pretrained_net is None:
            yield from (getattr(self, f"block{number}") for number in range(1, POOLS + 1))
            return
        start = 0
        features = self.pretrained_net.features
        for place, layer in enumerate(features, start=1):
            if isinstance(layer, nn.MaxPool2d):
                yield features[start:place]
                start = place

    def _enlarged(self, number: int, features: Tensor, maxima: Tensor | None) -> Tensor:
        """(N, in, h, w) to (N, out, 2h, 2w)."""
        kind, layer = self.architecture.upsampling, getattr(self, f"deconv{number}")
        if maxima is not None:
            features = functional.max_unpool2d(features, maxima, (2, 2))
        elif kind == "nearest":
            features = functional.interpolate(features, scale_factor=2, mode="nearest")
        elif kind == "bilinear":
            features = functional.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
        enlarged: Tensor = layer(features)
        return enlarged


def _trunk(architecture: DecoderArchitecture) -> list[list[nn.Module]]:
    """The layers of the five blocks, each ending with its pool."""
    blocks, into = [], 3
    unpool = architecture.upsampling == "max_unpooling"
    for count, width in zip(CONVOLUTIONS[architecture.trunk], architecture.channels, strict=True):
        layers: list[nn.Module] = []
        for _ in range(count):
            convolution = nn.Conv2d(into, width, 3, padding=1)
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
            if convolution.bias is not None:
                nn.init.zeros_(convolution.bias)
            norm: list[nn.Module] = [nn.BatchNorm2d(width)] if architecture.batch_norm else []
            layers += [convolution, *norm, nn.ReLU(inplace=True)]
            into = width
        blocks.append([*layers, nn.MaxPool2d(2, return_indices=unpool)])
    return blocks


def _through(block: nn.Sequential, features: Tensor) -> tuple[Tensor, Tensor | None]:
    """A block's output, and where its pool found the maxima if the net wants to know."""
    result = block(features)
    return result if isinstance(result, tuple) else (result, None)
