"""The notice: what it says, what its buttons do, and when it goes away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.widgets.notice import Notice

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen platform says it of every window

SHORT_MS = 60
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def frame(qtbot: QtBot) -> Iterator[QWidget]:
    """A window to put a notice in."""
    made = QWidget()
    QVBoxLayout(made)
    made.resize(600, 200)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def notice_in(frame: QWidget, lifetime_ms: int = 60_000) -> Notice:
    made = Notice(lifetime_ms=lifetime_ms)
    layout = frame.layout()
    assert layout is not None
    layout.addWidget(made)
    return made


def buttons(notice: Notice) -> list[QPushButton]:
    return [button for button in notice.findChildren(QPushButton) if not button.isHidden()]


def test_it_is_hidden_until_there_is_something_to_say(frame: QWidget) -> None:
    notice = notice_in(frame)
    assert not notice.isVisible()
    notice.show_notice("a.png is now the ground truth of a.jpg.")
    assert notice.isVisible()
    assert notice.text == "a.png is now the ground truth of a.jpg."
    assert "a.png is now the ground truth of a.jpg." in notice.accessibleName()
    assert buttons(notice) == []


def test_file_names_are_not_markup(frame: QWidget) -> None:
    notice = notice_in(frame)
    notice.show_notice("<b>x</b>.png was removed.")
    label = notice.findChild(QLabel, "notice_text")
    assert isinstance(label, QLabel)
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_a_button_hides_the_bar_and_then_acts(qtbot: QtBot, frame: QWidget) -> None:
    notice = notice_in(frame)
    seen: list[tuple[str, bool]] = []
    notice.show_notice(
        "Done.",
        [("Undo", lambda: seen.append(("undo", notice.isVisible()))), ("Other", lambda: seen.append(("other", True)))],
    )
    assert [button.text() for button in buttons(notice)] == ["Undo", "Other"]
    assert {button.property("role") for button in buttons(notice)} == {"inline"}
    QTest.mouseClick(buttons(notice)[0], LEFT)
    assert seen == [("undo", False)]


def test_what_a_button_does_may_show_another_notice(qtbot: QtBot, frame: QWidget) -> None:
    notice = notice_in(frame)
    notice.show_notice("First.", [("Next", lambda: notice.show_notice("Second.", [("Undo", lambda: None)]))])
    QTest.mouseClick(buttons(notice)[0], LEFT)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert notice.isVisible()
    assert notice.text == "Second."
    assert [button.text() for button in buttons(notice)] == ["Undo"]


def test_a_new_notice_replaces_the_old_one(frame: QWidget) -> None:
    notice = notice_in(frame)
    notice.show_notice("Old.", [("Undo", lambda: None)])
    notice.show_notice("New.")
    assert notice.text == "New."
    assert buttons(notice) == []


def test_it_can_be_closed(qtbot: QtBot, frame: QWidget) -> None:
    notice = notice_in(frame)
    notice.show_notice("Done.")
    close = notice.findChild(QToolButton)
    assert isinstance(close, QToolButton)
    assert close.accessibleName()
    QTest.mouseClick(close, LEFT)
    assert not notice.isVisible()


def test_it_goes_away_by_itself(qtbot: QtBot, frame: QWidget) -> None:
    notice = notice_in(frame, SHORT_MS)
    notice.show_notice("Done.")
    qtbot.waitUntil(lambda: not notice.isVisible(), timeout=2000)


def test_a_new_notice_has_its_whole_time(qtbot: QtBot, frame: QWidget) -> None:
    notice = notice_in(frame, 400)
    notice.show_notice("Old.")
    qtbot.wait(250)
    notice.show_notice("New.")
    qtbot.wait(250)
    assert notice.isVisible()
    qtbot.waitUntil(lambda: not notice.isVisible(), timeout=2000)


def test_it_waits_while_it_has_the_focus(qtbot: QtBot, frame: QWidget) -> None:
    notice = notice_in(frame, SHORT_MS)
    notice.show_notice("Done.", [("Undo", lambda: None)])
    buttons(notice)[0].setFocus()
    qtbot.waitUntil(buttons(notice)[0].hasFocus)
    qtbot.wait(4 * SHORT_MS)
    assert notice.isVisible()
    buttons(notice)[0].clearFocus()
    qtbot.waitUntil(lambda: not notice.isVisible(), timeout=2000)


def test_it_waits_while_the_pointer_is_over_it(qtbot: QtBot, frame: QWidget) -> None:
    notice = notice_in(frame, SHORT_MS)
    notice.show_notice("Done.")
    notice.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)  # as Qt sets it; offscreen there is no pointer
    qtbot.wait(4 * SHORT_MS)
    assert notice.isVisible()
    notice.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    qtbot.waitUntil(lambda: not notice.isVisible(), timeout=2000)
