"""Whether a net has anything to say of a photo, so that another one can be offered."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from fcn_studio.core.fusion import softmax
from fcn_studio.core.graph.names import SCORE_LAYERS
from fcn_studio.core.trace import Trace

# Shares and medians of photos that a net was made for and of others are far apart (tests/test_fit.py): an everyday
# photo has 18 to 81 % of objects, a street net's median on streets is above 0.96 and elsewhere below 0.94.
FOUND_AT_LEAST = 0.03
SURE_AT_LEAST = 0.95


class Fit(StrEnum):
    """What a net makes of a photo."""

    FINDS = "finds"
    FINDS_NOTHING = "finds nothing"
    UNSURE = "unsure"


def fit_of(trace: Trace) -> Fit:
    """The one rule.

    A net with a background class finds next to nothing where its finest mask has less than FOUND_AT_LEAST of other
    classes. One without, which must call every pixel something, is unsure nearly everywhere where the winning
    probability of the middle one of score_fr's cells, ordered by it, is below SURE_AT_LEAST. A classifier of 1000
    classes always finds something.
    """
    if trace.presence is not None or not trace.variants:
        return Fit.FINDS
    background = trace.labels.background
    if background is not None:
        found = 1 - float(trace.class_shares(trace.variants[-1])[background])
        return Fit.FINDS if found >= FOUND_AT_LEAST else Fit.FINDS_NOTHING
    if SCORE_LAYERS[0] not in trace.score_maps:
        return Fit.FINDS
    winning = softmax(trace.node(SCORE_LAYERS[0])).max(axis=0)
    return Fit.FINDS if float(np.median(winning)) >= SURE_AT_LEAST else Fit.UNSURE
