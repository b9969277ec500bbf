"""The tour's words, with ways on, back and out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from fcn_studio.app.widgets.own_keys import set_visible


class TourBar(QFrame):
    """Hidden while there is no tour.

    Signals:
        forward_requested: On.
        back_requested: Back.
        stop_requested: Out.
    """

    forward_requested = Signal()
    back_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tour_bar")
        self._count, self._text = QLabel(), QLabel()
        self._count.setProperty("role", "quiet")
        self._text.setObjectName("tour_text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._back = QPushButton(self.tr("Back"))
        self._forward = QPushButton(self.tr("Next"))
        self._stop = QPushButton(self.tr("End the tour"))
        self._forward.setProperty("role", "primary")
        for name, button, signal in (
            ("tour_back", self._back, self.back_requested),
            ("tour_forward", self._forward, self.forward_requested),
            ("tour_stop", self._stop, self.stop_requested),
        ):
            button.setObjectName(name)
            button.clicked.connect(signal)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(12)
        row.addWidget(self._count)
        row.addWidget(self._text, 1)
        for button in (self._back, self._forward, self._stop):
            row.addWidget(button)
        self.hide()

    @Slot(int, int, str)
    def show_step(self, number: int, count: int, text: str) -> None:
        """Shows a step; hides when there is none."""
        set_visible(self, number >= 0)
        self._count.setText(f"{number + 1} / {count}")
        self._text.setText(text)
        self._back.setEnabled(number > 0)
        self._forward.setText(self.tr("Done") if number == count - 1 else self.tr("Next"))
        if number == 0:
            self._forward.setFocus()
