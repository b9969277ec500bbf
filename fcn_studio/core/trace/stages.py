"""What a decoder does between its trunk and its scores, stage by stage: how strong features are, and what skips add.

Decoders normalise and clip between their sums, so that no stage has class scores of its own; their features' energy is
what can be shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Energy = NDArray[np.float32]  # (h, w)


@dataclass(frozen=True, slots=True, eq=False)
class DecoderStage:
    """One enlargement of a decoder's features. Energies are root mean squares over the channels.

    Attributes:
        name: Of the layer that enlarges, such as `deconv1`.
        skip: The trunk's features that are added here, such as `pool4`; empty where there are none.
        stride: Photo pixels from one cell to the next.
        energy: (h, w) float32, of what the stage hands on.
        upsampled: (h, w) float32, of what comes from below.
        added: (h, w) float32, of what the skip adds; None where there is none.
    """

    name: str
    skip: str
    stride: int
    energy: Energy
    upsampled: Energy
    added: Energy | None = None

    def __post_init__(self) -> None:
        for array in (self.energy, self.upsampled, self.added):
            if array is not None:
                array.setflags(write=False)

    @property
    def added_share(self) -> float:
        """What the skip adds, of all that meets here, by mean energy: 0 to 1."""
        if self.added is None:
            return 0.0
        added, below = float(self.added.mean()), float(self.upsampled.mean())
        return added / (added + below) if added + below > 0 else 0.0
