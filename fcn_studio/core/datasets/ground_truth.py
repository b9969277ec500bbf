"""Which file is the mask of a photo, and which images of a folder are photos, by the names that data sets use.

Layouts known: a mask beside its photo (`a.jpg` with `a.png`, `a_mask.png` or `a_gt.png`), SegNet's CamVid (`train/`
with `trainannot/`), Carvana (`train_masks/a_mask.gif`), Pascal VOC (`JPEGImages/` with `SegmentationClass/`), and
`images/` with `masks/` or `labels/`.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.file_names import LOSSY
from fcn_studio.core.datasets.mask_names import (
    BESIDE,
    BESIDE_ENDINGS,
    FOLDER_ENDINGS,
    INSIDE,
    MASK_SUFFIX,
    NOT_PHOTOS,
    masks_beside,
)
from fcn_studio.core.datasets.masks.encoding import INDICES, Encoding
from fcn_studio.core.datasets.masks.mask_file import read_mask
from fcn_studio.core.datasets.masks.picture import is_picture
from fcn_studio.core.errors import DataError
from fcn_studio.core.images.image import SUFFIXES, opened
from fcn_studio.core.labels import LabelSet

# Asked for one by one: a folder of many files is slow to list.
PNG = (".png", ".PNG", ".Png")
OTHERS = (".gif", ".tif", ".tiff", ".bmp")

MASK_MODES = frozenset({"P", "L", "1", "I", "I;16", "I;16B", "RGB", "RGBA"})
MASK_FORMATS = frozenset({"PNG", "GIF", "TIFF", "BMP"})


def find_mask(photo: Path) -> Path | None:
    """The mask file that belongs to a photo by its name, or None.

    Looked for beside the photo first, then in the mask folders beside its folder, then in those inside it. Only one
    that lies beside the photo under its very name is opened, to see that it is no picture.
    """
    whole = Path(os.path.abspath(photo))  # a bare file name has no folder name to go by
    folder, suffix = whole.parent, whole.suffix.lower()
    forms = dict.fromkeys([whole.stem, *(unicodedata.normalize(form, whole.stem) for form in ("NFC", "NFD"))])
    with_endings = [stem + ending for stem in forms for ending in (*BESIDE_ENDINGS, whole.suffix)]
    if suffix != MASK_SUFFIX:
        kinds = (*PNG, *OTHERS) if suffix in LOSSY else PNG
        for found in _there(folder, forms, kinds):
            if not is_picture(found, whole):
                return found
    beside = [folder.name + ending for ending in FOLDER_ENDINGS] + list(BESIDE)
    places = [(folder, with_endings)]
    places += [(folder.parent / name, [*forms, *with_endings]) for name in beside if name != folder.name]
    places += [(folder / name, [*forms, *with_endings]) for name in INSIDE]
    for place, names in places:
        if place == folder or os.path.isdir(place):
            for found in _there(place, names, (*PNG, *OTHERS)):
                return found
    return None


def _there(place: Path, stems: Iterable[str], suffixes: Sequence[str]) -> Iterator[Path]:
    for stem in stems:
        for suffix in suffixes:
            if os.path.isfile(place / (stem + suffix)):
                yield place / (stem + suffix)


def is_named_after(path: Path, photo: Path) -> bool:
    """Whether a file's name is a photo's, or that and an ending of masks."""
    stem, name = (unicodedata.normalize("NFC", text).casefold() for text in (path.stem, photo.stem))
    return stem in {name + ending.casefold() for ending in ("", *BESIDE_ENDINGS, photo.suffix)}


def mask_size(path: Path, labels: LabelSet, encoding: Encoding = INDICES) -> tuple[int, int] | None:
    """(height, width) of a mask of these classes; None where a file is none, or cannot be read."""
    try:
        with opened(path) as image:
            if image.format not in MASK_FORMATS or image.mode not in MASK_MODES or getattr(image, "n_frames", 1) > 1:
                return None
        height, width = read_mask(path, labels, encoding).shape
    except (DataError, OSError, SyntaxError, ValueError, MemoryError, Image.DecompressionBombError):
        return None
    return height, width


def looks_like_mask(path: Path, size: tuple[int, int], labels: LabelSet, encoding: Encoding = INDICES) -> bool:
    """Whether a file is a mask of these classes for a photo of (height, width) `size`; False if it cannot be read."""
    return mask_size(path, labels, encoding) == size


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a folder and of those in it.

    Attributes:
        photos: In natural order (img2 before img10).
        masks: Ground truth of photos, in no order.
    """

    photos: tuple[Path, ...]
    masks: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Folder:
    """Names in natural order, and those of the masks among the photos."""

    photos: Sequence[str]
    folders: Sequence[str]
    masks: Sequence[str] = ()


def list_photos(folder: Path, *, cancel: CancelToken | None = None) -> list[Path]:
    """The photos of `images_in`."""
    return list(images_in(folder, cancel=cancel).photos)


def images_in(folder: Path, *, cancel: CancelToken | None = None) -> Images:
    """The photos and masks of a folder and of the folders in it.

    Hidden files and folders are left out. Ground truth is in mask folders that lie beside or in a folder of photos, or
    beside its photos. The folder itself is listed whatever its name; folders behind symbolic links are not, since they
    may lead in a circle. A folder inside that cannot be read is passed over.

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
    photos = tuple(_photos(root, found, holds))
    kept = {str(path) for path in photos}
    everything = (
        os.path.join(place, name) for place, content in found.items() for name in (*content.photos, *content.masks)
    )
    return Images(photos, tuple(Path(path) for path in everything if str(Path(path)) not in kept))


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
    masks = masks_beside(Path(place), images)
    photos = [name for name in images if name not in masks]
    return _Folder(sorted(photos, key=_natural), sorted(folders, key=_natural), tuple(masks))


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
    if name.casefold() in INSIDE and content.photos:
        return True
    if name.casefold() not in NOT_PHOTOS:
        return False
    return any(holds[os.path.join(place, other)] for other in content.folders if other.casefold() not in NOT_PHOTOS)


def _natural(name: str) -> tuple[list[str | int], str]:
    """Sorts runs of digits by their number; text and numbers alternate, so like is compared with like."""
    pieces = re.split(r"(\d+)", name.casefold())
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)], name
