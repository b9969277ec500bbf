"""Threads that read and augment ahead of the net."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import torch

In = TypeVar("In")
Out = TypeVar("Out")


class Readers:
    """A pool of threads: Pillow and torch let go of Python's lock while they work.

    Each thread computes with one thread of torch: sums of floats depend on how they are divided, so examples would
    depend on the number of cores, and the pool's threads would crowd out the net's.
    """

    def __init__(self, workers: int) -> None:
        """Starts so many threads, at least one."""
        self.workers = max(workers, 1)
        threads = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(self.workers, "reader", initializer=_compute_alone)
        started = threading.Barrier(self.workers + 1)
        for _ in range(self.workers):
            self._pool.submit(started.wait)
        started.wait()
        torch.set_num_threads(threads)  # what a thread sets holds for itself, and for threads that start later

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def ahead(self, work: Callable[[In], Out], items: Iterable[In], *, most: int = 0) -> Generator[Out, None, None]:
        """The work's results in the items' order, `most` of them under way (by default four for each thread)."""
        waiting: deque[Future[Out]] = deque()
        most = max(most, 4 * self.workers)
        try:
            for item in items:
                waiting.append(self._pool.submit(work, item))
                if len(waiting) > most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _compute_alone() -> None:
    torch.get_num_threads()  # the first question sets a thread's number to the program's
    torch.set_num_threads(1)
