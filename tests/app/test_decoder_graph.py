"""The fusion room for nets with one output: a decoder's stages, and a dilated net's only scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from fcn_studio import load
from fcn_studio.app.fusion.fusion_view import FusionView
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.figures.fusion_figure import fusion_figure
from fcn_studio.core.graph.decoder_graph import PARTS, Part, energy_of, padded_size, places
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.heat import colour_table
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.decoder import DecoderArchitecture, DecoderFCN
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.app.conftest import act, open_files, wait_until_done

WIDTH, HEIGHT = 150, 100  # no multiples of 32


@pytest.fixture(scope="module")
def decoder_file(tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet) -> Path:
    torch.manual_seed(2)
    architecture = DecoderArchitecture(
        11, skips=("x4", "x3"), addition="before_norm", trunk="blocks", channels=(4, 4, 6, 6, 6), last_channels=4
    )
    path = tmp_path_factory.mktemp("decoder") / "decoder.safetensors"
    net = DecoderFCN(architecture).eval()
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    return path


@pytest.fixture
def room(
    qtbot: QtBot, make_window: Callable[..., MainWindow], make_photo: Callable[..., Path], decoder_file: Path
) -> MainWindow:
    window = make_window(decoder_file)
    open_files(qtbot, window, make_photo("street.png", WIDTH, HEIGHT))
    window.session.presentation.set_opacity(100)
    act(window, "room.fusion")
    wait_until_done(qtbot, window)
    act(window, "view.actual")
    return window


def view(window: MainWindow) -> FusionView:
    return window.workspace.fusion


def trace_of(window: MainWindow) -> Trace:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace


def label(window: MainWindow, name: str) -> str:
    found = window.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def choose(window: MainWindow, name: str, index: int) -> None:
    box = window.findChild(QComboBox, name)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def cells_drawn(window: MainWindow, name: str, shape: tuple[int, ...]) -> NDArray[np.int_]:
    """(h, w, 3) the colour in the middle of each cell of a node's picture."""
    graph = view(window).graph
    place = graph.place(next(node for node in graph.nodes if node.name == name))
    image = graph.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    found = np.zeros((*shape, 3), dtype=int)
    for row, column in np.ndindex(*shape):
        x = place.left() + (column + 0.5) * place.width() / shape[1]
        y = place.top() + (row + 0.5) * place.height() / shape[0]
        colour = image.pixelColor(round(x), round(y))
        found[row, column] = colour.red(), colour.green(), colour.blue()
    return found


def expected_colours(values: NDArray[np.float32], top: float) -> NDArray[np.int_]:
    levels = np.rint(values / np.float32(top) * 254).astype(int)
    found: NDArray[np.int_] = np.asarray(colour_table("probability")).astype(int)[levels]
    return found


def click(window: MainWindow, name: str) -> None:
    graph = view(window).graph
    middle = graph.place(next(node for node in graph.nodes if node.name == name)).center()
    QTest.mouseClick(graph, Qt.MouseButton.LeftButton, pos=QPoint(round(middle.x()), round(middle.y())))


def test_every_stage_and_pool_is_a_node(room: MainWindow) -> None:
    nodes = {node.name: node for node in view(room).graph.nodes}
    assert list(nodes) == [
        *("pool5", "deconv1", "pool4", "deconv2", "pool3", "deconv3", "pool2", "deconv4", "pool1", "deconv5"),
        *("photo", "output"),
    ]
    for name, grid in (("deconv1", "10 x 7"), ("pool3", "19 x 13"), ("pool5", "5 x 4"), ("deconv5", "150 x 100")):
        assert nodes[name].caption.startswith(f"{grid} ")
    assert nodes["deconv1"].column < nodes["deconv5"].column < nodes["output"].column
    assert nodes["pool4"].column == nodes["deconv1"].column


def test_nothing_can_be_moved_and_the_reason_is_said(room: MainWindow) -> None:
    for layer in ("score_fr", "score_pool4", "score_pool3"):
        slider = room.findChild(QSlider, f"gain_{layer}")
        assert isinstance(slider, QSlider)
        assert not slider.isVisible()
    button = room.findChild(QPushButton, "fusion_skips")
    assert isinstance(button, QPushButton)
    assert not button.isVisible()
    box = room.findChild(QComboBox, "fusion_upsampling")
    assert isinstance(box, QComboBox)
    assert not box.isEnabled()
    assert "does not fuse scores" in box.toolTip()
    assert "no shares of skips" in label(room, "fusion_word")
    assert "160 x 128" in label(room, "fusion_word")
    assert padded_size(trace_of(room)) == (128, 160)


def test_what_skips_add_is_said_in_percent(room: MainWindow) -> None:
    said = label(room, "fusion_score").splitlines()
    assert len(said) == 2
    for stage, words in zip(trace_of(room).stages, said, strict=False):
        assert stage.added is not None
        added, below = stage.added.mean(dtype=np.float64), stage.upsampled.mean(dtype=np.float64)
        assert f"{stage.skip} brings {100 * added / (added + below):.0f} %" in words


