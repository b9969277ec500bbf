"""Checkpoints in the window: two beside each other, a bad one, and switching while a photo is segmented."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QFrame, QLabel, QTreeWidget
from pytestqt.qtbot import QtBot
from torch import Tensor

from fcn_studio.app.values.jobs import EngineChoice
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.app.conftest import act, open_files, wait_until_done
from tests.conftest import random_net

MakePhoto = Callable[..., Path]


@pytest.fixture
def other(tmp_path: Path, camvid: LabelSet) -> Path:
    """Another net of the same classes."""
    net = random_net(Architecture(num_classes=11, alignment="same", channels=(4,) * 5, fc_channels=8), seed=7)
    path = tmp_path / "other.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    return path


def problem(window: MainWindow) -> str:
    found = window.findChild(QLabel, "error_text")
    assert isinstance(found, QLabel)
    return found.text() if window.workspace.banner.isVisible() else ""


def checkpoints_shown(window: MainWindow) -> list[str]:
    assert window.session.shown is not None
    return [trace.provenance.checkpoint if trace else "" for trace in window.session.shown.result.traces]


def test_two_checkpoints_stand_beside_each_other(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, other: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    window.intake.use_checkpoint(other, beside=True)
    wait_until_done(qtbot, window)
    assert checkpoints_shown(window) == ["tiny", "other"]
    panels = [str(panel) for panel in window.compare.visible_panels]
    assert panels == ["photo", "32s", "16s", "8s", "32s_2", "16s_2", "8s_2"]
    first, second = (window.findChild(QLabel, f"origin_{name}") for name in ("8s", "8s_2"))
    assert isinstance(first, QLabel)
    assert isinstance(second, QLabel)
    assert "exit of tiny" in first.text()
    assert "exit of other" in second.text()
    shown = window.session.shown
    assert shown is not None
    masks = [trace.mask("8s") for trace in shown.result.traces if trace is not None]
    assert not np.array_equal(masks[0], masks[1])
    act(window, "net.close_last")
    wait_until_done(qtbot, window)
    assert checkpoints_shown(window) == ["tiny"]


def test_a_bad_checkpoint_is_explained_and_the_good_one_stays(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    (tmp_path / "bad.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0 no header here")
    open_files(qtbot, window, tmp_path / "bad.safetensors")
    assert "bad.safetensors" in problem(window)
    assert checkpoints_shown(window) == ["tiny"]
    open_files(qtbot, window, make_photo("next.png", seed=3))
    assert checkpoints_shown(window) == ["tiny"]
    assert problem(window) == ""


def test_switching_while_a_photo_is_segmented_ends_with_the_new_one(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, other: Path
) -> None:
    photo = make_photo("large.png", 1600, 1200)
    window.intake.open_paths([photo])
    qtbot.waitUntil(lambda: window.session.running, timeout=30_000)
    window.intake.use_checkpoint(other)
    wait_until_done(qtbot, window)
    assert checkpoints_shown(window) == ["other"]
    assert [info.checkpoint for info in window.session.engine] == ["other"]
    assert window.actions_by_id["layout.row"].isEnabled()


def test_the_last_of_many_quick_switches_wins(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, other: Path, tiny_weights: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png", 900, 700))
    first = window.session.choice
    second = EngineChoice((str(other),), "cpu", "fp32")
    for number in range(6):
        window.session.set_engine(second if number % 2 == 0 else first)
        window.session.refresh()
    wait_until_done(qtbot, window)
    assert checkpoints_shown(window) == ["tiny"]
    for precision in ("bf16", "fp32", "bf16"):
        window.session.set_engine(replace(window.session.choice, precision=precision))
        qtbot.wait(5)
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    assert window.session.shown.trace.provenance.precision == "bf16"


def test_a_photo_asked_for_while_a_checkpoint_loads_is_done_by_it(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, other: Path
) -> None:
    open_files(qtbot, window, make_photo("a.png"), make_photo("b.png", seed=1))
    window.intake.use_checkpoint(other)
    act(window, "go.next")
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.photo.name == "b.png"
    assert checkpoints_shown(window) == ["other"]


def test_a_file_that_changed_its_place_is_explained(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, other: Path, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    window.intake.use_checkpoint(tmp_path / "gone.safetensors")
    wait_until_done(qtbot, window)
    assert "gone.safetensors" in problem(window)
    shutil.copy(other, tmp_path / "gone.safetensors")
    window.intake.use_checkpoint(tmp_path / "gone.safetensors")
    wait_until_done(qtbot, window)
    assert checkpoints_shown(window) == ["gone"]
    assert problem(window) == ""


def test_a_checkpoint_for_each_variant_is_a_set(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, camvid: LabelSet, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    paths = []
    for variant in ("32s", "16s", "8s"):
        architecture = Architecture(
            num_classes=11, alignment="same", channels=(4,) * 5, fc_channels=8, variants=(variant,)
        )
        paths.append(tmp_path / f"fcn{variant}.safetensors")
        save_checkpoint(paths[-1], random_net(architecture), labels=camvid, preprocessing=IMAGENET_RGB, card={})
    open_files(qtbot, window, *paths)
    assert checkpoints_shown(window) == ["fcn32s", "fcn16s", "fcn8s"]
    panels = [str(panel) for panel in window.compare.visible_panels]
    assert panels == ["photo", "32s", "16s_2", "8s_3"]
    for name, checkpoint in (("32s", "fcn32s"), ("16s_2", "fcn16s"), ("8s_3", "fcn8s")):
        origin = window.findChild(QLabel, f"origin_{name}")
        assert isinstance(origin, QLabel)
        assert origin.text().startswith(checkpoint), "a net of its own, and no exit"
    for room in ("heatmaps", "fusion", "changes"):
        act(window, f"room.{room}")
        qtbot.wait(150)
        wait_until_done(qtbot, window)
    assert not window.workspace.banner.isVisible()
    assert {node.name for node in window.workspace.fusion.graph.nodes} >= {"fuse_pool3", "score_pool3", "8s"}


def state_of_classes(classes: int) -> dict[str, Tensor]:
    """FCN-32s under pytorch-fcn's names, narrow and random, of so many classes."""
    net = random_net(Architecture(classes, channels=(4,) * 5, fc_channels=6, upsampling="learned", variants=("32s",)))
    return {key.replace("upscore32", "upscore"): value.detach() for key, value in net.state_dict().items()}


