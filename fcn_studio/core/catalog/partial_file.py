"""A file that is on its way: the bytes so far, and a note of where they come from, so that it can be gone on with."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from fcn_studio.core.errors import OutputError


@dataclass(frozen=True, slots=True)
class Origin:
    """What the server said of the file when it began.

    Attributes:
        url: The address that was asked.
        total: Bytes of the whole file, if it said so.
        etag: Its strong entity tag, or empty.
        modified: Its date of last change, or empty.
    """

    url: str
    total: int | None = None
    etag: str = ""
    modified: str = ""

    @property
    def validator(self) -> str:
        """For If-Range: by which the server knows whether it still is the same file; empty if there is none."""
        return self.etag or self.modified


class PartialFile:
    """`<name>.part` and `<name>.part.json`.

    Args:
        target: The file that it will become.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes so far."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @property
    def origin(self) -> Origin | None:
        """Where they come from; None if nobody knows, so that they are of no use."""
        try:
            values = json.loads(self._note.read_text(encoding="utf-8"))
            total = values["total"]
            return Origin(
                str(values["url"]), None if total is None else int(total), str(values["etag"]), str(values["modified"])
            )
        except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError):
            return None

    def usable(self, url: str) -> int:
        """How many bytes a request to `url` can go on from; 0 starts anew."""
        origin, size = self.origin, self.size
        if origin is None or origin.url != url or (origin.total is not None and size > origin.total):
            return 0
        return size if origin.validator or origin.total is not None else 0

    @contextlib.contextmanager
    def writing(self, origin: Origin, start: int) -> Iterator[BinaryIO]:
        """Opens it to write from `start` on: 0 empties it, otherwise it has that many bytes.

        Raises:
            OutputError: The disk is full, or the folder cannot be written.
        """
        try:
            if not start:
                self._note.write_text(json.dumps(asdict(origin)), encoding="utf-8")
            with open(self.path, "ab" if start else "wb") as file:
                yield file
        except OSError as error:
            raise OutputError(
                f"{self.path} could not be written ({error.strerror or error}); free some space and download again."
            ) from error

    def finish(self) -> None:
        """It becomes the target, at once.

        Raises:
            OutputError: It cannot be moved there.
        """
        try:
            self.path.replace(self.target)
        except OSError as error:
            raise OutputError(
                f"{self.target} could not be written ({error.strerror or error}); close what uses it and try again."
            ) from error
        self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        """Removes it."""
        for path in (self.path, self._note):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
