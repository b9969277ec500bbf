"""The command palette: what it finds, in which order, and what its keys do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow, QTreeWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.window.command_palette import CommandPalette, Match, match, words_of

Key = Qt.Key


@pytest.fixture
def main(qtbot: QtBot) -> Iterator[QMainWindow]:
    """A window with menus as ours has them: texts with marks, a submenu, texts that occur twice."""
    made = QMainWindow()
    made.resize(900, 700)
    file, net = made.menuBar().addMenu("&File"), made.menuBar().addMenu("&Net")
    device, precision = net.addMenu("&Device"), net.addMenu("&Precision")
    for menu, identity, text, key in (
        (file, "file.open_folder", "Open &Folder…", "Ctrl+Shift+O"),
        (file, "file.open", "&Open…", "Ctrl+O"),
        (file, "file.export", "&Export…", "Ctrl+S"),
        (file, "file.copy_view", "&Copy View", "Ctrl+C"),
        (net, "view.32s", "FCN-&32s", "1"),
        (net, "net.open", "&Open Checkpoint…", "Ctrl+K"),
        (device, "device.auto", "&Automatic", ""),
        (precision, "precision.auto", "&Automatic", ""),
    ):
        action = QAction(text, made)
        action.setObjectName(identity)
        action.setShortcut(key)
        menu.addAction(action)
    made.show()
    qtbot.addWidget(made)
    qtbot.waitExposed(made)
    yield made
    made.close()


pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def actions(main: QMainWindow) -> dict[str, QAction]:
    return {action.objectName(): action for action in main.findChildren(QAction) if action.objectName()}


def opened(qtbot: QtBot, main: QMainWindow) -> CommandPalette:
    palette = CommandPalette(list(actions(main).values()), main)
    palette.open()
    qtbot.waitExposed(palette)
    return palette


def edit(palette: CommandPalette) -> QLineEdit:
    found = palette.findChild(QLineEdit)
    assert isinstance(found, QLineEdit)
    return found


def rows(palette: CommandPalette) -> list[tuple[str, str, str]]:
    found = palette.findChild(QTreeWidget)
    assert isinstance(found, QTreeWidget)
    items = [found.topLevelItem(row) for row in range(found.topLevelItemCount())]
    return [(item.text(0), item.text(1), item.text(2)) for item in items if item is not None]


def words(palette: CommandPalette) -> list[str]:
    return [row[0] for row in rows(palette)]


def chosen(palette: CommandPalette) -> str:
    found = palette.findChild(QTreeWidget)
    assert isinstance(found, QTreeWidget)
    item = found.currentItem()
    return item.text(0) if item is not None else ""


def test_it_lists_words_menus_and_keys(qtbot: QtBot, main: QMainWindow) -> None:
    listed = rows(opened(qtbot, main))
    assert ("Open Folder", "File", "Ctrl+Shift+O") in listed
    assert ("Automatic", "Net \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Device", "") in listed
    assert len(listed) == 8


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("op", "Open Folder", Match.START),
        ("FOLD", "Open Folder", Match.WORD),
        ("32", "FCN-32s", Match.WORD),
        ("pen", "Open Folder", Match.INSIDE),
        ("ofd", "Open Folder", Match.SCATTERED),
        ("open  folder ", "Open Folder", Match.START),
        ("", "Open Folder", Match.START),
        ("fo op", "Open Folder", None),
        ("ooo", "Open Folder", None),
    ],
)
def test_match(typed: str, text: str, found: Match | None) -> None:
    assert match(typed, text) is found


def test_better_matches_come_first(qtbot: QtBot, main: QMainWindow) -> None:
    """Of `co`: a start, a word's start in the menus' order, then letters with others between them."""
    palette = opened(qtbot, main)
    QTest.keyClicks(edit(palette), "c")
    assert words(palette) == ["Copy View", "Open Checkpoint", "FCN-32s", "Automatic", "Automatic"]


def test_ids_and_menus_are_found_too_but_last(qtbot: QtBot, main: QMainWindow) -> None:
    palette = opened(qtbot, main)
    QTest.keyClicks(edit(palette), "view")
    assert words(palette) == ["Copy View", "FCN-32s"]  # the id of the second is view.32s
    edit(palette).setText("precision auto")
    assert rows(palette)[0][:2] == ("Automatic", "Net \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Precision")
    edit(palette).setText("file.exp")
    assert words(palette) == ["Export"]


def test_nothing_found_triggers_nothing(qtbot: QtBot, main: QMainWindow) -> None:
    palette = opened(qtbot, main)
    QTest.keyClicks(edit(palette), "xyzzy")
    assert words(palette) == []
    QTest.keyClick(edit(palette), Key.Key_Return)
    assert palette.isVisible()


def test_enter_closes_and_then_triggers(qtbot: QtBot, main: QMainWindow) -> None:
    palette = opened(qtbot, main)
    seen: list[bool] = []
    actions(main)["file.export"].triggered.connect(lambda: seen.append(palette.isVisible()))
    QTest.keyClicks(edit(palette), "expo")
    QTest.keyClick(edit(palette), Key.Key_Return)
    assert seen == [False]


def test_arrows_choose_while_typing_goes_on(qtbot: QtBot, main: QMainWindow) -> None:
    palette = opened(qtbot, main)
    QTest.keyClicks(edit(palette), "open")
    assert words(palette) == ["Open Folder", "Open", "Open Checkpoint"]
    assert chosen(palette) == "Open Folder"
    for key, wanted in (
        (Key.Key_Down, "Open"),
        (Key.Key_Down, "Open Checkpoint"),
        (Key.Key_Down, "Open Checkpoint"),
        (Key.Key_Up, "Open"),
        (Key.Key_PageUp, "Open Folder"),
        (Key.Key_PageDown, "Open Checkpoint"),
    ):
        QTest.keyClick(edit(palette), key)
        assert chosen(palette) == wanted
        assert palette.focusWidget() is edit(palette)
    QTest.keyClicks(edit(palette), " c")
    assert words(palette) == ["Open Checkpoint"]


def test_escape_closes_and_triggers_nothing(qtbot: QtBot, main: QMainWindow) -> None:
    palette = opened(qtbot, main)
    triggered: list[str] = []
    for name, action in actions(main).items():
        action.triggered.connect(lambda checked=False, name=name: triggered.append(name))
    with qtbot.waitSignal(palette.rejected):
        QTest.keyClick(edit(palette), Key.Key_Escape)
    assert triggered == []


def test_a_click_triggers(qtbot: QtBot, main: QMainWindow) -> None:
    palette = opened(qtbot, main)
    listed = palette.findChild(QTreeWidget)
    assert isinstance(listed, QTreeWidget)
    second = listed.topLevelItem(1)
    assert second is not None
    place = listed.visualItemRect(second).center()
    with qtbot.waitSignal(actions(main)["file.open"].triggered):
        QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert not palette.isVisible()


def test_disabled_actions_come_last_and_cannot_be_triggered(qtbot: QtBot, main: QMainWindow) -> None:
    actions(main)["file.open"].setEnabled(False)
    palette = opened(qtbot, main)
    QTest.keyClicks(edit(palette), "open")
    assert words(palette) == ["Open Folder", "Open Checkpoint", "Open"]
    for _ in range(5):
        QTest.keyClick(edit(palette), Key.Key_Down)
    assert chosen(palette) == "Open Checkpoint"
    edit(palette).setText("file.open")
    actions(main)["file.open_folder"].setEnabled(False)
    palette.reject()
    palette = opened(qtbot, main)
    edit(palette).setText("file.open")
    QTest.keyClick(edit(palette), Key.Key_Return)
    assert palette.isVisible()


def test_hidden_actions_and_lines_are_left_out(qtbot: QtBot, main: QMainWindow) -> None:
    listed = actions(main)
    listed["file.open"].setVisible(False)
    line = QAction(main)
    line.setSeparator(True)
    palette = CommandPalette([line, *listed.values()], main)
    assert "Open" not in words(palette)
    assert len(words(palette)) == 7


def test_groups_do_not_hide_menus(qtbot: QtBot, main: QMainWindow) -> None:
    """Actions of a group are held by the group and by a menu."""
    group = QActionGroup(main)
    group.addAction(actions(main)["device.auto"])
    menus = [menu for name, menu, _ in rows(opened(qtbot, main)) if name == "Automatic"]
    assert sorted(menus) == [
        f"Net \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} {name}" for name in ("Device", "Precision")
    ]


def test_it_opens_at_the_top_of_the_window_in_the_middle(qtbot: QtBot, main: QMainWindow) -> None:
    palette = opened(qtbot, main)
    top_left = main.mapFromGlobal(palette.mapToGlobal(QPoint(0, 0)))
    assert 0 <= top_left.y() < 100
    assert abs(top_left.x() - (main.width() - palette.width()) / 2) <= 1


def test_it_fits_a_small_window(qtbot: QtBot, main: QMainWindow) -> None:
    main.resize(400, 300)
    palette = opened(qtbot, main)
    assert palette.width() < 400
    assert palette.height() < 300


def test_words_have_no_marks(qtbot: QtBot) -> None:
    assert words_of(QAction("Open &Folder…")) == "Open Folder"
