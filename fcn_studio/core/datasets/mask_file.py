"""Mask files to class indices: indexed, greyscale and coloured images, and MATLAB files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.datasets.encoding import INDICES, Encoding
from fcn_studio.core.datasets.mat_file import MAT_SUFFIX, read_mat
from fcn_studio.core.errors import DataError
from fcn_studio.core.image import opened
from fcn_studio.core.labels import LabelSet, counted_classes

ROWS = 256  # of an RGB mask, looked up at a time
NAMED = 6  # values that a message names


def mask_values(path: Path) -> NDArray[np.generic]:
    """What a mask file holds, as it is: (H, W) numbers, or (H, W, 3) uint8 colours.

    Raises:
        DataError: It cannot be read, or is of no kind that masks have.
    """
    if path.suffix.lower() == MAT_SUFFIX:
        return read_mat(path)
    try:
        with opened(path) as image:
            if image.mode in ("P", "L", "1"):
                return np.array(image, dtype=np.uint8)
            if image.mode in ("I", "I;16", "I;16B"):
                return np.asarray(image)
            if image.mode in ("RGB", "RGBA"):
                return np.asarray(image)[..., :3]
            raise DataError(f"{path}: a mask is an indexed, greyscale or RGB PNG; this one is {image.mode}.")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: the mask cannot be read ({error}).") from error


def read_mask(path: Path, labels: LabelSet, encoding: Encoding = INDICES) -> NDArray[np.uint8]:
    """(H, W) uint8 class indices of a mask file; 255 counts as void too.

    Indexed and greyscale files (8 or 16 bits) hold numbers that `encoding` explains, RGB ones the label set's colours;
    transparency is passed over.

    Raises:
        DataError: Not a mask of this label set.
    """
    found = mask_values(path)
    if found.ndim == 3:
        return _from_colours(found.astype(np.uint8, copy=False), path, labels)
    values = found if found.dtype == np.uint8 else _from_wide(found, path)
    indices, legal = encoding.table(labels)
    fits = legal[values]
    if not fits.all():
        raise DataError(
            f"{path}: label {int(values[~fits][0])} is neither one of the {counted_classes(len(labels))} of "
            f"{labels.name}{_as_values(encoding)} nor void{_as_void(encoding, labels)}."
        )
    mask: NDArray[np.uint8] = indices[values]
    return mask


def _as_values(encoding: Encoding) -> str:
    """How the classes are written, where that is not by their indices: the other thing that may be wrong."""
    if encoding.values is None:
        return ""
    some = ", ".join(map(str, encoding.values[:NAMED])) + ", ..." * (len(encoding.values) > NAMED)
    return f' (whose values in the masks are {some}; labels.json can change that with "values")'


def _as_void(encoding: Encoding, labels: LabelSet) -> str:
    void = [value for value in encoding.void or (labels.void,) if value not in (encoding.values or ())]
    return f" ({', '.join(map(str, void))})" if void else ""


def _from_wide(values: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 255:
        raise DataError(f"{path}: value {low if low < 0 else high} is no label; labels are 0 to 255.")
    return values.astype(np.uint8)


def colour_numbers(labels: LabelSet) -> dict[int, int]:
    """By 0xRRGGBB, the class index of each colour of a label set, or its void.

    The first of equal colours counts, and a class before void.
    """
    numbers: dict[int, int] = {}
    for index, (red, green, blue) in enumerate((*labels.colours, labels.void_colour)):
        numbers.setdefault(red << 16 | green << 8 | blue, index if index < len(labels) else labels.void)
    return numbers


def colour_codes(pixels: NDArray[np.generic]) -> NDArray[np.int32]:
    """(H, W) 0xRRGGBB of (H, W, 3) colours."""
    wide = pixels.astype(np.int32)
    codes: NDArray[np.int32] = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return codes


def _from_colours(pixels: NDArray[np.uint8], path: Path, labels: LabelSet) -> NDArray[np.uint8]:
    numbers = colour_numbers(labels)
    codes = np.array(sorted(numbers), dtype=np.int32)
    values = np.array([numbers[code] for code in codes.tolist()], dtype=np.uint8)
    indices = np.empty(pixels.shape[:2], dtype=np.uint8)
    for start in range(0, len(pixels), ROWS):
        part = pixels[start : start + ROWS]
        found = colour_codes(part)
        place = np.searchsorted(codes, found).clip(max=len(codes) - 1)
        known = codes[place] == found
        if not known.all():
            colour = tuple(part[~known][0].tolist())
            raise DataError(
                f"{path}: colour {colour} is not one of the label set {labels.name}; use the photo's own mask, in this "
                f"set's colours or as a greyscale PNG of class indices."
            )
        indices[start : start + ROWS] = values[place]
    return indices
