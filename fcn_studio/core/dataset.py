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
from fcn_studio.core.image import list_images, opened, read_image
from fcn_studio.core.labels import LabelSet

ROWS = 256  # of an RGB mask, looked up at a time


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
    """(H, W) uint8 class indices of a mask file; 255 counts as void too.

    Indexed and greyscale files (8 or 16 bits) hold the indices themselves, RGB ones the label set's colours;
    transparency is passed over.

    Raises:
        DataError: Not a mask of this label set.
    """
    try:
        with opened(path) as image:
            if image.mode in ("P", "L", "1"):
                indices = np.array(image, dtype=np.uint8)
            elif image.mode in ("I", "I;16", "I;16B"):
                indices = _from_wide(np.asarray(image), path)
            elif image.mode in ("RGB", "RGBA"):
                return _from_colours(image, path, labels)
            else:
                raise DataError(f"{path}: a mask is an indexed, greyscale or RGB PNG; this one is {image.mode}.")
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


def _from_wide(values: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 255:
        raise DataError(f"{path}: value {low if low < 0 else high} is no label; labels are 0 to 255.")
    return values.astype(np.uint8)


def _from_colours(image: Image.Image, path: Path, labels: LabelSet) -> NDArray[np.uint8]:
    # The first of equal colours counts, and a class before void.
    numbers: dict[int, int] = {}
    for index, (red, green, blue) in enumerate((*labels.colours, labels.void_colour)):
        numbers.setdefault(red << 16 | green << 8 | blue, index if index < len(labels) else labels.void)
    codes = np.array(sorted(numbers), dtype=np.int32)
    values = np.array([numbers[code] for code in codes.tolist()], dtype=np.uint8)
    pixels = np.asarray(image)
    indices = np.empty(pixels.shape[:2], dtype=np.uint8)
    for start in range(0, len(pixels), ROWS):
        part = pixels[start : start + ROWS, :, :3].astype(np.int32)
        found = part[..., 0] << 16 | part[..., 1] << 8 | part[..., 2]
        place = np.searchsorted(codes, found).clip(max=len(codes) - 1)
        known = codes[place] == found
        if not known.all():
            colour = tuple(part[~known][0].tolist())
            raise DataError(f"{path}: colour {colour} is not one of the label set {labels.name}; choose its own mask.")
        indices[start : start + ROWS] = values[place]
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
