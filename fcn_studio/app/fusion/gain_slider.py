"""How strong a score layer is in the sum: 0 to 2, with marks at 0 and 1."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from fcn_studio.app.widgets.labelled_slider import KeySlider

STEPS = 100  # for a gain of 1


class GainSlider(QWidget):
    """A name, a slider and its value.

    Signals:
        gain_requested: The user moved the slider. (gain)
    """

    gain_requested = Signal(float)

    def __init__(self, layer: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = KeySlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(f"gain_{layer}")
        self._slider.setRange(0, 2 * STEPS)
        self._slider.setPageStep(STEPS // 4)
        self._slider.setAccessibleName(self.tr("Gain of {0}").format(layer))
        self._slider.setToolTip(self.tr("1 is the net as it is, 0 leaves {0} out").format(layer))
        name = QLabel(f'<span style="color: {colour}">\N{BLACK SQUARE}</span> {layer}')
        name.setMinimumWidth(name.fontMetrics().horizontalAdvance("M score_pool4") + 4)
        self._value = QLabel()
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("0.00") + 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(name)
        row.addWidget(self._slider, 1)
        row.addWidget(self._value)
        self._slider.valueChanged.connect(self._on_moved)
        self.set_gain(1.0)

    @property
    def gain(self) -> float:
        """Where the slider is."""
        return self._slider.value() / STEPS

    @Slot(float)
    def set_gain(self, gain: float) -> None:
        """Shows a value without asking for it."""
        with QSignalBlocker(self._slider):
            self._slider.setValue(round(gain * STEPS))
        self._value.setText(f"{self.gain:.2f}")

    @Slot(int)
    def _on_moved(self, value: int) -> None:
        # 1 is the net itself, and is to be found again without looking.
        if self._slider.isSliderDown() and abs(value - STEPS) <= 3:
            with QSignalBlocker(self._slider):
                self._slider.setValue(STEPS)
        self._value.setText(f"{self.gain:.2f}")
        self.gain_requested.emit(self.gain)
