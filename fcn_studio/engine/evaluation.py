"""A model's metrics over a data set's split, for each variant, at the photos' own sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.boundary import TRIMAP_WIDTHS, band_confusions, boundary_distance
from fcn_studio.core.ceiling import STRIDES, ceiling_confusion
from fcn_studio.core.changes import Verdicts, verdicts
from fcn_studio.core.dataset import Example, find_examples, read_example
from fcn_studio.core.metrics import Metrics, confusion_matrix, metrics
from fcn_studio.core.trace import Trace
from fcn_studio.engine.tracer import Tracer

OnImage = Callable[[int, int], None]
Confusion = NDArray[np.int64]
Step = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PhotoGain:
    """What the skips did to one photo.

    Attributes:
        photo: Its file.
        net: Pixels that the finest variant gets right less those that the coarsest does.
        labelled: Pixels that the truth labels.
    """

    photo: Path
    net: int
    labelled: int


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """What `evaluate` gives, and where the variants differ: at boundaries and from skip to skip.

    Attributes:
        variants: The metrics over all pixels.
        boundary: By variant, the metrics in the band of each of TRIMAP_WIDTHS, narrowest first.
        ceiling: By stride, what the truth itself reaches on a grid of that stride (`core.ceiling`).
        skips: By (variant, next finer variant), what became of the pixels; empty where there is one variant.
        photos: In the data set's order, from the coarsest variant to the finest.
    """

    variants: Mapping[str, Metrics]
    boundary: Mapping[str, tuple[Metrics, ...]]
    ceiling: Mapping[int, Metrics]
    skips: Mapping[Step, Verdicts]
    photos: tuple[PhotoGain, ...]

    def helped_most(self, count: int) -> tuple[PhotoGain, ...]:
        """At most so many photos in which the skips corrected more pixels than they spoilt, the best first."""
        return tuple(sorted((photo for photo in self.photos if photo.net > 0), key=lambda photo: -photo.net)[:count])

    def harmed_most(self, count: int) -> tuple[PhotoGain, ...]:
        """At most so many photos in which the skips spoilt more pixels than they corrected, the worst first."""
        return tuple(sorted((photo for photo in self.photos if photo.net < 0), key=lambda photo: photo.net)[:count])


def evaluate(
    model: Tracer, folder: Path, split: str, *, on_image: OnImage = lambda done, total: None
) -> Mapping[str, Metrics]:
    """The metrics of each variant, from one confusion matrix over the whole split.

    Args:
        model: What to evaluate.
        folder: A data set folder.
        split: Such as `val`.
        on_image: Hears (images done, images in all).

    Raises:
        DataError: The split is missing or a mask does not fit the model's labels.
    """
    classes, void = len(model.labels), model.labels.void
    confusion = {variant: _zeros(classes) for variant in model.variants}
    for _, truth, trace in _traces(model, folder, split, on_image):
        for variant, matrix in confusion.items():
            matrix += confusion_matrix(truth, trace.mask(variant), classes=classes, void=void)
    return {variant: metrics(matrix) for variant, matrix in confusion.items()}


def evaluate_boundaries(
    model: Tracer, folder: Path, split: str, *, on_image: OnImage = lambda done, total: None
) -> BoundaryReport:
    """The metrics of each variant, its bands, the stride ceilings and the skips, all in one pass over the split.

    Every figure comes from counts summed over the whole split; one photo at a time is in memory. Arguments and
    errors are those of `evaluate`.
    """
    classes, void = len(model.labels), model.labels.void
    confusion = {variant: _zeros(classes) for variant in model.variants}
    bands = {variant: np.zeros((len(TRIMAP_WIDTHS), classes, classes), np.int64) for variant in model.variants}
    ceilings = {stride: _zeros(classes) for stride in STRIDES}
    skips: dict[Step, Verdicts] = {}
    photos: list[PhotoGain] = []
    for example, truth, trace in _traces(model, folder, split, on_image):
        distance = boundary_distance(truth, void, limit=TRIMAP_WIDTHS[-1])
        hits = []
        for variant in model.variants:
            mask = trace.mask(variant)
            found = confusion_matrix(truth, mask, classes=classes, void=void)
            confusion[variant] += found
            bands[variant] += band_confusions(truth, mask, classes=classes, void=void, distance=distance)
            hits.append(int(np.trace(found)))
        for stride, matrix in ceilings.items():
            matrix += ceiling_confusion(truth, stride, classes=classes, void=void)
        for before, after in pairwise(model.variants):
            change = verdicts(trace.mask(before), trace.mask(after), truth, classes=classes, void=void)
            skips[before, after] = skips[before, after] + change if (before, after) in skips else change
        photos.append(PhotoGain(example.photo, hits[-1] - hits[0], int(np.count_nonzero(truth != void))))
    return BoundaryReport(
        variants={variant: metrics(matrix) for variant, matrix in confusion.items()},
        boundary={variant: tuple(metrics(matrix) for matrix in stack) for variant, stack in bands.items()},
        ceiling={stride: metrics(matrix) for stride, matrix in ceilings.items()},
        skips=skips,
        photos=tuple(photos),
    )


def _traces(
    model: Tracer, folder: Path, split: str, on_image: OnImage
) -> Iterator[tuple[Example, NDArray[np.uint8], Trace]]:
    examples = find_examples(folder, split)
    for number, example in enumerate(examples, start=1):
        photo, truth = read_example(example, model.labels)
        yield example, truth, model.trace(photo)
        on_image(number, len(examples))


def _zeros(classes: int) -> Confusion:
    return np.zeros((classes, classes), np.int64)
