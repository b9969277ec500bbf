"""One photo and its mask opened for a check: sizes, content, and how often each value of the mask occurs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.datasets.checks.orientation_fit import OrientationFit, orientation_fit
from fcn_studio.core.datasets.file_names import LOSSY
from fcn_studio.core.datasets.layouts.layout import Example
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.datasets.masks.mask_file import ROWS, colour_codes, mask_content
from fcn_studio.core.datasets.masks.palette_reading import (
    GREY,
    ReadBy,
    colour_numbers,
    has_other_colours,
    read_colours_by,
    read_indices_by,
    through_palette,
)
from fcn_studio.core.datasets.masks.size_words import exif_orientation
from fcn_studio.core.errors import DataError, ImageError
from fcn_studio.core.images.image import TURNED, read_photo
from fcn_studio.core.labels import LabelSet

MOST_VALUES = 1024  # kept of one mask, the most frequent; a mask that has more is none
FEWEST_SCATTERED = 3  # a class of thin lines may be scattered, but hardly three of them

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PairScan:
    """What was seen in a pair's files.

    Attributes:
        example: The pair.
        photo_size: (width, height) as the photo is shown, or None where it cannot be read.
        mask_size: (width, height), or None likewise.
        photo_error: Why the photo cannot be read, or empty.
        mask_error: Why the mask cannot be read, or empty.
        digest: Of the photo file's bytes; empty where they cannot be read.
        turned: Whether the photo's EXIF orientation changes rows and columns as it is read.
        fit: Of a photo that EXIF turns or flips and whose size does not tell, how its mask fits it either way.
        is_coloured: Whether the mask holds colours; its values are 0xRRGGBB then.
        palette: 0xRRGGBB of each index, or None where the mask has no palette.
        read_by: By what its values are read; NUMBERS or COLOURS as they are in the file, until classes are known.
        values: Pixels by value, the most frequent MOST_VALUES.
        distinct: How many values there are.
        scattered: How many of them have no 2x2 pixels together and lie between their neighbours, as blends of JPEG and
            of interpolation do and thin lines do not.
        lossy: Whether the mask is a JPEG.
        photo_notes: What to say of how the photo was read, see `ReadPhoto`.
    """

    example: Example
    photo_size: Size | None = None
    mask_size: Size | None = None
    photo_error: str = ""
    mask_error: str = ""
    digest: bytes = b""
    turned: bool = False
    fit: OrientationFit | None = None
    is_coloured: bool = False
    palette: tuple[int, ...] | None = None
    read_by: ReadBy = ReadBy.NUMBERS
    values: Mapping[int, int] | None = None
    distinct: int = 0
    scattered: int = 0
    lossy: bool = False
    photo_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadValues:
    """A mask's values in terms of a label set.

    Attributes:
        classes: (n,) int64 pixels of each class.
        void: Unlabelled pixels.
        illegal: Pixels by value that is neither.
    """

    classes: NDArray[np.int64]
    void: int
    illegal: Mapping[int, int]


def scan_pair(example: Example) -> PairScan:
    """Opens both files; what cannot be read is told in the result."""
    photo, photo_size, orientation, digest, photo_error = None, None, 1, b"", ""
    notes: tuple[str, ...] = ()
    try:
        with example.photo.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        read = read_photo(example.photo)
        photo, notes = read.pixels, read.notes
        photo_size = (photo.shape[1], photo.shape[0])
        orientation = exif_orientation(example.photo)
    except (ImageError, OSError) as error:
        photo_error = str(error)
    try:
        found = mask_content(example.mask)
    except (DataError, MemoryError) as error:
        return PairScan(
            example,
            photo_size,
            photo_error=photo_error,
            mask_error=str(error),
            digest=digest,
            turned=orientation in TURNED,
            photo_notes=notes,
        )
    content = found.pixels
    values, counts = _counted(content)
    most = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    return PairScan(
        example,
        photo_size,
        mask_size=(content.shape[1], content.shape[0]),
        photo_error=photo_error,
        digest=digest,
        turned=orientation in TURNED,
        fit=orientation_fit(photo, content, orientation) if photo is not None else None,
        is_coloured=found.is_coloured,
        palette=found.palette,
        read_by=ReadBy.COLOURS if found.is_coloured else ReadBy.NUMBERS,
        values={int(values[place]): int(counts[place]) for place in np.sort(most)},
        distinct=len(values),
        scattered=_scattered(content, values),
        lossy=example.mask.suffix.lower() in LOSSY,
        photo_notes=notes,
    )


def _scattered(content: NDArray[np.generic], values: NDArray[np.generic]) -> int:
    if not FEWEST_SCATTERED <= len(values) <= MOST_VALUES:  # too few to tell, or told by their number alone
        return 0
    numbers = colour_codes(content) if content.ndim == 3 else content
    corner = numbers[:-1, :-1]
    alike = (corner == numbers[1:, :-1]) & (corner == numbers[:-1, 1:]) & (corner == numbers[1:, 1:])
    alone = set(values.tolist()) - {int(value) for value in np.unique(corner[alike])}
    if len(alone) < FEWEST_SCATTERED:
        return 0
    blends = np.zeros(numbers.shape, np.bool_)
    blends[:, 1:-1] |= _between(content[:, :-2], content[:, 1:-1], content[:, 2:])
    blends[1:-1] |= _between(content[:-2], content[1:-1], content[2:])
    in_all = dict(zip(*_plain(numbers), strict=True))
    blended = dict(zip(*_plain(numbers[blends]), strict=True))
    return sum(2 * blended.get(value, 0) >= in_all[value] for value in alone)


def _between(before: NDArray[np.generic], here: NDArray[np.generic], after: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a pixel lies between its two neighbours, in each channel, and differs from both."""
    inside = (np.minimum(before, after) <= here) & (here <= np.maximum(before, after))
    unlike = [here != before, here != after]
    if here.ndim == 3:
        inside, unlike = inside.all(axis=-1), [differing.any(axis=-1) for differing in unlike]
    found: NDArray[np.bool_] = inside & unlike[0] & unlike[1]
    return found


