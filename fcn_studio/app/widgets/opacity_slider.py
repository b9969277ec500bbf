"""How opaque masks are: a slider with its value."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

STEP = 10


class _Slider(QSlider):
    """Keeps the arrow keys for itself while it has the focus; elsewhere they leaf through photos."""

    def event(self, event: QEvent) -> bool:
        own = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() in own:
            event.accept()
            return True
        return super().event(event)


class OpacitySlider(QWidget):
    """0 to 100 percent.

    Signals:
        opacity_requested: The user moved the slider. (percent)
    """

    opacity_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = _Slider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("opacity_slider")
        self._slider.setRange(0, 100)
        self._slider.setPageStep(STEP)
        self._slider.setFixedWidth(120)
        self._slider.setAccessibleName(self.tr("Opacity of masks, in percent"))
        self._slider.setToolTip(self.tr("Opacity of masks ([ and ])"))
        self._value = QLabel()
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("100 %") + 8)
        label = QLabel(self.tr("Opacity"))
        label.setProperty("role", "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(8)
        for widget in (label, self._slider, self._value):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._slider.valueChanged.connect(self.opacity_requested)

    @Slot(int)
    def set_opacity(self, percent: int) -> None:
        """Shows a value without asking for it."""
        with QSignalBlocker(self._slider):
            self._slider.setValue(percent)
        self._value.setText(f"{percent} %")
