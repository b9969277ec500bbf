"""Chance that hangs on a place in the run alone: whoever draws, and whenever, draws the same."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

# What a seed is for; chance of one kind never repeats that of another.
ORDER, EXAMPLE, STEP, NET = range(4)


def seed_of(seed: int, kind: int, *place: int) -> int:
    """A seed that no other place of the run has: 63 bits from the recipe's seed, a kind and numbers from 0."""
    words = np.random.SeedSequence([seed % 2**32, kind, *place]).generate_state(1, np.uint64)
    return int(words[0]) >> 1


def generator_of(seed: int, kind: int, *place: int) -> torch.Generator:
    """A source of chance on the CPU, seeded by `seed_of`."""
    return torch.Generator().manual_seed(seed_of(seed, kind, *place))


def epoch_order(seed: int, epoch: int, images: int, repeats: Tensor | None = None) -> list[int]:
    """The order of the training images in an epoch.

    With `repeats`, (images,) float, 1 or more, so many images are drawn from a list in which each stands as often as
    its number says, its fraction by chance.
    """
    chance = generator_of(seed, ORDER, epoch)
    if repeats is None:
        order: list[int] = torch.randperm(images, generator=chance).tolist()
        return order
    counts = (repeats + torch.rand(images, generator=chance)).floor().long()
    listed = torch.arange(images).repeat_interleave(counts)
    drawn: list[int] = listed[torch.randperm(len(listed), generator=chance)[:images]].tolist()
    return drawn
