"""What CUDA GPUs need to be kept busy: quick copies, winners in one kernel, and passes recorded as CUDA graphs.

Each shortcut is checked on the device itself before it is used, and left out with a sentence in the log where it fails.
"""

from __future__ import annotations

import functools
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
from fcn_studio.engine.execution.squares import Lattice, winners_of_squares
from fcn_studio.engine.nets.preprocess import Preprocessing
from fcn_studio.engine.tracing.tiling import ran_out_of_memory

logger = logging.getLogger(__name__)

Kernel = Callable[[Tensor, Lattice, tuple[int, int]], Tensor]
Pass = Callable[[Tensor], tuple[Tensor, ...]]

MAY_DIFFER = 1e-3  # share of labels that rounding may decide otherwise; a wrong kernel changes tens of percent
TOLERANCE = 1e-2  # of a recorded pass, relative to the largest value; as in `device_check`
GRAPHS = 4  # sizes of photos whose passes are kept: one or two of a camera, in both orientations


def uploaded(photo: NDArray[np.uint8], preprocessing: Preprocessing, device: torch.device) -> Tensor:
    """(1, 3, H, W) float32 in channels_last on `device`: copied as bytes, a quarter of it, and normalised there."""
    # Pinned memory is copied while the CPU goes on; torch keeps the buffer until the copy has ended.
    buffer = torch.empty(photo.shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
    np.copyto(buffer.numpy(), photo)
    pixels = buffer.to(device, non_blocking=True).permute(2, 0, 1)[None]
    return preprocessing.normalise(pixels.float()).contiguous(memory_format=torch.channels_last)


def downloaded(result: Tensor) -> Tensor:
    """The tensor in the CPU's ordinary memory, by way of pinned memory."""
    if result.device.type != "cuda":
        return result.cpu()
    buffer = torch.empty(result.shape, dtype=result.dtype, pin_memory=True)
    buffer.copy_(result, non_blocking=True)
    torch.cuda.current_stream(result.device).synchronize()
    return buffer.clone()  # pinned memory is scarce: results live on, and are not to hold it


def fused_winners(scores: Tensor, lattice: Lattice, size: tuple[int, int]) -> Tensor | None:
    """(H, W) uint8 as `winners_of_squares` gives, by the Triton kernel on the scores' device; None where it fails."""
    kernel = _kernel(scores.device)
    return None if kernel is None else kernel(scores, lattice, size)


@functools.cache
def _kernel(device: torch.device) -> Kernel | None:
    """Triton's kernel if it is installed, compiles and computes rightly on `device`."""
    try:
        from fcn_studio.engine.execution.triton_winners import triton_winners  # not on every platform
    except ImportError:
        return None
    return checked(triton_winners, device)


def checked(kernel: Kernel, device: torch.device) -> Kernel | None:
    """The kernel, unless it fails or differs from the CPU's winners on small inputs; then None, and the log says so."""
    scores = torch.randn(5, 7, 9, generator=torch.Generator().manual_seed(0))
    try:
        for size in (16, 15):
            lattice = Lattice.of(8, size, crop=3)
            expected = winners_of_squares(scores, lattice, (50, 60), CancelToken())
            found = kernel(scores.to(device), lattice, (50, 60)).cpu()
            if (found != expected).float().mean() > MAY_DIFFER:
                logger.warning("The Triton kernel computes wrongly on %s; masks are made by torch there.", device)
                return None
    except Exception as error:  # noqa: BLE001 - compilers and drivers raise what they like, and torch can do without
        logger.warning("The Triton kernel does not run on %s (%s); masks are made by torch there.", device, error)
        return None
    return kernel


@dataclass(frozen=True, slots=True)
class Recording:
    """A pass for inputs of one shape, ready to be replayed.

    Attributes:
        replay: The input to the results, which are the caller's.
        memory: Bytes that it holds.
    """

    replay: Pass
    memory: int


Recorder = Callable[[Pass, Tensor], Recording]


def recorded(run: Pass, pixels: Tensor) -> Recording:
    """A CUDA graph of `run`: its kernels are started by one call.

    Raises:
        OutOfMemoryError: There is no memory for it.
        RuntimeError: It cannot be recorded.
    """
    device = pixels.device
    with torch.cuda.device(device):
        held = pixels.clone()
        side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(side):
            for _ in range(2):  # libraries choose their kernels in the first calls, which must not be recorded
                run(held)
        torch.cuda.current_stream(device).wait_stream(side)
        # What the calls above left to the allocator would hide what the graph takes, which keeps its memory to itself.
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
        before = torch.cuda.memory_reserved(device)
        graph = torch.cuda.CUDAGraph()
        # On the stream of the calls above, as some libraries prepare each stream; other threads may use the GPU.
        with torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
            results = run(held)
        taken = max(0, torch.cuda.memory_reserved(device) - before) + held.nbytes

    def replay(values: Tensor) -> tuple[Tensor, ...]:
        held.copy_(values)
        graph.replay()
        return tuple(result.clone() for result in results)  # the next replay overwrites its own

    return Recording(replay, taken)


class RecordedPasses:
    """A pass that is recorded when an input's shape comes a second time. Threads take turns.

    Of the recordings the most recently used are kept, as many as `GRAPHS` and as fit in `limit` bytes. A shape that
    had to make room for others, or for which memory did not suffice, is recorded again only after `clear`: recording
    takes several passes. Where it fails otherwise, or gives other results, all goes on unrecorded.
    """

    def __init__(
        self,
        run: Pass,
        limit: int,
        recorder: Recorder = recorded,
        *,
        needed: Callable[[torch.Size], int] = lambda shape: 0,
    ) -> None:
        """Calls of it are in inference mode, always or never.

        Args:
            run: Must do the same on the GPU for all inputs of one shape, and read nothing back.
            limit: Bytes that the recordings may hold.
            recorder: What records it.
            needed: Bytes that a recording for a shape will hold, about; one of more than `limit` is not made.
        """
        self._run, self._limit, self._recorder, self._needed = run, limit, recorder, needed
        self._times: Counter[torch.Size] = Counter()
        self._kept: OrderedDict[torch.Size, Recording] = OrderedDict()
        self._failed = False
        self._lock = Lock()  # a recording has one place for its input and one for its results

    def __call__(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """What `run` gives."""
        shape = pixels.shape
        with self._lock:
            if shape in self._kept:
                self._kept.move_to_end(shape)
                return self._kept[shape].replay(pixels)
            results = self._run(pixels)
            self._times[shape] += 1
            if self._times[shape] == 2 and not self._failed:
                self._record(pixels, results)
            return results

    def clear(self) -> None:
        """Lets all recordings go, as when memory runs out; their shapes are recorded anew when they come twice."""
        with self._lock:
            self._forget()

    def _record(self, pixels: Tensor, expected: tuple[Tensor, ...]) -> None:
        needed = self._needed(pixels.shape)
        if needed > self._limit:
            return
        self._make_room(needed)
        try:
            recording = self._recorder(self._run, pixels)
            right = all(map(_close, recording.replay(pixels), expected))
        except (RuntimeError, MemoryError) as error:
            if _for_want_of_memory(error):
                logger.info("No memory to record the net for inputs of %s.", tuple(pixels.shape))
            else:
                self._give_up(f"failed ({error})")
            return
        if not right:
            self._give_up("gave other results")
            return
        self._kept[pixels.shape] = recording
        while len(self._kept) > GRAPHS:
            self._kept.popitem(last=False)
        self._make_room(0)

    def _make_room(self, needed: int) -> None:
        while self._kept and needed + sum(one.memory for one in self._kept.values()) > self._limit:
            self._kept.popitem(last=False)

    def _forget(self) -> None:
        self._kept.clear()
        self._times.clear()

    def _give_up(self, why: str) -> None:
        logger.warning("Recording the net as a CUDA graph %s; photos are done without.", why)
        self._failed = True
        self._forget()


def _for_want_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it followed, is of memory: CUDA complains of the broken recording last."""
    while error is not None:
        if ran_out_of_memory(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _close(found: Tensor, expected: Tensor) -> bool:
    error = (found.float() - expected.float()).abs().max()
    return bool(error <= TOLERANCE * expected.float().abs().max().clamp(min=1e-6))  # False of what is no number
