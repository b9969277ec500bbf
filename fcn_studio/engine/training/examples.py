"""A split's examples: read when they are asked for, and kept in memory as far as a bound allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple

import psutil
import torch
from torch import Tensor

from fcn_studio.core.datasets.dataset import Example, read_example
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.training.distributed import World
from fcn_studio.engine.training.readers import Readers

MOST_KEPT = 4 << 30  # bytes; CamVid's three splits are 0.5 GB, 6,000 photos of 400 pixels are 2.9


class Pair(NamedTuple):
    """(3, H, W) values of a photo, 0 to 255, and its (H, W) labels; as read both are uint8."""

    photo: Tensor
    marks: Tensor


class Allowance:
    """Bytes that may be kept; shared by the splits, and by the threads that read them."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Whether so many bytes were left; then they are taken."""
        with self._lock:
            fits = size <= self._left
            if fits:
                self._left -= size
            return fits


def usual_allowance(world: World) -> Allowance:
    """A quarter of the free memory and 4 GB at most, for all processes of this machine together."""
    return Allowance(min(MOST_KEPT, psutil.virtual_memory().available // 4) // world.local_size)


class Examples:
    """The examples of a split, in the data set's order.

    Those that came first are kept, and none is let go: in an order that chance gives anew each epoch, keeping the
    latest ones would serve no better.
    """

    def __init__(self, examples: Sequence[Example], labels: LabelSet, allowance: Allowance) -> None:
        self.labels = labels
        self._examples = tuple(examples)
        self._allowance = allowance
        self._kept: dict[int, Pair] = {}

    def __len__(self) -> int:
        return len(self._examples)

    def read(self, index: int) -> Pair:
        """An example as it is stored, from memory or from its files; called from many threads.

        Raises:
            DataError: A file cannot be read or does not fit.
        """
        if index in self._kept:
            return self._kept[index]
        photo, marks = read_example(self._examples[index], self.labels)
        pair = Pair(torch.from_numpy(photo.copy()).permute(2, 0, 1).contiguous(), torch.from_numpy(marks))
        if self._allowance.take(pair.photo.nbytes + pair.marks.nbytes):
            self._kept[index] = pair
        return pair


def class_pixels(
    examples: Examples,
    readers: Readers,
    world: World,
    *,
    only_two: bool = False,
    on_read: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> Tensor:
    """(classes,) int64 pixels of each class in a split; each process reads its share.

    Args:
        examples: Of the split.
        readers: Do the work.
        world: The processes that share the split.
        only_two: Whether to end where two classes were seen, as they mostly are in the first example.
        on_read: Hears (examples read, all of this process).
        stop: Asked before each example.

    Raises:
        Cancelled: `stop` said so to one of the processes.
        DataError: A file cannot be read or does not fit.
    """
    share = world.share(range(len(examples)))
    counts = torch.zeros(256, dtype=torch.long)
    stopped = False
    with closing(readers.ahead(lambda index: _histogram(examples.read(index).marks), share)) as histograms:
        for done, found in enumerate(histograms, start=1):
            if stop():
                stopped = True
                break
            counts += found
            on_read(done, len(share))
            if only_two and int((counts[: len(examples.labels)] > 0).sum()) > 1:
                break
    if world.any(stopped):
        raise Cancelled("Stopped while the pixels of the classes were counted.")
    return world.sum(counts)[: len(examples.labels)]


def repeat_factors(
    examples: Examples,
    readers: Readers,
    *,
    threshold: float,
    on_read: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> Tensor:
    """(examples,) float: how often each comes up, so that rare classes do more often; 1 at least.

    The largest square root of `threshold` over the share of examples that hold a class, of the classes that an
    example holds (Gupta, Dollar, Girshick 2019, "LVIS", section 5.1).

    Raises:
        Cancelled: `stop` said so.
        DataError: A file cannot be read or does not fit.
    """
    rows: list[Tensor] = []
    with closing(readers.ahead(lambda index: _histogram(examples.read(index).marks), range(len(examples)))) as found:
        for histogram in found:
            if stop():
                raise Cancelled("Stopped while the photos of each class were counted.")
            rows.append(histogram[: len(examples.labels)] > 0)
            on_read(len(rows), len(examples))
    holds = torch.stack(rows)
    shares = holds.double().mean(0).clamp(min=1 / len(rows))
    factors = (threshold / shares).sqrt().clamp(min=1)
    return (holds * factors).amax(1).clamp(min=1).float()


def _histogram(marks: Tensor) -> Tensor:
    return torch.bincount(marks.flatten().long(), minlength=256)
