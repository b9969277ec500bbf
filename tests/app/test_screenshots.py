"""Pictures of the window's main states: `pytest tests/app/test_screenshots.py --screenshots FOLDER` keeps them.

They are for looking at; what is asserted is that each could be made, has the size asked for, and differs from all
others.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog
from pytestqt.qtbot import QtBot

from fcn_studio import load
from fcn_studio.app.values.appearance import Arrangement
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.widgets.theme import Scheme
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.catalog.embedded import DEFAULT
from fcn_studio.core.figures.pictures import indexed_image
from fcn_studio.core.samples import sample_photos
from fcn_studio.core.trace.live_fusion import Gains
from fcn_studio.engine.tracing.model import find_checkpoint
from tests.app.conftest import act, drag_enter, files, open_files, wait_until_done

LARGE, SMALL = (1440, 900), (1280, 720)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go."""
    chosen = request.config.getoption("--screenshots")
    return Path(chosen).absolute() if chosen else tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The samples, one of them with a ground truth: its own 8s mask, moved by a few pixels; and a broken file."""
    place = tmp_path_factory.mktemp("photos")
    found = []
    for sample in sample_photos():
        copy = place / sample.path.name
        copy.write_bytes(sample.path.read_bytes())
        found.append(copy)
    trace = load(device="cpu").trace(found[0])
    indexed_image(np.roll(trace.mask("8s"), (6, 9), axis=(0, 1)), trace.labels).save(found[0].with_suffix(".png"))
    broken = place / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    return [*found, broken]


@pytest.fixture
def show(
    qtbot: QtBot, make_window: Callable[..., MainWindow], photos: list[Path]
) -> Callable[[tuple[int, int], Scheme, str], MainWindow]:
    def make(size: tuple[int, int], scheme: Scheme = Scheme.LIGHT, language: str = "en") -> MainWindow:
        window = make_window(find_checkpoint(DEFAULT), scheme, language)
        window.resize(*size)
        open_files(qtbot, window, *photos)
        return window

    return make


def keep(qtbot: QtBot, window: MainWindow, path: Path, *over: QDialog) -> None:
    """Saves the window, and dialogs where they stand over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    qtbot.wait(150)  # layouts follow their new texts, thumbnails come in
    picture = window.grab()
    for dialog in over:
        corner = dialog.mapToGlobal(dialog.rect().topLeft()) - window.mapToGlobal(window.rect().topLeft())
        dialog.render(picture, corner)
    assert picture.save(str(path))


Act = Callable[[QtBot, MainWindow], None]


def compare(qtbot: QtBot, window: MainWindow) -> None:
    middle = window.compare.panels[window.compare.visible_panels[0]].canvas
    window.session.set_pointer(middle.pixel_at(QPointF(middle.width() * 0.4, middle.height() * 0.6)))


def swipe(qtbot: QtBot, window: MainWindow) -> None:
    window.session.presentation.set_arrangement(Arrangement.SWIPE)


def difference(qtbot: QtBot, window: MainWindow) -> None:
    window.session.presentation.set_arrangement(Arrangement.DIFFERENCE)


def single(qtbot: QtBot, window: MainWindow) -> None:
    window.session.presentation.set_arrangement(Arrangement.SINGLE)
    act(window, "masks.outlines")


def grid(qtbot: QtBot, window: MainWindow) -> None:
    window.session.presentation.set_arrangement(Arrangement.GRID)


def errors(qtbot: QtBot, window: MainWindow) -> None:
    act(window, "masks.errors")


def unsure(qtbot: QtBot, window: MainWindow) -> None:
    window.session.presentation.set_cutoff(60)
    wait_until_done(qtbot, window)


def pixels(qtbot: QtBot, window: MainWindow) -> None:
    window.transform.set_zoom(40)


def failed(qtbot: QtBot, window: MainWindow) -> None:
    window.session.list.go_to(len(window.session.list.photos) - 1)
    wait_until_done(qtbot, window)
    window.workspace.remove((1,))


def two_checkpoints(qtbot: QtBot, window: MainWindow) -> None:
    weights = window.session.choice.weights
    window.session.set_engine(replace(window.session.choice, weights=weights + weights))
    qtbot.waitUntil(lambda: len(window.session.engine) == 2, timeout=60_000)
    wait_until_done(qtbot, window)


def palette(qtbot: QtBot, window: MainWindow) -> None:
    act(window, "palette.okabe-ito")


def enter(qtbot: QtBot, window: MainWindow, room: Room) -> None:
    window.session.presentation.set_room(room)
    wait_until_done(qtbot, window)
    qtbot.wait(200)
    wait_until_done(qtbot, window)


def heatmaps(qtbot: QtBot, window: MainWindow) -> None:
    enter(qtbot, window, Room.HEATMAPS)


