"""The FCN paper's four metrics, all from one confusion matrix over a whole set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 20  # pixels counted at a time, since counting takes 8 bytes for each


@dataclass(frozen=True, slots=True)
class Metrics:
    """Long, Shelhamer, Darrell 2015, section 5; shares from 0 to 1, nan where nothing was labelled.

    Attributes:
        pixel_accuracy: sum n_ii / sum t_i.
        mean_accuracy: mean of n_ii / t_i.
        mean_iu: mean of IU_i = n_ii / (t_i + sum_j n_ji - n_ii).
        frequency_weighted_iu: sum t_i IU_i / sum t_i.
        class_iu: IU_i of each class; nan where a class is in neither truth nor prediction.
        class_accuracy: n_ii / t_i of each class, its recall; nan where a class is not in the truth.
    """

    pixel_accuracy: float
    mean_accuracy: float
    mean_iu: float
    frequency_weighted_iu: float
    class_iu: tuple[float, ...]
    class_accuracy: tuple[float, ...]


def confusion_matrix(
    truth: NDArray[np.uint8], predicted: NDArray[np.uint8], *, classes: int, void: int
) -> NDArray[np.int64]:
    """The (classes, classes) pixel counts n_ij: truth i, predicted j; void pixels of the truth left out."""
    if truth.shape != predicted.shape:
        raise ValueError(f"truth {truth.shape} and prediction {predicted.shape} differ in size")
    counts = np.zeros(classes * classes, dtype=np.int64)
    flat_truth, flat_predicted = truth.ravel(), predicted.ravel()
    for start in range(0, truth.size, CHUNK):
        part, guess = flat_truth[start : start + CHUNK], flat_predicted[start : start + CHUNK]
        labelled = part != void
        part, guess = part[labelled], guess[labelled]
        if int(part.max(initial=0)) >= classes or int(guess.max(initial=0)) >= classes:
            raise ValueError(f"a mask holds an index that is neither one of {classes} classes nor void {void}")
        counts += np.bincount(part.astype(np.int64) * classes + guess, minlength=classes * classes)
    return counts.reshape(classes, classes)


def metrics(confusion: NDArray[np.int64], *, counted: Sequence[bool] | None = None) -> Metrics:
    """The four metrics of a (classes, classes) confusion matrix.

    Args:
        confusion: Pixel counts n_ij, truth i, predicted j.
        counted: For each class, whether it has an IU that counts in the mean; None for all. A class that a data set
            does not know can be predicted, which is an error of the true class, but has no IU of its own there.
    """
    hits = np.diag(confusion).astype(np.float64)
    truth = confusion.sum(axis=1).astype(np.float64)
    union = truth + confusion.sum(axis=0) - hits
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = hits / truth
        class_iu = hits / union
        if counted is not None:
            class_iu[~np.asarray(counted, dtype=np.bool_)] = np.nan
        total = truth.sum()
        return Metrics(
            pixel_accuracy=float(hits.sum() / total),
            mean_accuracy=_mean(accuracy),
            mean_iu=_mean(class_iu),
            frequency_weighted_iu=float(np.nansum(truth * class_iu) / total),
            class_iu=tuple(float(value) for value in class_iu),
            class_accuracy=tuple(float(value) for value in accuracy),
        )


def _mean(values: NDArray[np.float64]) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else float("nan")
