"""Losses against naive loops in float64 and scikit-learn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch import Tensor
from torch.nn import functional

from fcn_studio.engine.training.losses import class_weights, lovasz_softmax, sampled, training_loss
from fcn_studio.engine.training.recipes.recipe import Recipe, Stage

VOID = 11
STAGE = Stage(1, (64, 64), (1.0, 1.0), 2, class_balance=0.0, lovasz=0.0)
RECIPE = Recipe(stages=(STAGE,), variant_weights=(0.3, 0.4, 1.0))
WEIGHTS = torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64)


@pytest.fixture
def scores() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(2, 3, 5, 7, generator=generator, dtype=torch.float64, requires_grad=True)
        for name in ("32s", "16s", "8s")
    }


@pytest.fixture
def marks() -> Tensor:
    marks = torch.randint(0, 3, (2, 5, 7), generator=torch.Generator().manual_seed(1))
    marks[0, :2] = VOID
    marks[1, 4, 5:] = VOID
    return marks


def loss_of(
    scores: Mapping[str, Tensor],
    marks: Tensor,
    recipe: Recipe,
    *,
    stage: Stage = STAGE,
    weights: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    return training_loss(
        scores, marks, recipe=recipe, stage=stage, void=VOID, class_weights=weights, generator=generator
    )


def number(loss: Tensor) -> float:
    return float(loss.detach())


def naive(scores: Mapping[str, Tensor], marks: Tensor, recipe: Recipe, weights: Tensor) -> float:
    """The weighted cross-entropies of all variants, pixel by pixel."""
    smoothing, total = recipe.label_smoothing, 0.0
    for each, share in zip((value.detach() for value in scores.values()), recipe.variant_weights, strict=True):
        summed = seen = 0.0
        images, classes, height, width = each.shape
        for image, y, x in itertools.product(range(images), range(height), range(width)):
            label = int(marks[image, y, x])
            if label == VOID:
                continue
            values = [float(each[image, c, y, x]) for c in range(classes)]
            norm = math.log(sum(math.exp(value) for value in values))
            for c in range(classes):
                wanted = smoothing / classes + (1 - smoothing if c == label else 0)
                summed -= wanted * float(weights[c]) * (values[c] - norm)
            seen += float(weights[label])
        total += share * (summed / seen if recipe.loss_reduction == "mean" else summed / images)
    return total


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_is_that_of_a_loop_over_pixels(
    scores: dict[str, Tensor], marks: Tensor, reduction: str, smoothing: float
) -> None:
    recipe = replace(RECIPE, loss_reduction=reduction, label_smoothing=smoothing)
    found = loss_of(scores, marks, recipe, weights=WEIGHTS)
    assert number(found) == pytest.approx(naive(scores, marks, recipe, WEIGHTS), rel=1e-12)
    alone = replace(recipe, variant_weights=(0.0, 0.0, 1.0))
    loss_of(scores, marks, alone, weights=WEIGHTS).backward()  # type: ignore[no-untyped-call]
    assert scores["32s"].grad is None  # a variant of weight 0 costs nothing
    assert scores["8s"].grad is not None


def test_the_sum_is_scikit_learns_log_loss_and_the_mean_by_the_pixels(scores: dict[str, Tensor], marks: Tensor) -> None:
    labelled = (marks != VOID).numpy()
    probabilities = scores["8s"].detach().softmax(1).permute(0, 2, 3, 1).numpy()[labelled]
    truth = marks.numpy()[labelled]
    one = {"8s": scores["8s"]}
    mean, summed = (
        number(loss_of(one, marks, replace(RECIPE, variants=("8s",), variant_weights=(1.0,), loss_reduction=reduction)))
        for reduction in ("mean", "sum")
    )
    assert mean == pytest.approx(log_loss(truth, probabilities, labels=[0, 1, 2]))
    assert summed == pytest.approx(log_loss(truth, probabilities, labels=[0, 1, 2], normalize=False) / 2)
    assert summed == pytest.approx(mean * labelled.sum() / 2)


def test_images_one_by_one_sum_to_their_batch(scores: dict[str, Tensor], marks: Tensor) -> None:
    recipe = replace(RECIPE, loss_reduction="sum")
    at_once = number(loss_of(scores, marks, recipe, weights=WEIGHTS))
    each = []
    for image in range(2):
        alone = {name: value[image : image + 1] for name, value in scores.items()}
        each.append(number(loss_of(alone, marks[image : image + 1], recipe, weights=WEIGHTS)))
    assert at_once == pytest.approx(sum(each) / 2, rel=1e-12)


def test_lovasz_is_of_the_finest_variant_and_follows_the_reduction(scores: dict[str, Tensor], marks: Tensor) -> None:
    stage = replace(STAGE, lovasz=0.5)
    inside = marks[:, ::4, ::4] != VOID
    probabilities = scores["8s"][..., ::4, ::4].softmax(1).permute(0, 2, 3, 1)[inside].float()
    expected = 0.5 * number(lovasz_softmax(probabilities, marks[:, ::4, ::4][inside]))
    for reduction, factor in (("mean", 1.0), ("sum", float((marks != VOID).sum()) / 2)):
        recipe = replace(RECIPE, loss_reduction=reduction)
        more = number(loss_of(scores, marks, recipe, stage=stage)) - number(loss_of(scores, marks, recipe))
        assert more == pytest.approx(expected * factor, rel=1e-5)


def test_nothing_labelled_is_no_loss(scores: dict[str, Tensor], marks: Tensor) -> None:
    for reduction in ("mean", "sum"):
        found = loss_of(scores, torch.full_like(marks, VOID), replace(RECIPE, loss_reduction=reduction))
        found.backward()  # type: ignore[no-untyped-call]
        assert number(found) == 0
        assert scores["8s"].grad is not None
        assert float(scores["8s"].grad.abs().max()) == 0


def test_loss_sampling_leaves_out_whole_cells_by_chance() -> None:
    marks = torch.zeros(3, 70, 100, dtype=torch.long)
    marks[:, 0] = VOID
    found = sampled(marks, share=0.6, void=VOID, generator=torch.Generator().manual_seed(5))
    drawn = torch.rand(3, 3, 4, generator=torch.Generator().manual_seed(5))
    for image, y, x in itertools.product(range(3), range(70), range(100)):
        kept = float(drawn[image, y // 32, x // 32]) < 0.6 and y > 0
        assert int(found[image, y, x]) == (0 if kept else VOID)
    many = torch.zeros(40, 320, 320, dtype=torch.long)
    left = sampled(many, share=0.3, void=VOID, generator=torch.Generator().manual_seed(0)) != VOID
    assert float(left.float().mean()) == pytest.approx(0.3, abs=0.03)  # 4000 cells: one deviation is 0.007
    assert sampled(marks, share=1.0, void=VOID, generator=None) is marks
    with pytest.raises(ValueError, match="generator"):
        sampled(marks, share=0.5, void=VOID, generator=None)


def test_a_sampled_sum_expects_its_share_of_the_whole() -> None:
    scores = {"8s": torch.randn(1, 3, 96, 128, generator=torch.Generator().manual_seed(2))}
    marks = torch.randint(0, 3, (1, 96, 128), generator=torch.Generator().manual_seed(3))
    whole = replace(RECIPE, variants=("8s",), variant_weights=(1.0,), loss_reduction="sum")
    half = replace(whole, loss_sampling=0.5)
    generator = torch.Generator().manual_seed(4)
    drawn = [number(loss_of(scores, marks, half, generator=generator)) for _ in range(200)]
    # One deviation of the mean is 2 %: 12 cells, each there or not, 200 times.
    assert np.mean(drawn) == pytest.approx(0.5 * number(loss_of(scores, marks, whole)), rel=0.06)
    assert np.std(drawn) > 0


def test_lovasz_on_hard_predictions_is_the_mean_of_one_minus_iu() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    predicted = np.where(rng.random(200) < 0.7, labels, rng.integers(0, 3, 200))
    one_hot = torch.eye(3)[torch.from_numpy(predicted)]
    loss = number(lovasz_softmax(one_hot, torch.from_numpy(labels)))
    ious = [((labels == c) & (predicted == c)).sum() / ((labels == c) | (predicted == c)).sum() for c in range(3)]
    assert loss == pytest.approx(1 - np.mean(ious), abs=1e-5)


def test_class_weights_favour_rare_classes_and_keep_the_mean() -> None:
    counts = torch.tensor([900, 90, 10])
    weights = class_weights(counts, 0.5)
    assert float((weights * counts / 1000).sum()) == pytest.approx(1)
    assert float(weights[2] / weights[0]) == pytest.approx(90**0.5, rel=1e-5)
    assert class_weights(counts, 0.0).tolist() == pytest.approx([1, 1, 1])


def test_label_smoothing_gives_an_absent_class_no_great_weight() -> None:
    weights = class_weights(torch.tensor([900, 100, 0]), 0.65)
    assert float(weights[2]) == 1
    scores = torch.zeros(1, 3, 2, 2)
    smoothed = functional.cross_entropy(scores, torch.zeros(1, 2, 2).long(), weights, label_smoothing=0.1)
    assert number(smoothed) < 2 * math.log(3)
