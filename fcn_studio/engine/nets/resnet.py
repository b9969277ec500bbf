"""FCN-ResNet50 and FCN-ResNet101 of torchvision: one score map at stride 8, no skips.

    (1, 3, 360, 480), 21 classes: layer4 (1, 2048, 45, 60), scores (1, 21, 45, 60)

The parts are torchvision's own and stand where its class has them, so the keys of its state dicts fit as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.engine.nets.single import (
    SingleArchitecture,
    SingleNet,
    SingleOutput,
    ignore_stage,
    single_precision,
)

Backbone = Literal["resnet50", "resnet101"]

TITLES = MappingProxyType({"resnet50": "FCN-ResNet50", "resnet101": "FCN-ResNet101"})
LAYERS = ("layer1", "layer2", "layer3", "layer4")


@dataclass(frozen=True, slots=True)
class ResNetArchitecture(SingleArchitecture):
    """An FCN on a dilated ResNet, as torchvision builds it.

    Attributes:
        backbone: `resnet50` or `resnet101`.
        aux: Whether it has the auxiliary head of torchvision's training; the published files do. It is held so that
            a checkpoint is kept whole, and not run.
    """

    kind: ClassVar[str] = "torchvision-fcn-resnet"

    backbone: Backbone = "resnet50"
    aux: bool = False

    def __post_init__(self) -> None:
        SingleArchitecture.__post_init__(self)  # super() knows not the class that slots=True makes
        if self.backbone not in TITLES:
            raise CheckpointError(f"Unknown backbone {self.backbone!r}; it is one of {', '.join(TITLES)}.")


class ResNetFCN(SingleNet):
    """torchvision's `fcn_resnet50` or `fcn_resnet101`, whose scores stay on their own grid."""

    architecture: ResNetArchitecture
    stride = 8
    size_multiple = 1
    backbone: nn.ModuleDict
    classifier: nn.Module
    aux_classifier: nn.Module | None

    def __init__(self, architecture: ResNetArchitecture) -> None:
        from torchvision.models import segmentation  # slow to import, and only these nets need it

        super().__init__()
        self.architecture = architecture
        build = {"resnet50": segmentation.fcn_resnet50, "resnet101": segmentation.fcn_resnet101}
        whole = build[architecture.backbone](
            weights=None, weights_backbone=None, num_classes=architecture.num_classes, aux_loss=architecture.aux
        )
        self.backbone = whole.backbone
        self.classifier = whole.classifier
        self.aux_classifier = whole.aux_classifier

    @property
    def title(self) -> str:
        """`FCN-ResNet50` or `FCN-ResNet101`."""
        return TITLES[self.architecture.backbone]

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The four groups of residual blocks, and the classifier."""
        return (*LAYERS, "classifier")

    def outputs(self, photo: Tensor, on_stage: Callable[[str], None] = ignore_stage) -> SingleOutput:
        """See `SingleNet`; scores are (N, classes, ceil(H / 8), ceil(W / 8)), and there are no decoder stages."""
        features = photo
        for name, layer in self.backbone.items():
            features = layer(features)
            if name in LAYERS:
                on_stage(name)
        scores = self.classifier(features)
        on_stage("classifier")
        return SingleOutput(single_precision(scores), ())

    def forward(self, photo: Tensor) -> dict[str, Tensor]:
        """See `SingleNet`; enlarged as torchvision does."""
        scores = self.outputs(photo).scores
        size = photo.shape[-2:]
        return {OUTPUT: functional.interpolate(scores, size=size, mode="bilinear", align_corners=False)}
