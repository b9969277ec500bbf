"""Answers for every pixel at once, each in closed form on the trace: who decided, what would tip it, how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.fusion import Scores, softmax, strips
from fcn_studio.core.graph.names import layers_of
from fcn_studio.core.trace.trace import Trace

Doubt = Literal["entropy", "margin"]


def decider(trace: Trace, variant: str, *, cancel: CancelToken | None = None) -> NDArray[np.uint8]:
    """(H, W) uint8: which of `layers_of(variant)` carries most of the winner's lead over the runner-up.

    Raises:
        Cancelled: `cancel` was set.
    """
    layers = layers_of(variant)
    result = np.empty(trace.size, dtype=np.uint8)
    for rows in _strips(trace, cancel, layers=len(layers)):
        shares = np.stack([trace.layer_scores(layer, variant, rows) for layer in layers])
        total = shares.sum(axis=0)
        first, second = _two_best(total)
        lead = np.take_along_axis(shares, first[None, None], 1) - np.take_along_axis(shares, second[None, None], 1)
        result[rows.start : rows.stop] = lead[:, 0].argmax(axis=0)
    return result


def tipping_point(trace: Trace, layer: str, *, cancel: CancelToken | None = None) -> NDArray[np.float32]:
    """(H, W) float32: the gain of a skip, in 0 <= gain < 1, at which a pixel changes its class; NaN where none does.

    Of the finest variant that uses the skip. Scores are lines in the gain, so that the winner at 1 is overtaken where
    two lines cross; coming down from 1, the first crossing counts.

    Args:
        trace: Of a net with this skip.
        layer: `score_pool4` or `score_pool3`.
        cancel: Asked between strips.

    Raises:
        ValueError: The net has no such skip.
        Cancelled: `cancel` was set.
    """
    variant = trace.variants[-1]
    if layer not in layers_of(variant)[1:]:
        raise ValueError(f"{variant} has no skip {layer!r}")
    result = np.empty(trace.size, dtype=np.float32)
    for rows in _strips(trace, cancel, layers=3):
        slope = trace.layer_scores(layer, variant, rows)
        others = [trace.layer_scores(name, variant, rows) for name in layers_of(variant) if name != layer]
        constant = np.sum(others, axis=0)
        winner = (constant + slope).argmax(axis=0)[None]
        rise = np.take_along_axis(slope, winner, 0) - slope  # of the winner's lead, for each unit of gain
        lead = np.take_along_axis(constant, winner, 0) - constant  # at gain 0
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = np.where((lead < 0) & (rise > 0), -lead / rise, np.nan)
        crossing[~(crossing < 1)] = np.nan
        result[rows.start : rows.stop] = np.fmax.reduce(crossing, axis=0)
    return result


def doubt(trace: Trace, variant: str, kind: Doubt, *, cancel: CancelToken | None = None) -> NDArray[np.float32]:
    """(H, W) float32: entropy of the class probabilities in bits, or the winner's probability less the runner-up's.

    Raises:
        Cancelled: `cancel` was set.
    """
    result = np.empty(trace.size, dtype=np.float32)
    for rows in _strips(trace, cancel, layers=2):
        scores = np.sum([trace.layer_scores(layer, variant, rows) for layer in layers_of(variant)], axis=0)
        shares = softmax(scores)
        if kind == "entropy":
            bits = -(shares * np.log2(np.maximum(shares, np.finfo(np.float32).tiny))).sum(axis=0)
        else:
            first, second = _two_best(shares)
            bits = (np.take_along_axis(shares, first[None], 0) - np.take_along_axis(shares, second[None], 0))[0]
        result[rows.start : rows.stop] = bits
    return result


def winning_probability(trace: Trace, variant: str, *, cancel: CancelToken | None = None) -> NDArray[np.uint8]:
    """(H, W) uint8 probability of each pixel's winning class, 255 for 1.

    Raises:
        Cancelled: `cancel` was set.
    """
    result = np.empty(trace.size, dtype=np.uint8)
    for rows in _strips(trace, cancel, layers=2):
        scores = np.sum([trace.layer_scores(layer, variant, rows) for layer in layers_of(variant)], axis=0)
        # The winner's exponent is 0, so that its probability is one over the sum of all.
        result[rows.start : rows.stop] = np.rint(255 / np.exp(scores - scores.max(axis=0)).sum(axis=0))
    return result


def _strips(trace: Trace, cancel: CancelToken | None, *, layers: int) -> Iterator[range]:
    height, width = trace.size
    token = cancel or CancelToken()
    for rows in strips(height, width * len(trace.labels) * 4 * layers):
        token.check()
        yield rows


def _two_best(scores: Scores) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(n, W) indices of the largest and second largest of (C, n, W), of equal ones the first."""
    first = scores.argmax(axis=0)
    rest = scores.copy()
    np.put_along_axis(rest, first[None], -np.inf, 0)
    return first, rest.argmax(axis=0)
