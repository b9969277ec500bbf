"""What the notice bar is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """What happened, and what can be done about it: (button, what it does)."""

    text: str
    actions: tuple[tuple[str, Callable[[], None]], ...] = ()
