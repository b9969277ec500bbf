"""Opening a checkpoint by name or path on the best device at hand."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

from fcn_studio import paths
from fcn_studio.core.catalog.catalog import downloaded
from fcn_studio.core.catalog.embedded import DEFAULT, named_nets
from fcn_studio.core.errors import CheckpointError, DeviceError
from fcn_studio.core.run_folder import BEST
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.checkpoints.opening import SUFFIX, open_checkpoint
from fcn_studio.engine.checkpoints.wanted import HEADS, Wanted
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.tracing.device import DeviceChoice, choose_device
from fcn_studio.engine.tracing.device_check import TOLERANCE, device_error
from fcn_studio.engine.tracing.predictor import Model
from fcn_studio.engine.tracing.single_model import SingleModel
from fcn_studio.engine.tracing.tracer import Tracer

logger = logging.getLogger(__name__)

HEAD_MARK = "#"  # before a head's name, behind the path of a net with two


def embedded() -> dict[str, Path]:
    """The checkpoints that come with the program, by their nets' short names and by their files' names."""
    return {**named_nets(), **{path.stem: path for path in sorted(paths.weights().glob(f"*{SUFFIX}"))}}


def find_checkpoint(name: str | os.PathLike[str]) -> Path:
    """The file of an embedded or downloaded checkpoint's name, or the path itself.

    Raises:
        CheckpointError: Neither a known name nor a file.
    """
    known = embedded()
    if str(name) in known:
        return known[str(name)]
    here = downloaded(str(name))
    if here is not None:
        return here
    path = Path(name)
    if not path.is_file():
        if (path / BEST).is_file():
            raise CheckpointError(f"{name} is the folder of a training run; give its checkpoint, {path / BEST}.")
        raise CheckpointError(
            f"{name}: no such checkpoint; give a file, or one of {', '.join(known) or 'none (weights/ is empty)'}. "
            "`fcn-studio weights list` names those that can be downloaded."
        )
    return path


def load(
    weights: str | os.PathLike[str] = DEFAULT,
    *,
    device: str = "auto",
    precision: str = "auto",
    backend: str = "auto",
) -> Tracer:
    """Opens a checkpoint.

    Args:
        weights: An embedded or downloaded checkpoint's name, or the path of a file of any kind that
            `checkpoints.opening` knows; of a net with two heads, `#geometric` behind it chooses the second.
        device: `auto` (CUDA, then MPS, then CPU), `cpu`, `cuda`, `cuda:N` or `mps`.
        precision: `auto` (bf16 where the device is fast at it, else fp32), `fp32`, `bf16` or `fp16`.
        backend: What runs the trunk on a CPU: `auto` (see `engine.tracing.backend`), `torch` or `openvino`.

    Raises:
        CheckpointError: No such checkpoint, or a file that is none.
        DeviceError: The named device, precision or backend does not exist here.
    """
    choice = choose_device(device, precision, backend)
    checkpoint = checkpoint_named(os.fspath(weights))
    if choice.device == "mps":
        choice = checked_choice(checkpoint, choice)
    return model_of(checkpoint, choice)


def model_of(checkpoint: Checkpoint, choice: DeviceChoice) -> Tracer:
    """A checkpoint that is open already, on a device that was chosen."""
    net = checkpoint.net
    if choice.backend == "openvino" and not _by_openvino(net):
        only = "This net is run by torch, since OpenVINO runs nets on VGG-16 and EfficientNet-Lite only."
        choice = choice.by("torch", f"{choice.backend_reason} {only}".lstrip())
    return Model(checkpoint, choice) if isinstance(checkpoint.net, FCN) else SingleModel(checkpoint, choice)


def _by_openvino(net: Net) -> bool:
    return isinstance(net, FCN) and (net.architecture.trunk == "vgg16" or net.architecture.is_lite)


def checkpoint_named(weights: str) -> Checkpoint:
    """What `load` puts on a device.

    Raises:
        CheckpointError: No such checkpoint, or a file that is none.
    """
    name, head = split_head(weights)
    return open_checkpoint(find_checkpoint(name), Wanted(head=head))


def split_head(weights: str) -> tuple[str, str | None]:
    """A checkpoint's name or path, and the head that is named behind it."""
    name, mark, head = weights.rpartition(HEAD_MARK)
    return (name, head) if mark and head in HEADS else (weights, None)


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
