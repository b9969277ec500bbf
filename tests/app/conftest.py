"""A window on a tiny net of the production class, and a check that no thread of ours outlives a test."""

from __future__ import annotations

import gc
import os
import warnings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.intake.thumbnails import Thumbnails
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import EngineChoice
from fcn_studio.app.widgets.language import Language
from fcn_studio.app.widgets.theme import Scheme, Theme
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.worker.inference import Inference
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import random_net


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform warns of something that says nothing about us."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(scope="session", autouse=True)
def _imports_stay() -> None:
    """What has been imported is not looked through again by each window's collection at its end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet) -> Path:
    """A tiny seeded FCN."""
    net = random_net(Architecture(num_classes=11, alignment="same", channels=(4, 4, 4, 4, 4), fc_channels=8))
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    return path


@pytest.fixture
def make_photo(tmp_path: Path) -> Callable[..., Path]:
    """Writes a picture of coloured blocks, into a folder whose masks are CamVid's."""
    (tmp_path / "labels.json").write_text('{"name": "camvid"}', encoding="utf-8")

    def make(name: str, width: int = 320, height: int = 240, seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        blocks = rng.integers(0, 256, (height // 20 + 1, width // 20 + 1, 3), dtype=np.uint8)
        path = tmp_path / name
        Image.fromarray(np.kron(blocks, np.ones((20, 20, 1), dtype=np.uint8))[:height, :width]).save(path)
        return path

    return make


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def inferences() -> Iterator[list[Inference]]:
    """Every inference thread of the test; fails if one still runs at its end."""
    made: list[Inference] = []
    yield made
    left = [inference for inference in made if inference.running]
    for inference in left:
        inference.close()
    assert not left, "an inference thread outlived its window"


@pytest.fixture
def make_window(
    qtbot: QtBot, qapp: QApplication, settings: Settings, tiny_weights: Path, inferences: list[Inference]
) -> Iterator[Callable[..., MainWindow]]:
    windows: list[MainWindow] = []
    languages: list[Language] = []

    def make(weights: Path = tiny_weights, scheme: Scheme = Scheme.LIGHT, language: str = "en") -> MainWindow:
        inference = Inference()
        inferences.append(inference)
        choice = EngineChoice((str(weights),), "cpu", "fp32")
        languages.append(Language(qapp, language))
        window = MainWindow(inference, choice, settings, Theme(qapp, scheme), languages[-1])
        windows.append(window)
        window.resize(1280, 720)
        window.show()
        qtbot.waitExposed(window)
        return window

    # As in the program: no collection in the inference thread (see app/garbage.py).
    gc.disable()
    yield make
    running: list[QObject] = []
    for window in windows:
        window.close()
        running += [window.intake] if window.intake.running else []
        running += [part for part in window.findChildren(Thumbnails) if part.running]
        window.deleteLater()
    windows.clear()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    for made in languages:  # only now: a window that is still there would ask for all its texts again
        made.choose("en")  # translators are the application's, which outlives the test
        made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # or the next window would be told
    assert not running, "a thread outlived its window"
    gc.collect()
    gc.enable()


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    return make_window()


def grabbed(widget: QWidget) -> NDArray[np.uint8]:
    """(h, w, 3) RGB of how a widget looks, a copy: a view of an image that is gone shows whatever lies there then."""
    import qimage2ndarray  # which asks, as it is imported, which binding of Qt is there

    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(qimage2ndarray.rgb_view(image))


def drag_enter(mime: QMimeData) -> QDragEnterEvent:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the only constructor before Qt 6.12
        return QDragEnterEvent(
            QPoint(300, 300),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )


def drag_and_drop(window: MainWindow, mime: QMimeData) -> bool:
    """A real drag onto the window and, if that is accepted, a drop; returns whether it was."""
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = drag_enter(mime)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    drop = QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, mime, buttons, modifiers)
    QApplication.sendEvent(window, drop)
    return drop.isAccepted()


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def wait_until_done(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.busy, timeout=60_000)


def open_files(qtbot: QtBot, window: MainWindow, *paths: Path) -> None:
    """Drops files and waits until the first one is on screen."""
    assert drag_and_drop(window, files(*paths))
    wait_until_done(qtbot, window)


def act(window: MainWindow, name: str) -> None:
    """Triggers an action as its menu entry does; fails if it cannot be used now."""
    action = window.actions_by_id[name]
    assert action.isEnabled(), name
    action.trigger()
