"""What a trunk is to the net that it is part of, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional

OnStage = Callable[[str], None]


# The trunk's features that are scored, finest first, by their names in VGG-16 (see `Architecture.taps`).
Taps = dict[str, Tensor]


def at_least(photo: Tensor, side: int) -> Tensor:
    """(N, 3, H, W) with zeros at the right and bottom of photos too small for pools that are not padded."""
    height, width = photo.shape[-2:]
    if height >= side and width >= side:
        return photo
    return functional.pad(photo, (0, max(0, side - width), 0, max(0, side - height)))


class Trunk(Protocol):
    """The layers up to the scores. They are the net's own modules, by the names that published files give them.

    Attributes:
        stage_shares: By stage, its share of the trunk's multiplications, for honest progress; they sum to 1.
    """

    @property
    def stage_shares(self) -> Mapping[str, float]:
        """See the class."""

    def layers(self) -> dict[str, nn.Module]:
        """New layers with weights, by name."""

    def taps(self, net: nn.Module, photo: Tensor, on_stage: OnStage) -> Taps:
        """(N, 3, H, W) float photo through the net's layers; `on_stage` hears each stage's name when it is done."""
