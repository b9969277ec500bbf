"""The checkpoint doctor's dialog: from the menu to masks and findings, stopped, and a copy that is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from fcn_studio.app.checkpoints.doctor_dialog import DoctorDialog
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.engine.checkpoints.native import load_checkpoint, save_checkpoint
from fcn_studio.engine.doctor.doctor import recipes
from fcn_studio.engine.nets.preprocess import CAFFE, IMAGENET_RGB
from tests.app.conftest import act, open_files, wait_until_done
from tests.red_net import red_checkpoint, red_photo


@pytest.fixture
def mistaken(tmp_path: Path) -> Path:
    """Made for Caffe's input, but its file says ImageNet's."""
    made, path = red_checkpoint(CAFFE, IMAGENET_RGB), tmp_path / "mistaken.safetensors"
    save_checkpoint(path, made.net, labels=made.labels, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    return path


@pytest.fixture
def reds(tmp_path: Path) -> Path:
    path = tmp_path / "reds.png"
    Image.fromarray(red_photo()).save(path)
    return path


def opened(window: MainWindow) -> DoctorDialog:
    act(window, "net.doctor")
    dialog = window.findChild(DoctorDialog)
    assert isinstance(dialog, DoctorDialog)
    return dialog


def wait_for(qtbot: QtBot, dialog: DoctorDialog) -> None:
    qtbot.waitUntil(lambda: not dialog.busy, timeout=60_000)


def masks(dialog: DoctorDialog) -> QListWidget:
    found = dialog.findChild(QListWidget, "doctor_masks")
    assert isinstance(found, QListWidget)
    return found


def button(dialog: DoctorDialog, name: str) -> QPushButton:
    found = dialog.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def verdict(dialog: DoctorDialog) -> str:
    found = dialog.findChild(QLabel, "doctor_verdict")
    assert isinstance(found, QLabel)
    return found.text()


def test_the_right_preprocessing_is_proposed_written_and_opened(
    qtbot: QtBot, make_window: Callable[..., MainWindow], mistaken: Path, reds: Path, tmp_path: Path
) -> None:
    window = make_window(mistaken)
    open_files(qtbot, window, reds)
    dialog = opened(window)
    assert dialog.busy
    assert window.isEnabled(), "the window is used meanwhile"
    wait_for(qtbot, dialog)
    assert masks(dialog).count() == len(recipes())
    assert "BGR, 0..255, Caffe mean" in verdict(dialog)
    assert dialog.chosen is not None
    assert dialog.chosen.recipe.name == "BGR, 0..255, Caffe mean"
    told = [label.text() for label in dialog.findChildren(QLabel)]
    assert any("score_pool4 is all zero, a dead skip" in text for text in told)
    assert button(dialog, "doctor_use").isEnabled()
    target = tmp_path / "mended"
    dialog.write(target)
    path = target.with_name("mended.safetensors")
    qtbot.waitUntil(lambda: window.session.choice.weights == (str(path),), timeout=60_000)
    wait_until_done(qtbot, window)
    assert load_checkpoint(path).preprocessing == CAFFE
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    assert window.session.shown.trace.provenance.checkpoint == "mended"
    assert len(set(window.session.shown.trace.mask("8s")[32].tolist())) == 4, "all four reds are seen now"


def test_the_checkpoints_own_needs_no_copy(
    qtbot: QtBot, make_window: Callable[..., MainWindow], mistaken: Path, reds: Path
) -> None:
    window = make_window(mistaken)
    open_files(qtbot, window, reds)
    dialog = opened(window)
    wait_for(qtbot, dialog)
    assert dialog.diagnosis is not None
    place = [trial.stored for trial in dialog.diagnosis.trials].index(True)
    masks(dialog).setCurrentRow(place)
    assert not button(dialog, "doctor_use").isEnabled()
    masks(dialog).setFocus()
    QTest.keyClick(masks(dialog), Qt.Key.Key_Home)
    assert dialog.chosen is dialog.diagnosis.trials[0]
    assert button(dialog, "doctor_use").isEnabled()
    dialog.close()


def test_it_is_stopped_and_started_again(
    qtbot: QtBot, make_window: Callable[..., MainWindow], mistaken: Path, reds: Path
) -> None:
    window = make_window(mistaken)
    open_files(qtbot, window, reds)
    dialog = opened(window)
    QTest.mouseClick(button(dialog, "doctor_run"), Qt.MouseButton.LeftButton)
    assert not dialog.busy
    assert verdict(dialog) == "Stopped."
    qtbot.waitUntil(lambda: window.session.queue.running is None, timeout=60_000)
    assert masks(dialog).count() == 0, "no late result"
    QTest.mouseClick(button(dialog, "doctor_run"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, dialog)
    assert masks(dialog).count() == len(recipes())
    dialog.close()
    assert window.session.shown is not None


def test_closing_stops_it(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    dialog = opened(window)
    dialog.close()
    qtbot.waitUntil(lambda: window.session.queue.running is None, timeout=60_000)
    assert window.session.queue.waiting == 0


def test_without_a_photo_a_sample_is_tried_and_decides_nothing(qtbot: QtBot, window: MainWindow) -> None:
    wait_until_done(qtbot, window)
    dialog = opened(window)
    wait_for(qtbot, dialog)
    assert dialog.diagnosis is not None
    assert not dialog.diagnosis.decidable
    assert verdict(dialog).startswith("Undecided")
    assert masks(dialog).accessibleName() == "Masks by preprocessing, the likeliest first"
    dialog.close()
