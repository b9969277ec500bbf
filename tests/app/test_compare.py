"""Two masks in one place: the divider, the difference and its count, and blinking while a key is held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.graph.names import PUBLISHED as VARIANTS
from fcn_studio.core.labels import LabelSet
from tests.app.conftest import act, open_files

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def loaded(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> MainWindow:
    open_files(qtbot, window, make_photo("street.png", 400, 300))
    window.session.presentation.set_opacity(100)
    return window


def mask_of(window: MainWindow, variant: str) -> NDArray[np.uint8]:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace.mask(variant)


def picture(window: MainWindow) -> NDArray[np.uint8]:
    """The photo's pixels as the pair's canvas draws them at actual size."""
    canvas = window.compare.pair.canvas
    window.compare.set_pointer(None)
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    left, top = canvas.placement().left, canvas.placement().top
    return np.array(qimage2ndarray.rgb_view(image)[top : top + 300, left : left + 400])


def widget(window: MainWindow, kind: type[QWidget], name: str) -> QWidget:
    found = window.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def test_the_divider_parts_two_masks_and_is_dragged(loaded: MainWindow, camvid: LabelSet) -> None:
    act(loaded, "layout.swipe")
    act(loaded, "view.actual")
    canvas = loaded.compare.pair.canvas
    start = QPoint(round(canvas.width() * 0.5), canvas.height() // 2)
    end = start + QPoint(-60, 10)
    QTest.mousePress(canvas, LEFT, PLAIN, start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, LEFT, PLAIN, end)
    divider = end.x() - canvas.placement().left
    palette = camvid.palette()
    seen = picture(loaded)
    margin = 20  # the divider and its grip are drawn over the picture
    np.testing.assert_array_equal(seen[:, : divider - margin], palette[mask_of(loaded, "32s")[:, : divider - margin]])
    np.testing.assert_array_equal(seen[:, divider + margin :], palette[mask_of(loaded, "8s")[:, divider + margin :]])


def test_a_drag_beside_the_divider_moves_the_picture(loaded: MainWindow) -> None:
    act(loaded, "layout.swipe")
    canvas = loaded.compare.pair.canvas
    divider, left = canvas.divider, canvas.placement().left
    start = QPoint(canvas.width() // 4, 30)
    QTest.mousePress(canvas, LEFT, PLAIN, start)
    QTest.mouseMove(canvas, start + QPoint(25, 0))
    QTest.mouseRelease(canvas, LEFT, PLAIN, start + QPoint(25, 0))
    assert canvas.divider == divider
    assert canvas.placement().left == left + 25


def test_the_pair_is_chosen_and_exchanged(loaded: MainWindow) -> None:
    act(loaded, "layout.swipe")
    first, second = (widget(loaded, QComboBox, f"pair_{name}") for name in ("first", "second"))
    assert isinstance(first, QComboBox)
    assert isinstance(second, QComboBox)
    assert (first.currentText(), second.currentText()) == ("FCN-32s", "FCN-8s")
    first.setCurrentText("FCN-16s")
    first.activated.emit(first.currentIndex())
    assert loaded.session.presentation.layout.pair == (PanelId("16s"), PanelId("8s"))
    swap = widget(loaded, QToolButton, "pair_swap")
    assert isinstance(swap, QToolButton)
    swap.click()
    assert (first.currentText(), second.currentText()) == ("FCN-8s", "FCN-16s")


def test_the_difference_shows_changed_pixels_in_the_newer_class_and_counts_them(
    loaded: MainWindow, camvid: LabelSet
) -> None:
    act(loaded, "layout.difference")
    act(loaded, "view.actual")
    older, newer = mask_of(loaded, "32s"), mask_of(loaded, "8s")
    changed = older != newer
    assert 0 < changed.sum() < changed.size
    seen = picture(loaded)
    np.testing.assert_array_equal(seen[changed], camvid.palette()[newer[changed]])
    rest = seen[~changed].astype(int)
    assert (rest.max(axis=1) - rest.min(axis=1)).max() == 0, "what did not change is the photo in grey"
    count = widget(loaded, QLabel, "pair_count")
    assert isinstance(count, QLabel)
    digits = "".join(letter for letter in count.text().split("pixels")[0] if letter.isdigit())
    assert int(digits) == int(changed.sum())


def test_the_wheel_zooms_a_swiped_pair_at_the_pointer_too(loaded: MainWindow) -> None:
    act(loaded, "layout.swipe")
    act(loaded, "view.zoom_in")
    assert loaded.compare.pair.canvas.placement().zoom == loaded.compare.transform.zoom


def test_the_next_mask_is_seen_while_the_key_is_held(qtbot: QtBot, loaded: MainWindow) -> None:
    act(loaded, "layout.single")  # shows 8s
    panel = loaded.compare.panels[PanelId("8s")]
    title = loaded.findChild(QLabel, "title_8s")
    assert isinstance(title, QLabel)
    for key, variant in ((Qt.Key.Key_B, "32s"), (Qt.Key.Key_B, "32s")):
        QTest.keyPress(loaded, key)
        np.testing.assert_array_equal(panel.canvas.layers.content.mask, mask_of(loaded, variant))
        assert title.text() == f"FCN-{variant}"
        QTest.keyRelease(loaded, key)
        np.testing.assert_array_equal(panel.canvas.layers.content.mask, mask_of(loaded, "8s"))
        assert title.text() == "FCN-8s"
    QTest.keyPress(loaded, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert title.text() == "FCN-16s"
    QTest.keyRelease(loaded, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert title.text() == "FCN-8s"


def test_blinking_a_swiped_pair_shows_one_of_them_whole(loaded: MainWindow, camvid: LabelSet) -> None:
    act(loaded, "layout.swipe")
    act(loaded, "view.actual")
    QTest.keyPress(loaded, Qt.Key.Key_B)
    inner = np.s_[:, :-20]
    np.testing.assert_array_equal(picture(loaded)[inner], camvid.palette()[mask_of(loaded, "32s")][inner])
    QTest.keyRelease(loaded, Qt.Key.Key_B)
    assert loaded.compare.pair.canvas.divider == 0.5


@pytest.mark.parametrize(("way", "columns"), [("row", 4), ("grid", 2), ("single", 1)])
def test_arrangements_stand_in_columns(loaded: MainWindow, way: str, columns: int) -> None:
    act(loaded, f"layout.{way}")
    panels = [loaded.compare.panels[name] for name in loaded.compare.visible_panels]
    assert len({panel.x() for panel in panels}) == columns
    for sizes in ([panel.canvas.width() for panel in panels], [panel.canvas.height() for panel in panels]):
        assert max(sizes) - min(sizes) <= 1, "but for a pixel that cannot be shared"
    for variant in VARIANTS:
        if PanelId(variant) in loaded.compare.visible_panels:
            assert loaded.compare.panels[PanelId(variant)].canvas.placement().zoom == loaded.compare.transform.zoom


@pytest.mark.parametrize("photo", [(640, 480), (900, 300), (300, 700)])
def test_the_automatic_arrangement_has_the_largest_pictures(
    qtbot: QtBot, loaded: MainWindow, make_photo: Callable[..., Path], photo: tuple[int, int]
) -> None:
    open_files(qtbot, loaded, make_photo("other.png", *photo))
    for width, height in ((1440, 900), (1280, 720), (900, 1000), (1800, 620)):
        loaded.resize(width, height)
        qtbot.wait(50)
        zooms = {}
        for way in ("row", "grid", "automatic"):
            act(loaded, f"layout.{way}")
            qtbot.wait(20)
            act(loaded, "view.fit")
            zooms[way] = loaded.compare.transform.zoom
        assert zooms["automatic"] >= max(zooms.values()) * 0.995, (width, height, zooms)
