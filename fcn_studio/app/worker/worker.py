"""The one door to the engine, in a thread of its own: jobs come in and reports go out by queued signal.

The engine is imported inside a method, in the worker's thread, so that the window is on screen before torch loads.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from fcn_studio.app.values.jobs import (
    Cancelled,
    Diagnosed,
    Early,
    End,
    EngineChoice,
    EngineInfo,
    Exported,
    Failed,
    FieldFound,
    Finished,
    Job,
    Mask,
    Measured,
    Partial,
    Purpose,
    Result,
    StageDone,
)
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.pyramid import build_levels
from fcn_studio.app.worker import torch_libraries
from fcn_studio.app.worker.dataset_measure import measured
from fcn_studio.app.worker.trace_cache import CacheKey, FileState, Kept, TraceCache
from fcn_studio.app.worker.truths import TruthReader
from fcn_studio.core import errors
from fcn_studio.core.images.image import ReadPhoto, read_image, read_photo
from fcn_studio.core.maps.answers import winning_probability
from fcn_studio.core.trace.trace import Trace
from fcn_studio.core.trace.trace_file import load_trace

if TYPE_CHECKING:
    from fcn_studio.engine.tracing.tracer import Tracer

TRACE_SUFFIX = ".fcntrace"

logger = logging.getLogger(__name__)


class InferenceWorker(QObject):
    """Lives in the inference thread; runs one job at a time.

    Signals:
        engine_ready: The checkpoints of a choice are loaded. (EngineChoice, tuple of EngineInfo)
        engine_failed: They could not be. (EngineChoice, one sentence for the user)
        reported: A `Report`. Every job ends with exactly one `End`.
    """

    engine_ready = Signal(object, object)  # EngineChoice, tuple[EngineInfo, ...]
    engine_failed = Signal(object, str)  # EngineChoice
    reported = Signal(object)  # Report

    def __init__(self) -> None:
        super().__init__()
        self._models: dict[tuple[str, str, str, str, str], Tracer] = {}
        self._announced: EngineChoice | None = None
        self._cache = TraceCache()
        self._truths = TruthReader()

    @Slot(object)
    def prepare(self, choice: EngineChoice) -> None:
        """Imports torch and opens the checkpoints; always answers."""
        self._announced = None
        try:
            self._open(choice)
        except errors.FcnStudioError as error:
            self.engine_failed.emit(choice, str(error))
        except Exception as error:  # a broken torch installation must leave a window that can say so
            logger.exception("the engine did not load")
            self.engine_failed.emit(choice, f"The engine did not load: {error}")

    @Slot(object)
    def run(self, job: Job) -> None:
        """Does a job."""
        end: End
        try:
            if job.purpose is Purpose.EXPORT:
                end = self._export(job)
            elif job.purpose is Purpose.FIELD:
                end = self._find_field(job)
            elif job.purpose is Purpose.DOCTOR:
                end = self._examine(job)
            elif job.purpose is Purpose.MEASURE:
                end = self._measure(job)
            else:
                end = Finished(job.id, self._segment(job))
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

    def _open(self, choice: EngineChoice) -> list[Tracer]:
        """The models of a choice; those of others are let go, and their memory with them."""
        where = (choice.device, choice.precision, choice.backend)
        keys = [(weights, choice.stamp(weights), *where) for weights in choice.weights]
        missing = [key for key in keys if key not in self._models]
        if missing:
            torch_libraries.load_ahead()
            from fcn_studio.engine.tracing.model import load  # torch takes seconds to import

            opened = {key: load(key[0], device=key[2], precision=key[3], backend=key[4]) for key in missing}
            self._models = {key: model for key, model in self._models.items() if key in keys} | opened
            for key in missing:
                if key[1]:
                    self._cache.forget(key[0])
        models = [self._models[key] for key in keys]
        if choice != self._announced:
            self._announced = choice
            infos = (_info(key[0], model) for key, model in zip(keys, models, strict=True))
            self.engine_ready.emit(choice, tuple(infos))
        return models

    def _segment(self, job: Job) -> Result:
        job.token.check()  # a newer request may have overtaken this one in the queue
        source = job.photo.path if job.photo.pixels is None else job.photo.pixels
        if source is None:
            raise errors.ImageError("There is neither a file nor pixels to segment.")
        if isinstance(source, Path) and source.suffix.lower() == TRACE_SUFFIX:
            return self._open_trace(job, source)
        state = FileState.of(source) if isinstance(source, Path) and source.is_file() else None
        engine = job.engine
        where = (engine.device, engine.precision)
        keys = [CacheKey(state, name, *where, engine.stamp(name), engine.backend) for name in engine.weights]
        kept = [self._known(job, key) if state else None for key in keys]
        start = time.perf_counter()
        known = next((found for found in kept if found is not None), None)
        if known:
            levels, notes = known.levels, tuple(filter(None, [known.trace.provenance.reading]))
        else:
            read = read_photo(source)
            levels, notes = build_levels(read.pixels), read.notes
        reading = 0.0 if known else time.perf_counter() - start
        job.token.check()
        if None in kept:
            self._tell_partial(job, Result(levels, tuple(found.trace if found else None for found in kept)))
        models = self._open(job.engine)
        for slot, model in enumerate(models):
            found = kept[slot]
            if found is None:
                start = time.perf_counter()  # loading torch, once, is not this photo's time
                done = Result(levels, tuple(each.trace if each else None for each in kept))
                trace = model.trace(
                    ReadPhoto(levels[0], notes),
                    keep_taps=job.taps,
                    memory_limit=job.memory_limit,
                    on_stage=self._stage_listener(job, slot),
                    on_masks=self._mask_listener(job, slot, model.variants, done),
                    cancel=job.token,
                )
                job.token.check()
                # The trace has its own copy of the photo; one of them is enough.
                levels = (trace.image, *levels[1:])
                found = Kept(trace, levels, reading + time.perf_counter() - start)
                reading = 0.0
            if job.confidence:
                found = self._with_confidence(job, model, found)
            kept[slot] = found
            if state and job.purpose is Purpose.MEASURE:
                self._cache.offer(keys[slot], found)
            elif state:
                self._cache.put(keys[slot], found)
            if slot + 1 < len(models):
                self._tell_partial(job, Result(levels, tuple(each.trace if each else None for each in kept)))
        traces = tuple(found.trace for found in kept if found is not None)
        if job.purpose is Purpose.MEASURE:
            return Result(levels, traces)  # what it is worth is counted by whoever asked
        truth, warning = self._truths.read(job.photo, job.truth, traces, job.measure, as_nets=job.truth_as_nets)
        fallbacks = dict.fromkeys(trace.provenance.note for trace in traces if trace.provenance.note)
        return Result(
            levels,
            traces,
            truth,
            {
                PanelId(variant, slot): confidence
                for slot, found in enumerate(kept)
                if found is not None
                for variant, confidence in found.confidences.items()
            },
            sum(found.seconds for found in kept if found is not None),
            " ".join((*fallbacks, warning)).strip(),
        )

    def _measure(self, job: Job) -> Measured:
        """What fails is the photo's own: a mask that cannot be used leaves the photo as good as before."""
        task = job.measure
        if task is None:
            raise ValueError("a job that measures says against what")
        traces = [trace for trace in self._segment(job).traces if trace is not None]
        job.token.check()
        try:
            return Measured(job.id, *measured(task, traces, cancel=job.token))
        except errors.DataError as error:
            return Measured(job.id, None, {}, str(error))

    def _known(self, job: Job, key: CacheKey) -> Kept | None:
        """What was kept, unless it lacks the taps that are asked for."""
        found = self._cache.get(key)
        lacking = found is not None and job.taps and found.trace.fuses_scores and not found.trace.taps
        return None if lacking else found

    def _open_trace(self, job: Job, path: Path) -> Result:
        """What was saved is shown as it was: no checkpoint is needed."""
        start = time.perf_counter()
        trace = load_trace(path)
        levels = build_levels(trace.image)
        self._tell_partial(job, Result(levels, (trace,)))
        confidences = {}
        for variant in trace.variants if job.confidence else ():
            confidences[PanelId(variant)] = winning_probability(trace, variant, cancel=job.token)
        truth, warning = self._truths.read(job.photo, job.truth, (trace,), as_nets=job.truth_as_nets)
        return Result(levels, (trace,), truth, confidences, time.perf_counter() - start, warning)

    def _with_confidence(self, job: Job, model: Tracer, kept: Kept) -> Kept:
        missing = [variant for variant in kept.trace.variants if variant not in kept.confidences]
        if not missing:
            return kept
        computed: dict[str, Mask] = {
            variant: model.confidence(kept.trace, variant, cancel=job.token) for variant in missing
        }
        return Kept(kept.trace, kept.levels, kept.seconds, {**kept.confidences, **computed})

    def _find_field(self, job: Job) -> FieldFound:
        task = job.field
        if task is None:
            raise ValueError("a job for a receptive field says which")
        trace = next(iter(self._segment(job).traces), None)
        models = self._open(job.engine)
        if trace is None or trace.provenance.digest != models[0].digest:
            raise errors.DataError("The checkpoint of this trace is not loaded; its gradient cannot be computed.")
        x, y = task.pixel
        return FieldFound(job.id, task, models[0].effective_field(trace, task.layer, x, y, task.class_index))

    def _examine(self, job: Job) -> Diagnosed | Exported:
        """By a net of its own, on the CPU: the models in use have lost what the doctor looks at."""
        task = job.doctor
        if task is None:
            raise ValueError("a doctor's job says which checkpoint")
        from fcn_studio.engine.doctor.doctor import diagnose, save_with  # torch takes seconds to import
        from fcn_studio.engine.tracing.model import checkpoint_named

        job.token.check()
        checkpoint = checkpoint_named(task.weights)
        job.token.check()
        if task.recipe is not None and task.target is not None:
            save_with(checkpoint, task.recipe, task.target)
            return Exported(job.id, (task.target,))
        source = job.photo.path if job.photo.pixels is None else job.photo.pixels
        if source is None:
            raise errors.ImageError("There is neither a file nor pixels to try.")
        if isinstance(source, Path) and source.suffix.lower() == TRACE_SUFFIX:
            source = load_trace(source).image
        diagnosis = diagnose(
            checkpoint,
            read_image(source),
            photo_name=job.photo.name,
            of_its_kind=task.of_its_kind,
            on_trial=lambda name, share: self.reported.emit(StageDone(job.id, name, share)),
            cancel=job.token,
        )
        return Diagnosed(job.id, diagnosis)

    def _export(self, job: Job) -> Exported:
        task = job.export
        if task is None:
            raise ValueError("an export job says what to write")
        from fcn_studio.core.figures.export import (
            save_results,  # all that draws figures: the window's start needs none of it
        )

        traces = self._segment(job).traces
        trace = traces[0] if traces else None
        if trace is None:
            raise ValueError("a finished photo has a trace")
        job.token.check()
        files = save_results(
            trace,
            task.folder,
            task.stem,
            kinds=task.kinds,
            variants=[variant for variant in task.variants if variant in trace.variants],
            labels=task.labels,
            opacity=task.opacity,
        )
        return Exported(job.id, tuple(files))

    def _tell_partial(self, job: Job, result: Result) -> None:
        self.reported.emit(Partial(job.id, result))

    def _stage_listener(self, job: Job, slot: int) -> Callable[[str, float], None]:
        def on_stage(stage: str, share: float) -> None:
            self.reported.emit(StageDone(job.id, stage, (slot + share) / len(job.engine.weights)))

        return on_stage

    def _mask_listener(
        self, job: Job, slot: int, variants: tuple[str, ...], done: Result
    ) -> Callable[[Trace], None] | None:
        """Has the window show each mask as soon as it is there; None for a job that nobody looks at."""
        if job.purpose is not Purpose.SHOW:
            return None

        def on_masks(trace: Trace) -> None:
            job.token.check()  # a newer request may have come meanwhile
            self._tell_partial(job, replace(done, early={slot: Early(trace, variants)}))

        return on_masks


def _info(weights: str, model: Tracer) -> EngineInfo:
    choice = model.choice
    return EngineInfo(
        weights=weights,
        checkpoint=model.name,
        variants=model.variants,
        labels=model.labels,
        device=choice.device,
        device_name=choice.name,
        precision=choice.precision,
        backend=choice.backend,
        reason=choice.reason,
        net=model.net_name,
        notes=model.notes,
        other_heads=tuple(model.card.get("other_heads", ())),
        epoch=epoch if isinstance(epoch := model.card.get("epoch"), int) else None,
    )


def _naming(job: Job, sentence: str) -> str:
    """The sentence, naming the photo if it does not yet."""
    return sentence if job.photo.name in sentence else f"{job.photo.name}: {sentence}"
