"""Torch's shared libraries, loaded without Python's lock, so that the window answers meanwhile."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

# What `import torch` loads first, in its order (torch/__init__.py, `_load_global_deps`).
LIBRARIES = (("libtorch_global_deps.so", "RTLD_GLOBAL"), ("libtorch_python.so", "RTLD_LOCAL"))


def folder() -> Path | None:
    """Where torch's libraries lie; torch itself is not imported."""
    spec = importlib.util.find_spec("torch")
    return Path(spec.origin).parent / "lib" if spec is not None and spec.origin is not None else None


def load_ahead() -> bool:
    """Has the system load what `import torch` needs, which then finds it there; for the thread that is to import it.

    The system takes some tenths of a second for a gigabyte of libraries, and Python keeps its lock while it loads an
    extension module: the window would stand still. A function that ctypes calls, the C library's own dlopen, runs
    without the lock. What fails here is left to `import torch`, which says it better.

    Returns:
        Whether they are loaded.
    """
    if "torch" in sys.modules:
        return True
    # Where LD_LIBRARY_PATH is set, torch looks for CUDA's libraries itself, between these two.
    if sys.platform != "linux" or "LD_LIBRARY_PATH" in os.environ:
        return False
    where, process = folder(), ctypes.CDLL(None)
    if where is None or not hasattr(process, "dlopen"):  # in the C library since glibc 2.34
        return False
    process.dlopen.restype, process.dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name, scope in LIBRARIES:
        library = where / name
        if not library.is_file() or not process.dlopen(os.fsencode(library), os.RTLD_NOW | getattr(os, scope)):
            return False
    return True
