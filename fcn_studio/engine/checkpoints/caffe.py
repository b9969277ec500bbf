"""The published Caffe nets: voc-fcn32s, 16s, 8s, 8s-atonce and alexnet, pascalcontext-*, siftflow-* and nyud-*-color.

A `.caffemodel` names its layers; which net it is follows from the names and shapes. SIFT Flow's nets have two heads on
one trunk, of which a checkpoint here is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import BY_VARIANT, COARSEST, PUBLISHED, SCORE_LAYERS
from fcn_studio.engine.checkpoints.caffe_blobs import CaffeBlob
from fcn_studio.engine.checkpoints.caffe_reader import CaffeLayer, scan_caffemodel
from fcn_studio.engine.checkpoints.native import Checkpoint, file_digest
from fcn_studio.engine.checkpoints.parts import labels_for, layer_of, upsampling_kind, upsampling_state, upscores
from fcn_studio.engine.checkpoints.states import check_layers, fill
from fcn_studio.engine.checkpoints.wanted import HEADS, Wanted
from fcn_studio.engine.nets.architecture import VGG16_CONVOLUTIONS, Architecture, Upsampling
from fcn_studio.engine.nets.build import empty
from fcn_studio.engine.nets.preprocess import CAFFE, Preprocessing

PADDING = 100
SUFFIXES = MappingProxyType({"semantic": "_sem", "geometric": "_geo"})
OWN_NAMES = MappingProxyType({COARSEST.last: "upscore"})  # of layers here: what they are called there
# The layer that enlarges to the photo says which net it is.
LAST_LAYER = MappingProxyType({OWN_NAMES.get(BY_VARIANT[name].last, BY_VARIANT[name].last): name for name in PUBLISHED})
SCALING = ("Scale", "Power")
KINDS = MappingProxyType({"Convolution": 2, "Deconvolution": 1, "InnerProduct": 2})  # with weights: how many blobs
# Means in the data layers of the nets' own repository (siftflow_layers.py, nyud_layers.py), by number of classes.
MEANS = MappingProxyType(
    {
        33: (114.578, 115.294, 108.353),
        3: (114.578, 115.294, 108.353),
        40: (116.190, 97.203, 92.318),
    }
)
CLASSIFIER_LAYERS = ("fc8", "fc8_voc12", "prob", "loss3/classifier")


@dataclass(frozen=True, slots=True)
class _Head:
    """One set of score layers: `score_fr` and the like, and what follows their names in the file."""

    name: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A checkpoint whose weights still lie in their file.

    Attributes:
        checkpoint: All but the weights: its net has none.
        state: The weights by the net's names, as they are to be saved or filled in.
    """

    checkpoint: Checkpoint
    state: Mapping[str, Tensor | CaffeBlob]


def load_caffe(path: Path, wanted: Wanted | None = None) -> Checkpoint:
    """Reads a `.caffemodel` of one of the published kinds, exactly; nothing in it is executed.

    Raises:
        CheckpointError: It is damaged, of another kind, or what it cannot say was not said.
    """
    unread = scan_caffe(path, wanted)
    state = {
        key: value if isinstance(value, Tensor) else torch.from_numpy(value.read())
        for key, value in unread.state.items()
    }
    fill(path, unread.checkpoint.net, state)
    return unread.checkpoint


def scan_caffe(path: Path, wanted: Wanted | None = None) -> Unread:
    """The same without reading most of the weights, to convert a file in little memory.

    Raises:
        CheckpointError: As of `load_caffe`, but for numbers that are not finite.
    """
    wanted = wanted or Wanted()
    kept = ("Crop", *SCALING)
    layers = {layer.name: layer for layer in scan_caffemodel(path) if layer.stored or layer.kind in kept}
    head = _head(path, layers, wanted.head)
    variant = _variant(path, layers, head)
    own = {name: layer for name, layer in layers.items() if not _of_other_head(name, head)}
    crops = {name: layer for name, layer in own.items() if layer.kind == "Crop"}
    scales, state = _state(path, own, head)
    upsampling = {key: value for key, value in state.items() if isinstance(value, Tensor) and upscores(key)}
    architecture = _architecture(path, state, variant, scales, upsampling_kind(path, upsampling))
    _check_windows(path, own, architecture)
    _check_crops(path, crops, architecture, variant, head)
    classes = architecture.num_classes
    others = {key: value for key, value in state.items() if not upscores(key)}
    state = {**others, **upsampling_state(architecture, upsampling)}
    net = empty(architecture)
    check_layers(path, net, state)
    card: dict[str, Any] = {"source": "Caffe", "net": path.stem, "layers": len(layers) - len(crops)}
    if head.suffix:
        card |= {"head": head.name, "other_heads": [name for name in HEADS if name != head.name]}
    checkpoint = Checkpoint(
        net=net.eval(),
        labels=labels_for(path, wanted.labels, classes, f"score_fr{head.suffix}", published=_published(head)),
        preprocessing=wanted.preprocessing or _preprocessing(classes, bool(head.suffix)),
        digest=file_digest(path),
        name=path.stem if head.name == HEADS[0] else f"{path.stem} ({head.name})",
        card=card,
    )
    return Unread(checkpoint, state)


