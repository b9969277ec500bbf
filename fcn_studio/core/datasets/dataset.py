"""Data set folders: photos, and the masks that go with them, however the folder is laid out.

The layouts lie in `core.datasets`, one file each; a `labels.json` in the folder (`core.datasets.label_file`) names the
classes where the layout does not, and has the last word where it does; without one, the files of other tools do
(`core.datasets.class_files`). Where nothing names them they are not known, and no net's are taken for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcn_studio import paths
from fcn_studio.core.datasets.arrangement import ANYWHERE, EXAMPLES, Arrangement, arrangement_of
from fcn_studio.core.datasets.class_files import find_class_file, read_class_file
from fcn_studio.core.datasets.division import divided
from fcn_studio.core.datasets.file_names import folders_in
from fcn_studio.core.datasets.label_file import EXAMPLE, LABEL_FILE, LabelFile, read_content, read_label_file
from fcn_studio.core.datasets.label_match import comparable_names
from fcn_studio.core.datasets.layouts import (
    ade20k,
    beside,
    cityscapes,
    listed,
    named_after,
    nyud,
    plain,
    sbd,
    segnet,
    voc,
)
from fcn_studio.core.datasets.layouts.layout import Example, Found, Layout, Listing, ordered
from fcn_studio.core.datasets.masks.countings import countings, possible
from fcn_studio.core.datasets.masks.encoding import INDICES, Encoding
from fcn_studio.core.datasets.masks.mask_file import mask_content, read_by, read_mask
from fcn_studio.core.datasets.masks.palette_reading import ReadBy
from fcn_studio.core.datasets.masks.size_words import differing_sizes
from fcn_studio.core.datasets.splits import SPLIT_NAMES
from fcn_studio.core.errors import DataError, ImageError
from fcn_studio.core.images.image import read_image
from fcn_studio.core.labels import LabelSet, read_data_card, read_label_set

__all__ = ["Dataset", "Example", "find_examples", "open_dataset", "read_example", "read_mask"]

# Those with the more telling names first: ADE20K's folders would do as a plain data set too.
LAYOUTS: tuple[Layout, ...] = tuple(
    module.LAYOUT for module in (cityscapes, ade20k, voc, sbd, nyud, segnet, named_after, plain, listed, beside)
)
ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".xz", ".bz2"})
NAMED = 6  # things of a folder that a message names
SAMPLED = 60  # masks that are opened where their values decide how all are read, or to say how they are
# Their folders have the names of a data set that many others are arranged like: CVAT and labelme write VOC's.
OFTEN_COPIED = frozenset({"voc", "segnet"})


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set's folder, understood.

    Attributes:
        folder: Where it lies.
        layout: Name of its layout, such as `voc`.
        splits: Names of the splits that are there and labelled, train and val first.
        labels: Its classes, or None where neither the layout nor a labels.json says.
        card: name, source and licence of the data, where they are known.
        source: The file that names the classes, or empty where the layout does, or nothing.
        has_colours: Whether the classes' colours are the data's own.
        encoding: What the masks' values stand for, or None where that is the layout's to say.
        notes: Sentences on what had to be decided to read the masks.
    """

    folder: Path
    layout: str
    splits: tuple[str, ...]
    labels: LabelSet | None
    card: Mapping[str, Any]
    _found: Found
    source: str = ""
    has_colours: bool = False
    encoding: Encoding | None = None
    notes: tuple[str, ...] = ()

    @property
    def only_split(self) -> str | None:
        """The one split of a data set that nobody has divided; None where there are others, or it is train, val, ..."""
        only = self.splits[0] if len(self.splits) == 1 else ""
        return only if only and only not in SPLIT_NAMES.values() else None

    @property
    def known_labels(self) -> LabelSet:
        """Its classes.

        Raises:
            DataError: Nothing says what they are.
        """
        if self.labels is None:
            raise DataError(
                f"{self.folder}: nothing says what the classes of these masks are; put a {LABEL_FILE} beside them, "
                f"such as {EXAMPLE}, or name a label set with --labels. `fcn-studio data check` proposes one."
            )
        return self.labels

    @property
    def division_note(self) -> str:
        """How the only split is divided for training; empty where there are others."""
        if not self.only_split:
            return ""
        return (
            f"{self.only_split} is the only split: every fifth of its photos is val, to measure on, and the others are "
            f"train. Lists of names, train.txt and val.txt, divide it otherwise."
        )

    def reading_notes(self, split: str) -> tuple[str, ...]:
        """What to say of how a split's masks are read, after a look into some of them."""
        if self.labels is None:
            return self.notes
        ways: list[ReadBy] = []
        for example in _spread(self.listing(split).pairs):
            try:
                ways.append(read_by(mask_content(example.mask), self.labels, example.encoding))
            except DataError:
                continue  # it is told of where it is read
        if not any(how is ReadBy.PALETTE for how in ways):
            return self.notes
        return (
            *self.notes,
            f"Masks whose palette has the colours of {self.labels.name} in another order are read by colour, not by "
            f"index.",
        )

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
                f"{alone[0]}: no mask of this name in {listing.mask_folder} ({len(alone)} photos have none); "
                f"fcn-studio data check {self.folder} says how to pair them."
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
        lister = self._found.splits.get(split) or self._found.splits.get(SPLIT_NAMES.get(split, split))
        if lister is None and self.only_split and split in ("train", "val"):
            return divided(self.listing(self.only_split), split)
        if lister is None:
            if reason := (self._found.unlabelled or {}).get(split):
                raise DataError(f"{self.folder}: {reason}")
            raise DataError(
                f"{self.folder / split}: no such folder, nor list of a split; there is {' and '.join(self.splits)}."
            )
        listing = lister()
        if self.encoding is None:
            return listing
        return replace(listing, pairs=tuple(replace(example, encoding=self.encoding) for example in listing.pairs))


