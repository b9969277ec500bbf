"""A recipe: every choice of a training run, read from a small TOML file and saved with the run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any

import torch

from fcn_studio.core.errors import CheckpointError, DataError
from fcn_studio.engine.nets.architecture import VARIANTS, Architecture
from fcn_studio.engine.nets.build import AnyArchitecture, empty
from fcn_studio.engine.nets.decoder import SCHEMES, SKIPS, DecoderArchitecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.trunks.googlenet import block_channels
from fcn_studio.engine.preprocess import PRESETS, Preprocessing
from fcn_studio.engine.training.plain_values import listed, typed
from fcn_studio.engine.training.settings import parse_settings, set_values
from fcn_studio.engine.training.stages import Phase, Stage, phases_of, stretched

__all__ = ["Phase", "Recipe", "Stage", "read_recipe"]

# Entries of a recipe that are the architecture's, by what `net` says.
BOTH = ("batch_norm", "channels", "trunk", "upsampling")
FCN_ONLY = (
    "alignment",
    "dropout",
    "fc_channels",
    "groups",
    "local_response_norm",
    "pool3_scale",
    "pool4_scale",
    "variants",
)
DECODER_ONLY = ("addition", "last_channels", "skips")
DEFAULT_WEIGHTS = (0.3, 0.4, 1.0)  # of the losses at strides 32, 16 and 8
# Entries that say one of a few words.
WORDS: dict[str, tuple[str, ...]] = {
    "net": ("fcn", "decoder"),
    "optimizer": ("adamw", "sgd"),
    "schedule": ("one_cycle", "poly", "constant"),
    "loss_reduction": ("mean", "sum"),
    "sampling": ("crops", "whole"),
    "preprocessing": tuple(PRESETS),
}
# Numbers from 0 up to and without a bound.
RANGES = {
    "warm_up": 1.0,
    "momentum": 1.0,
    "ema": 1.0,
    "label_smoothing": 1.0,
    "dropout": 1.0,
    "weight_decay": float("inf"),
    "poly_power": float("inf"),
    "bias_learning_rate": float("inf"),
    "clip_gradient": float("inf"),
    "colour": float("inf"),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Defaults are those of `modern`; see resources/recipes.

    Attributes:
        name: Kept in the checkpoint's card.
        net: `fcn`, which fuses scores (see `Architecture`), or `decoder` (see `DecoderArchitecture`).
        trunk: `vgg16`, `alexnet` or `googlenet`; of a decoder `blocks` (two convolutions each) or one of the VGG nets.
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
        preprocessing: Of the net's input: `imagenet` (RGB), `caffe` (BGR, 0..255 minus the mean) or `halves`.
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
    variants: tuple[str, ...] = VARIANTS
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

    def __post_init__(self) -> None:
        self._check_words()
        self._check_net()
        self._check_numbers()
        self._check_stages()
        if self.net == "fcn" and self.batch_norm and self.alignment == "same":
            self._check_cells()

    def _check_words(self) -> None:
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                choices = " or ".join((", ".join(words[:-1]), words[-1]))
                raise DataError(f"{name} = {getattr(self, name)!r} must be {choices}.")

    def _check_numbers(self) -> None:
        for name, bound in RANGES.items():
            value = getattr(self, name)
            if not 0 <= value < bound:
                least = "0 or more" if bound == float("inf") else f"0 or more and less than {bound:g}"
                raise DataError(f"{name} = {value} must be {least}.")
        if not (isfinite(self.learning_rate) and self.learning_rate > 0):
            raise DataError(f"learning_rate = {self.learning_rate} must be more than 0.")
        if not 0 < self.loss_sampling <= 1:
            raise DataError(f"loss_sampling = {self.loss_sampling} must be a share of the cells: above 0, 1 at most.")
        if not 0 <= self.flip <= 1:
            raise DataError(f"flip = {self.flip} must be a probability: 0 to 1.")
        if not all(isfinite(weight) and weight >= 0 for weight in self.variant_weights):
            raise DataError(f"variant_weights = {list(self.variant_weights)} must be 0 or more each.")

    def _check_stages(self) -> None:
        for stage in self.stages:
            stage.check()
            if self.sampling == "crops" and stage.crop is None:
                raise DataError('A stage has no crop = [height, width]; give it one, or take sampling = "whole".')
            if stage.variants is not None and stage.variants != self._in_order(stage.variants):
                raise DataError(
                    f"variants = {list(stage.variants)} in a stage must be some of the recipe's, once each, coarsest "
                    f"first: {', '.join(self.outputs)}."
                )
            if not any(self.weights_by_output[name] for name in stage.variants or self.outputs):
                raise DataError(f"variant_weights = {list(self.variant_weights)} leave a stage without a loss.")
        if len({stage.iterations is None for stage in self.stages}) > 1:
            raise DataError("Some stages are counted in epochs and some in iterations; count all in one of them.")

    def _in_order(self, variants: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in self.outputs if name in variants)

    def _check_net(self) -> None:
        usual = {entry.name: entry.default for entry in fields(self)}
        for name in FCN_ONLY if self.net == "decoder" else DECODER_ONLY:
            if getattr(self, name) != usual[name]:
                raise DataError(f"{name} = {getattr(self, name)!r} means nothing to net = {self.net!r}; leave it out.")
        variants = self.architecture(1).variants
        if self.net == "fcn" and variants != tuple(name for name in VARIANTS if name in variants):
            raise DataError(f"variants = {list(variants)} must stand once each, coarsest first: {', '.join(VARIANTS)}.")
        if self.trunk == "googlenet" and self.channels != block_channels(self.channels[0]):
            raise DataError(
                f"channels = {list(self.channels)} are no GoogLeNet's; with {self.channels[0]} in conv1 they are "
                f"{list(block_channels(self.channels[0]))}."
            )
        if len(self.variant_weights) != len(variants):
            raise DataError(
                f"variant_weights = {list(self.variant_weights)} must hold one weight for each of the net's outputs: "
                f"{', '.join(variants)}."
            )

    def _check_cells(self) -> None:
        for stage in self.stages:
            if stage.batch > 1 or stage.crop is None or self.sampling == "whole":
                continue  # a cell for each image is enough; the sizes of whole photos are not known here
            net = empty(self.architecture(1)).eval()
            # Shapes alone: nothing is computed on the device `meta`.
            photos = torch.empty(1, 3, *stage.crop, device="meta")
            coarsest = net.taps(photos).fc7 if isinstance(net, FCN) else photos
            if coarsest.numel() // coarsest.shape[1] < 2:
                raise DataError(
                    f"{stage} gives batch normalisation one cell at stride 32; take a larger crop or batch."
                )

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
        given = parse_settings(settings)
        keys, stage_keys = ([entry.name for entry in fields(kind)] for kind in (Recipe, Stage))
        set_values(plain, given, keys=keys, stage_keys=stage_keys)
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
        values = _without_scheme(values)
        known = {entry.name: str(entry.type) for entry in fields(cls)}
        if unknown := sorted(set(values) - set(known)):
            raise DataError(f"Unknown recipe key {unknown[0]!r}; a recipe has: {', '.join(sorted(known))}.")
        try:
            plain: dict[str, Any] = {}
            for key, value in values.items():
                if key in (*BOTH, *FCN_ONLY, *DECODER_ONLY):  # the architecture has its own checks
                    plain[key] = tuple(value) if isinstance(value, list) else value
                elif key != "stages":
                    plain[key] = typed(key, value, known[key])
            plain["stages"] = tuple(Stage.from_dict(stage) for stage in values["stages"])
            if "variant_weights" not in plain:
                outputs = 1 if plain.get("net") == "decoder" else len(plain.get("variants", VARIANTS))
                plain["variant_weights"] = DEFAULT_WEIGHTS[-outputs:]
            return cls(**plain)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DataError(f"The recipe is malformed ({error!r}).") from error


def _without_scheme(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `scheme` written out."""
    plain = dict(values)
    if "scheme" not in plain:
        return plain
    scheme = plain.pop("scheme")
    if scheme not in SCHEMES:
        raise DataError(f"Unknown scheme {scheme!r}; it is one of {', '.join(SCHEMES)}.")
    if both := sorted({"skips", "addition"} & set(plain)):
        raise DataError(f"The recipe has scheme and {both[0]}, which say the same; leave one out.")
    skips, addition = SCHEMES[scheme]
    return plain | {"skips": skips, "addition": addition}


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
