"""Files of a folder by their names, found however a system spells, composes or capitalises them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.errors import DataError
from fcn_studio.core.images.image_formats import JPEG_SUFFIXES, SUFFIXES

LOSSY = JPEG_SUFFIXES  # which spoils a mask
MAX_FILES = 2_000_000  # below one folder; more is no data set of photos


@dataclass(frozen=True, slots=True)
class Names:
    """The files below a folder.

    Attributes:
        folder: Where they lie.
        files: By their path below the folder without its suffix (`aachen/000001`), composed (NFC), those of that name.
    """

    folder: Path
    files: Mapping[str, tuple[Path, ...]]


class Finder:
    """Finds files by name: as it is written, else the only one that differs from it in case alone.

    Attributes:
        folder_parts: The folders that lead to the files, from the root, composed and in lower case.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self.folder_parts = [composed(part).casefold() for part in names.folder.absolute().parts]
        self._folded: dict[str, list[str]] | None = None
        self._last_parts: dict[str, list[str]] | None = None

    def find(self, name: str) -> str | None:
        """The name of the files that are meant, as `Names.files` has it, or None."""
        if name in self._names.files:
            return name
        if self._folded is None:
            self._folded = {}
            for known in self._names.files:
                self._folded.setdefault(known.casefold(), []).append(known)
        found = self._folded.get(name.casefold(), ())
        return found[0] if len(found) == 1 else None

    def find_anywhere(self, name: str) -> str | None:
        """As `find`, for a name without its folders: the only one of it below the folder."""
        if self._last_parts is None:
            self._last_parts = {}
            for known in self._names.files:
                self._last_parts.setdefault(known.rpartition("/")[2].casefold(), []).append(known)
        found = self._last_parts.get(name.casefold(), ())
        return self.find(name) or (found[0] if len(found) == 1 else None)

    def file(self, name: str) -> Path | None:
        """The first file of a name."""
        found = self.find(name)
        return self._names.files[found][0] if found is not None else None


def composed(text: str) -> str:
    """A name as most systems write it; macOS takes letters and their accents, or the parts of a syllable, apart."""
    return unicodedata.normalize("NFC", text)


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
                        name = composed(below + stem.removesuffix(ending))
                        files.setdefault(name, []).append(Path(entry.path))
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
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def holds_any(folder: Path, suffixes: frozenset[str]) -> bool:
    """Whether a folder, or one in it, holds a file of these suffixes."""
    return any(
        os.path.splitext(name)[1].lower() in suffixes and not name.startswith(".")
        for _, _, files in os.walk(folder)
        for name in files
    )
