"""GoogLeNet (Szegedy et al. 2014) as torchvision has it: batch normalisation, 3x3 in the 5x5 paths, no auxiliary heads.

The FCN of it was never released; this is the paper's principle: the final stride 32 scored, the classifier's dropout
before the scores, the skips from pools' outputs.
"""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps, at_least

BATCH_NORM_EPSILON = 0.001  # torchvision.models.googlenet.BasicConv2d
# Output channels at full width: 1x1, 3x3 and its reduction before it, 5x5 likewise, and behind the pool.
INCEPTIONS = MappingProxyType(
    {
        "3a": (64, 96, 128, 16, 32, 32),
        "3b": (128, 128, 192, 32, 96, 64),
        "4a": (192, 96, 208, 16, 48, 64),
        "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64),
        "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128),
        "5a": (256, 160, 320, 32, 128, 128),
        "5b": (384, 192, 384, 48, 128, 128),
    }
)
FIRST_CHANNELS = 64
SECOND_CHANNELS = 192
SMALLEST = 32  # photo pixels that leave pool4 a cell


class ConvolutionUnit(nn.Module):
    """A convolution, its normalisation if there is one, and a ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, norm: bool, stride: int = 1, padding: int = 0
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=not norm)
        self.bn = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPSILON) if norm else None

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, h, w) to (N, outputs, ...)."""
        features = self.conv(features)
        if self.bn is not None:
            features = self.bn(features)
        return functional.relu(features, inplace=True)


class Inception(nn.Module):
    """Four paths side by side; the names of its layers are torchvision's."""

    def __init__(self, inputs: int, widths: tuple[int, ...], *, norm: bool) -> None:
        super().__init__()
        one, reduced3, three, reduced5, five, pooled = widths
        self.branch1 = ConvolutionUnit(inputs, one, 1, norm=norm)
        self.branch2 = nn.Sequential(
            ConvolutionUnit(inputs, reduced3, 1, norm=norm), ConvolutionUnit(reduced3, three, 3, norm=norm, padding=1)
        )
        self.branch3 = nn.Sequential(
            ConvolutionUnit(inputs, reduced5, 1, norm=norm), ConvolutionUnit(reduced5, five, 3, norm=norm, padding=1)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), ConvolutionUnit(inputs, pooled, 1, norm=norm)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, h, w) to (N, sum of the paths, h, w)."""
        paths = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([path(features) for path in paths], 1)


def scaled_widths(name: str, first: int) -> tuple[int, ...]:
    """The widths of an inception module where conv1 has `first` channels instead of 64."""
    return tuple(max(1, round(width * first / FIRST_CHANNELS)) for width in INCEPTIONS[name])


def outputs_of(widths: tuple[int, ...]) -> int:
    """Channels that an inception module gives."""
    return widths[0] + widths[2] + widths[4] + widths[5]


def block_channels(first: int) -> tuple[int, int, int, int, int]:
    """`Architecture.channels` of the net whose conv1 has `first` channels."""
    third, fourth, fifth = (outputs_of(scaled_widths(name, first)) for name in ("3b", "4e", "5b"))
    return first, max(1, round(SECOND_CHANNELS * first / FIRST_CHANNELS)), third, fourth, fifth


class GoogLeNetTrunk:
    """Layers conv1 to conv3 and inception3a to inception5b; the last is scored.

    (1, 3, 224, 224), published widths: pool2 (1, 192, 28, 28), pool3 (1, 480, 14, 14), inception5b (1, 1024, 7, 7).
    """

    # Of the published net's multiplications at 224x224, counted from its layer sizes.
    stage_shares = MappingProxyType(
        {"conv1": 0.08, "conv2": 0.25, "inception3": 0.31, "inception4": 0.29, "inception5": 0.07}
    )

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture

    def layers(self) -> dict[str, nn.Module]:
        """See `Trunk`.

        Raises:
            CheckpointError: The architecture's channels are not those of one width throughout.
        """
        architecture, norm = self._architecture, self._architecture.batch_norm
        first = architecture.channels[0]
        if architecture.channels != block_channels(first):
            raise CheckpointError(
                f"Channels {architecture.channels} are no GoogLeNet's; with {first} in conv1 they are "
                f"{block_channels(first)}."
            )
        second = architecture.channels[1]
        padding = architecture.first_padding()
        found: dict[str, nn.Module] = {
            "conv1": ConvolutionUnit(3, first, 7, norm=norm, stride=2, padding=padding),
            "conv2": ConvolutionUnit(first, first, 1, norm=norm),
            "conv3": ConvolutionUnit(first, second, 3, norm=norm, padding=1),
        }
        channels = second
        for name in INCEPTIONS:
            widths = scaled_widths(name, first)
            found[f"inception{name}"] = Inception(channels, widths, norm=norm)
            channels = outputs_of(widths)
        return found

    def taps(self, net: nn.Module, photo: Tensor, on_stage: OnStage) -> Taps:
        """See `Trunk`."""
        features = _pool(net.get_submodule("conv1")(at_least(photo, SMALLEST)))
        on_stage("conv1")
        features = net.get_submodule("conv3")(net.get_submodule("conv2")(features))
        pool2 = _pool(features)
        on_stage("conv2")
        pool3 = _pool(self._block(net, "3", pool2))
        on_stage("inception3")
        # The last pool is 2x2.
        features = functional.max_pool2d(self._block(net, "4", pool3), 2, 2, ceil_mode=True)
        on_stage("inception4")
        features = self._block(net, "5", features)
        if self._architecture.alignment == "classifier":
            features = functional.avg_pool2d(features, 7, stride=1, padding=3)
        features = functional.dropout(features, self._architecture.dropout, net.training)
        on_stage("inception5")
        return {"pool3": pool2, "pool4": pool3, "fc7": features}

    def _block(self, net: nn.Module, block: str, features: Tensor) -> Tensor:
        for name in INCEPTIONS:
            if name.startswith(block):
                features = net.get_submodule(f"inception{name}")(features)
        return features


def _pool(features: Tensor) -> Tensor:
    return functional.max_pool2d(features, 3, 2, ceil_mode=True)
