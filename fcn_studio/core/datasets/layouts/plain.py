"""The layout of one's own data: `images/`, `masks/` of the same names, and a `labels.json`.

Splits are named by lists beside them (`train.txt`, `val.txt`), by folders in both (`images/train/`, `masks/train/`), or
by folders that hold both (`train/images/`, `train/masks/`); without any, all pairs are the one split `all`. Folders of
other names, and an ending of masks, are read where labels.json says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.arrangement import ANYWHERE, Arrangement
from fcn_studio.core.datasets.chosen import chosen
from fcn_studio.core.datasets.file_names import Names, folders_in, holds_any, names_in
from fcn_studio.core.datasets.layouts.beside import photos_and_masks
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.lists import read_list
from fcn_studio.core.datasets.mask_names import BESIDE
from fcn_studio.core.datasets.pairing import MASK_SUFFIXES, pair
from fcn_studio.core.datasets.splits import SPLIT_NAMES, lists_in
from fcn_studio.core.images.image import SUFFIXES

PHOTO_FOLDERS = ("images", "image", "photos", "imgs", "img", "JPEGImages")
MASK_FOLDERS = (*BESIDE, "mask", "label")


def recognise(folder: Path, arrangement: Arrangement = ANYWHERE) -> Found | None:
    """A folder of photos beside a folder of masks, here or in each split's folder.

    Args:
        folder: The data set's.
        arrangement: What its labels.json says of where files lie.
    """
    ending = arrangement.ending
    if places := _places(folder, arrangement):
        photos, masks = places
        everything = partial(_listing, photos, masks, ending)
        if lists := lists_in(folder):
            return Found(
                {name: partial(_chosen, photos, masks, ending, path) for name, path in lists.items()}, whole=everything
            )
        return Found(_by_folders(photos, masks, ending) or {"all": everything})
    splits: dict[str, Callable[[], Listing]] = {}
    for name in folders_in(folder):
        if name.lower() in SPLIT_NAMES and (places := _places(folder / name, arrangement)):
            splits[SPLIT_NAMES[name.lower()]] = partial(_listing, *places, ending)
    return Found(splits) if splits else None


def _places(folder: Path, arrangement: Arrangement) -> tuple[Path, Path] | None:
    names = {name.lower(): name for name in reversed(folders_in(folder))}
    photos = _place(
        folder, arrangement.photos, [names[name.lower()] for name in PHOTO_FOLDERS if name.lower() in names]
    )
    masks = _place(
        folder,
        arrangement.masks or (arrangement.photos if arrangement.ending else None),
        [names[name.lower()] for name in MASK_FOLDERS if name.lower() in names],
        MASK_SUFFIXES,
    )
    return (photos, masks) if photos and masks else None


def _place(folder: Path, given: str | None, there: Sequence[str], suffixes: frozenset[str] = SUFFIXES) -> Path | None:
    """The folder that was said, else the first of those there that holds files of these kinds, else the first."""
    if given is not None:
        return folder / given if (folder / given).is_dir() else None
    if len(there) < 2:  # nothing to choose from: what is in it need not be looked for
        return folder / there[0] if there else None
    return folder / next((name for name in there if holds_any(folder / name, suffixes)), there[0])


def _by_folders(photos: Path, masks: Path, ending: str | None) -> dict[str, Callable[[], Listing]]:
    written = {name: SPLIT_NAMES[name.lower()] for name in folders_in(photos) if name.lower() in SPLIT_NAMES}
    return {name: partial(_listing, photos / folder, masks / folder, ending) for folder, name in written.items()}


def _listing(photos: Path, masks: Path, ending: str | None) -> Listing:
    ours, theirs = _names(photos, masks, ending)
    return pair(ours, [theirs], ending=None if photos == masks else ending)


def _chosen(photos: Path, masks: Path, ending: str | None, path: Path) -> Listing:
    ours, theirs = _names(photos, masks, ending)
    return chosen(ours, [theirs], read_list(path, ours.files), ending=None if photos == masks else ending)


def _names(photos: Path, masks: Path, ending: str | None) -> tuple[Names, Names]:
    if photos == masks:
        return photos_and_masks(photos, ending=ending)
    return names_in(photos), names_in(masks, MASK_SUFFIXES) if masks.is_dir() else Names(masks, {})


LAYOUT = Layout("plain", "images/ with masks/", recognise)
