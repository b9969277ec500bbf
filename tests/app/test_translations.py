"""The Korean texts: complete, compiled, and changed at once."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fcn_studio import app, paths
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.catalog import embedded
from tests.app.conftest import act, open_files

SCRIPTS = sysconfig.get_path("scripts")
LUPDATE, LRELEASE = (shutil.which(f"pyside6-{name}", path=SCRIPTS) or "" for name in ("lupdate", "lrelease"))
FOLDER = paths.resources() / "translations"
SOURCES = [*sorted(Path(app.__file__).parent.rglob("*.py")), Path(embedded.__file__)]
HANGUL = re.compile("[\N{HANGUL SYLLABLE GA}-\N{HANGUL SYLLABLE HIH}]")


def texts(path: Path) -> dict[tuple[str, str], str]:
    """Translations by context and source text; unfinished ones are empty."""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            finished = translation is not None and translation.get("type") is None
            key = (context.findtext("name", ""), message.findtext("source", ""))
            found[key] = (translation.text or "") if finished and translation is not None else ""
    return found


def test_every_text_of_the_window_is_in_the_file_and_translated(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.ts"
    command = [LUPDATE, "-extensions", "py", *map(str, SOURCES), "-ts", str(fresh)]
    subprocess.run(command, check=True, capture_output=True)
    committed = texts(FOLDER / "fcn-studio_ko.ts")
    assert set(committed) == set(texts(fresh)), "run `make translations`"
    assert [key for key, translation in committed.items() if not translation] == []


def test_texts_are_read_as_they_are_written() -> None:
    r"""lupdate does not know Python's \N{...}: a text with one would never be found again."""
    assert [source for _, source in texts(FOLDER / "fcn-studio_ko.ts") if "N{" in source] == []


def test_translations_keep_their_placeholders() -> None:
    for (_, source), translation in texts(FOLDER / "fcn-studio_ko.ts").items():
        assert sorted(re.findall(r"\{\d\}", source)) == sorted(re.findall(r"\{\d\}", translation)), source


def test_the_compiled_file_is_that_of_the_source(tmp_path: Path) -> None:
    compiled = tmp_path / "fresh.qm"
    command = [LRELEASE, str(FOLDER / "fcn-studio_ko.ts"), "-qm", str(compiled)]
    subprocess.run(command, check=True, capture_output=True)
    assert compiled.read_bytes() == (FOLDER / "fcn-studio_ko.qm").read_bytes(), "run `make translations`"


def seen(window: MainWindow) -> str:
    """All texts of actions, and of labels and buttons that are seen."""
    words = [action.text() for action in window.findChildren(QAction)]
    words += [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    words += [button.text() for button in window.findChildren(QPushButton) if button.isVisible()]
    return "\n".join(sorted(words))


def test_the_language_changes_at_once_and_keeps_what_is_shown(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    shown = window.session.shown
    window.session.presentation.set_opacity(35)
    window.transform.set_zoom(3.0)
    english = seen(window)
    assert not HANGUL.search(english.replace("한국어", ""))
    act(window, "language.ko")
    assert HANGUL.search(window.actions_by_id["file.open"].text())
    assert window.session.shown is shown
    assert window.session.presentation.appearance.opacity == 35
    assert window.transform.zoom == 3.0
    assert shown is not None
    panel = window.compare.panels[window.compare.visible_panels[-1]]
    assert panel.canvas.layers.content.mask is shown.mask(panel.panel)
    act(window, "language.en")
    qtbot.wait(50)  # what was replaced is gone
    assert seen(window) == english
