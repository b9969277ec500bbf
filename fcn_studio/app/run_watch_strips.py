"""What a run's plot draws: curves over epochs, and the upright axis that some of them share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fcn_studio.core.heat import HeatRange, ticks

MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One curve.

    Attributes:
        name: In the legend; empty for a strip's only line.
        variant: Whose colour and marker it has; empty for ink.
        points: (epoch, value), ascending.
    """

    name: str
    variant: str
    points: tuple[tuple[int, float], ...]

    def at(self, epoch: int) -> float | None:
        """The value of an epoch, if it has one."""
        return dict(self.points).get(epoch)


@dataclass(frozen=True, slots=True)
class Strip:
    """Curves that share an upright axis.

    Attributes:
        title: What is drawn.
        lines: The curves.
        form: How its numbers are written.
        share: Of the height.
        log: Whether the axis is one of powers.
    """

    title: str
    lines: tuple[Line, ...]
    form: str
    share: float
    log: bool = False

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest value, never the same."""
        values = [value for line in self.lines for _, value in line.points]
        low, high = min(values, default=0.0), max(values, default=1.0)
        if high > low:
            return low, high
        return (low / 2, low * 2) if self.log else (low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2)

    def up(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        low, high = self.span
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def ticks(self) -> tuple[float, ...]:
        """Round values inside."""
        low, high = self.span
        if not self.log:
            found = [tick for tick in ticks(HeatRange(low, high)) if low <= tick <= high]
            return tuple(found[:: -(-len(found) // MOST_TICKS)] if len(found) > MOST_TICKS else found)
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for steps in ((1,), (1, 3), (1, 2, 5)):
            found = [step * 10.0**decade for decade in decades for step in steps]
            found = [tick for tick in found if low <= tick <= high]
            if len(found) > 1:
                break
        return tuple(found[:: -(-len(found) // MOST_TICKS)] if len(found) > MOST_TICKS else found)
