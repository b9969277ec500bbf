"""Max-unpooling in the fusion room: asked for, waited for, drawn, or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from fcn_studio import load
from fcn_studio.app.fusion.fusion_pictures import points
from fcn_studio.app.fusion.fusion_view import FusionView
from fcn_studio.app.fusion.unpooling_choice import UnpoolingChoice
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion
from fcn_studio.core.trace.trace import Trace
from fcn_studio.core.trace.trace_file import save_trace
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.tracing import predictor
from tests.app.conftest import act, open_files, wait_until_done
from tests.conftest import random_net

LAST = 3


def view(window: MainWindow) -> FusionView:
    return window.workspace.fusion


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.wait(250)
    wait_until_done(qtbot, window)
    qtbot.wait(50)


def trace_of(window: MainWindow) -> Trace:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace


def box(window: MainWindow) -> QComboBox:
    found = window.findChild(QComboBox, "fusion_upsampling")
    assert isinstance(found, QComboBox)
    return found


def choose(window: MainWindow, index: int = LAST) -> None:
    box(window).setCurrentIndex(index)
    box(window).activated.emit(index)


def hint(window: MainWindow) -> str:
    found = window.findChild(QLabel, "fusion_hint")
    assert isinstance(found, QLabel)
    return found.text()


def enter(qtbot: QtBot, window: MainWindow, *paths: Path) -> None:
    if not view(window).receivers("2taps_wanted()"):
        view(window).taps_wanted.connect(window.session.keep_taps)
    open_files(qtbot, window, *paths)
    act(window, "room.fusion")
    settle(qtbot, window)


def refused(window: MainWindow) -> str:
    """The reason; empty if max-unpooling can be chosen."""
    model = box(window).model()
    assert isinstance(model, QStandardItemModel)
    if model.item(LAST).isEnabled():
        return ""
    return str(box(window).itemData(LAST, Qt.ItemDataRole.ToolTipRole))


def test_choosing_it_traces_the_photo_again_and_shows_it(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    enter(qtbot, window, make_photo("street.png", 320, 240))
    assert not trace_of(window).switches
    assert refused(window) == ""
    choose(window)
    assert "again" in hint(window)
    settle(qtbot, window)
    trace = trace_of(window)
    assert trace.switches
    assert "one pixel" in hint(window)
    expected = trace.fuse(upsampling="max_unpooling").mask("8s")
    readout = window.findChild(QLabel, "fusion_readout")
    assert isinstance(readout, QLabel)
    row, column = (int(places[0]) for places in np.nonzero(expected != trace.labels.void))
    for x, y in ((column, row), (column + 1, row)):
        window.session.set_pointer((x, y))
        value = int(expected[y, x])
        assert readout.text() == (trace.labels.classes[value] if value < len(trace.labels) else "no score")
    score = window.findChild(QLabel, "fusion_score")
    assert isinstance(score, QLabel)
    reached = expected != trace.labels.void
    assert f"{100 * reached.mean():.1f} % of the pixels have a score" in score.text()
    differing = (expected != trace.mask("8s"))[reached].mean()
    assert f"{100 * differing:.1f} % of the pixels differ from FCN-8s" in score.text()
    view(window).set_gains(Gains(1, 0, 2))
    settle(qtbot, window)


def test_the_next_photo_is_asked_for_too(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> None:
    enter(qtbot, window, make_photo("street.png", 320, 240))
    choose(window)
    settle(qtbot, window)
    open_files(qtbot, window, make_photo("next.png", 256, 192, seed=3))
    settle(qtbot, window)
    settle(qtbot, window)
    assert trace_of(window).size == (192, 256)
    assert trace_of(window).switches
    assert box(window).currentIndex() == LAST
    choose(window, 0)
    settle(qtbot, window)
    assert hint(window) == ""


def test_it_is_asked_for_once(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> None:
    """Nobody answers: the net's own kernels stay, and nothing is asked for again."""
    asked: list[bool] = []
    open_files(qtbot, window, make_photo("street.png", 320, 240))
    act(window, "room.fusion")
    settle(qtbot, window)
    if view(window).receivers("2taps_wanted()"):
        view(window).taps_wanted.disconnect()
    view(window).taps_wanted.connect(lambda: asked.append(True))
    choose(window)
    qtbot.wait(50)
    window.session.refresh()
    settle(qtbot, window)
    assert asked == [True]
    assert "net's own" in hint(window)
    assert refused(window)
    window.session.set_pointer((3, 4))
    readout = window.findChild(QLabel, "fusion_readout")
    assert isinstance(readout, QLabel)
    trace = trace_of(window)
    assert readout.text() == trace.labels.classes[trace.mask("8s")[4, 3]]


