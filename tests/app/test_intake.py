"""Ways in: folders, several files, links, one file by two spellings, checkpoints; and a word on what happened."""

from __future__ import annotations

import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.window.main_window import MainWindow
from tests.app.conftest import act, drag_and_drop, files, open_files, wait_until_done
from tests.core.datasets.files import write_pairs

MakePhoto = Callable[..., Path]


def names(window: MainWindow) -> list[str]:
    return [photo.name for photo in window.session.list.photos]


def problem(window: MainWindow) -> str:
    found = window.findChild(QLabel, "error_text")
    assert isinstance(found, QLabel)
    return found.text() if window.workspace.banner.isVisible() else ""


def link(address: str) -> QMimeData:
    """As a browser gives the picture behind an image."""
    mime = QMimeData()
    mime.setUrls([QUrl(address)])
    return mime


@pytest.fixture
def website(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that a local server gives out, and its address."""
    root = tmp_path / "www"
    root.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(root))  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield root, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_folders_are_looked_through_to_the_bottom(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    for folder in ("set/b/deep", "set/a", "set/.hidden"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("set/z.png", "set/a/10.png", "set/a/9.png", "set/b/deep/x.png", "set/.hidden/no.png"):
        make_photo(name)
    (tmp_path / "set/notes.txt").write_text("no photo")
    open_files(qtbot, window, tmp_path / "set")
    assert names(window) == ["9.png", "10.png", "x.png", "z.png"]
    assert window.session.shown is not None
    assert window.session.shown.photo.name == "9.png"


def test_one_file_by_two_spellings_is_one_entry(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    photo = make_photo("street.png")
    os.symlink(photo, tmp_path / "link.png")
    open_files(qtbot, window, photo, tmp_path / "sub" / ".." / "street.png", tmp_path / "link.png")
    assert names(window) == ["street.png"]
    open_files(qtbot, window, make_photo("other.png"))
    open_files(qtbot, window, tmp_path / "link.png")
    assert names(window) == ["street.png", "other.png"]
    assert window.session.list.index == 0


def test_one_bad_file_does_not_stop_the_others(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    open_files(qtbot, window, tmp_path / "broken.png", make_photo("good.png"))
    assert "broken.png" in problem(window)
    act(window, "go.next")
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.photo.name == "good.png"
    assert problem(window) == ""
    first = window.session.list.photos[0]
    assert "broken.png" in window.session.list.statuses[first].reason


def test_a_link_from_a_browser_is_fetched(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, website: tuple[Path, str]
) -> None:
    root, address = website
    shutil.copy(make_photo("street.png"), root / "a street.png")
    assert drag_and_drop(window, link(f"{address}/a%20street.png"))
    wait_until_done(qtbot, window)
    assert names(window) == ["a street.png"]
    assert window.session.shown is not None
    assert window.session.shown.trace is not None


@pytest.mark.parametrize(("name", "reason"), [("page.html", "not a picture"), ("missing.png", "could not be fetched")])
def test_a_link_to_something_else_is_explained(
    qtbot: QtBot, window: MainWindow, website: tuple[Path, str], name: str, reason: str
) -> None:
    root, address = website
    (root / "page.html").write_text("<p>hello")
    assert drag_and_drop(window, link(f"{address}/{name}"))
    wait_until_done(qtbot, window)
    assert reason in problem(window)
    assert names(window) == []


def test_a_checkpoint_that_is_dropped_is_loaded_and_a_word_says_so(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tiny_weights: Path, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    other = tmp_path / "mine.safetensors"
    shutil.copy(tiny_weights, other)
    open_files(qtbot, window, other)
    assert [info.checkpoint for info in window.session.engine] == ["mine"]
    assert window.workspace.notice.isVisible()
    assert "mine" in window.compare.panels[PanelId("8s")].accessibleName()
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    assert window.session.shown.trace.provenance.checkpoint == "mine"


def test_recent_files_are_offered(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> None:
    photo = make_photo("street.png")
    open_files(qtbot, window, photo)
    act(window, "edit.clear")
    assert names(window) == []
    menu = window.findChild(QMenu, "recent_menu")
    assert isinstance(menu, QMenu)
    entries = [action for action in menu.actions() if "street.png" in action.text()]
    assert len(entries) == 1
    entries[0].trigger()
    wait_until_done(qtbot, window)
    assert names(window) == ["street.png"]


def test_removing_a_photo_can_be_undone(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> None:
    open_files(qtbot, window, *(make_photo(f"{number}.png", seed=number) for number in range(3)))
    act(window, "go.next")
    wait_until_done(qtbot, window)
    act(window, "edit.remove")
    wait_until_done(qtbot, window)
    assert names(window) == ["0.png", "2.png"]
    assert window.workspace.notice.isVisible()
    act(window, "edit.undo")
    wait_until_done(qtbot, window)
    assert names(window) == ["0.png", "1.png", "2.png"]
    assert window.session.list.index == 1
    act(window, "edit.clear")
    assert window.session.shown is None
    act(window, "edit.undo")
    wait_until_done(qtbot, window)
    assert len(names(window)) == 3
    assert window.session.shown is not None


def test_a_dragged_file_of_an_unknown_kind_is_explained(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no photo")
    drag_and_drop(window, files(tmp_path / "notes.txt"))
    wait_until_done(qtbot, window)
    assert "notes.txt" in problem(window)


def test_a_data_set_one_folder_further_down_is_offered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    write_pairs(tmp_path / "archive", "inner/images/a{}.jpg", "inner/masks/a{}_L.png", 2)
    open_files(qtbot, window, tmp_path / "archive")
    assert len(window.session.list.photos) == 2
    assert "inner" in notice_text(window)
    (button,) = (
        button for button in window.workspace.notice.findChildren(QPushButton) if button.text() == "Open as Data Set"
    )
    button.click()
    wait_until_done(qtbot, window)
    dataset = window.session.measuring.scores.split
    assert dataset is not None
    assert dataset.folder == tmp_path / "archive" / "inner"
    assert "the ending _L" in notice_text(window)


def test_masks_that_cannot_be_paired_are_told_with_what_to_do(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    write_pairs(tmp_path / "set", "images/a{}.jpg", "masks/task-{}-annotation-5-by-1-tag-disc-0.png", 2)
    open_files(qtbot, window, tmp_path / "set")
    assert len(window.session.list.photos) == 2
    assert "Label Studio" in notice_text(window)


def test_an_archive_is_explained(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"PK")
    assert drag_and_drop(window, files(tmp_path / "set.zip"))
    wait_until_done(qtbot, window)
    assert "unpack it" in problem(window)
    assert not [photo for photo in window.session.list.photos if photo.name == "set.zip"]


def notice_text(window: MainWindow) -> str:
    return " ".join(label.text() for label in window.workspace.notice.findChildren(QLabel))
