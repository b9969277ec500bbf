"""What a run tells while it goes, and how fast it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fcn_studio.core.judging.metrics import Metrics
from fcn_studio.engine.training.recipes.recipe import Recipe

MEMORY = 0.95  # of the running mean of seconds a pixel: about the last 20 steps


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known after a step.

    Attributes:
        epoch: From 1.
        epochs: Of the run.
        step: In the epoch, from 1.
        steps: Of the epoch.
        loss: Mean over the epoch's steps so far.
        mean_iu: Of the finest variant at the last evaluation, 0 to 1; None before the first.
        images_per_second: Of late.
        seconds_left: Of the whole run, evaluations included as far as one was timed.
        share: Of the run's work that is done, 0 to 1.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    mean_iu: float | None
    images_per_second: float
    seconds_left: float
    share: float


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch gave; `val` is empty where the epoch was not evaluated."""

    epoch: int
    epochs: int
    loss: float
    images_per_second: float
    val: Mapping[str, Metrics]


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Who hears of a run and may stop it; see `Trainer.fit`."""

    on_read: Callable[[int, int], None] = lambda done, total: None
    on_step: Callable[[Progress], None] = lambda progress: None
    on_epoch: Callable[[EpochReport], None] = lambda report: None
    stop: Callable[[], bool] = lambda: False


def judged_epochs(recipe: Recipe, val_every: int) -> frozenset[int]:
    """The epochs, from 1, that are evaluated: every so many, and each phase's last one, since its net ends there."""
    ends = {phase.first_epoch + phase.epochs for phase in recipe.phases()}
    return frozenset({*range(val_every, recipe.epochs + 1, val_every), *ends})


class ProgressMeter:
    """Work counted in pixels: crops of later stages are larger."""

    def __init__(self, recipe: Recipe, images: int, val_every: int) -> None:
        """Counts the work of a recipe whose stages are in epochs."""
        self._recipe, self._images = recipe, images
        self._judged = judged_epochs(recipe, val_every)
        self._before = [0.0]
        for epoch in range(recipe.epochs):
            self._before.append(self._before[-1] + recipe.steps_at(epoch, images) * self._pixels(epoch))
        self._seconds_a_pixel: float | None = None
        self._judging = 0.0

    def _batch(self, epoch: int) -> int:
        """Images in a step; a small data set has fewer than the recipe's."""
        return min(self._recipe.stage_at(epoch).batch, self._images)

    def _pixels(self, epoch: int) -> float:
        """Of a step; of whole photos, whose sizes are not known, each counts as one."""
        crop = self._recipe.stage_at(epoch).crop
        if crop is None or self._recipe.sampling == "whole":
            return float(self._batch(epoch))
        return float(self._batch(epoch) * crop[0] * crop[1])

    def stepped(self, epoch: int, seconds: float) -> None:
        """Hears how long a step of this epoch (from 0) took."""
        new = seconds / self._pixels(epoch)
        old = self._seconds_a_pixel
        self._seconds_a_pixel = new if old is None else MEMORY * old + (1 - MEMORY) * new

    def judged(self, seconds: float) -> None:
        """Hears how long an evaluation took."""
        self._judging = seconds

    def progress(self, *, epoch: int, step: int, loss: float, mean_iu: float | None) -> Progress:
        """What is known after `step` steps of `epoch` (from 0)."""
        done = self._before[epoch] + step * self._pixels(epoch)
        each = self._seconds_a_pixel or 0.0
        evaluations = sum(number > epoch for number in self._judged)
        return Progress(
            epoch=epoch + 1,
            epochs=self._recipe.epochs,
            step=step,
            steps=self._recipe.steps_at(epoch, self._images),
            loss=loss,
            mean_iu=mean_iu,
            images_per_second=self._batch(epoch) / (each * self._pixels(epoch)) if each else 0.0,
            seconds_left=(self._before[-1] - done) * each + evaluations * self._judging,
            share=done / self._before[-1],
        )
