"""ImageNet classifiers made convolutional.

They are torchvision's VGG-16 (with and without BatchNorm), AlexNet and GoogLeNet, and EfficientNet-Lite (see
`efficientnet_lite`). Their fully connected layers become convolutions of the same numbers (fc6 to 7x7, AlexNet's to
6x6; fc7 and the scores to 1x1), so that a photo of any size gives a grid of scores. At 224x224 the grid's middle cell
has the classifier's own scores. The same nets, but for their scores, are trunks to train an FCN from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor

from fcn_studio.core.catalog.imagenet import imagenet_labels
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import PUBLISHED
from fcn_studio.core.labels import LabelSet, counted_classes
from fcn_studio.engine.checkpoints.efficientnet_lite import efficientnet_lite, is_efficientnet_lite
from fcn_studio.engine.checkpoints.native import Checkpoint, file_digest
from fcn_studio.engine.checkpoints.parts import filled, labels_for
from fcn_studio.engine.checkpoints.states import shape_of
from fcn_studio.engine.checkpoints.wanted import Wanted
from fcn_studio.engine.nets.architecture import VGG16_CONVOLUTIONS, Architecture
from fcn_studio.engine.nets.fcn import FCN, folded
from fcn_studio.engine.nets.preprocess import CAFFE, HALVES, IMAGENET_RGB, LITE
from fcn_studio.engine.nets.trunks.googlenet import INCEPTIONS, block_channels

IMAGENET_CLASSES = 1000
# Places of the convolutions in torchvision's `features`, and of the fully connected layers in its `classifier`.
ALEXNET_PLACES = (0, 3, 6, 8, 10)
FC_PLACES = MappingProxyType({"vgg16": (0, 3, 6), "alexnet": (1, 4, 6)})
FC_SIDES = MappingProxyType({"vgg16": 7, "alexnet": 6})
NORM_EPSILON = 1e-5  # of torchvision's VGG: torch's default
CAFFE_NAMES = ("caffe", "bgr")  # in the file's name: pytorch-fcn's vgg16_from_caffe.pth has torchvision's keys
AUXILIARY = ("aux1.", "aux2.")
STATISTICS = ("weight", "bias", "running_mean", "running_var")


def is_classifier(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of one of torchvision's classifiers, or of EfficientNet-Lite."""
    return (
        {"features.0.weight", "classifier.6.weight"} <= set(state)
        or "inception3a.branch1.conv.weight" in state
        or is_efficientnet_lite(state)
    )


def load_classifier(path: Path, state: Mapping[str, Tensor], wanted: Wanted | None = None) -> Checkpoint:
    """The convolutional net of a classifier's state dict; normalisations are folded into the convolutions.

    Raises:
        CheckpointError: A layer is missing, surplus or misshapen.
    """
    wanted = wanted or Wanted()
    state = {key: value.float() for key, value in state.items() if not key.startswith(AUXILIARY)}
    source = "torchvision"
    try:
        if is_efficientnet_lite(state):
            net = efficientnet_lite(path, state)
            classifier, source, usual = net.architecture.name.removesuffix(" classifier"), "efficientnet_pytorch", LITE
        elif "inception3a.branch1.conv.weight" in state:
            net, classifier, usual = _googlenet(path, state), "GoogLeNet", HALVES
        elif shape_of(path, state, "features.0.weight", dimensions=4)[-1] == 11:
            net, classifier, usual = _from_features(path, state, "alexnet"), "AlexNet", IMAGENET_RGB
        else:
            net, classifier, usual = _from_features(path, state, "vgg16"), "VGG-16", IMAGENET_RGB
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error
    if any(name in path.stem.lower() for name in CAFFE_NAMES):
        usual = CAFFE
    return Checkpoint(
        net=net,
        labels=_labels(path, wanted.labels, net.architecture.num_classes),
        preprocessing=wanted.preprocessing or usual,
        digest=file_digest(path),
        name=path.stem,
        card={"source": source, "classifier": classifier, "convolutionalised": True},
    )


def _labels(path: Path, wanted: LabelSet | None, classes: int) -> LabelSet:
    return classes_of(path, classes) if wanted is None else labels_for(path, wanted, classes, "classifier")


def classes_of(path: Path, classes: int) -> LabelSet:
    """ImageNet's names, for classifiers of just so many classes."""
    if classes != IMAGENET_CLASSES:
        raise CheckpointError(
            f"{path}: classifies into {counted_classes(classes)} without names, not ImageNet's {IMAGENET_CLASSES}; "
            "import it with `fcn-studio weights import SRC -o DST.safetensors --labels FILE.toml`."
        )
    return imagenet_labels()


