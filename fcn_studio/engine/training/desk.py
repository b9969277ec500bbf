"""What one call of `Trainer.fit` works with, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fcn_studio.core.metrics import Metrics
from fcn_studio.engine.training.pace import Pace, Progress
from fcn_studio.engine.training.readers import Readers
from fcn_studio.engine.training.records import Records


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch gave; `val` is empty where the epoch was not evaluated."""

    epoch: int
    epochs: int
    loss: float
    images_per_second: float
    val: Mapping[str, Metrics]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of a run and may stop it; see `Trainer.fit`."""

    on_read: Callable[[int, int], None] = lambda done, total: None
    on_step: Callable[[Progress], None] = lambda progress: None
    on_epoch: Callable[[EpochReport], None] = lambda report: None
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Desk:
    """What one call of `fit` works with."""

    readers: Readers
    records: Records
    pace: Pace
    listeners: Listeners
    val_every: int
    save_every: float
