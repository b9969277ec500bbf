"""Many photos: the next ones are read and the last ones written while the net is at work on one."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import psutil

from fcn_studio.core.errors import Cancelled, FcnStudioError, ImageError, OutputError
from fcn_studio.core.figures.export import save_results
from fcn_studio.core.images.image import ReadPhoto, image_size, read_photo
from fcn_studio.core.photo_jobs import Job, Order, Outcome, failure, record_of
from fcn_studio.engine.tracing.tiling import cells_per_pixel

if TYPE_CHECKING:
    from fcn_studio.core.trace.trace import Trace
    from fcn_studio.engine.tracing.tracer import Tracer

UNDER_WAY = 512 << 20  # bytes of photos, masks and score maps, read ahead or not yet written
SHARE = 8  # of the machine's memory, or of the limit, at most one part in so many is under way
MOST_THREADS = 8  # for reading, and as many for writing: beyond that the disk is the bound
DECODER = 4  # bytes a pixel of Pillow's own copy of a photo in RGB
MOST_CLASSES = 256  # of masks, and so of the score maps that are kept
# Bytes a pixel of what is made for a file, besides the score maps: an overlay is held as an array and as Pillow's copy.
MADE: Mapping[str, int] = MappingProxyType({"mask": 1, "overlay": 3 + DECODER, "figure": DECODER})


class Gate:
    """Lets photos in one by one in their order, while all those inside stay within a bound of bytes.

    A photo above the bound goes in once it is alone. Since nobody waits for a later one, none can wait for ever.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0
        self._next = 0
        self._closed = False
        self._changed = threading.Condition()

    def enter(self, number: int, size: int) -> bool:
        """Waits for the turn and the room of a photo; False if the gate was closed instead.

        Args:
            number: The photo's place in the order, from 0.
            size: Bytes that it takes until it leaves.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (self._next == number and self._fits(size)))
            if self._closed:
                return False
            self._inside += size
            self._next += 1
            self._changed.notify_all()
            return True

    def leave(self, size: int) -> None:
        """Makes the room of a photo free."""
        with self._changed:
            self._inside -= size
            self._changed.notify_all()

    def close(self) -> None:
        """Sends away all that wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return self._inside == 0 or self._inside + size <= self._most


@dataclass(frozen=True, slots=True)
class _Photo:
    """A photo that has been let in.

    Attributes:
        size: Bytes to be given back to the gate.
        read: None where it could not be read.
        seconds: It took to read.
        error: Why it could not be read.
    """

    size: int
    read: ReadPhoto | None = None
    seconds: float = 0.0
    error: ImageError | None = None


def segmented(
    tracer: Tracer, jobs: Sequence[Job], order: Order, *, stop: Callable[[], bool] = lambda: False
) -> Generator[Outcome, None, None]:
    """Traces photos one after another and writes what is asked for; yields the outcomes in the jobs' order.

    Photos are decoded ahead and results encoded behind in threads of their own. What is under way, which is
    photos, their masks and score maps, and what decoding them and encoding masks, overlays, figures and scores takes,
    is kept to `UNDER_WAY` bytes, as reckoned by the pixels; a photo that alone takes more is read when the one before
    it has been written. Not in it are what the trunk takes, which `Order.memory_limit` bounds, and the
    pictures of animations, heatmaps, fusion and contributions. The traces, and so the files, are those of
    `tracer.trace`.

    Whatever goes wrong with one file, read or written, is the failure of its photo alone.

    Args:
        tracer: The checkpoint on its device.
        jobs: What to do.
        order: What to make of each photo.
        stop: Asked between the stages of each photo.

    Raises:
        Cancelled: `stop` said so. What was traced until then has been written and yielded.
    """
    threads = _threads(tracer)
    kept = _bytes_a_pixel(tracer, order)
    gate = Gate(_bound(order))
    reads: deque[Future[_Photo]] = deque()
    writes: deque[Future[Outcome]] = deque()

    def on_stage(stage: str, share: float) -> None:
        if stop():
            raise Cancelled("Stopped.")

    with contextlib.ExitStack() as stack:
        readers = stack.enter_context(ThreadPoolExecutor(threads, "read"))
        writers = stack.enter_context(ThreadPoolExecutor(threads, "write"))
        # Before the pools wait for their threads; what is being written is written to its end.
        stack.callback(lambda: [future.cancel() for future in reads])
        stack.callback(gate.close)
        waiting = enumerate(jobs)
        stopped: Cancelled | None = None
        for job in jobs:
            for number, coming in waiting:
                reads.append(readers.submit(_read, gate, number, coming, kept))
                if len(reads) > 2 * threads:
                    break
            try:
                on_stage("read", 0.0)
                writes.append(_next(tracer, job, order, reads.popleft(), writers, gate, on_stage))
            except Cancelled as error:
                stopped = error
                break
            while writes and (writes[0].done() or len(writes) > 2 * threads):
                yield writes.popleft().result()
        while writes:
            yield writes.popleft().result()
        if stopped:
            raise stopped


