"""How opaque masks are."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from fcn_studio.app.widgets.labelled_slider import LabelledSlider

WIDTH = 200


class OpacitySlider(QWidget):
    """0 to 100 percent.

    Signals:
        opacity_requested: The user moved the slider. (percent)
    """

    opacity_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = LabelledSlider("opacity_slider", self.tr("Opacity"), top=100)
        self._slider.describe(self.tr("Opacity of masks, in percent"), self.tr("Opacity of masks ([ and ])"))
        self._slider.moved.connect(self.opacity_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.addWidget(self._slider)
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    @Slot(int)
    def set_opacity(self, percent: int) -> None:
        """Shows a value without asking for it."""
        self._slider.set_value(percent)
