"""How masks look and which panels are seen: values without Qt, and the colour table that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fcn_studio.app.values.panels import COARSEST_PANEL, FINEST_PANEL, KINDS, PanelId
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.palettes import palette_colours, with_colours

ColourTable = tuple[int, ...]  # 256 values 0xAARRGGBB, as QImage wants them
Colour = tuple[int, int, int]


class Arrangement(StrEnum):
    """How panels are laid out."""

    AUTOMATIC = "automatic"  # the number of columns that shows the photo largest
    ROW = "row"
    GRID = "grid"
    SINGLE = "single"
    SWIPE = "swipe"  # two in one place, with a divider between them
    DIFFERENCE = "difference"  # the pixels where two masks differ


PAIRED = (Arrangement.SWIPE, Arrangement.DIFFERENCE)


@dataclass(frozen=True, slots=True)
class Appearance:
    """What turns class indices into colours over the photo. Changing it never touches a mask.

    Attributes:
        opacity: Of masks over the photo, in percent; 100 is the pure mask.
        masks_shown: Whether masks are drawn at all.
        hidden: Names of classes that are left transparent.
        outlines: Whether only the borders between classes are drawn.
        errors: Whether only pixels that differ from the ground truth are drawn.
        cutoff: Pixels whose winning class has a probability below it are hatched; percent, 0 hatches none.
        palette: Name of the colours, of `core.palettes.PALETTES`.
        colours: Colours of single classes that the user chose, by class name; they win over the palette.
    """

    opacity: int = 60
    masks_shown: bool = True
    hidden: frozenset[str] = frozenset()
    outlines: bool = False
    errors: bool = False
    cutoff: int = 0
    palette: str = "dataset"
    colours: Mapping[str, Colour] = field(default_factory=dict)

    def dressed(self, labels: LabelSet) -> LabelSet:
        """The label set in the colours that were chosen."""
        base = palette_colours(self.palette, labels)
        chosen = tuple(self.colours.get(name, colour) for name, colour in zip(labels.classes, base, strict=True))
        return labels if chosen == labels.colours else with_colours(labels, chosen)

    def colour_table(self, labels: LabelSet, *, void_shown: bool = False) -> ColourTable:
        """The 256 colours of a mask with these labels; void is drawn only where `void_shown` (ground truth)."""
        alpha = round(255 * self.opacity / 100) if self.masks_shown else 0
        transparent = {index for index, name in enumerate(labels.classes) if name in self.hidden}
        transparent.add(clear_index(labels))
        if labels.background is not None:
            transparent.add(labels.background)
        if not void_shown:
            transparent.add(labels.void)
        return tuple(
            (0 if index in transparent else alpha) << 24 | int(red) << 16 | int(green) << 8 | int(blue)
            for index, (red, green, blue) in enumerate(self.dressed(labels).palette().tolist())
        )


def clear_index(labels: LabelSet) -> int:
    """A mask value that stands for no class and is never drawn: a free one, or void where none is free."""
    return next((index for index in range(255, len(labels) - 1, -1) if index != labels.void), labels.void)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which panels are seen, and how.

    Attributes:
        arrangement: How they are laid out.
        shown: Kinds of panels that are switched on.
        single: The panel that the single arrangement shows.
        pair: The panels that swipe and difference compare, the older first.
    """

    arrangement: Arrangement = Arrangement.AUTOMATIC
    shown: frozenset[str] = frozenset(KINDS)
    single: PanelId = FINEST_PANEL
    pair: tuple[PanelId, PanelId] = (COARSEST_PANEL, FINEST_PANEL)

    def panels(self, available: tuple[PanelId, ...]) -> tuple[PanelId, ...]:
        """The panels to show, in order, of those that there are."""
        if self.arrangement in PAIRED:
            return self.compared(available)
        if self.arrangement is Arrangement.SINGLE:
            return (self.single if self.single in available else available[-1],)
        # A net's only output has no switch: without it the net would not be seen at all.
        return tuple(panel for panel in available if panel.kind in (*self.shown, OUTPUT)) or available[-1:]

    def compared(self, available: tuple[PanelId, ...]) -> tuple[PanelId, PanelId]:
        """The pair, with what is not there replaced by the first and last mask."""
        masks = tuple(panel for panel in available if panel.is_variant) or available
        first, second = self.pair
        return (first if first in available else masks[0], second if second in available else masks[-1])
