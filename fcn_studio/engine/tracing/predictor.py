"""From a photo to a trace by a net that fuses scores: one trunk pass, whole or in strips, and each variant's mask."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import CheckpointError, ImageError
from fcn_studio.core.graph.fusion import Upsampling
from fcn_studio.core.graph.geometry import CoordMap
from fcn_studio.core.graph.names import TAPS
from fcn_studio.core.graph.unpooling import Switches
from fcn_studio.core.maps.explain import nearest_cell
from fcn_studio.core.trace.trace import Provenance, ScoreMap, Trace
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.execution.blocks import blocks_of
from fcn_studio.engine.execution.full_precision import full_precision
from fcn_studio.engine.execution.gpu import RecordedPasses, uploaded
from fcn_studio.engine.execution.openvino_trunk import STAGE, OpenVinoTrunk
from fcn_studio.engine.execution.runners import runner_of
from fcn_studio.engine.execution.streaming import Plan, least_bytes, plan, streamed
from fcn_studio.engine.execution.trunks import quicker_trunk
from fcn_studio.engine.execution.whole import WholePass
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps, folded
from fcn_studio.engine.nets.trunks.trunk import Taps
from fcn_studio.engine.nets.upsampling import Upscore
from fcn_studio.engine.tracing.confidence import score_strips, winning_probabilities
from fcn_studio.engine.tracing.device import DeviceChoice
from fcn_studio.engine.tracing.device_check import why_not
from fcn_studio.engine.tracing.effective_field import cell_tile, gradient, own_cell
from fcn_studio.engine.tracing.presence import reduced_labels, reduced_presence, reduced_scores, strongest
from fcn_studio.engine.tracing.tiling import (
    Tile,
    canvas_border,
    cells_per_pixel,
    free_memory,
    inside,
    on_canvas,
)
from fcn_studio.engine.tracing.tracer import TRUNK_SHARE, Task, Tracer, cpu_choice, to_numpy
from fcn_studio.engine.tracing.winners import winners

logger = logging.getLogger(__name__)

# Pixels from which strips are as quick as one piece on CPUs, and take a fraction of its memory.
STRIPS_ABOVE = 2_000_000
OPENVINO_MEMORY = 1.5  # of what torch was reckoned to need: it took 405 MB where that was 292, at 1200x1600
UNCHECKED = ("cpu", "meta")  # what runs on CPUs is checked by `runner_of`; meta tensors hold no numbers
ZEROS_BELOW = 1.2  # of the canvas to the photo: strips compute its zeros, one piece does not


class Model(Tracer):
    """A checkpoint that fuses scores, on a device; see `Tracer`."""

    def __init__(self, checkpoint: Checkpoint, choice: DeviceChoice) -> None:
        if not isinstance(checkpoint.net, FCN):
            raise TypeError("this net does not fuse scores")
        super().__init__(checkpoint, choice, checkpoint.net.architecture.name)
        net = folded(checkpoint.net)
        if self._device.type == "cpu":
            self._net = self._cpu_net = _placed(net, self._device, self._dtype)
            self._checkpoint = None
        else:
            # The CPU's copy stays as it was read: photos that a GPU cannot do are done with it.
            self._net = _placed(copy.deepcopy(net), self._device, self._dtype)
            self._cpu_net = net.requires_grad_(False).eval()
            self._checkpoint = replace(checkpoint, net=net)
        self._whole = self._whole_pass()
        self._recorded = self._recorded_passes() if self._device.type == "cuda" else None
        self._upsamplings = {
            name: _as_upsampling(module)
            for name, module in self._cpu_net.named_children()
            if isinstance(module, Upscore)
        }

    def _whole_pass(self) -> WholePass | OpenVinoTrunk | None:
        """What runs the trunk on whole photos, None where it runs as it was written."""
        if self._device.type == "cpu" and self._net.architecture.is_lite:
            trunk, self.choice = quicker_trunk(self._net, self.choice)
            return trunk
        if self._net.architecture.trunk != "vgg16":
            return None
        blocks = blocks_of(self._net)
        runner, self.choice = runner_of(blocks, self.choice)
        whole = WholePass(self._net.architecture, blocks, runner)
        if self._device.type in UNCHECKED:
            return whole
        device = self.choice.device
        why = why_not(lambda photo: whole.taps(photo, lambda name: None), self._net.taps, device, self._dtype)
        if why:
            logger.warning("On %s the trunk is run layer by layer, not block by block: %s.", device, why)
        return None if why else whole

    def _recorded_passes(self) -> RecordedPasses | None:
        """Whole passes, from the net's input to the scores, that a CUDA device repeats without being told each step."""
        whole = self._whole
        if whole is None:
            return None

        def scores(pixels: Tensor) -> tuple[Tensor, ...]:
            maps = self._net.score(_in_fp32(whole.taps(pixels, lambda name: None)))
            return tuple(maps.values())

        # A recording holds what its widest step needs.
        return RecordedPasses(
            scores, free_memory(self._device) // 4, needed=lambda shape: self.memory_needed(shape[-2], shape[-1])
        )

    @full_precision()
    def confidence(self, trace: Trace, variant: str, *, cancel: CancelToken | None = None) -> NDArray[np.uint8]:
        """See `Tracer`."""
        self._check(trace, variant=variant)
        maps = _maps_of(trace.score_maps)
        # A device that could not do the trace is not asked for this.
        device = torch.device("cpu") if trace.provenance.device == "cpu" else self._device
        fused, coords, upscore = self._last_step(maps, variant, device)
        found = torch.empty(trace.size, dtype=torch.uint8)
        with torch.inference_mode():
            token = cancel or CancelToken()
            for rows, scores in score_strips(fused, coords, upscore, trace.size, device=device, cancel=token):
                found[rows.start : rows.stop] = winning_probabilities(scores)
        return found.numpy()

    @full_precision()
    def effective_field(self, trace: Trace, layer: str, x: int, y: int, class_index: int) -> NDArray[np.float32]:
        """See `Tracer`."""
        self._check(trace, layer=layer)
        architecture = self._net.architecture
        cell = nearest_cell(trace.score_maps[layer], x, y)
        if not self.labels.fits_masks:
            class_index = self._own_index(trace.labels.classes[class_index])
        if not architecture.tileable:
            return gradient(self._net, self._input(trace.image), cell, layer, class_index)
        border = canvas_border(architecture)
        tile = cell_tile(architecture, self._canvas(trace.size), layer, cell)
        pixels = self._input(trace.image, tile, border)
        found = gradient(on_canvas(self._net), pixels, own_cell(tile, layer), layer, class_index)
        whole = np.zeros(trace.size, dtype=np.float32)
        (top, bottom, rows), (left, right, columns) = (
            inside(span.seen, length, border)
            for span, length in zip((tile.rows, tile.columns), trace.size, strict=True)
        )
        whole[rows, columns] = found[top : found.shape[0] - bottom, left : found.shape[1] - right]
        return whole

    def _own_index(self, class_name: str) -> int:
        """Of a class of a trace that names only those most present."""
        if class_name not in self.labels.classes:
            raise CheckpointError(f"{class_name!r} stands for many classes; choose one of them for its field of view.")
        return self.labels.index(class_name)

    def _on_cpu(self) -> Model | None:
        return None if self._checkpoint is None else Model(self._checkpoint, cpu_choice())

    def _by_torch(self) -> Model:
        if self.choice.backend == "torch":
            return self
        other = copy.copy(self)
        other.choice = self.choice.by("torch", "")
        other._whole = other._whole_pass()
        return other

    def _let_go(self) -> None:
        if self._recorded is not None:
            self._recorded.clear()

    def _map_bytes(self, pixels: int) -> int:
        maps = pixels * len(self.labels) * 4 * cells_per_pixel(self.variants)
        # Score maps are held twice, with and without bias, and once more while they are fused.
        return math.ceil(pixels * len(self.variants) + 4 * maps)

    def _prefers_strips(self, task: Task) -> bool:
        height, width = task.size
        zeros = math.prod(self._canvas(task.size)) / (height * width)
        on_cpu = self._device.type == "cpu" and self._dtype == torch.float32
        # Where the pools found their maxima is told of whole photos only.
        by_torch = on_cpu and self.choice.backend == "torch"
        return by_torch and not task.keep_taps and height * width > STRIPS_ABOVE and zeros < ZEROS_BELOW

    def _strips(self, size: tuple[int, int], limit: int) -> Plan | None:
        return plan(self._net, size, limit, self._dtype)

    def _refuse(self, task: Task) -> None:
        least = least_bytes(self._net, task.size, self._dtype)
        if task.memory_limit is not None and task.memory_limit < least:
            raise ImageError(
                f"A {task.size[1]}x{task.size[0]} photo needs a memory limit of at least {math.ceil(least / 1e6)} MB; "
                "raise the limit or make the photo smaller."
            )
        super()._refuse(task)

    @full_precision()
    @torch.inference_mode()
    def _attempt(self, task: Task, plan: Plan | None, note: str) -> Trace:
        maps, taps, switches = (*self._in_strips(task, plan), {}) if plan else self._in_one_piece(task)
        labels, weights = self.labels, self._score_weights(maps)
        # Maps of large photos are held once: from here on as evidence, and as scores while each mask is made.
        once = plan is not None and labels.fits_masks and maps["score_fr"].device.type == "cpu"
        score_maps = self._score_maps(maps, in_place=once)
        presence = None
        if not labels.fits_masks:
            kept_classes = strongest(maps["score_fr"])
            presence = reduced_presence(maps["score_fr"], kept_classes)
            labels = reduced_labels(labels, kept_classes)
            maps = {"score_fr": reduced_scores(maps["score_fr"], kept_classes)}
            score_maps = {"score_fr": _of_classes(score_maps["score_fr"], kept_classes, to_numpy(maps["score_fr"]))}
            taps = None  # the others' score is no sum over channels
        kept = {name: to_numpy(tap) for name, tap in taps.items()} if taps else {}
        del taps
        task.clock.mark("score layers")
        task.cancel.check()
        trace = Trace(
            image=task.photo,
            labels=labels,
            variants=(),
            score_maps=score_maps,
            upsamplings=self._upsamplings,
            masks={},
            provenance=self._made_by(task, plan, note),
            taps=kept,
            score_weights=weights if kept else {},
            switches=switches,
            presence=presence,
        )
        masks = {}
        for number, variant in enumerate(self.variants, start=1):
            # Only what is enlarged lives on while it is.
            step = self._last_step(_maps_of(score_maps) if once else maps, variant, self._device)
            masks[variant] = self._mask(step, task.size, task.cancel)
            del step
            task.clock.mark(f"mask {variant}")
            task.on_stage(f"mask {variant}", TRUNK_SHARE + (1 - TRUNK_SHARE) * number / len(self.variants))
            if task.on_masks and number < len(self.variants):
                task.on_masks(replace(trace, variants=tuple(masks), masks=masks, timings=task.clock.timings))
        return replace(trace, variants=self.variants, masks=masks, timings=task.clock.timings)

    def _made_by(self, task: Task, plan: Plan | None, note: str) -> Provenance:
        found = self._provenance(self._net.architecture.alignment, plan.description if plan else "native", note)
        if self.choice.backend == "torch" or (plan is None and not task.keep_taps):
            return found
        if plan is not None and not note:
            note = "This photo was done in strips, which are run by torch."
        return replace(found, backend="torch", note=note)

    def _by_recording(self, recorded: RecordedPasses, task: Task) -> ScoreMaps:
        pixels = self._input(task.photo)
        task.clock.mark("preprocess")
        maps = dict(zip(self._net.architecture.score_layers, recorded(pixels), strict=True))
        task.clock.mark(STAGE)
        task.on_stage(STAGE, TRUNK_SHARE)
        task.cancel.check()
        return maps

    def _in_one_piece(self, task: Task) -> tuple[ScoreMaps, Taps | None, dict[str, Switches]]:
        if self._recorded is not None and not task.keep_taps:
            return self._by_recording(self._recorded, task), None, {}
        done, shares = 0.0, {**self._net.stage_shares, STAGE: 1.0}

        def block_done(name: str) -> None:
            nonlocal done
            done += shares[name]
            task.clock.mark(name)
            task.on_stage(name, TRUNK_SHARE * done)
            task.cancel.check()

        pixels = self._input(task.photo)
        task.clock.mark("preprocess")
        switches: dict[str, Switches] = {}
        if task.keep_taps:
            taps, places, coords = self._net.taps_and_switches(pixels, block_done)
            switches = {name: Switches(found.cpu().numpy(), coords[name]) for name, found in places.items()}
        else:
            taps = (self._whole or self._net).taps(pixels, block_done)
        del pixels
        taps = _in_fp32(taps)
        maps = self._net.score(taps)
        return maps, taps if task.keep_taps else None, switches

    def _in_strips(self, task: Task, plan: Plan) -> tuple[ScoreMaps, Taps | None]:
        total = plan.total(task.size[0])

        def pixels(rows: range, columns: range) -> Tensor:
            task.clock.mark(STAGE)
            part = self._input(task.photo[rows.start : rows.stop, columns.start : columns.stop])
            task.clock.mark("preprocess")
            return part

        def on_rows(done: int) -> None:
            task.on_stage(f"row {done} of {total}", TRUNK_SHARE * done / total)

        maps, taps = streamed(
            self._net, pixels, task.size, plan, keep_taps=task.keep_taps, on_rows=on_rows, cancel=task.cancel
        )
        task.clock.mark(STAGE)
        return maps, taps

    def _input(self, photo: NDArray[np.uint8], tile: Tile | None = None, border: int = 0) -> Tensor:
        if tile is None and self._device.type == "cuda":
            return uploaded(photo, self._preprocessing, self._device).to(self._dtype)
        pixels = self._pixels(photo, tile, border).to(self._device, self._dtype)
        return pixels.contiguous(memory_format=torch.channels_last)

    def _score_maps(self, maps: ScoreMaps, *, in_place: bool) -> dict[str, ScoreMap]:
        """The scores as evidence and bias; `in_place`, scores on the CPU are turned into their evidence."""
        found, graph, scales = {}, self._net.graph, self._net.architecture.scales
        taps = self._net.architecture.taps()
        for name, scores in maps.items():
            bias = self._cpu_net.get_parameter(f"{name}.bias").detach().float().numpy().copy()
            found_scores = to_numpy(scores)
            evidence = np.subtract(found_scores, bias[:, None, None], out=found_scores if in_place else None)
            found[name] = ScoreMap(evidence, bias, graph.node(name).coords, scales[name], taps[TAPS[name]].name)
        return found

    def _score_weights(self, maps: ScoreMaps) -> dict[str, NDArray[np.float32]]:
        """(C, channels) of each score layer, with the net's own factor on its input."""
        found = {}
        for name in maps:
            weight = self._cpu_net.get_parameter(f"{name}.weight").detach().float().numpy()[:, :, 0, 0]
            found[name] = weight * np.float32(self._net.architecture.scales[name])
        return found

    def _mask(
        self, step: tuple[Tensor, CoordMap, Upscore], size: tuple[int, int], token: CancelToken
    ) -> NDArray[np.uint8]:
        return winners(*step, size, device=self._device, cancel=token).numpy()

    def _last_step(self, maps: ScoreMaps, variant: str, device: torch.device) -> tuple[Tensor, CoordMap, Upscore]:
        """What a variant enlarges to the photo, where it lies, and what enlarges it on `device`."""
        fusing = self._cpu_net if maps["score_fr"].device.type == "cpu" else self._net
        enlarging = self._cpu_net if device.type == "cpu" else self._net
        with torch.inference_mode():
            fused, coords, _ = fusing.fused(maps, variant)
        return fused, coords, enlarging.upscore(enlarging.graph.exit(variant).by.layer)

    def memory_needed(self, height: int, width: int) -> int:
        """See `Tracer`; of VGG-16 the first block is the widest."""
        canvas = self._canvas((height, width))
        pixels = canvas[0] * canvas[1]
        per_value = torch.empty((), dtype=self._dtype).element_size()
        needed = pixels * (self._net.architecture.values_per_pixel() * per_value + 3 * (4 + per_value))
        return math.ceil(needed * (OPENVINO_MEMORY if self.choice.backend == "openvino" else 1))

    def _canvas(self, size: tuple[int, int]) -> tuple[int, int]:
        border = canvas_border(self._net.architecture)
        return size[0] + 2 * border, size[1] + 2 * border


