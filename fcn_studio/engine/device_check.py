"""A small self-check of a device against the CPU: some backends have computed wrongly without a word."""

from __future__ import annotations

import copy
import math

import torch

from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.nets.build import Net

TOLERANCE = 1e-2  # relative to the largest score; a wrong kernel is off by its whole size, rounding by 1e-5


def device_error(net: Net, device: str) -> float:
    """How far `device` is from the CPU on a small fixed input, relative to the largest score.

    Raises:
        DeviceError: The device failed to run the net at all.
    """
    photo = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        expected = net(photo)
        try:
            there = copy.deepcopy(net).to(device)
            found = {variant: scores.float().cpu() for variant, scores in there(photo.to(device)).items()}
        except RuntimeError as error:
            raise DeviceError(f"the net does not run on {device} ({error})") from error
    errors = [
        float((found[variant] - scores).abs().max() / scores.abs().max().clamp(min=1e-6))
        for variant, scores in expected.items()
    ]
    return max(math.inf if math.isnan(error) else error for error in errors)
