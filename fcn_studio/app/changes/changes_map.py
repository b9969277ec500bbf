"""The maps of the Changes view: what each needs, and its answer, computed from a trace without Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fcn_studio.app.values.appearance import clear_index
from fcn_studio.app.values.jobs import Mask, Truth
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.names import PUBLISHED, SCORE_LAYERS, VARIANTS, layers_of
from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS, band_confusions, boundary_distance
from fcn_studio.core.judging.ceiling import stride_ceiling
from fcn_studio.core.judging.metrics import confusion_matrix, metrics
from fcn_studio.core.maps.answers import decider, tipping_point
from fcn_studio.core.maps.changes import Verdicts, ranked_transitions, verdict_map, verdicts
from fcn_studio.core.maps.gain_pad import GAINS, PAD_SKIPS, gain_surface, sampling_step
from fcn_studio.core.trace.trace import CHUNK, Trace

GAIN_STEPS = 250  # codes for gains from 0 to 1 in a tipping map
NEVER = 255  # its code for pixels that no gain below 1 tips


class Kind(StrEnum):
    """What a map answers."""

    CHANGES = "changes"
    BOUNDARIES = "boundaries"
    VERDICTS = "verdicts"
    DECIDER = "decider"
    TIPPING = "tipping"
    TRIMAP = "trimap"
    GAINS = "gains"


@dataclass(frozen=True, slots=True)
class MapId:
    """One entry of the view.

    Attributes:
        kind: What it answers.
        first: The older variant, or the skip of a tipping map; empty where there is nothing to choose.
        second: The newer variant.
    """

    kind: Kind
    first: str = ""
    second: str = ""


def maps_of(variants: Sequence[str]) -> tuple[MapId, ...]:
    """The entries for a net of these variants; those of coarser ones are there too, and lack something."""
    names = VARIANTS[: max([len(PUBLISHED), *(VARIANTS.index(name) + 1 for name in variants if name in VARIANTS)])]
    return (
        *(MapId(Kind.CHANGES, *pair) for pair in (*pairwise(names), (names[0], names[-1]))),
        MapId(Kind.BOUNDARIES),
        MapId(Kind.DECIDER),
        *(MapId(Kind.TIPPING, layer) for layer in layers_of(names[-1])[1:]),
        *(MapId(Kind.VERDICTS, *pair) for pair in pairwise(names)),
        MapId(Kind.TRIMAP),
        MapId(Kind.GAINS),
    )


MAPS = maps_of(PUBLISHED)


class Lack(StrEnum):
    """Why a map cannot be shown."""

    VARIANT = "variant"
    SKIP = "skip"
    TRUTH = "truth"


def lack(which: MapId, trace: Trace, truth: Truth | None) -> Lack | None:
    """What is missing for a map; None if nothing is. A ground truth of other classes counts as none."""
    if which.second and not {which.first, which.second} <= set(trace.variants):
        return Lack.VARIANT
    skips = layers_of(trace.variants[-1])[1:]
    needed = {Kind.DECIDER: SCORE_LAYERS[1:2], Kind.TIPPING: (which.first,), Kind.GAINS: PAD_SKIPS}
    if not set(needed.get(which.kind, ())) <= set(skips):
        return Lack.SKIP
    if which.kind in (Kind.VERDICTS, Kind.TRIMAP, Kind.GAINS) and (truth is None or not truth.is_of(trace.labels)):
        return Lack.TRUTH
    return None


@dataclass(frozen=True, slots=True, eq=False)
class ClassChanges:
    """Where two masks differ.

    Attributes:
        before: (H, W) of the older variant.
        after: (H, W) of the newer one.
        codes: (H, W) `after` where they differ, else `clear_index`.
        ranked: (class before, class after, pixels), most pixels first.
    """

    before: Mask
    after: Mask
    codes: Mask
    ranked: Sequence[tuple[int, int, int]]

    @property
    def changed(self) -> int:
        """Pixels."""
        return sum(pixels for _, _, pixels in self.ranked)


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """(H, W) codes of a single transition."""

    codes: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """(H, W) masks by panel kind, in the order in which their boundaries are drawn."""

    masks: Mapping[str, Mask]
    void: int


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """(H, W) `Verdict` codes and their counts."""

    codes: Mask
    counts: Verdicts


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """(H, W) index of the deciding layer, and each layer's share of the pixels, which sum to 1."""

    codes: Mask
    layers: tuple[str, ...]
    shares: tuple[float, ...]
    variant: str


@dataclass(frozen=True, slots=True, eq=False)
class Tipped:
    """(H, W) gain codes, as `gain_codes` has them.

    Attributes:
        codes: The map.
        share: Of the pixels that some gain below 1 tips, 0 to 1.
        median: Of their gains; nan where there are none.
        variant: Whose class it is.
    """

    codes: Mask
    share: float
    median: float
    variant: str


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The trimap curves and the stride ceilings; all mean IU, 0 to 1.

    Attributes:
        widths: Of the bands, pixels on each side.
        curves: By variant, one value for each width; nan where the truth has no boundary.
        reached: By variant, on the whole photo.
        ceilings: (stride, variant, best possible) of the variants that the net has.
    """

    widths: tuple[int, ...]
    curves: Mapping[str, tuple[float, ...]]
    reached: Mapping[str, float]
    ceilings: Sequence[tuple[int, str, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Mean IU over the gains of both skips.

    Attributes:
        gains: Of rows (score_pool4) and columns (score_pool3).
        mean_iu: (n, n), 0 to 1.
        step: Every so many rows and columns of the photo were counted.
    """

    gains: tuple[float, ...]
    mean_iu: NDArray[np.float64]
    step: int


