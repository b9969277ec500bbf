"""A recipe: every choice of a training run, read from a small TOML file and saved with the run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch

from fcn_studio.core.errors import CheckpointError, DataError
from fcn_studio.engine.nets.architecture import VARIANTS, Architecture
from fcn_studio.engine.nets.build import AnyArchitecture, empty
from fcn_studio.engine.nets.decoder import SCHEMES, SKIPS, DecoderArchitecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.trunks.googlenet import block_channels

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
        learning_rate: Peak of the one-cycle schedule.
        warm_up: Share of all steps before the peak.
        weight_decay: AdamW's, on convolution weights only.
        variant_weights: Weight of each variant's cross-entropy, coarsest first; a decoder has one output.
        label_smoothing: Share of probability spread over all classes.
        ema: Decay of the running mean of weights that is evaluated and saved.
        colour: Strength of the random brightness, contrast, saturation and tint.
        flip: Probability of a left-right flip.
        seed: Of initialisation, order and augmentation.
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

    def __post_init__(self) -> None:
        self._check_net()
        for stage in self.stages:
            if stage.epochs < 1 or stage.batch < 1 or min(stage.crop) < 1 or not 0 < stage.scale[0] <= stage.scale[1]:
                raise DataError(f"{stage} needs positive epochs, batch and crop, and a rising range of scales.")
        if self.net == "fcn" and self.batch_norm and self.alignment == "same":
            self._check_cells()

    def _check_net(self) -> None:
        if self.net not in ("fcn", "decoder"):
            raise DataError(f"net = {self.net!r} must be fcn or decoder.")
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
        net = empty(self.architecture(1)).eval()
        for stage in self.stages:
            # Shapes alone: nothing is computed on the device `meta`.
            photos = torch.empty(stage.batch, 3, *stage.crop, device="meta")
            coarsest = net.taps(photos).fc7 if isinstance(net, FCN) else photos
            if coarsest.numel() // coarsest.shape[1] < 2:
                raise DataError(
                    f"{stage} gives batch normalisation one cell at stride 32; take a larger crop or batch."
                )

    def architecture(self, num_classes: int) -> AnyArchitecture:
        """The net's, for so many classes.

        Raises:
            DataError: There is no such net.
        """
        names = (*BOTH, *(DECODER_ONLY if self.net == "decoder" else FCN_ONLY))
        values = {"num_classes": num_classes, **{name: getattr(self, name) for name in names}}
        try:
            if self.net == "decoder":
                return DecoderArchitecture.from_dict(values)
            return Architecture.from_dict(values)
        except CheckpointError as error:
            raise DataError(str(error).replace("this checkpoint", "this recipe")) from error

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

        A decoder's `scheme` stands for its skips and their addition. Where variant_weights is left out, the variants
        have the last of the default weights.

        Raises:
            DataError: An unknown key or a value of the wrong kind.
        """
        values = _without_scheme(values)
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
