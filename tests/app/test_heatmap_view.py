"""Heat maps: the values under the pointer are the API's, cells are blocks of their stride, and a class can be large."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel
from pytestqt.qtbot import QtBot

from fcn_studio.app.heatmaps.heatmap_tile import SMALLEST, tile_size
from fcn_studio.app.heatmaps.heatmap_view import HeatmapView
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.worker.background import Answer, Question
from fcn_studio.core.maps.heat import LEVELS
from fcn_studio.core.trace.trace import Trace
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


def press(window: MainWindow, word: str) -> None:
    """Presses one of the words above the maps."""
    found = [button for button in view(window).bar.findChildren(QAbstractButton) if button.text() == word]
    assert len(found) == 1
    QTest.mouseClick(found[0], Qt.MouseButton.LeftButton)


def test_classes_are_sorted_by_peak_or_by_name(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("score_pool4")
    settle(qtbot, heated)
    trace = trace_of(heated)
    peaks = trace.node("score_pool4").max(axis=(1, 2))
    laid_out = [float(peaks[index]) for index in view(heated).tiles.order]
    assert laid_out == sorted(peaks.tolist(), reverse=True)
    press(heated, "Name")
    names = [trace.labels.classes[index] for index in view(heated).tiles.order]
    assert names == sorted(trace.labels.classes, key=str.lower)


def test_a_range_is_shared_or_a_classs_own(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("score_fr")
    settle(qtbot, heated)
    scores = trace_of(heated).node("score_fr")
    tops = [tile.plane.span.high for _, tile in sorted(view(heated).tiles.tiles.items())]
    assert tops == pytest.approx([float(np.abs(scores).max())] * len(scores))
    press(heated, "Own")
    tops = [tile.plane.span.high for _, tile in sorted(view(heated).tiles.tiles.items())]
    assert tops == pytest.approx(np.abs(scores).max(axis=(1, 2)).tolist())
    lows = [tile.plane.span.low for _, tile in sorted(view(heated).tiles.tiles.items())]
    assert lows == [-top for top in tops]
    assert [text for _, text in view(heated).colour_bar.labels][1] == "0"


def test_zero_is_in_the_middle_of_the_colour_bar(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("score_fr", "Car")
    settle(qtbot, heated)
    bar = view(heated).colour_bar
    span = float(np.abs(trace_of(heated).node("score_fr")).max())
    assert bar.place(0.0) == pytest.approx((bar.place(span) + bar.place(-span)) / 2)
    assert (0.0, "0") in bar.labels


def test_each_pixel_of_the_large_map_has_the_colour_of_its_cell(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("score_pool4", "Car")
    settle(qtbot, heated)
    heated.transform.set_zoom(3.0)
    settle(qtbot, heated)
    trace, canvas = trace_of(heated), view(heated).canvas
    placement = canvas.placement()
    image = canvas.heat_image(placement)
    assert image is not None
    indices = qimage2ndarray.raw_view(image)
    cells = trace.node("score_pool4")
    scores = cells[trace.labels.classes.index("Car")]
    offset = float(trace.score_maps["score_pool4"].coords.offset)
    top = float(np.abs(cells).max())
    left, first = placement.visible()[:2]
    for y in range(1, indices.shape[0], 41):
        for x in range(1, indices.shape[1], 53):
            pixel = placement.to_image(left + x + 0.5, first + y + 0.5)
            column, row = (int(np.floor((int(place) - offset) / 16 + 0.5)) for place in pixel)
            share = (scores[row, column] + top) / (2 * top)
            assert indices[y, x] == pytest.approx(share * (LEVELS - 1), abs=0.51)


def test_a_click_on_a_tile_makes_its_class_large(qtbot: QtBot, heated: MainWindow) -> None:
    tiles = view(heated).tiles
    chosen = tiles.order[2]
    place = tiles.visualRect(tiles.model().index(2, 0))
    QTest.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place.center())
    settle(qtbot, heated)
    title = heated.findChild(QLabel, "heatmap_title")
    assert isinstance(title, QLabel)
    assert view(heated).canvas.isVisible()
    assert title.text() == trace_of(heated).labels.classes[chosen]
    canvas, button, none = view(heated).canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseDClick(canvas, button, none, QPoint(50, 50))  # the second half of a double click on the tile
    assert canvas.isVisible()
    QTest.mouseClick(canvas, button, none, QPoint(50, 50))
    QTest.mouseDClick(canvas, button, none, QPoint(50, 50))
    assert tiles.isVisible()


def test_keys_walk_through_tiles_and_enter_opens_one(qtbot: QtBot, heated: MainWindow) -> None:
    tiles = view(heated).tiles
    tiles.setFocus()
    tiles.set_current(tiles.order[0])
    QTest.keyClick(tiles, Qt.Key.Key_Right)
    assert tiles.current_class == tiles.order[1]
    assert heated.session.list.index == 0
    QTest.keyClick(tiles, Qt.Key.Key_Return)
    settle(qtbot, heated)
    assert view(heated).canvas.isVisible()
    QTest.keyClick(view(heated).canvas, Qt.Key.Key_Escape)
    assert tiles.isVisible()
    assert tiles.current_class == tiles.order[1]


def test_the_pointer_over_a_tile_reads_its_class(qtbot: QtBot, heated: MainWindow) -> None:
    view(heated).show_node("8s")
    settle(qtbot, heated)
    tiles, trace = view(heated).tiles, trace_of(heated)
    rectangle = tiles.picture_rect(tiles.visualRect(tiles.model().index(4, 0)).topLeft())
    at = rectangle.center()
    pixel, index = tiles.pixel_at(at)
    assert index == tiles.order[4]
    assert pixel is not None
    assert pixel == pytest.approx((trace.size[1] / 2, trace.size[0] / 2), abs=2)
    with qtbot.waitSignal(view(heated).pointer_moved) as told:
        QTest.mouseMove(tiles.viewport(), at.toPoint())
    x, y = told.args[0]
    name = trace.labels.classes[index]
    assert f"{name}  {trace.heatmap(name, node='8s')[y, x]:+.2f} at x {x}, y {y}" in readout(heated)


def test_a_large_photo_is_read_and_drawn_as_fine_as_the_screen(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    open_files(qtbot, window, make_photo("large.png", 1700, 1100))
    act(window, "room.heatmaps")
    view(window).show_node("8s", "Car")
    settle(qtbot, window)
    window.transform.set_zoom(2.0)
    settle(qtbot, window)
    qtbot.wait(300)
    settle(qtbot, window)
    canvas, trace = view(window).canvas, trace_of(window)
    placement = canvas.placement()
    image = canvas.heat_image(placement)
    assert image is not None
    indices = qimage2ndarray.raw_view(image).astype(int)
    expected = trace.heatmap("Car", node="8s")
    left, top = placement.visible()[:2]
    seen = []
    for y in range(1, indices.shape[0], 37):
        for x in range(1, indices.shape[1], 41):
            pixel = placement.to_image(left + x + 0.5, top + y + 0.5)
            seen.append((float(expected[int(pixel[1]), int(pixel[0])]), indices[y, x]))
    values, found = (np.array(column) for column in zip(*seen, strict=True))
    inside = (found > 0) & (found < LEVELS - 1)
    slope, start = np.polyfit(values[inside], found[inside], 1)
    assert np.abs(slope * values[inside] + start - found[inside]).max() < 1.0


@pytest.mark.parametrize("count", [1, 2, 11, 21, 60])
@pytest.mark.parametrize("aspect", [0.3, 0.75, 1.5])
@pytest.mark.parametrize("room", [QSize(840, 450), QSize(1000, 590), QSize(300, 200)])
def test_tiles_fit_or_scroll(count: int, aspect: float, room: QSize) -> None:
    size, fits = tile_size(room, count, 36, aspect)
    columns = room.width() // size.width()
    assert columns >= 1
    if fits:
        assert -(-count // columns) * size.height() <= room.height()
        assert min(size.width(), (size.height() - 36) / aspect + 12) >= SMALLEST - 1
