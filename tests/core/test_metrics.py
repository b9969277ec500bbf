"""The four metrics against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, jaccard_score, recall_score
from sklearn.metrics import confusion_matrix as reference_confusion

from fcn_studio.core.judging.metrics import confusion_matrix, metrics


def test_metrics_equal_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 12, (80, 90)).astype(np.uint8)
    predicted = np.where(rng.random(truth.shape) < 0.6, truth % 11, rng.integers(0, 11, truth.shape)).astype(np.uint8)
    found = confusion_matrix(truth, predicted, classes=11, void=11)
    labelled = truth != 11
    t, p = truth[labelled], predicted[labelled]
    np.testing.assert_array_equal(found, reference_confusion(t, p, labels=range(11)))
    result = metrics(found)
    assert result.pixel_accuracy == pytest.approx(accuracy_score(t, p))
    assert result.mean_accuracy == pytest.approx(balanced_accuracy_score(t, p))
    assert result.mean_iu == pytest.approx(jaccard_score(t, p, average="macro"))
    assert result.frequency_weighted_iu == pytest.approx(jaccard_score(t, p, average="weighted"))


def test_a_class_in_neither_truth_nor_prediction_is_left_out_of_the_mean() -> None:
    truth = np.array([[0, 0, 1, 255]], dtype=np.uint8)
    predicted = np.array([[0, 1, 1, 0]], dtype=np.uint8)
    result = metrics(confusion_matrix(truth, predicted, classes=3, void=255))
    assert result.class_iu[:2] == (0.5, 0.5)
    assert np.isnan(result.class_iu[2])
    assert result.mean_iu == 0.5


def test_masks_of_other_sizes_or_classes_are_refused() -> None:
    small, large = np.zeros((2, 2), np.uint8), np.zeros((3, 2), np.uint8)
    with pytest.raises(ValueError, match="differ in size"):
        confusion_matrix(small, large, classes=2, void=255)
    with pytest.raises(ValueError, match="neither one of 2 classes"):
        confusion_matrix(np.full((2, 2), 7, np.uint8), small, classes=2, void=255)


def test_each_classs_accuracy_is_its_recall_and_absent_classes_have_none() -> None:
    rng = np.random.default_rng(3)
    truth, predicted = rng.integers(0, 4, 4000), rng.integers(0, 5, 4000)
    found = metrics(
        confusion_matrix(truth.astype(np.uint8)[None], predicted.astype(np.uint8)[None], classes=6, void=255)
    )
    np.testing.assert_allclose(found.class_accuracy[:4], recall_score(truth, predicted, labels=range(4), average=None))
    assert np.isnan(found.class_accuracy[4:]).all()
    assert found.class_iu[4] == 0
    assert np.isnan(found.class_iu[5])


def test_a_class_that_does_not_count_is_left_out_of_the_mean_but_costs_its_errors() -> None:
    truth = np.array([[0, 0, 0, 1]], dtype=np.uint8)
    predicted = np.array([[0, 0, 2, 1]], dtype=np.uint8)
    matrix = confusion_matrix(truth, predicted, classes=3, void=255)
    assert metrics(matrix).mean_iu == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert metrics(matrix, counted=(True, True, False)).mean_iu == pytest.approx((2 / 3 + 1) / 2)
    assert metrics(matrix, counted=(True, True, False)).pixel_accuracy == 0.75
