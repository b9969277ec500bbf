"""PASCAL VOC's development kit (`JPEGImages/`, `SegmentationClass/`, `ImageSets/Segmentation/*.txt`), and SBD.

Where the Semantic Boundaries Dataset (`core.datasets.sbd`) lies in the same folder, or `SegmentationClassAug/` holds
its masks as PNGs, there are more splits. SBD's own train and val overlap with VOC's val, so that each leaves out what
would spoil it:

    trainaug     all that VOC's train or SBD label, less VOC's val: 10582 photos of VOC 2012 with all of SBD
                 (Chen et al., DeepLab, arXiv 1606.00915, section 4.1)
    seg11valid   VOC's val less SBD's train: 736 photos of VOC 2011 (Long et al., arXiv 1605.06211, section 5, and
                 data/pascal of shelhamer/fcn.berkeleyvision.org); named after the year, so seg12valid of VOC 2012

A photo that both label is taken with VOC's mask, the finer one. 255 is the border of objects, and void.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.chosen import chosen
from fcn_studio.core.datasets.file_names import Names, folders_in, names_in, together
from fcn_studio.core.datasets.layouts import sbd
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.lists import NameList, read_list

KITS = ("", "VOCdevkit", "TrainVal/VOCdevkit")  # below the folder; the last is how the archive of 2011 unpacks
LISTS = Path("ImageSets", "Segmentation")
AUGMENTED = "SegmentationClassAug"
NO_TEST = "the labels of VOC's test split are not public; take val."


def recognise(folder: Path) -> Found | None:
    """A year's folder of the kit, or a folder that holds one; of several years, the newest."""
    root = _root(folder)
    if root is None:
        return None
    boundaries = next((place for place in (sbd.root(base) for base in (root, folder)) if place), None)
    photos, masks = [root / "JPEGImages"], [root / "SegmentationClass", root / AUGMENTED]
    if boundaries:
        photos, masks = [*photos, boundaries / "img"], [*masks, boundaries / "cls"]
    splits: dict[str, Callable[[], Listing]] = {}
    unlabelled = {}
    for path in sorted((root / LISTS).glob("*.txt")):
        if path.stem == "test" and not _labelled(root, path):
            unlabelled["test"] = NO_TEST
        else:
            splits[path.stem] = partial(_listed, photos, masks, path)
    if boundaries and {"train", "val"} <= splits.keys():
        year = root.name[-2:] if root.name[-2:].isdigit() else ""
        splits[f"seg{year}valid"] = partial(_valid, root, boundaries, photos, masks)
    if "trainaug" not in splits and "val" in splits and (boundaries or (root / AUGMENTED).is_dir()):
        splits["trainaug"] = partial(_augmented, root, boundaries, photos, masks)
    return Found(splits, "voc", unlabelled) if splits else None


def _root(folder: Path) -> Path | None:
    for kit in KITS:
        place = folder / kit
        years = [name for name in folders_in(place) if name.startswith("VOC2")] if place.is_dir() else []
        for root in (place, *(place / name for name in sorted(years, reverse=True))):
            if (root / "JPEGImages").is_dir() and (root / LISTS).is_dir():
                return root
    return None


def _labelled(root: Path, path: Path) -> bool:
    names = read_list(path).names
    return bool(names) and (root / "SegmentationClass" / f"{names[0][1]}.png").is_file()


def _listed(photos: list[Path], masks: list[Path], path: Path) -> Listing:
    return _chosen(photos, masks, read_list(path))


def _augmented(root: Path, boundaries: Path | None, photos: list[Path], masks: list[Path]) -> Listing:
    held_out = {name for _, name in read_list(root / LISTS / "val.txt").names}
    places = [root / AUGMENTED, *([boundaries / "cls"] if boundaries else [])]
    names = {name for place in places for name in _masks(place).files}
    if (train := root / LISTS / "train.txt").is_file():
        names |= {name for _, name in read_list(train).names}
    numbered = tuple(enumerate(sorted(names - held_out), start=1))
    return _chosen(photos, masks, NameList(root / LISTS / "trainaug", numbered))


def _valid(root: Path, boundaries: Path, photos: list[Path], masks: list[Path]) -> Listing:
    seen = {name for _, name in read_list(boundaries / "train.txt").names}
    val = read_list(root / LISTS / "val.txt")
    return _chosen(photos, masks, NameList(val.path, tuple(entry for entry in val.names if entry[1] not in seen)))


def _chosen(photos: list[Path], masks: list[Path], listed: NameList) -> Listing:
    return chosen(together([names_in(place) for place in photos]), [_masks(place) for place in masks], listed)


def _masks(folder: Path) -> Names:
    return names_in(folder, sbd.MASKS) if folder.is_dir() else Names(folder, {})


LAYOUT = Layout("voc", "JPEGImages/ with ImageSets/Segmentation/ (PASCAL VOC)", recognise)
