"""What must happen before Qt is imported: crash traces, torch's library on Windows, threads, uncaught errors.

Nothing here runs on import; `prepare` is called by whoever starts the program.
"""

from __future__ import annotations

import builtins
import ctypes
import faulthandler
import gc
import importlib
import logging
import os
import sys
import threading
from types import TracebackType

import psutil

from fcn_studio.app.worker import torch_libraries

logger = logging.getLogger(__name__)

EAGER = "FCN_STUDIO_EAGER_TORCH"


def prepare() -> None:
    """Prepares the process for a window. Call it once, before PySide6 is imported.

    Python's cycle collector is off from here on: `garbage.WindowThreadCollector` does its work later, and through the
    imports of a start it finds nothing.
    """
    gc.disable()
    if sys.stderr is not None:  # pythonw on Windows has none
        faulthandler.enable()
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    _leave_a_core_for_the_window()
    if os.environ.get(EAGER) == "1":
        importlib.import_module("torch")
    elif sys.platform == "win32":
        _preload_torch_library()


def import_qt() -> None:
    """Imports PySide6 and leaves Python's import as it was.

    PySide6 replaces it by one that reads the source of every module, torch's 900 too, and looks for its name there: so
    that `from __feature__ import snake_case` can be told from other imports. Nobody here writes that.

    Raises:
        ImportError: PySide6 or one of its system libraries is missing.
    """
    plain = builtins.__import__
    try:
        importlib.import_module("PySide6.QtWidgets")
    finally:
        builtins.__import__ = plain


def _leave_a_core_for_the_window() -> None:
    """Bounds torch's threads, unless the user has done so; read by OpenMP when torch's libraries are loaded."""
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    os.environ.setdefault("OMP_NUM_THREADS", str(cores - 1 if cores > 2 else cores))


def _preload_torch_library() -> None:
    """Loads c10.dll before Qt: with torch >= 2.9 it fails with WinError 1114 after a Qt binding (pytorch#166628)."""
    folder = torch_libraries.folder()
    if folder is None:
        return
    library = folder / "c10.dll"
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        logger.warning("%s could not be loaded early (%s); if torch fails later, set %s=1", library, error, EAGER)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("uncaught error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
