"""What nets with one output have in common: decoder FCNs and FCN-ResNets, whose scores are no sum of score layers.

Such a net has no variants to compare and no shares to explain; what it shows instead is how strong each stage is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple, Self

import torch
from torch import Tensor, nn

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.engine.nets.architecture import MAX_CHANNELS


@dataclass(frozen=True, slots=True)
class SingleArchitecture:
    """What a net with one output is made of, as a value: enough to build it.

    Attributes:
        num_classes: Channels of the scores.
        kind: The family's name in a checkpoint's metadata.
        variants: The one output.
    """

    kind: ClassVar[str]
    variants: ClassVar[tuple[str, ...]] = (OUTPUT,)

    num_classes: int

    def __post_init__(self) -> None:
        check_channels("num_classes", self.num_classes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for metadata."""
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {"kind": self.kind, **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The architecture that `to_dict` wrote.

        Raises:
            CheckpointError: A key is unknown or missing, or a value out of bounds.
        """
        if values.get("kind", cls.kind) != cls.kind:
            raise CheckpointError(f"The architecture in this checkpoint is {values['kind']!r}, not {cls.kind!r}.")
        expected: dict[str, tuple[type, ...]] = {"int": (int,), "bool": (bool,), "tuple": (list, tuple)}
        known = {entry.name: expected.get(str(entry.type).partition("[")[0], (str,)) for entry in fields(cls)}
        plain: dict[str, Any] = {}
        for name, value in values.items():
            if name == "kind":
                continue
            if name not in known:
                raise CheckpointError(f"The architecture in this checkpoint has an unknown entry {name!r}.")
            if not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] != (bool,)):
                raise CheckpointError(f"The architecture in this checkpoint has {name} = {value!r}.")
            plain[name] = tuple(value) if isinstance(value, list) else value
        try:
            return cls(**plain)
        except TypeError as error:
            raise CheckpointError(f"The architecture in this checkpoint is malformed ({error}).") from error


class StageMap(NamedTuple):
    """What one stage of a decoder does, as root mean squares over its channels; for display.

    Attributes:
        name: Of the stage, such as `deconv1`.
        skip: The pool whose features are added here (`x4` is pool4's output), or None.
        stride: Photo pixels between cells of this stage's grid.
        energy: (N, ceil(H / stride), ceil(W / stride)) of the stage's output.
        upsampled: Same shape, of what comes from below, before the sum; the energy itself where nothing is added.
        added: Same shape, of what the skip adds, or None.
    """

    name: str
    skip: str | None
    stride: int
    energy: Tensor
    upsampled: Tensor
    added: Tensor | None


class SingleOutput(NamedTuple):
    """(N, classes, h, w) scores on the net's own grid (the photo's where its stride is 1), and its stages."""

    scores: Tensor
    stages: tuple[StageMap, ...]


def ignore_stage(name: str) -> None:
    """Hears a stage's name and does nothing."""


class SingleNet(nn.Module, ABC):
    """A net with one output.

    Attributes:
        architecture: What it is made of.
        stride: Photo pixels between cells of the scores' grid.
        size_multiple: The net pads photos at the right and bottom to multiples of this, and crops what it returns.
    """

    architecture: SingleArchitecture
    stride: int
    size_multiple: int

    @property
    @abstractmethod
    def title(self) -> str:
        """The net's name for people."""

    @property
    @abstractmethod
    def stage_names(self) -> tuple[str, ...]:
        """What `outputs` tells `on_stage`, in order."""

    @abstractmethod
    def outputs(self, photo: Tensor, on_stage: Callable[[str], None] = ignore_stage) -> SingleOutput:
        """(N, 3, H, W) preprocessed photo to scores and stages; `on_stage` hears each stage's name when it is done."""

    @abstractmethod
    def forward(self, photo: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W) photo to `output`: (N, classes, H, W) scores."""


def check_channels(name: str, *counts: int) -> None:
    """Refuses counts that are no channel counts.

    Raises:
        CheckpointError: One is no integer from 1 to MAX_CHANNELS.
    """
    for count in counts:
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_CHANNELS:
            raise CheckpointError(f"{name} = {count!r} must be a whole number of channels, 1 to {MAX_CHANNELS}.")


def single_precision(values: Tensor) -> Tensor:
    """Half precision as float32; anything wider as it is."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def energy(features: Tensor) -> Tensor:
    """(N, C, h, w) features to the (N, h, w) root mean square over channels, in float32 at least."""
    wide = torch.promote_types(features.dtype, torch.float32)
    norm: Tensor = torch.linalg.vector_norm(features, dim=1, dtype=wide)
    return norm / math.sqrt(features.shape[1])
