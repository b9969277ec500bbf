"""Lists of names (`train.txt`), one a line, read within bounds."""

from __future__ import annotations

import codecs
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.datasets.file_names import composed
from fcn_studio.core.errors import DataError

MAX_BYTES = 32_000_000
MAX_LINE = 2000  # characters; file systems allow 255 in a name, and a line may hold two paths

# What editors save in where they are not told otherwise: the code pages of Windows, by how telling they are. A list in
# one of them is read where it names files that are there, which tells it far better than its bytes alone do.
CODE_PAGES = ("cp949", "cp932", "gb18030", "cp950", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1258", "cp874")


@dataclass(frozen=True, slots=True)
class NameList:
    """What a list names.

    Attributes:
        path: The list.
        names: (line number from 1, name or path as it is written), blank lines and comments left out. A comment is `#`
            and a blank; `#1` may be a name.
        notes: What is worth knowing of how it was read.
    """

    path: Path
    names: tuple[tuple[int, str], ...]
    notes: tuple[str, ...] = ()


def read_list(path: Path, known: Collection[str] = ()) -> NameList:
    """Reads a list of names.

    Args:
        path: The list.
        known: Names of files, composed (NFC) and without suffixes, by which a code page is told.

    Raises:
        DataError: It cannot be read, is too large, or is in no encoding that is known.
    """
    content = _read_bytes(path, MAX_BYTES)
    notes: tuple[str, ...] = ()
    text = _as_unicode(content)
    last_parts = {name.rpartition("/")[2].casefold() for name in known}
    # The bytes of a few words in a code page are those of others in UTF-8, which are the names of no file.
    if text is None or (not text.isascii() and not _count(text, last_parts)):
        page = _code_page(content, last_parts)
        if page is None and text is None:
            raise DataError(
                f"{_where(path, content)}: neither UTF-8 nor UTF-16 text, and in none of the code pages "
                f"{', '.join(CODE_PAGES)} does it name a file that is here; save it as UTF-8."
            )
        if page is not None:
            text = content.decode(page)
            notes = (f"{path} is in the code page {page} and was read as such; saved as UTF-8 it is read everywhere.",)
    names = []
    for number, line in enumerate((text or "").splitlines(), start=1):
        name = line.strip()
        if not name or name == "#" or (name[0] == "#" and name[1].isspace()):
            continue
        if len(name) > MAX_LINE or "\0" in name:
            raise DataError(f"{path}, line {number}: not a file's name; a list holds one name a line.")
        names.append((number, name))
    return NameList(path, tuple(names), notes)


def read_text(path: Path, most: int) -> str:
    """A text file of at most `most` bytes, in UTF-8 or UTF-16.

    Raises:
        DataError: It cannot be read, is larger, or is in another encoding.
    """
    content = _read_bytes(path, most)
    text = _as_unicode(content)
    if text is None:
        raise DataError(f"{_where(path, content)}: not UTF-8 text; save it as UTF-8.")
    return text


def _read_bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read ({error.strerror}).") from error
    if len(content) > most:
        raise DataError(f"{path}: over {most:_} bytes, which is no file of this kind.")
    return content


def _as_unicode(content: bytes) -> str | None:
    """The text of UTF-8 or UTF-16, with or without a mark; None where it is neither."""
    encodings = ["utf-8-sig"]
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in content:  # as every second byte of ASCII is in UTF-16
        is_little = content[1::2].count(0) > content[::2].count(0)
        encodings = ["utf-16-le" if is_little else "utf-16-be", "utf-8-sig"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _code_page(content: bytes, known: Collection[str]) -> str | None:
    """The code page in which most lines name a file that is known; None where none does."""
    counts: dict[str, int] = {}
    for page in CODE_PAGES:
        try:
            counts[page] = _count(content.decode(page), known)
        except UnicodeDecodeError:
            continue
    best = max(counts, key=counts.__getitem__, default=None)
    return best if best is not None and counts[best] else None


def _count(text: str, known: Collection[str]) -> int:
    """How many lines name a file that is known, other than in ASCII, which is the same in all code pages."""
    return sum(not line.isascii() and _names_one(line, known) for line in text.splitlines())


def _names_one(line: str, known: Collection[str]) -> bool:
    text = composed(line).casefold().replace("\\", "/").strip()
    names = [part.rpartition("/")[2] for part in (text, *text.split(), *text.split(","), *text.split("\t"))]
    return any(name in known or name.rpartition(".")[0] in known for name in names)


def _where(path: Path, content: bytes) -> str:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return f"{path}, line {line}"
    return str(path)
