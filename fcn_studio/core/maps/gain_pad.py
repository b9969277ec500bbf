"""Mean IU of one photo over a square of skip gains: whether the net's own balance of its skips is a good one here."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.fusion import strips
from fcn_studio.core.graph.names import SCORE_LAYERS, layers_of
from fcn_studio.core.judging.metrics import confusion_matrix, metrics
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion, winners
from fcn_studio.core.trace.trace import Trace

MOST_PIXELS = 1_000_000  # larger photos are sampled
PAD_SKIPS = SCORE_LAYERS[1:3]  # of rows and columns; finer skips keep the net's own gain
STRIP_COPIES = 8  # a strip's scores by layer and summed stay in the cache together
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
    """(n, n) float64 mean IU, 0 to 1, of the finest variant, its skips times `gains`; nan where nothing is labelled.

    Rows are the gains of score_pool4, columns those of score_pool3. Every pixel counts on photos of up to MOST_PIXELS;
    of larger ones, each `sampling_step`-th row and column, from the middle of the first step.

    Args:
        trace: Of a net with both skips.
        truth: (H, W) class indices of `trace.labels`, whose void pixels are left out.
        gains: Ascending factors; 1 is the net as it is.
        cancel: Asked before each mask of each strip of the photo.

    Raises:
        ValueError: The net lacks a skip, or the truth differs from the photo in size.
        Cancelled: `cancel` was set.
    """
    if not set(PAD_SKIPS) <= set(layers_of(trace.variants[-1])):
        raise ValueError(f"{trace.variants[-1]} has not both skips, {' and '.join(PAD_SKIPS)}")
    if truth.shape != trace.size:
        raise ValueError(f"truth {truth.shape} and photo {trace.size} differ in size")
    token, labels = cancel or CancelToken(), trace.labels
    step = sampling_step(trace.size)
    rows, columns = (np.arange(min(step // 2, length - 1), length, step) for length in trace.size)
    known = truth[rows][:, columns]
    live = LiveFusion(trace)
    counts = np.zeros((len(gains), len(gains), len(labels), len(labels)), dtype=np.int64)
    for part in strips(len(rows), len(columns) * len(labels) * 4 * STRIP_COPIES):
        seen, lines = known[part.start : part.stop], rows[part.start : part.stop]
        # Scores are linear in the gains: each layer is enlarged once, and pairs of gains only add.
        pool4, pool3 = (live.scores(live.alone(layer), lines, columns) for layer in PAD_SKIPS)
        rest = live.scores(Gains(**dict.fromkeys(PAD_SKIPS, 0.0)), lines, columns)
        for row, gain4 in enumerate(gains):
            without = rest + np.float32(gain4) * pool4
            for column, gain3 in enumerate(gains):
                token.check()
                mask = winners(without + np.float32(gain3) * pool3)
                counts[row, column] += confusion_matrix(seen, mask, classes=len(labels), void=labels.void)
    return np.array([[metrics(pair).mean_iu for pair in line] for line in counts], dtype=np.float64)
