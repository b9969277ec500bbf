"""The window with real events and a real net: what comes in, what is shown, and what happens when things fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from PySide6.QtCore import QMimeData, QObject, QRect, Qt, QUrl
from PySide6.QtGui import QDragLeaveEvent, QGuiApplication, QIcon, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QSlider, QToolButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.intake.film_strip_model import IS_CURRENT
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.appearance import Arrangement
from fcn_studio.app.values.jobs import Job, Partial, Report, StageDone
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.widgets.icons import swatch
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.worker.inference import Inference
from fcn_studio.core.graph.names import PUBLISHED as VARIANTS
from tests.app.conftest import act, drag_and_drop, drag_enter, files, grabbed, wait_until_done

MakePhoto = Callable[..., Path]


def found(window: MainWindow, name: str) -> QWidget:
    widget = window.findChild(QObject, name)
    assert isinstance(widget, QWidget)
    return widget


@pytest.fixture
def loaded(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> MainWindow:
    assert drag_and_drop(window, files(make_photo("street.png")))
    wait_until_done(qtbot, window)
    return window


def test_a_dropped_photo_is_shown_with_three_masks(loaded: MainWindow) -> None:
    shown = loaded.session.shown
    assert shown is not None
    assert shown.trace is not None
    assert [str(panel) for panel in loaded.compare.visible_panels] == ["photo", "32s", "16s", "8s"]
    for variant in VARIANTS:
        mask = loaded.compare.panels[PanelId(variant)].canvas.layers.content.mask
        assert mask is not None
        np.testing.assert_array_equal(mask, shown.trace.mask(variant))
    assert "street.png" in loaded.windowTitle()


def test_the_drop_target_covers_the_window_while_dragging(window: MainWindow, make_photo: MakePhoto) -> None:
    mime = files(make_photo("a.png"))
    overlay = found(window, "drop_overlay")
    QApplication.sendEvent(window, drag_enter(mime))
    assert overlay.isVisible()
    assert overlay.geometry() == window.rect()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not overlay.isVisible()


def test_what_cannot_be_opened_is_not_accepted(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setText("just words")
    assert not drag_and_drop(window, mime)
    mail = QMimeData()
    mail.setUrls([QUrl("mailto:someone@example.org")])
    assert not drag_and_drop(window, mail)


def test_picture_data_can_be_dropped_and_pasted(qtbot: QtBot, window: MainWindow) -> None:
    image = QImage(90, 60, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.red)
    mime = QMimeData()
    mime.setImageData(image)
    assert drag_and_drop(window, mime)
    wait_until_done(qtbot, window)
    shown = window.session.shown
    assert shown is not None
    assert shown.size == (60, 90)
    assert (shown.result.levels[0] == (255, 0, 0)).all()
    QGuiApplication.clipboard().setImage(image.scaled(30, 20))
    window.intake.paste()
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.size == (20, 30)


def test_the_newest_drop_wins(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> None:
    names: list[str] = []

    def note() -> None:
        assert window.session.shown is not None
        names.append(window.session.shown.photo.name)

    window.session.shown_changed.connect(note)
    drag_and_drop(window, files(make_photo("first.png", seed=1)))
    drag_and_drop(window, files(make_photo("second.png", seed=2)))
    wait_until_done(qtbot, window)
    assert set(names) == {"second.png"}
    assert window.session.shown is not None
    assert window.session.shown.trace is not None


def test_every_job_that_starts_ends_with_exactly_one_report(
    qtbot: QtBot, window: MainWindow, inferences: list[Inference], make_photo: MakePhoto, tmp_path: Path
) -> None:
    ends: list[int] = []
    started: list[Job] = []
    window.session.queue.started.connect(started.append)

    class Listener(QObject):
        def hear(self, report: Report) -> None:
            if not isinstance(report, Partial | StageDone):
                ends.append(report.job)

    listener = Listener()
    inferences[-1].worker.reported.connect(listener.hear)
    (tmp_path / "bad.png").write_bytes(b"no")
    for path in (make_photo("a.png"), tmp_path / "bad.png", make_photo("b.png")):
        drag_and_drop(window, files(path))
    wait_until_done(qtbot, window)
    qtbot.waitUntil(lambda: window.session.queue.running is None)
    assert ends == [job.id for job in started]
    assert started[-1].photo.name == "b.png"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nbroken", b"hello"])
def test_a_corrupt_file_keeps_the_last_picture(
    qtbot: QtBot, loaded: MainWindow, tmp_path: Path, content: bytes
) -> None:
    before = loaded.session.shown
    bad = tmp_path / "corrupt.png"
    bad.write_bytes(content)
    drag_and_drop(loaded, files(bad))
    wait_until_done(qtbot, loaded)
    banner = found(loaded, "error_banner")
    assert banner.isVisible()
    assert "corrupt.png" in found(loaded, "error_text").property("text")
    assert loaded.session.shown is before
    QTest.mouseClick(found(loaded, "error_close"), Qt.MouseButton.LeftButton)
    assert not banner.isVisible()


def test_a_failed_warm_up_is_a_banner_and_the_window_lives(
    qtbot: QtBot, make_window: Callable[..., MainWindow], make_photo: MakePhoto, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not weights")
    window = make_window(broken)
    window.start()
    banner = found(window, "error_banner")
    qtbot.waitUntil(banner.isVisible, timeout=60_000)
    assert "broken.safetensors" in found(window, "error_text").property("text")
    drag_and_drop(window, files(make_photo("a.png")))
    wait_until_done(qtbot, window)
    assert window.session.shown is not None  # the photo, without masks
    assert window.session.shown.trace is None
    assert banner.isVisible()


def test_a_folder_becomes_a_list_to_leaf_through(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    for name in ("c.png", "a.png", "b.png"):
        make_photo(name)
    drag_and_drop(window, files(tmp_path))
    wait_until_done(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["a.png", "b.png", "c.png"]
    window.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Right)
    QTest.keyClick(window, Qt.Key.Key_D)
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.photo.name == "c.png"
    assert found(window, "status_place").property("text") == "3 of 3"
    QTest.keyClick(window, Qt.Key.Key_A)
    wait_until_done(qtbot, window)
    assert window.session.shown.photo.name == "b.png"


def test_an_empty_folder_is_told(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    drag_and_drop(window, files(tmp_path / "empty"))
    qtbot.waitUntil(lambda: not window.busy)
    assert "no images" in found(window, "error_text").property("text")
    assert not window.session.running


@pytest.mark.parametrize(
    ("key", "panel"), [(Qt.Key.Key_0, "photo"), (Qt.Key.Key_1, "32s"), (Qt.Key.Key_2, "16s"), (Qt.Key.Key_3, "8s")]
)
def test_keys_toggle_panels(qtbot: QtBot, loaded: MainWindow, key: Qt.Key, panel: str) -> None:
    loaded.setFocus()
    assert loaded.compare.panels[PanelId(panel)].isVisible()
    QTest.keyClick(loaded, key)
    assert not loaded.compare.panels[PanelId(panel)].isVisible()
    QTest.keyClick(loaded, key)
    assert loaded.compare.panels[PanelId(panel)].isVisible()


def test_the_last_panel_stays(loaded: MainWindow) -> None:
    for name in ("photo", "32s", "16s", "8s"):
        act(loaded, f"view.{name}")
    assert loaded.compare.visible_panels == (PanelId("8s"),)
    assert loaded.actions_by_id["view.8s"].isChecked()


def test_single_arrangement_shows_the_panel_asked_for(qtbot: QtBot, loaded: MainWindow) -> None:
    loaded.session.presentation.set_arrangement(Arrangement.SINGLE)
    loaded.setFocus()
    QTest.keyClick(loaded, Qt.Key.Key_1)
    assert loaded.compare.visible_panels == (PanelId("32s"),)


def test_opacity_changes_the_colour_table_only(qtbot: QtBot, loaded: MainWindow) -> None:
    canvas = loaded.compare.panels[PanelId("8s")].canvas
    placement = canvas.placement()
    image, mask = canvas.layers.mask_image(placement), canvas.layers.content.mask
    assert image is not None
    pixels, table = qimage2ndarray.raw_view(image).copy(), image.colorTable()
    loaded.setFocus()
    QTest.keyClick(loaded, Qt.Key.Key_BracketRight)
    assert loaded.session.presentation.appearance.opacity == 70
    assert canvas.layers.mask_image(placement) is image
    assert canvas.layers.content.mask is mask
    np.testing.assert_array_equal(qimage2ndarray.raw_view(image), pixels)
    assert image.colorTable() != table
    QTest.keyClick(loaded, Qt.Key.Key_M)
    assert all(colour >> 24 == 0 for colour in image.colorTable())


def test_a_click_in_the_legend_hides_a_class_and_alt_solos_it(qtbot: QtBot, loaded: MainWindow) -> None:
    tree = found(loaded, "legend_tree")
    assert isinstance(tree, QTreeWidget)
    item = tree.topLevelItem(0)
    assert item is not None
    name = item.text(0)
    trace = loaded.session.shown.trace if loaded.session.shown else None
    assert trace is not None
    place = tree.visualItemRect(item).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert loaded.session.presentation.appearance.hidden == {name}
    alt = Qt.KeyboardModifier.AltModifier
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, alt, place)
    assert loaded.session.presentation.appearance.hidden == set(trace.labels.classes) - {name}
    QTest.mouseClick(found(loaded, "legend_all"), Qt.MouseButton.LeftButton)
    assert not loaded.session.presentation.appearance.hidden


def test_closing_while_running_ends_the_thread(
    qtbot: QtBot, window: MainWindow, inferences: list[Inference], make_photo: MakePhoto
) -> None:
    drag_and_drop(window, files(make_photo("large.png", 1600, 1200)))
    qtbot.waitUntil(lambda: window.session.shown is not None, timeout=60_000)
    window.close()
    assert not inferences[-1].running


def test_settings_survive(
    qtbot: QtBot, window: MainWindow, settings: Settings, make_window: Callable[..., MainWindow]
) -> None:
    window.session.presentation.set_opacity(35)
    window.close()
    assert settings.opacity == 35
    assert make_window().session.presentation.appearance.opacity == 35


def test_a_screenshot_shows_the_photo_and_colours(loaded: MainWindow) -> None:
    loaded.session.presentation.set_opacity(100)
    pixels = grabbed(loaded)
    colours = np.unique(pixels.reshape(-1, 3), axis=0)
    assert len(colours) > 100
    shown = loaded.session.shown
    assert shown is not None
    assert shown.trace is not None
    palette = shown.trace.labels.palette()
    present = {tuple(palette[index]) for index in np.unique(shown.trace.mask("8s"))}
    assert present <= {tuple(colour) for colour in colours}


def strip_current(window: MainWindow) -> str:
    """The photo that the film strip marks as the one on screen."""
    view = window.findChild(QListView, "film_strip_list")
    assert isinstance(view, QListView)
    model = view.model()
    found = [model.index(row, 0) for row in range(model.rowCount())]
    return ", ".join(str(index.data()) for index in found if index.data(IS_CURRENT))


def test_strip_title_and_panels_agree_when_a_photo_cannot_be_shown(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    seen: list[str] = []
    window.session.shown_changed.connect(
        lambda: seen.append(f"{strip_current(window)} | {window.windowTitle().partition(' ')[0]}")
    )
    photos = (make_photo("a.png"), tmp_path / "broken.png", make_photo("z.png", seed=1))
    assert drag_and_drop(window, files(*photos))
    wait_until_done(qtbot, window)
    window.session.list.go_to(1)
    wait_until_done(qtbot, window)
    assert window.session.list.current is window.session.list.photos[0]
    assert strip_current(window) == "a.png"
    assert window.workspace.strip.selected == (0,)
    assert window.windowTitle().startswith("a.png")
    act(window, "go.next")  # past the broken one
    wait_until_done(qtbot, window)
    assert strip_current(window) == "z.png"
    act(window, "go.previous")
    wait_until_done(qtbot, window)
    assert strip_current(window) == "a.png"
    assert {line for line in seen if line.partition(" | ")[0] != line.partition(" | ")[2]} == set()


def test_views_and_tabs_change_nothing_in_the_smallest_window_s_size(qtbot: QtBot, loaded: MainWindow) -> None:
    loaded.resize(1, 1)
    qtbot.wait(50)
    smallest = loaded.size()
    assert smallest.width() <= 640
    assert smallest.height() <= 400
    for room in ("heatmaps", "fusion", "changes", "compare"):
        act(loaded, f"room.{room}")
        qtbot.wait(150)
        assert loaded.size() == smallest, room
        assert loaded.minimumSizeHint().width() <= smallest.width(), room
        page = loaded.workspace.view
        assert page.width() >= page.minimumSizeHint().width(), "what has no room scrolls"
        assert page.height() >= page.minimumSizeHint().height(), "what has no room scrolls"
    more = loaded.findChild(QToolButton, "qt_toolbar_ext_button")
    assert isinstance(more, QToolButton)
    assert more.isVisible()
    assert not more.icon().isNull()
    grabbed = more.grab().toImage()
    colours = {grabbed.pixel(x, y) for x in range(grabbed.width()) for y in range(grabbed.height())}
    assert len(colours) > 3, "the button has a sign that can be seen"


def test_the_first_window_fits_the_screen(qapp: QApplication, make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    first = MainWindow._first_place(window.screen().availableGeometry())
    assert window.screen().availableGeometry().contains(first)
    for width, height in ((1280, 720), (640, 360), (720, 450), (1440, 900), (2560, 1440)):
        screen = QRect(10, 30, width, height)
        place = MainWindow._first_place(screen)
        assert screen.contains(place)
        assert place.width() <= 1440
        assert place.height() <= 900
        assert screen.width() < 1456 or place.width() == 1440


def test_another_view_leaves_the_keys_to_the_window(qtbot: QtBot, loaded: MainWindow) -> None:
    loaded.activateWindow()
    act(loaded, "room.fusion")
    slider = loaded.findChild(QSlider, "gain_score_pool3")
    assert isinstance(slider, QSlider)
    slider.setFocus()
    act(loaded, "room.compare")
    assert loaded.focusWidget() in (None, loaded)


def test_a_click_into_the_picture_takes_the_focus_from_a_list(loaded: MainWindow) -> None:
    loaded.workspace.legend.findChildren(QTreeWidget)[0].setFocus()
    canvas = loaded.compare.panels[PanelId("8s")].canvas
    assert canvas.focusPolicy() & Qt.FocusPolicy.ClickFocus


def test_the_offer_to_undo_goes_with_the_undo(qtbot: QtBot, loaded: MainWindow) -> None:
    act(loaded, "edit.remove")
    assert loaded.workspace.notice.isVisible()
    act(loaded, "edit.undo")
    assert not loaded.workspace.notice.isVisible()


def test_the_probe_stays_in_front_in_another_language(qtbot: QtBot, loaded: MainWindow) -> None:
    loaded.workspace.show_probe()
    act(loaded, "language.ko")
    qtbot.waitUntil(loaded.workspace.probe.isVisible)


def test_a_selected_row_does_not_tint_its_colour() -> None:
    icon = swatch((200, 30, 90))
    images = [icon.pixmap(16, 16, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected)]
    assert images[0] == images[1]


def test_loading_is_not_said_once_the_checkpoint_is_open(
    qtbot: QtBot, loaded: MainWindow, tiny_weights: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    shutil.copy(tiny_weights, other)
    assert drag_and_drop(loaded, files(other))
    wait_until_done(qtbot, loaded)
    assert "Loading" not in loaded.workspace.notice.text
    assert "other" in loaded.workspace.notice.text
