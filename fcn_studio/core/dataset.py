"""Data set folders: photos, and the masks that go with them.

The SegNet layout of CamVid: `train/` with `trainannot/`, `val/` with `valannot/`, PNG pairs of one name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.errors import DataError, ImageError
from fcn_studio.core.image import list_images, read_image
from fcn_studio.core.labels import LabelSet


@dataclass(frozen=True, slots=True)
class Example:
    """A photo's file and its mask's."""

    photo: Path
    mask: Path


def find_examples(folder: Path, split: str) -> tuple[Example, ...]:
    """The pairs of a split, by file name.

    Raises:
        DataError: A folder is missing or empty, or a photo has no mask.
    """
    photos, masks = folder / split, folder / f"{split}annot"
    for place in (photos, masks):
        if not place.is_dir():
            raise DataError(
                f"{place}: no such folder; a data set holds {split}/ with photos and {split}annot/ with masks."
            )
    found = list_images(photos)
    if not found:
        raise DataError(f"{photos}: no images in this folder.")
    by_stem = {path.stem: path for path in masks.iterdir() if path.suffix.lower() == ".png"}
    if missing := [path for path in found if path.stem not in by_stem]:
        raise DataError(f"{missing[0]}: no mask {missing[0].stem}.png in {masks} ({len(missing)} photos have none).")
    return tuple(Example(path, by_stem[path.stem]) for path in found)


def read_mask(path: Path, labels: LabelSet) -> NDArray[np.uint8]:
    """(H, W) uint8 class indices of an indexed or greyscale mask file; 255 counts as void too.

    Raises:
        DataError: Not a mask of this label set.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in ("P", "L", "1"):
                raise DataError(f"{path}: a mask is an indexed or greyscale 8-bit PNG; this one is {image.mode}.")
            indices = np.array(image, dtype=np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: the mask cannot be read ({error}).") from error
    indices[indices == 255] = labels.void
    wrong = indices[(indices >= len(labels)) & (indices != labels.void)]
    if wrong.size:
        raise DataError(
            f"{path}: label {int(wrong[0])} is neither one of the {len(labels)} classes of {labels.name} "
            f"nor void ({labels.void})."
        )
    return indices


def read_example(example: Example, labels: LabelSet) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The (H, W, 3) photo and its (H, W) mask, of one size.

    Raises:
        DataError: Either cannot be read, or they differ in size.
    """
    try:
        photo = read_image(example.photo)
    except ImageError as error:
        raise DataError(str(error)) from error
    mask = read_mask(example.mask, labels)
    if photo.shape[:2] != mask.shape:
        raise DataError(
            f"{example.mask}: the mask is {mask.shape[1]}x{mask.shape[0]} but its photo "
            f"{photo.shape[1]}x{photo.shape[0]}."
        )
    return photo, mask
