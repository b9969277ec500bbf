"""A combo box that keeps the keys which step through its entries; letters and digits stay the window's shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox

from fcn_studio.app.widgets.own_keys import keeps_key


class ChoiceBox(QComboBox):
    """Arrow keys, Home and End step through the entries; letters choose one only while the list is open."""

    OWN = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)

    def event(self, event: QEvent) -> bool:
        """Keeps its keys from the window's shortcuts."""
        return keeps_key(event, self._is_own) or super().event(event)

    def _is_own(self, event: QKeyEvent) -> bool:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        return plain and event.key() in self.OWN

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A letter that is no shortcut now chooses nothing behind the user's back."""
        if event.text().strip() and event.text().isprintable():
            event.ignore()
        else:
            super().keyPressEvent(event)
