"""Which pictures can stand beside each other: the photo, its ground truth, and each checkpoint's variants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fcn_studio.core.graph.names import OUTPUT, PUBLISHED, VARIANTS

PHOTO, TRUTH = "photo", "truth"
KINDS = (PHOTO, TRUTH, *VARIANTS)  # that can be switched on and off
LATER = tuple(name for name in VARIANTS if name not in PUBLISHED)  # kinds that few nets have
MASKS = (*VARIANTS, OUTPUT)


@dataclass(frozen=True, slots=True)
class PanelId:
    """What a panel shows.

    Attributes:
        kind: One of KINDS, or OUTPUT.
        slot: For a variant, which of the open checkpoints it comes from, from 0.
    """

    kind: str
    slot: int = 0

    @property
    def is_variant(self) -> bool:
        """Whether a net's mask is shown, neither the photo alone nor its ground truth."""
        return self.kind in MASKS

    def __str__(self) -> str:
        return f"{self.kind}_{self.slot + 1}" if self.slot else self.kind


PHOTO_PANEL, TRUTH_PANEL = PanelId(PHOTO), PanelId(TRUTH)
COARSEST_PANEL, FINEST_PANEL = PanelId(PUBLISHED[0]), PanelId(PUBLISHED[-1])


def available_panels(variants: Iterable[Iterable[str]], *, truth: bool) -> tuple[PanelId, ...]:
    """The panels that can be filled, in order; `variants` are those of each open checkpoint."""
    masks = (PanelId(kind, slot) for slot, found in enumerate(variants) for kind in MASKS if kind in tuple(found))
    return (PHOTO_PANEL, *((TRUTH_PANEL,) if truth else ()), *masks)
