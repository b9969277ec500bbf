"""What importers of score-fusing nets share: label sets by count, kinds of upsampling, and nets filled with tensors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.labels import (
    LabelSet,
    binary_label_set,
    counted_classes,
    label_sets_of_size,
    numbered_label_set,
    voc_colour,
)
from fcn_studio.engine.checkpoints.states import Shaped, fill
from fcn_studio.engine.nets.architecture import Architecture, Upsampling
from fcn_studio.engine.nets.build import empty
from fcn_studio.engine.nets.fcn import FCN

AnyShaped = TypeVar("AnyShaped", bound=Shaped)
LEAST_GUESSED = 10  # classes; fewer are so common that their number says nothing
BILINEAR_TOLERANCE = 1e-6  # single precision of weights up to 1


def labels_for(
    path: Path, wanted: LabelSet | None, classes: int, layer: str, *, published: Collection[str] = ()
) -> LabelSet:
    """The label set of a net that names none.

    The one that is wanted; else the built-in one of that many classes, which is guessed unless more than the number
    speaks for it; else numbers. One output tells a foreground from a background.

    Args:
        path: The file: its name may have a label set's in it.
        wanted: What the user said.
        classes: Channels of the scores.
        layer: Which gives them, for the message.
        published: Label sets that nets of this kind were published for.

    Raises:
        CheckpointError: `wanted` has another number of classes.
    """
    if wanted is not None:
        return _of_size(path, wanted, classes, layer)
    if classes == 1:
        return binary_label_set()
    fitting = label_sets_of_size(classes)
    for labels in fitting:
        if labels.name in published or _letters(labels.name) in _letters(path.stem):
            return labels
    if len(fitting) == 1 and classes >= LEAST_GUESSED:
        return replace(fitting[0], guessed=True)
    return numbered_label_set(classes)


def _of_size(path: Path, wanted: LabelSet, classes: int, layer: str) -> LabelSet:
    """The wanted set; of one output, the foreground's name alone will do.

    Raises:
        CheckpointError: It has another number of classes.
    """
    if classes == 1 and len(wanted) == 1:
        colours = (voc_colour(0), wanted.colours[0] if any(wanted.colours[0]) else voc_colour(1))
        return replace(wanted, classes=("background", *wanted.classes), colours=colours, background=0)
    if len(wanted) != max(classes, 2):
        outputs = "one output, background against foreground" if classes == 1 else counted_classes(classes)
        raise CheckpointError(
            f"{path}: layer {layer} scores {outputs}, but {wanted.name} has {len(wanted)}; choose another label set."
        )
    return wanted


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def layer_of(path: Path, tensors: Mapping[str, AnyShaped], key: str) -> AnyShaped:
    """A convolution's weight from which the net is inferred."""
    if key not in tensors or len(tensors[key].shape) != 4 or 0 in tensors[key].shape:
        raise CheckpointError(f"{path}: layer {key.partition('.')[0]} is missing or of a wrong shape.")
    return tensors[key]


def upsampling_kind(path: Path, tensors: Mapping[str, Tensor]) -> Upsampling:
    """What kind the upscore layers' weights are: the fixed bilinear kernel, which needs none, or something learned.

    Raises:
        CheckpointError: One is neither (C, C, k, k) nor (C, 1, k, k).
    """
    kinds: set[Upsampling] = set()
    for key, weight in tensors.items():
        if not key.startswith("upscore"):
            continue
        if weight.ndim != 4 or weight.shape[1] not in (1, weight.shape[0]) or weight.shape[2] != weight.shape[3]:
            raise CheckpointError(
                f"{path}: layer {key} is {tuple(weight.shape)}, not (C, C, k, k) or (C, 1, k, k) with C the classes."
            )
        kinds.add(_kind(weight))
    if not kinds - {"bilinear"}:
        return "bilinear"
    return "per_class" if all(weight.shape[1] == 1 for key, weight in tensors.items() if upscores(key)) else "learned"


def upscores(key: str) -> bool:
    """Whether a layer is one of upsampling."""
    return key.startswith("upscore")


def _kind(weight: Tensor) -> Upsampling:
    kernel = torch.from_numpy(bilinear_kernel(weight.shape[-1]))
    fixed = torch.zeros_like(weight)
    diagonal = torch.arange(len(weight))
    fixed[diagonal, diagonal if weight.shape[1] > 1 else 0] = kernel
    if torch.allclose(weight, fixed, atol=BILINEAR_TOLERANCE):
        return "bilinear"
    return "per_class" if weight.shape[1] == 1 else "learned"


def _dense(weight: Tensor) -> Tensor:
    """(C, C, k, k) with the kernels of (C, 1, k, k) on the diagonal."""
    if weight.shape[1] != 1 or len(weight) == 1:
        return weight
    dense = torch.zeros(len(weight), len(weight), *weight.shape[2:])
    diagonal = torch.arange(len(weight))
    dense[diagonal, diagonal] = weight[:, 0]
    return dense


def upsampling_state(architecture: Architecture, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The upscore layers' weights as the net's kind of upsampling wants them: none, dense, or one for each class."""
    if architecture.upsampling == "bilinear":
        return {}
    dense = architecture.upsampling == "learned"
    return {key: _dense(value) if dense else value for key, value in tensors.items() if upscores(key)}


def filled(path: Path, architecture: Architecture, tensors: Mapping[str, Tensor]) -> FCN:
    """The net with these tensors, those of upsampling as its kind wants them; every tensor must have its place.

    Raises:
        CheckpointError: A layer is missing, surplus or misshapen.
    """
    net = empty(architecture)
    assert isinstance(net, FCN)  # as every Architecture makes one
    others = {key: value for key, value in tensors.items() if not upscores(key)}
    fill(path, net, others | upsampling_state(architecture, tensors))
    return net
