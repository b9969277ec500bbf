"""What importers of score-fusing nets share: label sets by count, kinds of upsampling, and nets filled with tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.fusion import bilinear_kernel
from fcn_studio.core.labels import LabelSet, label_sets_of_size
from fcn_studio.engine.checkpoints.states import Shaped, fill
from fcn_studio.engine.nets.architecture import Architecture, Upsampling
from fcn_studio.engine.nets.build import empty
from fcn_studio.engine.nets.fcn import FCN

AnyShaped = TypeVar("AnyShaped", bound=Shaped)
BILINEAR_TOLERANCE = 1e-6  # single precision of weights up to 1


def labels_for(path: Path, wanted: LabelSet | None, classes: int, layer: str) -> LabelSet:
    """The label set of a net that names none: the one that is wanted, or the only built-in one of that size.

    Raises:
        CheckpointError: It has another number of classes, or no built-in set fits.
    """
    if wanted is not None:
        if len(wanted) != classes:
            raise CheckpointError(
                f"{path}: layer {layer} scores {classes} classes, but {wanted.name} has {len(wanted)}; "
                "choose another label set."
            )
        return wanted
    fitting = label_sets_of_size(classes)
    if len(fitting) != 1:
        raise CheckpointError(
            f"{path}: layer {layer} scores {classes} classes without names; import it with `fcn-studio weights import "
            "SRC -o DST.safetensors --labels NAME|FILE` (`numbered` calls them class 0, class 1 and so on)."
        )
    return fitting[0]


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
