"""Which job runs next: the newest that someone is waiting for, then what can wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from fcn_studio.app.values.jobs import Cancelled, Job, Partial, Purpose, Report, StageDone
from fcn_studio.app.worker.inference import Inference
from fcn_studio.core.cancel import CancelToken


class JobQueue(QObject):
    """Hands the worker one job at a time.

    Attributes:
        running: The job that the worker has, or None.

    Signals:
        idle: Nothing runs and nothing waits: what has time may be added.
        started: A job was handed over. (Job)
        reported: What the running job tells. (Job, Report) Each job that starts ends with exactly one end, but for an
            export that makes room for a photo: that one starts again later.
    """

    idle = Signal()
    started = Signal(object)  # Job
    reported = Signal(object, object)  # Job, Report

    def __init__(self, inference: Inference, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inference = inference
        self.running: Job | None = None
        self._wanted: Job | None = None
        self._background: deque[Job] = deque()
        self._comes_back: Job | None = None  # the running export, stopped for a photo
        inference.worker.reported.connect(self.on_report)

    @property
    def waiting(self) -> int:
        """Jobs of the background that have not started."""
        return len(self._background)

    def request(self, job: Job) -> None:
        """A job that someone waits for: it runs next, and whatever runs is stopped for it."""
        self._wanted = job
        if self.running is not None:
            if self.running.purpose is Purpose.EXPORT and not self.running.token.cancelled:
                self._comes_back = self.running
            self.running.token.cancel()
        self._start()

    def add(self, jobs: Iterable[Job]) -> None:
        """Jobs that run when nobody waits for another, in this order."""
        self._background.extend(jobs)
        self._start()

    def drop(self, purpose: Purpose) -> None:
        """Forgets the waiting jobs of a purpose and stops a running one, which then ends with its own report."""
        if self._wanted is not None and self._wanted.purpose is purpose:
            self._wanted = None
        self._background = deque(job for job in self._background if job.purpose is not purpose)
        if self._comes_back is not None and self._comes_back.purpose is purpose:
            self._comes_back = None
        if self.running is not None and self.running.purpose is purpose:
            self.running.token.cancel()

    def cancel_all(self) -> None:
        """Stops everything."""
        for purpose in Purpose:
            self.drop(purpose)

    def _start(self) -> None:
        if self.running is not None:
            return
        if self._wanted is not None:
            self.running, self._wanted = self._wanted, None
        elif self._background:
            self.running = self._background.popleft()
        else:
            self.idle.emit()
            return
        self.started.emit(self.running)
        self._inference.submit(self.running)

    @Slot(object)
    def on_report(self, report: Report) -> None:
        """From the worker."""
        job = self.running
        if job is None or report.job != job.id:
            return
        if isinstance(report, Partial | StageDone):
            self.reported.emit(job, report)
            return
        self.running = None
        again, self._comes_back = self._comes_back, None
        if again is not None and isinstance(report, Cancelled):
            self._background.appendleft(replace(again, token=CancelToken()))
        else:
            self.reported.emit(job, report)
        self._start()
