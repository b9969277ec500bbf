"""How the maps of the Changes view are called, what they show, and why one of them cannot be shown."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from fcn_studio.app.changes.changes_map import Kind, Lack, MapId
from fcn_studio.app.values.panels import TRUTH
from fcn_studio.core.graph.names import variant_title
from fcn_studio.core.maps.changes import Verdict


def map_name(which: MapId) -> str:
    """As the choice lists it."""
    names = {
        Kind.CHANGES: QCoreApplication.translate("Changes", "Changes from {0} to {1}"),
        Kind.BOUNDARIES: QCoreApplication.translate("Changes", "Boundaries"),
        Kind.DECIDER: QCoreApplication.translate("Changes", "Decider"),
        Kind.TIPPING: QCoreApplication.translate("Changes", "Tipping point of {0}"),
        Kind.VERDICTS: QCoreApplication.translate("Changes", "Rescue and harm from {0} to {1}"),
        Kind.TRIMAP: QCoreApplication.translate("Changes", "Trimap curve"),
        Kind.GAINS: QCoreApplication.translate("Changes", "Gain pad"),
    }
    return names[which.kind].format(which.first, which.second)


def explanation(which: MapId) -> str:
    """One sentence: what a map shows, and how it is found."""
    texts = {
        Kind.CHANGES: QCoreApplication.translate(
            "Changes",
            "Pixels whose class with the highest score is another one in FCN-{1} than in FCN-{0}, in the colour of "
            "their class in FCN-{1}.",
        ),
        Kind.BOUNDARIES: QCoreApplication.translate(
            "Changes",
            "Lines where neighbouring pixels have different classes, one for each net; where lines meet, the net that "
            "is lower in the list is on top.",
        ),
        Kind.DECIDER: QCoreApplication.translate(
            "Changes",
            "The score layer that carries most of the margin: of its score for the winning class less its score for "
            "the runner-up, summed over all layers, it adds the largest part.",
        ),
        Kind.TIPPING: QCoreApplication.translate(
            "Changes",
            "The gain at which the pixel changes its class while {0} is turned down from 1 to 0 and all else stays: "
            "scores are gain times {0} plus the rest.",
        ),
        Kind.VERDICTS: QCoreApplication.translate(
            "Changes",
            "Pixels whose class changed from FCN-{0} to FCN-{1}, by whether the class before and the class after is "
            "the one of the ground truth.",
        ),
        Kind.TRIMAP: QCoreApplication.translate(
            "Changes",
            "Mean IU (intersection over union, averaged over classes) of the pixels that lie within so many pixels of "
            "a boundary in the ground truth: how exactly each net follows outlines.",
        ),
        Kind.GAINS: QCoreApplication.translate(
            "Changes",
            "Mean IU on this photo with both skips made weaker or stronger: score_fr plus gain times score_pool4 plus "
            "gain times score_pool3.",
        ),
    }
    return texts[which.kind].format(which.first, which.second)


def lack_text(which: MapId, missing: Lack) -> str:
    """Why a map cannot be chosen."""
    texts = {
        Lack.VARIANT: QCoreApplication.translate(
            "Changes", "This checkpoint has not both of FCN-{0} and FCN-{1}; open one that has."
        ),
        Lack.SKIP: QCoreApplication.translate(
            "Changes", "This checkpoint has no such skip layer; open a net of a finer stride, such as FCN-8s."
        ),
        Lack.TRUTH: QCoreApplication.translate(
            "Changes", "This photo has no ground truth of the net's classes; open its mask to see this."
        ),
    }
    return texts[missing].format(which.first, which.second)


def verdict_name(verdict: Verdict) -> str:
    """In a legend."""
    names = {
        Verdict.RESCUED: QCoreApplication.translate("Changes", "Rescued: wrong, then right"),
        Verdict.HARMED: QCoreApplication.translate("Changes", "Harmed: right, then wrong"),
        Verdict.BOTH_WRONG: QCoreApplication.translate("Changes", "Wrong, then wrong in another way"),
    }
    return names[verdict]


def line_name(kind: str) -> str:
    """Whose boundaries a line shows."""
    return QCoreApplication.translate("Changes", "Ground truth") if kind == TRUTH else variant_title(kind)
