"""How soon the window is there, and the first mask in it: `python -m tests.benchmarks.window start`.

Each start is the program's own (`fcn_studio.app.window.run.main`) in a process of its own, with fresh settings,
timed from just before that process is made. A first round is not counted: it writes the bytecode that an installed
program has and fills the disk cache. In every round `python -c "import torch"` is timed too.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 5
CHILD = "--child"
POLL_MS = 2
EVENTS = ("window", "first mask", "all masks")
AIMS = {"window": 0.7, "first mask": 3.0}  # seconds


def measure_start(folder: Path) -> None:
    """Prints medians, each round, and ratios to the import of torch."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "XDG_CONFIG_HOME": str(folder / "settings"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[float]] = {name: [] for name in (*EVENTS, "import torch")}
    for number in range(ROUNDS + 1):
        begin = time.time()
        subprocess.run([sys.executable, "-c", "import torch"], check=True, env=environment)
        torch = time.time() - begin
        command = [sys.executable, "-m", "tests.benchmarks.start", CHILD, repr(time.time())]
        found = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        if number == 0:
            continue
        times["import torch"].append(torch)
        for name, word in zip(EVENTS, found.stdout.split(), strict=True):
            times[name].append(float(word))
    for name, seconds in times.items():
        ratio = statistics.median(a / b for a, b in zip(seconds, times["import torch"], strict=True))
        aim = f", aim {AIMS[name]} s" if name in AIMS else ""
        each = " ".join(f"{second:.2f}" for second in seconds)
        print(f"start: {name:12} {statistics.median(seconds):5.2f} s, {ratio:4.2f} of import torch ({each}){aim}")


def start_child(begin: float) -> None:
    """One start on the samples; prints the seconds from `begin` (of `time.time`) to each of EVENTS."""
    from fcn_studio.app.window import bootstrap

    bootstrap.prepare()
    bootstrap.import_qt()
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from fcn_studio.app.window import run
    from fcn_studio.app.window.main_window import MainWindow

    application = run._application()
    seen: dict[str, float] = {}

    def look() -> None:
        """What is true now has been painted by the time that this is called again."""
        window = next((found for found in QApplication.topLevelWidgets() if isinstance(found, MainWindow)), None)
        handle = window.windowHandle() if window is not None else None
        if window is None or handle is None or not handle.isExposed():
            return
        shown = window.session.shown
        masks = [
            panel for panel in window.session.panels if panel.is_variant and shown and shown.mask(panel) is not None
        ]
        true = {
            "window": True,
            "first mask": bool(masks),
            "all masks": bool(masks) and shown is not None and not shown.pending,
        }
        for name in EVENTS:
            if name in painting and name not in seen:
                seen[name] = time.time() - begin
            if true[name]:
                painting.add(name)
        if len(seen) == len(EVENTS):
            window.close()

    painting: set[str] = set()
    timer = QTimer()
    timer.setInterval(POLL_MS)
    timer.timeout.connect(look)
    timer.start()
    QTimer.singleShot(60_000, application.quit)
    run.main([], weights="default", device="auto", precision="auto")
    print(*(seen[name] for name in EVENTS))


if __name__ == "__main__" and sys.argv[1:2] == [CHILD]:
    start_child(float(sys.argv[2]))
