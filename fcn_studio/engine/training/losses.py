"""Losses on (N, C, H, W) scores and (N, H, W) labels, void left out."""

from __future__ import annotations

import torch
from torch import Tensor


def class_weights(pixels: Tensor, exponent: float) -> Tensor:
    """(C,) weights (1 / frequency) ** exponent from pixel counts, scaled so that their mean over pixels is 1."""
    frequency = pixels.double() / pixels.sum()
    weights = frequency.clamp(min=1e-6) ** -exponent
    return (weights / (weights * frequency).sum()).float()


def lovasz_softmax(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The Lovasz extension of 1 - IU, mean over the classes present (Berman, Triki, Blaschko 2018, eq. 11 to 13).

    Args:
        probabilities: (P, C) softmax output of labelled pixels.
        labels: (P,) class indices.
    """
    losses = []
    for index in range(probabilities.shape[1]):
        truth = (labels == index).float()
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
