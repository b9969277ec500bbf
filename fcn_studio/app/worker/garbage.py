"""Python's cycle collector, run in the window's thread only.

It runs in whichever thread happens to allocate, and a Qt object that it finds in a cycle must not be destroyed in
the inference thread: that ends in a segmentation fault.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

INTERVAL_MS = 1000


class WindowThreadCollector(QObject):
    """Switches the automatic collector off and does its work by a timer, at the same thresholds."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    @Slot()
    def collect(self) -> None:
        """Collects the oldest generation that is due."""
        due = [
            generation
            for generation, (count, threshold) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True))
            if count > threshold
        ]
        if due:
            gc.collect(max(due))

    @Slot()
    def forget_imports(self) -> None:
        """Leaves all that lives now, torch above all, out of later collections, which then take a moment only."""
        gc.freeze()
