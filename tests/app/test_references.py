"""None keeps its references while the window works: a binding that loses one at each call ends in a crash."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fcn_studio.app.window.main_window import MainWindow
from tests.app.conftest import act, open_files

REPAINTS = 20
MOST_LOST = 50  # by chance, since caches come and go; one repaint made hundreds of calls when they were lost


def test_repainting_loses_no_reference_to_none(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    open_files(qtbot, window, make_photo("street.png"), make_photo("next.png", seed=1))
    act(window, "masks.outlines")
    before = sys.getrefcount(None)
    for _ in range(REPAINTS):
        window.repaint()
        act(window, "masks.shown")
        QApplication.processEvents()
    assert before - sys.getrefcount(None) < MOST_LOST
