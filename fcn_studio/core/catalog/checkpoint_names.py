"""What to call several checkpoints side by side, so that no two have one name and none is merely `best`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

# Training calls every run's checkpoints so (`core.run_folder`); only the folder tells which run it was.
OF_A_RUN = re.compile(r"(best|newest)(-\d+s)?")
MOST_NAMED = 3  # in a heading; of more it says how many


def display_names(names: Sequence[str], files: Sequence[Path]) -> tuple[str, ...]:
    """A name for each checkpoint, all different.

    Args:
        names: The checkpoints' own names.
        files: Where they lie. `good/best.safetensors` becomes `good/best`; where names still repeat, more folders
            come before them, and where one file comes twice, a number behind them.
    """
    depths = [1 if OF_A_RUN.fullmatch(name) else 0 for name in names]
    folders = [file.absolute().parent.parts[1:] for file in files]  # without the root
    while True:
        found = [
            "/".join((*parts[len(parts) - depth :], name))
            for name, parts, depth in zip(names, folders, depths, strict=True)
        ]
        again = [
            place
            for place, name in enumerate(found)
            if found.count(name) > 1 and depths[place] < len(folders[place]) and not _same(name, found, files)
        ]
        if not again:
            return numbered(found)
        for place in again:
            depths[place] += 1


def numbered(names: Sequence[str]) -> tuple[str, ...]:
    """The names, those that repeat with their place behind them."""
    return tuple(name if names.count(name) == 1 else f"{name}-{place}" for place, name in enumerate(names, start=1))


def heading(names: Sequence[str]) -> str:
    """The names as a heading says them."""
    different = list(dict.fromkeys(names))
    return ", ".join(different) if len(different) <= MOST_NAMED else f"{len(different)} checkpoints"


def _same(name: str, found: Sequence[str], files: Sequence[Path]) -> bool:
    """Whether all checkpoints of one name are one file, which no folder tells apart."""
    return len({file.absolute() for other, file in zip(found, files, strict=True) if other == name}) == 1
