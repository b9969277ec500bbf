"""Data set folders: photos, and the masks that go with them, however the folder is laid out.

The layouts lie in `core.datasets`, one file each; a `labels.json` in the folder (`core.datasets.label_file`) names the
classes where the layout does not, and has the last word where it does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcn_studio import paths
from fcn_studio.core.datasets import ade20k, cityscapes, nyud, plain, sbd, segnet, voc
from fcn_studio.core.datasets.label_file import EXAMPLE, LABEL_FILE, LabelFile, read_label_file
from fcn_studio.core.datasets.layout import Example, Found, Layout, Listing, ordered
from fcn_studio.core.datasets.mask_file import read_mask
from fcn_studio.core.errors import DataError, ImageError
from fcn_studio.core.image import read_image
from fcn_studio.core.labels import LabelSet, read_data_card, read_label_set

__all__ = ["Dataset", "Example", "find_examples", "open_dataset", "read_example", "read_mask"]

# Those with the more telling names first: ADE20K's folders would do as a plain data set too.
LAYOUTS: tuple[Layout, ...] = tuple(module.LAYOUT for module in (cityscapes, ade20k, voc, sbd, nyud, segnet, plain))
NAMED = 6  # things of a folder that a message names


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set's folder, understood.

    Attributes:
        folder: Where it lies.
        layout: Name of its layout, such as `voc`.
        splits: Names of the splits that are there and labelled, train and val first.
        labels: Its classes, or None where neither the layout nor a labels.json says.
        card: name, source and licence of the data, where they are known.
    """

    folder: Path
    layout: str
    splits: tuple[str, ...]
    labels: LabelSet | None
    card: Mapping[str, Any]
    _found: Found
    _given: LabelFile | None = None

    def examples(self, split: str) -> tuple[Example, ...]:
        """The pairs of a split, by name or in the order of its list.

        Raises:
            DataError: There is no such split, or it is empty, or a photo has no mask.
        """
        listing = self.listing(split)
        if listing.missing:
            more = f" ({len(listing.missing)} names of the list have none)" if len(listing.missing) > 1 else ""
            raise DataError(f"{listing.missing[0].removesuffix('.')}{more}.")
        if alone := listing.photos_alone:
            raise DataError(
                f"{alone[0]}: no mask of this name in {listing.mask_folder} ({len(alone)} photos have none)."
            )
        if listing.is_empty_list:
            raise DataError(f"{listing.list_path}: the list is empty; write the names of photos into it, one a line.")
        if not listing.pairs:
            raise DataError(f"{listing.photo_folder}: no images for the split {split!r}.")
        return listing.pairs

    def whole(self) -> Listing | None:
        """All files, where the splits are lists that are meant to name each of them; None elsewhere."""
        return self._found.whole() if self._found.whole else None

    def listing(self, split: str) -> Listing:
        """What a split holds, whole or not.

        Raises:
            DataError: There is no such split, or its folders or its list cannot be read.
        """
        lister = self._found.splits.get(split) or self._found.splits.get(plain.SPLIT_NAMES.get(split, split))
        if lister is None:
            if reason := (self._found.unlabelled or {}).get(split):
                raise DataError(f"{self.folder}: {reason}")
            raise DataError(
                f"{self.folder / split}: no such folder, nor list of a split; there is {' and '.join(self.splits)}."
            )
        listing = lister()
        if self._given is None or self._given.encoding is None:
            return listing
        encoding = self._given.encoding
        return replace(listing, pairs=tuple(replace(example, encoding=encoding) for example in listing.pairs))


def open_dataset(folder: Path) -> Dataset:
    """Understands a folder by the layouts that are known; no photo is opened.

    Raises:
        DataError: No such folder, no layout fits, or its labels.json is malformed.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name the folder that holds the data set.")
    given = read_label_file(folder / LABEL_FILE) if (folder / LABEL_FILE).is_file() else None
    try:
        for layout in LAYOUTS:
            if found := layout.recognise(folder):
                break
        else:
            raise DataError(_nothing_fits(folder))
    except OSError as error:
        raise DataError(f"{error.filename or folder}: the folder cannot be read ({error.strerror}).") from error
    splits = ordered(found.splits)
    labels, card = _labels(found, given)
    return Dataset(folder, layout.name, tuple(splits), labels, MappingProxyType(card), found, given)


def find_examples(folder: Path, split: str) -> tuple[Example, ...]:
    """The pairs of a split, by name or in the order of its list.

    Raises:
        DataError: No layout fits the folder, it has no such split, or a photo has no mask.
    """
    return open_dataset(folder).examples(split)


def read_example(example: Example, labels: LabelSet) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The (H, W, 3) photo and its (H, W) mask of class indices, void being `labels.void`, of one size.

    Raises:
        DataError: Either cannot be read, or they differ in size.
    """
    try:
        photo = read_image(example.photo)
    except ImageError as error:
        raise DataError(str(error)) from error
    mask = read_mask(example.mask, labels, example.encoding)
    if photo.shape[:2] != mask.shape:
        raise DataError(
            f"{example.mask}: the mask is {mask.shape[1]}x{mask.shape[0]} but its photo "
            f"{photo.shape[1]}x{photo.shape[0]}."
        )
    return photo, mask


def _labels(found: Found, given: LabelFile | None) -> tuple[LabelSet | None, dict[str, Any]]:
    if given is not None:
        return given.labels, dict(given.card)
    if found.label_set is None:
        return None, {}
    path = paths.resources() / "labels" / f"{found.label_set}.toml"
    return read_label_set(path), read_data_card(path)


def _nothing_fits(folder: Path) -> str:
    names = sorted(entry.name + "/" * entry.is_dir() for entry in os.scandir(folder) if not entry.name.startswith("."))
    there = f"{', '.join(names[:NAMED])}{f' and {len(names) - NAMED} more' * (len(names) > NAMED)}" or "nothing"
    looked_for = [layout.looks_like for layout in reversed(LAYOUTS)]
    return (
        f"{folder}: no data set's layout fits: looked for {', '.join(looked_for)}; "
        f"there is {there}; put photos into images/, masks of the same names (PNG, values are class indices) into "
        f"masks/, and a {LABEL_FILE} beside them: {EXAMPLE}."
    )
