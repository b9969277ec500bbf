"""How a report writes figures."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"


def percent(share: float, digits: int = 1) -> str:
    """A share of 0 to 1 in percent, without the sign; a dash for nan."""
    return NONE if math.isnan(share) else f"{100 * share:.{digits}f}"


def points(difference: float, digits: int = 1) -> str:
    """A difference of shares in points, with its sign."""
    return NONE if math.isnan(difference) else signed(round(100 * difference, digits), digits)


def signed(value: float, digits: int = 0) -> str:
    """A number with its sign and thousands apart; zero has none."""
    text = f"{abs(value):,.{digits}f}"
    if not any(sign in "123456789" for sign in text):
        return text
    return ("+" if value > 0 else MINUS) + text


def count(value: int) -> str:
    """A whole number, thousands apart."""
    return f"{value:,}"
