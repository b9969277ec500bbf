"""What passes between the window and the worker: frozen values, and no more than that."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.pyramid import Levels
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.dataset import Example
from fcn_studio.core.judging.metrics import Metrics
from fcn_studio.core.judging.photo_metrics import PhotoMetrics
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace

if TYPE_CHECKING:
    from fcn_studio.core.judging.diagnosis import Diagnosis, InputRecipe

Mask = NDArray[np.uint8]  # (H, W) class indices


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """Something to segment: a file, or pixels that were pasted or dropped.

    Attributes:
        name: What to call it in captions and sentences.
        path: The file, or None for pixels.
        pixels: (H, W, 3) uint8 RGB, or None for a file.
        resolved: The file with links and spellings resolved, by which one file is known again.
        is_sample: Whether it came with the program.
    """

    name: str
    path: Path | None = None
    pixels: NDArray[np.uint8] | None = None
    resolved: Path | None = None
    is_sample: bool = False

    @classmethod
    def from_path(cls, path: Path, *, is_sample: bool = False) -> Photo:
        """The photo in a file, which is read later, by the worker."""
        return cls(name=path.name, path=path, resolved=path.resolve(), is_sample=is_sample)


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What is to run, and on what.

    Attributes:
        weights: Names or paths of the open checkpoints; a panel's slot is its place here.
        device: `auto`, `cpu`, `cuda`, `mps`.
        precision: `auto`, `fp32`, `bf16`, `fp16`.
        stamps: (weights, which state of its file) of checkpoints that are written anew while they are watched: one of
            another stamp is another net.
        backend: `auto`, `torch`, `openvino`.
    """

    weights: tuple[str, ...]
    device: str = "auto"
    precision: str = "auto"
    stamps: tuple[tuple[str, str], ...] = ()
    backend: str = "auto"

    def stamp(self, weights: str) -> str:
        """Which state of a checkpoint's file is meant; empty for one that is not watched."""
        return dict(self.stamps).get(weights, "")


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What one loaded checkpoint is, and what runs it.

    Attributes:
        weights: The name or path that it was asked for by.
        checkpoint: Its name.
        variants: What it can show, coarsest first.
        labels: Its classes.
        device: Such as `cpu` or `cuda:0`.
        device_name: The hardware's own name.
        precision: Of the trunk.
        reason: One sentence: why this device and precision.
        net: What kind of net it is, such as `FCN-VGG16`.
        notes: What its file did not say, and how it was decided; a phrase each.
        other_heads: Of a net with two, the one that is not open.
        epoch: Of training after which it was written, where its file says so.
        backend: The library that runs the trunk: `torch` or `openvino`.
    """

    weights: str
    checkpoint: str
    variants: tuple[str, ...]
    labels: LabelSet
    device: str
    device_name: str
    precision: str
    reason: str
    net: str = ""
    notes: tuple[str, ...] = ()
    other_heads: tuple[str, ...] = ()
    epoch: int | None = None
    backend: str = "torch"


class Purpose(StrEnum):
    """Why a job runs."""

    SHOW = "show"
    PREFETCH = "prefetch"  # so that the next photo is there when it is asked for
    EXPORT = "export"
    FIELD = "field"  # the effective receptive field of a score cell
    DOCTOR = "doctor"  # what is wrong with a checkpoint
    MEASURE = "measure"  # what a photo of a data set is worth, while nobody waits for another


@dataclass(frozen=True, slots=True)
class ExportTask:
    """What to write of one photo.

    Attributes:
        folder: Where.
        stem: Of the files.
        kinds: As `core.export.save_results` has them.
        variants: Of the first checkpoint; those it lacks are left out.
        labels: The classes in other colours, or None for the data set's.
        opacity: Of overlays, 0 to 1.
    """

    folder: Path
    stem: str
    kinds: tuple[str, ...]
    variants: tuple[str, ...]
    labels: LabelSet | None = None
    opacity: float = 0.6


@dataclass(frozen=True, slots=True)
class FieldTask:
    """Whose effective receptive field is asked for.

    Attributes:
        layer: A score layer of the first checkpoint.
        pixel: (x, y) on the photo; the nearest cell counts.
        class_index: Whose score.
    """

    layer: str
    pixel: tuple[int, int]
    class_index: int


@dataclass(frozen=True, slots=True)
class DoctorTask:
    """Which checkpoint the doctor is to examine, or to write with another preprocessing.

    Attributes:
        weights: Its name or path.
        of_its_kind: Whether the photo is of the kind that it was trained on, as far as is known.
        recipe: The preprocessing to write, or None to examine.
        target: Where to.
    """

    weights: str
    of_its_kind: bool = True
    recipe: InputRecipe | None = None
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """What a photo is measured against.

    Attributes:
        example: The photo's file and its mask's, and what the mask's values stand for.
        labels: The classes of the mask, or None where the data set does not say; then it is not measured.
    """

    example: Example
    labels: LabelSet | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One request. The token is set by the window's thread, since the worker is busy when it is needed.

    Attributes:
        id: Of this job; reports carry it.
        photo: What to segment.
        engine: By what.
        token: Stops it.
        purpose: Why it runs.
        truth: The ground truth that the user chose; None looks for one by its name.
        truth_as_nets: Whether the user has said that its classes are the first checkpoint's.
        confidence: Whether each pixel's winning probability is wanted too.
        export: What to write, for Purpose.EXPORT.
        field: What to look for, for Purpose.FIELD.
        doctor: Whom to examine, for Purpose.DOCTOR.
        measure: What to measure against, for Purpose.MEASURE; for others, where a photo of a data set has its mask.
        taps: Whether pool3, pool4 and fc7 are to be kept, for answers down to channels.
        memory_limit: Bytes that the net may take at work; None for what is free.
    """

    id: int
    photo: Photo
    engine: EngineChoice
    token: CancelToken
    purpose: Purpose = Purpose.SHOW
    truth: Path | None = None
    truth_as_nets: bool = False
    confidence: bool = False
    export: ExportTask | None = None
    field: FieldTask | None = None
    doctor: DoctorTask | None = None
    measure: MeasureTask | None = None
    taps: bool = False
    memory_limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A photo's ground truth, and what the variants are worth against it.

    Attributes:
        path: Its file.
        mask: (H, W) uint8 class indices, of the photo's size.
        labels: The classes that they stand for.
        metrics: By panel, for checkpoints of these classes; none of others.
        shares: Of all pixels, by class; what is missing to 1 is void.
        is_named: Whether anything says what the classes are; else they are numbered.
    """

    path: Path
    mask: Mask
    labels: LabelSet
    metrics: Mapping[PanelId, Metrics]
    shares: tuple[float, ...]
    is_named: bool = True

    def is_of(self, labels: LabelSet) -> bool:
        """Whether it speaks of these classes, and leaves out the same void."""
        return (self.labels.classes, self.labels.void) == (labels.classes, labels.void)


@dataclass(frozen=True, slots=True, eq=False)
class Early:
    """What can be looked at of a checkpoint that is still at work: its first masks, FCN-32s before the others.

    Attributes:
        trace: Its variants are those whose masks are done.
        variants: All that it will have.
    """

    trace: Trace
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """All that is known of a photo.

    Attributes:
        levels: The photo at its own size and at halves of it.
        traces: One for each open checkpoint; None for one that has not run yet.
        truth: Its ground truth, if there is one.
        confidences: (H, W) uint8 by panel: each pixel's winning probability, 255 for 1; where asked for.
        seconds: The whole time they took, the first time.
        warning: A sentence about what went wrong beside the masks; empty if nothing did.
        early: The first masks of a checkpoint that is at work, by its place in `traces`; for panels only.
    """

    levels: Levels
    traces: tuple[Trace | None, ...] = ()
    truth: Truth | None = None
    confidences: Mapping[PanelId, Mask] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    warning: str = ""
    early: Mapping[int, Early] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """The photo has been read, and some of its masks may be there."""

    job: int
    result: Result


@dataclass(frozen=True, slots=True)
class StageDone:
    """A stage of the net has ended; `share` of all work is done, 0 to 1."""

    job: int
    stage: str
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """All of it is there."""

    job: int
    result: Result


@dataclass(frozen=True, slots=True)
class Exported:
    """The files have been written."""

    job: int
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FieldFound:
    """(H, W) float32 gradient of a score to the photo."""

    job: int
    task: FieldTask
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosed:
    """A checkpoint has been examined."""

    job: int
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A photo of a data set has been compared with its mask, or could not be.

    Attributes:
        job: Whose report it is.
        metrics: By panel (`32s`, `32s_2`), or None where there is a problem.
        confusions: (classes, classes) pixel counts by panel.
        problem: One sentence about the mask; empty if there is none.
    """

    job: int
    metrics: PhotoMetrics | None
    confusions: Mapping[str, NDArray[np.int64]]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The job failed; `sentence` is for the user."""

    job: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was stopped on request."""

    job: int


End = Finished | Exported | FieldFound | Diagnosed | Measured | Failed | Cancelled
Report = Partial | StageDone | End
