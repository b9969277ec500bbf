"""Small self-checks of a device, against the CPU and against itself: some have computed wrongly without a word."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor

from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.execution.full_precision import full_precision
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.trunks.trunk import Taps

TOLERANCE = 1e-2  # relative to the largest score; a wrong kernel is off by its whole size, rounding by 1e-5
# Of two orders of the same sums, relative to a tap's largest value: rounding parts them, not a kernel's size.
ORDER_TOLERANCES = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}


def device_error(net: Net, device: str) -> float:
    """How far `device` is from the CPU on a small fixed input, relative to the largest score.

    Raises:
        DeviceError: The device failed to run the net at all.
    """
    photo = _small_photo()
    with torch.inference_mode(), full_precision():
        expected = net(photo)
        try:
            there = copy.deepcopy(net).to(device)
            found = {variant: scores.float().cpu() for variant, scores in there(photo.to(device)).items()}
        except RuntimeError as error:
            raise DeviceError(f"the net does not run on {device} ({error})") from error
    return max(_error(found[variant], scores) for variant, scores in expected.items())


@torch.inference_mode()
def why_not(quick: Callable[[Tensor], Taps], plain: Callable[[Tensor], Taps], device: str, dtype: torch.dtype) -> str:
    """Why a quicker way through the trunk is not to be used on `device`: it fails, or differs from the plain layers.

    Empty where it is as good as they.
    """
    photo = _small_photo().to(device, dtype).contiguous(memory_format=torch.channels_last)
    try:
        with full_precision():
            error = _worst(quick(photo), plain(photo))
    except RuntimeError as failure:
        return f"it fails there ({failure})"
    return "" if error < ORDER_TOLERANCES[dtype] else f"its results were {error:.2g} off the plain layers'"


def _small_photo() -> Tensor:
    return torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1


def _worst(found: Taps, expected: Taps) -> float:
    return max(_error(found[name], tap) for name, tap in expected.items())


def _error(found: Tensor, expected: Tensor) -> float:
    """Relative to the largest value; infinite where one is no number."""
    if found.shape != expected.shape:
        return math.inf
    expected = expected.float()
    error = float((found.float() - expected).abs().max() / expected.abs().max().clamp(min=1e-6))
    return math.inf if math.isnan(error) else error
