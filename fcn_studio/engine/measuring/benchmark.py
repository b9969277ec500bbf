"""What each stage of a trace costs on this machine, beside the machine's own matrix products in the same run.

A stage of 7.6 GFLOP that takes 80 ms at the median, where matrix products run at 100 GFLOP/s, has a share of 0.95 of
their rate. Convolutions that are blocked better than one product of that size can have more than 1.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.figures.pictures import overlay
from fcn_studio.core.memory import peak_memory
from fcn_studio.core.trace.trace import Provenance, Trace
from fcn_studio.engine.execution.openvino_trunk import STAGE
from fcn_studio.engine.measuring.work import Work, work_of
from fcn_studio.engine.tracing.device import DTYPES
from fcn_studio.engine.tracing.tracer import Clock, Tracer

PICTURE = "picture"
MATMUL_SIDES = {"cpu": 2048, "cuda": 4096, "mps": 4096}  # large enough that starting a product costs nothing
CELL = 16  # pixels of the sample photo's areas
BYTES_A_PICTURE_PIXEL = 3 + 1 + 3  # photo and mask in, overlay out


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the same work, again and again."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """In seconds."""
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        """In seconds."""
        return min(self.seconds)

    @property
    def most(self) -> float:
        """In seconds."""
        return max(self.seconds)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the trace, or all of it."""

    name: str
    timing: Timing
    work: Work

    @property
    def rate(self) -> float:
        """FLOPs in a second, at the median."""
        return self.work.flops / self.timing.median if self.timing.median else 0.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One run.

    Attributes:
        provenance: Of the traces: checkpoint, device, precision, tiles, and whether memory ran out.
        size: (height, width) of the photo.
        stages: In the order in which they end; the last is the overlay pictures of all variants.
        total: From the file to the pictures, by a clock of its own.
        matmul_side: N of the N x N matrix product in the trunk's precision, on the same device.
        matmul: What it took, measured between the traces.
        threads: That torch uses on the CPU.
        torch_version: Of the build that ran.
        peak_memory: Bytes that this process has held at most, from its start.
        device_memory: Bytes that torch has held at most on a CUDA device while it traced, None elsewhere.
    """

    provenance: Provenance
    size: tuple[int, int]
    stages: tuple[Stage, ...]
    total: Stage
    matmul_side: int
    matmul: Timing
    threads: int
    torch_version: str
    peak_memory: int
    device_memory: int | None

    @property
    def matmul_rate(self) -> float:
        """FLOPs in a second, at the median."""
        return float(2 * self.matmul_side**3 / self.matmul.median)

    def share(self, stage: Stage) -> float:
        """A stage's rate as a share of the matrix product's."""
        return stage.rate / self.matmul_rate


def benchmark(
    model: Tracer, size: tuple[int, int], repeats: int, *, on_repeat: Callable[[int], None] = lambda done: None
) -> Benchmark:
    """Traces a sample photo again and again, each time from a JPEG file to pictures.

    Two traces more go before, untimed: the first one's work is counted, and in the second CUDA devices record the pass
    over photos of this size (see `execution.gpu`), which those that are timed repeat. Recorded passes have one stage,
    `trunk`, for all blocks.

    Args:
        model: What to measure.
        size: (height, width) of the photo.
        repeats: Traces that are timed; at least 1.
        on_repeat: Hears how many are done.

    Raises:
        ImageError: The photo is too large for this machine.
        ValueError: `repeats` is below 1.
    """
    if repeats < 1:
        raise ValueError(f"{repeats} traces cannot be timed")
    device = torch.device(model.choice.device)
    side = MATMUL_SIDES.get(device.type, MATMUL_SIDES["cpu"])
    product = _matmul(side, DTYPES[model.choice.precision], device)
    cuda = device.type == "cuda"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "sample.jpg"
        Image.fromarray(sample_photo(size)).save(source, quality=95)
        model._let_go()  # a recorded pass shows no operations to count
        work = work_of(model, source)
        model.trace(source)
        product()
        if cuda:
            torch.cuda.reset_peak_memory_stats(device)
        timings: list[dict[str, float]] = []
        totals, products = [], []
        for number in range(1, repeats + 1):
            start = time.perf_counter()
            trace = model.trace(source)
            drawn = _draw(trace)
            totals.append(time.perf_counter() - start)
            timings.append({**trace.timings, PICTURE: drawn})
            products.append(product())  # by turns, so that both meet the same load
            on_repeat(number)
    # A trunk that is run as one has the work of its layers.
    inside = work.keys() - trace.timings.keys()
    if inside:
        work[STAGE] = sum((work.pop(name) for name in inside), work.get(STAGE, Work()))
    work[PICTURE] = Work(bytes=size[0] * size[1] * BYTES_A_PICTURE_PIXEL * len(trace.variants))
    return Benchmark(
        provenance=trace.provenance,
        size=size,
        stages=tuple(
            Stage(name, Timing(tuple(seconds.get(name, 0.0) for seconds in timings)), work.get(name, Work()))
            for name in dict.fromkeys(name for seconds in timings for name in seconds)
        ),
        total=Stage("total", Timing(tuple(totals)), sum(work.values(), Work())),
        matmul_side=side,
        matmul=Timing(tuple(products)),
        threads=torch.get_num_threads(),
        torch_version=torch.__version__,
        peak_memory=peak_memory(),
        device_memory=torch.cuda.max_memory_allocated(device) if cuda else None,
    )


def sample_photo(size: tuple[int, int]) -> NDArray[np.uint8]:
    """An (H, W, 3) picture of areas and grain, always the same."""
    rng = np.random.default_rng(0)
    areas = rng.integers(32, 224, (size[0] // CELL + 1, size[1] // CELL + 1, 3), dtype=np.uint8)
    photo = areas.repeat(CELL, axis=0).repeat(CELL, axis=1)[: size[0], : size[1]]
    return photo + rng.integers(0, 32, photo.shape, dtype=np.uint8)


def _draw(trace: Trace) -> float:
    """Seconds for the overlay of every variant."""
    start = time.perf_counter()
    for variant in trace.variants:
        overlay(trace.image, trace.mask(variant), trace.labels)
    return time.perf_counter() - start


def _matmul(side: int, dtype: torch.dtype, device: torch.device) -> Callable[[], float]:
    """What multiplies two random matrices anew at each call, and returns the seconds."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(side, side, generator=generator).to(device, dtype) for _ in range(2))
    result = torch.empty_like(left)

    def seconds() -> float:
        clock = Clock(device)
        clock.mark("waiting for the device")
        torch.mm(left, right, out=result)
        clock.mark("matmul")
        return clock.timings["matmul"]

    return seconds
