"""Stages and phases: the stretches of a run. A stage has a crop size and a loss, a phase has a net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import ceil, isfinite
from typing import Any

from fcn_studio.core.errors import DataError
from fcn_studio.engine.training.recipes.plain_values import listed, typed


@dataclass(frozen=True)
class Stage:
    """A stretch of epochs at one crop size and one loss.

    Attributes:
        epochs: Passes over the training images; 0 where `iterations` says how long and the images are not known yet.
        crop: (height, width) of the crops, in pixels; None where photos are taken whole.
        scale: Range of the random enlargement of photos before cropping.
        batch: Images in a step.
        class_balance: Exponent on the inverse class frequency in the cross-entropy weights; 0 is unweighted.
        lovasz: Weight of the Lovasz-softmax loss on the finest variant (Berman et al. 2018).
        iterations: Steps, as the paper counts, instead of epochs: the last epoch is cut where they are done.
        variants: The outputs that the net has in this stage, coarsest first, in training from coarse to fine; None for
            all of the recipe's.
        learning_rate: Peak of this stage's schedule; None for the recipe's.
    """

    epochs: int
    crop: tuple[int, int] | None = None
    scale: tuple[float, float] = (1.0, 1.0)
    batch: int = 1
    class_balance: float = 0.65
    lovasz: float = 1.0
    iterations: int | None = None
    variants: tuple[str, ...] | None = None
    learning_rate: float | None = None

    def check(self) -> None:
        """Holds the values against their bounds.

        Raises:
            DataError: One is out of them.
        """
        counts = {"batch": self.batch, "epochs": self.epochs}
        if self.iterations is not None:
            counts["iterations"] = self.iterations
        for name, count in counts.items():
            least = 0 if name == "epochs" and self.iterations is not None else 1
            if count < least:
                raise DataError(f"{name} = {count} in a stage must be {least} or more.")
        if self.crop is not None and min(self.crop) < 1:
            raise DataError(f"crop = {list(self.crop)} in a stage must be [height, width], 1 pixel or more each.")
        low, high = self.scale
        if not (0 < low <= high and isfinite(high)):
            raise DataError(
                f"scale = {list(self.scale)} in a stage must be [smallest, largest], both above 0, the smaller first."
            )
        for name in ("class_balance", "lovasz"):
            value = getattr(self, name)
            if not (isfinite(value) and value >= 0):
                raise DataError(f"{name} = {value} in a stage must be 0 or more.")
        if self.learning_rate is not None and not (isfinite(self.learning_rate) and self.learning_rate > 0):
            raise DataError(f"learning_rate = {self.learning_rate} in a stage must be more than 0.")

    @property
    def length(self) -> int:
        """In iterations or, where there are none, in epochs."""
        return self.epochs if self.iterations is None else self.iterations

    def steps_in_epoch(self, images: int) -> int:
        """Steps of a whole epoch over so many training images; what is left of the last batch is left out."""
        return max(images // self.batch, 1)

    def steps_at(self, epoch: int, images: int) -> int:
        """Steps of the stage's epoch `epoch` (from 0): fewer in the last one, where the stage is counted in steps."""
        whole = self.steps_in_epoch(images)
        return whole if self.iterations is None else max(min(whole, self.iterations - epoch * whole), 0)

    def steps(self, images: int) -> int:
        """Steps of the whole stage."""
        return self.epochs * self.steps_in_epoch(images) if self.iterations is None else self.iterations

    def in_epochs(self, images: int) -> Stage:
        """This stage with `epochs` filled in, where `iterations` says how long it is."""
        if self.iterations is None:
            return self
        return replace(self, epochs=ceil(self.iterations / self.steps_in_epoch(images)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what is None is left out, since TOML has no such value."""
        return {key: listed(value) for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Any) -> Stage:
        """A stage from plain values.

        Raises:
            DataError: An entry is unknown or of another type, or the length is missing.
        """
        kinds = {entry.name: str(entry.type) for entry in fields(cls)}
        if not isinstance(values, Mapping):
            raise DataError(f"{values!r} in the recipe is no stage; a stage has: {', '.join(kinds)}.")
        if unknown := sorted(set(values) - set(kinds)):
            raise DataError(f"Unknown stage key {unknown[0]!r}; a stage has: {', '.join(kinds)}.")
        plain = {key: typed(key, value, kinds[key]) for key, value in values.items()}
        if "epochs" not in plain and "iterations" not in plain:
            raise DataError("A stage says neither epochs nor iterations: how long is it?")
        return cls(**{"epochs": 0, **plain})


@dataclass(frozen=True, slots=True)
class Phase:
    """Stages in a row that train one net at one learning rate: with an optimizer and a schedule of their own.

    Attributes:
        variants: The net's outputs, coarsest first.
        stages: In order.
        learning_rate: Peak of the schedule.
        first_epoch: Of the run, from 0.
    """

    variants: tuple[str, ...]
    stages: tuple[Stage, ...]
    learning_rate: float
    first_epoch: int

    @property
    def epochs(self) -> int:
        """Epochs of its stages."""
        return sum(stage.epochs for stage in self.stages)

    def steps(self, images: int) -> int:
        """Steps of its stages on so many training images: the length of its schedule."""
        return sum(stage.steps(images) for stage in self.stages)


def phases_of(stages: Sequence[Stage], variants: tuple[str, ...], learning_rate: float) -> tuple[Phase, ...]:
    """Stages grouped by what they train; `variants` and `learning_rate` are those of stages that name none."""
    found: list[Phase] = []
    epoch = 0
    for stage in stages:
        outputs = stage.variants or variants
        rate = learning_rate if stage.learning_rate is None else stage.learning_rate
        if found and (found[-1].variants, found[-1].learning_rate) == (outputs, rate):
            found[-1] = replace(found[-1], stages=(*found[-1].stages, stage))
        else:
            found.append(Phase(outputs, (stage,), rate, epoch))
        epoch += stage.epochs
    return tuple(found)


def stretched(phases: Sequence[Phase], epochs: int) -> tuple[Stage, ...]:
    """The phases' stages made `epochs` long in all, in proportion: each phase keeps an epoch at least.

    Raises:
        DataError: There are fewer epochs than phases.
    """
    if epochs < len(phases):
        names = ", ".join("/".join(phase.variants) for phase in phases)
        raise DataError(f"{epochs} epochs are too few for the recipe's {len(phases)} phases ({names}); each needs one.")
    lengths = [sum(stage.length for stage in phase.stages) for phase in phases]
    stages: list[Stage] = []
    end = 0
    for number, phase in enumerate(phases, start=1):
        start = end
        wanted = round(sum(lengths[:number]) * epochs / sum(lengths))
        end = max(start + 1, min(wanted, epochs - (len(phases) - number)))
        stages += _scaled(phase.stages, end - start)
    return tuple(stages)


def _scaled(stages: Sequence[Stage], epochs: int) -> list[Stage]:
    bounds = [0]
    for stage in stages:
        bounds.append(bounds[-1] + stage.length)
    scaled = [round(bound * epochs / bounds[-1]) for bound in bounds]
    return [
        replace(stage, epochs=end - start, iterations=None)
        for stage, start, end in zip(stages, scaled, scaled[1:], strict=False)
        if end > start
    ]