def heatmap(qtbot: QtBot, window: MainWindow) -> None:
    enter(qtbot, window, Room.HEATMAPS)
    window.workspace.heatmaps.show_node("score_pool4", "Tree")
    wait_until_done(qtbot, window)


def fusion(qtbot: QtBot, window: MainWindow) -> None:
    enter(qtbot, window, Room.FUSION)
    window.workspace.fusion.set_gains(Gains(1, 1, 0.5))
    qtbot.wait(200)
    wait_until_done(qtbot, window)


def changes(qtbot: QtBot, window: MainWindow) -> None:
    enter(qtbot, window, Room.CHANGES)


def probe(qtbot: QtBot, window: MainWindow) -> None:
    window.workspace.show_probe()
    window.session.pin((300, 200))
    box = window.findChild(QCheckBox, "probe_fields")
    assert isinstance(box, QCheckBox)
    box.setChecked(True)
    qtbot.wait(50)


def tour(qtbot: QtBot, window: MainWindow) -> None:
    act(window, "help.tour")
    wait_until_done(qtbot, window)


def dropping(qtbot: QtBot, window: MainWindow) -> None:
    mime = files(Path("a.png"))  # which the event does not own
    QApplication.sendEvent(window, drag_enter(mime))


@pytest.mark.parametrize(
    ("name", "do"),
    [
        (do.__name__, do)
        for do in (
            compare,
            swipe,
            difference,
            single,
            grid,
            errors,
            unsure,
            pixels,
            failed,
            two_checkpoints,
            palette,
            heatmaps,
            heatmap,
            fusion,
            changes,
            probe,
            tour,
            dropping,
        )
    ],
)
def test_states(
    qtbot: QtBot, show: Callable[..., MainWindow], folder: Path, name: str, do: Act, seen: dict[bytes, str]
) -> None:
    window = show(LARGE)
    do(qtbot, window)
    path = folder / f"{name}.png"
    keep(qtbot, window, path)
    check(path, LARGE, seen)


@pytest.mark.parametrize("size", [LARGE, SMALL])
@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_sizes_themes_and_languages(
    qtbot: QtBot,
    show: Callable[..., MainWindow],
    folder: Path,
    size: tuple[int, int],
    scheme: Scheme,
    language: str,
    seen: dict[bytes, str],
) -> None:
    window = show(size, scheme, language)
    path = folder / f"{language}-{scheme}-{size[0]}x{size[1]}.png"
    keep(qtbot, window, path)
    check(path, size, seen)


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_empty(
    qtbot: QtBot, make_window: Callable[..., MainWindow], folder: Path, scheme: Scheme, seen: dict[bytes, str]
) -> None:
    window = make_window(scheme=scheme)
    window.resize(*LARGE)
    path = folder / f"empty-{scheme}.png"
    keep(qtbot, window, path)
    check(path, LARGE, seen)


def test_running(
    qtbot: QtBot, make_window: Callable[..., MainWindow], photos: list[Path], folder: Path, seen: dict[bytes, str]
) -> None:
    window = make_window(find_checkpoint(DEFAULT))
    window.resize(*LARGE)
    window.intake.open_paths(photos)
    qtbot.waitUntil(lambda: window.session.shown is not None, timeout=60_000)
    path = folder / "running.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    assert window.session.running
    assert window.grab().save(str(path))
    wait_until_done(qtbot, window)
    check(path, LARGE, seen)


@pytest.mark.parametrize("name", ["help.palette", "help.keys"])
def test_dialogs(
    qtbot: QtBot, show: Callable[..., MainWindow], folder: Path, name: str, seen: dict[bytes, str]
) -> None:
    window = show(LARGE)
    act(window, name)
    dialogs = [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
    assert dialogs
    path = folder / f"{name}.png"
    keep(qtbot, window, path, *dialogs)
    for dialog in dialogs:
        dialog.close()
    check(path, LARGE, seen)


def test_at_twice_the_scale(photos: list[Path], folder: Path, seen: dict[bytes, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "scale-200.png"
    subprocess.run(
        [sys.executable, "-m", "fcn_studio", "view", "--device", "cpu", "--picture", str(path), *map(str, photos)],
        env={**os.environ, "QT_SCALE_FACTOR": "2"},
        check=True,
    )
    check(path, (2 * LARGE[0], 2 * LARGE[1]), seen)


@pytest.fixture(scope="session")
def seen() -> dict[bytes, str]:
    """Names of the pictures made so far, by their pixels."""
    return {}


def check(path: Path, size: tuple[int, int], seen: dict[bytes, str]) -> None:
    with Image.open(path) as picture:
        assert picture.size == size
        pixels = picture.convert("RGB").tobytes()
    assert seen.setdefault(pixels, path.name) == path.name
