"""A thousand random things that a person could do leave no exception, no leak and no thread behind."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.window.actions import ACTIONS
from fcn_studio.app.window.main_window import MainWindow
from tests.app.conftest import drag_and_drop, files, wait_until_done

ACTS = 1000
SEED = 20150608
GROWTH_MB = 150  # over the second half; what is kept of photos is bounded anew each time by the cache

# What ends the program, and what would bring in the large checkpoint or a device that may be there.
LEFT_OUT = {"file.quit", "net.default", "net.streets", "net.imagenet", "net.next", "device.cuda", "device.mps"}
KEYS = (Qt.Key.Key_B, Qt.Key.Key_Tab, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_PageDown)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_thousand_random_actions(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    make_photo: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FCN_STUDIO_WEIGHTS", str(tmp_path / "none"))  # no buttons that bring in large checkpoints
    window = make_window()
    dice = random.Random(SEED)
    photos = [make_photo(f"{n}.png", 200 + 40 * n, 260 - 20 * n, seed=n) for n in range(8)]
    labels = Image.new("P", (200, 260), 3)
    labels.save(tmp_path / "0_mask.png")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8 broken")
    names = sorted(entry.id for entry in ACTIONS if entry.id not in LEFT_OUT)
    process = psutil.Process()

    def trigger() -> None:
        window.actions_by_id[dice.choice(names)].trigger()

    def drop() -> None:
        drag_and_drop(window, files(*dice.sample([*photos, broken, tmp_path], dice.randint(1, 4))))

    def widgets() -> list[QWidget]:
        return [widget for widget in window.findChildren(QWidget) if widget.isVisible() and widget.isEnabled()]

    def place_in(widget: QWidget) -> QPoint:
        return QPoint(dice.randrange(max(widget.width(), 1)), dice.randrange(max(widget.height(), 1)))

    def click() -> None:
        widget = dice.choice(widgets())
        modifier = dice.choice((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier))
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, modifier, place_in(widget))

    def wheel() -> None:
        panels = [panel.canvas for panel in window.compare.findChildren(QWidget) if hasattr(panel, "canvas")]
        canvas = dice.choice(panels) if panels else window
        at = QPointF(place_in(canvas))
        event = QWheelEvent(
            at,
            QPointF(canvas.mapToGlobal(at)),
            QPoint(),
            QPoint(0, dice.choice((-360, -120, 120, 360))),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(canvas, event)

    def key() -> None:
        QTest.keyClick(QApplication.focusWidget() or window, dice.choice(KEYS))

    def resize() -> None:
        window.resize(dice.randint(900, 1500), dice.randint(560, 950))

    def wait() -> None:
        qtbot.wait(dice.randint(1, 60))

    def answer() -> None:
        """Closes the menu or the question that waits for a person."""
        waiting = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if waiting is not None:
            waiting.close()

    answering = QTimer(interval=20)
    answering.timeout.connect(answer)
    answering.start()
    halfway = 0
    for number in range(ACTS):
        dice.choices((trigger, drop, click, wheel, key, resize, wait), (50, 8, 10, 12, 10, 2, 8))[0]()
        QApplication.processEvents()
        for dialog in window.findChildren(QDialog):
            dialog.close()
        if number == ACTS // 2:
            wait_until_done(qtbot, window)
            gc.collect()
            halfway = process.memory_info().rss
    wait_until_done(qtbot, window)
    gc.collect()
    assert (process.memory_info().rss - halfway) / 2**20 < GROWTH_MB
    assert window.isVisible()
    drag_and_drop(window, files(photos[0]))
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.photo.name == "0.png"
    assert window.session.shown.trace is not None