def _next(
    tracer: Tracer,
    job: Job,
    order: Order,
    reading: Future[_Photo],
    writers: ThreadPoolExecutor,
    gate: Gate,
    on_stage: Callable[[str, float], None],
) -> Future[Outcome]:
    """Traces a photo as soon as it has been read; its outcome comes when it has been written."""
    photo = reading.result()
    if photo.read is None:
        gate.leave(photo.size)
        return _known(failure(job, photo.error or ImageError("it cannot be read")))
    try:
        trace = tracer.trace(photo.read, memory_limit=order.memory_limit, on_stage=on_stage)
    except ImageError as error:
        gate.leave(photo.size)
        return _known(failure(job, error))
    except BaseException:
        gate.leave(photo.size)
        raise
    return writers.submit(_write, gate, photo.size, job, order, trace, photo.seconds)


def _known(outcome: Outcome) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future


def _read(gate: Gate, number: int, job: Job, kept: float) -> _Photo:
    """Reads a photo when it is its turn; `kept` is the bytes that each of its pixels takes until it is written."""
    size = math.ceil(_pixels(job) * kept)
    if not gate.enter(number, size):
        return _Photo(0, error=ImageError("stopped"))
    start = time.perf_counter()
    try:
        return _Photo(size, read_photo(job.source), time.perf_counter() - start)
    except ImageError as error:
        return _Photo(size, error=error)
    except Exception as error:  # noqa: BLE001  decoders raise what they like; the other photos are none the worse
        return _Photo(size, error=ImageError(f"{job.source}: cannot be read ({_said(error)}); open another copy."))


def _pixels(job: Job) -> int:
    """Of a photo, by its header; 0 where that cannot be read, which reading it will say in words."""
    try:
        return math.prod(image_size(job.source))
    except Exception:  # noqa: BLE001  a damaged file may raise anything
        return 0


def _write(gate: Gate, size: int, job: Job, order: Order, trace: Trace, read_seconds: float) -> Outcome:
    try:
        files = save_results(trace, job.folder, job.stem, kinds=order.kinds, variants=order.variants)
        return Outcome(job, record_of(job, files, trace, read_seconds))
    except FcnStudioError as error:
        return failure(job, error)
    except Exception as error:  # noqa: BLE001  the other photos are none the worse
        return failure(job, OutputError(f"{job.source}: its results cannot be written ({_said(error)})."))
    finally:
        gate.leave(size)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _bytes_a_pixel(tracer: Tracer, order: Order) -> float:
    """That a photo takes from when it is decoded until its last file is written, at the time when it takes most."""
    classes = min(len(tracer.labels), MOST_CLASSES)
    maps = 4 * classes * cells_per_pixel(tracer.variants)
    made = max((MADE.get(kind, 0.0) for kind in order.kinds), default=0.0)
    if "scores" in order.kinds:
        made = max(made, maps)  # with their bias
    return 3 + max(DECODER, len(tracer.variants) + maps + made)


def _threads(tracer: Tracer) -> int:
    """For reading, and for writing: on the CPU the net needs the cores, and one keeps up with it."""
    if tracer.choice.device == "cpu":
        return 1
    return min(MOST_THREADS, os.cpu_count() or 1)


def _bound(order: Order) -> int:
    """Bytes that may be under way."""
    memory = psutil.virtual_memory().total if order.memory_limit is None else order.memory_limit
    return min(UNDER_WAY, memory // SHARE)
