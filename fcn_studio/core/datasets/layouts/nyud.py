"""NYUDv2 with the 40 classes of Gupta et al., where photos and labels are files of their own.

The folder of shelhamer/fcn.berkeleyvision.org (`data/images/img_N.png`, `segmentation/img_N.mat`, lists of N), and
those of converters: `RGB/` with `Label/`, `image/` with `label40/` or `seg40/`, with lists, or with folders `train/`
and `test/`. File value 0 is void and class n - 1 has value n (nyud_layers.py there). Where a converter has already
taken 1 away, say so in a labels.json: {"name": "nyud", "void": 255}.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.chosen import chosen
from fcn_studio.core.datasets.file_names import Names, names_in
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.lists import NameList, read_list
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.datasets.pairing import MASK_SUFFIXES, pair

ENCODING = Encoding(tuple(range(1, 41)), (0,))
PLACES = (
    ("data/images", "segmentation"),
    ("RGB", "Label"),
    *((photos, masks) for photos in ("image", "images", "rgb") for masks in ("label40", "labels_40", "seg40")),
)
SPLITS = ("train", "val", "trainval", "test")
PREFIX = "img_"  # of the files in shelhamer's folder, whose lists hold numbers


def recognise(folder: Path) -> Found | None:
    """One of the pairs of folders, with lists or with folders for the splits."""
    for photo_folder, mask_folder in PLACES:
        photos, masks = folder / photo_folder, folder / mask_folder
        if not photos.is_dir() or not masks.is_dir():
            continue
        splits: dict[str, Callable[[], Listing]] = {}
        for name in SPLITS:
            if (path := folder / f"{name}.txt").is_file():
                splits[name] = partial(_listed, photos, masks, path)
            elif (photos / name).is_dir() and (masks / name).is_dir():
                splits[name] = partial(_all, photos / name, masks / name)
        return Found(splits or {"all": partial(_all, photos, masks)}, "nyud")
    return None


def _listed(photos: Path, masks: Path, path: Path) -> Listing:
    found = names_in(photos)
    listed = read_list(path)
    if listed.names and all(name.isdigit() and PREFIX + name in found.files for _, name in listed.names[:1]):
        listed = NameList(path, tuple((line, PREFIX + name) for line, name in listed.names))
    return chosen(found, [_masks(masks)], listed, encoding=ENCODING)


def _all(photos: Path, masks: Path) -> Listing:
    return pair(names_in(photos), [_masks(masks)], encoding=ENCODING)


def _masks(folder: Path) -> Names:
    return names_in(folder, MASK_SUFFIXES)


LAYOUT = Layout("nyud", "RGB/ with Label/ (NYUDv2)", recognise)
