"""The film strip: what it asks for, what it tells, and that it is at ease with thousands of photos."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QKeySequence, QShortcut, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QMenu, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.intake.film_strip import FilmStrip
from fcn_studio.app.intake.thumbnails import Thumbnails
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.values.photo_status import PhotoState, PhotoStatus

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen platform says it of every window

offscreen_menu = pytest.mark.qt_log_ignore("This plugin does not support")

MANY = 5000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def thumbnails(qtbot: QtBot) -> Iterator[Thumbnails]:
    made = Thumbnails()
    yield made
    made.close()
    assert not made.running


@pytest.fixture
def strip(qtbot: QtBot, thumbnails: Thumbnails) -> Iterator[FilmStrip]:
    """In a window of its own, 800 pixels wide, with the focus."""
    frame = QWidget()
    made = FilmStrip(thumbnails)
    column = QVBoxLayout(frame)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(made)
    frame.setFixedWidth(800)
    qtbot.addWidget(frame)
    frame.show()
    qtbot.waitExposed(frame)
    made.setFocus()
    qtbot.waitUntil(lambda: view_of(made).hasFocus())
    yield made
    frame.close()


def view_of(strip: FilmStrip) -> QListView:
    found = strip.findChild(QListView, "film_strip_list")
    assert isinstance(found, QListView)
    return found


def photos(count: int, folder: Path = Path("somewhere")) -> tuple[Photo, ...]:
    return tuple(Photo(name=f"{n:04}.jpg", path=folder / f"{n:04}.jpg") for n in range(count))


def pasted(count: int) -> tuple[Photo, ...]:
    pixels = np.full((60, 90, 3), 128, np.uint8)
    return tuple(Photo(name=f"pasted {n}", pixels=pixels) for n in range(count))


def chosen(strip: FilmStrip) -> list[int]:
    assert isinstance(strip.selected, tuple)
    return list(strip.selected)


def cell(strip: FilmStrip, row: int) -> QRect:
    view = view_of(strip)
    return view.visualRect(view.model().index(row, 0))


def data(strip: FilmStrip, row: int, role: Qt.ItemDataRole) -> str:
    return str(view_of(strip).model().index(row, 0).data(role))


def press(strip: FilmStrip, row: int, modifier: Qt.KeyboardModifier | None = None) -> None:
    view = view_of(strip)
    keys = Qt.KeyboardModifier.NoModifier if modifier is None else modifier
    QTest.mouseClick(view.viewport(), LEFT, keys, cell(strip, row).center())


def in_view(strip: FilmStrip, row: int) -> bool:
    return view_of(strip).viewport().rect().contains(cell(strip, row).center())


def menu(qtbot: QtBot, strip: FilmStrip, row: int) -> dict[str, QAction]:
    """The entries of the context menu of a photo."""
    view, place = view_of(strip), cell(strip, row).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    entries = {action.text(): action for action in found.actions() if action.text()}
    qtbot.addWidget(found)
    return entries


def test_only_photos_in_view_are_read(qtbot: QtBot, strip: FilmStrip, thumbnails: Thumbnails) -> None:
    listed = pasted(MANY)
    served: list[Photo] = []
    thumbnails.ready.connect(lambda photo, image: served.append(photo))
    strip.set_photos(listed, {})
    visible = {photo for row, photo in enumerate(listed) if cell(strip, row).intersects(QRect(0, 0, 800, 200))}
    assert 5 <= len(visible) <= 12
    qtbot.waitUntil(lambda: set(served) >= visible, timeout=10_000)
    qtbot.wait(200)
    assert set(served) <= {*visible, *listed[: len(visible) + 2]}
    view = view_of(strip)
    view.scrollTo(view.model().index(4000, 0))
    qtbot.waitUntil(lambda: listed[4000] in served, timeout=10_000)
    qtbot.wait(200)
    assert len(served) < 40


def test_thousands_of_photos_take_no_time(qtbot: QtBot, strip: FilmStrip) -> None:
    listed = photos(MANY)
    began = time.perf_counter()
    strip.set_photos(listed, {})
    strip.set_photos((*listed, *photos(1)), {})
    for photo in listed[:500]:
        strip.set_status(photo, PhotoStatus(PhotoState.DONE))
    QApplication.processEvents()
    assert time.perf_counter() - began < 1.0


def test_appending_keeps_place_selection_and_current(qtbot: QtBot, strip: FilmStrip) -> None:
    listed = photos(100)
    strip.set_photos(listed, {})
    strip.set_current(3)
    bar = view_of(strip).horizontalScrollBar()
    bar.setValue(2345)
    strip.set_photos((*listed, *photos(50)), {})
    strip.set_current(3)
    QApplication.processEvents()
    assert bar.value() == 2345
    assert chosen(strip) == [3]


def test_removing_keeps_the_rest_selected_under_new_places(qtbot: QtBot, strip: FilmStrip) -> None:
    listed = photos(20)
    strip.set_photos(listed, {})
    strip.set_current(9)
    strip.set_photos(listed[:4] + listed[5:], {})
    assert chosen(strip) == [8]
    strip.set_photos(listed, {})
    assert chosen(strip) == [9]


def test_the_current_photo_is_scrolled_into_view(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(MANY), {})
    assert not in_view(strip, 3000)
    strip.set_current(3000)
    QApplication.processEvents()
    assert in_view(strip, 3000)
    strip.set_current(-1)
    assert in_view(strip, 3000)


def test_the_current_photo_wears_the_accent(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(4), {})

    def accents(row: int) -> int:
        view = view_of(strip)
        image = view.viewport().grab(cell(strip, row)).toImage()
        accent = view.palette().highlight().color()
        places = ((x, y) for x in range(image.width()) for y in range(image.height()))
        return sum(image.pixelColor(x, y) == accent for x, y in places)

    assert accents(1) == 0
    strip.set_current(1)
    assert accents(1) > 100
    strip.set_current(2)
    assert accents(1) == 0


def test_states_look_different(qtbot: QtBot, strip: FilmStrip) -> None:
    listed = photos(4)
    strip.set_photos(listed, {})
    for photo, state in zip(listed, PhotoState, strict=True):
        strip.set_status(photo, PhotoStatus(state))
    QApplication.processEvents()
    top = [cell(strip, row).adjusted(0, 0, 0, -25) for row in range(4)]  # without the names
    pictures = [view_of(strip).viewport().grab(place).toImage() for place in top]
    assert all(pictures[a] != pictures[b] for a in range(4) for b in range(a))


def test_state_is_told_in_words(qtbot: QtBot, strip: FilmStrip) -> None:
    listed = photos(2, Path("a <b> folder"))
    strip.set_photos(listed, {listed[1]: PhotoStatus(PhotoState.DONE)})
    accessible, tip = Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole
    assert data(strip, 0, accessible) == "0000.jpg, waiting"
    assert data(strip, 1, accessible) == "0001.jpg, done"
    strip.set_status(listed[0], PhotoStatus(PhotoState.FAILED, "It is cut off & short."))
    assert data(strip, 0, accessible) == "0000.jpg, failed"
    assert "It is cut off &amp; short." in data(strip, 0, tip)
    assert "a &lt;b&gt; folder" in data(strip, 0, tip)
    strip.set_photos(listed, {})
    assert data(strip, 0, accessible) == "0000.jpg, waiting"


def test_a_state_of_a_photo_that_is_gone_is_passed_over(qtbot: QtBot, strip: FilmStrip) -> None:
    listed = photos(2)
    strip.set_photos(listed[:1], {})
    strip.set_status(listed[1], PhotoStatus(PhotoState.DONE))
    assert data(strip, 0, Qt.ItemDataRole.AccessibleTextRole) == "0000.jpg, waiting"


def test_a_click_asks_for_the_photo_and_a_selecting_click_does_not(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(8), {})
    asked: list[int] = []
    strip.photo_requested.connect(asked.append)
    press(strip, 2)
    press(strip, 4, Qt.KeyboardModifier.ControlModifier)
    press(strip, 6, Qt.KeyboardModifier.ShiftModifier)
    assert asked == [2]
    assert chosen(strip) == [2, 4, 5, 6]


def test_going_to_one_of_several_selected_photos_keeps_them_selected(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(8), {})
    press(strip, 2)
    press(strip, 4, Qt.KeyboardModifier.ShiftModifier)
    strip.set_current(3)
    assert chosen(strip) == [2, 3, 4]
    strip.set_current(7)
    assert chosen(strip) == [7]


def test_keys_choose_and_enter_opens(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(300), {})
    strip.set_current(5)
    asked: list[int] = []
    strip.photo_requested.connect(asked.append)
    view = view_of(strip)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert chosen(strip) == [299]
    assert asked == []
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Home)
    QTest.keyClick(view, Qt.Key.Key_Enter)
    assert asked == [299, 0]
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert chosen(strip)[0] > 3


def test_letters_and_digits_are_the_window_s_whether_or_not_they_do_something_now(
    qtbot: QtBot, strip: FilmStrip
) -> None:
    strip.set_photos(photos(300), {})
    strip.set_current(5)
    heard: list[str] = []
    for name in ("X", "1", "P", "S"):
        QShortcut(QKeySequence(name), strip.window()).activated.connect(partial(heard.append, name))
    QTest.keyClicks(view_of(strip), "x1psq0123")
    assert heard == ["X", "1", "P", "S", "1"]
    assert chosen(strip) == [5]


def test_window_keys_step_through_photos_but_not_those_of_the_strip(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(8), {})
    strip.set_current(4)
    heard: list[str] = []
    for name in ("Left", "Right", "Home", "End", "Del", "1", "Space"):
        QShortcut(QKeySequence(name), strip.window()).activated.connect(partial(heard.append, name))
    removals: list[Sequence[int]] = []
    strip.removal_requested.connect(removals.append)
    keys = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_Home, Qt.Key.Key_1)
    for key in keys:
        QTest.keyClick(view_of(strip), key)
    assert heard == ["Left", "Right", "1"]
    assert removals == [(4,)]
    assert chosen(strip) == [0]


def test_arrow_keys_reach_the_parent_where_there_are_no_shortcuts(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(8), {})
    strip.set_current(4)
    QTest.keyClick(view_of(strip), Qt.Key.Key_Right)
    assert chosen(strip) == [4]
    QTest.keyClick(view_of(strip), Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert chosen(strip) == [4, 5]


def test_nothing_selected_removes_nothing(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(2), {})
    with qtbot.assertNotEmitted(strip.removal_requested):
        QTest.keyClick(view_of(strip), Qt.Key.Key_Delete)


def test_the_wheel_scrolls_sideways(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(300), {})
    QApplication.processEvents()
    view = view_of(strip)
    place = QPointF(100, 30)
    event = QWheelEvent(
        place,
        view.viewport().mapToGlobal(place),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)
    assert view.horizontalScrollBar().value() > 0


def test_a_broken_photo_is_asked_for_once(
    qtbot: QtBot, strip: FilmStrip, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    broken, good = tmp_path / "broken.jpg", tmp_path / "good.jpg"
    Image.new("RGB", (300, 200), "red").save(good)
    broken.write_bytes(good.read_bytes()[:400])
    served: list[object] = []
    thumbnails.ready.connect(lambda photo, image: served.append(photo))
    listed = (Photo.from_path(broken), Photo.from_path(good))
    strip.set_photos(listed, {})
    qtbot.waitUntil(lambda: len(served) == 2, timeout=10_000)
    for _ in range(3):
        view_of(strip).viewport().repaint()
        qtbot.wait(30)
    assert len(served) == 2


def test_the_thumbnail_is_drawn_when_it_comes(
    qtbot: QtBot, strip: FilmStrip, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    path = tmp_path / "green.png"
    Image.new("RGB", (300, 200), (10, 200, 30)).save(path)
    with qtbot.waitSignal(thumbnails.ready, timeout=10_000):
        strip.set_photos((Photo.from_path(path),), {})
    QApplication.processEvents()
    view = view_of(strip)
    seen = view.viewport().grab(cell(strip, 0)).toImage().pixelColor(cell(strip, 0).width() // 2, 40)
    assert (seen.red(), seen.green(), seen.blue()) == (10, 200, 30)


@offscreen_menu
def test_the_context_menu_acts_on_its_photo(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos((*photos(3), *pasted(1)), {})
    press(strip, 1)
    press(strip, 2, Qt.KeyboardModifier.ShiftModifier)
    entries = menu(qtbot, strip, 2)
    assert list(entries) == ["Ground Truth…", "Copy Path", "Remove", "Clear List"]
    with qtbot.waitSignals([strip.truth_requested, strip.reveal_requested, strip.clear_requested]):
        for name in ("Ground Truth…", "Copy Path", "Clear List"):
            entries[name].trigger()
    with qtbot.waitSignal(strip.removal_requested) as removal:
        entries["Remove"].trigger()
    assert removal.args == [(1, 2)]


@offscreen_menu
def test_the_place_in_the_context_menu_is_the_photo_under_the_pointer(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(photos(3), {})
    strip.set_current(0)
    entries = menu(qtbot, strip, 2)
    with qtbot.waitSignal(strip.truth_requested) as truth:
        entries["Ground Truth…"].trigger()
    assert truth.args == [2]


@offscreen_menu
def test_pixels_have_no_path_to_copy(qtbot: QtBot, strip: FilmStrip) -> None:
    strip.set_photos(pasted(1), {})
    assert not menu(qtbot, strip, 0)["Copy Path"].isEnabled()
