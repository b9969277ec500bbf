"""How much a classifier of very many classes sees of each in a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """Probabilities of a trace's classes, 0 to 1.

    Attributes:
        photo: (C,) float32, of the whole photo: the softmax of each map's mean. They sum to 1.
        peak: (C,) float32, in the cell of the grid where the class is most probable.
    """

    photo: NDArray[np.float32]
    peak: NDArray[np.float32]

    def __post_init__(self) -> None:
        for values in (self.photo, self.peak):
            values.setflags(write=False)