def test_overlapping_pools_are_a_reason(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    make_photo: Callable[..., Path],
    camvid: LabelSet,
    tmp_path: Path,
) -> None:
    architecture = Architecture(num_classes=11, trunk="alexnet", alignment="same", channels=(4,) * 5, fc_channels=8)
    path = tmp_path / "alex.safetensors"
    save_checkpoint(path, random_net(architecture), labels=camvid, preprocessing=IMAGENET_RGB, card={})
    window = make_window(path)
    enter(qtbot, window, make_photo("street.png", 320, 240))
    assert "FCN-AlexNet overlap" in refused(window)


def test_strips_are_a_reason_only_where_taps_were_asked_for(
    qtbot: QtBot, make_photo: Callable[..., Path], tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large photos are done in strips without taps, though with them they may be done in one piece."""
    monkeypatch.setattr(predictor, "STRIPS_ABOVE", 0)
    monkeypatch.setattr(predictor, "ZEROS_BELOW", np.inf)
    model, photo = load(tiny_weights, device="cpu", precision="fp32"), make_photo("street.png", 320, 240)
    choice = UnpoolingChoice()
    choice.choose("max_unpooling")
    plain = model.trace(photo)
    assert plain.provenance.size_policy != "native"
    with qtbot.waitSignal(choice.taps_wanted, timeout=2000):
        choice.take(plain, Photo.from_path(photo))
    assert choice.refusal == ""
    whole = model.trace(photo, keep_taps=True)
    choice.take(whole, Photo.from_path(photo))
    assert (choice.kind, choice.refusal) == ("max_unpooling", "")
    small = model.trace(photo, keep_taps=True, memory_limit=model.memory_needed(240, 320) - 1)
    assert small.taps
    assert not small.switches
    choice.take(small, Photo.from_path(photo))
    assert "strips" in choice.refusal
    assert choice.kind == "learned"


def test_a_trace_file_without_indices_is_a_reason(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path], tiny_weights: Path, tmp_path: Path
) -> None:
    model = load(tiny_weights, device="cpu", precision="fp32")
    photo = make_photo("street.png", 320, 240)
    save_trace(model.trace(photo), tmp_path / "plain.fcntrace")
    save_trace(model.trace(photo, keep_taps=True), tmp_path / "full.fcntrace")
    enter(qtbot, window, tmp_path / "plain.fcntrace")
    assert "trace file" in refused(window)
    open_files(qtbot, window, tmp_path / "full.fcntrace")
    settle(qtbot, window)
    assert refused(window) == ""
    choose(window)
    settle(qtbot, window)
    assert "one pixel" in hint(window)


@pytest.mark.parametrize("step", [1, 3])
def test_points_are_the_mask_and_from_afar_none_gets_lost(tiny_weights: Path, step: int) -> None:
    image = np.random.default_rng(4).integers(0, 256, (75, 93, 3), dtype=np.uint8)
    trace = load(tiny_weights, device="cpu", precision="fp32").trace(image, keep_taps=True)
    live, gains = LiveFusion(trace, "max_unpooling"), Gains(1, 0.5, 1)
    mask = trace.fuse(pool4=0.5, upsampling="max_unpooling").mask("8s")
    rows, columns = np.arange(0, 75, step), np.arange(0, 93, step)
    found = points(live, gains, trace.labels.void, rows, columns)
    void = trace.labels.void
    for i, j in np.ndindex(found.shape):
        block = mask[rows[i] : rows[i] + step, columns[j] : columns[j] + step]
        there = set(block[block != void].tolist())
        assert (int(found[i, j]) in there) if there else int(found[i, j]) == void
    enlarged = points(live, gains, void, np.repeat(np.arange(20, 40), 2), np.repeat(np.arange(10, 50), 3))
    np.testing.assert_array_equal(enlarged, np.kron(mask[20:40, 10:50], np.ones((2, 3), dtype=np.uint8)))
