"""The window's end of the door to the engine: owns the thread and sends it requests."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QThread, Signal

from fcn_studio.app.values.jobs import EngineChoice, Job
from fcn_studio.app.worker.worker import InferenceWorker

logger = logging.getLogger(__name__)

CLOSE_LIMIT_MS = 5000


class Inference(QObject):
    """Requests go in by queued signal, reports come out by queued signal; nothing else crosses.

    Attributes:
        worker: Its signals may be connected to bound methods of objects of the window's thread.
    """

    _engine_requested = Signal(object)  # EngineChoice
    _job_requested = Signal(object)  # Job

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread()
        self._thread.setObjectName("inference")
        self.worker = InferenceWorker()
        self.worker.moveToThread(self._thread)
        self._engine_requested.connect(self.worker.prepare)
        self._job_requested.connect(self.worker.run)
        # Where threads have priorities: the window goes before the masks.
        self._thread.start(QThread.Priority.LowPriority)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.isRunning()

    def prepare(self, choice: EngineChoice) -> None:
        """Has checkpoints loaded in the background; ends in `engine_ready` or `engine_failed`."""
        self._engine_requested.emit(choice)

    def submit(self, job: Job) -> None:
        """Queues a job behind whatever runs."""
        self._job_requested.emit(job)

    def close(self) -> None:
        """Ends the thread. Cancel the running job first: this waits for it, and terminates nothing."""
        self._thread.quit()
        if not self._thread.wait(CLOSE_LIMIT_MS):
            logger.warning("the inference thread is still busy; waiting for it to reach its next stage")
            self._thread.wait()