Found = ClassChanges | Outlined | Judged | Decided | Tipped | Curves | Surface


def answer(which: MapId, trace: Trace, truth: Truth | None, cancel: CancelToken) -> Found:
    """The answer of one map, for a background thread; `lack` must be None for it."""
    match which.kind:
        case Kind.CHANGES:
            return _changes(trace, which)
        case Kind.BOUNDARIES:
            return _outlined(trace, truth if truth is not None and truth.is_of(trace.labels) else None)
        case Kind.DECIDER:
            return _decided(trace, cancel)
        case Kind.TIPPING:
            return _tipped(trace, which.first, cancel)
    if truth is None:
        raise ValueError(f"{which.kind} needs a ground truth")
    match which.kind:
        case Kind.VERDICTS:
            return _judged(trace, which, truth)
        case Kind.TRIMAP:
            return _curves(trace, truth, cancel)
    return Surface(GAINS, gain_surface(trace, truth.mask, cancel=cancel), sampling_step(trace.size))


def select(found: ClassChanges, old: int, new: int, clear: int) -> Selected:
    """Only the pixels that went from one class to the other."""
    return Selected(np.where((found.before == old) & (found.after == new), found.after, np.uint8(clear)))


def gain_codes(gains: NDArray[np.float32]) -> Mask:
    """Gains from 0 to below 1 as 0 to GAIN_STEPS - 1, rounded down; NaN as NEVER."""
    steps = np.nan_to_num(gains * GAIN_STEPS, nan=NEVER)
    return np.where(np.isnan(gains), np.uint8(NEVER), np.minimum(steps, GAIN_STEPS - 1).astype(np.uint8))


def _changes(trace: Trace, which: MapId) -> ClassChanges:
    before, after = trace.mask(which.first), trace.mask(which.second)
    codes = np.where(before != after, after, np.uint8(clear_index(trace.labels)))
    return ClassChanges(before, after, codes, ranked_transitions(before, after, len(trace.labels)))


def _outlined(trace: Trace, truth: Truth | None) -> Outlined:
    masks = {"truth": truth.mask} if truth is not None else {}
    return Outlined({**masks, **{variant: trace.mask(variant) for variant in trace.variants}}, trace.labels.void)


def _judged(trace: Trace, which: MapId, truth: Truth) -> Judged:
    before, after = trace.mask(which.first), trace.mask(which.second)
    void = trace.labels.void
    counts = verdicts(before, after, truth.mask, classes=len(trace.labels), void=void)
    return Judged(verdict_map(before, after, truth.mask, void=void), counts)


def _decided(trace: Trace, cancel: CancelToken) -> Decided:
    variant = trace.variants[-1]
    codes, layers = decider(trace, variant, cancel=cancel), layers_of(variant)
    shares = tuple(float(count) / codes.size for count in _counts(codes)[: len(layers)])
    return Decided(codes, layers, shares, variant)


def _tipped(trace: Trace, layer: str, cancel: CancelToken) -> Tipped:
    gains = tipping_point(trace, layer, cancel=cancel)
    tipping = gains[~np.isnan(gains)]
    median = float(np.median(tipping)) if tipping.size else float("nan")
    return Tipped(gain_codes(gains), tipping.size / gains.size, median, trace.variants[-1])


def _curves(trace: Trace, truth: Truth, cancel: CancelToken) -> Curves:
    classes, void = len(trace.labels), trace.labels.void
    distance = boundary_distance(truth.mask, void, limit=TRIMAP_WIDTHS[-1])
    curves, reached = {}, {}
    for variant in trace.variants:
        cancel.check()
        mask = trace.mask(variant)
        bands = band_confusions(truth.mask, mask, classes=classes, void=void, distance=distance)
        curves[variant] = tuple(metrics(band).mean_iu for band in bands)
        reached[variant] = metrics(confusion_matrix(truth.mask, mask, classes=classes, void=void)).mean_iu
    ceilings = []
    for found in trace.graph.exits if trace.fuses_scores else ():
        cancel.check()
        stride = found.by.stride
        ceilings.append((stride, found.variant, stride_ceiling(truth.mask, stride, classes=classes, void=void).mean_iu))
    return Curves(TRIMAP_WIDTHS, curves, reached, ceilings)


def _counts(codes: Mask) -> NDArray[np.int64]:
    counts = np.zeros(256, dtype=np.int64)
    flat = codes.ravel()
    for start in range(0, flat.size, CHUNK):
        counts += np.bincount(flat[start : start + CHUNK], minlength=256)
    return counts
