"""Questions answered in a thread: the newest of a key counts, failures are told, and nothing outlives the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from fcn_studio.app.worker.background import Background
from fcn_studio.core.cancel import CancelToken


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()
    assert not made.running


def test_it_thinks_in_another_thread_and_answers_in_this_one(qtbot: QtBot, background: Background) -> None:
    found: list[tuple[object, int]] = []
    background.ask("a", lambda token: threading.get_ident(), lambda what: found.append((what, threading.get_ident())))
    qtbot.waitUntil(lambda: not background.busy)
    assert found[0][0] != threading.get_ident()
    assert found[0][1] == threading.get_ident()


def test_the_newest_question_of_a_key_wins(qtbot: QtBot, background: Background) -> None:
    started, release = threading.Event(), threading.Event()
    found: list[object] = []

    def slow(token: CancelToken) -> str:
        started.set()
        release.wait(10)
        token.check()
        return "old"

    background.ask("a", slow, found.append)
    assert started.wait(10)
    background.ask("a", lambda token: "middle", found.append)
    background.ask("a", lambda token: "new", found.append)
    background.ask("b", lambda token: "other", found.append)
    release.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert found == ["new", "other"]


def test_a_failure_is_told_and_the_next_question_answered(qtbot: QtBot, background: Background) -> None:
    found: list[object] = []

    def fails(token: CancelToken) -> object:
        raise ValueError("no such node")

    with qtbot.waitSignal(background.failed) as told:
        background.ask("a", fails, found.append)
    assert told.args == ["no such node"]
    background.ask("a", lambda token: 1, found.append)
    qtbot.waitUntil(lambda: not background.busy)
    assert found == [1]


def test_what_is_forgotten_is_not_answered(qtbot: QtBot, background: Background) -> None:
    found: list[object] = []
    release = threading.Event()
    background.ask("a", lambda token: release.wait(10), found.append)
    background.forget("a")
    release.set()
    background.ask("b", lambda token: 2, found.append)
    qtbot.waitUntil(lambda: not background.busy)
    assert found == [2]
