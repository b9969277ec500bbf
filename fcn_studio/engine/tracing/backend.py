"""Which library runs the trunk on a CPU: torch, or OpenVINO where it is installed and was measured to be faster.

Nets on EfficientNet-Lite are measured where they run (see `execution.trunks`). The rule of `auto` for those on VGG-16,
by what was measured on two cores each:

    bf16 on CPUs with AMX    OpenVINO: 0.16 s a pass of the published net at 375x500 where torch takes 0.37 s
    everything else          torch: in fp32 OpenVINO is within a few percent of it, and holds the weights once more
"""

from __future__ import annotations

import os
from typing import Literal

import torch

from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.execution.openvino_package import computes_bf16, installed

Backend = Literal["torch", "openvino"]
BACKENDS = ("auto", "torch", "openvino")
AUTO_BACKEND = "FCN_STUDIO_BACKEND"  # environment variable: what `auto` is to take on CPUs


def left_open(asked: str) -> bool:
    """Whether neither the user nor the environment has named a backend."""
    return asked == "auto" and not _said()


def _said() -> str:
    return os.environ.get(AUTO_BACKEND, "").strip().lower()


def choose_backend(asked: str, precision: str) -> tuple[Backend, str]:
    """The library for a CPU, with a sentence for the user where there is something to say.

    Args:
        asked: One of BACKENDS.
        precision: Of the trunk.

    Raises:
        DeviceError: OpenVINO was asked for, and is not installed or does not compute in this precision here; or the
            environment names a backend that does not exist.
    """
    said = _said()
    if asked == "auto" and said:
        if said not in ("torch", "openvino"):
            raise DeviceError(f"{AUTO_BACKEND} is {said!r}; it takes torch or openvino.")
        library, _ = choose_backend(said, precision)
        name = "OpenVINO" if library == "openvino" else library
        return library, f"By {name}, since {AUTO_BACKEND} says so."
    if asked == "torch":
        return "torch", ""
    if asked == "openvino":
        # Loads the package: whoever asks for it is told at once what is wrong with it.
        if not computes_bf16() and precision == "bf16":
            raise DeviceError("OpenVINO has no bf16 on this CPU; use --precision fp32 or --backend torch.")
        return "openvino", "OpenVINO was asked for."
    if precision != "bf16" or not _cpu_has_amx():
        return "torch", ""
    if not installed():
        return "torch", "OpenVINO would be faster, but is not installed (pip install 'fcn-studio[fast]')."
    return "openvino", "By OpenVINO, which is faster than torch at bf16 on CPUs with AMX."


def _cpu_has_amx() -> bool:
    # torch has no public question for it on every platform.
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())
