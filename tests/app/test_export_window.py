"""Export from the window: in the background, for one photo or all, never over a file without asking, and stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from fcn_studio.app.output.export_request import ExportRequest
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.figures.export import KINDS
from tests.app.conftest import act, open_files

MakePhoto = Callable[..., Path]
VARIANTS = ("32s", "16s", "8s")


def wait_until_written(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.output.exporter.running, timeout=60_000)


def answer(text: str) -> list[str]:
    """Clicks a button of the question as soon as it is asked; what the question says is added to the list."""
    said: list[str] = []

    def click() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            return
        said.append(box.text() + "\n" + box.informativeText())
        timer.stop()
        next(button for button in box.buttons() if button.text().replace("&", "") == text).click()

    timer = QTimer(QApplication.instance())
    timer.setInterval(10)
    timer.timeout.connect(click)
    timer.start()
    return said


def notice(window: MainWindow) -> str:
    found = window.findChild(QLabel, "notice_text")
    assert isinstance(found, QLabel)
    return found.text() if window.workspace.notice.isVisible() else ""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_everything_of_one_photo(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    out = tmp_path / "out"
    window.output.export(ExportRequest(out, KINDS, VARIANTS))
    wait_until_written(qtbot, window)
    assert names(out) == sorted(
        [
            *(f"street_{variant}.png" for variant in VARIANTS),
            *(f"street_{variant}_overlay.png" for variant in VARIANTS),
            *("street_figure.png", "street_scores.npz", "street.gif", "street.webp"),
            *("street_heatmaps.png", "street_fusion.png", "street_contributions.npz", "street_decider.png"),
        ]
    )
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    with Image.open(out / "street_8s.png") as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), window.session.shown.trace.mask("8s"))
        assert (image.getpalette() or [])[:3] == [128, 128, 128]  # Sky
    with Image.open(out / "street.gif") as animation:
        assert len(list(ImageSequence.Iterator(animation))) == 4
    assert "14 files" in notice(window)


def test_chosen_colours_are_exported(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    window.palettes.set_colour("Sky", (1, 2, 3))
    window.output.export(ExportRequest(tmp_path / "out", ("mask",), ("8s",)))
    wait_until_written(qtbot, window)
    with Image.open(tmp_path / "out" / "street_8s.png") as image:
        assert (image.getpalette() or [])[:3] == [1, 2, 3]


@pytest.fixture
def three(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> MainWindow:
    open_files(qtbot, window, *(make_photo(f"{number}.png", seed=number) for number in range(3)))
    return window


def test_all_photos_but_one_that_is_broken(qtbot: QtBot, three: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"broken since it was opened")
    counts: list[tuple[int, int]] = []
    three.output.exporter.progressed.connect(lambda done, total: counts.append((done, total)))
    three.output.export(ExportRequest(tmp_path / "out", ("mask",), ("8s",), everything=True))
    wait_until_written(qtbot, three)
    assert names(tmp_path / "out") == ["0_8s.png", "2_8s.png"]
    assert counts[0] == (0, 3)
    assert counts[-1] == (3, 3)
    problem = three.findChild(QLabel, "error_text")
    assert isinstance(problem, QLabel)
    assert "1.png" in problem.text()
    assert three.workspace.banner.isVisible()


@pytest.mark.parametrize(
    ("button", "kept", "files"),
    [
        ("Cancel", True, ["0_8s.png"]),
        ("Keep Both", True, ["0 (2)_8s.png", "0_8s.png"]),
        ("Replace", False, ["0_8s.png"]),
    ],
)
def test_nothing_is_replaced_without_asking(
    qtbot: QtBot, three: MainWindow, tmp_path: Path, button: str, kept: bool, files: list[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "0_8s.png").write_bytes(b"my own")
    said = answer(button)
    three.output.export(ExportRequest(out, ("mask",), ("8s",)))
    wait_until_written(qtbot, three)
    assert len(said) == 1
    assert "0_8s.png" in said[0]
    assert names(out) == files
    assert ((out / "0_8s.png").read_bytes() == b"my own") is kept


def test_photos_of_one_name_do_not_overwrite_each_other(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    open_files(qtbot, window, make_photo("a/street.png"), make_photo("b/street.png", seed=1))
    window.output.export(ExportRequest(tmp_path / "out", ("mask",), ("8s",), everything=True))
    wait_until_written(qtbot, window)
    assert names(tmp_path / "out") == ["street_2_8s.png", "street_8s.png"]


def test_it_can_be_stopped_and_the_window_is_used_meanwhile(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    photos = [make_photo(f"{number}.png", 500, 400, seed=number) for number in range(12)]
    open_files(qtbot, window, *photos)
    out = tmp_path / "out"
    window.output.export(ExportRequest(out, KINDS, VARIANTS, everything=True))
    qtbot.waitUntil(lambda: out.is_dir() and len(names(out)) > 0, timeout=30_000)
    act(window, "go.last")
    qtbot.waitUntil(
        lambda: window.session.shown is not None and window.session.shown.photo.name == "11.png", timeout=30_000
    )
    window.output.exporter.stop()
    wait_until_written(qtbot, window)
    qtbot.waitUntil(lambda: window.session.queue.running is None, timeout=30_000)
    assert 0 < len(names(out)) < 12 * 14
    assert "Stopped" in notice(window)
    assert not [name for name in names(out) if "tmp" in name or "part" in name], "a half-written file was left"


def test_a_folder_that_cannot_be_written_is_explained(qtbot: QtBot, three: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    three.output.export(ExportRequest(tmp_path / "file" / "out", ("mask",), ("8s",)))
    wait_until_written(qtbot, three)
    assert three.workspace.banner.isVisible()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_view_is_saved(qtbot: QtBot, three: MainWindow, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"view{suffix}"
    three.output.save_view(three.compare, path)
    if suffix == ".png":
        with Image.open(path) as image:
            assert image.size[0] >= three.compare.width()
            assert len(image.convert("RGB").getcolors(1 << 24) or []) > 20
    else:
        assert path.read_bytes()[:5] == (b"%PDF-" if suffix == ".pdf" else b"<?xml")
        assert path.stat().st_size > 5000
    assert f"view{suffix}" in notice(three)


def test_the_view_is_copied(qtbot: QtBot, three: MainWindow) -> None:
    act(three, "file.copy_view")
    image = QGuiApplication.clipboard().image()
    assert not image.isNull()
    assert image.width() >= three.compare.width()
