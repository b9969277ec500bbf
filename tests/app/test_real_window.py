"""The program itself on a real X server, with real keys; skipped where Xvfb or xdotool is missing."""

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


def test_keys_and_screenshot(
    display: dict[str, str], tiny_weights: Path, make_photo: Callable[..., Path], tmp_path: Path
) -> None:
    environment = {**display, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    photo = make_photo("street.png", 640, 480)
    program = subprocess.Popen(
        [sys.executable, "-m", "fcn_studio", "view", "--weights", str(tiny_weights), str(photo)], env=environment
    )

    def x(*words: str) -> str:
        found = subprocess.run(["xdotool", *words], env=environment, capture_output=True, text=True, check=False)
        return found.stdout.strip()

    def screen(name: str) -> np.ndarray:
        path = tmp_path / name
        subprocess.run(["import", "-window", "root", str(path)], env=environment, check=True)
        return np.asarray(Image.open(path).convert("RGB"))

    def settled(name: str, differs_from: np.ndarray | None = None) -> np.ndarray:
        """The screen, once it no longer changes and differs from an earlier one."""
        last = screen(name)
        for _ in range(80):
            time.sleep(0.25)
            now = screen(name)
            if np.array_equal(now, last) and (differs_from is None or not np.array_equal(now, differs_from)):
                return now
            last = now
        raise AssertionError("the screen did not settle")

    try:
        for _ in range(120):
            if ids := x("search", "--name", "street.png"):
                break
            time.sleep(0.25)
        assert ids, "no window with the photo's name"
        window = ids.split()[-1]
        x("windowfocus", window)
        time.sleep(6)  # torch loads
        first = settled("first.png")
        assert len(np.unique(first.reshape(-1, 3), axis=0)) > 100
        x("key", "--clearmodifiers", "1")
        toggled = settled("toggled.png", first)
        x("key", "--clearmodifiers", "1")
        assert np.mean(settled("back.png", toggled) != first) < 0.01
        x("key", "--clearmodifiers", "ctrl+q")
        assert program.wait(20) == 0
    finally:
        if program.poll() is None:
            program.kill()
            program.wait()
