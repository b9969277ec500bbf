"""Traces to files and back: a trace is shown as it was saved, without the checkpoint, and a page needs nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fcn_studio.app.intake.thumbnails import Thumbnails
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.trace.trace import Trace
from tests.app.conftest import act, open_files, wait_until_done


@pytest.fixture
def saved(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path], tmp_path: Path) -> tuple[Path, Trace]:
    open_files(qtbot, window, make_photo("street.png"))
    window.palettes.set_colour("Sky", (1, 2, 3))
    path = tmp_path / "street.fcntrace"
    window.output.save_trace(path)
    wait_until_done(qtbot, window)
    return path, trace_of(window)


def trace_of(window: MainWindow) -> Trace:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace


def test_a_saved_trace_is_shown_as_it_was(qtbot: QtBot, window: MainWindow, saved: tuple[Path, Trace]) -> None:
    path, before = saved
    open_files(qtbot, window, path)
    assert window.session.list.photos[-1].name == "street.fcntrace"
    after = trace_of(window)
    assert after is not before
    for variant in before.variants:
        np.testing.assert_array_equal(after.mask(variant), before.mask(variant))
        np.testing.assert_array_equal(after.scores(variant), before.scores(variant))
    assert after.labels.colours[0] == (1, 2, 3)
    panel = window.compare.panels[PanelId("8s")]
    np.testing.assert_array_equal(panel.canvas.layers.content.mask, before.mask("8s"))
    assert "exit of tiny" in panel.accessibleName()


def test_it_needs_no_checkpoint(
    qtbot: QtBot, make_window: Callable[..., MainWindow], saved: tuple[Path, Trace], tmp_path: Path
) -> None:
    path, before = saved
    other = make_window(weights=tmp_path / "no such checkpoint.safetensors")
    open_files(qtbot, other, path)
    np.testing.assert_array_equal(trace_of(other).mask("8s"), before.mask("8s"))
    act(other, "room.fusion")
    qtbot.wait(200)
    wait_until_done(qtbot, other)
    other.session.presentation.set_cutoff(60)
    wait_until_done(qtbot, other)
    assert other.session.shown is not None
    confidence = other.session.shown.result.confidences[PanelId("8s")]
    scores = before.scores("8s").astype(float)
    powers = np.exp(scores - scores.max(axis=0))
    assert np.abs(confidence / 255 - powers.max(axis=0) / powers.sum(axis=0)).max() <= 1 / 255


def test_a_damaged_trace_is_explained(qtbot: QtBot, window: MainWindow, saved: tuple[Path, Trace]) -> None:
    path, _ = saved
    path.write_bytes(path.read_bytes()[:-100])
    open_files(qtbot, window, path)
    found = window.findChild(QLabel, "error_text")
    assert isinstance(found, QLabel)
    assert window.workspace.banner.isVisible()
    assert "street.fcntrace" in found.text()


def test_a_page_stands_for_itself(qtbot: QtBot, window: MainWindow, saved: tuple[Path, Trace], tmp_path: Path) -> None:
    window.output.save_trace(tmp_path / "page.html")
    wait_until_done(qtbot, window)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "street.png" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert window.workspace.notice.isVisible()


def test_a_folder_that_is_not_there_is_explained(
    qtbot: QtBot, window: MainWindow, saved: tuple[Path, Trace], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    window.output.save_trace(tmp_path / "file" / "a.fcntrace")
    wait_until_done(qtbot, window)
    assert window.workspace.banner.isVisible()


def test_a_trace_has_its_photo_as_thumbnail(qtbot: QtBot, window: MainWindow, saved: tuple[Path, Trace]) -> None:
    path, trace = saved
    reader = Thumbnails()
    with qtbot.waitSignal(reader.ready, timeout=20_000) as found:
        reader.request(Photo.from_path(path))
    reader.close()
    image = found.args[1] if found.args else None
    assert isinstance(image, QImage)
    seen = qimage2ndarray.rgb_view(image.convertToFormat(QImage.Format.Format_RGB32)).mean(axis=(0, 1))
    np.testing.assert_allclose(seen, trace.image.mean(axis=(0, 1)), atol=3)
