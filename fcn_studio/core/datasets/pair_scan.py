"""One photo and its mask opened for a check: sizes, content, and how often each value of the mask occurs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.datasets.encoding import Encoding
from fcn_studio.core.datasets.file_names import LOSSY
from fcn_studio.core.datasets.layout import Example
from fcn_studio.core.datasets.mask_file import ROWS, colour_codes, colour_numbers, mask_values
from fcn_studio.core.errors import DataError, ImageError
from fcn_studio.core.image import opened, read_image
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
        turned: Whether the photo's EXIF orientation turns it as it is read.
        is_coloured: Whether the mask holds colours; its values are 0xRRGGBB then.
        values: Pixels by value, the most frequent MOST_VALUES.
        distinct: How many values there are.
        scattered: How many of them have no 2x2 pixels together; blends of JPEG and of interpolation have none.
        lossy: Whether the mask is a JPEG.
    """

    example: Example
    photo_size: Size | None = None
    mask_size: Size | None = None
    photo_error: str = ""
    mask_error: str = ""
    digest: bytes = b""
    turned: bool = False
    is_coloured: bool = False
    values: Mapping[int, int] | None = None
    distinct: int = 0
    scattered: int = 0
    lossy: bool = False


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
    photo_size, turned, digest, photo_error = None, False, b"", ""
    try:
        with example.photo.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        height, width = read_image(example.photo).shape[:2]
        photo_size = (width, height)
        with opened(example.photo) as image:
            turned = image.size != photo_size
    except (ImageError, OSError) as error:
        photo_error = str(error)
    try:
        content = mask_values(example.mask)
    except (DataError, MemoryError) as error:
        return PairScan(
            example, photo_size, photo_error=photo_error, mask_error=str(error), digest=digest, turned=turned
        )
    values, counts = _counted(content)
    most = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    return PairScan(
        example,
        photo_size,
        mask_size=(content.shape[1], content.shape[0]),
        photo_error=photo_error,
        digest=digest,
        turned=turned,
        is_coloured=content.ndim == 3,
        values={int(values[place]): int(counts[place]) for place in np.sort(most)},
        distinct=len(values),
        scattered=_scattered(content, values),
        lossy=example.mask.suffix.lower() in LOSSY,
    )


def _scattered(content: NDArray[np.generic], values: NDArray[np.generic]) -> int:
    if not FEWEST_SCATTERED <= len(values) <= MOST_VALUES:  # too few to tell, or told by their number alone
        return 0
    numbers = colour_codes(content) if content.ndim == 3 else content
    corner = numbers[:-1, :-1]
    alike = (corner == numbers[1:, :-1]) & (corner == numbers[:-1, 1:]) & (corner == numbers[1:, 1:])
    together = corner[alike]
    return len(values) - len(_counted(together[:, np.newaxis] if together.dtype == np.uint8 else together)[0])


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
