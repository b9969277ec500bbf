"""Losses on (N, C, H, W) scores and (N, H, W) labels, void left out."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.recipes.stages import Stage

LOVASZ_STRIDE = 4  # the sort costs more than a trunk block on all pixels; every fourth row and column serves
COARSEST_STRIDE = 32


def training_loss(
    scores: Mapping[str, Tensor],
    marks: Tensor,
    *,
    recipe: Recipe,
    stage: Stage,
    void: int,
    class_weights: Tensor | None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """What a step makes smaller: cross-entropies of the variants, and Lovasz-softmax on the finest.

    With `loss_reduction = "sum"` both are multiplied by the labelled pixels of an image, and are a mean over images,
    as Caffe's SoftmaxWithLoss without normalisation. So a batch whose images come one by one, each loss divided by
    their number, is the same as the batch at once; with `mean` it is, where all have as many labelled pixels.

    Args:
        scores: (N, C, H, W) of each variant, coarsest first.
        marks: (N, H, W) labels, int64; of every `loss_step`-th row and column, as the scores.
        recipe: Reduction, weights of the variants, label smoothing, loss sampling.
        stage: Weight of the Lovasz loss.
        void: Label that is left out.
        class_weights: (C,) weights of the cross-entropies, or None.
        generator: On the CPU; what `loss_sampling` draws from.

    Returns:
        A scalar with gradients; 0 where no pixel is labelled.

    Raises:
        ValueError: `loss_sampling` is below 1 and there is no generator.
    """
    stride = COARSEST_STRIDE // recipe.loss_step
    marks = sampled(marks, stride, share=recipe.loss_sampling, void=void, generator=generator)
    weights = recipe.weights_by_output
    labelled = marks != void
    if not bool(labelled.any()):
        return sum((each.sum() * 0 for each in scores.values()), torch.zeros((), device=marks.device))
    total = torch.zeros((), device=marks.device)
    finest = list(scores)[-1]
    per_image = labelled.sum() / len(marks) if recipe.loss_reduction == "sum" else 1.0
    for variant, each in scores.items():
        if weights[variant]:
            entropy = functional.cross_entropy(
                each,
                marks,
                class_weights,
                ignore_index=void,
                label_smoothing=recipe.label_smoothing,
                reduction=recipe.loss_reduction,
            )
            total = total + weights[variant] * (entropy / len(marks) if recipe.loss_reduction == "sum" else entropy)
        if stage.lovasz and variant == finest:
            step = LOVASZ_STRIDE // recipe.loss_step
            thinned, truth = (value[..., ::step, ::step] for value in (each, marks))
            inside = truth != void
            probabilities = thinned.softmax(1).permute(0, 2, 3, 1)[inside]
            total = total + stage.lovasz * lovasz_softmax(probabilities, truth[inside]) * per_image
    return total


def sampled(
    marks: Tensor, stride: int = COARSEST_STRIDE, *, share: float, void: int, generator: torch.Generator | None
) -> Tensor:
    """(N, H, W) labels with those of some cells of `stride` rows and columns made void: each stays with chance `share`.

    It is the spatial sampling of the loss that Long, Shelhamer and Darrell 2015 compare with whole images (section 4.3,
    "patch sampling", and figure 5 of arXiv 1411.4038). Cells are counted from each photo's upper left corner.

    Raises:
        ValueError: Cells are to be left out, and there is no generator.
    """
    if share >= 1:
        return marks
    if generator is None:
        raise ValueError("loss_sampling needs a generator to draw from")
    images, height, width = marks.shape
    cells = (images, -(-height // stride), -(-width // stride))
    # Drawn on the CPU, so that every device leaves out the same cells.
    kept = (torch.rand(cells, generator=generator) < share).to(marks.device)
    pixels = kept.repeat_interleave(stride, 1).repeat_interleave(stride, 2)[:, :height, :width]
    return marks.where(pixels, void)


def class_weights(pixels: Tensor, exponent: float) -> Tensor:
    """(C,) weights (1 / frequency) ** exponent from pixel counts, scaled so that their mean over pixels is 1.

    A class without a pixel weighs 1: no label asks for its weight, but label smoothing gives each class a share.
    """
    frequency = pixels.double() / pixels.sum()
    weights = frequency.clamp(min=1e-6) ** -exponent
    weights = weights / (weights * frequency).sum()
    return torch.where(pixels > 0, weights, 1.0).float()


def lovasz_softmax(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The Lovasz extension of 1 - IU, mean over the classes present (Berman, Triki, Blaschko 2018, eq. 11 to 13).

    Args:
        probabilities: (P, C) softmax output of labelled pixels.
        labels: (P,) class indices.
    """
    losses = []
    for index in range(probabilities.shape[1]):
        truth = (labels == index).to(probabilities)
        if not bool(truth.any()):
            continue
        errors = (truth - probabilities[:, index]).abs()
        ordered, order = errors.sort(descending=True)
        truth = truth[order]
        positives = truth.sum()
        intersection = positives - truth.cumsum(0)
        union = positives + (1 - truth).cumsum(0)
        jaccard = 1 - intersection / union
        gradient = torch.cat((jaccard[:1], jaccard[1:] - jaccard[:-1]))
        losses.append(ordered @ gradient)
    return torch.stack(losses).mean() if losses else probabilities.sum() * 0