def _plain(numbers: NDArray[np.generic]) -> tuple[list[int], list[int]]:
    values, counts = np.unique(numbers, return_counts=True)
    return values.tolist(), counts.tolist()


def understood(scan: PairScan, labels: LabelSet | None) -> PairScan:
    """A scan whose values are what the mask's pixels are read by: numbers of grey colours, colours of a palette."""
    values, encoding = scan.values, scan.example.encoding
    if not values:
        return scan
    if scan.is_coloured:
        if any(value % GREY for value in values):
            return scan
        how = read_colours_by(values, labels, encoding) if labels is not None else ReadBy.GREYS
        if how is ReadBy.COLOURS:
            return scan
        return replace(
            scan, is_coloured=False, values={value // GREY: count for value, count in values.items()}, read_by=how
        )
    if labels is None or scan.palette is None:
        return scan
    how = read_indices_by(values, scan.palette, labels, encoding)
    if how is ReadBy.NUMBERS:
        return scan
    counts: Counter[int] = Counter()
    for value, count in values.items():
        counts[through_palette(value, scan.palette, how)] += count
    return replace(scan, is_coloured=how is ReadBy.PALETTE, values=dict(sorted(counts.items())), read_by=how)


def shows_other_colours(scan: PairScan, labels: LabelSet) -> bool:
    """Whether a mask that is read by its indices has a palette of other colours than the classes'."""
    return scan.read_by is ReadBy.NUMBERS and has_other_colours(
        scan.values or {}, scan.palette, labels, scan.example.encoding
    )


def _counted(content: NDArray[np.generic]) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    if content.dtype == np.uint8 and content.ndim == 2:
        counts = np.zeros(256, np.int64)
        for top in range(0, len(content), ROWS):  # bincount makes 64-bit numbers of what it counts
            counts += np.bincount(content[top : top + ROWS].ravel(), minlength=256)
        values = np.flatnonzero(counts)
        return values, counts[values]
    return np.unique(colour_codes(content) if content.ndim == 3 else content, return_counts=True)


def read_values(scan: PairScan, labels: LabelSet, encoding: Encoding) -> ReadValues:
    """What a mask's values mean; all zero where it could not be read."""
    classes, void = np.zeros(len(labels), np.int64), 0
    illegal: dict[int, int] = {}
    if scan.is_coloured:
        numbers = colour_numbers(labels)
    else:
        indices, legal = encoding.table(labels)
        numbers = {int(value): int(indices[value]) for value in np.flatnonzero(legal)}
    for value, count in (scan.values or {}).items():
        index = numbers.get(value)
        if index is None:
            illegal[value] = count
        elif index == labels.void:
            void += count
        else:
            classes[index] += count
    return ReadValues(classes, void, illegal)
