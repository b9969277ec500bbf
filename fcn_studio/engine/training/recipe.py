"""A recipe: every choice of a training run, read from a small TOML file and saved with the run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from fcn_studio.core.errors import DataError


@dataclass(frozen=True)
class Stage:
    """A stretch of epochs at one crop size and one loss.

    Attributes:
        epochs: Passes over the training images.
        crop: (height, width) of the crops, in pixels.
        scale: Range of the random enlargement of photos before cropping.
        batch: Images in a step.
        class_balance: Exponent on the inverse class frequency in the cross-entropy weights; 0 is unweighted.
        lovasz: Weight of the Lovasz-softmax loss on the finest variant (Berman et al. 2018).
    """

    epochs: int
    crop: tuple[int, int]
    scale: tuple[float, float]
    batch: int
    class_balance: float = 0.65
    lovasz: float = 1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Defaults are those of `modern`; see resources/recipes.

    Attributes:
        name: Kept in the checkpoint's card.
        channels: Output channels of the five convolution blocks.
        fc_channels: Output channels of fc6 and fc7.
        batch_norm: Batch normalisation after each trunk convolution.
        alignment: `same` or `caffe`.
        upsampling: `bilinear` (fixed) or `learned`.
        dropout: After fc6 and fc7.
        stages: Crop sizes by epoch, in order.
        learning_rate: Peak of the one-cycle schedule.
        warm_up: Share of all steps before the peak.
        weight_decay: AdamW's, on convolution weights only.
        variant_weights: Weight of each variant's cross-entropy, coarsest first.
        label_smoothing: Share of probability spread over all classes.
        ema: Decay of the running mean of weights that is evaluated and saved.
        colour: Strength of the random brightness, contrast, saturation and tint.
        flip: Probability of a left-right flip.
        seed: Of initialisation, order and augmentation.
    """

    name: str = "modern"
    channels: tuple[int, int, int, int, int] = (32, 64, 128, 256, 256)
    fc_channels: int = 512
    batch_norm: bool = True
    alignment: str = "same"
    upsampling: str = "bilinear"
    dropout: float = 0.5
    stages: tuple[Stage, ...] = field(default_factory=tuple)
    learning_rate: float = 1e-3
    warm_up: float = 0.15
    weight_decay: float = 0.01
    variant_weights: tuple[float, ...] = (0.3, 0.4, 1.0)
    label_smoothing: float = 0.0
    ema: float = 0.999
    colour: float = 0.4
    flip: float = 0.5
    seed: int = 1

    def __post_init__(self) -> None:
        for stage in self.stages:
            if stage.epochs < 1 or stage.batch < 1 or min(stage.crop) < 1 or not 0 < stage.scale[0] <= stage.scale[1]:
                raise DataError(f"{stage} needs positive epochs, batch and crop, and a rising range of scales.")
            cells = stage.batch * -(-stage.crop[0] // 32) * -(-stage.crop[1] // 32)
            if self.batch_norm and self.alignment == "same" and cells < 2:
                raise DataError(
                    f"{stage} gives batch normalisation one cell at stride 32; take a larger crop or batch."
                )

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stage_at(self, epoch: int) -> Stage:
        """The stage that `epoch` (from 0) belongs to."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage
            epoch -= stage.epochs
        return self.stages[-1]

    def with_epochs(self, epochs: int) -> Recipe:
        """This recipe stretched or shrunk to `epochs`, its stages in proportion (at least one epoch in all)."""
        bounds = [0]
        for stage in self.stages:
            bounds.append(bounds[-1] + stage.epochs)
        scaled = [round(bound * epochs / bounds[-1]) for bound in bounds]
        stages = tuple(
            replace(stage, epochs=end - start)
            for stage, start, end in zip(self.stages, scaled, scaled[1:], strict=False)
            if end > start
        )
        return replace(self, stages=stages)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the checkpoint's card and for comparing runs."""
        plain = asdict(self)
        plain["stages"] = [
            {**stage, "crop": list(stage["crop"]), "scale": list(stage["scale"])} for stage in plain["stages"]
        ]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """A recipe from plain values; a key that no recipe has is an error.

        Raises:
            DataError: An unknown key or a value of the wrong kind.
        """
        if unknown := sorted(set(values) - {entry.name for entry in fields(cls)}):
            raise DataError(f"Unknown recipe key {unknown[0]!r}.")
        try:
            plain: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
            }
            plain["stages"] = tuple(
                Stage(
                    epochs=int(stage["epochs"]),
                    crop=(int(stage["crop"][0]), int(stage["crop"][1])),
                    scale=(float(stage["scale"][0]), float(stage["scale"][1])),
                    batch=int(stage["batch"]),
                    class_balance=float(stage.get("class_balance", Stage.class_balance)),
                    lovasz=float(stage.get("lovasz", Stage.lovasz)),
                )
                for stage in values["stages"]
            )
            return cls(**plain)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DataError(f"The recipe is malformed ({error!r}).") from error


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe from TOML.

    Raises:
        DataError: No such file, not TOML, or not a recipe.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: the recipe cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not TOML ({error}).") from error
    try:
        return Recipe.from_dict(values)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
