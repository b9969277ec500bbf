"""VGG-16 (Simonyan and Zisserman 2014, configuration D), its fc6 and fc7 as convolutions."""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.graph.geometry import PHOTO, CoordMap, Layer
from fcn_studio.engine.nets.architecture import POOL, VGG16_CONVOLUTIONS, Architecture
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps


class Vgg16Trunk:
    """Layers conv1_1 to conv5_3, fc6 and fc7; with batch normalisation bn1_1 to bn7 after them.

    (1, 3, 360, 480), `same` alignment, published widths: pool3 (1, 256, 45, 60), pool4 (1, 512, 23, 30) and
    fc7 (1, 4096, 12, 15).
    """

    # Of the published net's multiplications (FCN-8s at 375x500), counted from its layer sizes.
    stage_shares = MappingProxyType(
        {"block1": 0.11, "block2": 0.15, "block3": 0.25, "block4": 0.26, "block5": 0.08, "fc6": 0.13, "fc7": 0.02}
    )

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture

    def layers(self) -> dict[str, nn.Module]:
        """See `Trunk`."""
        architecture, found = self._architecture, dict[str, nn.Module]()
        bias = not architecture.batch_norm
        channels, padding = 3, architecture.first_padding()
        for block, width in enumerate(architecture.channels, start=1):
            for name in _names(block):
                found[f"conv{name}"] = nn.Conv2d(channels, width, 3, padding=padding, bias=bias)
                if architecture.batch_norm:
                    found[f"bn{name}"] = nn.BatchNorm2d(width)
                channels, padding = width, 1
        fc = architecture.fc_channels
        found["fc6"] = nn.Conv2d(channels, fc, 7, padding=architecture.fc6_padding(), bias=bias)
        found["fc7"] = nn.Conv2d(fc, fc, 1, bias=bias)
        if architecture.batch_norm:
            found |= {"bn6": nn.BatchNorm2d(fc), "bn7": nn.BatchNorm2d(fc)}
        return found

    def pool_maps(self) -> dict[str, CoordMap]:
        """Where the cells of pool1 to pool5 lie on the photo."""
        found, current, padding = {}, PHOTO, self._architecture.first_padding()
        for block, count in enumerate(VGG16_CONVOLUTIONS, start=1):
            for _ in range(count):
                current = current.through(Layer(kernel=3, padding=padding))
                padding = 1
            found[f"pool{block}"] = current = current.through(POOL)
        return found

    def taps(self, net: nn.Module, photo: Tensor, on_stage: OnStage, switches: dict[str, Tensor] | None = None) -> Taps:
        """See `Trunk`; with `switches`, puts (h, w) uint8 into it by pool (see `core.unpooling.Switches`)."""
        features, pools, scored = photo, Taps(), self._architecture.taps()
        for block in range(1, len(VGG16_CONVOLUTIONS) + 1):
            for name in _names(block):
                features = self._through(net, f"conv{name}", f"bn{name}", features)
            if switches is not None:
                switches[f"pool{block}"] = _maxima(features)
            features = functional.max_pool2d(features, 2, 2, ceil_mode=True)
            if f"pool{block}" in scored:
                pools[f"pool{block}"] = features
            on_stage(f"block{block}")
        for number in (6, 7):
            features = self._through(net, f"fc{number}", f"bn{number}", features)
            features = functional.dropout(features, self._architecture.dropout, net.training)
            on_stage(f"fc{number}")
        return {**pools, "fc7": features}

    def _through(self, net: nn.Module, convolution: str, norm: str, features: Tensor) -> Tensor:
        features = getattr(net, convolution)(features)
        if self._architecture.batch_norm:
            features = getattr(net, norm)(features)
        return functional.relu(features, inplace=True)


def _maxima(features: Tensor) -> Tensor:
    """(h, w) uint8: where in each 2x2 window of a photo's features their sum over channels is largest."""
    sums = features[:1].sum(dim=1, keepdim=True, dtype=torch.float32).contiguous()
    _, index = functional.max_pool2d(sums, 2, 2, ceil_mode=True, return_indices=True)
    row, column = index[0, 0] // sums.shape[-1], index[0, 0] % sums.shape[-1]
    return (2 * (row % 2) + column % 2).to(torch.uint8)


def _names(block: int) -> list[str]:
    return [f"{block}_{number}" for number in range(1, VGG16_CONVOLUTIONS[block - 1] + 1)]
