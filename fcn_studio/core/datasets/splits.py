"""What the splits of a data set may be called, as folders and as lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

# What a split's folder or list may be called, and what it is called here.
SPLIT_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "train": "train",
        "training": "train",
        "val": "val",
        "valid": "val",
        "validation": "val",
        "test": "test",
        "testing": "test",
        "trainval": "trainval",
    }
)
LIST_FOLDERS = ("", "splits", "lists")


def lists_in(folder: Path) -> dict[str, Path]:
    """By split, the list that names its photos."""
    found: dict[str, Path] = {}
    for place in LIST_FOLDERS:
        for written, name in SPLIT_NAMES.items():
            path = folder / place / f"{written}.txt"
            if name not in found and path.is_file():
                found[name] = path
    return found