def open_dataset(folder: Path, given: LabelFile | None = None) -> Dataset:
    """Understands a folder by the layouts that are known; photos are not opened.

    Masks are where a built-in set is named whose files are known to count in several ways (`core.datasets.countings`).

    Args:
        folder: Where it lies.
        given: The classes, whatever the folder says of them.

    Raises:
        DataError: No such folder, no layout fits, or the file that names its classes is malformed.
    """
    if not folder.is_dir():
        if is_archive(folder):
            raise DataError(f"{folder}: an archive; unpack it, and name the folder that it unpacks to.")
        raise DataError(f"{folder}: no such folder; name the folder that holds the data set.")
    dataset = dataset_in(folder, given)
    if dataset is None:
        try:
            why = _nothing_fits(folder)
        except OSError as error:
            raise _unreadable(folder, error) from error
        raise DataError(why)
    return dataset


def dataset_in(folder: Path, given: LabelFile | None = None) -> Dataset | None:
    """What `open_dataset` gives, or None where no layout fits; of the folders in this one nothing is asked then.

    Raises:
        DataError: The folder cannot be read, or the file that names its classes is malformed.
    """
    said, arrangement = said_by(folder / LABEL_FILE)
    given = given or said
    try:
        fits = _fitting(folder, arrangement)
        if fits is None:
            return None
        if given is None:
            given = _of_another_tool(folder, *fits)
    except OSError as error:
        raise _unreadable(folder, error) from error
    layout, found = fits
    splits = tuple(ordered(found.splits))
    if given is None:
        labels, card = _of_layout(found)
        return Dataset(folder, layout, splits, labels, MappingProxyType(card), found, has_colours=labels is not None)
    opened = Dataset(
        folder,
        layout,
        splits,
        given.labels,
        MappingProxyType(dict(given.card)),
        found,
        given.source,
        given.has_colours,
        given.encoding or (INDICES if found.label_set is None else None),
    )
    # Where the layout is the set's own, it knows how the files count.
    return opened if given.encoding or found.label_set == given.labels.name else _counted(opened)


def _unreadable(folder: Path, error: OSError) -> DataError:
    return DataError(f"{error.filename or folder}: the folder cannot be read ({error.strerror}).")


def said_by(path: Path) -> tuple[LabelFile | None, Arrangement]:
    """The classes that a labels.json names, and where it says that files lie."""
    if not path.is_file():
        return None, ANYWHERE
    content = read_content(path)
    arrangement = arrangement_of(content, path)
    says_only_where = bool(arrangement) and not content.keys() - set(EXAMPLES)
    return None if says_only_where else read_label_file(path), arrangement


def is_archive(path: Path) -> bool:
    """Whether a path is a file that other files are packed into."""
    return path.suffix.lower() in ARCHIVES and path.is_file()


def inner_datasets(folder: Path) -> tuple[Path, ...]:
    """The data sets that lie one folder further down, as archives unpack them; deeper ones are not looked for.

    Raises:
        OSError: The folder cannot be read.
    """
    return tuple(folder / name for name in folders_in(folder) if _is_dataset(folder / name))


def _is_dataset(folder: Path) -> bool:
    try:
        return dataset_in(folder) is not None
    except DataError:
        return False


