"""The state of a run: what changes from step to step beside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


@dataclass
class TrainerState:
    """Counts of a run, as last.pt keeps them.

    Attributes:
        epoch: Epochs that are done, judged and logged.
        position: Steps done in the epoch after them.
        step: Steps of the run.
        seconds: Spent training and judging so far.
        losses: Sum over the steps of the epoch under way.
        images: Trained on in it.
        training_seconds: Of it.
        best: By a phase's finest variant, the mean IU of its best checkpoint.
        mean_iu: Of the finest variant at the last evaluation.
        learning_rate: Of weights, at the last step.
    """

    epoch: int = 0
    position: int = 0
    step: int = 0
    seconds: float = 0.0
    losses: float = 0.0
    images: int = 0
    training_seconds: float = 0.0
    best: dict[str, float] = field(default_factory=dict)
    mean_iu: float | None = None
    learning_rate: float = 0.0

    @property
    def loss(self) -> float:
        """Mean over the steps of the epoch under way."""
        return self.losses / max(self.position, 1)

    @property
    def images_per_second(self) -> float:
        """Of the epoch under way."""
        return self.images / self.training_seconds if self.training_seconds else 0.0

    def stepped(self, loss: float, images: int, seconds: float, learning_rate: float) -> None:
        """Counts a step."""
        self.learning_rate = learning_rate
        self.position += 1
        self.step += 1
        self.losses += loss
        self.images += images
        self.training_seconds += seconds
        self.seconds += seconds

    def next_epoch(self) -> None:
        """Begins the next epoch."""
        self.epoch += 1
        self.position = self.images = 0
        self.losses = self.training_seconds = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], finest: str) -> Self:
        """What `to_dict` gave; or a last.pt of before it had a table for them, whose net's finest variant is given."""
        known = {entry.name: values[entry.name] for entry in fields(cls) if entry.name in values}
        if not isinstance(known.get("best", {}), dict):
            known["best"] = {finest: float(known["best"])}
        return cls(**known)
