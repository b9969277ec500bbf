"""The names that data sets give to masks and to their folders, and which images of a folder are masks by them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from fcn_studio.core.datasets.file_names import LOSSY, composed
from fcn_studio.core.datasets.masks.picture import is_picture

MASK_ENDINGS = ("_mask", "_gt")  # of a mask's stem, wherever it lies
# Of a mask that lies beside its photo; `_L` is not among them, since it is the left one of two photos as well.
BESIDE_ENDINGS = (
    *MASK_ENDINGS,
    *("-mask", ".mask", "_masks", "_label", "_labels", "-label", "_seg", "-seg", "_segmentation", "_annotation"),
    *("_groundtruth", "_GT", "-gt", "_Mask", "_MASK"),
)
FOLDER_ENDINGS = (  # of a mask folder, after the name of the photos' folder
    *("annot", "_annot", "_labels", "_masks", "_mask", "_label", "_annotations", "_gt", "_seg", "-masks", "masks"),
)
# Where labelme writes SegmentationClassPNG, what it calls SegmentationClass holds arrays.
BESIDE = ("masks", "labels", "annotations", "SegmentationClassPNG", "SegmentationClass", "SegmentationClassAug")
INSIDE = ("masks", "labels")
# VOC's instance masks, labelme's pictures of masks, and Cityscapes' folders are no photos either.
NOT_PHOTOS = frozenset(  # compared in lower case
    name.lower()
    for name in (
        *BESIDE,
        *("SegmentationObject", "SegmentationObjectPNG", "SegmentationClassVisualization", "SegmentationClassNpy"),
        *("SegmentationObjectVisualization", "SegmentationObjectNpy", "gtFine", "gtCoarse"),
    )
)
MASK_SUFFIX = ".png"
LOSSLESS = (MASK_SUFFIX, ".gif", ".tif", ".tiff", ".bmp")  # that a mask may have beside a photo of another
LOOKED_AT = 8  # masks of a folder that are opened to see what those of the photos' own names are


def masks_beside(folder: Path, names: Sequence[str]) -> Mapping[str, str]:
    """By mask, its photo, both of them in one folder; none is opened but masks of the photos' own names.

    A mask has its photo's name and an ending (`a_mask.png`, `a.jpg.png`), or the photo's name alone and a suffix that
    spoils no mask (`a.png` beside `a.jpg`) where its content is no picture.

    Args:
        folder: Where they lie.
        names: Of the images in it.
    """
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(_stem(name), []).append(name)
    whole = {composed(name).casefold(): name for name in names}
    found: dict[str, str] = {}
    doubtful: dict[str, str] = {}
    for name in names:
        if os.path.splitext(name)[1].lower() not in LOSSLESS:
            continue
        stem = _stem(name)
        if photo := whole.get(stem) or _first(stems, stem):
            found[name] = photo
        elif photo := _of_its_name(name, stems[stem]):
            doubtful[name] = photo
    # A mask is nobody's photo: `a_mask_gt.png` is none of `a_mask.png`.
    found = {mask: photo for mask, photo in found.items() if photo not in found}
    return {**found, **_without_pictures(folder, doubtful)}


def _stem(name: str) -> str:
    return os.path.splitext(composed(name))[0].casefold()


def _first(stems: Mapping[str, Sequence[str]], stem: str) -> str | None:
    """A photo whose name and an ending are this stem."""
    for ending in BESIDE_ENDINGS:
        key = ending.casefold()
        if stem.endswith(key) and (photos := stems.get(stem.removesuffix(key))):
            return photos[0]
    return None


def _of_its_name(name: str, alike: Sequence[str]) -> str | None:
    """A photo of the same stem whose suffix makes this file its mask; PNG is a mask's before all others."""
    is_png = os.path.splitext(name)[1].lower() == MASK_SUFFIX
    for other in alike:
        suffix = os.path.splitext(other)[1].lower()
        if other != name and (suffix != MASK_SUFFIX if is_png else suffix in LOSSY):
            return other
    return None


def _without_pictures(folder: Path, masks: Mapping[str, str]) -> Mapping[str, str]:
    """Those that are no pictures; of a folder full of them, some are looked at and speak for all if they agree."""

    def is_mask(name: str) -> bool:
        return not is_picture(folder / name, folder / masks[name])

    names = sorted(masks)
    sample = names[:: max(1, len(names) // LOOKED_AT)]
    seen = {name: is_mask(name) for name in sample}
    if len(set(seen.values())) == 1:
        return masks if next(iter(seen.values())) else {}
    return {name: photo for name, photo in masks.items() if (seen[name] if name in seen else is_mask(name))}