@pytest.mark.parametrize(("index", "part"), [*enumerate(PARTS)])
def test_a_stage_shows_its_energy(qtbot: QtBot, room: MainWindow, index: int, part: Part) -> None:
    choose(room, "fusion_picture", index)
    stage = trace_of(room).stages[0]
    assert stage.added is not None
    values = {"output": stage.energy, "below": stage.upsampled, "skip": stage.added}[part]
    top = max(float(each.max()) for each in (stage.energy, stage.upsampled, stage.added))
    drawn = cells_drawn(room, "deconv1", values.shape)
    np.testing.assert_allclose(drawn, expected_colours(values, top), atol=1)
    drawn = cells_drawn(room, "pool4", values.shape)
    np.testing.assert_allclose(drawn, expected_colours(stage.added, top), atol=1)


def test_stages_without_a_skip_have_no_picture_of_one(room: MainWindow) -> None:
    graph = view(room).graph
    choose(room, "fusion_picture", PARTS.index("skip"))
    assert graph.has_picture("deconv2")
    assert not graph.has_picture("deconv3")
    assert not graph.has_picture("pool2")
    choose(room, "fusion_picture", PARTS.index("output"))
    assert graph.has_picture("deconv3")


def test_a_click_lays_the_energy_over_the_photo_and_back(room: MainWindow) -> None:
    click(room, "deconv2")
    stage = trace_of(room).stages[1]
    assert stage.added is not None
    top = max(float(each.max()) for each in (stage.energy, stage.upsampled, stage.added))
    assert "deconv2" in label(room, "fusion_title")
    assert f"{top:.3g}" in label(room, "fusion_title")
    canvas = view(room).canvas
    placement = canvas.placement()
    x, y = 77, 55
    image = canvas.grab().toImage()
    colour = image.pixelColor(placement.left + x, placement.top + y)
    expected = expected_colours(stage.energy[y // 8 : y // 8 + 1, x // 8 : x // 8 + 1], top)[0, 0]
    np.testing.assert_allclose((colour.red(), colour.green(), colour.blue()), expected, atol=1)
    room.session.set_pointer((x, y))
    assert label(room, "fusion_readout") == f"energy {stage.energy[y // 8, x // 8]:.3g}"
    click(room, "output")
    room.session.set_pointer((x, y))
    trace = trace_of(room)
    assert label(room, "fusion_readout") == trace.labels.classes[trace.mask("output")[y, x]]
    click(room, "pool2")  # has no energy to show
    assert label(room, "fusion_title") == trace.title("output")


def test_back_to_a_net_that_fuses(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    make_photo: Callable[..., Path],
    decoder_file: Path,
    tiny_weights: Path,
) -> None:
    window = make_window(decoder_file)
    open_files(qtbot, window, make_photo("street.png", WIDTH, HEIGHT))
    act(window, "room.fusion")
    wait_until_done(qtbot, window)
    click(window, "deconv2")
    window.intake.use_checkpoint(tiny_weights)
    wait_until_done(qtbot, window)
    qtbot.wait(200)
    wait_until_done(qtbot, window)
    assert trace_of(window).variants == ("32s", "16s", "8s")
    assert label(window, "fusion_title") == "Live mask"
    slider = window.findChild(QSlider, "gain_score_fr")
    assert isinstance(slider, QSlider)
    assert slider.isVisible()
    assert {"score_fr", "8s"} <= {node.name for node in view(window).graph.nodes}
    assert view(window).graph.has_picture("fuse_pool3")


def test_the_figure_has_every_stage(decoder_file: Path) -> None:
    image = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    trace = load(decoder_file, device="cpu", precision="fp32").trace(image)
    outputs = np.asarray(fusion_figure(trace, title="a"))
    skips = np.asarray(fusion_figure(trace, title="a", part="skip"))
    assert outputs.shape == skips.shape
    stage = trace.stages[0]
    assert stage.added is not None
    top = max(float(each.max()) for each in (stage.energy, stage.upsampled, stage.added))
    drawn = {tuple(colour) for colour in outputs.reshape(-1, 3).tolist()}
    assert {tuple(colour) for colour in expected_colours(stage.energy, top).reshape(-1, 3).tolist()} <= drawn
    assert sum(energy_of(place, "skip") is not None for place in places(trace)) == 4  # two stages, and their pools


def test_a_dilated_net_is_photo_scores_and_mask(
    qtbot: QtBot, make_window: Callable[..., MainWindow], make_photo: Callable[..., Path], tmp_path: Path
) -> None:
    from torchvision.models.segmentation import fcn_resnet50

    torch.manual_seed(0)
    path = tmp_path / "fcn.pth"
    torch.save(fcn_resnet50(weights=None, weights_backbone=None, num_classes=21).state_dict(), path)
    window = make_window(path)
    open_files(qtbot, window, make_photo("street.png", 80, 60))
    act(window, "room.fusion")
    wait_until_done(qtbot, window)
    graph, trace = view(window).graph, trace_of(window)
    assert [node.name for node in graph.nodes] == ["photo", "score", "output"]
    assert all(graph.has_picture(node.name) for node in graph.nodes)
    cells = trace.node("score").argmax(axis=0)
    drawn = cells_drawn(window, "score", cells.shape)
    np.testing.assert_array_equal(drawn, np.asarray(trace.labels.palette()).astype(int)[cells])
    assert "nothing to fuse" in label(window, "fusion_word")
    assert fusion_figure(trace, title="a").width > 400
    click(window, "score")
    assert window.session.presentation.room.name == "HEATMAPS"
    wait_until_done(qtbot, window)
