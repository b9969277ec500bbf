"""What a panel's canvas draws, from what is shown and how."""

from __future__ import annotations

from fcn_studio.app.canvas.layers import Content, Look
from fcn_studio.app.values.appearance import Appearance, clear_index
from fcn_studio.app.values.panels import PHOTO, TRUTH, PanelId
from fcn_studio.app.values.shown import Shown


def panel_content(panel: PanelId, shown: Shown | None, appearance: Appearance) -> Content:
    """The photo with the panel's mask; wrong pixels only, where that is asked for and the truth is known."""
    if shown is None:
        return Content()
    levels, mask, labels = shown.result.levels, shown.mask(panel), shown.labels(panel)
    if panel.kind == PHOTO or mask is None or labels is None:
        return Content(levels)
    truth = shown.result.truth
    wrong_only = appearance.errors and panel.is_variant and shown.is_comparable(panel)
    return Content(
        levels,
        mask,
        against=truth.mask if wrong_only and truth else None,
        against_void=truth.labels.void if wrong_only and truth else None,
        confidence=shown.result.confidences.get(panel),
        clear=clear_index(labels),
        grey=wrong_only,
    )


def difference_content(older: PanelId, newer: PanelId, shown: Shown | None) -> Content:
    """The pixels where two masks differ, in the newer one's classes; void of a ground truth is left out.

    Masks of different classes are not compared.
    """
    if shown is None:
        return Content()
    first, second, labels = shown.mask(older), shown.mask(newer), shown.labels(newer)
    if first is None or second is None or labels is None or not of_same_classes(older, newer, shown):
        return Content(shown.result.levels, grey=True)
    return Content(
        shown.result.levels,
        second,
        against=first,
        against_void=labels.void if older.kind == TRUTH else None,
        clear=labels.void if newer.kind == TRUTH else clear_index(labels),
        grey=True,
    )


def of_same_classes(first: PanelId, second: PanelId, shown: Shown) -> bool:
    """Whether the values of two panels' masks stand for the same classes."""
    one, other = shown.labels(first), shown.labels(second)
    return one is not None and other is not None and one.classes == other.classes


def panel_look(panel: PanelId, shown: Shown | None, appearance: Appearance) -> Look:
    """Colours, outlines and cut-off of a panel."""
    labels = shown.labels(panel) if shown else None
    if labels is None:
        return Look()
    return Look(
        appearance.colour_table(labels, void_shown=panel.kind == TRUTH), appearance.outlines, appearance.cutoff / 100
    )
