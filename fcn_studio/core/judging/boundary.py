"""How well a mask follows the true boundaries: the metrics in narrow bands around them (trimaps)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.judging.metrics import CHUNK, Metrics, metrics

TRIMAP_WIDTHS = (1, 2, 4, 8, 16, 32)  # pixels on each side of a boundary
INT32_REACH = 1 << 15  # twice the square of anything below fits into int32


def boundaries(mask: NDArray[np.uint8], void: int | None = None) -> NDArray[np.bool_]:
    """(H, W) bool: the pixels of an (H, W) mask with a pixel of another class above, below, left or right of them.

    Both sides of an edge are boundary, so an edge is two pixels wide. With `void`, void pixels are no boundary and
    make none: a class that meets only void has no boundary there.
    """
    found = np.zeros(mask.shape, dtype=np.bool_)
    labelled = None if void is None else mask != void
    for here, there in (
        (np.s_[:-1, :], np.s_[1:, :]),
        (np.s_[:, :-1], np.s_[:, 1:]),
    ):
        edge = mask[here] != mask[there]
        if labelled is not None:
            edge &= labelled[here] & labelled[there]
        found[here] |= edge
        found[there] |= edge
    return found


def boundary_distance(
    truth: NDArray[np.uint8], void: int | None = None, *, limit: int | None = None
) -> NDArray[np.float32]:
    """(H, W) float32: pixels from each pixel's centre to that of the nearest boundary pixel, in a straight line.

    0 on the boundary pixels themselves, inf where there is none. The distance is exact: the squared distance is
    the minimum over a row of parabolas on the distances within columns (Felzenszwalb and Huttenlocher 2012,
    Distance Transforms of Sampled Functions), tried from the nearest column outwards until no farther one can win.

    Args:
        truth: (H, W) class indices.
        void: As in `boundaries`.
        limit: Distances above this many pixels count as inf. Time grows with the largest distance, so that large
            photos want a limit.
    """
    height, width = truth.shape
    farthest = height + width if limit is None else min(limit, height + width)
    beyond = farthest + 1
    columns = _column_distance(boundaries(truth, void), beyond)
    squared = np.square(columns, dtype=np.int32 if beyond < INT32_REACH else np.int64)
    nearest = squared.copy()
    shifted = np.empty_like(squared)
    for offset in range(1, min(farthest, width - 1) + 1):
        if offset * offset >= int(nearest.max()):
            break
        sums = shifted[:, offset:]
        for target, source in ((np.s_[:, offset:], np.s_[:, :-offset]), (np.s_[:, :-offset], np.s_[:, offset:])):
            np.add(squared[source], offset * offset, out=sums)
            np.minimum(nearest[target], sums, out=nearest[target])
    distance: NDArray[np.float32] = np.sqrt(nearest, dtype=np.float64).astype(np.float32)
    distance[nearest > farthest * farthest] = np.inf
    return distance


def _column_distance(points: NDArray[np.bool_], beyond: int) -> NDArray[np.int32]:
    """Pixels to the nearest point of the same column; `beyond` where none is nearer."""
    distance = np.where(points, 0, beyond).astype(np.int32)
    for rows in (range(1, len(points)), range(len(points) - 2, -1, -1)):
        step = -rows.step
        for row in rows:
            np.minimum(distance[row], distance[row + step] + 1, out=distance[row])
    return distance


def band_confusions(
    truth: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    *,
    classes: int,
    void: int,
    widths: Sequence[int] = TRIMAP_WIDTHS,
    distance: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """(len(widths), classes, classes) pixel counts n_ij in bands around the true boundaries; sum them over a set.

    The trimap evaluation of Kohli, Ladicky and Torr 2009 (Robust Higher Order Potentials for Enforcing Label
    Consistency) and Kraehenbuehl and Koltun 2011 (Efficient Inference in Fully Connected CRFs): only pixels near a
    true boundary count. Here the band of width w holds the labelled pixels whose `boundary_distance` is less than w:
    width 1 is the boundary pixels themselves, and along a straight edge width w is w pixels on each side. Bands are
    nested.

    Args:
        truth: (H, W) class indices.
        mask: (H, W) predicted class indices.
        classes: How many classes there are.
        void: The truth's value of unlabelled pixels; they are left out and make no boundary.
        widths: Pixels, ascending.
        distance: `boundary_distance` of this truth and void up to the largest width at least, where several masks
            share one truth.

    Raises:
        ValueError: Truth and mask differ in size, hold other values, or the widths do not ascend from 1.
    """
    if list(widths) != sorted(set(widths)) or not widths or widths[0] < 1:
        raise ValueError(f"band widths ascend from 1 pixel or more; these are {tuple(widths)}")
    if distance is None:
        distance = boundary_distance(truth, void, limit=widths[-1])
    if not truth.shape == mask.shape == distance.shape:
        raise ValueError(f"truth {truth.shape}, prediction {mask.shape} and distance {distance.shape} differ in size")
    rings = ring_confusions(truth, {"mask": mask}, distance, classes=classes, void=void, widths=widths)["mask"]
    return np.cumsum(rings[:-1], axis=0, dtype=np.int64)


def ring_confusions(
    truth: NDArray[np.uint8],
    masks: Mapping[str, NDArray[np.uint8]],
    distance: NDArray[np.float32],
    *,
    classes: int,
    void: int,
    widths: Sequence[int] = TRIMAP_WIDTHS,
) -> dict[str, NDArray[np.int64]]:
    """By mask, (len(widths) + 1, C, C) counts: between one band's edge and the next, and beyond the last.

    Their sum is the confusion matrix of all pixels, the running sum that of `band_confusions`; one counting gives both.

    Args:
        truth: (H, W) class indices.
        masks: By name, (H, W) predicted class indices.
        distance: (H, W) `boundary_distance` of the truth.
        classes: How many classes there are.
        void: The truth's value of unlabelled pixels.
        widths: Of the bands, ascending.

    Raises:
        ValueError: Sizes differ, or a mask holds an index that is no class.
    """
    for name, mask in masks.items():
        if mask.shape != truth.shape:
            raise ValueError(f"truth {truth.shape} and prediction {name} {mask.shape} differ in size")
    shape = (len(widths) + 1, classes, classes)
    bins = shape[0] * classes * classes
    counts = {name: np.zeros(bins, np.int64) for name in masks}
    edges = np.asarray(widths, dtype=np.float32)
    flat_truth, flat_distance = truth.ravel(), distance.ravel()
    flat = {name: mask.ravel() for name, mask in masks.items()}
    for start in range(0, truth.size, CHUNK):
        part = flat_truth[start : start + CHUNK]
        labelled = part != void
        part = part[labelled]
        ring = np.searchsorted(edges, flat_distance[start : start + CHUNK][labelled], side="right")
        if int(part.max(initial=0)) >= classes:
            raise ValueError(f"the truth holds an index that is neither one of {classes} classes nor void {void}")
        base = (ring * classes + part) * classes
        for name, mask in flat.items():
            guess = mask[start : start + CHUNK][labelled]
            if int(guess.max(initial=0)) >= classes:
                raise ValueError(f"a mask of {name} holds an index that is none of {classes} classes")
            counts[name] += np.bincount(base + guess, minlength=bins)
    return {name: count.reshape(shape) for name, count in counts.items()}


def trimap_curve(
    truth: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    *,
    classes: int,
    void: int,
    widths: Sequence[int] = TRIMAP_WIDTHS,
) -> tuple[Metrics, ...]:
    """The metrics of one mask in the band of each width, narrowest first; nan where the truth has no boundary.

    Arguments and errors are those of `band_confusions`.
    """
    bands = band_confusions(truth, mask, classes=classes, void=void, widths=widths)
    return tuple(metrics(confusion) for confusion in bands)
