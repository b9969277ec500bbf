"""Which keys a widget keeps while it has the focus, though they are shortcuts of the window, and who has it next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


def keeps_key(event: QEvent, is_own: Callable[[QKeyEvent], object]) -> bool:
    """Whether an event asks for a key of the widget's own; it is accepted then, and the key comes as an ordinary one.

    Args:
        event: Any that a widget's `event` was given.
        is_own: Says of a key whether the widget wants it, by anything that is true.
    """
    if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_own(event):
        event.accept()
        return True
    return False


class LeavesLetters:
    """For lists and tables beside the pictures: letters are the window's, and one that does nothing now moves nothing.

    Stands before Qt's class among the bases.
    """

    def keyboardSearch(self, search: str) -> None:
        """Finds no entry by its first letters."""


def leave_focus(part: QWidget) -> None:
    """Gives the focus to the window before a part of it that has it goes away; Qt would give it to the next button."""
    focus = part.window().focusWidget()
    if focus is not None and (focus is part or part.isAncestorOf(focus)):
        part.window().setFocus()


def set_visible(part: QWidget, visible: bool) -> None:
    """Shows or hides a part of the window; the focus does not go on to another part when it hides."""
    if not visible:
        leave_focus(part)
    part.setVisible(visible)
