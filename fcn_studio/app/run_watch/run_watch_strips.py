"""What a run's plot draws: curves over epochs, and the upright axis that some of them share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QCoreApplication

from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.core.maps.heat import HeatRange, ticks
from fcn_studio.core.run_folder import EpochRow, RunInfo

SMALLEST_PLAIN, LARGEST_PLAIN = 1e-3, 1e6  # of an axis' largest number; beyond them powers of ten are written
DIGITS, MOST_DIGITS = 6, 12
FINER = 5  # divisions that are tried where round values are few
LOG_FROM = 8.0  # highest over lowest value from which on a loss is drawn by its logarithm


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

    def read(self, epoch: int | None) -> float | None:
        """The value of an epoch that is pointed at; of the last one it has where that is None."""
        if epoch is None:
            return self.points[-1][1] if self.points else None
        return self.at(epoch)


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

    def ticks(self, most: int) -> tuple[float, ...]:
        """Round values inside, as many as asked for at most, and two at least where so many may be."""
        low, high = self.span
        if not self.log:
            for finer in range(most, most + FINER):
                found = [tick for tick in ticks(HeatRange(low, high), finer) if low <= tick <= high]
                if len(found) >= min(most, 2):
                    break
        else:
            decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            for steps in ((1,), (1, 3), (1, 2, 5)):
                found = [step * 10.0**decade for decade in decades for step in steps]
                found = [tick for tick in found if low <= tick <= high]
                if len(found) > 1:
                    break
        step = -(-len(found) // most)
        return tuple(found[(step - 1) // 2 :: step]) if step else ()


def tick_texts(values: Sequence[float]) -> tuple[str, ...]:
    """Numbers of one axis with as many places as tell them apart; powers of ten only where many zeros would be."""
    largest = max(map(abs, values), default=0.0)
    if len(values) > 1 and SMALLEST_PLAIN <= largest < LARGEST_PLAIN:
        step = min(after - before for before, after in pairwise(values))
        places = max(-math.floor(math.log10(step) + 1e-9), 0) if step > 0 else 0
        if all(math.isclose(value, round(value, places), rel_tol=1e-6, abs_tol=1e-12) for value in values):
            return tuple(f"{value:.{places}f}" for value in values)
    for digits in range(DIGITS, MOST_DIGITS):
        texts = tuple(f"{value:.{digits}g}" for value in values)
        if len(set(texts)) == len(texts):
            break
    return texts


def run_strips(rows: Sequence[EpochRow], info: RunInfo | None) -> tuple[Strip, ...]:
    """What is drawn of a run: mean IU of each variant, the loss and the learning rate."""
    known = dict.fromkeys(name for row in rows for name in row.val)
    order = info.variants if info is not None else ()
    variants = [name for name in order if name in known] + [name for name in known if name not in order]
    curves = tuple(
        Line(
            name if name != OUTPUT else QCoreApplication.translate("RunPlot", "Output"),
            name,
            tuple((row.epoch, 100 * row.val[name].mean_iu) for row in rows if _has(row, name)),
        )
        for name in variants
    )
    losses = tuple((row.epoch, row.loss) for row in rows if math.isfinite(row.loss))
    values = [value for _, value in losses]
    log = bool(values) and min(values) > 0 and max(values) / min(values) > LOG_FROM
    title = (
        QCoreApplication.translate("RunPlot", "Loss, logarithmic")
        if log
        else QCoreApplication.translate("RunPlot", "Loss")
    )
    rates = tuple((row.epoch, row.learning_rate) for row in rows if math.isfinite(row.learning_rate))
    split = info.split if info is not None else "val"
    return (
        Strip(QCoreApplication.translate("RunPlot", "Mean IU on {0}, %").format(split), curves, ".1f", 0.5),
        Strip(title, (Line("", "", losses),), ".4g", 0.28, log),
        Strip(QCoreApplication.translate("RunPlot", "Learning rate"), (Line("", "", rates),), ".2g", 0.22),
    )


def _has(row: EpochRow, variant: str) -> bool:
    return variant in row.val and math.isfinite(row.val[variant].mean_iu)
