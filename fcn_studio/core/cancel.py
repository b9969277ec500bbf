"""Cooperative cancelling: work asks between two stages; nothing is ever killed."""

from __future__ import annotations

import threading

from fcn_studio.core.errors import Cancelled


class CancelToken:
    """Set from any thread; the work that holds it stops at its next check."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Asks the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether someone asked."""
        return self._event.is_set()

    def check(self) -> None:
        """Raises `Cancelled` if someone asked."""
        if self._event.is_set():
            raise Cancelled("Stopped.")
