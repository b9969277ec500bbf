"""The columns of the data set table: which figures it shows of a photo, and of which checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from fcn_studio.app.values.panels import MASKS, PanelId
from fcn_studio.core.judging.photo_metrics import PhotoMetrics, PhotoScores


class Figure(StrEnum):
    """What a column says."""

    NAME = "photo"
    MEAN_IU = "mean_iu"
    GAIN = "gain"
    PIXELS = "net_pixels"
    PIXEL_ACCURACY = "pixel_accuracy"
    BOUNDARY = "boundary_mean_iu"


SHARES = (Figure.MEAN_IU, Figure.PIXEL_ACCURACY, Figure.BOUNDARY)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        figure: What it says.
        variants: Of which variant, or from which to which; empty for the name.
        panels: The panels of those variants, as `PhotoMetrics` names them.
    """

    figure: Figure
    variants: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in settings, such as `gain_32s_8s`."""
        return "_".join((self.figure, *self.variants))

    def value(self, metrics: PhotoMetrics | None) -> float | None:
        """A share or a difference of shares from -1 to 1, or pixels; None where there is none."""
        if metrics is None or not self.panels or any(panel not in metrics.variants for panel in self.panels):
            return None
        if self.figure is Figure.PIXELS:
            return float(metrics.gain(*self.panels).pixels)
        found = metrics.gain(*self.panels).mean_iu if self.figure is Figure.GAIN else self._share(metrics)
        return None if found != found else found  # nan: nothing of it is in the photo

    def _share(self, metrics: PhotoMetrics) -> float:
        scores: PhotoScores = metrics.variants[self.panels[0]]
        match self.figure:
            case Figure.PIXEL_ACCURACY:
                return scores.pixel_accuracy
            case Figure.BOUNDARY:
                return scores.boundary_mean_iu
            case _:
                return scores.mean_iu


@dataclass(frozen=True, slots=True)
class Pick:
    """Whose figures are shown.

    Attributes:
        slot: Of a checkpoint; None for several that complete each other, such as one for each variant.
        panels: By variant, coarsest first.
    """

    slot: int | None
    panels: Mapping[str, str]


def picks(panels: Sequence[Sequence[PanelId]]) -> tuple[Pick, ...]:
    """What can be chosen: the checkpoints together, where no one has all variants, and each alone."""
    alone = [Pick(slot, _ordered({panel.kind: str(panel) for panel in found})) for slot, found in enumerate(panels)]
    alone = [pick for pick in alone if pick.panels]
    together: dict[str, str] = {}
    for pick in alone:
        together = {**pick.panels, **together}  # the first checkpoint that has a variant
    if len(alone) > 1 and len(together) > max(len(pick.panels) for pick in alone):
        return (Pick(None, _ordered(together)), *alone)
    return tuple(alone)


def columns(pick: Pick | None) -> tuple[Column, ...]:
    """The name, the finest variant's mean IU and what the skips gain in all, and then the rest.

    The first three are what a narrow panel has room for.
    """
    panels = pick.panels if pick is not None else {}
    names = tuple(panels)
    steps = list(pairwise(names))
    whole = [(names[0], names[-1])] if len(names) > 1 else []
    rest = steps if steps != whole else []

    def of(figure: Figure, *variants: str) -> Column:
        return Column(figure, variants, tuple(panels[variant] for variant in variants))

    return (
        Column(Figure.NAME),
        *(of(Figure.MEAN_IU, name) for name in names[-1:]),
        *(of(Figure.GAIN, *pair) for pair in whole),
        *(of(Figure.MEAN_IU, name) for name in names[:-1]),
        *(of(Figure.GAIN, *pair) for pair in rest),
        *(of(Figure.PIXELS, *pair) for pair in whole),
        *(of(Figure.PIXEL_ACCURACY, name) for name in names),
        *(of(Figure.BOUNDARY, name) for name in names),
    )


def _ordered(panels: Mapping[str, str]) -> dict[str, str]:
    return {variant: panels[variant] for variant in MASKS if variant in panels}
