"""Zoom, pan, sampling and the cross-hair, on the widgets themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from fcn_studio.app.canvas.canvas import Canvas
from fcn_studio.app.canvas.rendering import render_photo
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.values.panels import PHOTO_PANEL, PanelId
from fcn_studio.app.values.pyramid import build_levels
from fcn_studio.app.window.main_window import MainWindow
from tests.app.conftest import drag_and_drop, files, grabbed, wait_until_done


@pytest.fixture
def loaded(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]) -> MainWindow:
    drag_and_drop(window, files(make_photo("wide.png", 1400, 900)))
    wait_until_done(qtbot, window)
    return window


def wheel(canvas: Canvas, at: QPointF, notches: int) -> None:
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_the_wheel_keeps_the_point_under_the_pointer_in_all_panels(loaded: MainWindow) -> None:
    canvas = loaded.compare.panels[PanelId("16s")].canvas
    at = QPointF(canvas.width() * 0.4, canvas.height() * 0.6)
    for notches in (1, 4, 3, -2):
        before = canvas.placement().to_image(at.x(), at.y())
        zoom = loaded.compare.transform.zoom
        wheel(canvas, at, notches)
        after = canvas.placement().to_image(at.x(), at.y())
        assert loaded.compare.transform.zoom == pytest.approx(zoom * 1.25**notches)
        # Half a screen pixel, since the photo's corner is kept on a whole one.
        assert after == pytest.approx(before, abs=0.5 / zoom + 0.5 / loaded.compare.transform.zoom)
    placements = {panel.canvas.placement().zoom for panel in loaded.compare.panels.values()}
    assert len(placements) == 1


def test_dragging_pans_every_panel(qtbot: QtBot, loaded: MainWindow) -> None:
    canvas, other = loaded.compare.panels[PHOTO_PANEL].canvas, loaded.compare.panels[PanelId("8s")].canvas
    loaded.compare.transform.set_zoom(2.0)
    before = other.placement()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    QTest.mouseMove(canvas, QPoint(130, 90))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(130, 90))
    after = other.placement()
    assert (after.left - before.left, after.top - before.top) == (30, -10)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(50, 50))
    assert loaded.compare.transform.fitted


def test_a_mask_zoomed_out_has_only_colours_of_the_palette(loaded: MainWindow) -> None:
    loaded.session.presentation.set_opacity(100)
    canvas = loaded.compare.panels[PanelId("8s")].canvas
    trace = loaded.session.shown.trace if loaded.session.shown else None
    assert trace is not None
    palette = {tuple(colour) for colour in trace.labels.colours}
    for zoom in (0.08, 0.23, 0.5, 0.77):
        loaded.compare.transform.set_zoom(zoom)
        assert loaded.compare.transform.zoom == pytest.approx(zoom)
        left, top, right, bottom = canvas.placement().visible()
        grab = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = qimage2ndarray.rgb_view(grab)[top:bottom, left:right]
        drawn = {tuple(int(value) for value in colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0)}
        assert drawn <= palette


def test_each_screen_pixel_is_the_class_of_the_photo_pixel_under_it(loaded: MainWindow) -> None:
    loaded.session.presentation.set_opacity(100)
    loaded.compare.transform.set_zoom(5.3)
    canvas = loaded.compare.panels[PanelId("8s")].canvas
    mask = canvas.layers.content.mask
    trace = loaded.session.shown.trace if loaded.session.shown else None
    assert mask is not None
    assert trace is not None
    grab = grabbed(canvas)
    for x in range(3, canvas.width(), 37):
        for y in range(3, canvas.height(), 29):
            pixel = canvas.pixel_at(QPointF(x + 0.5, y + 0.5))
            if pixel is not None:
                assert tuple(grab[y, x]) == trace.labels.colours[mask[pixel[1], pixel[0]]]


def test_the_crosshair_names_the_class_that_the_mask_has(qtbot: QtBot, loaded: MainWindow) -> None:
    canvas = loaded.compare.panels[PHOTO_PANEL].canvas
    trace = loaded.session.shown.trace if loaded.session.shown else None
    assert trace is not None
    for at in (QPoint(60, 80), QPoint(150, 120)):
        QTest.mouseMove(canvas, at)
        pixel = canvas.pixel_at(QPointF(at))
        assert pixel is not None
        for variant in ("32s", "16s", "8s"):
            readout = loaded.findChild(QLabel, f"readout_{variant}")
            assert isinstance(readout, QLabel)
            index = int(trace.mask(variant)[pixel[1], pixel[0]])
            assert readout.text() == trace.labels.classes[index]


def test_every_photo_fills_the_viewport_until_the_user_zooms() -> None:
    transform = ViewTransform()
    transform.set_viewport(400, 300)
    transform.set_image_size(40, 20)
    assert transform.zoom == 10
    transform.set_viewport(800, 600)  # as on a screen of twice the density
    assert transform.zoom == 20
    transform.set_zoom(1.0)
    transform.set_viewport(400, 300)
    assert transform.zoom == 1
    transform.fit()
    assert transform.zoom == 10
    transform.set_image_size(4000, 300)
    assert transform.zoom == pytest.approx(0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (40_000, 3)])
def test_odd_sizes_are_drawn(size: tuple[int, int]) -> None:
    pixels = np.full((size[1], size[0], 3), 200, dtype=np.uint8)
    transform = ViewTransform()
    transform.set_viewport(300, 200)
    transform.set_image_size(*size)
    for _ in range(2):
        image = render_photo(build_levels(pixels), transform.placement(300, 200))
        assert image is not None
        assert (qimage2ndarray.rgb_view(image) == 200).all()
        transform.fit()


def test_class_indices_are_printed_once_a_pixel_has_room_for_them(loaded: MainWindow) -> None:
    loaded.session.presentation.set_opacity(100)
    canvas = loaded.compare.panels[PanelId("8s")].canvas
    white = []
    for zoom in (30.0, 40.0):
        loaded.compare.transform.set_zoom(zoom / canvas.devicePixelRatioF())
        pixels = grabbed(canvas)
        white.append(int((pixels == 255).all(axis=2).sum()))
    assert white[0] == 0
    assert white[1] > 100
