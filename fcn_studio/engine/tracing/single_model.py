"""From a photo to a trace by a net with one output: decoders, and torchvision's dilated FCNs."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.fusion import Upsampling, strips
from fcn_studio.core.graph.geometry import CoordMap
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.core.maps.explain import nearest_cell
from fcn_studio.core.trace.stages import DecoderStage
from fcn_studio.core.trace.trace import ScoreMap, Trace
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.execution.full_precision import full_precision
from fcn_studio.engine.execution.streaming import Plan
from fcn_studio.engine.nets.single import SingleNet, StageMap
from fcn_studio.engine.tracing.confidence import winning_classes, winning_probabilities
from fcn_studio.engine.tracing.device import DeviceChoice
from fcn_studio.engine.tracing.tracer import TRUNK_SHARE, Task, Tracer, cpu_choice, to_numpy

LAYER = "score"
VALUES_PER_PIXEL = 2 * 64  # of the first block, input and output; the others hold less
ALIGNMENTS = {1: "padded to a multiple of 32", 8: "resized from stride 8"}


class SingleModel(Tracer):
    """A checkpoint with one output, on a device; see `Tracer`. Photos are done in one piece."""

    def __init__(self, checkpoint: Checkpoint, choice: DeviceChoice) -> None:
        if not isinstance(checkpoint.net, SingleNet):
            raise TypeError("this net has more than one output")
        super().__init__(checkpoint, choice, checkpoint.net.title)
        net = checkpoint.net.requires_grad_(False).eval()
        on_cpu = self._device.type == "cpu"
        self._checkpoint = None if on_cpu else checkpoint
        self._net = _channels_last(net if on_cpu else copy.deepcopy(net).to(self._device))
        self._coords = score_coords(net)

    def confidence(self, trace: Trace, variant: str, *, cancel: CancelToken | None = None) -> NDArray[np.uint8]:
        """See `Tracer`."""
        self._check(trace, variant=variant)
        return _per_pixel(trace, winning_probabilities, cancel or CancelToken())

    @full_precision()
    def effective_field(self, trace: Trace, layer: str, x: int, y: int, class_index: int) -> NDArray[np.float32]:
        """See `Tracer`."""
        self._check(trace, layer=layer)
        row, column = nearest_cell(trace.score_maps[layer], x, y)
        with torch.inference_mode(False), torch.enable_grad():
            seen = self._input(trace.image).clone().requires_grad_()
            score = self._net.outputs(seen).scores[0, class_index, row, column]
            (found,) = torch.autograd.grad(score, seen)
        result: NDArray[np.float32] = found[0].float().abs().sum(0).cpu().numpy()
        return result

    def memory_needed(self, height: int, width: int) -> int:
        """See `Tracer`."""
        per_value = torch.empty((), dtype=self._dtype).element_size()
        canvas = self._canvas((height, width))
        return canvas[0] * canvas[1] * (VALUES_PER_PIXEL * per_value + 3 * (4 + per_value))

    def _on_cpu(self) -> SingleModel | None:
        return None if self._checkpoint is None else SingleModel(self._checkpoint, cpu_choice())

    def _map_bytes(self, pixels: int) -> int:
        # The scores as they come, without their bias, and with it while the mask is made.
        return math.ceil(pixels + 3 * 4 * pixels * len(self.labels) / self._net.stride**2)

    def _canvas(self, size: tuple[int, int]) -> tuple[int, int]:
        multiple = self._net.size_multiple
        return size[0] + -size[0] % multiple, size[1] + -size[1] % multiple

    def _input(self, photo: NDArray[np.uint8]) -> Tensor:
        return self._pixels(photo).to(self._device).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    @full_precision()
    def _attempt(self, task: Task, plan: Plan | None, note: str) -> Trace:
        names, done = self._net.stage_names, 0

        def stage_done(name: str) -> None:
            nonlocal done
            done += 1
            task.clock.mark(name)
            task.on_stage(name, TRUNK_SHARE * done / len(names))
            task.cancel.check()

        pixels = self._input(task.photo)
        task.clock.mark("preprocess")
        low = self._dtype != torch.float32
        # Under autocast normalisations keep their statistics in fp32.
        with torch.autocast(self._device.type, dtype=self._dtype if low else torch.bfloat16, enabled=low):
            output = self._net.outputs(pixels, stage_done)
        bias = score_bias(self._net)
        evidence = to_numpy(output.scores)
        evidence -= bias[:, None, None]
        stages = tuple(_stage(stage) for stage in output.stages)
        stride = self._net.stride
        step = Upsampling(1, 1) if stride == 1 else Upsampling(stride, 2 * stride, None, "resize", task.size)
        trace = Trace(
            image=task.photo,
            labels=self.labels,
            variants=self.variants,
            score_maps={LAYER: ScoreMap(evidence, bias, self._coords)},
            upsamplings={"upscore": step},
            masks={},
            provenance=self._provenance(ALIGNMENTS[stride], "native", note),
            timings=task.clock.timings,
            stages=stages,
        )
        del output
        mask = _per_pixel(trace, winning_classes, task.cancel)
        task.clock.mark("mask")
        task.on_stage("mask", 1.0)
        return replace(trace, masks={OUTPUT: mask}, timings=task.clock.timings)


def _per_pixel(trace: Trace, reduce: Callable[[Tensor], Tensor], cancel: CancelToken) -> NDArray[np.uint8]:
    """(H, W) uint8: what `reduce` makes of (C, rows, W) scores, strip by strip."""
    height, width = trace.size
    result = np.empty(trace.size, dtype=np.uint8)
    for rows in strips(height, width * len(trace.labels) * 4):
        cancel.check()
        scores = torch.from_numpy(trace.layer_scores(LAYER, OUTPUT, rows))
        result[rows.start : rows.stop] = reduce(scores).numpy()
    return result


def _channels_last(net: SingleNet) -> SingleNet:
    return net.to(memory_format=torch.channels_last)


def _stage(stage: StageMap) -> DecoderStage:
    added = None if stage.added is None else to_numpy(stage.added)
    return DecoderStage(
        stage.name,
        (stage.skip or "").replace("x", "pool"),
        stage.stride,
        to_numpy(stage.energy),
        to_numpy(stage.upsampled),
        added,
    )


def score_bias(net: SingleNet) -> NDArray[np.float32]:
    """(C,) float32 bias of the layer that gives the scores: the last convolution of the classifier."""
    last = [module for module in net.get_submodule("classifier").modules() if isinstance(module, nn.Conv2d)][-1]
    classes = last.out_channels
    return np.zeros(classes, np.float32) if last.bias is None else last.bias.detach().float().cpu().numpy().copy()


def score_coords(net: SingleNet) -> CoordMap:
    """Where the cells of the scores lie: each in the middle of the pixels that it stands for."""
    return CoordMap(Fraction(net.stride), Fraction(net.stride - 1, 2), receptive_field(net))


def receptive_field(net: SingleNet) -> int:
    """Side, in photo pixels, of the square that a score may depend on, along the deepest path."""
    field, step = 1, 1  # step: photo pixels between the cells of what has been reached
    for name, module in net.named_modules():
        if "downsample" in name or name.startswith("aux_classifier"):
            continue  # beside the deepest path
        if isinstance(module, nn.ConvTranspose2d) or (name.startswith("deconv") and isinstance(module, nn.Conv2d)):
            # Of cells that were doubled, a 3x3 window sees one more than its own, or two where they were interpolated.
            field += step if isinstance(module, nn.ConvTranspose2d) else 2 * step
            step //= 2
        elif isinstance(module, nn.Conv2d):
            field += (module.kernel_size[0] - 1) * module.dilation[0] * step
            step *= module.stride[0]
        elif isinstance(module, nn.MaxPool2d):
            kernel, stride = (
                size if isinstance(size, int) else size[0] for size in (module.kernel_size, module.stride)
            )
            field += (kernel - 1) * step
            step *= stride
    return field
