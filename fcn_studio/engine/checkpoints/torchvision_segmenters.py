"""State dicts of torchvision's `fcn_resnet50` and `fcn_resnet101`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.states import fill, numbers_in, plain_state, set_apart, shape_of
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.nets.resnet import Backbone, ResNetArchitecture, ResNetFCN
from fcn_studio.engine.nets.unstarted import unstarted

PREPROCESSING = IMAGENET_RGB  # torchvision.transforms._presets.SemanticSegmentation
LABELS = MappingProxyType({21: "voc"})  # FCN_ResNet*_Weights.COCO_WITH_VOC_LABELS_V1: COCO photos, Pascal VOC's classes
# Residual blocks of layer3 (He et al. 2015, table 1); the other layers have 3, 4 and 3 in both nets.
LAYER3: Mapping[int, Backbone] = MappingProxyType({6: "resnet50", 23: "resnet101"})
LAST = "classifier.4.weight"
AUX = "aux_classifier."


def is_torchvision_segmenter(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of one of torchvision's segmenters on a ResNet (DeepLabV3 among them)."""
    names = {key.removeprefix("module.") for key in tensors}
    return "backbone.layer4.0.conv1.weight" in names and any(name.startswith("classifier.") for name in names)


def load_torchvision_segmenter(path: Path, tensors: Mapping[str, Tensor]) -> tuple[ResNetFCN, dict[str, Any]]:
    """The net of a state dict, with what its card is to say; an auxiliary head is kept, and not run.

    Args:
        path: The file, for messages.
        tensors: Its state dict.

    Raises:
        CheckpointError: A layer is missing, surplus or misshapen, or it is another kind of net.
    """
    state = plain_state(path, tensors)
    if "fc.weight" in state and "layer4.0.conv1.weight" in state:
        raise CheckpointError(
            f"{path}: layer fc makes this a ResNet that classifies whole photos; a segmenter's file has backbone.* and "
            "classifier.*, such as torchvision's fcn_resnet50."
        )
    if any(key.startswith("classifier.0.convs.") for key in state):
        raise CheckpointError(
            f"{path}: layer classifier.0.convs makes this a DeepLabV3, no FCN; use fcn_resnet50 or fcn_resnet101."
        )
    if not is_torchvision_segmenter(state):
        raise CheckpointError(
            f"{path}: no state dict of torchvision's fcn_resnet50 or fcn_resnet101 (no layers backbone.layer4 and "
            "classifier); which program wrote it?"
        )
    blocks = len(tuple(numbers_in(state, "backbone.layer3.")))
    if blocks not in LAYER3:
        raise CheckpointError(
            f"{path}: layer backbone.layer3 has {blocks} blocks; {' or '.join(get_args(Backbone))} has "
            f"{' or '.join(map(str, LAYER3))}: is the file complete?"
        )
    classes = shape_of(path, state, LAST, dimensions=4)[0]
    unused = None
    if f"{AUX}4.weight" in state and len(state[f"{AUX}4.weight"]) != classes:
        unused = set_apart(state, AUX)  # left as it was published where a net was trained for other classes
    aux = any(key.startswith(AUX) for key in state)
    try:
        architecture = ResNetArchitecture(num_classes=classes, backbone=LAYER3[blocks], aux=aux)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    with unstarted():
        net = ResNetFCN(architecture)
    fill(path, net, state)
    card = {"source": "torchvision", "net": f"fcn_{architecture.backbone}", "aux_classifier": aux}
    return net, card | ({"unused": [unused]} if unused else {})
