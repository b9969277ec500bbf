"""A paragraph that explains a view, over the view, until it is closed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

WIDTH = 420


class LessonSheet(QFrame):
    """A small sheet under the button that asked for it; a click elsewhere or Esc closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("lesson_sheet")
        self._title, self._text = QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._text.setObjectName("lesson_text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setFixedWidth(WIDTH - 32)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._text)

    def show_lesson(self, title: str, text: str, below: QWidget) -> None:
        """Opens under a widget, kept within the window."""
        self._title.setText(title)
        self._text.setText(text)
        self.setAccessibleName(title)
        self.adjustSize()
        place = below.mapToGlobal(QPoint(below.width() - self.width(), below.height() + 4))
        left = below.window().mapToGlobal(QPoint(8, 0)).x()
        self.move(max(place.x(), left), place.y())
        self.show()
