"""AlexNet: Caffe's (groups of 2, local response normalisation) and torchvision's (neither), fc6 and fc7 convolutional.

Caffe's is BVLC's reference net of Krizhevsky, Sutskever and Hinton 2012, as in voc-fcn-alexnet; torchvision's is that
of Krizhevsky 2014.
"""

from __future__ import annotations

from types import MappingProxyType

from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps, at_least

SMALLEST = 64  # photo pixels that leave pool5 a cell
LRN_SIZE = 5  # with alpha 1e-4, beta 0.75 and k 1: Caffe's prototxt of voc-fcn-alexnet


class AlexNetTrunk:
    """Layers conv1 to conv5, fc6 and fc7; with batch normalisation bn1 to bn7 after them.

    (1, 3, 500, 500), `caffe` alignment, published widths: pool1 (1, 96, 86, 86), pool2 (1, 256, 43, 43) and
    fc7 (1, 4096, 16, 16).
    """

    # Of the published net's multiplications at 500x500, counted from its layer sizes.
    stage_shares = MappingProxyType(
        {"conv1": 0.09, "conv2": 0.20, "conv3": 0.14, "conv4": 0.11, "conv5": 0.07, "fc6": 0.28, "fc7": 0.11}
    )

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture

    def layers(self) -> dict[str, nn.Module]:
        """See `Trunk`."""
        architecture = self._architecture
        groups, bias, fc = architecture.groups, not architecture.batch_norm, architecture.fc_channels
        first, second, third, fourth, fifth = architecture.channels
        padding = architecture.first_padding()
        found: dict[str, nn.Module] = {
            "conv1": nn.Conv2d(3, first, 11, stride=4, padding=padding, bias=bias),
            "conv2": nn.Conv2d(first, second, 5, padding=2, groups=groups, bias=bias),
            "conv3": nn.Conv2d(second, third, 3, padding=1, bias=bias),
            "conv4": nn.Conv2d(third, fourth, 3, padding=1, groups=groups, bias=bias),
            "conv5": nn.Conv2d(fourth, fifth, 3, padding=1, groups=groups, bias=bias),
            "fc6": nn.Conv2d(fifth, fc, 6, padding=architecture.fc6_padding(), bias=bias),
            "fc7": nn.Conv2d(fc, fc, 1, bias=bias),
        }
        if architecture.batch_norm:
            widths = (*architecture.channels, fc, fc)
            found |= {f"bn{number}": nn.BatchNorm2d(width) for number, width in enumerate(widths, start=1)}
        return found

    def taps(self, net: nn.Module, photo: Tensor, on_stage: OnStage) -> Taps:
        """See `Trunk`."""
        features, pools = photo, {}
        if self._architecture.alignment != "caffe":
            features = at_least(photo, SMALLEST)
        for number in range(1, 8):
            name = f"conv{number}" if number < 6 else f"fc{number}"
            features = getattr(net, name)(features)
            if self._architecture.batch_norm:
                features = getattr(net, f"bn{number}")(features)
            features = functional.relu(features, inplace=True)
            if number in (1, 2, 5):
                features = functional.max_pool2d(features, 3, 2, ceil_mode=True)
                pools[number] = features
            if number in (1, 2) and self._architecture.local_response_norm:
                features = functional.local_response_norm(features, LRN_SIZE)
            if number > 5:
                features = functional.dropout(features, self._architecture.dropout, net.training)
            on_stage(name)
        return {"pool3": pools[1], "pool4": pools[2], "fc7": features}
