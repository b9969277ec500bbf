"""What the nodes of the fusion graph show, and how a mask with other gains differs from the net's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from fcn_studio.app.canvas.rendering import indexed_image
from fcn_studio.app.values.appearance import ColourTable
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.fusion import strips
from fcn_studio.core.judging.metrics import confusion_matrix, metrics
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion, winners
from fcn_studio.core.trace.trace import Trace

PICTURE = 160  # pixels across the largest picture of a node


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over the photo.

    Attributes:
        differing: Share of the pixels that differ from each variant.
        shares: (C,) share of the pixels that each class wins.
        mean_iu: Where there is a truth.
        reached: Share of the pixels that have a score; the others, after max-unpooling, are not counted.
    """

    differing: dict[str, float]
    shares: NDArray[np.float64]
    mean_iu: float | None = None
    reached: float = 1.0


def points(
    live: LiveFusion, gains: Gains, void: int, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """(rows, columns) uint8 classes after max-unpooling, as they are drawn.

    Where rows or columns are left out, a pixel with a score is drawn at the nearest one before it, so that points do
    not get lost when they are seen from afar; where none is left out this is the mask.
    """
    found = np.full((len(rows), len(columns)), void, dtype=np.uint8)
    down, across, classes = live.landings(gains)
    if not found.size or not classes.size:
        return found
    i, j = np.searchsorted(rows, down, side="right") - 1, np.searchsorted(columns, across, side="right") - 1
    steps = [int(np.diff(places).max(initial=1)) for places in (rows, columns)]
    near = (i >= 0) & (j >= 0) & (down - rows[i] < steps[0]) & (across - columns[j] < steps[1])
    found[i[near], j[near]] = classes[near]
    # Enlarged, a row or column is there several times, and only the last of them was filled.
    last_rows, last_columns = (np.searchsorted(places, places, side="right") - 1 for places in (rows, columns))
    return found[last_rows[:, None], last_columns]


def picture_of(
    fused: Trace, live: LiveFusion, gains: Gains, name: str, chosen: str | None
) -> NDArray[np.float32 | np.uint8]:
    """What a node's picture shows: (h, w) uint8 classes, or (h, w) float32 of one class.

    After max-unpooling, cells to which nothing was put back are void.
    """
    if name in fused.variants:
        height, width = fused.size
        step = max(max(fused.size) // PICTURE, 1)
        if chosen is None and fused.unpools:
            return points(live, gains, fused.labels.void, np.arange(0, height, step), np.arange(0, width, step))
        scores = live.scores(gains, np.arange(0, height, step), np.arange(0, width, step))
    else:
        scores = fused.node(name)
        step = max(max(scores.shape[1:]) // PICTURE, 1)
        scores = scores[:, ::step, ::step]
    if chosen is None:
        found = winners(scores)
        if fused.unpools:
            found[~scores.any(axis=0)] = fused.labels.void
        return found
    values: NDArray[np.float32] = scores[fused.labels.index(chosen)]
    return values


def node_image(values: NDArray[np.float32 | np.uint8], table: ColourTable) -> QImage | None:
    """Classes in their colours; a map of one class in grey, zero in the middle."""
    if values.dtype == np.uint8:
        image = indexed_image(values.astype(np.uint8))
        if image is not None:
            image.setColorTable(table)
        return image
    reach = max(float(np.abs(values).max(initial=0)), 1e-9)
    image = indexed_image((127.5 + 127.5 * values / reach).astype(np.uint8))
    if image is not None:
        image.setColorTable([0xFF << 24 | grey << 16 | grey << 8 | grey for grey in range(256)])
    return image


def figures_of(
    trace: Trace,
    live: LiveFusion,
    gains: Gains,
    leaving: str | None,
    truth: NDArray[np.uint8] | None,
    token: CancelToken,
) -> Figures:
    """Of the live mask, or of the variant `leaving` as the net has it.

    Raises:
        Cancelled: `token` was set.
    """
    height, width = trace.size
    columns = np.arange(width)
    differing = dict.fromkeys(trace.variants, 0)
    counted = 0
    won = np.zeros(256, dtype=np.int64)
    classes, void = len(trace.labels), trace.labels.void
    confusion = np.zeros((classes, classes), dtype=np.int64)
    for rows in strips(height, width * classes * 4):
        token.check()
        part, lines = slice(rows.start, rows.stop), np.arange(rows.start, rows.stop)
        reached = None if leaving else live.reached(lines, columns)
        seen = np.s_[:, :] if reached is None else reached
        mask = (trace.mask(leaving)[part] if leaving else live.mask(gains, lines, columns))[seen]
        counted += mask.size
        won += np.bincount(mask.ravel(), minlength=256)
        for variant in trace.variants:
            differing[variant] += int(np.count_nonzero(mask != trace.mask(variant)[part][seen]))
        if truth is not None:
            confusion += confusion_matrix(truth[part][seen], mask, classes=classes, void=void)
    return Figures(
        {variant: count / max(counted, 1) for variant, count in differing.items()},
        won[:classes] / (height * width),
        float(metrics(confusion).mean_iu) if truth is not None and confusion.any() else None,
        counted / (height * width),
    )
