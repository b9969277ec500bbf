"""Which net: one click or key, remembered, samples with the net that fits them, and a word where a net finds little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.session.net_choice import remembered
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.catalog.imagenet import imagenet_labels
from fcn_studio.core.labels import LabelSet, built_in_label_sets
from fcn_studio.core.samples import sample_photos
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.app.conftest import act, open_files, wait_until_done
from tests.conftest import random_net

SAMPLES = {sample.path.stem: sample.path for sample in sample_photos()}


def save(
    path: Path,
    labels: LabelSet,
    *,
    background: float = 0,
    classifier: bool = False,
    card: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """A tiny net of these classes; `background` is added to the scores of its first class."""
    net = random_net(
        Architecture(
            num_classes=len(labels),
            alignment="classifier" if classifier else "same",
            channels=(4, 4, 4, 4, 4),
            fc_channels=8,
            variants=("32s",) if classifier else ("32s", "16s", "8s"),
        )
    )
    if background:
        with torch.no_grad():
            net.get_parameter("score_fr.bias")[0] += background
    save_checkpoint(path, net, labels=labels, preprocessing=IMAGENET_RGB, card=card)


@pytest.fixture(scope="session")
def tiny_nets(tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet) -> Path:
    """A folder of weights with tiny nets under the names of the real ones; the everyday one finds nothing anywhere."""
    folder = tmp_path_factory.mktemp("nets")
    measured = {"val_mean_iu": {"32s": 0.125, "16s": 0.25, "8s": 0.5}}
    voc = built_in_label_sets()["voc"]
    save(folder / "fcn-efficientnet-lite-voc.safetensors", voc, background=1000, card=measured)
    save(folder / "fcn-efficientnet-lite-camvid.safetensors", camvid)
    save(folder / "efficientnet-lite0-imagenet.safetensors", imagenet_labels(), classifier=True)
    return folder


@pytest.fixture
def nets_window(
    qtbot: QtBot, make_window: Callable[..., MainWindow], tiny_nets: Path, monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    monkeypatch.setenv("FCN_STUDIO_WEIGHTS", str(tiny_nets))
    return make_window(Path("default"))


W = TypeVar("W", bound=QWidget)


def child(window: MainWindow, kind: type[W], name: str) -> W:
    found = window.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def click(qtbot: QtBot, window: MainWindow, name: str) -> None:
    button = child(window, QToolButton, name)
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_until_done(qtbot, window)


def net_in_use(window: MainWindow) -> str:
    """Of the trace on screen and of the one button that is pressed; they are to agree."""
    shown = window.session.shown
    assert shown is not None
    assert shown.trace is not None
    pressed = [button for button in child(window, QWidget, "net_bar").findChildren(QToolButton) if button.isChecked()]
    assert len(pressed) == 1
    name = pressed[0].objectName().removeprefix("net_")
    files = {"default": "-voc", "streets": "-camvid", "imagenet": "-imagenet"}
    assert shown.trace.provenance.checkpoint.endswith(files.get(name, "tiny"))
    return name


def test_a_click_does_the_photo_again_and_leaves_zoom_and_tab(
    qtbot: QtBot, nets_window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    window = nets_window
    open_files(qtbot, window, make_photo("photo.png"))
    assert net_in_use(window) == "default"
    window.session.presentation.set_room(Room.HEATMAPS)
    wait_until_done(qtbot, window)
    window.transform.set_zoom(3.0)
    click(qtbot, window, "net_streets")
    assert net_in_use(window) == "streets"
    assert window.session.presentation.room is Room.HEATMAPS
    assert window.transform.zoom == 3.0
    click(qtbot, window, "net_imagenet")
    assert net_in_use(window) == "imagenet"
    assert window.transform.zoom == 3.0
    click(qtbot, window, "net_imagenet")
    assert net_in_use(window) == "imagenet", "the net in use stays pressed"


def test_keys_choose_too(qtbot: QtBot, nets_window: MainWindow, make_photo: Callable[..., Path]) -> None:
    window = nets_window
    open_files(qtbot, window, make_photo("photo.png"))
    for key, name in ((Qt.Key.Key_8, "streets"), (Qt.Key.Key_9, "imagenet"), (Qt.Key.Key_7, "default")):
        QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        wait_until_done(qtbot, window)
        assert net_in_use(window) == name
    for name in ("streets", "imagenet", "default"):
        QTest.keyClick(window, Qt.Key.Key_N)
        wait_until_done(qtbot, window)
        assert net_in_use(window) == name


def test_the_choice_is_remembered_a_checkpoint_of_the_users_own_too(
    qtbot: QtBot,
    nets_window: MainWindow,
    settings: Settings,
    make_photo: Callable[..., Path],
    tiny_weights: Path,
    tmp_path: Path,
) -> None:
    window = nets_window
    assert remembered(settings) == ("default",)
    open_files(qtbot, window, make_photo("photo.png"))
    assert settings.weights == (), "nothing was chosen yet"
    act(window, "net.streets")
    wait_until_done(qtbot, window)
    assert remembered(settings) == ("streets",)
    own = tmp_path / "mine-tiny.safetensors"
    own.write_bytes(tiny_weights.read_bytes())
    open_files(qtbot, window, own)
    assert net_in_use(window) == "own"
    assert child(window, QToolButton, "net_own").text() == "mine-tiny"
    assert remembered(settings) == (str(own),)
    own.unlink()
    assert remembered(settings) == ("default",), "what is gone is not asked for"


def test_samples_bring_their_net_until_the_user_chooses(
    qtbot: QtBot, nets_window: MainWindow, settings: Settings, make_photo: Callable[..., Path]
) -> None:
    window = nets_window
    window.open_samples()
    wait_until_done(qtbot, window)
    shown = window.session.shown
    assert shown is not None
    assert shown.photo.name == "jockey.jpg"
    assert net_in_use(window) == "default"
    for name, net in (("cat", "imagenet"), ("highway", "streets"), ("woman-and-dog", "default")):
        photos = [photo.path for photo in window.session.list.photos]
        window.session.list.go_to(photos.index(SAMPLES[name]))
        wait_until_done(qtbot, window)
        assert net_in_use(window) == net
    assert settings.weights == (), "the samples' choice is not the user's"
    click(qtbot, window, "net_streets")
    window.session.list.go_to(0)
    wait_until_done(qtbot, window)
    assert net_in_use(window) == "streets"
    window.open_samples(SAMPLES["cat"])  # asked for by name
    wait_until_done(qtbot, window)
    assert net_in_use(window) == "imagenet"
    open_files(qtbot, window, make_photo("photo.png"))
    assert net_in_use(window) == "streets", "photos of the user's own have the net that the user chose"


def test_where_a_net_was_chosen_the_samples_begin_with_one_that_fits_it(
    qtbot: QtBot, make_window: Callable[..., MainWindow], tiny_nets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FCN_STUDIO_WEIGHTS", str(tiny_nets))
    window = make_window(Path("streets"))
    window.open_samples()
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.photo.name == "highway.jpg"
    assert net_in_use(window) == "streets"


def test_a_net_that_finds_next_to_nothing_says_what_it_knows_and_offers_others(
    qtbot: QtBot, nets_window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    window = nets_window
    open_files(qtbot, window, make_photo("photo.png"))
    hint = window.workspace.net_hint
    assert hint.isVisible()
    assert "Everyday photos" in hint.text
    assert "animals" in hint.text
    offers = {button.text(): button for button in hint.findChildren(QPushButton) if button.isVisible()}
    assert list(offers) == ["Streets", "What is in it?"]
    QTest.mouseClick(offers["What is in it?"], Qt.MouseButton.LeftButton)
    wait_until_done(qtbot, window)
    assert net_in_use(window) == "imagenet"
    assert not hint.isVisible()
    act(window, "edit.clear")
    assert not hint.isVisible()


def test_each_button_says_what_its_net_knows_its_classes_and_what_its_card_says(
    nets_window: MainWindow, tiny_nets: Path
) -> None:
    tips = {
        name: child(nets_window, QToolButton, f"net_{name}").toolTip() for name in ("default", "streets", "imagenet")
    }
    assert "animals" in tips["default"]
    assert "21 classes; mean IU in percent, as its card says: 12.5 (32s), 25.0 (16s), 50.0 (8s)" in tips["default"]
    assert "road" in tips["streets"]
    assert "11 classes." in tips["streets"]
    assert "1000 classes." in tips["imagenet"]
    assert [text.partition("(Ctrl+")[2] for text in tips.values()] == ["7)", "8)", "9)"]


def test_the_bar_is_one_button_with_a_menu_where_there_is_no_room(qtbot: QtBot, nets_window: MainWindow) -> None:
    window = nets_window
    bar, menu = child(window, QWidget, "net_bar"), child(window, QToolButton, "net_menu")
    assert not menu.isVisible()
    bar.setFixedWidth(150)
    qtbot.waitUntil(menu.isVisible)
    assert menu.accessibleName() == "Which net: Everyday photos"
    assert menu.text().startswith("Every")
    names = [action.objectName() for action in menu.menu().actions() if action.objectName()]
    assert names == ["net.default", "net.streets", "net.imagenet", "net.open"]


def test_of_a_classifier_the_legend_lists_probabilities_and_shows_where_a_class_is(
    qtbot: QtBot, nets_window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    window = nets_window
    act(window, "net.imagenet")
    open_files(qtbot, window, make_photo("photo.png"))
    shown = window.session.shown
    assert shown is not None
    assert shown.trace is not None
    assert shown.trace.presence is not None
    tree = child(window, QTreeWidget, "legend_tree")
    rows = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    named = [row for row in rows if row is not None]
    assert named[-1].text(0) == "other classes"
    likeliest = shown.trace.labels.classes[int(shown.trace.presence.photo[:-1].argmax())]
    assert named[0].text(0) == likeliest
    place = tree.visualItemRect(named[0]).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    wait_until_done(qtbot, window)
    assert window.session.presentation.room is Room.HEATMAPS
    assert window.workspace.heatmaps.canvas.isVisible()
    assert window.workspace.heatmaps._title.text() == likeliest
    assert likeliest not in window.session.presentation.appearance.hidden
