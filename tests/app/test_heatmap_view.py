"""Heat maps: the values under the pointer are the API's, cells are blocks of their stride, and a class can be large."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from fcn_studio.app.background import Answer, Question
from fcn_studio.app.main_window import MainWindow
from fcn_studio.app.views.heatmap_view import HeatmapView
from fcn_studio.core.trace import Trace
from tests.app.conftest import act, open_files, wait_until_done


@pytest.fixture
def heated(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> MainWindow:
    open_files(qtbot, window, make_photo("street.png", 320, 240))
    act(window, "room.heatmaps")
    settle(qtbot, window)
    return window


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.wait(60)
    wait_until_done(qtbot, window)
    qtbot.wait(20)


def view(window: MainWindow) -> HeatmapView:
    return window.workspace.heatmaps


def trace_of(window: MainWindow) -> Trace:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace


def readout(window: MainWindow) -> str:
    found = window.findChild(QLabel, "heatmap_readout")
    assert isinstance(found, QLabel)
    return found.text().replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize("node", ["score_fr", "score_pool4", "score_pool3", "fuse_pool4", "upscore_pool4"])
def test_the_value_under_the_pointer_is_the_nodes_own(qtbot: QtBot, heated: MainWindow, node: str) -> None:
    view(heated).show_node(node, "Car")
    settle(qtbot, heated)
    trace = trace_of(heated)
    cells = trace.node(node)[trace.labels.classes.index("Car")]
    grid = trace.part(node, "score_fr")
    stride, offset = float(grid.coords.scale), float(grid.coords.offset)
    for x, y in ((3, 4), (160, 120), (310, 230), (97, 65)):
        heated.session.set_pointer((x, y))
        row, column = (int(np.floor((place - offset) / stride + 0.5)) for place in (y, x))
        assert f"{cells[row, column]:+.2f} at cell (row {row}, column {column})" in readout(heated)


def test_an_enlarged_value_is_that_of_the_heat_map(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("8s", "Car")
    settle(qtbot, heated)
    expected = trace_of(heated).heatmap("Car", node="8s")
    for x, y in ((3, 4), (160, 120), (310, 230)):
        heated.session.set_pointer((x, y))
        assert f"{expected[y, x]:+.2f}" in readout(heated)


def test_cells_are_blocks_of_their_stride(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("score_fr", "Car")
    settle(qtbot, heated)
    heated.transform.set_zoom(1.0)
    settle(qtbot, heated)
    heated.session.set_pointer(None)
    canvas = view(heated).canvas
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    left, top = canvas.placement().left, canvas.placement().top
    seen = qimage2ndarray.rgb_view(image)[top : top + 240, left : left + 320].astype(int)
    coords = trace_of(heated).score_maps["score_fr"].coords
    edges = {round(float(coords.scale) * (cell - 0.5) + float(coords.offset) + 0.5) for cell in range(12)}
    changed = np.flatnonzero((np.abs(np.diff(seen, axis=1)).sum(axis=2) > 6).mean(axis=0) > 0.9) + 1
    photo_edges = set(range(0, 320, 20))  # of the blocks of the photo itself, which is seen through the map
    assert set(changed.tolist()) - photo_edges <= edges


def test_nothing_is_computed_while_it_is_hidden(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = window.background.ask

    def counted(key: str, question: Question, answer: Answer) -> None:
        asked.append(key)
        ask(key, question, answer)

    monkeypatch.setattr(window.background, "ask", counted)
    open_files(qtbot, window, make_photo("street.png"))
    assert asked == []
    act(window, "room.heatmaps")
    settle(qtbot, window)
    assert asked


def test_kinds_of_maps_follow_the_node(qtbot: QtBot, heated: MainWindow) -> None:
    kinds = heated.findChild(QComboBox, "heatmap_kind")
    assert isinstance(kinds, QComboBox)
    assert [kinds.itemText(number) for number in range(kinds.count())] == ["Score", "Probability"]
    view(heated).show_node("8s")
    settle(qtbot, heated)
    assert [kinds.itemText(number) for number in range(kinds.count())] == [
        *("Score", "Probability", "Entropy", "Margin")
    ]


def test_another_photo_replaces_the_maps(qtbot: QtBot, heated: MainWindow, make_photo: Callable[..., Path]) -> None:
    view(heated).show_node("score_fr", "Car")
    settle(qtbot, heated)
    open_files(qtbot, heated, make_photo("next.png", 200, 160, seed=5))
    settle(qtbot, heated)
    heated.session.set_pointer((100, 80))
    trace = trace_of(heated)
    coords = trace.score_maps["score_fr"].coords
    row, column = (int(np.floor((place - float(coords.offset)) / 32 + 0.5)) for place in (80, 100))
    value = trace.node("score_fr")[trace.labels.classes.index("Car"), row, column]
    assert f"{value:+.2f}" in readout(heated)


def test_escape_goes_back_to_all_classes(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("score_fr", "Car")
    settle(qtbot, heated)
    assert view(heated).canvas.isVisible()
    QTest.keyClick(view(heated).canvas, Qt.Key.Key_Escape)
    settle(qtbot, heated)
    assert view(heated).tiles.isVisible()
