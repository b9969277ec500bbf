"""What one photo's masks are worth: a row of the per-image table, for each variant and from variant to variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.judging.boundary import boundary_distance, ring_confusions
from fcn_studio.core.judging.metrics import metrics

BOUNDARY_WIDTH = 4  # pixels on each side of a true boundary; one of TRIMAP_WIDTHS


@dataclass(frozen=True, slots=True)
class PhotoScores:
    """One mask of one photo against its truth; shares from 0 to 1, nan where there is nothing to count.

    Attributes:
        correct: Labelled pixels that have their true class.
        pixel_accuracy: `correct` over all labelled pixels.
        mean_iu: Over the classes that are in this photo's truth or in this mask; so it is no part of the mean IU of
            a whole set, which comes from the sum of all photos' confusion matrices.
        boundary_mean_iu: The same in the band of BOUNDARY_WIDTH around the true boundaries.
    """

    correct: int
    pixel_accuracy: float
    mean_iu: float
    boundary_mean_iu: float


@dataclass(frozen=True, slots=True)
class PhotoGain:
    """From one variant to another.

    Attributes:
        mean_iu: Difference of the photo's mean IUs; positive where the second variant is better.
        pixels: Labelled pixels that the second variant has right less those that the first has right.
    """

    mean_iu: float
    pixels: int


@dataclass(frozen=True, slots=True)
class PhotoMetrics:
    """A photo's row.

    Attributes:
        photo: Its file.
        size: (height, width) in pixels.
        labelled: Pixels that the truth labels.
        variants: By variant, coarsest first.
    """

    photo: Path
    size: tuple[int, int]
    labelled: int
    variants: Mapping[str, PhotoScores]

    def gain(self, from_variant: str, to_variant: str) -> PhotoGain:
        """What the second variant gains on the first; negative where it loses.

        Raises:
            KeyError: No such variant.
        """
        before, after = self.variants[from_variant], self.variants[to_variant]
        return PhotoGain(after.mean_iu - before.mean_iu, after.correct - before.correct)


def photo_metrics(
    path: Path,
    truth: NDArray[np.uint8],
    masks: Mapping[str, NDArray[np.uint8]],
    classes: int,
    void: int,
    *,
    distance: NDArray[np.float32] | None = None,
) -> PhotoMetrics:
    """A photo's row from its masks.

    Args:
        path: The photo's file.
        truth: (H, W) class indices.
        masks: By variant, (H, W) predicted class indices.
        classes: How many classes there are.
        void: The truth's value of unlabelled pixels; they are left out and make no boundary.
        distance: `boundary_distance` of this truth and void up to BOUNDARY_WIDTH at least, where it is known already.

    Raises:
        ValueError: Truth and a mask differ in size, or hold an index that is no class (nor void, in the truth).
    """
    return counted_photo(path, truth, masks, classes, void, distance=distance)[0]


def counted_photo(
    path: Path,
    truth: NDArray[np.uint8],
    masks: Mapping[str, NDArray[np.uint8]],
    classes: int,
    void: int,
    *,
    distance: NDArray[np.float32] | None = None,
) -> tuple[PhotoMetrics, Mapping[str, NDArray[np.int64]]]:
    """`photo_metrics` and, by variant, the (classes, classes) pixel counts that they follow from."""
    if distance is None:
        distance = boundary_distance(truth, void, limit=BOUNDARY_WIDTH)
    rings = ring_confusions(truth, masks, distance, classes=classes, void=void, widths=(BOUNDARY_WIDTH,))
    counts = {variant: stack.sum(axis=0) for variant, stack in rings.items()}
    scores = {variant: photo_scores(counts[variant], stack[0]) for variant, stack in rings.items()}
    size, labelled = (truth.shape[0], truth.shape[1]), int(np.count_nonzero(truth != void))
    return PhotoMetrics(path, size, labelled, scores), counts


def photo_scores(
    confusion: NDArray[np.int64], band: NDArray[np.int64], *, counted: Sequence[bool] | None = None
) -> PhotoScores:
    """The scores of (C, C) pixel counts n_ij: truth i, predicted j.

    Args:
        confusion: Of all labelled pixels.
        band: Of those in the band around the true boundaries.
        counted: As in `metrics`.
    """
    found = metrics(confusion, counted=counted)
    return PhotoScores(
        correct=int(np.trace(confusion)),
        pixel_accuracy=found.pixel_accuracy,
        mean_iu=found.mean_iu,
        boundary_mean_iu=metrics(band, counted=counted).mean_iu,
    )
