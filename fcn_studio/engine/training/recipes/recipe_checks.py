"""The bounds of a recipe's entries, and what goes with what; every error names the entry and what it may be."""

from __future__ import annotations

from dataclasses import fields
from math import isfinite
from typing import TYPE_CHECKING

import torch

from fcn_studio.core.errors import DataError
from fcn_studio.core.graph.names import COARSEST, VARIANTS
from fcn_studio.engine.nets.architecture import MAX_CHANNELS
from fcn_studio.engine.nets.build import empty
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import PRESETS
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import LITE_KINDS
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import block_channels as lite_channels
from fcn_studio.engine.nets.trunks.googlenet import block_channels
from fcn_studio.engine.training.recipes.recipe_values import DECODER_ONLY, FCN_ONLY

if TYPE_CHECKING:
    from fcn_studio.engine.training.recipes.recipe import Recipe

LOSS_STEPS = (1, 2, 4)
BLOCKS = 5  # of every trunk, each halving the sides

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
    "trunk_learning_rate": float("inf"),
    "rare_photos": 1.0,
}


def check_recipe(recipe: Recipe) -> None:
    """Holds a recipe's entries against their bounds.

    Raises:
        DataError: One is out of them, or does not go with the others.
    """
    _check_words(recipe)
    _check_net(recipe)
    _check_numbers(recipe)
    _check_stages(recipe)
    if recipe.net == "fcn" and recipe.batch_norm and recipe.alignment == "same":
        _check_cells(recipe)


def _check_words(recipe: Recipe) -> None:
    for name, words in WORDS.items():
        if getattr(recipe, name) not in words:
            choices = " or ".join((", ".join(words[:-1]), words[-1]))
            raise DataError(f"{name} = {getattr(recipe, name)!r} must be {choices}.")


def _check_numbers(recipe: Recipe) -> None:
    for name, bound in RANGES.items():
        value = getattr(recipe, name)
        if not 0 <= value < bound:
            least = "0 or more" if bound == float("inf") else f"0 or more and less than {bound:g}"
            raise DataError(f"{name} = {value} must be {least}.")
    if not (isfinite(recipe.learning_rate) and recipe.learning_rate > 0):
        raise DataError(f"learning_rate = {recipe.learning_rate} must be more than 0.")
    if not 0 < recipe.loss_sampling <= 1:
        raise DataError(f"loss_sampling = {recipe.loss_sampling} must be a share of the cells: above 0, 1 at most.")
    if recipe.loss_step not in LOSS_STEPS:
        raise DataError(f"loss_step = {recipe.loss_step} must be 1, 2 or 4.")
    if not 0 <= recipe.flip <= 1:
        raise DataError(f"flip = {recipe.flip} must be a probability: 0 to 1.")
    if not all(isfinite(weight) and weight >= 0 for weight in recipe.variant_weights):
        raise DataError(f"variant_weights = {list(recipe.variant_weights)} must be 0 or more each.")


def _check_stages(recipe: Recipe) -> None:
    for stage in recipe.stages:
        stage.check()
        if recipe.sampling == "crops" and stage.crop is None:
            raise DataError('A stage has no crop = [height, width]; give it one, or take sampling = "whole".')
        if stage.variants is not None and stage.variants != tuple(
            name for name in recipe.outputs if name in stage.variants
        ):
            raise DataError(
                f"variants = {list(stage.variants)} in a stage must be some of the recipe's, once each, coarsest "
                f"first: {', '.join(recipe.outputs)}."
            )
        if not any(recipe.weights_by_output[name] for name in stage.variants or recipe.outputs):
            raise DataError(f"variant_weights = {list(recipe.variant_weights)} leave a stage without a loss.")
    if len({stage.iterations is None for stage in recipe.stages}) > 1:
        raise DataError("Some stages are counted in epochs and some in iterations; count all in one of them.")


def _check_net(recipe: Recipe) -> None:
    usual = {entry.name: entry.default for entry in fields(recipe)}
    for name in FCN_ONLY if recipe.net == "decoder" else DECODER_ONLY:
        if getattr(recipe, name) != usual[name]:
            raise DataError(f"{name} = {getattr(recipe, name)!r} means nothing to net = {recipe.net!r}; leave it out.")
    if len(recipe.channels) != BLOCKS or not all(_is_count(size) for size in recipe.channels):
        raise DataError(
            f"channels = {list(recipe.channels)} must be {BLOCKS} whole numbers from 1 to {MAX_CHANNELS}, one for each "
            "block of the trunk."
        )
    for name in ("fc_channels", "last_channels"):
        if not _is_count(getattr(recipe, name)):
            raise DataError(f"{name} = {getattr(recipe, name)!r} must be a whole number from 1 to {MAX_CHANNELS}.")
    variants = recipe.architecture(1).variants
    if recipe.net == "fcn" and variants != tuple(name for name in VARIANTS if name in variants):
        raise DataError(f"variants = {list(variants)} must stand once each, coarsest first: {', '.join(VARIANTS)}.")
    if recipe.trunk in LITE_KINDS and recipe.channels != lite_channels(recipe.trunk):
        raise DataError(
            f"channels = {list(recipe.channels)} are not those of {recipe.trunk}: {list(lite_channels(recipe.trunk))}."
        )
    if recipe.trunk == "googlenet" and recipe.channels != block_channels(recipe.channels[0]):
        raise DataError(
            f"channels = {list(recipe.channels)} are no GoogLeNet's; with {recipe.channels[0]} in conv1 they are "
            f"{list(block_channels(recipe.channels[0]))}."
        )
    if len(recipe.variant_weights) != len(variants):
        raise DataError(
            f"variant_weights = {list(recipe.variant_weights)} must hold one weight for each of the net's outputs: "
            f"{', '.join(variants)}."
        )
    if recipe.frozen or recipe.loss_step > 1:
        _check_layers(recipe)


def _check_layers(recipe: Recipe) -> None:
    """Holds what names layers, or asks something of them, against the net."""
    net = empty(recipe.architecture(1))
    layers = [name for name, _ in net.named_children()]
    if unknown := [name for name in recipe.frozen if name not in layers]:
        raise DataError(f"frozen = {list(recipe.frozen)}: {unknown[0]!r} is no layer here: {', '.join(layers)}.")
    odd = isinstance(net, FCN) and all(kernel % 2 for kernel in net.architecture.kernels().values())
    if recipe.loss_step > 1 and not (odd and recipe.upsampling == "bilinear" and recipe.sampling == "crops"):
        raise DataError(
            f"loss_step = {recipe.loss_step} needs crops, bilinear upsampling and a trunk whose cells lie on pixels "
            "(EfficientNet-Lite, AlexNet, GoogLeNet); take 1."
        )


def _is_count(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= MAX_CHANNELS


def _check_cells(recipe: Recipe) -> None:
    for stage in recipe.stages:
        if stage.batch > 1 or stage.crop is None or recipe.sampling == "whole":
            continue  # a cell for each image is enough; the sizes of whole photos are not known here
        net = empty(recipe.architecture(1)).eval()
        # Shapes alone: nothing is computed on the device `meta`.
        photos = torch.empty(1, 3, *stage.crop, device="meta")
        coarsest = net.taps(photos)[COARSEST.tap] if isinstance(net, FCN) else photos
        if coarsest.numel() // coarsest.shape[1] < 2:
            raise DataError(
                f"crop = {list(stage.crop)} with batch = {stage.batch} in a stage gives batch normalisation one cell "
                "at stride 32; take a larger crop or batch."
            )
