"""What all nets share on the way from a photo to a trace: device, precision, and the way down when memory runs out."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fcn_studio import __version__
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import ImageError
from fcn_studio.core.images.image import ImageSource, read_photo
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Provenance, Trace
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.checkpoints.summary import summary
from fcn_studio.engine.execution.streaming import Plan
from fcn_studio.engine.tracing.device import DTYPES, DeviceChoice, choose_device
from fcn_studio.engine.tracing.tiling import Tile, free_memory, inside, ran_out_of_memory

logger = logging.getLogger(__name__)

OnStage = Callable[[str, float], None]  # the stage that has just ended, and the share of all work done, 0 to 1
OnMasks = Callable[[Trace], None]  # the trace as far as it has come: the variants whose masks are done
TRUNK_SHARE = 0.9  # of all work; the rest is the masks


class Clock:
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
class Task:
    """One photo to trace, and who is to hear of it."""

    photo: NDArray[np.uint8]
    keep_taps: bool
    memory_limit: int | None
    on_stage: OnStage
    cancel: CancelToken
    clock: Clock
    on_masks: OnMasks | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the photo."""
        return self.photo.shape[0], self.photo.shape[1]


class Tracer(ABC):
    """A checkpoint on a device, ready to trace photos.

    Attributes:
        labels: Names and colours of the classes.
        variants: What this checkpoint can show, coarsest first.
        choice: Device and precision, with the reason for them.
        name: The checkpoint's name.
        digest: SHA-256 of the checkpoint file.
        card: What the checkpoint says of itself.
        net_name: What kind of net it is, such as `FCN-VGG16`.
        notes: What the file did not say, and how it was decided; a phrase each.
    """

    def __init__(self, checkpoint: Checkpoint, choice: DeviceChoice, net_name: str) -> None:
        self.labels: LabelSet = checkpoint.labels
        self.variants: tuple[str, ...] = checkpoint.net.architecture.variants
        self.choice = choice
        self.name, self.digest, self.net_name = checkpoint.name, checkpoint.digest, net_name
        self.card: Mapping[str, Any] = checkpoint.card
        self.notes = summary(checkpoint).choices
        self._preprocessing = checkpoint.preprocessing
        self._device = torch.device(choice.device)
        self._dtype = DTYPES[choice.precision]

    def trace(
        self,
        image: ImageSource,
        *,
        keep_taps: bool = False,
        memory_limit: int | None = None,
        on_stage: OnStage = lambda stage, done: None,
        on_masks: OnMasks | None = None,
        cancel: CancelToken | None = None,
    ) -> Trace:
        """One trunk pass over one photo, in one piece or, where that is quicker or takes too much memory, in strips.

        Strips give the score maps of one piece. If the device runs out of memory all the same, the photo is done in
        lower strips, in the end on the CPU; the trace's provenance says so.

        Args:
            image: A path, a Pillow image, an (H, W, 3) uint8 RGB array, or what `read_photo` made of one of them.
            keep_taps: Keep pool3, pool4 and fc7 in the trace, of nets that fuse scores.
            memory_limit: Bytes that the trunk may take (see `memory_needed`); None for what the device has free.
            on_stage: Hears each stage as it ends, with the share of the work done.
            on_masks: Hears, after each mask but the last, a trace of the variants whose masks are done: FCN-32s is
                there to be looked at while FCN-8s is not yet.
            cancel: Asked between stages.

        Raises:
            ImageError: The image cannot be read, or is too large for the machine's memory or the limit even in strips.
            Cancelled: `cancel` was set.
        """
        token = cancel or CancelToken()
        clock = Clock(self._device)
        photo = read_photo(image)
        clock.mark("read")
        token.check()
        task = Task(photo.pixels, keep_taps, memory_limit, _rising(on_stage), token, clock, on_masks)
        trace = self._traced(task)
        if not photo.notes:
            return trace
        return replace(trace, provenance=replace(trace.provenance, reading=" ".join(photo.notes)))

    @abstractmethod
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

    @abstractmethod
    def effective_field(self, trace: Trace, layer: str, x: int, y: int, class_index: int) -> NDArray[np.float32]:
        """(H, W) float32: how much each pixel of the photo moves a class's score in the cell nearest to (x, y).

        The gradient of the score to the net's input, its absolute values summed over colours; zero outside the
        cell's receptive field. One pass over that part of the photo, forwards and back.

        Raises:
            ValueError: The trace is another checkpoint's, or the net has no such layer.
        """

    @abstractmethod
    def memory_needed(self, height: int, width: int) -> int:
        """Bytes that the widest step of the net needs at a photo of this size, with the input in fp32 too."""

    @abstractmethod
    def _attempt(self, task: Task, plan: Plan | None, note: str) -> Trace:
        """The trace in strips, or in one piece."""

    @abstractmethod
    def _map_bytes(self, pixels: int) -> int:
        """Bytes of a trace's score maps and masks at a photo of so many pixels, and of what they are made from."""

    @abstractmethod
    def _canvas(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of what the net sees of a photo of this size."""

    @abstractmethod
    def _on_cpu(self) -> Self | None:
        """The same checkpoint on the CPU, None where it is there already."""

    def _check(self, trace: Trace, layer: str = "", variant: str = "") -> None:
        if trace.provenance.digest != self.digest:
            raise ValueError(f"the trace is by {trace.provenance.checkpoint}, not by {self.name}")
        if layer and layer not in trace.score_maps:
            raise ValueError(f"this net has no score layer {layer!r}")
        if variant and variant not in self.variants:
            raise ValueError(f"{self.name} has no variant {variant!r}; it has {', '.join(self.variants)}")

    def _traced(self, task: Task, note: str = "") -> Trace:
        """The trace in one piece or in strips that fit, else on the CPU; `note` is the fallback that led here."""
        limit, needed, said = self._limit(task), self.memory_needed(*task.size), note
        fits = needed <= limit
        plan = None if fits and not self._prefers_strips(task) else self._strips(task.size, limit)
        if plan is None and not fits:
            self._refuse(task)
        while fits or plan is not None:
            try:
                return self._attempt(task, plan, said)
            except (MemoryError, RuntimeError) as error:
                if not ran_out_of_memory(error):
                    raise
                logger.warning("%s ran out of memory: %s", self.choice.device, error)
            # Only past the handler are the tensors let go that the error held.
            task.clock.mark("out of memory")
            self._let_go()
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            elif self._device.type == "mps":
                torch.mps.empty_cache()
            fits, plan = False, self._strips(task.size, min(limit, plan.bytes if plan else needed) // 2)
            if plan is not None:
                device = self.choice.device
                said = note or f"{device} ran out of memory, so this photo was done in {plan.description}."
        cpu = self._on_cpu()
        if cpu is None:
            raise too_large(task.size, self.choice.device)
        return cpu._traced(task, f"{self.choice.device} ran out of memory, so this photo was done on the CPU.")

    def _by_torch(self) -> Tracer:
        """The same net, run by torch alone."""
        return self

    def _let_go(self) -> None:  # noqa: B027 - most keep nothing
        """Frees what is held for later photos."""

    def _prefers_strips(self, task: Task) -> bool:
        """Whether strips are quicker for this photo even where it fits in one piece."""
        return False

    def _strips(self, size: tuple[int, int], limit: int) -> Plan | None:
        """Strips of a photo of (height, width) within `limit` bytes, None if none fit."""
        return None

    def _refuse(self, task: Task) -> None:
        """Raises where no other device would do what does not fit here."""
        if self._device.type == "cpu":
            raise too_large(task.size, "this machine")

    def _limit(self, task: Task) -> int:
        """Bytes that the net may take for a photo.

        Raises:
            ImageError: The memory for the masks is too small on any device.
        """
        kept = self._map_bytes(task.size[0] * task.size[1])
        free = psutil.virtual_memory().available
        if kept > free:
            raise too_large(task.size, "this machine")
        there = free - kept if self._device.type == "cpu" else free_memory(self._device)
        return there if task.memory_limit is None else min(task.memory_limit, there)

    def _provenance(self, alignment: str, size_policy: str, note: str) -> Provenance:
        return Provenance(
            checkpoint=self.name,
            digest=self.digest,
            device=self.choice.device,
            device_name=self.choice.name,
            precision=self.choice.precision,
            alignment=alignment,
            size_policy=size_policy,
            version=__version__,
            note=note,
            net=self.net_name,
            backend=self.choice.backend,
        )

    def _pixels(self, photo: NDArray[np.uint8], tile: Tile | None = None, border: int = 0) -> Tensor:
        """(1, 3, h, w) in fp32: the whole photo, or what a tile sees of it with its border of zeros."""
        if tile is None:
            return self._preprocessing.to_tensor(photo)
        (top, bottom, rows), (left, right, columns) = (
            inside(span.seen, length, border)
            for span, length in zip((tile.rows, tile.columns), photo.shape[:2], strict=True)
        )
        pixels = self._preprocessing.to_tensor(photo[rows, columns])
        return functional.pad(pixels, (left, right, top, bottom))


def cpu_choice() -> DeviceChoice:
    """Where a photo is done that a GPU cannot do."""
    return choose_device("cpu")


def _rising(on_stage: OnStage) -> OnStage:
    """The listener, told no smaller share than before where work begins anew."""
    highest = 0.0

    def told(stage: str, share: float) -> None:
        nonlocal highest
        highest = max(highest, share)
        on_stage(stage, highest)

    return told


def to_numpy(batch: Tensor) -> NDArray[np.float32]:
    """The first of a batch, in float32."""
    return np.ascontiguousarray(batch[0].float().cpu().numpy())


def too_large(size: tuple[int, int], place: str) -> ImageError:
    """What to say of a photo of (height, width) that does not fit."""
    height, width = size
    return ImageError(
        f"A {width}x{height} photo needs more memory than {place} has free; make it smaller or close other programs."
    )
