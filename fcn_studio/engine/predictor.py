"""From a photo to a trace: one trunk pass, whole or in tiles, the score layers, and each variant's mask in strips."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fcn_studio import __version__
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import ImageError
from fcn_studio.core.explain import nearest_cell
from fcn_studio.core.fusion import Upsampling
from fcn_studio.core.image import ImageSource, read_image
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace import LAST_STEP, Provenance, ScoreMap, Trace
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.confidence import score_strips, winning_classes, winning_probabilities
from fcn_studio.engine.device import DTYPES, DeviceChoice, choose_device
from fcn_studio.engine.effective_field import cell_tile, gradient, own_cell
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps, Taps, folded
from fcn_studio.engine.nets.upsampling import Upscore
from fcn_studio.engine.tiling import (
    SCORED,
    SMALLEST,
    STRIDES,
    Mosaic,
    Tile,
    canvas_border,
    free_memory,
    half_side,
    halo,
    inside,
    largest_side,
    on_canvas,
    ran_out_of_memory,
    tiles,
)

logger = logging.getLogger(__name__)

OnStage = Callable[[str, float], None]  # the stage that has just ended, and the share of all work done, 0 to 1

TRUNK_SHARE = 0.9  # of all work; the rest is the masks


class _Clock:
    """Seconds by stage, in the order they first ended."""

    def __init__(self, device: torch.device) -> None:
        self.timings: dict[str, float] = {}
        accelerator = torch.accelerator.current_accelerator()
        self._busy = device if accelerator and accelerator.type == device.type else None
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        """Adds the time since the last mark to a stage."""
        if self._busy:
            torch.accelerator.synchronize(self._busy)  # GPUs run behind; else the last stage would take all the time
        now = time.perf_counter()
        self.timings[stage] = self.timings.get(stage, 0.0) + now - self._last
        self._last = now


@dataclass(frozen=True, slots=True)
class _Task:
    """One photo to trace, and who is to hear of it."""

    photo: NDArray[np.uint8]
    keep_taps: bool
    memory_limit: int | None
    on_stage: OnStage
    cancel: CancelToken
    clock: _Clock

    @property
    def size(self) -> tuple[int, int]:
        return self.photo.shape[0], self.photo.shape[1]


class Model:
    """A checkpoint on a device, ready to trace photos.

    Attributes:
        labels: Names and colours of the classes.
        variants: What this checkpoint can show, coarsest first.
        choice: Device and precision, with the reason for them.
        name: The checkpoint's name.
        digest: SHA-256 of the checkpoint file.
        card: What the checkpoint says of itself.
    """

    def __init__(self, checkpoint: Checkpoint, choice: DeviceChoice) -> None:
        self.labels: LabelSet = checkpoint.labels
        self.variants = checkpoint.net.architecture.variants
        self.choice = choice
        self.name, self.digest, self.card = checkpoint.name, checkpoint.digest, checkpoint.card
        self._preprocessing = checkpoint.preprocessing
        self._device = torch.device(choice.device)
        self._dtype = DTYPES[choice.precision]
        net = folded(checkpoint.net)
        if self._device.type == "cpu":
            self._net = self._cpu_net = _placed(net, self._device, self._dtype)
            self._checkpoint = None
        else:
            # The CPU's copy stays as it was read: photos that a GPU cannot do are done with it.
            self._net = _placed(copy.deepcopy(net), self._device, self._dtype)
            self._cpu_net = net.requires_grad_(False).eval()
            self._checkpoint = replace(checkpoint, net=net)
        self._upsamplings = {
            name: _as_upsampling(module)
            for name, module in self._cpu_net.named_children()
            if isinstance(module, Upscore)
        }

    def trace(
        self,
        image: ImageSource,
        *,
        keep_taps: bool = False,
        memory_limit: int | None = None,
        on_stage: OnStage = lambda stage, done: None,
        cancel: CancelToken | None = None,
    ) -> Trace:
        """One trunk pass over one photo, in tiles if its memory does not suffice for one piece.

        Tiles give the score maps of one piece. If the device runs out of memory all the same, the photo is done in
        smaller tiles, in the end on the CPU; the trace's provenance says so.

        Args:
            image: A path, a Pillow image, or an (H, W, 3) uint8 RGB array.
            keep_taps: Keep pool3, pool4 and fc7 in the trace.
            memory_limit: Bytes that the trunk may take (see `memory_needed`); None for what the device has free.
            on_stage: Hears each stage as it ends, with the share of the work done.
            cancel: Asked between stages.

        Raises:
            ImageError: The image cannot be read, or is too large for the machine's memory or the limit even in tiles.
            Cancelled: `cancel` was set.
        """
        token = cancel or CancelToken()
        clock = _Clock(self._device)
        photo = read_image(image)
        clock.mark("read")
        token.check()
        return self._traced(_Task(photo, keep_taps, memory_limit, _rising(on_stage), token, clock))

    def confidence(self, trace: Trace, variant: str, *, cancel: CancelToken | None = None) -> NDArray[np.uint8]:
        """(H, W) uint8 probability of each pixel's winning class in a variant: the softmax's largest, 255 for 1.

        Args:
            trace: By this checkpoint, on any device.
            variant: One of the trace's.
            cancel: Asked between strips.

        Raises:
            ValueError: The trace is another checkpoint's, or this one has no such variant.
            Cancelled: `cancel` was set.
        """
        if trace.provenance.digest != self.digest:
            raise ValueError(f"the trace is by {trace.provenance.checkpoint}, not by {self.name}")
        if variant not in self.variants:
            raise ValueError(f"{self.name} has no variant {variant!r}; it has {', '.join(self.variants)}")
        layers = {name: torch.from_numpy(layer.scores)[None] for name, layer in trace.score_maps.items()}
        maps = ScoreMaps(layers["score_fr"], layers.get("score_pool4"), layers.get("score_pool3"))
        # A device that could not do the trace is not asked for this.
        device = torch.device("cpu") if trace.provenance.device == "cpu" else self._device
        return self._per_pixel(winning_probabilities, maps, variant, trace.size, device, cancel or CancelToken())

    def effective_field(self, trace: Trace, layer: str, x: int, y: int, class_index: int) -> NDArray[np.float32]:
        """(H, W) float32: how much each pixel of the photo moves a class's score in the cell nearest to (x, y).

        The gradient of the score to the net's input, its absolute values summed over colours; zero outside the
        cell's receptive field. One pass over that part of the photo, forwards and back.

        Raises:
            ValueError: The trace is another checkpoint's, or the net has no such layer.
        """
        if trace.provenance.digest != self.digest:
            raise ValueError(f"the trace is by {trace.provenance.checkpoint}, not by {self.name}")
        if layer not in trace.score_maps:
            raise ValueError(f"this net has no score layer {layer!r}")
        architecture = self._net.architecture
        if not architecture.tileable:
            return self._whole_field(trace, layer, x, y, class_index)
        border = canvas_border(architecture)
        tile = cell_tile(architecture, self._canvas(trace.size), layer, nearest_cell(trace.score_maps[layer], x, y))
        pixels = self._input(trace.image, tile, border)
        found = gradient(on_canvas(self._net), pixels, own_cell(tile, layer), layer, class_index)
        whole = np.zeros(trace.size, dtype=np.float32)
        (top, bottom, rows), (left, right, columns) = (
            inside(span.seen, length, border)
            for span, length in zip((tile.rows, tile.columns), trace.size, strict=True)
        )
        whole[rows, columns] = found[top : found.shape[0] - bottom, left : found.shape[1] - right]
        return whole

    def _whole_field(self, trace: Trace, layer: str, x: int, y: int, class_index: int) -> NDArray[np.float32]:
        cell = nearest_cell(trace.score_maps[layer], x, y)
        return gradient(self._net, self._input(trace.image), cell, layer, class_index)

    def _traced(self, task: _Task, note: str = "") -> Trace:
        """The trace at the first tile size that fits, else on the CPU; `note` is the fallback that led here."""
        side = self._first_side(task)
        said = note
        while side is not None:
            try:
                return self._attempt(task, side, said)
            except (MemoryError, RuntimeError) as error:
                if not ran_out_of_memory(error):
                    raise
                logger.warning("%s ran out of memory: %s", self.choice.device, error)
            # Only past the handler are the tensors let go that the error held.
            task.clock.mark("out of memory")
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            elif self._device.type == "mps":
                torch.mps.empty_cache()
            side = half_side(side or max(self._canvas(task.size))) if self._net.architecture.tileable else None
            said = note or f"{self.choice.device} ran out of memory, so this photo was done in tiles of {side} px."
        if self._checkpoint is None:
            raise _too_large(task.size, self.choice.device)
        cpu = Model(self._checkpoint, choose_device("cpu"))
        return cpu._traced(task, f"{self.choice.device} ran out of memory, so this photo was done on the CPU.")

    def _first_side(self, task: _Task) -> int | None:
        """The largest tile's core that fits in memory, 0 for the whole photo, None if nothing fits.

        Raises:
            ImageError: The limit, or the memory for the masks, is too small on any device.
        """
        pixels = task.size[0] * task.size[1]
        maps = pixels * len(self.labels) * 4 * sum(1 / stride**2 for stride in STRIDES)
        free = psutil.virtual_memory().available
        # Score maps are held twice, with and without bias, and once more while they are fused.
        if pixels * len(self.variants) + 4 * maps > free:
            raise _too_large(task.size, "this machine")
        limit = task.memory_limit
        if limit is None:
            limit = free - int(maps) if self._device.type == "cpu" else free_memory(self._device)
        if self.memory_needed(*task.size) <= limit:
            return 0
        if not self._net.architecture.tileable:
            if self._checkpoint is None:
                raise _too_large(task.size, "this machine")
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
    def _attempt(self, task: _Task, side: int, note: str) -> Trace:
        """The trace with tiles of this core, 0 for one piece."""
        maps, taps = self._tiled(task, side) if side else self._in_one_piece(task)
        score_maps = self._score_maps(maps)
        kept = {name: _to_numpy(tap) for name, tap in zip(Taps._fields, taps, strict=True)} if taps else {}
        del taps
        task.clock.mark("score layers")
        task.cancel.check()
        masks = {}
        for number, variant in enumerate(self.variants, start=1):
            masks[variant] = self._mask(maps, variant, task.size, task.cancel)
            task.clock.mark(f"mask {variant}")
            task.on_stage(f"mask {variant}", TRUNK_SHARE + (1 - TRUNK_SHARE) * number / len(self.variants))
        return Trace(
            image=task.photo,
            labels=self.labels,
            variants=self.variants,
            score_maps=score_maps,
            upsamplings=self._upsamplings,
            masks=masks,
            provenance=Provenance(
                checkpoint=self.name,
                digest=self.digest,
                device=self.choice.device,
                device_name=self.choice.name,
                precision=self.choice.precision,
                alignment=self._net.architecture.alignment,
                size_policy=f"tiles of {side} px" if side else "native",
                version=__version__,
                note=note,
                net=self._net.architecture.name,
            ),
            timings=task.clock.timings,
            taps=kept,
            score_weights=self._score_weights(maps) if kept else {},
        )

    def _in_one_piece(self, task: _Task) -> tuple[ScoreMaps, Taps | None]:
        done, shares = 0.0, self._net.stage_shares

        def block_done(name: str) -> None:
            nonlocal done
            done += shares[name]
            task.clock.mark(name)
            task.on_stage(name, TRUNK_SHARE * done)
            task.cancel.check()

        pixels = self._input(task.photo)
        task.clock.mark("preprocess")
        taps = self._net.taps(pixels, block_done)
        del pixels
        # Scores are small: in fp32 they cost nothing and keep close calls right.
        taps = Taps(*(tap.float() for tap in taps))
        maps = self._net.score(taps)
        return maps, taps if task.keep_taps else None

    def _tiled(self, task: _Task, side: int) -> tuple[ScoreMaps, Taps | None]:
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
        """The net's input: the whole photo, or what a tile sees of it with its border of zeros."""
        if tile is None:
            pixels = self._preprocessing.to_tensor(photo)
        else:
            (top, bottom, rows), (left, right, columns) = (
                inside(span.seen, length, border)
                for span, length in zip((tile.rows, tile.columns), photo.shape[:2], strict=True)
            )
            pixels = self._preprocessing.to_tensor(photo[rows, columns])
            pixels = functional.pad(pixels, (left, right, top, bottom))
        pixels = pixels.to(self._device, self._dtype)
        return pixels.contiguous(memory_format=torch.channels_last)

    def _score_maps(self, maps: ScoreMaps) -> dict[str, ScoreMap]:
        found, taps = {}, dict(zip(Taps._fields, self._net.architecture.tap_names(), strict=True))
        for name, scores in zip(ScoreMaps._fields, maps, strict=True):
            if scores is None:
                continue
            bias = self._cpu_net.get_parameter(f"{name}.bias").detach().float().numpy().copy()
            evidence = _to_numpy(scores) - bias[:, None, None]
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
        """Bytes that block 1 needs at a photo of this size: its input and output, with the input in fp32 too."""
        canvas = self._canvas((height, width))
        return self._trunk_bytes(canvas[0] * canvas[1])

    def _trunk_bytes(self, pixels: int) -> int:
        per_value = torch.empty((), dtype=self._dtype).element_size()
        return math.ceil(pixels * (self._net.architecture.values_per_pixel() * per_value + 3 * (4 + per_value)))

    def _canvas(self, size: tuple[int, int]) -> tuple[int, int]:
        border = canvas_border(self._net.architecture)
        return size[0] + 2 * border, size[1] + 2 * border


def _rising(on_stage: OnStage) -> OnStage:
    """The listener, told no smaller share than before where work begins anew."""
    highest = 0.0

    def told(stage: str, share: float) -> None:
        nonlocal highest
        highest = max(highest, share)
        on_stage(stage, highest)

    return told


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


def _to_numpy(batch: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(batch[0].float().cpu().numpy())


def _too_large(size: tuple[int, int], place: str) -> ImageError:
    height, width = size
    return ImageError(
        f"A {width}x{height} photo needs more memory than {place} has free; make it smaller or close other programs."
    )
