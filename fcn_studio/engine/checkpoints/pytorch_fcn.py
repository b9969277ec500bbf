"""Checkpoints of pytorch-fcn (wkentaro): state dicts of FCN32s, FCN16s, FCN8s, FCN8sAtOnce, and training checkpoints.

Its nets are the Caffe ones layer for layer: padding 100, unpadded fc6, ceil-mode pooling, the same crops; the input is
BGR with the mean subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.native import Checkpoint, file_digest
from fcn_studio.engine.checkpoints.parts import filled, labels_for, layer_of, upsampling_kind
from fcn_studio.engine.checkpoints.wanted import Wanted
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.preprocess import CAFFE

# The layer that enlarges to the photo says which net it is, and what we call it.
LAST_LAYER = MappingProxyType({"upscore": "32s", "upscore16": "16s", "upscore8": "8s"})
RENAMED = MappingProxyType({"upscore": "upscore32"})
# torchfcn/models/fcn8s.py, class FCN8sAtOnce: factors that stand in its code and not in its files.
AT_ONCE_SCALES = (0.01, 0.0001)
AT_ONCE_NAMES = ("atonce", "at-once", "at_once")


def is_pytorch_fcn(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of pytorch-fcn's nets."""
    return {"score_fr.weight", "conv1_1.weight"} <= set(state)


def load_pytorch_fcn(path: Path, state: Mapping[str, Tensor], wanted: Wanted | None = None) -> Checkpoint:
    """The net of a state dict of pytorch-fcn.

    Args:
        path: The file, for its name and for messages.
        state: From `torch_file.read_state`.
        wanted: What the file cannot say.

    Raises:
        CheckpointError: It is no such state, or what it cannot say was not said.
    """
    wanted = wanted or Wanted()
    last = _last_layer(state)
    if last is None or not is_pytorch_fcn(state):
        raise CheckpointError(
            f"{path}: not a checkpoint of pytorch-fcn (no conv1_1, score_fr and upscore layers); "
            "which program wrote it?"
        )
    tensors = {_our_name(key): value.float() for key, value in state.items()}
    variant = LAST_LAYER[last]
    at_once = wanted.at_once
    if at_once is None:
        at_once = variant == "8s" and any(word in path.stem.lower() for word in AT_ONCE_NAMES)
    classes = int(tensors["score_fr.weight"].shape[0])
    scales = AT_ONCE_SCALES if at_once else (1.0, 1.0)
    first, second, third, fourth, fifth = (
        int(layer_of(path, tensors, f"conv{block}_1.weight").shape[0]) for block in range(1, 6)
    )
    try:
        architecture = Architecture(
            num_classes=classes,
            alignment="caffe",
            channels=(first, second, third, fourth, fifth),
            fc_channels=int(layer_of(path, tensors, "fc6.weight").shape[0]),
            upsampling=upsampling_kind(path, tensors),
            variants=(variant,),
            pool4_scale=scales[0],
            pool3_scale=scales[1],
        )
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error
    return Checkpoint(
        net=filled(path, architecture, tensors),
        labels=labels_for(path, wanted.labels, classes, "score_fr"),
        preprocessing=wanted.preprocessing or CAFFE,
        digest=file_digest(path),
        name=path.stem,
        card={"source": "pytorch-fcn", "at_once": at_once},
    )


def _last_layer(state: Mapping[str, Tensor]) -> str | None:
    return next((layer for layer in LAST_LAYER if f"{layer}.weight" in state), None)


def _our_name(key: str) -> str:
    layer, _, rest = key.partition(".")
    return f"{RENAMED.get(layer, layer)}.{rest}"
