"""EfficientNet-Lite (see `efficientnet_lite_table`) as a trunk: stages 3 and 5, and fc6 on stage 7, are scored."""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.trunks.depthwise import depthwise
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import (
    COARSEST,
    STEM_CHANNELS,
    Stage,
    block_channels,
    same_padding,
    stages_of,
)
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps

BATCH_NORM_EPSILON = 0.001
BATCH_NORM_MOMENTUM = 0.01  # TensorFlow's 0.99


class ConvolutionUnit(nn.Module):
    """A convolution, its normalisation if there is one, and ReLU6 where it is `activated`.

    A normalisation in evaluation mode is a factor and a shift that its convolution takes over in passing, also in
    training, where its statistics are frozen: the features are gone through once, not three times.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        norm: bool,
        stride: int = 1,
        groups: int = 1,
        activated: bool = True,
    ) -> None:
        super().__init__()
        before, after = same_padding(kernel, stride)
        self._rim = (before, after, before, after) if before != after else None
        padding = 0 if self._rim else before
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=not norm)
        self.bn = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPSILON, momentum=BATCH_NORM_MOMENTUM) if norm else None
        self.activated = activated

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, h, w) to (N, outputs, ...), h and w even where the stride is 2."""
        if self._rim is not None:
            features = functional.pad(features, self._rim)
        if self.bn is None or self.bn.training:
            features = self._convolved(features, self.conv.weight, self.conv.bias)
            if self.bn is not None:
                features = self.bn(features)
        else:
            features = self._convolved(features, *_taken_over(self.conv, self.bn))
        return functional.relu6(features, inplace=True) if self.activated else features

    def _convolved(self, features: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        layer = self.conv
        stride, padding = layer.stride[0], int(layer.padding[0])
        if layer.groups > 1:
            return depthwise(features, weight, bias, stride=stride, padding=padding)
        return functional.conv2d(features, weight, bias, stride, padding)


def _taken_over(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    factor = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return convolution.weight * factor[:, None, None, None], norm.bias - norm.running_mean * factor


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise convolution, 1x1 projection; where shapes agree the block `adds` its input."""

    def __init__(self, inputs: int, outputs: int, stage: Stage, *, stride: int, norm: bool) -> None:
        super().__init__()
        wide = inputs * stage.expansion
        self.expand = ConvolutionUnit(inputs, wide, 1, norm=norm) if stage.expansion > 1 else None
        self.depthwise = ConvolutionUnit(wide, wide, stage.kernel, norm=norm, stride=stride, groups=wide)
        self.project = ConvolutionUnit(wide, outputs, 1, norm=norm, activated=False)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, h, w) to (N, outputs, ...)."""
        wide = features if self.expand is None else self.expand(features)
        result: Tensor = self.project(self.depthwise(wide))
        return features + result if self.adds else result


class EfficientNetLiteTrunk:
    """Layers stem, stage1 to stage7, and fc6 (3x3) of an FCN or the head (1x1) of the classifier.

    (1, 3, 224, 224), lite0, `same` alignment: stage3 (1, 40, 28, 28), stage5 (1, 112, 14, 14), fc6 (1, 512, 7, 7).
    """

    # Of lite0's multiplications with fc6 of 512 channels, counted from its layer sizes.
    stage_shares = MappingProxyType(
        {
            "stem": 0.02,
            "stage1": 0.02,
            "stage2": 0.12,
            "stage3": 0.11,
            "stage4": 0.14,
            "stage5": 0.18,
            "stage6": 0.19,
            "stage7": 0.06,
            "fc6": 0.16,
        }
    )

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture

    def layers(self) -> dict[str, nn.Module]:
        """See `Trunk`.

        Raises:
            CheckpointError: The architecture's channels are not those of this trunk.
        """
        architecture, norm = self._architecture, self._architecture.batch_norm
        if architecture.channels != block_channels(architecture.trunk):
            raise CheckpointError(
                f"Channels {architecture.channels} are not those of {architecture.trunk}, "
                f"{block_channels(architecture.trunk)}."
            )
        found: dict[str, nn.Module] = {"stem": ConvolutionUnit(3, STEM_CHANNELS, 3, norm=norm, stride=2)}
        channels = STEM_CHANNELS
        for number, stage in enumerate(stages_of(architecture.trunk), start=1):
            blocks = []
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(InvertedResidual(channels, stage.channels, stage, stride=stride, norm=norm))
                channels = stage.channels
            found[f"stage{number}"] = nn.Sequential(*blocks)
        last = self._last
        found[last] = ConvolutionUnit(channels, architecture.fc_channels, 1 if last == "head" else 3, norm=norm)
        return found

    @property
    def _last(self) -> str:
        return self._architecture.taps()["fc7"].name

    def taps(self, net: nn.Module, photo: Tensor, on_stage: OnStage) -> Taps:
        """See `Trunk`."""
        height, width = photo.shape[-2:]
        rim = (0, -width % COARSEST, 0, -height % COARSEST)
        features = net.get_submodule("stem")(functional.pad(photo, rim) if any(rim) else photo)
        on_stage("stem")
        scored = {}
        for number in range(1, 8):
            name = f"stage{number}"
            features = net.get_submodule(name)(features)
            scored[name] = features
            on_stage(name)
        features = net.get_submodule(self._last)(features)
        on_stage("fc6")
        features = functional.dropout(features, self._architecture.dropout, net.training)
        scored[self._last] = features
        return {name: scored[tap.name] for name, tap in self._architecture.taps().items()}