def is_mask_in(folder: Path) -> Callable[[Path], bool]:
    """What tells of a file in a folder whether it is a mask of the data set that the folder is; of none if it is none.

    Files in a folder of masks are masks too, whatever they are named: colours and instances of the same objects.
    """
    try:
        dataset = dataset_in(folder)
    except DataError:
        dataset = None
    if dataset is None:
        return lambda path: False
    photos: set[Path] = set()
    masks: set[Path] = set()
    places: set[Path] = set()
    for split in dataset.splits:
        try:
            listing = dataset.listing(split)
        except DataError:
            continue
        photos.update(example.photo for example in listing.pairs)
        photos.update(listing.photos_alone)
        masks.update(example.mask for example in listing.pairs)
        masks.update(listing.masks_alone)
        places.update(listing.mask_folders)
    return lambda path: path in masks or (path not in photos and not places.isdisjoint(path.parents))


def _fitting(folder: Path, arrangement: Arrangement) -> tuple[str, Found] | None:
    """The name of the layout that fits, and the folder as it reads it."""
    if not arrangement:
        for layout in LAYOUTS:
            if found := layout.recognise(folder):
                return layout.name, found
        return None
    readers = [plain] if arrangement.photos or arrangement.masks else [segnet, named_after, plain, beside]
    for module in readers:
        if found := module.recognise(folder, arrangement):
            return module.LAYOUT.name, found
    raise DataError(
        f"{folder / LABEL_FILE}: says {arrangement}, but there are no such folders or files in {folder}, nor in a "
        f"folder named train or val in it; photos and masks name folders as seen from there."
    )


def _counted(dataset: Dataset) -> Dataset:
    """With the way to count that the values of the masks allow, where a built-in set's files have several."""
    labels = dataset.known_labels
    left = ways = list(countings(labels))
    if not ways:
        return dataset
    pairs: dict[Path, Example] = {}
    for split in dataset.splits:
        try:
            pairs.update((example.mask, example) for example in dataset.listing(split).pairs)
        except DataError:
            continue  # it is told of where the split is asked for
    for example in _spread(tuple(pairs.values())):
        try:
            content = mask_content(example.mask)
        except DataError:
            continue
        if not content.is_coloured:
            left = possible(left, np.unique(content.pixels).tolist(), labels) or left
        if len(left) == 1:
            break
    chosen = left[0]
    others = " or ".join(f'{{"name": "{labels.name}", {way.key}}} if {way.words}' for way in ways if way is not chosen)
    note = f"The masks are read as those of {labels.name} where {chosen.words}; write into {LABEL_FILE} {others}."
    return replace(dataset, encoding=chosen.encoding, notes=(note,))


def _spread(examples: tuple[Example, ...]) -> list[Example]:
    """Some of many, from all over."""
    return (
        [examples[place * len(examples) // SAMPLED] for place in range(SAMPLED)]
        if len(examples) > SAMPLED
        else [*examples]
    )


def _of_another_tool(folder: Path, layout: str, found: Found) -> LabelFile | None:
    """The classes by another tool's file in the folder, or in that of a split."""
    if found.label_set is not None and layout not in OFTEN_COPIED:
        return None
    names = [name for name in folders_in(folder) if name in SPLIT_NAMES]
    path = find_class_file([folder, *(folder / name for name in names)])
    if path is None:
        return None
    given = read_class_file(path, folder.resolve().name or "labels")
    known, _ = _of_layout(found)
    if known is not None and not given.has_colours and _things(known) == _things(given.labels):
        return None  # the layout's own classes in other words
    return given


def _things(labels: LabelSet) -> list[str]:
    return [name for name in comparable_names(labels) if name != "background"]


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
        raise DataError(differing_sizes(example.photo, example.mask, photo.shape[:2], mask.shape))
    return photo, mask


def _of_layout(found: Found) -> tuple[LabelSet | None, dict[str, Any]]:
    if found.label_set is None:
        return None, {}
    path = paths.resources() / "labels" / f"{found.label_set}.toml"
    return read_label_set(path), read_data_card(path)


def _nothing_fits(folder: Path) -> str:
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda it: it.name)
    if inner := inner_datasets(folder):
        return f"{folder}: the data set is one folder further down; name {' or '.join(map(str, inner))}."
    if archives := [entry.name for entry in entries if is_archive(Path(entry.path))]:
        return f"{folder}: holds {archives[0]}, an archive; unpack it, and name the folder that it unpacks to."
    names = [entry.name + "/" * entry.is_dir() for entry in entries]
    there = f"{', '.join(names[:NAMED])}{f' and {len(names) - NAMED} more' * (len(names) > NAMED)}" or "nothing"
    looked_for = [layout.looks_like for layout in reversed(LAYOUTS)]
    return (
        f"{folder}: no data set's layout fits: looked for {', '.join(looked_for)}; "
        f"there is {there}; put photos into images/, masks of the same names (PNG, values are class indices) into "
        f"masks/, and a {LABEL_FILE} beside them: {EXAMPLE}; or say in it where they are: "
        f'"photos": "FOLDER", "masks": "FOLDER", "ending": "_L".'
    )
