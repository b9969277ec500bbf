"""SIGINT and SIGTERM as a wish to stop; the second one ends the process at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ECHO = 2.0  # seconds in which torchrun passes on a signal that the terminal has sent to all processes already


@contextlib.contextmanager
def stopping(*, echoes: bool = False) -> Iterator[Callable[[], bool]]:
    """Yields the question whether a signal has come.

    Args:
        echoes: Whether the first signal may come twice, as it does under torchrun.
    """
    asked = threading.Event()
    first = 0.0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if not asked.is_set():
            asked.set()
            first = time.monotonic()
            if not echoes:
                # The system's own way, which does not wait for a step in torch to end.
                for each in SIGNALS:
                    signal.signal(each, signal.SIG_DFL)
        elif time.monotonic() - first > ECHO:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    before = {each: signal.signal(each, on_signal) for each in SIGNALS}
    try:
        yield asked.is_set
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
