"""What the checkpoint doctor found: faults of the weights, and how likely each preprocessing is, by one photo.

A net that gets the input it was trained on names many classes, each with certainty, and says the same of the mirrored
photo. A wrong input makes it unsure, or sure of one class for everything, or sure of noise. Three numbers tell:

    I = (H(mean of p) - mean of H(p)) / log C       information: what a pixel's place says of its class, 0 to 1
    J = (H(mean of p) + H(mean of q) - H(mean of p q^T)) / log C    what of it the mirrored photo says too
    fit = sqrt(I J), consistency = J / I

with p the softmax of a pixel's C scores, q that of the same place of the mirrored photo, means over pixels and H the
entropy. Preprocessings are ranked by fit. The rule was chosen by measurement, on the embedded checkpoint and versions
of it whose first convolution was changed so that another preprocessing is the true one, on CamVid's validation photos:
mean entropy, margin of the best score and agreement of the variants each name the true one far less often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.labels import LabelSet

# By that part of the best fit that the second lacks. In the measurement (four truths, 26 photos each) the true one was
# first in 101 of 104; led by UNDECIDED_BELOW, in 62 of 62. Between those that are closer, the masks hardly differ.
UNDECIDED_BELOW = 0.01
CLEAR_FROM = 0.02
# A net that says less than this of a photo says nothing of its preprocessing either; trained ones said 0.4 and more.
LEAST_INFORMATION = 0.05
# Of the first place: 0.85 and more on photos of the kind that the net was trained on, at most 0.78 on others, where the
# first place is often wrong.
LEAST_CONSISTENCY = 0.8


class Severity(StrEnum):
    """How bad a finding is."""

    FAULT = "fault"  # masks are wrong
    WARNING = "warning"  # masks may be wrong
    NOTE = "note"  # worth knowing


class Confidence(StrEnum):
    """How sure the proposal is."""

    CLEAR = "clear"
    LIKELY = "likely"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a layer; `layer` is empty where it is about the whole net."""

    severity: Severity
    layer: str
    sentence: str


