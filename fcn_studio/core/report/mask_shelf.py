"""Masks put away on disk while an evaluation runs, so that pictures of any photo can be made at its end."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

LEVEL = 1  # zlib's fastest: areas of one class shrink well by any means, to about 5 kB for CamVid's 480x360

Mask = NDArray[np.uint8]


class MaskShelf:
    """A temporary file of packed masks, gone when it is closed; which photos deserve pictures is known only then."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._places: dict[Path, tuple[tuple[int, int], dict[str, tuple[int, int]]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, photo: Path, truth: Mask, masks: Mapping[str, Mask]) -> None:
        """Puts away a photo's (H, W) truth and masks."""
        spans = {}
        for name, mask in (("", truth), *masks.items()):
            packed = zlib.compress(mask.tobytes(), LEVEL)
            spans[name] = (self._file.tell(), len(packed))
            self._file.write(packed)
        self._places[photo] = ((truth.shape[0], truth.shape[1]), spans)

    def get(self, photo: Path) -> tuple[Mask, dict[str, Mask]]:
        """A photo's truth, and its masks by name, as they were put.

        Raises:
            KeyError: The photo was not put.
        """
        size, spans = self._places[photo]
        found = {}
        for name, (start, length) in spans.items():
            self._file.seek(start)
            found[name] = np.frombuffer(zlib.decompress(self._file.read(length)), np.uint8).reshape(size)
        self._file.seek(0, 2)
        return found.pop(""), found
