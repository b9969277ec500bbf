"""Masks beside their photos: `a.jpg` with `a_mask.png`, in one folder or in one for each split (`train/`, `valid/`).

As Roboflow exports semantic segmentation masks; by which names a mask is told is in `mask_names`.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.arrangement import ANYWHERE, Arrangement
from fcn_studio.core.datasets.file_names import Names, composed, folders_in, names_in
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.mask_names import masks_beside
from fcn_studio.core.datasets.pairing import pair
from fcn_studio.core.datasets.splits import SPLIT_NAMES
from fcn_studio.core.images.image import SUFFIXES


def recognise(folder: Path, arrangement: Arrangement = ANYWHERE) -> Found | None:
    """Folders of splits, or this one, of whose photos half or more have a mask beside them.

    Args:
        folder: The data set's.
        arrangement: What its labels.json says of where files lie; its ending is heard.
    """
    ending = arrangement.ending
    splits = {
        SPLIT_NAMES[name.lower()]: partial(_listing, folder / name, ending)
        for name in folders_in(folder)
        if name.lower() in SPLIT_NAMES and _is_of_pairs(folder / name, ending)
    }
    if not splits and _is_of_pairs(folder, ending):
        splits = {"all": partial(_listing, folder, ending)}
    return Found(splits) if splits else None


def photos_and_masks(folder: Path, *, ending: str | None = None) -> tuple[Names, Names]:
    """The photos below a folder, and by their names the masks that lie beside them.

    Args:
        folder: Where both lie.
        ending: What a mask's name has after its photo's, where that was said.
    """
    found = names_in(folder)
    by_folder: dict[Path, list[str]] = {}
    for files in found.files.values():
        for file in files:
            by_folder.setdefault(file.parent, []).append(file.name)
    masks = {
        place / mask: place / photo
        for place, names in by_folder.items()
        for mask, photo in _pairs(place, names, ending).items()
    }
    photos = {
        name: kept
        for name, files in found.files.items()
        if (kept := tuple(file for file in files if file not in masks))
    }
    name_of = {file: name for name, files in photos.items() for file in files}
    mates: dict[str, tuple[Path, ...]] = {}
    for mask, photo in masks.items():
        if photo in name_of:
            mates[name_of[photo]] = (*mates.get(name_of[photo], ()), mask)
    return Names(folder, photos), Names(folder, mates)


def _pairs(place: Path, names: list[str], ending: str | None) -> dict[str, str]:
    if ending is None:
        return dict(masks_beside(place, names))
    stems = {composed(os.path.splitext(name)[0]): name for name in sorted(names)}
    return {
        name: stems[photo]
        for stem, name in stems.items()
        if stem.endswith(ending) and (photo := stem[: len(stem) - len(ending)]) in stems and ending
    }


def _is_of_pairs(folder: Path, ending: str | None) -> bool:
    with os.scandir(folder) as entries:
        names = [
            entry.name
            for entry in entries
            if not entry.name.startswith(".") and os.path.splitext(entry.name)[1].lower() in SUFFIXES
        ]
    masks = _pairs(folder, names, ending)
    return bool(masks) and 2 * len(set(masks.values())) >= len(names) - len(masks)


def _listing(folder: Path, ending: str | None) -> Listing:
    photos, masks = photos_and_masks(folder, ending=ending)
    listing = pair(photos, [masks])
    return Listing(
        pairs=listing.pairs,
        photos_alone=listing.photos_alone,
        same_name=listing.same_name,
        photo_folder=listing.photo_folder,
        mask_folder=f"{folder} (ending in {ending or '_mask, _gt and the like'})",
    )


LAYOUT = Layout("beside", "a.jpg with a_mask.png", recognise)
