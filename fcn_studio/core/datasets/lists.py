"""Lists of names (`train.txt`), one a line, read within bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.errors import DataError

MAX_BYTES = 32_000_000
MAX_LINE = 1000  # characters; file systems allow 255 in a name

# `/a`, `C:\a`, `C:/a`, `\\server\a` and any `..` between two separators would lead out of the data set's folder.
_LEADS_OUT = re.compile(r"^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)")


@dataclass(frozen=True, slots=True)
class NameList:
    """What a list names.

    Attributes:
        path: The list.
        names: (line number from 1, name), blank lines and those of `#` left out.
    """

    path: Path
    names: tuple[tuple[int, str], ...]


def read_list(path: Path) -> NameList:
    """Reads a list of names.

    Raises:
        DataError: It cannot be read, is too large, or a line leads out of the data set's folder.
    """
    names = []
    for number, line in enumerate(read_text(path, MAX_BYTES).splitlines(), start=1):
        name = line.strip().removeprefix("./")
        if not name or name.startswith("#"):
            continue
        if len(name) > MAX_LINE or "\0" in name:
            raise DataError(f"{path}, line {number}: not a file's name; a list holds one name a line.")
        if _LEADS_OUT.search(name):
            raise DataError(
                f"{path}, line {number}: {name} leads out of the data set's folder; "
                f"a list holds names of files inside it, such as {Path(name).stem}."
            )
        names.append((number, name.replace("\\", "/")))
    return NameList(path, tuple(names))


def read_text(path: Path, most: int) -> str:
    """A text file of at most `most` bytes.

    Raises:
        DataError: It cannot be read, is larger, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise DataError(f"{path}: over {most:_} bytes, which is no file of this kind.")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}, line {line}: not UTF-8 text; save it as UTF-8.") from error
