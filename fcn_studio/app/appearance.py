"""How masks look and which panels are seen: values without Qt, and the colour table that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fcn_studio.core.labels import LabelSet

PHOTO = "photo"
VARIANTS = ("32s", "16s", "8s")
PANELS = (PHOTO, *VARIANTS)

ColourTable = tuple[int, ...]  # 256 values 0xAARRGGBB, as QImage wants them


class Arrangement(StrEnum):
    """How panels are laid out."""

    AUTOMATIC = "automatic"  # the number of columns that shows the photo largest
    ROW = "row"
    GRID = "grid"
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class Appearance:
    """What turns class indices into colours over the photo. Changing it never touches a mask.

    Attributes:
        opacity: Of masks over the photo, in percent; 100 is the pure mask.
        masks_shown: Whether masks are drawn at all.
        hidden: Indices of classes that are left transparent.
    """

    opacity: int = 60
    masks_shown: bool = True
    hidden: frozenset[int] = frozenset()

    def colour_table(self, labels: LabelSet) -> ColourTable:
        """The 256 colours of a mask with these labels."""
        alpha = round(255 * self.opacity / 100) if self.masks_shown else 0
        transparent = self.hidden if labels.background is None else self.hidden | {labels.background}
        return tuple(
            (0 if index in transparent else alpha) << 24 | int(red) << 16 | int(green) << 8 | int(blue)
            for index, (red, green, blue) in enumerate(labels.palette().tolist())
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Which panels are seen, and how.

    Attributes:
        arrangement: How they are laid out.
        shown: Panels that are switched on.
        single: The panel that the single arrangement shows.
    """

    arrangement: Arrangement = Arrangement.AUTOMATIC
    shown: frozenset[str] = frozenset(PANELS)
    single: str = "8s"

    def panels(self, available: tuple[str, ...]) -> tuple[str, ...]:
        """The panels to show, in order, of those that there are."""
        if self.arrangement is Arrangement.SINGLE:
            return (self.single if self.single in available else available[-1],)
        return tuple(name for name in available if name in self.shown)
