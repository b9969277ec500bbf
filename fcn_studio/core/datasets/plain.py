"""The layout of one's own data: `images/`, `masks/` of the same names, and a `labels.json`.

Splits are named by lists beside them (`train.txt`, `val.txt`), by folders in both (`images/train/`, `masks/train/`), or
by folders that hold both (`train/images/`, `train/masks/`); without any, all pairs are the one split `all`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.layout import Found, Layout, Listing
from fcn_studio.core.datasets.lists import read_list
from fcn_studio.core.datasets.pairing import MASK_SUFFIXES, Names, chosen, folders_in, names_in, pair
from fcn_studio.core.ground_truth import BESIDE

PHOTO_FOLDERS = ("images", "image", "photos", "imgs", "img", "JPEGImages")
MASK_FOLDERS = (*BESIDE, "mask", "label")
# What a split's folder or list may be called, and what it is called here.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
    "trainval": "trainval",
}
LIST_FOLDERS = ("", "splits", "lists")


def recognise(folder: Path) -> Found | None:
    """A folder of photos beside a folder of masks, here or in each split's folder."""
    if places := _places(folder):
        photos, masks = places
        everything = partial(_listing, photos, masks)
        if lists := _by_lists(folder, photos, masks):
            return Found(lists, whole=everything)
        return Found(_by_folders(photos, masks) or {"all": everything})
    splits: dict[str, Callable[[], Listing]] = {}
    for name in folders_in(folder):
        if name.lower() in SPLIT_NAMES and (places := _places(folder / name)):
            splits[SPLIT_NAMES[name.lower()]] = partial(_listing, *places)
    return Found(splits) if splits else None


def _places(folder: Path) -> tuple[Path, Path] | None:
    names = {name.lower(): name for name in reversed(folders_in(folder))}
    photos = next((names[name.lower()] for name in PHOTO_FOLDERS if name.lower() in names), None)
    masks = next((names[name.lower()] for name in MASK_FOLDERS if name.lower() in names), None)
    return (folder / photos, folder / masks) if photos and masks else None


def _by_lists(folder: Path, photos: Path, masks: Path) -> dict[str, Callable[[], Listing]]:
    splits: dict[str, Callable[[], Listing]] = {}
    for place in LIST_FOLDERS:
        for written, name in SPLIT_NAMES.items():
            path = folder / place / f"{written}.txt"
            if name not in splits and path.is_file():
                splits[name] = partial(_chosen, photos, masks, path)
    return splits


def _by_folders(photos: Path, masks: Path) -> dict[str, Callable[[], Listing]]:
    written = {name: SPLIT_NAMES[name.lower()] for name in folders_in(photos) if name.lower() in SPLIT_NAMES}
    return {name: partial(_listing, photos / folder, masks / folder) for folder, name in written.items()}


def _listing(photos: Path, masks: Path) -> Listing:
    return pair(names_in(photos), [_masks(masks)])


def _chosen(photos: Path, masks: Path, path: Path) -> Listing:
    return chosen(names_in(photos), [_masks(masks)], read_list(path))


def _masks(folder: Path) -> Names:
    return names_in(folder, MASK_SUFFIXES) if folder.is_dir() else Names(folder, {})


LAYOUT = Layout("plain", "images/ with masks/", recognise)
