"""Mean IU of one photo over a square of skip gains: whether the net's own balance of its skips is a good one here."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.live_fusion import Gains, LiveFusion
from fcn_studio.core.metrics import confusion_matrix, metrics
from fcn_studio.core.trace import Trace

MOST_PIXELS = 1_000_000  # larger photos are sampled
GAINS = tuple(float(gain) for gain in np.linspace(0.0, 2.0, 9))


def sampling_step(size: tuple[int, int]) -> int:
    """Every so many rows and columns of a (height, width) photo are counted; 1 up to MOST_PIXELS."""
    return math.isqrt((size[0] * size[1] - 1) // MOST_PIXELS) + 1


def gain_surface(
    trace: Trace,
    truth: NDArray[np.uint8],
    gains: NDArray[np.float64] | tuple[float, ...] = GAINS,
    *,
    cancel: CancelToken | None = None,
) -> NDArray[np.float64]:
    """(n, n) float64 mean IU, 0 to 1, of the 8s with the skips times `gains`; nan where nothing is labelled.

    Rows are the gains of score_pool4, columns those of score_pool3. Every pixel counts on photos of up to MOST_PIXELS;
    of larger ones, each `sampling_step`-th row and column, from the middle of the first step.

    Args:
        trace: Of a net with both skips.
        truth: (H, W) class indices of `trace.labels`, whose void pixels are left out.
        gains: Ascending factors; 1 is the net as it is.
        cancel: Asked before each of the n * n masks.

    Raises:
        ValueError: The net lacks a skip, or the truth differs from the photo in size.
        Cancelled: `cancel` was set.
    """
    if "score_pool3" not in trace.score_maps or "score_pool4" not in trace.score_maps:
        raise ValueError(f"{trace.variants[-1]} has not both skips, score_pool4 and score_pool3")
    if truth.shape != trace.size:
        raise ValueError(f"truth {truth.shape} and photo {trace.size} differ in size")
    token, labels = cancel or CancelToken(), trace.labels
    step = sampling_step(trace.size)
    rows, columns = (np.arange(min(step // 2, length - 1), length, step) for length in trace.size)
    known = truth[rows][:, columns]
    live = LiveFusion(trace)
    surface = np.empty((len(gains), len(gains)), dtype=np.float64)
    for row, pool4 in enumerate(gains):
        for column, pool3 in enumerate(gains):
            token.check()
            mask = live.mask(Gains(score_pool4=float(pool4), score_pool3=float(pool3)), rows, columns)
            counts = confusion_matrix(known, mask, classes=len(labels), void=labels.void)
            surface[row, column] = metrics(counts).mean_iu
    return surface
