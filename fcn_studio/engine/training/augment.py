"""Random crops, scales, flips and colours of a photo and its labels together; or the photo whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.recipes.stages import Stage

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))


def random_crop(
    photo: Tensor, labels: Tensor, *, stage: Stage, void: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """A crop of `stage.crop` pixels from the photo, enlarged by a random scale.

    Args:
        photo: (3, H, W) uint8.
        labels: (H, W) uint8.
        stage: Crop size and range of scales.
        void: Label of what lies outside the photo.
        generator: The source of chance.

    Returns:
        (3, h, w) float32 of 0..255 and (h, w) uint8.

    Raises:
        ValueError: The stage has no crop.
    """
    if stage.crop is None:
        raise ValueError("this stage takes photos whole")
    low, high = stage.scale
    scale = math.exp(_uniform(math.log(low), math.log(high), generator))
    height, width = photo.shape[1:]
    window = [min(round(side / scale), full) for side, full in zip(stage.crop, (height, width), strict=True)]
    top, left = (
        int(torch.randint(full - side + 1, (), generator=generator))
        for side, full in zip(window, (height, width), strict=True)
    )
    rows, columns = slice(top, top + window[0]), slice(left, left + window[1])
    target = [min(round(side * scale), full) for side, full in zip(window, stage.crop, strict=True)]
    pixels = photo[None, :, rows, columns].float()
    marks = labels[None, None, rows, columns]
    if target != window:
        pixels = functional.interpolate(pixels, size=target, mode="bilinear", align_corners=False)
        marks = functional.interpolate(marks, size=target, mode="nearest-exact")
    missing = (0, stage.crop[1] - target[1], 0, stage.crop[0] - target[0])
    if any(missing):
        mean = pixels.mean(dim=(2, 3), keepdim=True)
        pixels = functional.pad(pixels - mean, missing) + mean
        marks = functional.pad(marks, missing, value=void)
    return pixels[0], marks[0, 0]


def random_colour(photo: Tensor, *, strength: float, generator: torch.Generator) -> Tensor:
    """Random gamma, brightness, contrast, saturation and tint of a (3, H, W) float photo of 0..255, as a new one."""
    if strength == 0:
        return photo
    gamma, brightness, contrast, saturation = (math.exp(_uniform(-strength, strength, generator)) for _ in range(4))
    tint = torch.exp((torch.rand(3, 1, 1, generator=generator) - 0.5) * strength * 0.5)
    # In this order: p = v ** gamma of values v of 0 to 1, times the brightness, from the mean by contrast, from grey by
    # saturation, times the tint. All but the power are linear, so the factors are gathered and the passes few.
    powers = photo.clamp(0, 255).log_().mul_(gamma).exp_()  # a quarter of pow's time; of 0 it is 0
    grey = powers[0] * LUMA[0]
    grey.add_(powers[1], alpha=LUMA[1]).add_(powers[2], alpha=LUMA[2])
    shift = (1 - contrast) * float(powers.mean())
    grey.mul_((1 - saturation) * contrast).add_(shift)
    powers.mul_(saturation * contrast).add_(grey)
    return powers.mul_(tint * (brightness * 255 ** (1 - gamma))).clamp_(0, 255)


def augment(
    photo: Tensor, labels: Tensor, *, recipe: Recipe, stage: Stage, void: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """One training example: a random crop or the whole photo, flipped and coloured by chance.

    Returns:
        As `random_crop`; of a whole photo, (3, H, W) and (H, W).
    """
    if recipe.sampling == "whole":
        pixels, marks = photo.float(), labels
    else:
        pixels, marks = random_crop(photo, labels, stage=stage, void=void, generator=generator)
    if _uniform(0, 1, generator) < recipe.flip:
        pixels, marks = pixels.flip(-1), marks.flip(-1)
    return random_colour(pixels, strength=recipe.colour, generator=generator), marks
