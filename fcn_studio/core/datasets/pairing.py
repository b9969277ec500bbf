"""Which mask goes with which photo in two folders, by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.datasets.encoding import INDICES, Encoding
from fcn_studio.core.datasets.layout import Example, Listing
from fcn_studio.core.datasets.lists import NameList
from fcn_studio.core.datasets.mat_file import MAT_SUFFIX
from fcn_studio.core.errors import DataError
from fcn_studio.core.ground_truth import MASK_ENDINGS
from fcn_studio.core.image import SUFFIXES

MASK_SUFFIXES = SUFFIXES | {MAT_SUFFIX}
LOSSY = frozenset({".jpg", ".jpeg", ".jpe"})  # which spoils a mask
MAX_FILES = 2_000_000  # below one folder; more is no data set of photos


@dataclass(frozen=True, slots=True)
class Names:
    """The files below a folder.

    Attributes:
        folder: Where they lie.
        files: By their path below the folder without its suffix (`aachen/000001`), those of that name.
    """

    folder: Path
    files: Mapping[str, tuple[Path, ...]]


def names_in(folder: Path, suffixes: frozenset[str] = SUFFIXES, *, ending: str = "") -> Names:
    """The files of some suffixes in a folder and the folders in it; hidden ones and links to folders are left out.

    Args:
        folder: Where to look.
        suffixes: In lower case, with their dots.
        ending: What a stem must end in (`_leftImg8bit`); it is no part of the name.

    Raises:
        DataError: The folder cannot be read.
    """
    files: dict[str, list[Path]] = {}
    waiting, count = [(os.fspath(folder), "")], 0
    try:
        while waiting:
            place, below = waiting.pop()
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, f"{below}{entry.name}/"))
                        continue
                    stem, suffix = os.path.splitext(entry.name)
                    if suffix.lower() in suffixes and stem.endswith(ending) and entry.is_file():
                        files.setdefault(below + stem.removesuffix(ending), []).append(Path(entry.path))
                        count += 1
            if count > MAX_FILES:
                raise DataError(f"{folder}: over {MAX_FILES} files; this is no data set that can be read.")
    except OSError as error:
        raise DataError(f"{folder}: the folder cannot be read ({error.strerror}).") from error
    return Names(folder, {name: tuple(sorted(files[name], key=_lossless_first)) for name in sorted(files)})


def _lossless_first(path: Path) -> tuple[bool, str]:
    return path.suffix.lower() in LOSSY, path.name


def together(places: Sequence[Names]) -> Names:
    """Several folders as one: of a name that several have, the first one's file counts."""
    files: dict[str, tuple[Path, ...]] = {}
    for names in places:
        for name, paths in names.files.items():
            files.setdefault(name, paths)
    return Names(places[0].folder, files)


def folders_in(folder: Path) -> list[str]:
    """Names of the folders in a folder, hidden ones left out."""
    return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))


def pair(photos: Names, masks: Sequence[Names], *, encoding: Encoding = INDICES) -> Listing:
    """Each photo with the mask of its name, or of its name and `_mask` or `_gt`.

    Args:
        photos: Of a split.
        masks: Where masks are; the first that has one counts.
        encoding: Of the masks.
    """
    pairs, alone, used = [], [], set()
    for name, files in photos.files.items():
        mask = _mask_of(name, masks)
        if mask is None:
            alone.append(files[0])
            continue
        used.add(mask)
        pairs.append(Example(files[0], mask, encoding))
    spare = [files[0] for names in masks for files in names.files.values() if files[0] not in used]
    groups = [files for names in (photos, *masks) for files in names.files.values() if len(files) > 1]
    return Listing(
        pairs=tuple(pairs),
        photos_alone=tuple(alone),
        masks_alone=tuple(spare),
        same_name=tuple(groups),
        photo_folder=str(photos.folder),
        mask_folder=" or ".join(str(names.folder) for names in masks),
    )


def chosen(photos: Names, masks: Sequence[Names], listed: NameList, *, encoding: Encoding = INDICES) -> Listing:
    """The pairs that a list names, in the list's order.

    Args:
        photos: All photos.
        masks: All masks; the first place that has one counts.
        listed: The names.
        encoding: Of the masks.
    """
    pairs, alone, missing = [], [], []
    lines: dict[Path, list[int]] = {}
    for line, entry in listed.names:
        name = next((form for form in _forms(entry, photos.folder.name) if form in photos.files), None)
        if name is None:
            missing.append(f"{listed.path}, line {line}: no photo {entry} in {photos.folder}.")
            continue
        photo = photos.files[name][0]
        lines.setdefault(photo, []).append(line)
        if (mask := _mask_of(name, masks)) is None:
            alone.append(photo)
        else:
            pairs.append(Example(photo, mask, encoding))
    return Listing(
        pairs=tuple(pairs),
        photos_alone=tuple(alone),
        missing=tuple(missing),
        repeated=tuple((photo, tuple(numbers)) for photo, numbers in lines.items() if len(numbers) > 1),
        list_path=listed.path,
        photo_folder=str(photos.folder),
        mask_folder=" or ".join(str(place.folder) for place in masks),
    )


def _forms(entry: str, folder: str) -> Iterator[str]:
    """What a line of a list can mean: a name, a file's name, one with its folder, or a photo and its mask."""
    for text in (entry, entry.split()[0]):
        for name in (text, text.removeprefix(f"{folder}/")):
            yield name
            stem, suffix = os.path.splitext(name)
            if suffix.lower() in SUFFIXES:
                yield stem


def _mask_of(name: str, masks: Sequence[Names]) -> Path | None:
    for place in masks:
        for ending in ("", *MASK_ENDINGS):
            if files := place.files.get(name + ending):
                return files[0]
    return None
