"""How far a photo of the list is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PhotoState(StrEnum):
    """What has become of a photo."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PhotoStatus:
    """A photo's state.

    Attributes:
        state: What has become of it.
        reason: One sentence for the user, where it failed; else empty.
    """

    state: PhotoState = PhotoState.WAITING
    reason: str = ""