def _published(head: _Head) -> tuple[str, ...]:
    """The label sets of the published nets of these layers, whose number tells them apart."""
    return ("siftflow", "siftflow-geometric") if head.suffix else ("voc",)


def _head(path: Path, layers: Mapping[str, CaffeLayer], wanted: str | None) -> _Head:
    if wanted is not None and wanted not in HEADS:
        raise CheckpointError(f"{path}: unknown head {wanted!r}; it is one of {', '.join(HEADS)}.")
    there = [name for name, suffix in SUFFIXES.items() if f"score_fr{suffix}" in layers]
    if there:
        name = wanted or there[0]
        if name not in there:
            raise CheckpointError(f"{path}: has no {name} head, only {', '.join(there)}; leave --head out.")
        return _Head(name, SUFFIXES[name])
    if "score_fr" in layers:
        if wanted == HEADS[1]:
            raise CheckpointError(f"{path}: has one head only, score_fr; leave --head out.")
        return _Head(HEADS[0], "")
    found = next((name for name in CLASSIFIER_LAYERS if name in layers), None)
    if found is not None:
        raise CheckpointError(
            f"{path}: layer {found} makes this a classifier of whole photos, not a segmenter; "
            "open an FCN's .caffemodel, which has a layer score_fr."
        )
    raise CheckpointError(f"{path}: layer score_fr is missing, so this is no FCN; open a published FCN's .caffemodel.")


def _variant(path: Path, layers: Mapping[str, CaffeLayer], head: _Head) -> str:
    found = [variant for name, variant in LAST_LAYER.items() if f"{name}{head.suffix}" in layers]
    if len(found) != 1:
        names = ", ".join(f"{name}{head.suffix}" for name in LAST_LAYER)
        raise CheckpointError(f"{path}: has {len(found)} of the layers {names}, and an FCN has one; a different net?")
    return found[0]


def _of_other_head(name: str, head: _Head) -> bool:
    if not head.suffix:
        return False
    stem = name.removesuffix("c")  # crops are called score_pool4c
    return any(stem.endswith(suffix) for suffix in SUFFIXES.values() if suffix != head.suffix)


def _state(
    path: Path, layers: Mapping[str, CaffeLayer], head: _Head
) -> tuple[dict[str, float], dict[str, Tensor | CaffeBlob]]:
    """Factors of scale layers by pool, and weights by our names; a factor for each channel goes into the scores."""
    scales, state = {"pool4": 1.0, "pool3": 1.0}, dict[str, Tensor | CaffeBlob]()
    factors: dict[str, Tensor] = {}
    for name, layer in layers.items():
        if layer.kind == "Crop":
            continue
        if layer.kind in SCALING:
            pool = name.removesuffix(head.suffix).removeprefix("scale_")
            factor = _factor(path, layer, pool)
            if np.ptp(factor) == 0:
                scales[pool] = float(factor[0])
            else:
                factors[pool] = torch.from_numpy(factor)
            continue
        if layer.kind not in KINDS:
            raise CheckpointError(f"{path}: layer {name} is of the kind {layer.kind}, which no published FCN has.")
        ours = name.removesuffix(head.suffix) if head.suffix else name
        ours = COARSEST.last if ours == OWN_NAMES[COARSEST.last] else ours
        if len(layer.stored) != KINDS[layer.kind]:
            raise CheckpointError(
                f"{path}: layer {name} has {len(layer.stored)} blobs of weights, not {KINDS[layer.kind]}; "
                "is the file complete?"
            )
        if f"{ours}.weight" in state:
            raise CheckpointError(f"{path}: layer {name} is there with and without {head.suffix}; a different net?")
        weight = layer.stored[0]
        # The kernels must be looked at, and may be reshaped; they are small.
        state[f"{ours}.weight"] = torch.from_numpy(weight.read()) if upscores(ours) else weight
        if len(layer.stored) == 2:
            state[f"{ours}.bias"] = layer.stored[1].without_leading_ones(1)
    for pool, each in factors.items():
        scored = layer_of(path, state, f"score_{pool}.weight")
        if scored.shape[1] != len(each):
            raise CheckpointError(f"{path}: layer scale_{pool} has {len(each)} factors, not {scored.shape[1]}.")
        values = scored if isinstance(scored, Tensor) else torch.from_numpy(scored.read())
        state[f"score_{pool}.weight"] = values * each[:, None, None]
    return scales, state


