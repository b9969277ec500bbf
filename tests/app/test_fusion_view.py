"""Fusion: sliders that move the mask, exits beside chains, the graph, and kinds of upsampling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSlider, QTreeWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.fusion.fusion_view import FusionView
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.live_fusion import Gains
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.app.conftest import act, open_files, wait_until_done
from tests.conftest import random_net


@pytest.fixture
def window_in_fusion(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> MainWindow:
    open_files(qtbot, window, make_photo("street.png", 320, 240))
    window.session.presentation.set_opacity(100)
    act(window, "room.fusion")
    settle(qtbot, window)
    act(window, "view.actual")
    return window


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.wait(200)  # counts and pictures follow a slider a little later
    wait_until_done(qtbot, window)


def view(window: MainWindow) -> FusionView:
    return window.workspace.fusion


def trace_of(window: MainWindow) -> Trace:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace


def drawn(window: MainWindow, camvid: LabelSet) -> NDArray[np.uint8]:
    """The mask that the canvas shows, read back from its colours."""
    canvas = view(window).canvas
    view(window).set_pointer(None)
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    left, top = canvas.placement().left, canvas.placement().top
    seen = np.array(qimage2ndarray.rgb_view(image)[max(top, 0) : top + 240, left : left + 320]).astype(int)
    palette = camvid.palette().astype(int)[: len(camvid)]
    distance = np.abs(seen[:, :, None] - palette).sum(axis=3)
    assert distance.min(axis=2).max() == 0, "a colour that no class has"
    found: NDArray[np.uint8] = distance.argmin(axis=2).astype(np.uint8)
    return found


def rows(window: MainWindow) -> slice:
    top = view(window).canvas.placement().top
    return slice(max(-top, 0), min(240, view(window).canvas.height() - top))


def expect(window: MainWindow, camvid: LabelSet, mask: NDArray[np.uint8]) -> None:
    found = drawn(window, camvid)
    seen = mask[rows(window)][: len(found)]
    assert (found[: len(seen)] == seen).mean() > 0.9999


def test_the_net_as_it_is(window_in_fusion: MainWindow, camvid: LabelSet) -> None:
    assert view(window_in_fusion).gains == Gains()
    expect(window_in_fusion, camvid, trace_of(window_in_fusion).mask("8s"))


def test_sliders_change_the_mask_at_once(window_in_fusion: MainWindow, camvid: LabelSet) -> None:
    trace = trace_of(window_in_fusion)
    for layer, value in (("score_pool3", 0), ("score_pool4", 150), ("score_fr", 40)):
        slider = window_in_fusion.findChild(QSlider, f"gain_{layer}")
        assert isinstance(slider, QSlider)
        slider.setValue(value)
    expected = trace.fuse(score_fr=0.4, pool4=1.5, pool3=0).mask("8s")
    expect(window_in_fusion, camvid, expected)
    assert (expected != trace.mask("8s")).any()


def test_chains_are_not_exits_and_the_window_says_so(
    qtbot: QtBot, window_in_fusion: MainWindow, camvid: LabelSet
) -> None:
    trace = trace_of(window_in_fusion)
    word = window_in_fusion.findChild(QLabel, "fusion_word")
    score = window_in_fusion.findChild(QLabel, "fusion_score")
    assert isinstance(word, QLabel)
    assert isinstance(score, QLabel)
    click(window_in_fusion, "fusion_16s_chain")
    assert "chain" in word.text()
    assert "FCN-16s" in word.text()
    chain = trace.fuse(pool3=0).mask("8s")
    expect(window_in_fusion, camvid, chain)
    settle(qtbot, window_in_fusion)
    share = f"{100 * np.mean(chain != trace.mask('16s')):.1f} % of the pixels differ from FCN-16s"
    assert share in score.text()
    click(window_in_fusion, "fusion_exit_16s")
    expect(window_in_fusion, camvid, trace.mask("16s"))
    settle(qtbot, window_in_fusion)
    assert "0.0 % of the pixels differ from FCN-16s" in score.text()
    click(window_in_fusion, "fusion_8s")
    expect(window_in_fusion, camvid, trace.mask("8s"))


def click(window: MainWindow, name: str) -> None:
    button = window.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_skips_alone(window_in_fusion: MainWindow, camvid: LabelSet) -> None:
    click(window_in_fusion, "fusion_skips")
    expect(window_in_fusion, camvid, trace_of(window_in_fusion).fuse(score_fr=0).mask("8s"))


@pytest.mark.parametrize(("index", "kind"), [(1, "bilinear"), (2, "nearest")])
def test_kinds_of_upsampling(
    qtbot: QtBot, window_in_fusion: MainWindow, camvid: LabelSet, index: int, kind: str
) -> None:
    choice = window_in_fusion.findChild(QComboBox, "fusion_upsampling")
    assert isinstance(choice, QComboBox)
    choice.setCurrentIndex(index)
    choice.activated.emit(index)
    settle(qtbot, window_in_fusion)
    expected = trace_of(window_in_fusion).fuse(upsampling=kind).mask("8s")  # type: ignore[arg-type]
    expect(window_in_fusion, camvid, expected)


def test_the_class_under_the_pointer_is_that_of_the_live_mask(window_in_fusion: MainWindow, camvid: LabelSet) -> None:
    view(window_in_fusion).set_gains(Gains(1, 0.5, 0.2))
    mask = trace_of(window_in_fusion).fuse(pool4=0.5, pool3=0.2).mask("8s")
    readout = window_in_fusion.findChild(QLabel, "fusion_readout")
    assert isinstance(readout, QLabel)
    for x, y in ((3, 4), (200, 100), (319, 239)):
        window_in_fusion.session.set_pointer((x, y))
        assert readout.text() == camvid.classes[mask[y, x]]


def test_the_graph_has_every_node_with_its_grid(window_in_fusion: MainWindow) -> None:
    trace = trace_of(window_in_fusion)
    nodes = {node.name: node.caption for node in view(window_in_fusion).graph.nodes}
    assert set(nodes) == {
        *("score_fr", "upscore2", "fuse_pool4", "score_pool4", "upscore_pool4", "fuse_pool3", "score_pool3", "8s")
    }
    for name, stride in (("score_fr", 32), ("upscore2", 16), ("score_pool3", 8), ("fuse_pool3", 8)):
        height, width = trace.node(name).shape[1:]
        assert nodes[name] == f"{width} x {height}, stride {stride}"
    assert nodes["8s"] == "320 x 240"


def test_a_node_shows_the_winning_classes_of_its_cells(window_in_fusion: MainWindow, camvid: LabelSet) -> None:
    graph = view(window_in_fusion).graph
    node = next(node for node in graph.nodes if node.name == "score_fr")
    cells = trace_of(window_in_fusion).node("score_fr").argmax(axis=0)
    place = graph.place(node)
    image = graph.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    for row, column in np.ndindex(cells.shape):
        x = place.left() + (column + 0.5) * place.width() / cells.shape[1]
        y = place.top() + (row + 0.5) * place.height() / cells.shape[0]
        colour = image.pixelColor(round(x), round(y))
        assert (colour.red(), colour.green(), colour.blue()) == camvid.colours[cells[row, column]]


def test_a_click_on_a_node_opens_it(qtbot: QtBot, window_in_fusion: MainWindow) -> None:
    graph = view(window_in_fusion).graph
    for name, room in (("8s", Room.COMPARE), ("score_pool4", Room.HEATMAPS)):
        act(window_in_fusion, "room.fusion")
        node = next(node for node in graph.nodes if node.name == name)
        middle = graph.place(node).center()
        QTest.mouseClick(graph, Qt.MouseButton.LeftButton, pos=QPoint(round(middle.x()), round(middle.y())))
        assert window_in_fusion.session.presentation.room is room
        settle(qtbot, window_in_fusion)


def test_the_keyboard_steps_through_nodes(qtbot: QtBot, window_in_fusion: MainWindow) -> None:
    graph = view(window_in_fusion).graph
    graph.setFocus()
    QTest.keyClick(graph, Qt.Key.Key_Down)
    assert "upscore2" in graph.accessibleDescription()
    QTest.keyClick(graph, Qt.Key.Key_Return)
    assert window_in_fusion.session.presentation.room is Room.HEATMAPS
    settle(qtbot, window_in_fusion)


def test_another_photo_while_the_sliders_are_moved(
    qtbot: QtBot, window_in_fusion: MainWindow, make_photo: Callable[..., Path], camvid: LabelSet
) -> None:
    view(window_in_fusion).set_gains(Gains(1, 0, 0))
    open_files(qtbot, window_in_fusion, make_photo("next.png", 320, 240, seed=9))
    settle(qtbot, window_in_fusion)
    act(window_in_fusion, "view.actual")
    expect(window_in_fusion, camvid, trace_of(window_in_fusion).fuse(pool4=0, pool3=0).mask("8s"))


def test_the_effective_gain_of_an_at_once_checkpoint_is_shown(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    make_photo: Callable[..., Path],
    camvid: LabelSet,
    tmp_path: Path,
) -> None:
    architecture = Architecture(
        num_classes=11, channels=(4,) * 5, fc_channels=8, pool4_scale=0.01, pool3_scale=0.0001, alignment="same"
    )
    path = tmp_path / "at-once.safetensors"
    save_checkpoint(path, random_net(architecture), labels=camvid, preprocessing=IMAGENET_RGB, card={})
    window = make_window(weights=path)
    open_files(qtbot, window, make_photo("street.png"))
    act(window, "room.fusion")
    view(window).set_gains(Gains(1, 0.5, 2))
    settle(qtbot, window)
    score = window.findChild(QLabel, "fusion_score")
    assert isinstance(score, QLabel)
    assert "score_pool4 reads its features times 0.01: effective gain 0.005" in score.text()
    assert "score_pool3 reads its features times 0.0001: effective gain 0.0002" in score.text()


def test_legend_probe_and_last_node_say_what_the_gains_give(qtbot: QtBot, window_in_fusion: MainWindow) -> None:
    window, trace = window_in_fusion, trace_of(window_in_fusion)
    settle(qtbot, window)
    titles = {node.words for node in view(window).graph.nodes}
    assert "FCN-8s" in titles
    view(window).set_gains(Gains(1, 0, 0))
    settle(qtbot, window)
    titles = {node.words for node in view(window).graph.nodes}
    assert "FCN-8s" not in titles
    assert "Live mask" in titles
    fused = trace.fuse(pool4=0, pool3=0)
    tree = window.findChild(QTreeWidget, "legend_tree")
    assert isinstance(tree, QTreeWidget)
    column = tree.columnCount() - 1
    assert tree.headerItem().text(column) == "live"
    for row in range(tree.topLevelItemCount()):
        item = tree.topLevelItem(row)
        assert item is not None
        share = float(np.mean(fused.mask("8s") == trace.labels.index(item.text(0))))
        if share >= 0.001:
            assert item.text(column) == f"{100 * share:.1f}"
    window.workspace.show_probe()
    window.session.pin((100, 90))
    window.workspace.probe.explain_now()
    chosen = window.findChild(QComboBox, "probe_variant")
    assert isinstance(chosen, QComboBox)
    assert chosen.currentText() == "Live mask"
    ranks = window.findChild(QLabel, "probe_ranks")
    assert isinstance(ranks, QLabel)
    scores = fused.scores("8s")[:, 90, 100].astype(float)
    powers = np.exp(scores - scores.max())
    winner = int(scores.argmax())
    said = ranks.text().partition("Live mask")[2]
    assert f"{trace.labels.classes[winner]} {100 * powers[winner] / powers.sum():.0f}\N{NO-BREAK SPACE}%" in said
    act(window, "room.compare")
    assert tree.columnCount() == column
    assert chosen.currentText() == "FCN-8s"


@pytest.mark.parametrize("size", [(1440, 852), (1264, 672)])
def test_the_mean_iu_is_in_sight(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path], size: tuple[int, int]
) -> None:
    photo = make_photo("street.png")
    truth = photo.with_name("truth.png")
    Image.fromarray(np.full((240, 320), 3, dtype=np.uint8)).save(truth)
    open_files(qtbot, window, photo)
    window.intake.use_truth(window.session.list.photos[0], truth)
    wait_until_done(qtbot, window)
    window.resize(*size)
    act(window, "room.fusion")
    settle(qtbot, window)
    label = window.findChild(QLabel, "fusion_mean_iu")
    assert isinstance(label, QLabel)
    assert label.text().startswith("mean IU ")
    assert label.visibleRegion().boundingRect() == label.rect()
