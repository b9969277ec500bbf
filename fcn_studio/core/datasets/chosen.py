"""The pairs that a list names, whatever a line names them by: names, paths of this machine or another, one or two."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.datasets.file_names import Finder, Names, composed
from fcn_studio.core.datasets.layouts.layout import Example, Listing
from fcn_studio.core.datasets.lists import NameList
from fcn_studio.core.datasets.masks.encoding import INDICES, Encoding
from fcn_studio.core.datasets.pairing import MASK_SUFFIXES, Matched, matched, places
from fcn_studio.core.images.image import SUFFIXES

_BETWEEN = re.compile(r"\s*[\t,;]\s*|\s+")  # a photo and its mask


@dataclass(frozen=True, slots=True)
class _Found:
    """A name, and whether only the last parts of its path led to it."""

    name: str
    by_last_parts: bool = False


def chosen(
    photos: Names,
    masks: Sequence[Names],
    listed: NameList,
    *,
    encoding: Encoding = INDICES,
    ending: str | None = None,
    both: bool = False,
) -> Listing:
    """The pairs that a list names, in the list's order.

    A line is a photo's name or path, or a photo's and its mask's. Of a path that leads elsewhere, as another machine
    wrote it, the last parts count: no file is looked for outside the two folders.

    Args:
        photos: All photos.
        masks: All masks; the first place that has one counts.
        listed: The names.
        encoding: Of the masks.
        ending: What is added to a photo's name in its mask's, where that was said.
        both: Whether each line names a mask too, so that none is looked for by its photo's name.
    """
    by_name = Matched({}) if both else matched(photos, masks, ending=ending)
    reader = _LineReader(photos, masks)
    pairs, alone, missing, elsewhere = [], [], [], []
    lines: dict[Path, list[int]] = {}
    is_by_name = False
    for line, entry in listed.names:
        photo, mask = reader.read(entry)
        if photo is None:
            if not entry.startswith("#"):  # a comment, unless a file has that name
                missing.append(f"{listed.path}, line {line}: no photo {entry} in {photos.folder}.")
            continue
        file = photos.files[photo.name][0]
        lines.setdefault(file, []).append(line)
        if photo.by_last_parts:
            elsewhere.append((entry, file))
        if isinstance(mask, str):
            missing.append(f"{listed.path}, line {line}: no mask {mask} in {places(masks)}.")
        elif mask is not None:
            pairs.append(Example(file, mask, encoding))
        elif photo.name in by_name.masks:
            is_by_name = True
            pairs.append(Example(file, by_name.masks[photo.name], encoding))
        else:
            alone.append(file)
    return Listing(
        pairs=tuple(pairs),
        photos_alone=tuple(alone),
        missing=tuple(missing),
        repeated=tuple((photo, tuple(numbers)) for photo, numbers in lines.items() if len(numbers) > 1),
        list_path=listed.path,
        photo_folder=str(photos.folder),
        mask_folder=places(masks),
        mask_folders=tuple(place.folder for place in masks if place.folder != photos.folder),
        notes=(*listed.notes, *_elsewhere(listed.path, elsewhere), *(by_name.notes if is_by_name else ())),
    )


def _elsewhere(path: Path, found: Sequence[tuple[str, Path]]) -> tuple[str, ...]:
    if not found:
        return ()
    entry, file = found[0]
    count = "one was" if len(found) == 1 else f"{len(found)} were"
    return (
        f"{path} names files by paths that lead elsewhere ({entry}); {count} found by the last parts of the path, such "
        f"as {file}.",
    )


class _LineReader:
    """Reads the lines of a list in terms of the files that are there."""

    def __init__(self, photos: Names, masks: Sequence[Names]) -> None:
        self._photos = Finder(photos)
        self._masks = [Finder(place) for place in masks]
        self._mask_files = [place.files for place in masks]

    def read(self, entry: str) -> tuple[_Found | None, Path | str | None]:
        """The photo that a line means, and its mask: a file, one that is not there, or None where none is named."""
        text = composed(entry)
        if found := _find(self._photos, text, SUFFIXES, by_last_parts=False):
            return found, None
        splits = [(text[: gap.start()], text[gap.end() :]) for gap in _BETWEEN.finditer(text)]
        splits.sort(key=lambda split: os.path.splitext(split[0])[1].lower() not in SUFFIXES)  # those first that say so
        for left, right in splits:
            photo = _find(self._photos, left, SUFFIXES)
            if photo is not None and (mask := self._mask(right)) is not None:
                return photo, mask
        if found := _find(self._photos, text, SUFFIXES):
            return found, None
        for left, right in splits:
            if photo := _find(self._photos, left, SUFFIXES):
                is_file = os.path.splitext(right)[1].lower() in MASK_SUFFIXES
                return photo, right if is_file and not _BETWEEN.search(right) else None
        return None, None

    def _mask(self, text: str) -> Path | None:
        for finder, files in zip(self._masks, self._mask_files, strict=True):
            if found := _find(finder, text, MASK_SUFFIXES):
                suffix = os.path.splitext(text)[1].lower()
                named = [path for path in files[found.name] if path.suffix.lower() == suffix]
                return named[0] if named else files[found.name][0]
        return None


def _find(finder: Finder, text: str, suffixes: frozenset[str], *, by_last_parts: bool = True) -> _Found | None:
    """The name that a text means: it, its stem, or either after the folders that it begins with."""
    parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
    for start in range(len(parts)):
        leads_here = _is_tail(parts[:start], finder.folder_parts)
        if not leads_here and not by_last_parts:
            continue
        for name in _forms("/".join(parts[start:]), suffixes):
            if found := finder.find(name):
                return _Found(found, by_last_parts=not leads_here)
    if by_last_parts and parts:
        for name in _forms(parts[-1], suffixes):
            if found := finder.find_anywhere(name):
                return _Found(found, by_last_parts=len(parts) > 1)
    return None


def _forms(text: str, suffixes: frozenset[str]) -> Iterator[str]:
    yield text
    stem, suffix = os.path.splitext(text)
    if suffix.lower() in suffixes:
        yield stem


def _is_tail(head: Sequence[str], folder: Sequence[str]) -> bool:
    """Whether the folders that a path begins with are the last ones of a folder's path, which is in lower case."""
    wanted = [part.casefold() for part in head if part != ".."]
    return not wanted or list(folder[-len(wanted) :]) == wanted
