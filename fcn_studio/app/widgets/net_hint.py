"""A quiet line above the pictures: the net has little to say of this photo, and which others are at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget


class NetHint(QFrame):
    """Hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("net_hint")
        self._text = QLabel()
        self._text.setObjectName("net_hint_text")
        self._text.setProperty("role", "quiet")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons: list[QPushButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 4, 8, 4)
        self._row.setSpacing(8)
        self._row.addWidget(self._text, 1)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty while hidden."""
        return self._text.text()

    def show_hint(self, text: str, actions: Sequence[tuple[str, str, Callable[[], None]]] = ()) -> None:
        """Shows a sentence; an empty one hides the line.

        Args:
            text: The sentence.
            actions: (button, its tool tip, what it does).
        """
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(*action) for action in actions]
        self._text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def _button(self, words: str, tool_tip: str, call: Callable[[], None]) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", "inline")
        button.setToolTip(tool_tip)
        button.setAccessibleDescription(tool_tip)
        button.clicked.connect(lambda: call())
        self._row.addWidget(button)
        return button
