"""What the values of a single mask stand for: what its data set says, or its own colours; else nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fcn_studio.core.datasets.class_files import find_class_file, read_class_file
from fcn_studio.core.datasets.dataset import Dataset, dataset_in, said_by
from fcn_studio.core.datasets.label_file import LABEL_FILE, LabelFile
from fcn_studio.core.datasets.masks.encoding import INDICES, Encoding
from fcn_studio.core.datasets.masks.mask_file import MaskContent, colour_codes, mask_content
from fcn_studio.core.datasets.masks.palette_reading import colour_numbers, from_map
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet

LEVELS = 4  # folders above a mask that may be its data set's: masks/train/city/a.png


@dataclass(frozen=True, slots=True)
class MaskClasses:
    """What a mask holds.

    Attributes:
        labels: Its classes.
        encoding: What its numbers stand for.
    """

    labels: LabelSet
    encoding: Encoding = INDICES


def classes_around(mask: Path) -> MaskClasses | None:
    """What the folders that a mask lies in say of it, or None where they say nothing.

    Raises:
        DataError: What names the classes there is malformed.
    """
    whole = mask.absolute()
    for folder in list(whole.parents)[:LEVELS]:
        named = _named_in(folder)
        try:
            dataset = dataset_in(folder)
        except DataError:
            dataset = None
        if dataset is not None and dataset.labels is not None:
            encoding = _encoding_in(dataset, whole)
            if encoding is not None or named is not None:
                return MaskClasses(dataset.labels, encoding or dataset.encoding or INDICES)
        elif named is not None:
            return MaskClasses(named.labels, named.encoding or INDICES)
    return None


def shows_colours_of(mask: Path, labels: LabelSet) -> bool:
    """Whether a mask is in the colours of a label set, which then are its classes.

    Colours of VOC's map say nothing: it colours the masks of any classes.

    Raises:
        DataError: It cannot be read.
    """
    if from_map(labels, 0) or from_map(labels, 1):
        return False
    content = mask_content(mask)
    colours = _colours(content)
    return len(colours - {0}) > 1 and colours <= colour_numbers(labels).keys()


def _named_in(folder: Path) -> LabelFile | None:
    said, _ = said_by(folder / LABEL_FILE)
    if said is not None:
        return said
    path = find_class_file([folder])
    return read_class_file(path, folder.name or "labels") if path is not None else None


def _encoding_in(dataset: Dataset, mask: Path) -> Encoding | None:
    """That of a mask of the data set, or None where it has none such."""
    for split in dataset.splits:
        try:
            pairs = dataset.listing(split).pairs
        except DataError:
            continue
        for example in pairs:
            if example.mask.name == mask.name and example.mask.absolute() == mask:
                return example.encoding
    return None


def _colours(content: MaskContent) -> set[int]:
    if content.is_coloured:
        return set(np.unique(colour_codes(content.pixels)).tolist())
    palette = content.palette or ()
    return {palette[value] for value in np.unique(content.pixels).tolist() if value < len(palette)}
