"""Questions to a trace that take too long for the window's thread, answered in a thread of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal, Slot

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled

logger = logging.getLogger(__name__)

Question = Callable[[CancelToken], object]
Answer = Callable[[object], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    key: str
    question: Question
    token: CancelToken


class _Thinker(QObject):
    """Lives in the thread."""

    answered = Signal(object, object, str)  # _Ask, what was asked for, a sentence if it failed

    @Slot(object)
    def think(self, ask: _Ask) -> None:
        try:
            ask.token.check()
            self.answered.emit(ask, ask.question(ask.token), "")
        except Cancelled:
            self.answered.emit(ask, None, "")
        except Exception as error:  # a view without its picture must not take the window along
            logger.exception("%s could not be answered", ask.key)
            self.answered.emit(ask, None, str(error) or type(error).__name__)


class Background(QObject):
    """Of one key only the newest question counts: an older one is stopped, and its answer dropped.

    Questions must use what they are given and not change it: traces and masks are immutable.

    Signals:
        failed: A question could not be answered. (one sentence)
    """

    failed = Signal(str)
    _asked = Signal(object)  # _Ask

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread()
        self._thread.setObjectName("background")
        self._thinker = _Thinker()
        self._thinker.moveToThread(self._thread)
        self._asked.connect(self._thinker.think)
        self._thinker.answered.connect(self.on_answered)
        self._open: dict[str, tuple[_Ask, Answer]] = {}
        self._thread.start(QThread.Priority.LowPriority)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._open)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.isRunning()

    def ask(self, key: str, question: Question, answer: Answer) -> None:
        """Has `question` run in the thread, then `answer` called with its result in the window's.

        Args:
            key: Whose question it is; the newest of a key wins.
            question: Gets a token to check between steps.
            answer: A bound method of an object of the window's thread; not called for a question that was overtaken,
                cancelled or failed.
        """
        self.forget(key)
        ask = _Ask(key, question, CancelToken())
        self._open[key] = ask, answer
        self._asked.emit(ask)

    def forget(self, key: str) -> None:
        """Nobody waits for the answer any more."""
        overtaken = self._open.pop(key, None)
        if overtaken is not None:
            overtaken[0].token.cancel()

    def close(self) -> None:
        """Ends the thread."""
        for key in list(self._open):
            self.forget(key)
        self._thread.quit()
        self._thread.wait()

    @Slot(object, object, str)
    def on_answered(self, ask: _Ask, found: object, problem: str) -> None:
        """From the thread."""
        waiting = self._open.get(ask.key)
        if waiting is None or waiting[0] is not ask:
            return
        del self._open[ask.key]
        if problem:
            self.failed.emit(problem)
        elif not ask.token.cancelled:
            waiting[1](found)
