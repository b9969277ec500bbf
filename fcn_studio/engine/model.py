"""Opening a checkpoint by name or path on the best device at hand."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

from fcn_studio import paths
from fcn_studio.core.errors import CheckpointError, DeviceError
from fcn_studio.engine.checkpoints.native import Checkpoint, load_checkpoint
from fcn_studio.engine.checkpoints.pytorch_fcn import load_pytorch_fcn
from fcn_studio.engine.device import DeviceChoice, choose_device
from fcn_studio.engine.device_check import TOLERANCE, device_error
from fcn_studio.engine.predictor import Model

logger = logging.getLogger(__name__)

DEFAULT = "default"
DEFAULT_CHECKPOINT = "fcn-vgg16-slim-camvid"
SUFFIX = ".safetensors"
PYTORCH_SUFFIXES = (".pth", ".pt")


def embedded() -> dict[str, Path]:
    """The checkpoints that come with the program, by name; `default` is one of them."""
    found = {path.stem: path for path in sorted(paths.weights().glob(f"*{SUFFIX}"))}
    if DEFAULT_CHECKPOINT in found:
        found = {DEFAULT: found[DEFAULT_CHECKPOINT], **found}
    return found


def find_checkpoint(name: str | os.PathLike[str]) -> Path:
    """The file of an embedded checkpoint's name, or the path itself.

    Raises:
        CheckpointError: Neither a known name nor a file.
    """
    known = embedded()
    if str(name) in known:
        return known[str(name)]
    path = Path(name)
    if not path.is_file():
        raise CheckpointError(
            f"{name}: no such checkpoint; give a file, or one of {', '.join(known) or 'none (weights/ is empty)'}."
        )
    return path


def load(weights: str | os.PathLike[str] = DEFAULT, *, device: str = "auto", precision: str = "auto") -> Model:
    """Opens a checkpoint.

    Args:
        weights: An embedded checkpoint's name, or the path of a native .safetensors or a pytorch-fcn .pth file.
        device: `auto` (CUDA, then MPS, then CPU), `cpu`, `cuda`, `cuda:N` or `mps`.
        precision: `auto` (bf16 where the device is fast at it, else fp32), `fp32`, `bf16` or `fp16`.

    Raises:
        CheckpointError: No such checkpoint, or a file that is none.
        DeviceError: The named device or precision does not exist here.
    """
    choice = choose_device(device, precision)
    path = find_checkpoint(weights)
    checkpoint = open_checkpoint(path)
    if choice.device == "mps":
        choice = checked_choice(checkpoint, choice)
    return Model(checkpoint, choice)


def open_checkpoint(path: Path) -> Checkpoint:
    """Reads a checkpoint of any kind that is known, by its ending.

    Raises:
        CheckpointError: Of another kind, or damaged.
    """
    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        return load_checkpoint(path)
    if suffix in PYTORCH_SUFFIXES:
        return load_pytorch_fcn(path)
    raise CheckpointError(
        f"{path}: {suffix or 'a file without an ending'} cannot be opened; "
        f"FCN Studio reads {SUFFIX} and pytorch-fcn's {' and '.join(PYTORCH_SUFFIXES)}."
    )


def checked_choice(checkpoint: Checkpoint, choice: DeviceChoice) -> DeviceChoice:
    """The choice itself if the device agrees with the CPU on a small input, else the CPU, with a word why."""
    try:
        difference = device_error(checkpoint.net, choice.device)
        if difference < TOLERANCE:
            return choice
        why = f"{choice.device} gave scores {difference:.2g} off the CPU's"
    except DeviceError as error:
        why = str(error)
    logger.warning("falling back to the CPU: %s", why)
    fallback = choose_device("cpu", "auto")
    return replace(fallback, reason=f"Fell back to the CPU: {why}.")
