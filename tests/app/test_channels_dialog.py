"""The channels behind a pixel: asked for from the probe, listed by the API's shares, and muted one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.probe.channels_dialog import ChannelsDialog
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.maps.channels import channel_shares, muted
from fcn_studio.core.maps.explain import explain
from tests.app.conftest import act, open_files, wait_until_done


def test_channels_are_listed_and_muted(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    act(window, "view.probe")
    window.session.pin((100, 80))
    qtbot.wait(40)
    button = window.findChild(QPushButton, "probe_channels")
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.findChild(ChannelsDialog) is not None, timeout=30_000)
    wait_until_done(qtbot, window)
    dialog = window.findChild(ChannelsDialog)
    assert isinstance(dialog, ChannelsDialog)
    assert window.session.shown is not None
    trace = window.session.shown.trace
    assert trace is not None
    assert window.session.probed.pixel == (100, 80), "the pin stays while the taps are fetched"
    winner = int(explain(trace, 100, 80, "8s").ranking()[0])
    shares = channel_shares(trace, 100, 80, "8s", winner)
    largest = sorted((abs(float(value)) for values in shares.values() for value in values), reverse=True)
    listed = dialog.findChild(QTreeWidget, "channels_list")
    assert isinstance(listed, QTreeWidget)
    assert listed.topLevelItemCount() == 10
    first = listed.topLevelItem(0)
    assert first is not None
    assert abs(float(first.text(1))) == round(largest[0], 3)
    words = dialog.findChild(QLabel, "channels_words")
    assert isinstance(words, QLabel)
    assert words.text().startswith("0 channels muted: 0.0 %")
    first.setCheckState(0, Qt.CheckState.Unchecked)
    qtbot.wait(30)
    wait_until_done(qtbot, window)
    expected = np.mean(muted(trace, dialog.silent).mask("8s") != trace.mask("8s"))
    assert words.text().startswith(f"1 channels muted: {100 * expected:.1f} %")
    dialog.close()
