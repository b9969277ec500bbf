"""From a photo to a trace by a net that fuses scores: one trunk pass, whole or in tiles, and each variant's mask."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import CheckpointError, ImageError
from fcn_studio.core.explain import nearest_cell
from fcn_studio.core.fusion import Upsampling
from fcn_studio.core.trace import LAST_STEP, ScoreMap, Trace
from fcn_studio.core.unpooling import Switches
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.confidence import score_strips, winning_classes, winning_probabilities
from fcn_studio.engine.device import DeviceChoice
from fcn_studio.engine.effective_field import cell_tile, gradient, own_cell
from fcn_studio.engine.execution.blocks import blocks_of
from fcn_studio.engine.execution.torch_runner import TorchRunner
from fcn_studio.engine.execution.whole import WholePass
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps, folded
from fcn_studio.engine.nets.trunks.trunk import Taps
from fcn_studio.engine.nets.upsampling import Upscore
from fcn_studio.engine.presence import reduced_labels, reduced_scores, strongest
from fcn_studio.engine.tiling import (
    SCORED,
    SMALLEST,
    STRIDES,
    Mosaic,
    Tile,
    canvas_border,
    halo,
    inside,
    largest_side,
    on_canvas,
    tiles,
)
from fcn_studio.engine.tracer import TRUNK_SHARE, Task, Tracer, cpu_choice, to_numpy, too_large


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
        self._upsamplings = {
            name: _as_upsampling(module)
            for name, module in self._cpu_net.named_children()
            if isinstance(module, Upscore)
        }

    def _whole_pass(self) -> WholePass | None:
        """What runs VGG-16's trunk on whole photos; other trunks run as they were written."""
        if self._net.architecture.trunk != "vgg16":
            return None
        blocks = blocks_of(self._net)
        return WholePass(self._net.architecture, blocks, TorchRunner())

    def confidence(self, trace: Trace, variant: str, *, cancel: CancelToken | None = None) -> NDArray[np.uint8]:
        """See `Tracer`."""
        self._check(trace, variant=variant)
        layers = {name: torch.from_numpy(layer.scores)[None] for name, layer in trace.score_maps.items()}
        maps = ScoreMaps(layers["score_fr"], layers.get("score_pool4"), layers.get("score_pool3"))
        # A device that could not do the trace is not asked for this.
        device = torch.device("cpu") if trace.provenance.device == "cpu" else self._device
        return self._per_pixel(winning_probabilities, maps, variant, trace.size, device, cancel or CancelToken())

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

    def _smaller(self, side: int) -> int | None:
        return super()._smaller(side) if self._net.architecture.tileable else None

    def _map_bytes(self, pixels: int) -> int:
        maps = pixels * len(self.labels) * 4 * sum(1 / stride**2 for stride in STRIDES)
        # Score maps are held twice, with and without bias, and once more while they are fused.
        return math.ceil(pixels * len(self.variants) + 4 * maps)

    def _tile_side(self, task: Task, limit: int) -> int | None:
        if not self._net.architecture.tileable:
            if self._checkpoint is None:
                raise too_large(task.size, "this machine")
            return None
        margin = halo(self._net.architecture)
        canvas = self._canvas(task.size)
        side = largest_side(canvas, margin, lambda height, width: self._trunk_bytes(height * width) <= limit)
        if side is None and task.memory_limit is not None:
            height, width = (min(length, SMALLEST + 2 * margin) for length in canvas)
            raise ImageError(
                f"A {task.size[1]}x{task.size[0]} photo needs a memory limit of at least "
                f"{math.ceil(self._trunk_bytes(height * width) / 1e6)} MB; raise the limit or make the photo smaller."
            )
        return side

    @torch.inference_mode()
    def _attempt(self, task: Task, side: int, note: str) -> Trace:
        maps, taps, switches = (*self._tiled(task, side), {}) if side else self._in_one_piece(task)
        labels, score_maps, weights = self.labels, self._score_maps(maps), self._score_weights(maps)
        if not labels.fits_masks:
            kept_classes = strongest(maps.score_fr)
            labels = reduced_labels(labels, kept_classes)
            maps = ScoreMaps(reduced_scores(maps.score_fr, kept_classes), None, None)
            score_maps = {"score_fr": _of_classes(score_maps["score_fr"], kept_classes, to_numpy(maps.score_fr))}
            taps = None  # the others' score is no sum over channels
        kept = {name: to_numpy(tap) for name, tap in zip(Taps._fields, taps, strict=True)} if taps else {}
        del taps
        task.clock.mark("score layers")
        task.cancel.check()
        alignment = self._net.architecture.alignment
        trace = Trace(
            image=task.photo,
            labels=labels,
            variants=(),
            score_maps=score_maps,
            upsamplings=self._upsamplings,
            masks={},
            provenance=self._provenance(alignment, f"tiles of {side} px" if side else "native", note),
            taps=kept,
            score_weights=weights if kept else {},
            switches=switches,
        )
        masks = {}
        for number, variant in enumerate(self.variants, start=1):
            masks[variant] = self._mask(maps, variant, task.size, task.cancel)
            task.clock.mark(f"mask {variant}")
            task.on_stage(f"mask {variant}", TRUNK_SHARE + (1 - TRUNK_SHARE) * number / len(self.variants))
            if task.on_masks and number < len(self.variants):
                task.on_masks(replace(trace, variants=tuple(masks), masks=masks, timings=task.clock.timings))
        return replace(trace, variants=self.variants, masks=masks, timings=task.clock.timings)

    def _in_one_piece(self, task: Task) -> tuple[ScoreMaps, Taps | None, dict[str, Switches]]:
        done, shares = 0.0, self._net.stage_shares

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
        # Scores are small: in fp32 they cost nothing and keep close calls right.
        taps = Taps(*(tap.float() for tap in taps))
        maps = self._net.score(taps)
        return maps, taps if task.keep_taps else None, switches

    def _tiled(self, task: Task, side: int) -> tuple[ScoreMaps, Taps | None]:
        architecture = self._net.architecture
        canvas, border = self._canvas(task.size), canvas_border(architecture)
        mosaic = Mosaic(architecture, canvas, keep_taps=task.keep_taps)
        net = on_canvas(self._net)

        def block_done(name: str) -> None:
            task.clock.mark(name)
            task.cancel.check()

        layout = tiles(canvas, side, halo(architecture))
        for number, tile in enumerate(layout, start=1):
            pixels = self._input(task.photo, tile, border)
            task.clock.mark("preprocess")
            taps = net.taps(pixels, block_done)
            del pixels
            mosaic.put(tile, taps, net.score)
            del taps
            task.clock.mark("score layers")
            task.on_stage(f"tile {number} of {len(layout)}", TRUNK_SHARE * number / len(layout))
            task.cancel.check()
        return mosaic.maps, mosaic.taps

    def _input(self, photo: NDArray[np.uint8], tile: Tile | None = None, border: int = 0) -> Tensor:
        pixels = self._pixels(photo, tile, border).to(self._device, self._dtype)
        return pixels.contiguous(memory_format=torch.channels_last)

    def _score_maps(self, maps: ScoreMaps) -> dict[str, ScoreMap]:
        found, taps = {}, dict(zip(Taps._fields, self._net.architecture.tap_names(), strict=True))
        for name, scores in zip(ScoreMaps._fields, maps, strict=True):
            if scores is None:
                continue
            bias = self._cpu_net.get_parameter(f"{name}.bias").detach().float().numpy().copy()
            evidence = to_numpy(scores) - bias[:, None, None]
            tap = SCORED[name]
            coords = self._net.coord_maps[tap]
            found[name] = ScoreMap(evidence, bias, coords, self._input_scales[name], taps[tap])
        return found

    @property
    def _input_scales(self) -> dict[str, float]:
        """By score layer: the net's own factor on what the layer reads."""
        architecture = self._net.architecture
        return {"score_fr": 1.0, "score_pool4": architecture.pool4_scale, "score_pool3": architecture.pool3_scale}

    def _score_weights(self, maps: ScoreMaps) -> dict[str, NDArray[np.float32]]:
        """(C, channels) of each score layer, with the net's own factor on its input."""
        found = {}
        for name, scores in zip(ScoreMaps._fields, maps, strict=True):
            if scores is not None:
                weight = self._cpu_net.get_parameter(f"{name}.weight").detach().float().numpy()[:, :, 0, 0]
                found[name] = weight * np.float32(self._input_scales[name])
        return found

    def _mask(self, maps: ScoreMaps, variant: str, size: tuple[int, int], token: CancelToken) -> NDArray[np.uint8]:
        return self._per_pixel(winning_classes, maps, variant, size, self._device, token)

    def _per_pixel(
        self,
        reduce: Callable[[Tensor], Tensor],
        maps: ScoreMaps,
        variant: str,
        size: tuple[int, int],
        device: torch.device,
        token: CancelToken,
    ) -> NDArray[np.uint8]:
        """(H, W) uint8: what `reduce` makes of a variant's (C, rows, W) scores on `device`, strip by strip."""
        fusing = self._cpu_net if maps.score_fr.device.type == "cpu" else self._net
        enlarging = self._cpu_net if device.type == "cpu" else self._net
        with torch.inference_mode():
            fused, coords, _ = fusing.fused(maps, variant)
            upscore = getattr(enlarging, LAST_STEP[variant][1])
            result = torch.empty(size, dtype=torch.uint8)
            for rows, scores in score_strips(fused, coords, upscore, size, device=device, cancel=token):
                result[rows.start : rows.stop] = reduce(scores)
        return result.numpy()

    def memory_needed(self, height: int, width: int) -> int:
        """See `Tracer`; of VGG-16 the first block is the widest."""
        canvas = self._canvas((height, width))
        return self._trunk_bytes(canvas[0] * canvas[1])

    def _trunk_bytes(self, pixels: int) -> int:
        per_value = torch.empty((), dtype=self._dtype).element_size()
        return math.ceil(pixels * (self._net.architecture.values_per_pixel() * per_value + 3 * (4 + per_value)))

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


def _as_upsampling(module: Upscore) -> Upsampling:
    if module.weight is None:
        return Upsampling(module.stride, module.kernel, None, "nearest" if module.kind == "nearest" else "bilinear")
    return Upsampling(module.stride, module.kernel, module.weight.detach().cpu().numpy().copy())


def _of_classes(layer: ScoreMap, kept: Tensor, scores: NDArray[np.float32]) -> ScoreMap:
    """A score map of some of its classes; what `scores` has behind them is one class more, without a bias."""
    bias = np.append(layer.bias[kept.cpu().numpy()], np.float32(0)).astype(np.float32)
    return replace(layer, evidence=scores - bias[:, None, None], bias=bias)
