"""A photo at its own size and at halves of it, so that a large one is drawn smoothly and fast when zoomed out.

For photos only. Masks have no pyramid: averaged class colours would show classes that are not there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Levels = tuple[NDArray[np.uint8], ...]  # (H, W, 3), then each a half of the one before

SMALLEST = 512  # pixels on the longer side at which halving stops


def build_levels(pixels: NDArray[np.uint8]) -> Levels:
    """The photo and its halves, by area averaging."""
    levels = [pixels]
    while max(levels[-1].shape[:2]) > SMALLEST and min(levels[-1].shape[:2]) > 1:
        levels.append(np.asarray(Image.fromarray(levels[-1]).reduce(2)))
    return tuple(levels)


def level_for(levels: Levels, zoom: float) -> int:
    """The coarsest level that still has at least one pixel for each of the screen's."""
    level = 0
    while level + 1 < len(levels) and zoom * 2 ** (level + 1) <= 1:
        level += 1
    return level
