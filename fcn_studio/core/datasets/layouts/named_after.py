"""Folders of photos, each beside one of masks named after it: `train/` with `train_masks/`, as Carvana has it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.arrangement import ANYWHERE, Arrangement
from fcn_studio.core.datasets.file_names import folders_in, holds_any, names_in
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.mask_names import FOLDER_ENDINGS
from fcn_studio.core.datasets.pairing import MASK_SUFFIXES, pair
from fcn_studio.core.datasets.splits import SPLIT_NAMES
from fcn_studio.core.images.image import SUFFIXES


def recognise(folder: Path, arrangement: Arrangement = ANYWHERE) -> Found | None:
    """Folders of photos, each beside a folder of masks named after it.

    Args:
        folder: The data set's.
        arrangement: What its labels.json says of where files lie; its ending is heard.
    """
    splits = {
        SPLIT_NAMES.get(name.lower(), name): partial(listing, folder / name, folder / masks, arrangement.ending)
        for name, masks in mask_folders(folder, FOLDER_ENDINGS).items()
    }
    return Found(splits) if splits else None


def mask_folders(folder: Path, endings: Sequence[str]) -> dict[str, str]:
    """By the folder of photos, the first of mask folders named after it that holds masks."""
    names = folders_in(folder)
    found: dict[str, str] = {}
    for name in names:
        there = [name + ending for ending in endings if name + ending in names]
        masks = next((place for place in there if holds_any(folder / place, MASK_SUFFIXES)), None)
        if masks is not None and holds_any(folder / name, SUFFIXES):
            found[name] = masks
    return found


def listing(photos: Path, masks: Path, ending: str | None) -> Listing:
    """The pairs of two folders."""
    return pair(names_in(photos), [names_in(masks, MASK_SUFFIXES)], ending=ending)


LAYOUT = Layout("named_after", "train/ with train_masks/", recognise)
