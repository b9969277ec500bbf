"""Transitions and verdicts between masks, against pixel-by-pixel loops and a case made by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from fcn_studio.core.judging.metrics import confusion_matrix
from fcn_studio.core.maps.changes import Verdict, ranked_transitions, transitions, verdict_map, verdicts

VOID = 11
CLASSES = 4

TRUTH = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [2, 2, 2, 2, VOID]], dtype=np.uint8)
BEFORE = np.array([[0, 1, 1, 1, 1], [0, 0, 1, 0, 1], [2, 0, 0, 2, 0]], dtype=np.uint8)
AFTER = np.array([[0, 0, 1, 2, 1], [0, 0, 0, 1, 1], [2, 1, 0, 2, 1]], dtype=np.uint8)
CODES = [[0, 1, 0, 2, 0], [0, 0, 1, 1, 0], [0, 3, 0, 0, 4]]


def _masks(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    before, after, truth = rng.integers(0, CLASSES, (3, 23, 17)).astype(np.uint8)
    truth[rng.random(truth.shape) < 0.2] = VOID
    return before, after, truth


def _slow_verdict(before: int, after: int, truth: int) -> Verdict:
    if truth == VOID:
        return Verdict.VOID
    if before == after:
        return Verdict.UNCHANGED
    if after == truth:
        return Verdict.RESCUED
    return Verdict.HARMED if before == truth else Verdict.BOTH_WRONG


def test_a_case_made_by_hand() -> None:
    np.testing.assert_array_equal(verdict_map(BEFORE, AFTER, TRUTH, void=VOID), CODES)
    found = verdicts(BEFORE, AFTER, TRUTH, classes=CLASSES, void=VOID)
    np.testing.assert_array_equal(found.labelled, [6, 4, 4, 0])
    np.testing.assert_array_equal(found.rescued, [2, 1, 0, 0])
    np.testing.assert_array_equal(found.harmed, [0, 1, 0, 0])
    np.testing.assert_array_equal(found.both_wrong, [0, 0, 1, 0])
    assert found.totals == {
        Verdict.UNCHANGED: 9,
        Verdict.RESCUED: 3,
        Verdict.HARMED: 1,
        Verdict.BOTH_WRONG: 1,
    }
    assert found.net == 2


def test_the_codes_are_those_that_files_and_pictures_hold() -> None:
    assert {kind.name: int(kind) for kind in Verdict} == {
        "UNCHANGED": 0,
        "RESCUED": 1,
        "HARMED": 2,
        "BOTH_WRONG": 3,
        "VOID": 4,
    }


@pytest.mark.parametrize("seed", range(4))
def test_maps_and_counts_are_those_of_a_plain_loop(seed: int) -> None:
    before, after, truth = _masks(seed)
    codes = verdict_map(before, after, truth, void=VOID)
    assert codes.dtype == np.uint8
    triples = list(zip(before.ravel().tolist(), after.ravel().tolist(), truth.ravel().tolist(), strict=True))
    assert codes.ravel().tolist() == [_slow_verdict(*triple) for triple in triples]

    counted = Counter((triple[2], _slow_verdict(*triple)) for triple in triples)
    found = verdicts(before, after, truth, classes=CLASSES, void=VOID)
    for kind, counts in (
        (Verdict.RESCUED, found.rescued),
        (Verdict.HARMED, found.harmed),
        (Verdict.BOTH_WRONG, found.both_wrong),
    ):
        assert counts.tolist() == [counted[label, kind] for label in range(CLASSES)]


@pytest.mark.parametrize("seed", range(4))
def test_the_net_is_the_change_in_correct_pixels(seed: int) -> None:
    before, after, truth = _masks(seed)
    hits = [np.trace(confusion_matrix(truth, mask, classes=CLASSES, void=VOID)).item() for mask in (before, after)]
    found = verdicts(before, after, truth, classes=CLASSES, void=VOID)
    assert found.net == hits[1] - hits[0]
    assert sum(found.totals.values()) == int((truth != VOID).sum())


def test_verdicts_of_several_photos_add_up() -> None:
    first, second = _masks(1), _masks(2)
    together = tuple(np.concatenate(pair) for pair in zip(first, second, strict=True))
    parts = verdicts(*first, classes=CLASSES, void=VOID) + verdicts(*second, classes=CLASSES, void=VOID)
    whole = verdicts(*together, classes=CLASSES, void=VOID)
    assert parts.totals == whole.totals
    np.testing.assert_array_equal(parts.harmed, whole.harmed)


def test_large_masks_are_counted_to_the_last_pixel() -> None:
    truth = np.zeros((1100, 1000), dtype=np.uint8)  # more than one chunk
    before, after = np.ones_like(truth), np.zeros_like(truth)
    found = verdicts(before, after, truth, classes=2, void=VOID)
    assert found.rescued.tolist() == [1_100_000, 0]


def test_transitions_count_from_row_to_column() -> None:
    found = transitions(BEFORE, AFTER, CLASSES)
    slow = Counter(zip(BEFORE.ravel().tolist(), AFTER.ravel().tolist(), strict=True))
    assert {(i, j): int(found[i, j]) for i in range(CLASSES) for j in range(CLASSES) if found[i, j]} == slow


def test_ranked_transitions_leave_out_what_stayed() -> None:
    # 0 to 1: (1, 3), (2, 1) and (2, 4); 1 to 0: (0, 1) and (1, 2); 1 to 2: (0, 3)
    assert ranked_transitions(BEFORE, AFTER, CLASSES) == [(0, 1, 3), (1, 0, 2), (1, 2, 1)]
    assert ranked_transitions(BEFORE, BEFORE, CLASSES) == []


def test_other_sizes_and_indices_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in size"):
        verdict_map(BEFORE, AFTER[:2], TRUTH, void=VOID)
    with pytest.raises(ValueError, match="differ in size"):
        transitions(BEFORE, AFTER[:2], CLASSES)
    for wrong in ((TRUTH, AFTER), (AFTER, TRUTH)):
        with pytest.raises(ValueError, match="none of 4 classes"):
            transitions(*wrong, CLASSES)
    with pytest.raises(ValueError, match="none of 2 classes"):
        verdicts(BEFORE % 2, AFTER % 2, TRUTH, classes=2, void=VOID)
