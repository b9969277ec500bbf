"""One download of a published checkpoint at a time, in a thread of its own, whether or not somebody looks."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fcn_studio.app.worker.background import Background
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.catalog.catalog import Entry
from fcn_studio.core.catalog.download import Fetched, download
from fcn_studio.core.catalog.transfer import Progress
from fcn_studio.core.errors import Cancelled, FcnStudioError

KEY = "download"
LOOK_EVERY = 100  # milliseconds
LOOK_BACK = 4.0  # seconds that the rate is a mean of


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a download ended.

    Attributes:
        entry: What was wanted.
        found: The file, or None.
        problem: One sentence if it failed; empty if it is there, or was stopped.
    """

    entry: Entry
    found: Fetched | None = None
    problem: str = ""


class _Gauge:
    """Written by the thread, read by the window: replacing an attribute is one step."""

    def __init__(self) -> None:
        self.step = Progress(0, None)

    def report(self, step: Progress) -> None:
        """The thread is further."""
        self.step = step


class CatalogDownload(QObject):
    """Fetches.

    Attributes:
        entry: What is being fetched, or None.

    Signals:
        progressed: It is further, or has begun.
        ended: It is over. (Outcome)
    """

    progressed = Signal()
    ended = Signal(object)  # Outcome

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entry: Entry | None = None
        self._background = Background(self)
        self._gauge = _Gauge()
        self._seen: deque[tuple[float, Progress]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY)
        self._timer.timeout.connect(self.look)

    @property
    def step(self) -> Progress:
        """How far it is."""
        return self._gauge.step

    @property
    def rate(self) -> float:
        """Bytes a second, lately; 0 while nobody knows, and when nothing comes."""
        if not self._seen:
            return 0.0
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        return (last.done - first.done) / (end - start) if end > start else 0.0

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._background.running

    def start(self, entry: Entry) -> None:
        """Fetches an entry; what is being fetched is stopped."""
        self.stop()
        gauge = self._gauge = _Gauge()
        self.entry = entry
        self._seen.clear()

        def question(token: CancelToken) -> Outcome:
            try:
                return Outcome(entry, download(entry, token=token, report=gauge.report))
            except Cancelled:
                raise
            except FcnStudioError as error:  # expected: a sentence, and nothing for the log
                return Outcome(entry, problem=str(error))

        self._background.ask(KEY, question, self._on_ended)
        self._timer.start()
        self.progressed.emit()

    def stop(self) -> None:
        """Gives up; what has come is kept for another time."""
        if self.entry is not None:
            self._background.forget(KEY)
            self._end(Outcome(self.entry))

    def close(self) -> None:
        """Ends the thread."""
        self._timer.stop()
        self._background.close()

    @Slot()
    def look(self) -> None:
        """Reads how far the thread is."""
        step, now = self.step, time.monotonic()
        if self._seen and self._seen[-1][1].checking is not step.checking:
            self._seen.clear()
        self._seen.append((now, step))
        while now - self._seen[0][0] > LOOK_BACK:
            self._seen.popleft()
        self.progressed.emit()

    def _on_ended(self, outcome: object) -> None:
        if isinstance(outcome, Outcome):
            self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        self.entry = None
        self._timer.stop()
        self.ended.emit(outcome)
