"""Mask files to class indices: indexed, greyscale and coloured images, and MATLAB files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.datasets.masks.encoding import INDICES, VALUES, Encoding
from fcn_studio.core.datasets.masks.mat_file import MAT_SUFFIX, read_mat
from fcn_studio.core.datasets.masks.palette_reading import (
    GREY,
    ReadBy,
    code,
    colour_numbers,
    read_colours_by,
    read_indices_by,
    rgb,
    through_palette,
)
from fcn_studio.core.errors import DataError
from fcn_studio.core.images.image import opened
from fcn_studio.core.labels import MAX_CLASSES, LabelSet, counted_classes

ROWS = 256  # of an RGB mask, looked up at a time
NAMED = 6  # values that a message names


@dataclass(frozen=True, slots=True, eq=False)
class MaskContent:
    """What a mask file holds, as it is.

    Attributes:
        pixels: (H, W) numbers, or (H, W, 3) uint8 colours.
        palette: 0xRRGGBB of each index, or None where the file has no palette.
    """

    pixels: NDArray[np.generic]
    palette: tuple[int, ...] | None = None

    @property
    def is_coloured(self) -> bool:
        """Whether pixels are colours."""
        return self.pixels.ndim == 3


def mask_content(path: Path) -> MaskContent:
    """Opens a mask file.

    Raises:
        DataError: It cannot be read, or is of no kind that masks have.
    """
    if path.suffix.lower() == MAT_SUFFIX:
        return MaskContent(read_mat(path))
    try:
        with opened(path) as image:
            if image.mode == "P":
                pixels = np.array(image, dtype=np.uint8)
                flat = image.getpalette("RGB") or []
                return MaskContent(pixels, tuple(map(code, zip(flat[::3], flat[1::3], flat[2::3], strict=True))))
            if image.mode in ("L", "1"):
                return MaskContent(np.array(image, dtype=np.uint8))
            if image.mode in ("I", "I;16", "I;16B"):
                return MaskContent(np.asarray(image))
            if image.mode in ("RGB", "RGBA"):
                return MaskContent(np.asarray(image)[..., :3])
            if image.mode == "LA":
                return MaskContent(np.asarray(image)[..., 0])
            raise DataError(f"{path}: a mask is an indexed, greyscale or RGB PNG; this one is {image.mode}.")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: the mask cannot be read ({error}).") from error


def read_mask(path: Path, labels: LabelSet, encoding: Encoding = INDICES) -> NDArray[np.uint8]:
    """(H, W) uint8 class indices of a mask file; 255 counts as void too.

    Greyscale files (8 or 16 bits), indexed ones and RGB ones of greys hold numbers that `encoding` explains; RGB ones
    of colours, and indexed ones whose palette has the set's colours in another order, the label set's colours.
    Transparency is passed over.

    Raises:
        DataError: Not a mask of this label set, which may have more classes than a mask has values.
    """
    if not labels.fits_masks:
        raise DataError(
            f"{path}: a mask tells at most {MAX_CLASSES} classes apart, not the {len(labels)} of {labels.name}; open a "
            "net that segments to use it."
        )
    content = mask_content(path)
    how = read_by(content, labels, encoding)
    if how is ReadBy.COLOURS:
        return _from_colours(content.pixels.astype(np.uint8, copy=False), path, labels)
    numbers = content.pixels[..., 0] if how is ReadBy.GREYS else content.pixels
    values = _from_wide(numbers, path)
    if content.palette is None or how in (ReadBy.NUMBERS, ReadBy.GREYS):
        return _from_numbers(values, path, labels, encoding)
    used = _used(values)
    stands_for = {value: through_palette(value, content.palette, how) for value in used}
    if how is ReadBy.GREY_PALETTE:
        levels = np.zeros(VALUES, dtype=np.uint8)
        levels[used] = [stands_for[value] for value in used]
        return _from_numbers(levels[values], path, labels, encoding)
    known = colour_numbers(labels)
    if foreign := [colour for colour in stands_for.values() if colour not in known]:
        raise DataError(
            f"{path}: its palette has the colours of {labels.name} in another order, and {rgb(foreign[0])}, which is "
            f"none of them; save the mask in this set's colours only, or as a greyscale PNG of class indices."
        )
    indices = np.zeros(VALUES, dtype=np.uint8)
    indices[used] = [known[stands_for[value]] for value in used]
    found: NDArray[np.uint8] = indices[values]
    return found


def read_by(content: MaskContent, labels: LabelSet, encoding: Encoding) -> ReadBy:
    """By what a mask is read."""
    if content.is_coloured:
        levels = _grey_levels(content.pixels.astype(np.uint8, copy=False))
        if levels is None:
            return ReadBy.COLOURS
        return read_colours_by([level * GREY for level in _used(levels)], labels, encoding)
    if content.palette is None:
        return ReadBy.NUMBERS
    return read_indices_by(_used(content.pixels.astype(np.uint8, copy=False)), content.palette, labels, encoding)


def _used(values: NDArray[np.uint8]) -> list[int]:
    counts = np.zeros(VALUES, np.int64)
    for top in range(0, len(values), ROWS):  # bincount makes 64-bit numbers of what it counts
        counts += np.bincount(values[top : top + ROWS].ravel(), minlength=VALUES)
    return [int(value) for value in np.flatnonzero(counts)]


def _grey_levels(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """(H, W) of (H, W, 3) colours that are all grey; None where one is not."""
    for start in range(0, len(pixels), ROWS):
        part = pixels[start : start + ROWS]
        if (part[..., 1:] != part[..., :1]).any():
            return None
    return np.ascontiguousarray(pixels[..., 0])


def _from_numbers(values: NDArray[np.uint8], path: Path, labels: LabelSet, encoding: Encoding) -> NDArray[np.uint8]:
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
    return f' (whose values in the masks are {some}; labels.json can change that with "values" and "void")'


def _as_void(encoding: Encoding, labels: LabelSet) -> str:
    void = [value for value in encoding.void or (labels.void,) if value not in (encoding.values or ())]
    some = ", ".join(map(str, void[:NAMED])) + ", ..." * (len(void) > NAMED)
    return f" ({some})" if void else ""


def _from_wide(values: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 255:
        raise DataError(f"{path}: value {low if low < 0 else high} is no label; labels are 0 to 255.")
    return values.astype(np.uint8)


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
