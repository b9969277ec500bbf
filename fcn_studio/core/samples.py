"""The sample photos that come with the program, and which embedded net fits each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from fcn_studio import paths


@dataclass(frozen=True, slots=True)
class Sample:
    """One photo.

    Attributes:
        path: Its file.
        net: The short name of the net that fits it.
    """

    path: Path
    net: str


def sample_photos() -> tuple[Sample, ...]:
    """Those that are there, in the order in which they are shown; none where the packaged list is missing."""
    folder = paths.resources() / "samples"
    try:
        listed = tomllib.loads((folder / "samples.toml").read_text(encoding="utf-8"))["sample"]
        found = [Sample(folder / str(entry["file"]), str(entry["net"])) for entry in listed]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(sample for sample in found if sample.path.is_file())