@pytest.mark.parametrize("name", ["checkpoint.pth.tar", "last.ckpt", "weights of mine", "plain.bin"])
def test_a_checkpoint_opens_under_any_name(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, name: str
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    torch.save({"epoch": 3, "net": state_of_classes(3), "best": np.float64(0.5)}, tmp_path / name)
    open_files(qtbot, window, tmp_path / name)
    assert problem(window) == ""
    assert checkpoints_shown(window) == [name.partition(".")[0]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"PK\x03\x04" + bytes(500), "cut short"),
    ],
)
def test_what_is_no_checkpoint_is_named_and_the_good_one_stays(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, content: bytes, words: str
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    (tmp_path / "net.pth").write_bytes(content)
    open_files(qtbot, window, tmp_path / "net.pth")
    assert words in problem(window)
    assert checkpoints_shown(window) == ["tiny"]
    notice = window.findChild(QFrame, "notice")
    assert isinstance(notice, QFrame)
    assert not notice.isVisible(), "nothing that is not open is offered"


def test_guessed_classes_are_marked_where_they_stand(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    torch.save(state_of_classes(19), tmp_path / "mine.pth")
    open_files(qtbot, window, tmp_path / "mine.pth")
    legend, caption = window.findChild(QTreeWidget, "legend_tree"), window.findChild(QLabel, "origin_32s")
    assert isinstance(legend, QTreeWidget)
    assert isinstance(caption, QLabel)
    assert legend.headerItem().text(0) == "Class (guessed)"
    assert "mine (classes guessed)" in caption.text()
    assert legend.columnCount() == 2, "as many as this net has exits"
    notice = window.findChild(QLabel, "notice_text")
    assert isinstance(notice, QLabel)
    assert "those of cityscapes are guessed" in notice.text()
    status = window.findChild(QLabel, "status_guess")
    assert isinstance(status, QLabel)
    assert status.text() == "classes guessed", "in every room"
    torch.save(state_of_classes(3), tmp_path / "three.pth")
    open_files(qtbot, window, tmp_path / "three.pth")
    assert not status.text()
    assert legend.headerItem().text(0) == "Class"
    rows = [legend.topLevelItem(row) for row in range(3)]
    assert {row.text(0) for row in rows if row} == {"class 0", "class 1", "class 2"}


def test_one_output_is_a_background_and_a_foreground(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    state = state_of_classes(1)
    torch.save(state, tmp_path / "one.pth")
    open_files(qtbot, window, tmp_path / "one.pth")
    shown = window.session.shown
    assert shown is not None
    assert shown.trace is not None
    assert shown.trace.labels.classes == ("background", "foreground")
    legend = window.findChild(QTreeWidget, "legend_tree")
    assert isinstance(legend, QTreeWidget)
    assert legend.topLevelItemCount() == 2
