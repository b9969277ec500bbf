"""Which of a picture's numbers are black and white, where they are not bytes: 16 and 32 bits, signed, floating."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

USUAL_WHITES = (255, 1023, 4095, 16383, 65535)  # of 8, 10, 12, 14 and 16 bits
DARKEST = 4  # times its largest value is what the white of a picture can be: else that value is white


@dataclass(frozen=True, slots=True)
class Extent:
    """What numbers a picture has.

    Attributes:
        least: The smallest finite one.
        most: The largest finite one.
        odd: How many are infinite or no numbers.
    """

    least: float = 0.0
    most: float = 0.0
    odd: int = 0

    @classmethod
    def of(cls, parts: Iterable[NDArray[np.generic]]) -> Extent:
        """Of arrays of numbers together."""
        least, most, odd = np.inf, -np.inf, 0
        for part in parts:
            values = part
            if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
                odd += int(values.size - np.count_nonzero(finite))
                values = values[finite]
            if values.size:
                least, most = min(least, float(values.min())), max(most, float(values.max()))
        return cls(least, most, odd) if least <= most else cls(odd=odd)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of its numbers.

    Attributes:
        white: What white is.
        black: What black is.
        exact: Whether the format is sure of it; else it counts if all numbers lie between.
    """

    white: float
    black: float = 0.0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class ValueRange:
    """Black and white.

    Attributes:
        black: This number and what is below.
        white: This number and what is above.
        note: A sentence where this is not what the kind of file says; else empty.
    """

    black: float
    white: float
    note: str = ""

    def to_bytes(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """0 to 255 of numbers; what is no number is black."""
        wide = np.nan_to_num(values.astype(np.float64), copy=False, nan=self.black)
        wide -= self.black
        wide /= self.white - self.black
        np.clip(wide, 0, 1, out=wide)
        wide *= 255
        return wide.round(out=wide).astype(np.uint8)


def full_scale(kind: np.dtype[Any]) -> float:
    """The largest number of an integer type; 1 of floating ones."""
    return 1.0 if kind.kind == "f" else float(np.iinfo(kind.name).max)


def value_range(extent: Extent, *, floating: bool, declared: Declared | None = None) -> ValueRange:
    """Black and white of a picture.

    What the file declares counts, unless the numbers contradict it. Otherwise integers fill 0 to 65535 and floating
    numbers 0 to 1, where their largest does not say otherwise: then white is the largest number of 8, 10, 12, 14 or
    16 bits that holds it, or that value itself. With negative numbers the least is black and the most is white.

    Args:
        extent: Of the numbers.
        floating: Whether they are floating; 16- and 32-bit integers otherwise.
        declared: What the file says of them, None if nothing.
    """
    least, most = extent.least, extent.most
    usual = 1.0 if floating else 65535.0
    said = []
    if extent.odd:
        said.append(f"{extent.odd} {'value is' if extent.odd == 1 else 'values are'} no finite number.")
    if declared is not None and declared.exact:
        black, white = declared.black, declared.white
    elif declared is not None and declared.black < declared.white and declared.black <= least <= most <= declared.white:
        black, white = declared.black, declared.white
        if (black, white) != (0, usual):
            said.append(f"Shown from {black:g} for black to {white:g} for white, as the file says.")
    elif least < 0:
        black, white = least, most if most > least else least + 1
        said.append(f"Has values below zero: shown from {black:g} for black to {white:g} for white.")
    else:
        black, white = 0.0, _white(most, floating)
        if white != usual:
            said.append(f"Values reach {most:g}: shown with {white:g}{_bits(white)} for white, not {usual:g}.")
    return ValueRange(black, white, " ".join(said))


def _white(most: float, floating: bool) -> float:
    if most == 0 or (floating and most <= 1):
        return 1.0 if floating else 65535.0
    return float(next((white for white in USUAL_WHITES if most <= white < DARKEST * most), most))


def _bits(white: float) -> str:
    return f" ({(int(white) + 1).bit_length() - 1} bits)" if white in USUAL_WHITES else ""
