"""How the window feels: `python -m tests.benchmarks.window [start] [heartbeat] [latency] [memory] [fusion]`.

Everything runs on the default checkpoint and an enlarged sample photo. Times depend on the machine and on what else it
does; compare figures of one run only.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PIL import Image
from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import EngineChoice
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.widgets.language import Language
from fcn_studio.app.widgets.theme import Scheme, Theme
from fcn_studio.app.window import bootstrap, run
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.worker.garbage import WindowThreadCollector
from fcn_studio.app.worker.inference import Inference
from fcn_studio.core.samples import sample_photos
from tests.benchmarks.start import measure_start

BEAT_MS = 5
REPEATS = 30
MEGABYTE = 2**20


def main(wanted: list[str]) -> None:
    """Runs the measurements that are named, or all."""
    bootstrap.prepare()
    known: dict[str, Callable[[Path], None]] = {
        "start": measure_start,
        "heartbeat": measure_heartbeat,
        "latency": measure_latency,
        "memory": measure_memory,
        "fusion": measure_fusion,
    }
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted or list(known):
            known[name](Path(folder))


def sample(folder: Path, width: int, height: int) -> Path:
    """An enlarged sample photo."""
    path = folder / f"{width}x{height}.jpg"
    if not path.exists():
        with Image.open(sample_photos()[0].path) as image:
            image.convert("RGB").resize((width, height)).save(path, quality=90)
    return path


def opened_window(folder: Path) -> MainWindow:
    """A window on the default checkpoint, with settings of its own."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = run._application()
        WindowThreadCollector(application)
    settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    theme, language = Theme(application, Scheme.LIGHT), Language(application, "en")
    window = MainWindow(Inference(), EngineChoice(("default",)), settings, theme, language)
    window.resize(1920, 1080)
    window.show()
    return window


def wait_until(done: Callable[[], bool]) -> None:
    """Lets events run."""
    while not done():
        loop = QEventLoop()
        QTimer.singleShot(10, loop.quit)
        loop.exec()


def measure_heartbeat(folder: Path) -> None:
    """The longest time between two beats of a timer while a 24-megapixel photo is segmented."""
    photo = sample(folder, 6000, 4000)
    window = opened_window(folder)
    window.start()
    wait_until(lambda: bool(window.session.engine))
    gaps: list[float] = []
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

    timer = QTimer()
    timer.setInterval(BEAT_MS)
    timer.timeout.connect(beat)
    timer.start()
    begin = time.perf_counter()
    window.intake.open_paths([photo])
    wait_until(lambda: not window.busy and window.session.shown is not None)
    QApplication.processEvents()
    timer.stop()
    worst = ", ".join(f"{1000 * gap:.0f}" for gap in sorted(gaps, reverse=True)[:5])
    print(f"heartbeat: {len(gaps)} beats in {time.perf_counter() - begin:.1f} s; worst gaps {worst} ms")
    window.close()


def measure_latency(folder: Path) -> None:
    """From a change to the repainted panels, at 1920x1080 with a 12-megapixel photo."""
    window = opened_window(folder)
    window.intake.open_paths([sample(folder, 4000, 3000)])
    wait_until(lambda: not window.busy and window.session.shown is not None)
    presentation = window.session.presentation
    presentation.set_cutoff(50)
    wait_until(lambda: not window.busy)
    presentation.set_cutoff(0)
    name = window.session.class_names[3]
    shown = window.session.shown
    if shown is None or shown.trace is None:
        raise RuntimeError("nothing was segmented")
    print(f"latency at {window.width()}x{window.height()}, photo {shown.size[1]}x{shown.size[0]}, 4 panels:")

    changes: dict[str, Callable[[int], None]] = {
        "opacity": lambda number: presentation.set_opacity(20 + number),
        "class": lambda number: presentation.toggle_class(name),
        "masks": lambda number: presentation.toggle_masks(),
        "outlines": lambda number: presentation.toggle_outlines(),
        "palette": lambda number: presentation.set_palette(("tol", "dataset")[number % 2]),
        "unsure pixels": lambda number: presentation.set_cutoff(40 + number),
        "cross-hair": lambda number: window.session.set_pointer((100 + 30 * number, 900)),
        "zoom": lambda number: window.transform.zoom_at((1.1, 1 / 1.1)[number % 2], 0, 0),
    }
    for what, change in changes.items():
        times = []
        for number in range(REPEATS):
            begin = time.perf_counter()
            change(number)
            for panel in window.compare.visible_panels:
                window.compare.panels[panel].canvas.repaint()
            QApplication.processEvents()
            times.append(1000 * (time.perf_counter() - begin))
        print(f"  {what:14} median {statistics.median(times):5.1f} ms, worst {max(times):5.1f} ms")
    window.close()


def measure_memory(folder: Path) -> None:
    """Memory while 200 photos are looked at, one after the other."""
    photos = []
    first = sample(folder, 960, 720)
    for number in range(200):
        path = folder / f"photo{number:03}.jpg"
        with Image.open(first) as image:
            image.rotate(number).save(path)
        photos.append(path)
    window = opened_window(folder)
    process = psutil.Process()
    window.intake.open_paths(photos)
    wait_until(lambda: not window.busy and window.session.shown is not None)
    for number in range(1, len(photos) + 1):
        if number in (1, 20, 50, 100, 150, 200):
            print(f"memory after {number} photos of 960x720: {process.memory_info().rss / MEGABYTE:.0f} MB")
        window.session.list.step(1)
        wait_until(lambda: not window.busy)
    window.close()


def measure_fusion(folder: Path) -> None:
    """From a skip slider's move to the repainted mask, and from the pointer's move to the probe, at 500x375."""
    window = opened_window(folder)
    window.intake.open_paths([sample(folder, 500, 375)])
    wait_until(lambda: not window.busy and window.session.shown is not None)
    window.session.presentation.set_room(Room.FUSION)
    window.workspace.show_probe()
    wait_until(lambda: not window.busy)
    slider = window.workspace.fusion.controls.sliders["score_pool3"]
    times = []
    for number in range(4 * REPEATS):
        begin = time.perf_counter()
        slider.set_gain(number / (2 * REPEATS))
        slider.gain_requested.emit(slider.gain)
        QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - begin))
    median = statistics.median(times)
    print(f"skip slider: median {median:.1f} ms ({1000 / median:.0f} a second), worst {max(times):.1f} ms")
    wait_until(lambda: not window.busy)
    window.session.presentation.set_room(Room.COMPARE)
    times = []
    for number in range(4 * REPEATS):
        begin = time.perf_counter()
        window.session.set_pointer((100 + number, 120))
        window.workspace.probe.explain_now()
        QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - begin))
    print(f"hover with the probe: median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms")
    window.close()


if __name__ == "__main__":
    main(sys.argv[1:])
