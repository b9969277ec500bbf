"""How far backends and precisions agree on a labelled data set: what bf16, or another library, does to the labels.

Torch in fp32 on the CPU is what the others are compared with.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.datasets.dataset import open_dataset, read_example
from fcn_studio.core.datasets.label_file import LabelFile
from fcn_studio.core.errors import DeviceError
from fcn_studio.core.judging.metrics import Metrics, confusion_matrix, metrics
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.measuring.evaluation import in_model_classes, label_match
from fcn_studio.engine.tracing.device import DeviceChoice, choose_device
from fcn_studio.engine.tracing.model import checkpoint_named, model_of
from fcn_studio.engine.tracing.tracer import Tracer

# (device, precision, backend), those that a machine lacks left out.
KNOWN = (
    ("cpu", "bf16", "torch"),
    ("cpu", "fp32", "openvino"),
    ("cpu", "bf16", "openvino"),
    ("cuda", "fp32", "torch"),
    ("cuda", "bf16", "torch"),
    ("cuda", "fp16", "torch"),
    ("mps", "fp32", "torch"),
    ("mps", "fp16", "torch"),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one way to run a checkpoint gave.

    Attributes:
        choice: Device, precision and backend.
        equal: By variant, the share of all pixels, 0 to 1, with the label that the reference gave.
        metrics: By variant, against the ground truth.
        score_difference: The largest one from the reference in any score map of any photo, relative to the largest
            score of that map.
        seconds: Of one photo's trace, the median.
    """

    choice: DeviceChoice
    equal: Mapping[str, float]
    metrics: Mapping[str, Metrics]
    score_difference: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All ways at hand.

    Attributes:
        checkpoint: Its name.
        digest: SHA-256 of its file.
        photos: How many were compared.
        reference: Torch in fp32 on the CPU.
        others: What was compared with it.
        left_out: Why others could not be, a sentence each.
    """

    checkpoint: str
    digest: str
    photos: int
    reference: Agreement
    others: tuple[Agreement, ...]
    left_out: tuple[str, ...]


def choices_at_hand(device: str = "auto", precision: str = "auto", backend: str = "auto") -> list[DeviceChoice]:
    """The ways to run a net on this machine, but for the reference; `auto` for all of them.

    Raises:
        DeviceError: There is none of those that are named.
    """
    found, why = [], ""
    for kind, *others in KNOWN:
        wanted = zip((device.partition(":")[0], precision, backend), (kind, *others), strict=True)
        if all(asked in ("auto", known) for asked, known in wanted):
            try:
                found.append(choose_device(device if device != "auto" else kind, *others))
            except DeviceError as error:
                why = str(error)
    if not found:
        raise DeviceError(why or f"Nothing to compare: no way to run {precision} by {backend} on {device} is known.")
    return found


def compare(
    weights: str,
    choices: Sequence[DeviceChoice],
    folder: Path,
    split: str,
    *,
    given: LabelFile | None = None,
    limit: int | None = None,
    on_image: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Runs a checkpoint in each of the ways over a split, photo by photo.

    Args:
        weights: The checkpoint, as `load` takes it.
        choices: What to compare with the reference.
        folder: A data set's.
        split: Such as `val`.
        given: The masks' classes, instead of those that the folder names.
        limit: How many photos, the first ones of the split; None for all.
        on_image: Hears (photos done, photos in all).

    Raises:
        CheckpointError: No such checkpoint.
        DataError: The split is missing, a photo or mask cannot be read, or the classes differ beyond matching.
        DeviceError: Of the ways none can run this checkpoint.
    """
    dataset = open_dataset(folder, given)
    reference = _Run(_opened(weights, choose_device("cpu", "fp32", "torch")))
    runs, left_out = [], []
    for choice in choices:
        model = _opened(weights, choice)
        if model.choice.backend == choice.backend:
            runs.append(_Run(model))
        else:
            left_out.append(model.choice.reason)
    if not runs:
        raise DeviceError(left_out[0] if left_out else "There is nothing to compare.")
    labels, match = reference.model.labels, label_match([reference.model], dataset)
    reading = dataset.known_labels
    examples = dataset.examples(split)[:limit]
    for number, example in enumerate(examples, start=1):
        photo, truth = read_example(example, reading)
        if not match.same or reading.void != labels.void:
            truth = in_model_classes(truth, reading.void, match)
        expected = reference.add(photo, truth)
        for run in runs:
            run.add(photo, truth, expected)
        on_image(number, len(examples))
    return Comparison(
        reference.model.name,
        reference.model.digest,
        len(examples),
        reference.result(match.counted),
        tuple(run.result(match.counted) for run in runs),
        tuple(left_out),
    )


@dataclass(slots=True)
class _Run:
    """One way's counts."""

    model: Tracer
    confusions: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    equal: dict[str, int] = field(default_factory=dict)
    pixels: int = 0
    difference: float = 0.0
    seconds: list[float] = field(default_factory=list)

    def add(self, photo: NDArray[np.uint8], truth: NDArray[np.uint8], expected: Trace | None = None) -> Trace:
        """Traces a photo and counts it; the reference is compared with itself."""
        start = time.perf_counter()
        trace = self.model.trace(photo)
        self.seconds.append(time.perf_counter() - start)
        expected = expected or trace
        self.pixels += truth.size
        labels = self.model.labels
        for variant in trace.variants:
            mask = trace.mask(variant)
            self.equal[variant] = self.equal.get(variant, 0) + int((mask == expected.mask(variant)).sum())
            counts = confusion_matrix(truth, mask, classes=len(labels), void=labels.void)
            self.confusions[variant] = self.confusions.get(variant, 0) + counts
        for name, layer in trace.score_maps.items():
            wanted = expected.score_maps[name].scores
            off = np.abs(layer.scores - wanted).max() / max(float(np.abs(wanted).max()), 1e-6)
            self.difference = float(np.fmax(self.difference, off)) if np.isfinite(off) else float("inf")
        return trace

    def result(self, counted: Sequence[bool] | None) -> Agreement:
        """What all photos together say."""
        return Agreement(
            self.model.choice,
            {variant: count / self.pixels for variant, count in self.equal.items()},
            {variant: metrics(counts, counted=counted) for variant, counts in self.confusions.items()},
            self.difference,
            statistics.median(self.seconds),
        )


def _opened(weights: str, choice: DeviceChoice) -> Tracer:
    return model_of(checkpoint_named(weights), choice)  # each opens its own: putting it on a device changes the net
