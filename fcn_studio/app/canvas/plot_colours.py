"""Colours of maps and lines that mean no class: safe for colour-blind eyes, and the same in every place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from PySide6.QtGui import QColor, QPalette

from fcn_studio.app.values.panels import TRUTH
from fcn_studio.core.graph.names import OUTPUT, VARIANTS
from fcn_studio.core.maps.changes import Verdict

Colour = tuple[int, int, int]

# Okabe & Ito, "Color Universal Design" (2008): orange, reddish purple and sky blue; white is the truth.
VARIANT_COLOURS: Mapping[str, Colour] = MappingProxyType(
    {
        TRUTH: (255, 255, 255),
        **dict(zip(VARIANTS, ((230, 159, 0), (228, 130, 180), (86, 180, 233), (240, 228, 66)), strict=True)),
        OUTPUT: (0, 158, 115),
    }
)
VERDICT_COLOURS: Mapping[Verdict, Colour] = MappingProxyType(
    {Verdict.RESCUED: (0, 158, 115), Verdict.HARMED: (213, 94, 0), Verdict.BOTH_WRONG: (240, 228, 66)}
)

# Every eighth of viridis (S. van der Walt and N. Smith 2015, CC0): dark for 0, bright for 1, even to the eye.
SEQUENTIAL: tuple[Colour, ...] = (
    (68, 1, 84),
    (71, 45, 123),
    (59, 82, 139),
    (44, 114, 142),
    (33, 145, 140),
    (40, 174, 128),
    (94, 201, 98),
    (173, 220, 48),
    (253, 231, 37),
)
ON_PAPER = 145  # percent darker, for lines on a light ground


def sequential(share: float) -> Colour:
    """The colour of a value from 0 to 1."""
    places = np.linspace(0, 1, len(SEQUENTIAL))
    red, green, blue = (round(float(np.interp(share, places, channel))) for channel in zip(*SEQUENTIAL, strict=True))
    return red, green, blue


def line_colour(variant: str, palette: QPalette) -> QColor:
    """A variant's colour as a line in a plot: darker on a light ground, where the bright one is hard to see."""
    colour = QColor(*VARIANT_COLOURS[variant])
    light = palette.color(QPalette.ColorRole.Base).lightness() > 128
    return colour.darker(ON_PAPER) if light else colour
