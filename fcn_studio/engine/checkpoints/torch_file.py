"""State dicts from PyTorch's files: tensors and plain containers are read, nothing is executed."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.native import MAX_BYTES
from fcn_studio.engine.checkpoints.states import COUNTER, all_finite

# Under which training scripts keep the net beside their optimizer: pytorch-fcn's first, then other usual ones.
STATES = ("model_state_dict", "state_dict", "model")


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.pth` file by layer, without DataParallel's prefix; weights stay in the file until used.

    Raises:
        CheckpointError: It cannot be read, is damaged, holds more than tensors, or numbers that are not finite.
    """
    content = _content(path)
    for key in STATES:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path}: holds no state dict; save one with torch.save(model.state_dict(), file).")
    state = {}
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor) or value.layout != torch.strided:
            raise CheckpointError(f"{path}: entry {str(key)[:80]!r} is no layer of a net; save its state_dict alone.")
        if key.endswith(f".{COUNTER}"):
            continue  # of batch normalisation; predicting needs it not
        if not value.is_floating_point():
            raise CheckpointError(f"{path}: entry {key[:80]!r} is no layer of a net; save its state_dict alone.")
        if not all_finite(value):
            raise CheckpointError(f"{path}: layer {key[:80]} holds infinite or undefined numbers; the file is damaged.")
        state[key.removeprefix("module.")] = value.detach()
    return state


def _content(path: Path) -> Any:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CheckpointError(f"{path}: {size} bytes is more than any FCN needs; not read.")
        return _loaded(path)
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


def _loaded(path: Path) -> Any:
    with path.open("rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    # Mapped, half a gigabyte of weights need not be in memory twice; files of before torch 1.6 cannot be.
    return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
