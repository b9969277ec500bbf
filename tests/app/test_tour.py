"""The guided tour and the paragraphs that explain each room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.window.tour import telling_pixel
from fcn_studio.core.maps.explain import explain
from fcn_studio.core.trace.live_fusion import Gains
from tests.app.conftest import act, open_files, wait_until_done


def press(qtbot: QtBot, window: MainWindow, name: str) -> None:
    button = window.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.wait(150)
    wait_until_done(qtbot, window)


def test_six_steps_each_set_the_window_up(qtbot: QtBot, window: MainWindow) -> None:
    act(window, "help.tour")  # nothing is open: it takes a sample
    wait_until_done(qtbot, window)
    bar, presentation = window.workspace.tour, window.session.presentation
    assert bar.isVisible()
    seen: list[tuple[Room, str]] = []
    for step in range(6):
        text = bar.findChild(QLabel, "tour_text")
        assert isinstance(text, QLabel)
        seen.append((presentation.room, text.text()))
        if step == 0:
            assert window.compare.visible_panels == (PanelId("32s"),)
        if step == 2:
            assert window.workspace.fusion.gains == Gains(1, 1, 0)
        if step == 5:
            assert window.session.probed.pinned
            assert window.workspace.probe.isVisible()
        press(qtbot, window, "tour_forward")
    assert [room for room, _ in seen] == [
        *(Room.COMPARE, Room.HEATMAPS, Room.FUSION, Room.FUSION, Room.COMPARE, Room.COMPARE)
    ]
    assert len({text for _, text in seen}) == 6
    assert not bar.isVisible()


def test_back_and_out(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    act(window, "help.tour")
    rooms = [window.session.presentation.room]
    for name in ("tour_forward", "tour_back"):
        press(qtbot, window, name)
        rooms.append(window.session.presentation.room)
    assert rooms == [Room.COMPARE, Room.HEATMAPS, Room.COMPARE]
    press(qtbot, window, "tour_stop")
    assert not window.workspace.tour.isVisible()


def test_the_pixel_of_the_last_step_is_one_that_a_skip_changed(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    assert window.session.shown is not None
    trace = window.session.shown.trace
    assert trace is not None
    x, y = telling_pixel(trace)
    assert trace.mask("32s")[y, x] != trace.mask("8s")[y, x]
    assert explain(trace, x, y, "8s").decider != "score_fr"
    assert np.any(trace.mask("32s") != trace.mask("8s"))


@pytest.mark.parametrize("room", list(Room))
def test_every_room_is_explained(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path], room: Room) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    act(window, f"room.{room}")
    qtbot.wait(50)
    wait_until_done(qtbot, window)
    act(window, "help.lesson")
    sheet = QApplication.activePopupWidget()
    assert sheet is not None
    text = sheet.findChild(QLabel, "lesson_text")
    assert isinstance(text, QLabel)
    assert len(text.text()) > 200
    assert "section" in text.text()
    sheet.close()
