"""Below which probability a pixel counts as unsure and is hatched."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fcn_studio.app.widgets.labelled_slider import LabelledSlider


class CutoffSlider(QWidget):
    """0 (off) to 99 percent.

    Signals:
        cutoff_requested: The user moved the slider. (percent)
    """

    cutoff_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = LabelledSlider("cutoff_slider", self.tr("Hatch below"), top=99)
        self._slider.describe(
            self.tr("Hatch pixels whose class has a probability below this, in percent"),
            self.tr("Hatches pixels whose winning class has a lower softmax probability ({ and })"),
        )
        self._slider.moved.connect(self.cutoff_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self._slider)

    @Slot(int)
    def set_cutoff(self, percent: int) -> None:
        """Shows a value without asking for it."""
        self._slider.set_value(percent, "" if percent else self.tr("off"))
