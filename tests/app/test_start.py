"""What makes the start quick: import is Python's own, torch's libraries come without its lock, rooms when entered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.values.rooms import Room
from fcn_studio.app.window.main_window import MainWindow
from tests.app.conftest import open_files


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_importing_qt_leaves_import_as_it_was() -> None:
    program = """
import builtins, linecache
before = builtins.__import__
from fcn_studio.app.window import bootstrap
bootstrap.import_qt()
import wave as later
from PySide6.QtWidgets import QApplication
print(builtins.__import__ is before, later.__file__ in linecache.cache)
"""
    assert run(program) == "True False"


def test_qt_alone_would_read_what_is_imported_later() -> None:
    """The reason for the former; if PySide6 ever leaves import alone, `import_qt` can go."""
    program = """
import builtins, linecache
import PySide6.QtWidgets
import wave as later
print(later.__file__ in linecache.cache)
"""
    assert run(program) == "True"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch loads its libraries itself")
def test_torchs_libraries_are_there_before_torch_is_imported() -> None:
    program = """
import sys
from fcn_studio.app.worker import torch_libraries
print(torch_libraries.load_ahead(), "torch" in sys.modules, "libtorch_cpu" in open("/proc/self/maps").read())
import torch
print(float(torch.ones(3).sum()), torch_libraries.load_ahead())
"""
    environment = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert done == ["True", "False", "True", "3.0", "True"]


def test_where_the_user_says_which_libraries_torch_chooses_them_itself(tmp_path: Path) -> None:
    program = "from fcn_studio.app.worker import torch_libraries; print(torch_libraries.load_ahead())"
    assert run(program, LD_LIBRARY_PATH=str(tmp_path)) == "False"


def test_a_room_is_made_when_it_is_entered_and_shows_the_photo(
    qtbot: QtBot, window: MainWindow, make_photo: object
) -> None:
    assert callable(make_photo)
    open_files(qtbot, window, make_photo("street.png"))
    assert not window.findChild(QWidget, "heatmap_view")
    window.session.pin((100, 80))
    window.session.presentation.set_room(Room.HEATMAPS)
    qtbot.waitUntil(lambda: not window.busy)
    assert window.workspace.view is window.workspace.heatmaps
    assert window.workspace.heatmaps.isVisible()
    shown = window.session.shown
    assert shown is not None
    assert shown.trace is not None
    assert len(window.workspace.heatmaps.tiles.tiles) == len(shown.trace.labels)


@pytest.mark.parametrize("room", [Room.HEATMAPS, Room.FUSION, Room.CHANGES])
def test_tab_goes_from_the_rooms_names_into_the_room_and_then_to_the_legend(
    qtbot: QtBot, window: MainWindow, make_photo: object, room: Room
) -> None:
    assert callable(make_photo)
    open_files(qtbot, window, make_photo("street.png"))
    window.session.presentation.set_room(room)
    qtbot.waitUntil(lambda: not window.busy)
    window.activateWindow()
    window.workspace.rooms.setFocus()
    order: list[str] = []
    for _ in range(80):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        here = QApplication.focusWidget()
        if here is None or here is window.workspace.rooms:
            break
        place = (
            "room" if window.workspace.view.isAncestorOf(here) else "side" if _in(window.workspace.side, here) else ""
        )
        if place and (not order or order[-1] != place):
            order.append(place)
    assert order == ["room", "side"]


def _in(whole: QWidget, part: QWidget) -> bool:
    return whole is part or whole.isAncestorOf(part)
