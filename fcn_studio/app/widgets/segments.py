"""Words side by side, one of which is chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from fcn_studio.app.widgets.own_keys import keeps_key


class _Segment(QToolButton):
    """Keeps the arrow keys, which move between segments, for itself while it has the focus."""

    def event(self, event: QEvent) -> bool:
        own = (Qt.Key.Key_Left, Qt.Key.Key_Right)
        return keeps_key(event, lambda pressed: pressed.key() in own) or super().event(event)


class Segments(QWidget):
    """Two or more words side by side, one of which is chosen.

    Signals:
        chosen: The user chose another. (its number)
    """

    chosen = Signal(int)

    def __init__(self, name: str, accessible: str, words: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for number, (word, tool_tip) in enumerate(words):
            button = _Segment()
            button.setText(word)
            button.setToolTip(tool_tip)
            button.setAccessibleName(f"{accessible}: {word}")
            button.setAccessibleDescription(tool_tip)
            button.setCheckable(True)
            button.setChecked(number == 0)
            self._group.addButton(button, number)
            row.addWidget(button)
        self._group.idToggled.connect(self._on_toggled)

    @property
    def number(self) -> int:
        """The chosen one's."""
        return self._group.checkedId()

    def choose(self, number: int) -> None:
        """As if the user had."""
        self._group.button(number).setChecked(True)

    def _on_toggled(self, number: int, checked: bool) -> None:
        if checked:
            self.chosen.emit(number)
