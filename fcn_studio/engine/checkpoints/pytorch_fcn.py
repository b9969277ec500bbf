"""Checkpoints of pytorch-fcn (wkentaro): state dicts of FCN32s, FCN16s, FCN8s, FCN8sAtOnce, and training checkpoints.

Its nets are the Caffe ones layer for layer: padding 100, unpadded fc6, ceil-mode pooling, the same crops; the input is
BGR with the mean subtracted.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor

from fcn_studio import paths
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.fusion import bilinear_kernel
from fcn_studio.core.labels import LabelSet, read_label_set
from fcn_studio.engine.checkpoints.native import MAX_BYTES, Checkpoint, file_digest
from fcn_studio.engine.nets.architecture import Architecture, Upsampling
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.preprocess import CAFFE

STATE = "model_state_dict"  # of the training script's own checkpoints
# The layer that enlarges to the photo says which net it is, and what we call it.
LAST_LAYER = MappingProxyType({"upscore": "32s", "upscore16": "16s", "upscore8": "8s"})
RENAMED = MappingProxyType({"upscore": "upscore32"})
# torchfcn/models/fcn8s.py, class FCN8sAtOnce: factors that stand in its code and not in its files.
AT_ONCE_SCALES = (0.01, 0.0001)
AT_ONCE_NAMES = ("atonce", "at-once", "at_once")
VOC_CLASSES = 21


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file cannot say.

    Attributes:
        labels: The classes; None for the built-in set of the right size (Pascal VOC's 21).
        at_once: Whether pool4 and pool3 are scaled down, as in FCN8sAtOnce; None goes by the file's name.
    """

    labels: LabelSet | None = None
    at_once: bool | None = None


def load_pytorch_fcn(path: Path, wanted: Wanted | None = None) -> Checkpoint:
    """Reads a `.pth` file of pytorch-fcn.

    Nothing in it is executed: only tensors and plain containers are read.

    Raises:
        CheckpointError: It is no such file, or what it cannot say was not said.
    """
    wanted = wanted or Wanted()
    state = _state(path)
    last = next((layer for layer in LAST_LAYER if f"{layer}.weight" in state), None)
    if last is None or "score_fr.weight" not in state or "conv1_1.weight" not in state:
        raise CheckpointError(
            f"{path}: not a checkpoint of pytorch-fcn (no conv1_1, score_fr and upscore layers); "
            "which program wrote it?"
        )
    tensors = {_our_name(key): value.float() for key, value in state.items()}
    variant = LAST_LAYER[last]
    at_once = wanted.at_once
    if at_once is None:
        at_once = variant == "8s" and any(word in path.stem.lower() for word in AT_ONCE_NAMES)
    upsampling = _upsampling(path, tensors)
    classes = int(tensors["score_fr.weight"].shape[0])
    scales = AT_ONCE_SCALES if at_once else (1.0, 1.0)
    architecture = Architecture(
        num_classes=classes,
        alignment="caffe",
        channels=_channels(path, tensors),
        fc_channels=int(_layer(path, tensors, "fc6.weight").shape[0]),
        upsampling=upsampling,
        variants=(variant,),
        pool4_scale=scales[0],
        pool3_scale=scales[1],
    )
    if upsampling == "bilinear":
        tensors = {key: value for key, value in tensors.items() if not key.startswith("upscore")}
    with torch.device("meta"):
        net = FCN(architecture)
    _check(path, net, tensors)
    net.load_state_dict(tensors, assign=True)
    return Checkpoint(
        net=net.eval(),
        labels=_labels(path, wanted.labels, classes),
        preprocessing=CAFFE,
        digest=file_digest(path),
        name=path.stem,
        card={"source": "pytorch-fcn", "at_once": at_once},
    )


def _state(path: Path) -> dict[str, Tensor]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CheckpointError(f"{path}: {size} bytes is more than any FCN needs; not read.")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: holds more than tensors, which could be code, and was not opened; save its state_dict alone."
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except CheckpointError:
        raise
    except Exception as error:  # a stranger's bytes can break the reader in any way
        raise CheckpointError(f"{path}: not a PyTorch checkpoint, or damaged; copy it again.") from error
    if isinstance(content, Mapping) and isinstance(content.get(STATE), Mapping):
        content = content[STATE]
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path}: holds no state dict; save one with torch.save(model.state_dict(), file).")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor) or not value.is_floating_point():
            raise CheckpointError(f"{path}: entry {key!r} is no layer of a net; save its state_dict alone.")
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"{path}: layer {key} holds infinite or undefined numbers; the file is damaged.")
    return {key.removeprefix("module."): value for key, value in content.items()}  # DataParallel's prefix


def _our_name(key: str) -> str:
    layer, _, rest = key.partition(".")
    return f"{RENAMED.get(layer, layer)}.{rest}"


def _layer(path: Path, tensors: Mapping[str, Tensor], key: str) -> Tensor:
    if key not in tensors or tensors[key].ndim != 4:
        raise CheckpointError(f"{path}: layer {key.partition('.')[0]} is missing or of a wrong shape.")
    return tensors[key]


def _channels(path: Path, tensors: Mapping[str, Tensor]) -> tuple[int, int, int, int, int]:
    first, second, third, fourth, fifth = (
        int(_layer(path, tensors, f"conv{block}_1.weight").shape[0]) for block in range(1, 6)
    )
    return first, second, third, fourth, fifth


def _upsampling(path: Path, tensors: Mapping[str, Tensor]) -> Upsampling:
    """Whether all upsampling is the fixed bilinear kernel, which needs no weights, or something learned."""
    for key, weight in tensors.items():
        if not key.startswith("upscore"):
            continue
        if weight.ndim != 4 or weight.shape[0] != weight.shape[1] or weight.shape[2] != weight.shape[3]:
            raise CheckpointError(f"{path}: layer {key} is {tuple(weight.shape)}, not (C, C, k, k).")
        fixed = torch.zeros_like(weight)
        diagonal = torch.arange(len(weight))
        fixed[diagonal, diagonal] = torch.from_numpy(bilinear_kernel(weight.shape[-1]))
        if not torch.allclose(weight, fixed, atol=1e-6):
            return "learned"
    return "bilinear"


def _check(path: Path, net: FCN, tensors: Mapping[str, Tensor]) -> None:
    expected = net.state_dict()
    if missing := sorted(set(expected) - set(tensors)):
        raise CheckpointError(f"{path}: layer {missing[0]} is missing ({len(missing)} in all); is it complete?")
    if surplus := sorted(set(tensors) - set(expected)):
        raise CheckpointError(f"{path}: unexpected layer {surplus[0]} ({len(surplus)} in all); a different net?")
    for key, value in expected.items():
        if tensors[key].shape != value.shape:
            raise CheckpointError(
                f"{path}: layer {key} is {tuple(tensors[key].shape)}, but this net has {tuple(value.shape)}."
            )


def _labels(path: Path, labels: LabelSet | None, classes: int) -> LabelSet:
    if labels is None and classes == VOC_CLASSES:
        labels = read_label_set(paths.resources() / "labels" / "voc.toml")
    if labels is None:
        raise CheckpointError(
            f"{path}: {classes} classes without names; import it with "
            "`fcn-studio weights import SRC -o DST.safetensors --labels FILE.toml`."
        )
    if len(labels) != classes:
        raise CheckpointError(f"{path}: {classes} score channels but {len(labels)} labels ({labels.name}).")
    return labels