def _factor(path: Path, layer: CaffeLayer, pool: str) -> NDArray[np.float32]:
    """(n,) what a layer multiplies a pool by: one number, or one for each channel."""
    if pool in ("pool4", "pool3") and len(layer.stored) == 1:
        return layer.stored[0].read().ravel()
    if pool in ("pool4", "pool3") and not layer.stored and layer.factor is not None:
        return np.array([layer.factor], np.float32)
    raise CheckpointError(f"{path}: layer {layer.name} does more than scale pool4 or pool3; a different net?")


def _architecture(
    path: Path,
    state: Mapping[str, Tensor | CaffeBlob],
    variant: str,
    scales: Mapping[str, float],
    upsampling: Upsampling,
) -> Architecture:
    if "conv1_1.weight" in state:
        names = [f"conv{block}_{count}.weight" for block, count in enumerate(VGG16_CONVOLUTIONS, start=1)]
    elif "conv1.weight" in state:
        names = [f"conv{number}.weight" for number in range(1, 6)]
    else:
        raise CheckpointError(f"{path}: layer conv1_1 is missing, so the trunk is neither VGG-16's nor AlexNet's.")
    alexnet = "conv1.weight" in state
    first, second, third, fourth, fifth = (int(layer_of(path, state, name).shape[0]) for name in names)
    groups = 1
    if alexnet:
        groups = first // int(layer_of(path, state, "conv2.weight").shape[1])
    try:
        return Architecture(
            num_classes=int(layer_of(path, state, "score_fr.weight").shape[0]),
            alignment="caffe",
            channels=(first, second, third, fourth, fifth),
            fc_channels=int(layer_of(path, state, "fc6.weight").shape[0]),
            upsampling=upsampling,
            variants=(variant,),
            pool4_scale=scales["pool4"],
            pool3_scale=scales["pool3"],
            trunk="alexnet" if alexnet else "vgg16",
            groups=groups,
            local_response_norm=alexnet,
        )
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error


def _check_windows(path: Path, layers: Mapping[str, CaffeLayer], architecture: Architecture) -> None:
    """Refuses paddings and strides that the net here does not have; files of weights alone state none."""
    first = "conv1" if architecture.trunk == "alexnet" else "conv1_1"
    for name, layer in layers.items():
        if layer.window is None or layer.window.kernel == (0, 0):
            continue
        kernel, padding = layer.window.kernel, layer.window.padding
        side = layer.stored[0].shape[-1] if layer.stored else kernel[0]
        expected = PADDING if name == first else 0
        if name.startswith("conv") and name != first:
            expected = (side - 1) // 2
        if padding != (expected, expected) or layer.window.dilation != (1, 1):
            raise CheckpointError(
                f"{path}: layer {name} is padded by {padding[0]} and dilated by {layer.window.dilation[0]}, where the "
                f"published nets have {expected} and 1; FCN Studio cannot run this net."
            )


def _check_crops(
    path: Path, crops: Mapping[str, CaffeLayer], architecture: Architecture, variant: str, head: _Head
) -> None:
    """Refuses crops that do not align the grids as the coordinates of the layers say."""
    expected = crop_offsets(architecture)
    names = {f"{layer}{head.suffix}c": layer for layer in SCORE_LAYERS}
    names[f"score{head.suffix}"] = f"score {variant}"
    for name, layer in crops.items():
        wanted = expected.get(names.get(name, ""))
        if wanted is not None and layer.offsets and set(layer.offsets) != {wanted}:
            raise CheckpointError(
                f"{path}: layer {name} crops at {layer.offsets}, but its grids are aligned at {wanted}; "
                "was the net changed?"
            )


def crop_offsets(architecture: Architecture) -> dict[str, int]:
    """The crops of the skips, and of each variant's scores: 5, 9 and 19, 27, 31 in the published VGG-16 nets."""
    graph = architecture.whole_graph()
    skips = {step.skip: step.skip_crop for step, _ in graph.skips}
    return skips | {f"score {found.variant}": found.crop for found in graph.exits}


def _preprocessing(classes: int, two_heads: bool) -> Preprocessing:
    mean = MEANS.get(classes) if two_heads or classes == 40 else None
    return CAFFE if mean is None else Preprocessing(order="bgr", scale=1.0, mean=mean, std=(1.0, 1.0, 1.0))
