"""The probe: the numbers of the API in words and bars, pinned by a click, and receptive fields on the pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fcn_studio.app.canvas.marks import Marks
from fcn_studio.app.probe.share_bars import ShareBars
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.maps.explain import receptive_fields
from fcn_studio.core.trace.trace import Trace
from tests.app.conftest import act, open_files, wait_until_done

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def probing(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> MainWindow:
    open_files(qtbot, window, make_photo("street.png", 320, 240))
    act(window, "view.probe")
    return window


def trace_of(window: MainWindow) -> Trace:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace


def bars(window: MainWindow) -> ShareBars:
    found = window.findChild(ShareBars)
    assert isinstance(found, ShareBars)
    return found


def text(window: MainWindow, name: str) -> str:
    found = window.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text() if found.isVisible() else ""


def look(qtbot: QtBot, window: MainWindow, x: int, y: int) -> None:
    window.session.set_pointer((x, y))
    qtbot.wait(40)


def test_bars_are_the_shares_of_the_api(qtbot: QtBot, probing: MainWindow) -> None:
    trace = trace_of(probing)
    for x, y in ((0, 0), (160, 100), (319, 239)):
        look(qtbot, probing, x, y)
        shares, biases = trace.contributions(x, y, "8s"), trace.biases(x, y, "8s")
        scores = trace.scores("8s")[:, y, x]
        first, second = np.argsort(-scores, kind="stable")[:2]
        winner, runner_up, difference = bars(probing).groups
        assert winner.title == trace.labels.classes[first]
        assert winner.total == pytest.approx(float(scores[first]), abs=1e-4)
        assert runner_up.total == pytest.approx(float(scores[second]), abs=1e-4)
        assert difference.total == pytest.approx(float(scores[first] - scores[second]), abs=1e-4)
        for bar in winner.bars:
            assert bar.total == pytest.approx(float(shares[bar.name][first]), abs=1e-4)
            assert bar.bias == pytest.approx(float(biases[bar.name][first]), abs=1e-4)
        decider = max(difference.bars, key=lambda bar: bar.total).name
        assert text(probing, "probe_verdict").startswith(decider)


def test_every_variant_names_its_first_classes(qtbot: QtBot, probing: MainWindow) -> None:
    look(qtbot, probing, 100, 100)
    trace = trace_of(probing)
    words = text(probing, "probe_ranks")
    for variant in ("32s", "16s", "8s"):
        scores = trace.scores(variant)[:, 100, 100].astype(float)
        powers = np.exp(scores - scores.max())
        share = 100 * powers.max() / powers.sum()
        name = trace.labels.classes[int(scores.argmax())]
        assert f"FCN-{variant}" in words
        assert f"{name} {share:.0f}" in words


def test_a_click_pins_and_the_pointer_no_longer_matters(qtbot: QtBot, probing: MainWindow) -> None:
    canvas = probing.compare.panels[PanelId("8s")].canvas
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    QTest.mouseClick(canvas, LEFT, pos=middle)
    qtbot.wait(40)
    pixel = canvas.pixel_at(QPointF(middle))
    assert pixel is not None
    assert text(probing, "probe_place") == f"x {pixel[0]}, y {pixel[1]}"
    look(qtbot, probing, 1, 1)
    assert text(probing, "probe_place") == f"x {pixel[0]}, y {pixel[1]}"
    button = probing.findChild(QPushButton, "probe_unpin")
    assert isinstance(button, QPushButton)
    button.click()
    look(qtbot, probing, 1, 1)
    assert text(probing, "probe_place") == "x 1, y 1"


def test_a_drag_pins_nothing(qtbot: QtBot, probing: MainWindow) -> None:
    canvas = probing.compare.panels[PanelId("8s")].canvas
    start = QPoint(canvas.width() // 2, canvas.height() // 2)
    QTest.mousePress(canvas, LEFT, pos=start)
    QTest.mouseMove(canvas, start + QPoint(30, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(30, 0))
    assert not probing.session.probed.pinned


def test_a_rectangle_drawn_with_shift_is_explained_as_its_mean(qtbot: QtBot, probing: MainWindow) -> None:
    canvas = probing.compare.panels[PanelId("8s")].canvas
    shift = Qt.KeyboardModifier.ShiftModifier
    start = QPoint(canvas.width() // 2, canvas.height() // 2)
    end = start + QPoint(40, 25)
    QTest.mousePress(canvas, LEFT, shift, start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, LEFT, shift, end)
    qtbot.wait(40)
    wait_until_done(qtbot, probing)
    region = probing.session.probed.region
    assert region is not None
    rows, columns = region
    assert len(rows) > 5
    mean = trace_of(probing).scores("8s")[:, rows.start : rows.stop, columns.start : columns.stop].mean(axis=(1, 2))
    assert bars(probing).groups[0].total == pytest.approx(float(mean.max()), abs=1e-3)
    assert text(probing, "probe_place").startswith(f"x {columns.start} to {columns.stop - 1}")


def test_receptive_fields_are_marked_on_every_picture(qtbot: QtBot, probing: MainWindow) -> None:
    marks: list[Marks] = []
    probing.workspace.probe.marks_changed.connect(marks.append)
    box = probing.findChild(QCheckBox, "probe_fields")
    assert isinstance(box, QCheckBox)
    probing.session.pin((160, 120))
    qtbot.wait(40)
    box.setChecked(True)
    fields = dict(marks[-1].fields)
    # VGG-16's receptive fields in pixels: pool3 44, pool4 100, fc7 404 (tests/core has them from the layers).
    assert {layer: round(field[2] - field[0]) for layer, field in fields.items()} == {
        "score_fr": 404,
        "score_pool4": 100,
        "score_pool3": 44,
    }
    for left, top, right, bottom in fields.values():
        assert left <= 160 <= right
        assert top <= 120 <= bottom
    box.setChecked(False)
    assert marks[-1].fields == ()


def test_another_photo_lets_go_of_the_pin(qtbot: QtBot, probing: MainWindow, make_photo: Callable[..., Path]) -> None:
    probing.session.pin((300, 200))
    open_files(qtbot, probing, make_photo("small.png", 60, 50))
    assert not probing.session.probed.pinned
    qtbot.wait(40)
    assert text(probing, "probe_place") == "Probe"


def test_without_a_place_it_says_what_to_do(probing: MainWindow) -> None:
    assert "Point at a picture" in " ".join(
        label.text() for label in probing.workspace.probe.findChildren(QLabel) if label.isVisible()
    )


def test_an_effective_field_is_drawn_where_the_gradient_is(qtbot: QtBot, probing: MainWindow) -> None:
    marks: list[Marks] = []
    probing.workspace.probe.marks_changed.connect(marks.append)
    probing.session.pin((160, 120))
    qtbot.wait(40)
    choice = probing.findChild(QComboBox, "probe_effective")
    assert isinstance(choice, QComboBox)
    choice.setCurrentIndex(3)  # score_pool3
    qtbot.waitUntil(lambda: bool(marks) and marks[-1].heat is not None, timeout=30_000)
    heat = marks[-1].heat
    assert heat is not None
    assert heat.shape == (240, 320)
    assert heat.max() == 255
    left, top, right, bottom = receptive_fields(trace_of(probing), 160, 120)["score_pool3"]
    outside = heat.copy()
    outside[int(top) : int(bottom), int(left) : int(right)] = 0
    assert not outside.any()
    canvas = probing.compare.panels[PanelId("8s")].canvas
    before = canvas.grab().toImage()
    choice.setCurrentIndex(0)
    assert marks[-1].heat is None
    assert canvas.grab().toImage() != before
