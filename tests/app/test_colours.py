"""Palettes and single colours with undo, palette files, and hatching of unsure pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.window.main_window import MainWindow
from tests.app.conftest import act, open_files, wait_until_done

MakePhoto = Callable[..., Path]


@pytest.fixture
def loaded(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> MainWindow:
    """FCN-8s alone, opaque, at actual size."""
    open_files(qtbot, window, make_photo("street.png", 400, 300))
    act(window, "layout.single")
    act(window, "view.actual")
    window.session.presentation.set_opacity(100)
    return window


def mask(window: MainWindow) -> NDArray[np.uint8]:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace.mask("8s")


def seen(window: MainWindow) -> NDArray[np.uint8]:
    canvas = window.compare.panels[PanelId("8s")].canvas
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    left, top = canvas.placement().left, canvas.placement().top
    return np.array(qimage2ndarray.rgb_view(image)[top : top + 300, left : left + 400])


def colours_of(window: MainWindow) -> set[tuple[int, int, int]]:
    return {tuple(colour) for colour in np.unique(seen(window).reshape(-1, 3), axis=0).tolist()}


def problem(window: MainWindow) -> str:
    found = window.findChild(QLabel, "error_text")
    assert isinstance(found, QLabel)
    return found.text() if window.workspace.banner.isVisible() else ""


def test_a_colour_blind_safe_palette_and_back(loaded: MainWindow) -> None:
    before = seen(loaded)
    act(loaded, "palette.okabe-ito")
    # Okabe and Ito 2008, "Color Universal Design": orange, sky blue, bluish green, yellow, blue, vermillion, purple.
    published = {
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (240, 228, 66),
        (0, 114, 178),
        (213, 94, 0),
        (204, 121, 167),
        (0, 0, 0),
    }
    first_classes = {index for index in np.unique(mask(loaded)).tolist() if index < 8}
    assert len(colours_of(loaded) & published) >= len(first_classes) - 1
    assert not np.array_equal(seen(loaded), before)
    act(loaded, "edit.undo")
    np.testing.assert_array_equal(seen(loaded), before)
    act(loaded, "edit.redo")
    assert not np.array_equal(seen(loaded), before)


def test_one_class_in_another_colour(loaded: MainWindow) -> None:
    found = mask(loaded)
    index = int(np.bincount(found.ravel()).argmax())
    labels = loaded.session.engine[0].labels
    before = seen(loaded)
    loaded.palettes.set_colour(labels.classes[index], (1, 2, 3))
    after = seen(loaded)
    assert {tuple(colour) for colour in after[found == index].tolist()} == {(1, 2, 3)}
    np.testing.assert_array_equal(after[found != index], before[found != index])
    np.testing.assert_array_equal(mask(loaded), found)
    act(loaded, "edit.undo")
    np.testing.assert_array_equal(seen(loaded), before)


def test_a_palette_file_is_kept_and_read_again(loaded: MainWindow, tmp_path: Path) -> None:
    classes = loaded.session.engine[0].labels.classes
    found = np.unique(mask(loaded))
    assert len(found) >= 2
    for number, index in enumerate(found.tolist()):
        loaded.palettes.set_colour(classes[index], (9, 8, number))
    wanted = seen(loaded)
    loaded.palettes.save(tmp_path / "mine.toml")
    act(loaded, "palette.dataset")
    assert not np.array_equal(seen(loaded), wanted)
    loaded.palettes.open(tmp_path / "mine.toml")
    np.testing.assert_array_equal(seen(loaded), wanted)


def test_a_palette_of_other_classes_is_explained_and_changes_nothing(loaded: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "cats.toml").write_text('Tabby = "#010203"\n')
    before = seen(loaded)
    loaded.palettes.open(tmp_path / "cats.toml")
    assert "cats.toml" in problem(loaded)
    assert "Tabby" in problem(loaded)
    np.testing.assert_array_equal(seen(loaded), before)


def test_unsure_pixels_are_hatched_and_no_others(qtbot: QtBot, loaded: MainWindow) -> None:
    before = seen(loaded)
    assert loaded.session.shown is not None
    assert loaded.session.shown.trace is not None
    scores = loaded.session.shown.trace.scores("8s").astype(np.float64)
    powers = np.exp(scores - scores.max(axis=0))
    probability = powers.max(axis=0) / powers.sum(axis=0)
    cutoff = round(100 * float(np.quantile(probability, 0.4)))
    loaded.session.presentation.set_cutoff(cutoff)
    wait_until_done(qtbot, loaded)
    hatched = (seen(loaded) != before).any(axis=2)
    unsure = probability < cutoff / 100
    close = np.abs(probability - cutoff / 100) < 1 / 255
    assert not hatched[~unsure & ~close].any()
    share = hatched[unsure & ~close].mean()
    assert 0.15 < share < 0.35, "two of eight pixels along a stripe"
    loaded.session.presentation.set_cutoff(0)
    np.testing.assert_array_equal(seen(loaded), before)


def test_the_cutoff_moves_live_without_another_run(qtbot: QtBot, loaded: MainWindow) -> None:
    loaded.session.presentation.set_cutoff(30)
    wait_until_done(qtbot, loaded)
    pictures = set()
    for cutoff in (25, 50, 75, 99):
        loaded.session.presentation.set_cutoff(cutoff)
        assert not loaded.busy
        pictures.add(seen(loaded).tobytes())
    assert len(pictures) >= 3


def test_sky_is_drawn_since_class_0_of_camvid_is_no_background(loaded: MainWindow) -> None:
    labels = loaded.session.engine[0].labels
    assert labels.classes[0] == "Sky"
    table = loaded.session.presentation.appearance.colour_table(labels)
    assert table[0] >> 24 == 255
