"""The one door to the engine: a thread of its own, requests in by queued signal, reports out by queued signal.

The engine is imported inside a method, in the worker's thread, so that the window is on screen before torch loads.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal, Slot

from fcn_studio.app.jobs import Cancelled, EngineInfo, Failed, Finished, ImageLoaded, Job, StageDone
from fcn_studio.app.pyramid import build_levels
from fcn_studio.app.trace_cache import FileState, Kept, TraceCache
from fcn_studio.core import errors
from fcn_studio.core.image import read_image

if TYPE_CHECKING:
    from fcn_studio.engine.predictor import Model

logger = logging.getLogger(__name__)

CLOSE_LIMIT_MS = 5000


class InferenceWorker(QObject):
    """Lives in the inference thread; runs one job at a time, in the order of their signals.

    Signals:
        engine_ready: The checkpoint is loaded. (EngineInfo)
        engine_failed: It could not be. (one sentence for the user)
        reported: A `Report`. Every job ends with exactly one of Finished, Failed and Cancelled.
    """

    engine_ready = Signal(object)  # EngineInfo
    engine_failed = Signal(str)
    reported = Signal(object)  # Report

    def __init__(self, *, weights: str, device: str, precision: str) -> None:
        super().__init__()
        self._weights, self._device, self._precision = weights, device, precision
        self._model: Model | None = None
        self._cache = TraceCache()

    @Slot()
    def warm_up(self) -> None:
        """Imports torch and opens the checkpoint."""
        try:
            self._load()
        except errors.FcnStudioError as error:
            self.engine_failed.emit(str(error))
        except Exception as error:  # a broken torch installation must leave a window that can say so
            logger.exception("the engine did not load")
            self.engine_failed.emit(f"The engine did not load: {error}")

    @Slot(object)
    def run(self, job: Job) -> None:
        """Traces a job's photo."""
        end: Finished | Failed | Cancelled
        try:
            end = self._trace(job)
        except errors.Cancelled:
            end = Cancelled(job.id)
        except errors.ImageError as error:
            end = Failed(job.id, _naming(job, str(error)))
        except errors.FcnStudioError as error:
            end = Failed(job.id, str(error))
        except Exception as error:
            logger.exception("job %d failed", job.id)
            end = Failed(job.id, _naming(job, f"This photo could not be segmented ({error})."))
        self.reported.emit(end)

    def _load(self) -> Model:
        if self._model is None:
            from fcn_studio.engine.model import load  # torch takes seconds to import

            self._model = load(self._weights, device=self._device, precision=self._precision)
            choice = self._model.choice
            self.engine_ready.emit(
                EngineInfo(
                    checkpoint=self._model.name,
                    variants=self._model.variants,
                    labels=self._model.labels,
                    device=choice.device,
                    device_name=choice.name,
                    precision=choice.precision,
                    reason=choice.reason,
                )
            )
        return self._model

    def _trace(self, job: Job) -> Finished:
        job.token.check()  # a newer request may have overtaken this one in the queue
        start = time.perf_counter()
        source = job.photo.path if job.photo.pixels is None else job.photo.pixels
        if source is None:
            raise errors.ImageError("There is neither a file nor pixels to segment.")
        key = FileState.of(source) if isinstance(source, Path) and source.is_file() else None
        if key is not None and (kept := self._cache.get(key)) is not None:
            return Finished(job.id, kept.trace, kept.levels, kept.seconds)
        pixels = read_image(source)
        job.token.check()
        levels = build_levels(pixels)
        reading = time.perf_counter() - start
        self.reported.emit(ImageLoaded(job.id, levels))
        model = self._load()

        def on_stage(stage: str, share: float) -> None:
            self.reported.emit(StageDone(job.id, stage, share))

        start = time.perf_counter()  # loading torch, once, is not this photo's time
        trace = model.trace(pixels, on_stage=on_stage, cancel=job.token)
        job.token.check()
        # The trace has its own copy of the photo; one of them is enough.
        kept = Kept(trace, (trace.image, *levels[1:]), reading + time.perf_counter() - start)
        if key is not None:
            self._cache.put(key, kept)
        return Finished(job.id, kept.trace, kept.levels, kept.seconds)


class Inference(QObject):
    """The window's end of the door: owns the thread and sends it requests.

    Attributes:
        worker: Its signals may be connected to bound methods of objects of the window's thread.
    """

    _warm_up_requested = Signal()
    _job_requested = Signal(object)  # Job

    def __init__(self, *, weights: str, device: str, precision: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread()
        self._thread.setObjectName("inference")
        self.worker = InferenceWorker(weights=weights, device=device, precision=precision)
        self.worker.moveToThread(self._thread)
        self._warm_up_requested.connect(self.worker.warm_up)
        self._job_requested.connect(self.worker.run)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.isRunning()

    def warm_up(self) -> None:
        """Has the engine loaded in the background."""
        self._warm_up_requested.emit()

    def submit(self, job: Job) -> None:
        """Queues a job behind whatever runs."""
        self._job_requested.emit(job)

    def close(self) -> None:
        """Ends the thread. Cancel the running job first: this waits for it, and terminates nothing."""
        self._thread.quit()
        if not self._thread.wait(CLOSE_LIMIT_MS):
            logger.warning("the inference thread is still busy; waiting for it to reach its next stage")
            self._thread.wait()


def _naming(job: Job, sentence: str) -> str:
    """The sentence, naming the photo if it does not yet."""
    return sentence if job.photo.name in sentence else f"{job.photo.name}: {sentence}"
