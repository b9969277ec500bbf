"""Where a data set's `labels.json` says that files lie and how masks are named: `photos`, `masks` and `ending`.

{"photos": "rgb", "masks": "seg", "ending": "_L"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fcn_studio.core.errors import DataError

EXAMPLES: Mapping[str, str] = MappingProxyType({"photos": "rgb", "masks": "seg", "ending": "_L"})


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where files lie; None leaves it to the names that are known.

    Attributes:
        photos: Folder of the photos, below the data set's or below each split's.
        masks: Folder of the masks, likewise; it may be that of the photos.
        ending: What a mask's name has after its photo's.
    """

    photos: str | None = None
    masks: str | None = None
    ending: str | None = None

    def __bool__(self) -> bool:
        return (self.photos, self.masks, self.ending) != (None, None, None)

    def __str__(self) -> str:
        said = {"photos": self.photos, "masks": self.masks, "ending": self.ending}
        return ", ".join(f'"{key}": "{value}"' for key, value in said.items() if value is not None)


ANYWHERE = Arrangement()


def arrangement_of(content: Mapping[str, Any], path: Path) -> Arrangement:
    """What the content of a `labels.json` says of where files lie.

    Args:
        content: The file's keys and values.
        path: The file, for messages.

    Raises:
        DataError: A value is no text, or names a folder outside the data set's.
    """
    said: dict[str, str] = {}
    for key, example in EXAMPLES.items():
        if key not in content:
            continue
        value = content[key]
        if not isinstance(value, str) or not value.strip():
            raise DataError(f'{path}: {key} is to be a text, such as "{key}": "{example}", not {value!r:.80}.')
        said[key] = value if key == "ending" else _inside(value, key, path)
    return Arrangement(**said)


def _inside(folder: str, key: str, path: Path) -> str:
    parts = folder.replace("\\", "/").split("/")
    if ".." in parts or ":" in parts[0] or (not parts[0] and len(parts) > 1):
        raise DataError(f"{path}: {key} leads out of the data set's folder ({folder}); name a folder inside it.")
    return "/".join(parts)
