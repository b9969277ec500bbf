"""The program itself on a real X server, with real keys, wheel and drags; skipped where Xvfb or xdotool is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

TOOLS = ("Xvfb", "xdotool", "import")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(shutil.which(tool) for tool in TOOLS), reason="needs Xvfb, xdotool and ImageMagick's import"
    ),
]


@pytest.fixture
def display() -> Iterator[dict[str, str]]:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x900x24"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as numbers:
        number = numbers.readline().strip()
    yield {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    server.terminate()
    server.wait()


class Desktop:
    """The program on a screen of its own, and hands to use it."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._programs: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        program = subprocess.Popen([sys.executable, *words], env=self._environment)
        self._programs.append(program)
        return program

    def run(self, *words: str) -> None:
        self._programs.append(subprocess.Popen(words, env=self._environment, stderr=subprocess.DEVNULL))
        time.sleep(1)

    def x(self, *words: str) -> str:
        found = subprocess.run(["xdotool", *words], env=self._environment, capture_output=True, text=True, check=False)
        return found.stdout.strip()

    def window(self, name: str) -> str:
        """The id of the window whose title has `name` in it, once there is one."""
        for _ in range(160):
            if ids := self.x("search", "--onlyvisible", "--name", name):
                return ids.split()[-1]
            time.sleep(0.25)
        raise AssertionError(f"no window called {name}")

    def screen(self) -> NDArray[np.uint8]:
        path = self._folder / "screen.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self._environment, check=True)
        return np.asarray(Image.open(path).convert("RGB"))

    def settled(self, differs_from: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """The screen, once it no longer changes and differs from an earlier one."""
        last = self.screen()
        for _ in range(80):
            time.sleep(0.25)
            now = self.screen()
            if np.array_equal(now, last) and (differs_from is None or not np.array_equal(now, differs_from)):
                return now
            last = now
        raise AssertionError("the screen did not settle")

    def end(self) -> None:
        for program in self._programs:
            if program.poll() is None:
                program.kill()
                program.wait()


@pytest.fixture
def desktop(display: dict[str, str], tmp_path: Path) -> Iterator[Desktop]:
    made = Desktop({**display, "XDG_CONFIG_HOME": str(tmp_path / "config")}, tmp_path)
    yield made
    made.end()


@pytest.mark.skipif(not shutil.which("openbox"), reason="needs a window manager: openbox")
@pytest.mark.parametrize("typed", ["", "outlines"])
def test_the_mouse_lives_on_after_the_command_palette(
    desktop: Desktop, tiny_weights: Path, make_photo: Callable[..., Path], typed: str
) -> None:
    desktop.run("openbox")
    program = desktop.start(
        "-m", "fcn_studio", "view", "--weights", str(tiny_weights), str(make_photo("street.png", 640, 480))
    )
    desktop.x("windowfocus", desktop.window("street.png"))
    time.sleep(6)  # torch loads
    first = desktop.settled()
    desktop.x("mousemove", "300", "420", "key", "--clearmodifiers", "ctrl+shift+p")
    over = desktop.settled(first)
    if typed:
        desktop.x("type", typed)
    desktop.x("key", "Return" if typed else "Escape")
    closed = desktop.settled(over)
    desktop.x("click", "4")
    desktop.settled(closed)  # the wheel zoomed
    desktop.x("key", "--clearmodifiers", "ctrl+q")
    assert program.wait(20) == 0


def test_keys_and_screenshot(desktop: Desktop, tiny_weights: Path, make_photo: Callable[..., Path]) -> None:
    photo = make_photo("street.png", 640, 480)
    program = desktop.start("-m", "fcn_studio", "view", "--weights", str(tiny_weights), str(photo))
    desktop.x("windowfocus", desktop.window("street.png"))
    time.sleep(6)  # torch loads
    first = desktop.settled()
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 100
    desktop.x("key", "--clearmodifiers", "1")
    toggled = desktop.settled(first)
    desktop.x("key", "--clearmodifiers", "1")
    assert np.mean(desktop.settled(toggled) != first) < 0.01
    desktop.x("key", "--clearmodifiers", "ctrl+q")
    assert program.wait(20) == 0


# Another program that a file is dragged out of: a red square in the upper left corner, over all windows.
SOURCE = """
import sys
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QWidget

class Source(QWidget):
    def mouseMoveEvent(self, event):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(sys.argv[1])])
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.exec(Qt.DropAction.CopyAction)

application = QApplication(sys.argv)
source = Source(None, Qt.WindowType.X11BypassWindowManagerHint | Qt.WindowType.WindowStaysOnTopHint)
source.setWindowTitle("source of drags")
source.setStyleSheet("background: red")
source.setGeometry(0, 0, 60, 60)
source.show()
application.exec()
"""


def test_a_drag_from_another_program_and_the_wheel(
    desktop: Desktop, tiny_weights: Path, make_photo: Callable[..., Path]
) -> None:
    photo = make_photo("dragged street.png", 640, 480)
    program = desktop.start("-m", "fcn_studio", "view", "--weights", str(tiny_weights))
    desktop.window("FCN Studio")
    time.sleep(6)  # torch loads
    desktop.start("-c", SOURCE, str(photo))
    desktop.x("windowraise", desktop.window("source of drags"))
    empty = desktop.settled()
    desktop.x("mousemove", "30", "30", "mousedown", "1")
    for step in range(1, 21):
        desktop.x("mousemove", str(30 + 30 * step), str(30 + 20 * step))
        time.sleep(0.05)
    over = desktop.settled()
    assert np.mean(over != empty) > 0.05, "no drop target is seen"
    desktop.x("mouseup", "1")
    window = desktop.window("dragged street.png")
    time.sleep(1)
    dropped = desktop.settled(over)
    desktop.x("mousemove", "360", "300", "click", "4", "click", "4")
    assert np.mean(desktop.settled(dropped) != dropped) > 0.05, "the wheel does not zoom"
    desktop.x("windowfocus", window)
    desktop.x("key", "--clearmodifiers", "ctrl+q")
    assert program.wait(20) == 0
