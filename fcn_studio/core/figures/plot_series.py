"""How plots for paper and pages tell curves apart: colours and markers, one place a variant."""

from __future__ import annotations

# Okabe & Ito, "Color Universal Design" (2008), as the window draws variants; darker on a light ground.
DARK_SERIES = ("#e69f00", "#e482b4", "#56b4e9", "#009e73", "#d55e00", "#f0e442")
LIGHT_SERIES = ("#9f6e00", "#a34d7c", "#1f78b4", "#007a59", "#b34f00", "#8f8500")
MARKERS = ("s", "D", "o", "^", "v", "P")  # matplotlib's
