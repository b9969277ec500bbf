"""What passes between the window and the worker: frozen values, and no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.app.pyramid import Levels
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """Something to segment: a file, or pixels that were pasted or dropped.

    Attributes:
        name: What to call it in captions and sentences.
        path: The file, or None for pixels.
        pixels: (H, W, 3) uint8 RGB, or None for a file.
    """

    name: str
    path: Path | None = None
    pixels: NDArray[np.uint8] | None = None

    @classmethod
    def from_path(cls, path: Path) -> Photo:
        """The photo in a file, which is read later, by the worker."""
        return cls(name=path.name, path=path)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One request. The token is set by the window's thread, since the worker is busy when it is needed."""

    id: int
    photo: Photo
    token: CancelToken


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the loaded engine runs, and on what.

    Attributes:
        checkpoint: Name of the weights.
        variants: What the checkpoint can show, coarsest first.
        labels: Its classes.
        device: Such as `cpu` or `cuda:0`.
        device_name: The hardware's own name.
        precision: Of the trunk.
        reason: One sentence: why this device and precision.
    """

    checkpoint: str
    variants: tuple[str, ...]
    labels: LabelSet
    device: str
    device_name: str
    precision: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class ImageLoaded:
    """The photo has been read; its masks are still being computed."""

    job: int
    levels: Levels


@dataclass(frozen=True, slots=True)
class StageDone:
    """A stage of the net has ended; `share` of all work is done, 0 to 1."""

    job: int
    stage: str
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The masks are there; `seconds` is the whole time, reading included."""

    job: int
    trace: Trace
    levels: Levels
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The job failed; `sentence` is for the user."""

    job: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was stopped on request."""

    job: int


Report = ImageLoaded | StageDone | Finished | Failed | Cancelled