@dataclass(frozen=True, slots=True)
class InputRecipe:
    """(value * scale - mean) / std of 8-bit values in an order of channels, and what to call it.

    Attributes:
        name: Such as `BGR, 0..255, Caffe mean`.
        order: Channel order of the net's input; mean and std are in this order.
        scale: Factor on 0..255 values.
        mean: Subtracted after scaling.
        std: Divides each channel.
    """

    name: str
    order: Literal["rgb", "bgr"]
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def same_input(self, other: InputRecipe) -> bool:
        """Whether both give a net the same input, but for less than a grey level or two of the photo."""
        if self.order != other.order:
            return False
        ends = [
            [(level * recipe.scale - mean) / std for mean, std in zip(recipe.mean, recipe.std, strict=True)]
            for recipe in (self, other)
            for level in (0, 255)
        ]
        span = min(abs(high - low) for low, high in zip(ends[0], ends[1], strict=True))
        pairs = zip((*ends[0], *ends[1]), (*ends[2], *ends[3]), strict=True)
        return all(abs(ours - theirs) < 0.006 * span for ours, theirs in pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What the net makes of the photo by one preprocessing.

    Attributes:
        number: By which it is named, from 1.
        recipe: The preprocessing.
        stored: Whether it is the one that the checkpoint has.
        mask: (H, W) uint8 winning classes of the finest variant.
        finite: Whether every score is a number; what follows is 0 where not.
        information: See the module's head, 0 to 1.
        consistency: See the module's head, 0 to 1.
        entropy: Mean over pixels, by the largest possible one, 0 to 1.
        classes: How many classes win somewhere.
        dominant: The class that wins most pixels.
        dominant_share: Of all pixels, 0 to 1.
        foreground: Share of pixels that are not background; None where no class is.
        agreement: Share of pixels that the coarsest and the finest variant give one class; None where there is one.
    """

    number: int
    recipe: InputRecipe
    stored: bool
    mask: NDArray[np.uint8]
    finite: bool
    information: float
    consistency: float
    entropy: float
    classes: int
    dominant: int
    dominant_share: float
    foreground: float | None
    agreement: float | None

    @property
    def fit(self) -> float:
        """See the module's head, 0 to 1."""
        return self.information * math.sqrt(self.consistency)

    @property
    def telling(self) -> bool:
        """Whether it says enough, and the same of the mirrored photo, to be believed when it is the first."""
        return self.finite and self.information >= LEAST_INFORMATION and self.consistency >= LEAST_CONSISTENCY


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """All that was found of a checkpoint.

    Attributes:
        checkpoint: Its name.
        digest: SHA-256 of its file.
        labels: Its classes.
        findings: The worst first.
        photo: (h, w, 3) uint8, as the net saw it before preprocessing; None where no photo was tried.
        photo_name: What to call it.
        trials: The likeliest preprocessing first; empty without a photo.
        confidence: How sure the first is.
        decidable: Whether the photo and the net allow to decide: the photo is said, and seems, to be of the kind that
            the net was trained on, and the net to be trained.
    """

    checkpoint: str
    digest: str
    labels: LabelSet
    findings: tuple[Finding, ...]
    photo: NDArray[np.uint8] | None = None
    photo_name: str = ""
    trials: tuple[Trial, ...] = ()
    confidence: Confidence = Confidence.UNDECIDED
    decidable: bool = True

    @property
    def tied(self) -> tuple[Trial, ...]:
        """Those that the first is not ahead of, it among them."""
        return tuple(trial for trial in self.trials if _lag(self.trials[0], trial) < UNDECIDED_BELOW)

    @property
    def stored(self) -> Trial | None:
        """The checkpoint's own preprocessing."""
        return next((trial for trial in self.trials if trial.stored), None)

    @property
    def proposed(self) -> Trial | None:
        """The first; undecided, the checkpoint's own, unless it is worse than the first for certain."""
        if not self.trials:
            return None
        stored = self.stored
        if self.confidence is Confidence.UNDECIDED and stored is not None:
            return stored if not self.decidable or stored in self.tied else self.trials[0]
        return self.trials[0]

    def trial(self, number: int) -> Trial | None:
        """The trial of that number."""
        return next((trial for trial in self.trials if trial.number == number), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without masks."""
        return {
            "checkpoint": self.checkpoint,
            "sha256": self.digest,
            "labels": self.labels.name,
            "findings": [
                {"severity": str(found.severity), "layer": found.layer or None, "sentence": found.sentence}
                for found in self.findings
            ],
            "photo": None
            if self.photo is None
            else {"name": self.photo_name, "height": self.photo.shape[0], "width": self.photo.shape[1]},
            "trials": [_plain(trial, self.labels) for trial in self.trials],
            "decidable": self.decidable,
            "proposed": self.proposed.number if self.proposed else None,
            "confidence": str(self.confidence) if self.trials else None,
        }


def ranked(trials: Sequence[Trial]) -> tuple[tuple[Trial, ...], Confidence]:
    """The trials, the likeliest first, and how sure the first is."""
    order = tuple(sorted(trials, key=lambda trial: (not trial.finite, -trial.fit, trial.number)))
    if len(order) < 2 or not order[0].telling:
        return order, Confidence.UNDECIDED
    lead = _lag(order[0], order[1])
    if lead < UNDECIDED_BELOW:
        return order, Confidence.UNDECIDED
    return order, Confidence.CLEAR if lead >= CLEAR_FROM else Confidence.LIKELY


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Faults, then warnings, then notes."""
    order = tuple(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def information(mean_probabilities: NDArray[np.float64], mean_entropy: float) -> float:
    """I of the module's head.

    Args:
        mean_probabilities: (C,) mean over pixels.
        mean_entropy: Mean over pixels, in nats.
    """
    if len(mean_probabilities) < 2:
        return 0.0
    return max(0.0, (_entropy(mean_probabilities) - mean_entropy) / math.log(len(mean_probabilities)))


def shared_information(joint: NDArray[np.float64]) -> float:
    """J of the module's head.

    Args:
        joint: (C, C) mean over pixels of p q^T; sums to 1.
    """
    if len(joint) < 2:
        return 0.0
    shared = _entropy(joint.sum(1)) + _entropy(joint.sum(0)) - _entropy(joint)
    return max(0.0, shared / math.log(len(joint)))


def _entropy(probabilities: NDArray[np.float64]) -> float:
    present = probabilities[probabilities > 0]
    return float(-(present * np.log(present)).sum())


def _lag(first: Trial, other: Trial) -> float:
    """The part of the first's fit that the other lacks."""
    return 1 - other.fit / first.fit if first.fit > 0 and other.finite else 1.0


def _plain(trial: Trial, labels: LabelSet) -> dict[str, Any]:
    recipe = trial.recipe
    return {
        "number": trial.number,
        "preprocessing": {
            "name": recipe.name,
            "order": recipe.order,
            "scale": recipe.scale,
            "mean": list(recipe.mean),
            "std": list(recipe.std),
        },
        "stored": trial.stored,
        "finite": trial.finite,
        "fit": trial.fit,
        "information": trial.information,
        "consistency": trial.consistency,
        "entropy": trial.entropy,
        "classes": trial.classes,
        "dominant": labels.classes[trial.dominant],
        "dominant_share": trial.dominant_share,
        "foreground": trial.foreground,
        "agreement": trial.agreement,
    }
