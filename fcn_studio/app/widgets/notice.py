"""A sentence about what happened, with buttons for what can be done about it; it goes away by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from fcn_studio.app.widgets.own_keys import set_visible

LIFETIME_MS = 12_000


class Notice(QFrame):
    """Hidden while there is nothing to say.

    Args:
        parent: The widget that it lies in.
        lifetime_ms: After how many milliseconds it hides; while it has the focus or the pointer is over it, it stays
            for as long again.
    """

    def __init__(self, parent: QWidget | None = None, *, lifetime_ms: int = LIFETIME_MS) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._buttons: list[QPushButton] = []
        self._text = QLabel()
        self._text.setObjectName("notice_text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)  # file names are not markup
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setObjectName("notice_close")
        self._close.clicked.connect(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(lifetime_ms)
        self._timer.timeout.connect(self._expire)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 6, 8, 6)
        self._row.setSpacing(8)
        self._row.addWidget(self._text, 1)
        self._row.addWidget(self._close)
        self._retranslate()
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown."""
        return self._text.text()

    def set_icons(self, close: QIcon) -> None:
        """Icons in the theme's colours."""
        self._close.setIcon(close)

    def show_notice(self, text: str, actions: Sequence[tuple[str, Callable[[], None]]] = ()) -> None:
        """Shows a sentence in place of the last one.

        Args:
            text: One sentence; an empty one hides the bar.
            actions: (button, what it does); pressing one hides the bar first.
        """
        self._remove_buttons()
        self._text.setText(text)
        self.setAccessibleName(self.tr("Notice: {0}").format(text))
        for words, call in actions:
            self._add_button(words, call)
        set_visible(self, bool(text))
        if text:
            self._timer.start()

    @Slot()
    def dismiss(self) -> None:
        """Hides the bar."""
        self._timer.stop()
        set_visible(self, False)

    def changeEvent(self, event: QEvent) -> None:
        """Follows the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()

    def _retranslate(self) -> None:
        self._close.setAccessibleName(self.tr("Dismiss this notice"))
        self._close.setToolTip(self.tr("Dismiss"))

    def _add_button(self, words: str, call: Callable[[], None]) -> None:
        button = QPushButton(words)
        button.setProperty("role", "inline")

        def press() -> None:
            self.dismiss()
            call()

        button.clicked.connect(press)
        self._row.insertWidget(self._row.count() - 1, button)
        QWidget.setTabOrder(self._buttons[-1] if self._buttons else self._text, button)
        self._buttons.append(button)
        QWidget.setTabOrder(button, self._close)

    def _remove_buttons(self) -> None:
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []

    @Slot()
    def _expire(self) -> None:
        focus = QApplication.focusWidget()
        if self.underMouse() or (focus is not None and self.isAncestorOf(focus)):
            self._timer.start()
        else:
            self.dismiss()
