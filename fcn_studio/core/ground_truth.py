"""Which file is the mask of a photo, and which images of a folder are photos, by the names that data sets use.

Layouts known: a mask beside its photo (`a.jpg` with `a.png`, `a_mask.png` or `a_gt.png`), SegNet's CamVid (`train/`
with `trainannot/`), Pascal VOC (`JPEGImages/` with `SegmentationClass/`), and `images/` with `masks/` or `labels/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.mask_file import read_mask
from fcn_studio.core.errors import DataError
from fcn_studio.core.image import SUFFIXES, opened
from fcn_studio.core.labels import LabelSet

MASK_ENDINGS = ("_mask", "_gt")  # of a mask's stem in the photo's own folder
FOLDER_ENDINGS = ("annot", "_annot", "_labels")  # of a mask folder, after the name of the photos' folder
BESIDE = ("masks", "labels", "annotations", "SegmentationClass", "SegmentationClassAug")
INSIDE = ("masks", "labels")
NOT_PHOTOS = frozenset({*BESIDE, "SegmentationObject"})  # VOC's instance masks are no photos either

MASK_SUFFIX = ".png"
MASK_SUFFIXES = (".png", ".PNG", ".Png")  # asked for one by one: a folder of many files is slow to list

MASK_MODES = frozenset({"P", "L", "1", "I", "I;16", "I;16B", "RGB", "RGBA"})


def find_mask(photo: Path) -> Path | None:
    """The mask file that belongs to a photo by its name, unopened, or None.

    Looked for beside the photo first, then in the mask folders beside its folder, then in those inside it.
    """
    whole = Path(os.path.abspath(photo))  # a bare file name has no folder name to go by
    stem, folder = whole.stem, whole.parent
    stems = [stem + ending for ending in MASK_ENDINGS]
    if whole.suffix.lower() != MASK_SUFFIX:
        stems.insert(0, stem)
    places = [(folder, stems)]
    beside = [folder.name + ending for ending in FOLDER_ENDINGS] + list(BESIDE)
    places += [(folder.parent / name, [stem]) for name in beside if name != folder.name]
    places += [(folder / name, [stem]) for name in INSIDE]
    for place, names in places:
        if place != folder and not os.path.isdir(place):
            continue
        for name in names:
            for suffix in MASK_SUFFIXES:
                if os.path.isfile(place / (name + suffix)):
                    return place / (name + suffix)
    return None


def looks_like_mask(path: Path, size: tuple[int, int], labels: LabelSet) -> bool:
    """Whether a file is a mask of these classes for a photo of (height, width) `size`; False if it cannot be read."""
    try:
        with opened(path) as image:
            if image.format != "PNG" or image.mode not in MASK_MODES or image.size != (size[1], size[0]):
                return False
        read_mask(path, labels)
    except (DataError, OSError, SyntaxError, ValueError, MemoryError, Image.DecompressionBombError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Folder:
    """Names in natural order."""

    photos: Sequence[str]
    folders: Sequence[str]


def list_photos(folder: Path, *, cancel: CancelToken | None = None) -> list[Path]:
    """The photos of a folder and of the folders in it, in natural order (img2 before img10).

    Hidden files and folders are left out, and so is ground truth: mask folders that lie beside or in a folder of
    photos, and masks beside their photos. The folder itself is listed whatever its name; folders behind symbolic
    links are not, since they may lead in a circle. A folder inside that cannot be read is passed over.

    Args:
        folder: Where to look.
        cancel: Asked at every folder.

    Raises:
        OSError: `folder` itself cannot be read.
        Cancelled: `cancel` was set.
    """
    token = cancel or CancelToken()
    root = os.fspath(folder)
    found: dict[str, _Folder] = {}
    waiting = [root]
    while waiting:
        token.check()
        place = waiting.pop()
        try:
            found[place] = _read_folder(place)
        except OSError:
            if place == root:
                raise
            found[place] = _Folder((), ())
        waiting += [os.path.join(place, name) for name in found[place].folders]
    holds: dict[str, bool] = {}
    for place, content in reversed(found.items()):  # a folder comes after the one it lies in
        holds[place] = bool(content.photos) or any(holds[os.path.join(place, name)] for name in content.folders)
    return list(_photos(root, found, holds))


def _read_folder(place: str) -> _Folder:
    images, folders = [], []
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if os.path.splitext(entry.name)[1].lower() in SUFFIXES and entry.is_file():
                images.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
    return _Folder(sorted(_without_masks(images), key=_natural), sorted(folders, key=_natural))


def _without_masks(names: Sequence[str]) -> Iterator[str]:
    parts = [os.path.splitext(name) for name in names]
    others = {stem for stem, suffix in parts if suffix.lower() != MASK_SUFFIX}
    stems = {stem for stem, _ in parts}
    masks = others | {stem + ending for stem in stems for ending in MASK_ENDINGS}
    for name, (stem, suffix) in zip(names, parts, strict=True):
        if suffix.lower() != MASK_SUFFIX or stem not in masks:
            yield name


def _photos(root: str, found: dict[str, _Folder], holds: dict[str, bool]) -> Iterator[Path]:
    waiting = [(root, False)]
    while waiting:
        place, is_photo = waiting.pop()
        if is_photo:
            yield Path(place)
            continue
        content = found[place]
        kept = [(name, True) for name in content.photos]
        kept += [(name, False) for name in content.folders if not _is_mask_folder(place, name, content, holds)]
        kept.sort(key=lambda entry: _natural(entry[0]), reverse=True)  # the last one waiting is taken first
        waiting += [(os.path.join(place, name), is_photo) for name, is_photo in kept]


def _is_mask_folder(place: str, name: str, content: _Folder, holds: dict[str, bool]) -> bool:
    for ending in FOLDER_ENDINGS:
        photos = name.removesuffix(ending)
        if photos and photos != name and photos in content.folders and holds[os.path.join(place, photos)]:
            return True
    if name in INSIDE and content.photos:
        return True
    if name not in NOT_PHOTOS:
        return False
    return any(holds[os.path.join(place, other)] for other in content.folders if other not in NOT_PHOTOS)


def _natural(name: str) -> tuple[list[str | int], str]:
    """Sorts runs of digits by their number; text and numbers alternate, so like is compared with like."""
    pieces = re.split(r"(\d+)", name.casefold())
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)], name
