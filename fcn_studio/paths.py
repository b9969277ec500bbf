"""Where weights/, resources/ and the cache lie: the only module that knows.

From a checkout they are the repository's own folders; in a wheel they lie inside the package.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def _data_folder(name: str) -> Path:
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def resources() -> Path:
    """The folder of label sets, recipes, samples, icons and the style sheet."""
    return _data_folder("resources")


def weights() -> Path:
    """The folder of the embedded checkpoints; FCN_STUDIO_WEIGHTS names another one."""
    return Path(os.environ.get("FCN_STUDIO_WEIGHTS") or _data_folder("weights"))


def cache() -> Path:
    """The user's cache folder for this program; made by whoever writes there."""
    return Path(platformdirs.user_cache_dir("fcn-studio", appauthor=False))
