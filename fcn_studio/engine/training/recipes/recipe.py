"""A recipe: every choice of a training run, read from a small TOML file and saved with the run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from fcn_studio.core.errors import CheckpointError, DataError
from fcn_studio.core.graph.names import PUBLISHED
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.build import AnyArchitecture
from fcn_studio.engine.nets.decoder import SKIPS, DecoderArchitecture
from fcn_studio.engine.nets.preprocess import PRESETS, Preprocessing
from fcn_studio.engine.training.recipes.overrides import override, parse_overrides
from fcn_studio.engine.training.recipes.plain_values import listed, typed
from fcn_studio.engine.training.recipes.recipe_checks import check_recipe
from fcn_studio.engine.training.recipes.recipe_values import (
    BOTH,
    DECODER_ONLY,
    DEFAULT_WEIGHTS,
    FCN_ONLY,
    recipe_values,
)
from fcn_studio.engine.training.recipes.stages import Phase, Stage, phases_of, stretched

__all__ = ["Phase", "Recipe", "Stage", "read_recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Defaults are those of `modern`; see resources/recipes.

    Attributes:
        name: Kept in the checkpoint's card.
        net: `fcn`, which fuses scores (see `Architecture`), or `decoder` (see `DecoderArchitecture`).
        trunk: `vgg16`, `alexnet`, `googlenet` or `efficientnet_lite0` to `4`; of a decoder `blocks` (two convolutions
            each) or one of the VGG nets.
        channels: Output channels of the five convolution blocks.
        batch_norm: Batch normalisation after each trunk convolution.
        upsampling: `bilinear` (fixed), `learned`, `per_class` or `nearest`; of a decoder `transposed`, `nearest`,
            `bilinear` or `max_unpooling`.
        alignment: `same`, `caffe` or `classifier`. This and the next seven are of nets that fuse scores only.
        fc_channels: Output channels of fc6 and fc7.
        dropout: After fc6 and fc7.
        groups: Of AlexNet's conv2, conv4 and conv5: 2 in Caffe's.
        local_response_norm: As in Caffe's AlexNet.
        variants: The outputs, coarsest first.
        pool4_scale: Factor on the features of stride 16 before their scores.
        pool3_scale: Factor on the features of stride 8 before their scores.
        skips: Pools that a decoder adds, deepest first; `scheme` = fcn32s, fcn16s, fcn8s or fcns says it in a word.
        addition: Whether a decoder adds them `before_norm` or `after_norm`; `scheme` says this too.
        last_channels: Output channels of a decoder's last stage.
        stages: Crop sizes by epoch, in order.
        learning_rate: Peak of the schedule.
        warm_up: Share of all steps before the peak.
        weight_decay: On weights of convolutions only, neither on biases nor on norms.
        variant_weights: Weight of each variant's cross-entropy, coarsest first, 0 for none; a decoder has one output.
        label_smoothing: Share of probability spread over all classes.
        ema: Decay of the running mean of weights that is evaluated and saved; 0 for the weights themselves.
        colour: Strength of the random brightness, contrast, saturation and tint.
        flip: Probability of a left-right flip.
        seed: Of initialisation, order and augmentation.
        optimizer: `adamw`, or `sgd` with momentum as Caffe's solver has it (see `optimisation`).
        momentum: Of sgd.
        bias_learning_rate: Factor on the learning rate of biases; the paper doubles it.
        schedule: `one_cycle`, `poly` or `constant`; the last two rise in a line over `warm_up`.
        poly_power: Of `poly`: the rate is the peak times (1 - share of the steps done) to this power.
        loss_reduction: `mean` over labelled pixels, or their `sum` in each image: the paper's unnormalised loss.
        clip_gradient: Largest norm of the gradient; 0 for any.
        sampling: `crops` of the stages' size, or photos `whole`, each at its own size.
        loss_sampling: Share of the cells of stride 32 whose pixels count in the loss; the others are drawn each step.
        preprocessing: Of the net's input: `imagenet` (RGB), `caffe` (BGR, 0..255 minus the mean), `halves` or `lite`.
        trunk_learning_rate: Factor on the learning rate of the trunk, where it was trained before and the rest is new.
        frozen: Layers that keep the weights and statistics that they came with, by the net's names (`stage1`).
        frozen_norms: Whether the normalisations of the whole trunk keep the statistics that they came with.
        loss_step: Pixels whose scores count in the loss: every one, or each second or fourth row and column.
        rare_photos: Photos with a class that fewer than this share of all photos have come up more often: as often as
            the square root of the two shares' ratio says (repeat factors; Gupta, Dollar, Girshick 2019).
    """

    name: str = "modern"
    net: str = "fcn"
    trunk: str = "vgg16"
    channels: tuple[int, int, int, int, int] = (32, 64, 128, 256, 256)
    batch_norm: bool = True
    upsampling: str = "bilinear"
    alignment: str = "same"
    fc_channels: int = 512
    dropout: float = 0.5
    groups: int = 1
    local_response_norm: bool = False
    variants: tuple[str, ...] = PUBLISHED
    pool4_scale: float = 1.0
    pool3_scale: float = 1.0
    skips: tuple[str, ...] = SKIPS
    addition: str = "after_norm"
    last_channels: int = 32
    stages: tuple[Stage, ...] = field(default_factory=tuple)
    learning_rate: float = 1e-3
    warm_up: float = 0.15
    weight_decay: float = 0.01
    variant_weights: tuple[float, ...] = DEFAULT_WEIGHTS
    label_smoothing: float = 0.0
    ema: float = 0.999
    colour: float = 0.4
    flip: float = 0.5
    seed: int = 1
    optimizer: str = "adamw"
    momentum: float = 0.9
    bias_learning_rate: float = 1.0
    schedule: str = "one_cycle"
    poly_power: float = 0.9
    loss_reduction: str = "mean"
    clip_gradient: float = 5.0
    sampling: str = "crops"
    loss_sampling: float = 1.0
    preprocessing: str = "imagenet"
    trunk_learning_rate: float = 1.0
    frozen: tuple[str, ...] = ()
    frozen_norms: bool = False
    loss_step: int = 1
    rare_photos: float = 0.0

    def __post_init__(self) -> None:
        check_recipe(self)

    def architecture(self, num_classes: int, variants: tuple[str, ...] | None = None) -> AnyArchitecture:
        """The net's, for so many classes; with a phase's `variants`, that phase's.

        Raises:
            DataError: There is no such net.
        """
        names = (*BOTH, *(DECODER_ONLY if self.net == "decoder" else FCN_ONLY))
        values = {"num_classes": num_classes, **{name: getattr(self, name) for name in names}}
        if variants is not None and self.net == "fcn":
            values["variants"] = variants
        try:
            if self.net == "decoder":
                return DecoderArchitecture.from_dict(values)
            return Architecture.from_dict(values)
        except CheckpointError as error:
            raise DataError(str(error).replace("this checkpoint", "this recipe")) from error

    @property
    def outputs(self) -> tuple[str, ...]:
        """The variants of the net, coarsest first; a decoder has one output."""
        return DecoderArchitecture.variants if self.net == "decoder" else self.variants

    @property
    def weights_by_output(self) -> Mapping[str, float]:
        """`variant_weights` by the names of the outputs."""
        return dict(zip(self.outputs, self.variant_weights, strict=True))

    @property
    def preset(self) -> Preprocessing:
        """What `preprocessing` names; it belongs into every checkpoint of the run."""
        return PRESETS[self.preprocessing]

    @property
    def epochs(self) -> int:
        """Epochs of all stages; where they are counted in iterations, `in_epochs` must have filled them in."""
        return sum(stage.epochs for stage in self.stages)

    def phases(self) -> tuple[Phase, ...]:
        """The stages grouped by the nets they train: one phase, unless stages name variants or learning rates.

        Each has an optimizer, a schedule and a net of its own (see `phases.phase_net`).
        """
        return phases_of(self.stages, self.outputs, self.learning_rate)

    def stage_at(self, epoch: int) -> Stage:
        """The stage that `epoch` (from 0) belongs to."""
        return self._place(epoch)[0]

    def phase_at(self, epoch: int) -> Phase:
        """The phase that `epoch` (from 0) belongs to."""
        return next((phase for phase in self.phases() if epoch < phase.first_epoch + phase.epochs), self.phases()[-1])

    def steps_at(self, epoch: int, images: int) -> int:
        """Steps of `epoch` (from 0) over so many training images."""
        stage, within = self._place(epoch)
        return stage.steps_at(within, images)

    def _place(self, epoch: int) -> tuple[Stage, int]:
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage, epoch
            epoch -= stage.epochs
        return self.stages[-1], self.stages[-1].epochs + epoch

    def in_epochs(self, images: int) -> Recipe:
        """This recipe for so many training images: stages counted in iterations know their epochs too."""
        return replace(self, stages=tuple(stage.in_epochs(images) for stage in self.stages))

    def with_epochs(self, epochs: int) -> Recipe:
        """This recipe stretched or shrunk to `epochs`, its stages in proportion; each phase keeps one at least.

        Stages counted in iterations are counted in epochs then.

        Raises:
            DataError: There are fewer epochs than phases.
        """
        return replace(self, stages=stretched(self.phases(), epochs))

    def with_settings(self, settings: Sequence[str]) -> Recipe:
        """This recipe with some entries set, as the command line does by `--set KEY=VALUE`.

        Args:
            settings: Such as `learning_rate=1e-4`, `stages.0.crop=[96, 128]` or `stages.*.batch=4`; values are TOML,
                and a single word needs no quotes. Setting a stage's epochs drops its iterations, and the reverse;
                a new `learning_rate` moves the stages' own in proportion; fewer `variants` keep their weights.

        Raises:
            DataError: There is no such entry, or the value does not fit.
        """
        plain = self.to_dict()
        given = parse_overrides(settings)
        keys, stage_keys = ([entry.name for entry in fields(kind)] for kind in (Recipe, Stage))
        override(plain, given, keys=keys, stage_keys=stage_keys)
        if "scheme" in plain:
            plain = {key: value for key, value in plain.items() if key not in ("skips", "addition") or key in given}
        if "learning_rate" in given and not any(key.endswith(".learning_rate") for key in given):
            factor = typed("learning_rate", given["learning_rate"], "float") / self.learning_rate
            for stage in plain["stages"]:
                if "learning_rate" in stage:
                    stage["learning_rate"] *= factor
        variants = given.get("variants")
        if (
            isinstance(variants, list)
            and "variant_weights" not in given
            and all(each in self.outputs for each in variants)
        ):
            plain["variant_weights"] = [self.weights_by_output[name] for name in variants]
        return Recipe.from_dict(plain)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the checkpoint's card and for comparing runs."""
        plain = asdict(self)
        plain["stages"] = [stage.to_dict() for stage in self.stages]
        return {key: listed(value) for key, value in plain.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """A recipe from plain values; a key that no recipe has is an error.

        A decoder's `scheme` stands for its skips and their addition. Where variant_weights is left out, the variants
        have the last of the default weights.

        Raises:
            DataError: An unknown key or a value of the wrong kind.
        """
        plain = recipe_values(values, {entry.name: str(entry.type) for entry in fields(cls)})
        try:
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
