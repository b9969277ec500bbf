"""How much memory this process has held."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """The most memory this process has held, in bytes."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    if sys.platform == "linux":
        # Its own; ru_maxrss would be the parent's where that had held more before it started this one.
        for line in STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kilobytes on Linux, bytes on macOS
