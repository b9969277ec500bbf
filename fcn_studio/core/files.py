"""Outputs written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from fcn_studio.core.errors import OutputError


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`, moved onto it at the end and removed on any failure.

    Raises:
        OutputError: The folder or the file cannot be written (no right, no space, no such place).
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile's: its files are for their owner only, and to ask for the umask is to change it for all threads.
        name = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(4)}{path.suffix}")
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        temporary = name
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written ({error.strerror or error}); choose another folder or free some space."
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
