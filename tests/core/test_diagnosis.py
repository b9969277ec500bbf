"""The rule of the checkpoint doctor: its two numbers by another way, the ranking, and when nothing is decided."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fcn_studio.core.figures.diagnosis_figure import diagnosis_figure
from fcn_studio.core.judging.diagnosis import (
    Confidence,
    Diagnosis,
    Finding,
    InputRecipe,
    Severity,
    Trial,
    information,
    ranked,
    shared_information,
    worst_first,
)
from fcn_studio.core.labels import numbered_label_set

RECIPE = InputRecipe("RGB, 0..1", "rgb", 1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def trial(number: int, told: float, consistency: float = 0.9, *, stored: bool = False, finite: bool = True) -> Trial:
    mask = np.full((6, 8), number % 4, dtype=np.uint8)
    return Trial(number, RECIPE, stored, mask, finite, told, consistency, 0.1, 1, number % 4, 1.0, None, None)


def diagnosis(*trials: Trial, decidable: bool = True) -> Diagnosis:
    order, confidence = ranked(trials)
    photo = np.zeros((6, 8, 3), dtype=np.uint8)
    return Diagnosis("net", "0" * 64, numbered_label_set(4), (), photo, "a.png", order, confidence, decidable=decidable)


def test_both_numbers_against_sums_over_pixels() -> None:
    rng = np.random.default_rng(0)
    p, q = (rng.dirichlet([0.3] * 5, 400) for _ in range(2))
    mean = [sum(row[c] for row in p) / 400 for c in range(5)]
    # Kullback-Leibler divergence of each pixel from the mean: another form of the same quantity.
    divergence = sum(row[c] * np.log(row[c] / mean[c]) for row in p for c in range(5) if row[c] > 0) / 400
    entropy = -sum(row[c] * np.log(row[c]) for row in p for c in range(5) if row[c] > 0) / 400
    assert information(np.array(mean), entropy) == pytest.approx(divergence / np.log(5), rel=1e-9)
    joint = np.einsum("na,nb->ab", p, q) / 400
    ratio = sum(
        joint[a, b] * np.log(joint[a, b] / (joint[a].sum() * joint[:, b].sum())) for a in range(5) for b in range(5)
    )
    assert shared_information(joint) == pytest.approx(ratio / np.log(5), rel=1e-9)


def test_certain_balanced_classes_are_all_there_is_to_know() -> None:
    assert information(np.full(4, 0.25), 0.0) == pytest.approx(1.0)
    assert information(np.full(4, 0.25), np.log(4)) == pytest.approx(0.0)
    assert information(np.array([0.0, 1.0, 0.0, 0.0]), 0.0) == pytest.approx(0.0)
    assert shared_information(np.eye(4) / 4) == pytest.approx(1.0)
    assert shared_information(np.full((4, 4), 1 / 16)) == pytest.approx(0.0, abs=1e-12)


def test_the_fitting_one_comes_first_and_a_lead_makes_it_sure() -> None:
    order, confidence = ranked([trial(1, 0.5), trial(2, 0.7), trial(3, 0.6)])
    assert [found.number for found in order] == [2, 3, 1]
    assert confidence is Confidence.CLEAR
    assert ranked([trial(1, 0.7), trial(2, 0.69)])[1] is Confidence.LIKELY
    assert ranked([trial(1, 0.7), trial(2, 0.699)])[1] is Confidence.UNDECIDED


def test_what_the_mirrored_photo_denies_counts_less() -> None:
    noise, right = trial(1, 0.8, 0.4), trial(2, 0.6, 0.9)
    assert ranked([noise, right])[0][0] is right
    order, confidence = ranked([noise, trial(2, 0.3, 0.9)])
    assert order[0] is noise
    assert confidence is Confidence.UNDECIDED, "noise may lead, but proposes nothing"


def test_scores_that_are_no_numbers_come_last() -> None:
    order, confidence = ranked([trial(1, 0.0, 0.0, finite=False), trial(2, 0.7)])
    assert [found.number for found in order] == [2, 1]
    assert confidence is Confidence.CLEAR
    assert ranked([trial(1, 0.0, 0.0, finite=False)])[1] is Confidence.UNDECIDED


def test_undecided_the_checkpoints_own_is_kept_unless_it_is_worse_for_certain() -> None:
    tie = diagnosis(trial(1, 0.7), trial(2, 0.699, stored=True), trial(3, 0.3))
    assert tie.proposed is tie.stored
    worse = diagnosis(trial(1, 0.7), trial(2, 0.699), trial(3, 0.3, stored=True))
    assert worse.proposed is not None
    assert worse.proposed.number == 1
    assert [found.number for found in worse.tied] == [1, 2]
    blind = diagnosis(trial(1, 0.7), trial(2, 0.699), trial(3, 0.3, stored=True), decidable=False)
    assert blind.proposed is blind.stored


def test_recipes_of_one_input_are_the_same() -> None:
    rounded = replace(RECIPE, scale=0.00392)
    assert RECIPE.same_input(rounded)
    wide = InputRecipe("", "rgb", 1.0, (0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
    assert RECIPE.same_input(wide), "divided later is divided all the same"
    assert not RECIPE.same_input(replace(RECIPE, order="bgr"))
    assert not RECIPE.same_input(replace(RECIPE, mean=(0.02, 0.0, 0.0)))
    assert not RECIPE.same_input(replace(RECIPE, scale=1.0))


def test_the_worst_is_told_first() -> None:
    told = [Finding(kind, "", kind.name) for kind in (Severity.NOTE, Severity.FAULT, Severity.WARNING)]
    assert [found.severity for found in worst_first(told)] == [Severity.FAULT, Severity.WARNING, Severity.NOTE]


def test_plain_form_and_figure() -> None:
    found = diagnosis(trial(1, 0.5, stored=True), trial(2, 0.7), trial(3, 0.0, 0.0, finite=False))
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [row["number"] for row in plain["trials"]] == [2, 1, 3]
    assert plain["proposed"] == 2
    assert plain["confidence"] == "clear"
    picture = np.asarray(diagnosis_figure(found))
    for colour in (found.labels.colours[1], found.labels.colours[2]):
        shade = np.round(np.array(colour) * 0.75)  # over a black photo
        assert (np.abs(picture.astype(int) - shade) <= 2).all(-1).sum() >= 40, "each mask is drawn"
    with pytest.raises(ValueError, match="no photo"):
        diagnosis_figure(replace(found, photo=None))
