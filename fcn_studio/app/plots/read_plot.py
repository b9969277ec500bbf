"""A painted plot whose values are read by the pointer or, while it has the focus, by the keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from fcn_studio.app.widgets.own_keys import keeps_key


class ReadPlot(QWidget):
    """What such plots have in common; each says what its keys are, and how a place is marked."""

    def _mark(self, place: None) -> None:
        """Reads a place; None reads none."""
        raise NotImplementedError

    def _step(self, event: QKeyEvent) -> object:
        """Where a key leads; anything false for one that leads nowhere."""
        raise NotImplementedError

    def leaveEvent(self, event: QEvent) -> None:
        """Reads no place any more."""
        self._mark(None)

    def event(self, event: QEvent) -> bool:
        """Keeps the arrow keys, which leaf through photos elsewhere, while it has the focus."""
        return keeps_key(event, self._step) or super().event(event)
