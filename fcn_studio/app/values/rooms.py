"""The rooms of the window: what its middle shows of a photo."""

from __future__ import annotations

from enum import StrEnum


class Room(StrEnum):
    """One of the tabs above the pictures."""

    COMPARE = "compare"
    HEATMAPS = "heatmaps"
    FUSION = "fusion"
    CHANGES = "changes"
