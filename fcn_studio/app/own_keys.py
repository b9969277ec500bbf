"""Keys that a widget keeps for itself while it has the focus, though they are shortcuts of the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent


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
