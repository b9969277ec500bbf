"""Stride ceilings, against hand-made blocks, plain loops and every mask that a coarse grid can draw."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, jaccard_score

from fcn_studio.core.judging.ceiling import STRIDES, ceiling_confusion, coarsened, stride_ceiling

VOID = 9


def test_blocks_take_the_class_of_most_of_their_pixels() -> None:
    truth = np.array(
        [[0, 0, 1, 2, 2], [0, 1, 2, 1, 2], [VOID, VOID, 1, VOID, 2], [VOID, VOID, VOID, VOID, 0], [1, 2, 2, 2, VOID]],
        dtype=np.uint8,
    )
    # A tie goes to class 1 at the top and to class 0 at the right; the block of void alone counts for nothing.
    expected = [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2], [0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [1, 1, 2, 2, 0]]
    np.testing.assert_array_equal(coarsened(truth, 2, classes=3, void=VOID), expected)


@pytest.mark.parametrize("stride", [1, 2, 3, 5, 8, 40])
def test_every_size_and_stride_is_that_of_a_plain_loop(stride: int) -> None:
    rng = np.random.default_rng(stride)
    truth = rng.choice([0, 1, 2, 3, VOID], (21, 17)).astype(np.uint8)
    found = coarsened(truth, stride, classes=4, void=VOID)
    for top, left in product(range(0, 21, stride), range(0, 17, stride)):
        block = truth[top : top + stride, left : left + stride]
        votes = Counter(block[block != VOID].tolist())
        winner = min(votes, key=lambda label: (-votes[label], label), default=0)
        assert (found[top : top + stride, left : left + stride] == winner).all()


def test_no_mask_of_the_grid_is_right_more_often() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice([0, 1, 2, VOID], (5, 6)).astype(np.uint8)
    labelled = truth != VOID
    best = 0.0
    for cells in product(range(3), repeat=4):
        mask = np.array(cells).reshape(2, 2).repeat(3, axis=0).repeat(3, axis=1)[:5]
        best = max(best, float((mask == truth)[labelled].mean()))
    assert stride_ceiling(truth, 3, classes=3, void=VOID).pixel_accuracy == pytest.approx(best)


def test_a_straight_edge_costs_what_lies_across_the_nearest_cell_edge() -> None:
    truth = np.zeros((64, 128), dtype=np.uint8)
    truth[:, 44:] = 1  # cell edges at 32 and 64, at 32 and 48, at 40 and 48
    for stride, wrong in zip(STRIDES, (12, 4, 4), strict=True):
        found = stride_ceiling(truth, stride, classes=2, void=VOID)
        assert found.pixel_accuracy == pytest.approx(1 - wrong / 128)


def test_metrics_are_scikit_learns_on_the_labelled_pixels() -> None:
    rng = np.random.default_rng(3)
    truth = rng.choice([0, 1, 2, VOID], (20, 30), p=[0.6, 0.2, 0.1, 0.1]).astype(np.uint8)
    labelled = truth != VOID
    t, p = truth[labelled], coarsened(truth, 4, classes=3, void=VOID)[labelled]
    found = stride_ceiling(truth, 4, classes=3, void=VOID)
    assert found.pixel_accuracy == pytest.approx(accuracy_score(t, p))
    assert found.mean_iu == pytest.approx(jaccard_score(t, p, average="macro"))
    assert int(ceiling_confusion(truth, 4, classes=3, void=VOID).sum()) == int(labelled.sum())


def test_a_stride_of_one_loses_nothing() -> None:
    truth = np.array([[0, 1, VOID], [2, 1, 0]], dtype=np.uint8)
    assert stride_ceiling(truth, 1, classes=3, void=VOID).mean_iu == 1.0


def test_other_strides_and_indices_are_refused() -> None:
    with pytest.raises(ValueError, match="1 pixel or more"):
        coarsened(np.zeros((2, 2), np.uint8), 0, classes=2, void=VOID)
    with pytest.raises(ValueError, match="neither one of 2 classes"):
        coarsened(np.full((2, 2), 7, np.uint8), 2, classes=2, void=VOID)
