"""What runs, how far it is, and a way to stop it; appears only if it takes more than a moment."""

from __future__ import annotations

import re

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from fcn_studio.app.widgets.elided_label import ElidedLabel

DELAY_MS = 300
ROWS = re.compile(r"row (\d+) of (\d+)")  # how the stages of a photo in strips are called


class StageProgress(QWidget):
    """A bar with the stage's name.

    Signals:
        cancel_requested: The user wants the job stopped.
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ElidedLabel()
        self._text.setObjectName("stage_text")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._cancel = QPushButton(self.tr("Cancel"))
        self._cancel.setObjectName("cancel_button")
        self._cancel.setProperty("role", "inline")
        self._cancel.setToolTip(self.tr("Stop at the next stage (Esc)"))
        self._cancel.clicked.connect(self.cancel_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 0, 2)
        row.setSpacing(8)
        for widget in (self._bar, self._text, self._cancel):
            row.addWidget(widget)
        row.addStretch()
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DELAY_MS)
        self._delay.timeout.connect(self.show)
        self.hide()

    def start(self, text: str, *, can_cancel: bool = True, at_once: bool = False) -> None:
        """Something runs; its share is not known yet."""
        self._text.setText(text)
        self._bar.setRange(0, 0)
        self._bar.setAccessibleName(text)
        self._cancel.setVisible(can_cancel)
        self._cancel.setEnabled(True)
        if at_once:
            self.show()
        elif not self.isVisible() and not self._delay.isActive():
            self._delay.start()

    @Slot(str, float)
    def set_stage(self, stage: str, share: float) -> None:
        """A stage has ended, or a strip of a photo that is done in strips."""
        if rows := ROWS.fullmatch(stage):
            text = self.tr("Strips: {0} of {1} rows · {2} %").format(*rows.groups(), round(100 * share))
        else:
            text = self.tr("{0} done · {1} %").format(stage, round(100 * share))
        self._set(text, share)

    def set_share(self, text: str, share: float) -> None:
        """Something that can be counted is so far."""
        self._set(text, share)
        self.show()

    def _set(self, text: str, share: float) -> None:
        self._text.setText(text)
        self._bar.setAccessibleName(text)
        self._bar.setRange(0, 100)
        self._bar.setValue(round(100 * share))

    @Slot()
    def stopping(self) -> None:
        """The job was asked to stop and will at its next check."""
        self._text.setText(self.tr("Stopping…"))
        self._cancel.setEnabled(False)

    @Slot()
    def stop(self) -> None:
        """Nothing runs."""
        self._delay.stop()
        self.hide()