def _placed(net: FCN, device: torch.device, dtype: torch.dtype) -> FCN:
    """The trunk in `dtype`, score layers and upsampling in fp32, all in channels_last."""
    net = net.to(device)
    for name, module in net.named_children():
        if not name.startswith(("score", "upscore")):
            module.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net.requires_grad_(False).eval()


def _in_fp32(taps: Taps) -> Taps:
    # Scores are small: in fp32 they cost nothing and keep close calls right.
    return {name: tap.float() for name, tap in taps.items()}


def _maps_of(score_maps: Mapping[str, ScoreMap]) -> ScoreMaps:
    return {name: torch.from_numpy(layer.scores)[None] for name, layer in score_maps.items()}


def _as_upsampling(module: Upscore) -> Upsampling:
    if module.weight is None:
        return Upsampling(module.stride, module.kernel, None, "nearest" if module.kind == "nearest" else "bilinear")
    return Upsampling(module.stride, module.kernel, module.weight.detach().cpu().numpy().copy())


def _of_classes(layer: ScoreMap, kept: Tensor, scores: NDArray[np.float32]) -> ScoreMap:
    """A score map of some of its classes; what `scores` has behind them is one class more, without a bias."""
    bias = np.append(layer.bias[kept.cpu().numpy()], np.float32(0)).astype(np.float32)
    return replace(layer, evidence=scores - bias[:, None, None], bias=bias)
