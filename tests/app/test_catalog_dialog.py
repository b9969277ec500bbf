"""The catalog in the window: listed, fetched from a real server, stopped, refused, gone on with, and opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QTextBrowser, QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from fcn_studio import paths
from fcn_studio.app.checkpoints.catalog_dialog import STATE, CatalogDialog
from fcn_studio.app.widgets.theme import Scheme
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.catalog import catalog
from tests.app.conftest import act, open_files, wait_until_done
from tests.file_server import FileServer, Visit, file_server

SOURCE = """
[[source]]
id = "native"
kind = "native"
title = "Tiny nets"
publisher = "somebody <b>"
licence = "Unrestricted use (really)"
links = ["https://example.org/described"]

[[entry]]
name = "tiny-published"
source = "native"
title = "a tiny net"
variants = ["32s", "16s", "8s"]
labels = ["camvid"]
file = "tiny-published.safetensors"
urls = ["http://127.0.0.1/never-asked"]
"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


@pytest.fixture
def content(tiny_weights: Path) -> bytes:
    return tiny_weights.read_bytes()


@pytest.fixture
def dialog(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    server: FileServer,
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> CatalogDialog:
    """Open over a window, with a catalog of one tiny net that the server has."""
    server.behave = lambda visit: visit.serve(content)
    path = tmp_path / "catalog.toml"
    path.write_text(f"{SOURCE}size = {len(content)}\n", encoding="utf-8")
    known = catalog.published(path)
    monkeypatch.setattr(catalog, "published", lambda: known)
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("FCN_STUDIO_MIRROR", server.url("nets"))
    monkeypatch.delenv("FCN_STUDIO_OFFLINE", raising=False)
    window = make_window()
    act(window, "net.catalog")
    found = window.catalog.dialog
    assert found is not None
    qtbot.waitExposed(found)
    return found


def window_of(dialog: CatalogDialog) -> MainWindow:
    window = dialog.parent()
    assert isinstance(window, MainWindow)
    return window


def rows(dialog: CatalogDialog) -> dict[str, QTreeWidgetItem]:
    tree = dialog.findChild(QTreeWidget, "catalog_list")
    assert isinstance(tree, QTreeWidget)
    headings = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    found = [heading.child(row) for heading in headings if heading is not None for row in range(heading.childCount())]
    return {row.text(0): row for row in found if row is not None}


def button(dialog: CatalogDialog, name: str) -> QPushButton:
    found = dialog.findChild(QPushButton, f"catalog_{name}")
    assert isinstance(found, QPushButton)
    return found


def enabled(dialog: CatalogDialog) -> list[str]:
    return [name for name in ("fetch", "stop", "open") if button(dialog, name).isEnabled()]


def click(dialog: CatalogDialog, name: str) -> None:
    assert button(dialog, name).isEnabled(), name
    QTest.mouseClick(button(dialog, name), Qt.MouseButton.LeftButton)


def label(dialog: CatalogDialog, name: str) -> QLabel:
    found = dialog.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found


def ended(qtbot: QtBot, dialog: CatalogDialog) -> None:
    window = window_of(dialog)
    qtbot.waitUntil(lambda: window.catalog.download.entry is None, timeout=20_000)


def test_the_default_checkpoint_comes_first_and_the_details_are_told(dialog: CatalogDialog) -> None:
    found = rows(dialog)
    here = [entry.name for entry in catalog.embedded()]
    assert list(found) == [*here, "tiny-published"]
    assert dialog.chosen is not None
    assert dialog.chosen.name == here[0]
    assert enabled(dialog) == ["open"]
    dialog.choose("tiny-published")
    assert enabled(dialog) == ["fetch"]
    row = found["tiny-published"]
    words = [row.text(column) for column in range(7)]
    assert words[1:3] == ["32s, 16s, 8s", "camvid"]
    assert words[4:] == ["not stated", "Unrestricted use", "not here"]
    page = dialog.findChild(QTextBrowser, "catalog_details")
    assert isinstance(page, QTextBrowser)
    text = page.toPlainText()
    for word in ("a tiny net", "somebody <b>", "(really)", "cannot be verified", "https://example.org/described"):
        assert word in text


def test_it_is_downloaded_and_opened(
    qtbot: QtBot, dialog: CatalogDialog, content: bytes, make_photo: Callable[..., Path]
) -> None:
    window = window_of(dialog)
    open_files(qtbot, window, make_photo("street.png"))
    dialog.choose("tiny-published")
    click(dialog, "fetch")
    ended(qtbot, dialog)
    path = catalog.folder() / "tiny-published.safetensors"
    assert path.read_bytes() == content
    assert rows(dialog)["tiny-published"].text(STATE) == "downloaded"
    assert enabled(dialog) == ["open"]
    assert dialog.focusWidget() is button(dialog, "open")
    click(dialog, "open")
    assert not dialog.isVisible()
    wait_until_done(qtbot, window)
    assert window.session.choice.weights == (str(path),)
    assert window.session.engine[0].checkpoint == "tiny-published"


def test_it_is_all_done_by_keyboard(qtbot: QtBot, dialog: CatalogDialog) -> None:
    tree = dialog.findChild(QTreeWidget, "catalog_list")
    assert isinstance(tree, QTreeWidget)
    assert tree.hasFocus()
    QTest.keyClick(tree, Qt.Key.Key_End)
    assert dialog.chosen is not None
    assert dialog.chosen.name == "tiny-published"
    QTest.keyClick(tree, Qt.Key.Key_Return)
    ended(qtbot, dialog)
    assert rows(dialog)["tiny-published"].text(STATE) == "downloaded"
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def half(content: bytes) -> Callable[[Visit], None]:
    def behave(visit: Visit) -> None:
        visit.begin(content[: len(content) // 2], len(content), ETag='"one"')
        visit.stall()

    return behave


def test_it_shows_how_far_it_is_and_is_stopped_and_gone_on_with(
    qtbot: QtBot, dialog: CatalogDialog, server: FileServer, content: bytes
) -> None:
    server.behave = half(content)
    dialog.choose("tiny-published")
    click(dialog, "fetch")
    bar = dialog.findChild(QProgressBar, "catalog_progress")
    assert isinstance(bar, QProgressBar)
    qtbot.waitUntil(lambda: bar.value() >= 490, timeout=10_000)
    assert bar.isVisible()
    assert bar.value() <= 500
    assert f" of {len(content) / 1e6:.1f} MB" in label(dialog, "catalog_words").text()
    assert rows(dialog)["tiny-published"].text(STATE) == "being downloaded"
    assert enabled(dialog) == ["stop"]
    assert dialog.focusWidget() is button(dialog, "stop")
    click(dialog, "stop")
    assert not bar.isVisible()
    assert enabled(dialog) == ["fetch"]
    assert not label(dialog, "catalog_error").isVisible(), "to stop is no error"
    server.behave = lambda visit: visit.serve(content)
    click(dialog, "fetch")
    ended(qtbot, dialog)
    assert server.asked[-1][1]["Range"] == f"bytes={len(content) // 2}-"
    assert rows(dialog)["tiny-published"].text(STATE) == "downloaded"


def test_what_goes_wrong_is_told_in_the_dialog(qtbot: QtBot, dialog: CatalogDialog, server: FileServer) -> None:
    server.behave = lambda visit: visit.answer(b"", 404)
    dialog.choose("tiny-published")
    click(dialog, "fetch")
    ended(qtbot, dialog)
    problem = label(dialog, "catalog_error")
    assert problem.isVisible()
    assert "answers 404" in problem.text()
    assert server.url("nets/tiny-published.safetensors") in problem.text()
    assert enabled(dialog) == ["fetch"]
    assert not window_of(dialog).workspace.banner.isVisible()


def test_it_goes_on_when_the_dialog_is_closed_and_is_told_in_the_window(
    qtbot: QtBot, dialog: CatalogDialog, server: FileServer, content: bytes
) -> None:
    window = window_of(dialog)
    server.behave = half(content)
    dialog.choose("tiny-published")
    click(dialog, "fetch")
    qtbot.waitUntil(lambda: window.catalog.download.step.done > 0, timeout=10_000)
    dialog.close()
    act(window, "net.catalog")
    again = window.catalog.dialog
    assert again is not None
    assert again.chosen is not None
    assert again.chosen.name == "tiny-published"
    assert enabled(again) == ["stop"]
    click(again, "stop")
    server.behave = lambda visit: visit.serve(content)
    click(again, "fetch")
    again.close()
    qtbot.waitUntil(lambda: window.workspace.notice.isVisible(), timeout=20_000)
    text = window.findChild(QLabel, "notice_text")
    assert isinstance(text, QLabel)
    assert "tiny-published has been downloaded" in text.text()


def test_a_window_that_closes_stops_it_at_once(
    qtbot: QtBot, dialog: CatalogDialog, server: FileServer, content: bytes
) -> None:
    window = window_of(dialog)
    server.behave = half(content)
    dialog.choose("tiny-published")
    click(dialog, "fetch")
    qtbot.waitUntil(lambda: window.catalog.download.step.done > 0, timeout=10_000)
    window.close()
    assert not window.catalog.download.running
    assert (catalog.folder() / "tiny-published.safetensors.part").stat().st_size == len(content) // 2


def test_another_language_closes_it_and_it_can_be_asked_for_again(qtbot: QtBot, dialog: CatalogDialog) -> None:
    window = window_of(dialog)
    act(window, "language.ko")
    qtbot.waitUntil(lambda: window.catalog.dialog is None, timeout=5_000)
    act(window, "net.catalog")
    assert window.catalog.dialog is not None


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_nothing_is_cut_off(qtbot: QtBot, make_window: Callable[..., MainWindow], scheme: Scheme) -> None:
    window = make_window(scheme=scheme)
    act(window, "net.catalog")
    dialog = window.catalog.dialog
    assert dialog is not None
    qtbot.waitExposed(dialog)
    tree = dialog.findChild(QTreeWidget, "catalog_list")
    assert isinstance(tree, QTreeWidget)
    assert len(rows(dialog)) > 20
    assert tree.horizontalScrollBar().maximum() == 0
    for row in rows(dialog).values():
        for column in range(tree.columnCount()):
            room = tree.columnWidth(column) - (tree.indentation() * 2 if column == 0 else 0)
            assert tree.fontMetrics().horizontalAdvance(row.text(column)) <= room, row.text(column)
