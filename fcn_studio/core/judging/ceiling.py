"""What the stride of a grid costs: how well the truth itself survives a grid of one class for each cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph.names import BY_VARIANT, PUBLISHED
from fcn_studio.core.judging.metrics import Metrics, confusion_matrix, metrics

STRIDES = tuple(BY_VARIANT[name].stride for name in PUBLISHED)


def coarsened(truth: NDArray[np.uint8], stride: int, *, classes: int, void: int) -> NDArray[np.uint8]:
    """(H, W) uint8: the truth with each stride x stride block filled with the class that most of its pixels have.

    Blocks start at the top left corner, and those at the right and bottom edge may be smaller. Void pixels have no
    vote; of classes with equally many pixels the lower index wins, and a block of void alone becomes class 0.

    Raises:
        ValueError: The stride is below 1, or the truth holds an index that is neither a class nor void.
    """
    if stride < 1:
        raise ValueError(f"a stride is 1 pixel or more; this one is {stride}")
    height, width = truth.shape
    across = -(-width // stride)
    block = np.arange(width) // stride
    result = np.empty_like(truth)
    for top in range(0, height, stride):
        rows = truth[top : top + stride]
        labelled = rows != void
        if int(rows[labelled].max(initial=0)) >= classes:
            raise ValueError(f"the truth holds an index that is neither one of {classes} classes nor void {void}")
        ballots = (block * classes + rows)[labelled]
        votes = np.bincount(ballots, minlength=across * classes).reshape(across, classes)
        result[top : top + stride] = votes.argmax(axis=1).astype(np.uint8)[block]
    return result


def ceiling_confusion(truth: NDArray[np.uint8], stride: int, *, classes: int, void: int) -> NDArray[np.int64]:
    """(classes, classes) pixel counts n_ij of the truth against itself `coarsened`; sum them over a data set.

    Errors are those of `coarsened`.
    """
    return confusion_matrix(truth, coarsened(truth, stride, classes=classes, void=void), classes=classes, void=void)


def stride_ceiling(truth: NDArray[np.uint8], stride: int, *, classes: int, void: int) -> Metrics:
    """An approximate upper bound on the metrics of a net whose scores lie on a grid of this stride.

    Long, Shelhamer and Darrell 2015, appendix A (Upper Bounds on IU): the truth is brought down to the grid, up
    again, and measured against itself. The paper does not say how it resamples; here blocks vote by majority and
    are enlarged by nearest neighbour, which is the best pixel accuracy that one class for each block can have. It is
    no strict bound: a net that enlarges scores bilinearly can draw edges inside a block, and other blocks' classes
    may have a higher mean IU.

    Errors are those of `coarsened`.
    """
    return metrics(ceiling_confusion(truth, stride, classes=classes, void=void))