def _from_features(path: Path, state: dict[str, Tensor], kind: str) -> FCN:
    """VGG-16 with or without normalisation, or AlexNet: `features` and three layers of `classifier`."""
    norm = kind == "vgg16" and "features.1.running_mean" in state
    places = ALEXNET_PLACES if kind == "alexnet" else tuple(_vgg16_places(norm))
    convolutions = [f"features.{place}" for place in places]
    first, second, third, fourth, fifth = (
        shape_of(path, state, f"{convolutions[index]}.weight", dimensions=4)[0]
        for index in ((0, 1, 2, 3, 4) if kind == "alexnet" else (1, 3, 6, 9, 12))
    )
    fc6, fc7, score = (f"classifier.{place}" for place in FC_PLACES[kind])
    fc, features = shape_of(path, state, f"{fc6}.weight", dimensions=2)
    side = FC_SIDES[kind]
    if features != fifth * side**2:
        raise CheckpointError(
            f"layer {fc6} reads {features} numbers, not the {fifth} channels of {side}x{side} cells; a different net?"
        )
    architecture = Architecture(
        num_classes=shape_of(path, state, f"{score}.weight", dimensions=2)[0],
        alignment="classifier",
        channels=(first, second, third, fourth, fifth),
        fc_channels=fc,
        variants=PUBLISHED[:1],
        trunk="alexnet" if kind == "alexnet" else "vgg16",
    )
    found: dict[str, Tensor] = {}
    names = [f"conv{number}" for number in range(1, 6)] if kind == "alexnet" else list(_vgg16_names())
    for name, key, place in zip(names, convolutions, places, strict=True):
        weight, bias = _taken(path, state, f"{key}.weight"), _taken(path, state, f"{key}.bias")
        if norm:
            weight, bias = _folded(path, state, f"features.{place + 1}", weight, bias)
        found |= {f"{name}.weight": weight, f"{name}.bias": bias}
    for name, key, kernel in (("fc6", fc6, side), ("fc7", fc7, 1), ("score_fr", score, 1)):
        weight = _taken(path, state, f"{key}.weight")
        found[f"{name}.weight"] = weight.reshape(len(weight), -1, kernel, kernel)
        found[f"{name}.bias"] = _taken(path, state, f"{key}.bias")
    return filled(path, architecture, found | state)  # what is left is surplus, and is named


def _googlenet(path: Path, state: dict[str, Tensor]) -> FCN:
    first = shape_of(path, state, "conv1.conv.weight", dimensions=4)[0]
    score = _taken(path, state, "fc.weight")
    architecture = Architecture(
        num_classes=len(score),
        alignment="classifier",
        channels=block_channels(first),
        fc_channels=score.shape[-1],
        batch_norm=True,
        variants=PUBLISHED[:1],
        trunk="googlenet",
        dropout=0.2,  # torchvision.models.GoogLeNet
    )
    names = {"conv1", "conv2", "conv3", *(f"inception{name}" for name in INCEPTIONS)}
    found = {key: state.pop(key) for key in list(state) if key.partition(".")[0] in names}
    found |= {"score_fr.weight": score[:, :, None, None], "score_fr.bias": _taken(path, state, "fc.bias")}
    return folded(filled(path, architecture, found | state))


def _vgg16_names() -> Iterator[str]:
    for block, count in enumerate(VGG16_CONVOLUTIONS, start=1):
        for number in range(1, count + 1):
            yield f"conv{block}_{number}"


def _vgg16_places(norm: bool) -> Iterator[int]:
    place = 0
    for count in VGG16_CONVOLUTIONS:
        for _ in range(count):
            yield place
            place += 3 if norm else 2
        place += 1  # the pool


def _taken(path: Path, state: dict[str, Tensor], key: str) -> Tensor:
    if key not in state:
        raise CheckpointError(f"{path}: layer {key} is missing; is the file complete?")
    return state.pop(key)


def _folded(path: Path, state: dict[str, Tensor], norm: str, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """A convolution with the normalisation after it in its own numbers."""
    scale, shift, mean, variance = (_taken(path, state, f"{norm}.{name}") for name in STATISTICS)
    if any(value.shape != bias.shape for value in (scale, shift, mean, variance)) or bool((variance < 0).any()):
        raise CheckpointError(f"{path}: layer {norm} does not fit the convolution before it; is the file damaged?")
    factor = scale / torch.sqrt(variance + NORM_EPSILON)
    return weight * factor[:, None, None, None], (bias - mean) * factor + shift
