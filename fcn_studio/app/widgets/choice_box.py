"""A combo box that keeps letters and digits for itself while it has the focus; elsewhere they are shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox

from fcn_studio.app.own_keys import keeps_key


class ChoiceBox(QComboBox):
    """Typing chooses an entry by its first letters, and the arrow and page keys step through the entries."""

    OWN = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)

    def event(self, event: QEvent) -> bool:
        """Keeps the window's shortcuts away from what is typed here."""
        return keeps_key(event, self._is_own) or super().event(event)

    def _is_own(self, event: QKeyEvent) -> bool:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        return plain and ((event.text().isprintable() and bool(event.text())) or event.key() in self.OWN)
