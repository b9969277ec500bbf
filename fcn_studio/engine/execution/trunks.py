"""Who runs a whole trunk on a CPU, torch or OpenVINO: what the user asked for, else what takes less of this processor.

What was measured is kept in the user's cache folder, a small file for each processor, version, precision and kind of
net. It is measured by processor time: beside other programs' work the same pass takes up to five times as long, but
not more of the processor.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from fcn_studio import __version__, paths
from fcn_studio.core.errors import DeviceError, OutputError
from fcn_studio.core.files import whole_file
from fcn_studio.engine.execution.openvino_package import installed
from fcn_studio.engine.execution.openvino_trunk import OpenVinoTrunk
from fcn_studio.engine.execution.runners import left_to_torch
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.tracing.device import DeviceChoice
from fcn_studio.engine.tracing.device_check import why_not

logger = logging.getLogger(__name__)

FOLDER = "backends"  # in the cache folder
SIZE = (384, 512)  # of the photo that is measured with
TURNS = 5
SECONDS = 1.5  # from which on no further turn begins
MAX_BYTES = 1 << 16  # of a file that is read

Seconds = Mapping[str, float]  # of the processor, a pass, by backend


def quicker_trunk(net: FCN, choice: DeviceChoice) -> tuple[OpenVinoTrunk | None, DeviceChoice]:
    """OpenVINO's trunk where it is to run the net, None where torch is, and the choice as it came out.

    OpenVINO that fails to compile the trunk, or computes another result than torch on a small photo, is left aside: the
    choice is torch then, and its reason says why.

    Args:
        net: Without batch normalisation layers, on the CPU, in the chosen precision, in channels_last.
        choice: What was chosen, or left open (see `DeviceChoice.backend_open`).
    """
    if not choice.backend_open:
        return (None, choice) if choice.backend == "torch" else _trusted(net, choice)
    if not installed():
        return None, choice.by("torch", choice.backend_reason)
    known = _key(net, choice)
    seconds = kept(known)
    if seconds is not None and seconds["torch"] <= seconds["openvino"]:
        return None, choice.by("torch", _sentence(seconds))
    trunk, came_out = _trusted(net, choice.by("openvino", ""))
    if trunk is None:
        return None, came_out
    if seconds is None:
        seconds = _measured(net, trunk)
        keep(known, seconds)
    if seconds["torch"] <= seconds["openvino"]:
        return None, choice.by("torch", _sentence(seconds))
    return trunk, choice.by("openvino", _sentence(seconds))


def _trusted(net: FCN, choice: DeviceChoice) -> tuple[OpenVinoTrunk | None, DeviceChoice]:
    try:
        trunk = OpenVinoTrunk(net)
        difference = why_not(
            lambda photo: trunk.taps(photo, lambda name: None), net.taps, choice.device, next(net.parameters()).dtype
        )
        if not difference:
            return trunk, choice
        why = f"with OpenVINO {difference}"
    except (DeviceError, RuntimeError, MemoryError) as failure:
        why = f"OpenVINO could not be used: {str(failure).rstrip('.')}"
    return None, left_to_torch(choice, why)


@torch.inference_mode()
def _measured(net: FCN, trunk: OpenVinoTrunk) -> Seconds:
    """Processor seconds of a pass by each, by turns."""
    photo = torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    photo = photo.to(next(net.parameters()).dtype).contiguous(memory_format=torch.channels_last)
    passes: dict[str, Callable[[], object]] = {
        "torch": lambda: net.taps(photo),
        "openvino": lambda: trunk.taps(photo, lambda name: None),
    }
    taken, began, turns = dict.fromkeys(passes, 0.0), time.monotonic(), 0
    for run in passes.values():
        run()  # kernels are made for a size when it first comes
    while not turns or (turns < TURNS and time.monotonic() - began < SECONDS):
        for name, run in passes.items():
            before = time.process_time()
            run()
            taken[name] += time.process_time() - before
        turns += 1
    # A clock of 1/64 s, as on Windows, may have seen nothing.
    return {name: max(seconds, 1e-4) / turns for name, seconds in taken.items()}


def _sentence(seconds: Seconds) -> str:
    ratio = seconds["torch"] / seconds["openvino"]
    if ratio <= 1:
        return f"By torch: OpenVINO takes {1 / ratio:.1f} times its processor time for this net here."
    return f"By OpenVINO: torch takes {ratio:.1f} times its processor time for this net here."


def _key(net: FCN, choice: DeviceChoice) -> dict[str, Any]:
    """What the measurement depends on."""
    try:
        found = version("openvino")
    except PackageNotFoundError:
        found = ""
    return {
        "cpu": choice.name,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "openvino": found,
        "fcn_studio": __version__,
        "precision": choice.precision,
        "architecture": net.architecture.to_dict(),
    }


def _file(key: Mapping[str, Any]) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return paths.cache() / FOLDER / f"{digest[:32]}.json"


def kept(key: Mapping[str, Any]) -> Seconds | None:
    """What was measured before; None where it was not, or the file is damaged or of something else."""
    try:
        path = _file(key)
        if path.stat().st_size > MAX_BYTES:
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["key"] != key:
            return None
        seconds = {name: float(content["seconds"][name]) for name in ("torch", "openvino")}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return seconds if all(math.isfinite(value) and value > 0 for value in seconds.values()) else None


def keep(key: Mapping[str, Any], seconds: Seconds) -> None:
    """Writes what was measured; where that cannot be, the next start measures again."""
    try:
        with whole_file(_file(key)) as temporary:
            temporary.write_text(json.dumps({"key": key, "seconds": seconds}, indent=1), encoding="utf-8")
    except OutputError as error:
        logger.info("what was measured is not kept: %s", error)
