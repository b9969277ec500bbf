"""A classifier of very many classes on one photo: the classes most present in it, and all others together.

A mask has room for 255 classes. Of a convolutionalised ImageNet classifier the strongest ones are kept; the others
become one class whose score is the logarithm of the sum of their exponentials, so that every cell's probabilities are
those of the softmax over all classes.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.labels import LabelSet, voc_colour
from fcn_studio.core.maps.presence import Presence

PRESENT = 100  # classes kept: of a trained net they hold nearly all probability, and their maps can be looked through
OTHERS = "other classes"
OTHERS_COLOUR = (90, 90, 90)


def photo_probabilities(scores: Tensor) -> Tensor:
    """(C,) what a classifier says of a whole photo, of its (1, C, h, w) scores: the softmax of each map's mean.

    In nets that end in a mean over the grid and a linear layer the mean of a map is the logit itself; VGG-16's
    authors averaged the maps of its convolutional form likewise (Simonyan and Zisserman 2015, 3.2).
    """
    return scores[0].mean((1, 2)).softmax(0)


def strongest(scores: Tensor, count: int = PRESENT) -> Tensor:
    """(count,) int64 indices of the classes of (1, C, h, w) scores most probable in a cell or of the whole photo."""
    peaks = scores[0].softmax(0).flatten(1).amax(1).maximum(photo_probabilities(scores))
    return peaks.topk(min(count, len(peaks))).indices


def reduced_scores(scores: Tensor, kept: Tensor) -> Tensor:
    """(1, n + 1, h, w): the kept classes' scores, and the others' as one class's."""
    others = torch.ones(scores.shape[1], dtype=torch.bool, device=scores.device)
    others[kept] = False
    rest = scores[:, others].logsumexp(1, keepdim=True)
    return torch.cat([scores[:, kept], rest], 1)


def reduced_presence(scores: Tensor, kept: Tensor) -> Presence:
    """How probable the kept classes are, and behind them the others as one."""
    cells = scores[0].softmax(0)
    return Presence(*(_with_others(found, kept) for found in (photo_probabilities(scores)[:, None], cells.flatten(1))))


def _with_others(probabilities: Tensor, kept: Tensor) -> NDArray[np.float32]:
    """(n + 1,) the largest of each class over (C, places) probabilities."""
    found = probabilities[kept]
    others = (1 - found.sum(0, keepdim=True)).clamp_min(0)
    largest: NDArray[np.float32] = torch.cat([found, others]).amax(1).cpu().numpy()
    return largest


def reduced_labels(labels: LabelSet, kept: Tensor) -> LabelSet:
    """The kept classes' names in the colours of Pascal VOC's scheme, and the others as background."""
    names = tuple(labels.classes[index] for index in kept.tolist())
    colours = (voc_colour(index) for index in range(1, len(names) + 1))  # the first is black
    return LabelSet(
        name=f"{labels.name}, the {len(names)} most present",
        classes=(*names, OTHERS),
        colours=(*colours, OTHERS_COLOUR),
        void_colour=(224, 224, 192),
        background=len(names),
    )
