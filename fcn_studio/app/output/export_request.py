"""What the user wants exported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The answer of the export dialog.

    Attributes:
        folder: Where the files go; it need not be there yet.
        kinds: Some of `core.export.KINDS`.
        variants: Of the first checkpoint, coarsest first.
        everything: All photos of the list, not only the current one.
    """

    folder: Path
    kinds: tuple[str, ...]
    variants: tuple[str, ...]
    everything: bool = False
