"""Who runs the blocks of a net on the chosen device, checked before it is trusted."""

from __future__ import annotations

import logging
import math

import torch

from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.execution.blocks import Block, Runner
from fcn_studio.engine.execution.openvino_runner import OpenVinoRunner
from fcn_studio.engine.execution.torch_runner import TorchRunner
from fcn_studio.engine.tracing.device import DeviceChoice

logger = logging.getLogger(__name__)

# Relative to a block's largest output. Rounding is off by 1e-5 in fp32 and 1e-2 in bf16, a wrong kernel by its whole
# size.
TOLERANCES: dict[str, float] = {"fp32": 1e-4, "bf16": 5e-2}


def runner_of(blocks: tuple[Block, ...], choice: DeviceChoice) -> tuple[Runner, DeviceChoice]:
    """The runner of the chosen backend, and the choice as it came out.

    OpenVINO that fails to compile a block, or computes another result than torch on small features, is left aside: the
    choice is torch then, and its reason says why.

    Args:
        blocks: On the chosen device, in the chosen precision.
        choice: What was chosen.
    """
    fallback = TorchRunner()
    if choice.backend == "torch":
        return fallback, choice
    try:
        runner = OpenVinoRunner(blocks)
        error = largest_error(runner, fallback, blocks)
        if error < TOLERANCES[choice.precision]:
            return runner, choice
        why = f"OpenVINO's results were {error:.2g} off torch's"
    except (DeviceError, RuntimeError, MemoryError) as failure:
        why = f"OpenVINO could not be used: {str(failure).rstrip('.')}"
    return fallback, left_to_torch(choice, why)


def left_to_torch(choice: DeviceChoice, why: str) -> DeviceChoice:
    """The choice where OpenVINO is left aside, with the reason; the log has it too."""
    logger.warning("running by torch: %s", why)
    return choice.by("torch", f"{choice.backend_reason} Run by torch, since {why}.".lstrip())


@torch.inference_mode()
def largest_error(runner: Runner, expected: Runner, blocks: tuple[Block, ...]) -> float:
    """How far a runner is from another one on small features, block by block, relative to the largest output."""
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for block in blocks:
        first = block.convolutions[0].weight
        # Just enough for an output of 5 x 7 cells before the pool: odd, so that the pool's rounding up is checked too.
        lost = sum(layer.weight.shape[-1] - 1 - 2 * layer.padding for layer in block.convolutions)
        features = torch.rand(1, first.shape[1], 5 + lost, 7 + lost, generator=generator).to(first.dtype)
        features = features.contiguous(memory_format=torch.channels_last)
        wanted = expected.run(block, features).float()
        off = (runner.run(block, features).float() - wanted).abs().max() / wanted.abs().max().clamp(min=1e-6)
        worst = max(worst, math.inf if math.isnan(off) else float(off))
    return worst
