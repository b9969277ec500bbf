"""The native checkpoint: safetensors, with everything a user of the weights must know in its metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from fcn_studio.core.errors import CheckpointError, DataError
from fcn_studio.core.files import whole_file
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.safetensors_writer import Weights, write_safetensors
from fcn_studio.engine.checkpoints.states import all_finite
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.build import Net, architecture_from, empty
from fcn_studio.engine.nets.preprocess import Preprocessing
from fcn_studio.engine.nets.single import SingleArchitecture

METADATA_KEY = "fcn_studio"
FORMAT = 1
MAX_BYTES = 4 << 30  # eight published nets; a stranger's file is not read past this


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A net with its meaning.

    Attributes:
        net: The net, in float32, in evaluation mode.
        labels: What its channels stand for.
        preprocessing: How a photo becomes its input.
        digest: SHA-256 of the file, in hexadecimal.
        name: The file's stem, as shown to the user.
        card: What else the file says of itself: recipe, data and their licence, figures.
    """

    net: Net
    labels: LabelSet
    preprocessing: Preprocessing
    digest: str
    name: str
    card: Mapping[str, Any] = field(default_factory=dict)


def save_checkpoint(
    path: Path,
    net: Net,
    *,
    labels: LabelSet,
    preprocessing: Preprocessing,
    card: Mapping[str, Any],
    dtype: torch.dtype = torch.float16,
) -> None:
    """Writes a native checkpoint, whole or not at all; floating tensors are stored as `dtype`."""
    tensors = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    save_weights(path, net.architecture, tensors, labels=labels, preprocessing=preprocessing, card=card, dtype=dtype)


def save_weights(
    path: Path,
    architecture: Architecture | SingleArchitecture,
    tensors: Mapping[str, Tensor | Weights],
    *,
    labels: LabelSet,
    preprocessing: Preprocessing,
    card: Mapping[str, Any],
    dtype: torch.dtype = torch.float16,
) -> None:
    """Writes a native checkpoint as `save_checkpoint` does, of weights that may still lie in another file.

    `tensors` has the keys of the net's state dict; the caller has held their shapes against `architecture`.
    """
    meaning = {
        "format": FORMAT,
        "architecture": architecture.to_dict(),
        "labels": labels.to_dict(),
        "preprocessing": preprocessing.to_dict(),
        "card": dict(card),
    }
    with whole_file(path) as temporary:
        write_safetensors(temporary, tensors, dtype=dtype, metadata={METADATA_KEY: json.dumps(meaning)})


def read_metadata(path: Path) -> dict[str, Any]:
    """The checkpoint's metadata, without reading its tensors.

    Raises:
        CheckpointError: The file is missing, no safetensors file, or not one of ours.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; `fcn-studio weights list` names those at hand.")
    if path.stat().st_size > MAX_BYTES:
        raise CheckpointError(f"{path}: {path.stat().st_size} bytes is more than any FCN needs; not read.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a safetensors checkpoint ({error}); is the file complete?") from error
    if METADATA_KEY not in metadata:
        raise CheckpointError(f"{path}: this safetensors file is not an FCN Studio checkpoint (no metadata).")
    try:
        meaning = json.loads(metadata[METADATA_KEY])
    except (json.JSONDecodeError, RecursionError) as error:
        raise CheckpointError(f"{path}: the metadata in this checkpoint is damaged ({error}).") from error
    if not isinstance(meaning, dict) or meaning.get("format") != FORMAT:
        found = meaning.get("format") if isinstance(meaning, dict) else None
        raise CheckpointError(f"{path}: checkpoint format {found!r} is not {FORMAT}; update FCN Studio.")
    return meaning


def is_native(path: Path) -> bool:
    """Whether a safetensors file is a checkpoint of ours, rather than anybody's state dict.

    Raises:
        CheckpointError: It is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return METADATA_KEY in (file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a safetensors checkpoint ({error}); is the file complete?") from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads a native checkpoint; every tensor must be there, of the right shape, and no other.

    Raises:
        CheckpointError: The file is no native checkpoint, or its tensors do not fit its own metadata.
    """
    meaning = read_metadata(path)
    try:
        architecture = architecture_from(meaning["architecture"])
        labels = LabelSet.from_dict(meaning["labels"])
        preprocessing = Preprocessing.from_dict(meaning["preprocessing"])
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: the metadata lacks or garbles {error}.") from error
    except (CheckpointError, DataError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    if len(labels) != architecture.num_classes:
        raise CheckpointError(
            f"{path}: {architecture.num_classes} score channels but {len(labels)} labels ({labels.name})."
        )
    net = empty(architecture)
    net.load_state_dict(_checked_tensors(path, net), assign=True)
    return Checkpoint(
        net=net.eval(),
        labels=labels,
        preprocessing=preprocessing,
        digest=file_digest(path),
        name=path.stem,
        card=meaning.get("card", {}),
    )


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked_tensors(path: Path, net: Net) -> dict[str, Tensor]:
    wanted = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    with safe_open(path, framework="pt") as file:
        found = set(file.keys())
        if missing := sorted(set(wanted) - found):
            raise CheckpointError(f"{path}: layer {missing[0]} is missing ({len(missing)} in all); is it complete?")
        if surplus := sorted(found - set(wanted)):
            raise CheckpointError(f"{path}: unexpected layer {surplus[0]} ({len(surplus)} in all); a different net?")
        for key, value in wanted.items():
            shape = tuple(file.get_slice(key).get_shape())
            if shape != tuple(value.shape):
                raise CheckpointError(f"{path}: layer {key} is {shape}, but this net has {tuple(value.shape)}.")
        tensors = {key: file.get_tensor(key).float() for key in wanted}
    for key, value in tensors.items():
        if not all_finite(value):
            raise CheckpointError(f"{path}: layer {key} holds infinite or undefined numbers; the file is damaged.")
    for key in net.state_dict():
        if key.endswith("num_batches_tracked"):
            tensors[key] = torch.zeros((), dtype=torch.long)
    return tensors
