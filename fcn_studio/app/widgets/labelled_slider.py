"""A slider with its name and its value."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from fcn_studio.app.widgets.own_keys import keeps_key

STEP = 10


class KeySlider(QSlider):
    """Keeps the arrow keys for itself while it has the focus; elsewhere they leaf through photos."""

    def event(self, event: QEvent) -> bool:
        """Takes its own keys before they become shortcuts."""
        own = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
        return keeps_key(event, lambda pressed: pressed.key() in own) or super().event(event)


class LabelledSlider(QWidget):
    """Percent, from 0.

    Signals:
        moved: The user moved the slider. (percent)
    """

    moved = Signal(int)

    def __init__(self, name: str, label: str, *, top: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = KeySlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(name)
        self._slider.setRange(0, top)
        self._slider.setPageStep(STEP)
        self._value = QLabel()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("100 %") + 8)
        self._label = QLabel(label)
        self._label.setProperty("role", "quiet")
        self._label.setBuddy(self._slider)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self._label)
        self._row.addWidget(self._slider, 1)
        self._row.addWidget(self._value)
        self._slider.valueChanged.connect(self.moved)

    def describe(self, accessible: str, tool_tip: str) -> None:
        """Words for screen readers, and for the pointer."""
        self._slider.setAccessibleName(accessible)
        self._slider.setToolTip(tool_tip)
        self._label.setToolTip(tool_tip)

    @Slot(int)
    def set_value(self, percent: int, text: str = "") -> None:
        """Shows a value without asking for it; `text` in place of the percentage."""
        with QSignalBlocker(self._slider):
            self._slider.setValue(percent)
        self._value.setText(text or f"{percent} %")
