"""A sentence about what went wrong, above the pictures and in nobody's way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from fcn_studio.app.widgets.own_keys import set_visible


class ErrorBanner(QFrame):
    """Hidden while there is nothing to say.

    Signals:
        dismissed: The user closed it.
    """

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_banner")
        self._sign = QLabel()
        self._text = QLabel()
        self._text.setObjectName("error_text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)  # file names are not markup
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setObjectName("error_close")
        self._close.setAccessibleName(self.tr("Dismiss this message"))
        self._close.setToolTip(self.tr("Dismiss (Esc)"))
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self._sign)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown."""
        return self._text.text()

    def set_icons(self, sign: QIcon, close: QIcon) -> None:
        """Icons in the theme's colours."""
        self._sign.setPixmap(sign.pixmap(20, 20))
        self._close.setIcon(close)

    @Slot(str)
    def show_problem(self, sentence: str) -> None:
        """Shows a sentence; an empty one hides the banner."""
        self._text.setText(sentence)
        self.setAccessibleName(self.tr("Error: {0}").format(sentence))
        set_visible(self, bool(sentence))

    @Slot()
    def dismiss(self) -> None:
        """Hides the banner."""
        set_visible(self, False)
        self.dismissed.emit()
