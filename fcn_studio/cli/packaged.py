"""What an option names: a file, or something of resources/ by its name."""

from __future__ import annotations

from pathlib import Path

from fcn_studio import paths
from fcn_studio.core.errors import DataError


def packaged(name: str, kind: str, *, called: str = "", also: tuple[str, ...] = ()) -> Path:
    """The file that is meant: `name` itself, or `<name>.toml` in a folder of resources/.

    Args:
        name: A path, or the stem of a packaged TOML file.
        kind: The folder, such as `recipes`.
        called: What the error calls the packaged ones; else `kind`.
        also: Names that the caller knows besides, for the error.

    Raises:
        DataError: It is neither; the sentence lists the names.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return path
    file = paths.resources() / kind / f"{name}.toml"
    if not file.is_file():
        known = ", ".join([*sorted(entry.stem for entry in file.parent.glob("*.toml")), *also])
        raise DataError(f"{name}: neither a TOML file nor one of the built-in {called or kind}: {known}.")
    return file
