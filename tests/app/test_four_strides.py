"""A net with a fourth output in the window: its panel, its slider, its nodes, its maps, and its bars in the probe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from fcn_studio.app.changes.changes_map import Kind, MapId
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.live_fusion import Gains
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.app.conftest import act, open_files
from tests.app.test_fusion_view import expect, settle, trace_of, view
from tests.conftest import random_net

VARIANTS = ("32s", "16s", "8s", "4s")


@pytest.fixture
def weights(tmp_path: Path, camvid: LabelSet) -> Path:
    net = random_net(
        Architecture(num_classes=11, alignment="same", channels=(4,) * 5, fc_channels=8, variants=VARIANTS)
    )
    path = tmp_path / "four.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    return path


@pytest.fixture
def four(
    qtbot: QtBot, make_window: Callable[..., MainWindow], weights: Path, make_photo: Callable[..., Path]
) -> MainWindow:
    window = make_window(weights=weights)
    open_files(qtbot, window, make_photo("street.png", 320, 240))
    window.session.presentation.set_opacity(100)
    settle(qtbot, window)
    return window


def test_it_has_a_panel_and_a_key_that_other_nets_do_not_show(
    four: MainWindow, qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    assert [panel.kind for panel in four.session.panels] == ["photo", *VARIANTS]
    assert four.actions_by_id["view.4s"].isVisible()
    open_files(qtbot, window, make_photo("other.png", 320, 240))
    settle(qtbot, window)
    assert not window.actions_by_id["view.4s"].isVisible()
    assert window.actions_by_id["view.8s"].isVisible()


def test_a_third_slider_moves_the_mask(four: MainWindow, qtbot: QtBot, camvid: LabelSet) -> None:
    act(four, "room.fusion")
    settle(qtbot, four)
    act(four, "view.actual")
    sliders = view(four).controls.sliders
    assert [layer for layer, slider in sliders.items() if slider.isVisible()] == list(trace_of(four).score_maps)
    view(four).set_gains(Gains(1, 0.5, 2, 0.25))
    settle(qtbot, four)
    expect(four, camvid, trace_of(four).fuse(pool4=0.5, pool3=2, pool2=0.25).mask("4s"))
    for name, exit_button in (("8s_chain", False), ("exit_8s", True)):
        button = four.findChild(QPushButton, f"fusion_{name}")
        assert isinstance(button, QPushButton)
        assert button.isVisible()
        button.click()
        settle(qtbot, four)
        expect(four, camvid, trace_of(four).mask("8s") if exit_button else trace_of(four).fuse(pool2=0).mask("4s"))


def test_the_graph_goes_on_to_it(four: MainWindow, qtbot: QtBot) -> None:
    act(four, "room.fusion")
    settle(qtbot, four)
    graph = view(four).graph
    names = [node.name for node in graph.nodes]
    assert names[-4:] == ["upscore_pool3", "fuse_pool2", "score_pool2", "4s"]
    assert all(graph.has_picture(name) for name in names)
    places = [graph.place(node) for node in graph.nodes]
    for number, place in enumerate(places):
        assert not any(place.intersects(other) for other in places[:number])


def test_heat_maps_changes_and_the_probe_know_it(four: MainWindow, qtbot: QtBot) -> None:
    act(four, "room.heatmaps")
    four.workspace.heatmaps.show_node("fuse_pool2")
    settle(qtbot, four)
    act(four, "room.changes")
    changes = four.workspace.changes
    for which in (MapId(Kind.CHANGES, "8s", "4s"), MapId(Kind.TIPPING, "score_pool2")):
        changes.choose(which)
        settle(qtbot, four)
        assert changes.map == which
        assert changes.choice.currentData(Qt.ItemDataRole.UserRole) == which
    act(four, "room.compare")
    four.workspace.show_probe()
    four.session.pin((40, 30))
    settle(qtbot, four)
    fields = four.findChild(QComboBox, "probe_effective")
    assert isinstance(fields, QComboBox)
    assert fields.itemText(fields.count() - 1) == "Effective field of score_pool2"


def test_settings_from_before_it_show_it_until_it_is_switched_off(tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    store.setValue("panels/shown", "photo,32s,8s")
    settings = Settings(store)
    assert settings.panel_kinds == {"photo", "32s", "8s", "4s"}
    settings.panel_kinds = frozenset({"photo", "8s"})
    assert settings.panel_kinds == {"photo", "8s"}
    settings.panel_kinds = frozenset({"photo", "8s", "4s"})
    assert settings.panel_kinds == {"photo", "8s", "4s"}
