"""Which device and precision to run on, and why."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, replace
from typing import Literal

import torch

from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.tracing.backend import BACKENDS, Backend, choose_backend, left_open

Precision = Literal["fp32", "bf16", "fp16"]
DTYPES: dict[str, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
AUTO_PRECISION = "FCN_STUDIO_PRECISION"  # environment variable: what `auto` is to take, in place of what is fast


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device with the reason for it.

    Attributes:
        device: Such as `cpu`, `cuda:0` or `mps`.
        name: The hardware's own name.
        precision: Of the trunk.
        reason: For the user: why this device, this precision and, where there is a choice, this backend.
        backend: The library that runs the trunk.
        backend_reason: The end of `reason` that is about the backend, or nothing.
        backend_open: Whether the user left the backend open, so that what a net measures may replace it.
    """

    device: str
    name: str
    precision: Precision
    reason: str
    backend: Backend = "torch"
    backend_reason: str = ""
    backend_open: bool = False

    def by(self, backend: Backend, why: str) -> DeviceChoice:
        """The same with a backend that is decided, for another reason."""
        reason = " ".join(filter(None, (self.reason.removesuffix(self.backend_reason).rstrip(), why)))
        return replace(self, reason=reason, backend=backend, backend_reason=why, backend_open=False)


def choose_device(device: str = "auto", precision: str = "auto", backend: str = "auto") -> DeviceChoice:
    """The device to run on: CUDA, then MPS, then CPU, unless one is named; the CPU where OpenVINO is asked for.

    The precision `auto` is bf16 where the device is fast at it and else fp32, unless the environment variable
    FCN_STUDIO_PRECISION says which of the two; it has no say where a precision is named.

    Raises:
        DeviceError: The named device, precision or backend does not exist here, or the variable holds neither.
    """
    kind, _, index = device.partition(":")
    if kind not in DEVICES or precision not in PRECISIONS:
        raise DeviceError(
            f"Unknown device or precision {device!r}, {precision!r}; devices are {', '.join(DEVICES)}, "
            f"precisions {', '.join(PRECISIONS)}."
        )
    if backend not in BACKENDS:
        raise DeviceError(f"Unknown backend {backend!r}; backends are {', '.join(BACKENDS)}.")
    if backend == "openvino" and kind == "auto":
        kind = "cpu"
    if backend == "openvino" and kind != "cpu":
        raise DeviceError(f"OpenVINO runs on the CPU here, not on {kind}; use --device cpu or --backend torch.")
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if kind == "cuda":
        if not torch.cuda.is_available():
            raise DeviceError(f"No CUDA device: {_why_no_cuda()} Use --device cpu or auto.")
        number = int(index) if index.isdigit() else 0
        if number >= torch.cuda.device_count():
            raise DeviceError(f"No device cuda:{number}; this machine has {torch.cuda.device_count()}.")
        fast_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        chosen, why = _precision(precision, fast_bf16, "the GPU")
        return DeviceChoice(f"cuda:{number}", torch.cuda.get_device_name(number), chosen, f"A CUDA GPU is here. {why}")
    if kind == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError("No Apple GPU can be used on this machine; use --device cpu or auto.")
        chosen, why = _precision(precision, False, "the Apple GPU")
        return DeviceChoice("mps", platform.processor() or "Apple GPU", chosen, f"An Apple GPU is here. {why}")
    chosen, why = _precision(precision, _cpu_has_fast_bf16(), "the CPU")
    if chosen == "fp16":
        raise DeviceError("fp16 is slow and inexact on CPUs; use --precision bf16, fp32 or auto.")
    library, by = choose_backend(backend, chosen)
    if device == "cpu":
        asked = "CPU was asked for."
    else:
        asked = "OpenVINO runs on the CPU." if backend == "openvino" else _why_no_cuda()
    reason = " ".join(filter(None, (asked, why, by)))
    return DeviceChoice("cpu", _cpu_name(), chosen, reason, library, by, backend_open=left_open(backend))


def _precision(asked: str, fast_bf16: bool, where: str) -> tuple[Precision, str]:
    match asked:
        case "fp32" | "bf16" | "fp16":
            return asked, f"{asked} was asked for."
        case _ if forced := _forced_precision():
            return forced, f"{forced}, since {AUTO_PRECISION} says so."
        case _ if fast_bf16:
            return "bf16", f"bf16, since {where} multiplies it natively."
        case _:
            return "fp32", f"fp32, since {where} has no fast bf16."


def _forced_precision() -> Precision | None:
    said = os.environ.get(AUTO_PRECISION, "").strip().lower()
    match said:
        case "":
            return None
        case "fp32" | "bf16":
            return said
        case _:
            raise DeviceError(f"{AUTO_PRECISION} is {said!r}; it takes fp32 or bf16, or is unset.")


def _why_no_cuda() -> str:
    if torch.version.cuda is None and torch.version.hip is None:
        return f"This torch ({torch.__version__}) is a build without CUDA."
    if torch.cuda.device_count() == 0:
        return f"torch {torch.__version__} (CUDA {torch.version.cuda}) finds no NVIDIA GPU or driver."
    return "The NVIDIA driver did not start."


def _cpu_has_fast_bf16() -> bool:
    # AMX or AVX512-BF16; torch has no public question for either on every platform.
    probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, probe, bool)()) for probe in probes)


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
