"""What an evaluation finds: counts over a whole split, a record for each photo, and all figures that follow.

Figures come from pixel counts alone, which are whole numbers and add up: neither the order of the photos nor how they
are split among several runs changes them (`Tally.merge`). There are no batches: each photo is seen alone, at its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS, boundary_distance, ring_confusions
from fcn_studio.core.judging.ceiling import STRIDES, ceiling_confusion
from fcn_studio.core.judging.metrics import Metrics, metrics
from fcn_studio.core.judging.photo_metrics import BOUNDARY_WIDTH, PhotoMetrics, photo_scores
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.changes import Verdicts, verdicts

Confusion = NDArray[np.int64]
Mask = NDArray[np.uint8]
Step = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Contender:
    """One variant of one checkpoint.

    Attributes:
        key: Short and unique in its evaluation: `8s`, or `8s@checkpoint` where several checkpoints have that variant.
        title: For headings, such as `FCN-8s`.
        variant: Of its checkpoint.
        checkpoint: The checkpoint's name.
        digest: SHA-256 of its file.
        device: Where it ran.
        device_name: The same in words.
        precision: Of its trunk.
    """

    key: str
    title: str
    variant: str
    checkpoint: str
    digest: str
    device: str
    device_name: str
    precision: str


@dataclass(frozen=True, slots=True, eq=False)
class CellCounts:
    """A photo's confusion matrix without its zeros: a few hundred bytes.

    Attributes:
        cells: (n,) int32 truth * classes + predicted, ascending.
        pixels: (n,) int64 how many.
    """

    cells: NDArray[np.int32]
    pixels: NDArray[np.int64]

    def of(self, cell: int) -> int:
        """Pixels of one cell."""
        place = int(np.searchsorted(self.cells, cell))
        return int(self.pixels[place]) if place < len(self.cells) and self.cells[place] == cell else 0


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """A photo's row and its confusions by contender."""

    row: PhotoMetrics
    confusions: Mapping[str, CellCounts]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All that was counted.

    Attributes:
        contenders: Coarsest first.
        labels: The classes that were counted.
        counted: For each class, whether its IU counts in the mean (see `label_match`).
        confusion: By contender, (C, C) pixel counts n_ij: truth i, predicted j.
        bands: By contender, (len(TRIMAP_WIDTHS), C, C) counts in the nested bands around the true boundaries.
        ceiling: By stride, (C, C) counts of the truth against itself on a grid of that stride (`core.ceiling`).
        skips: By (contender, next finer one) what became of the pixels.
        widest: Whom photos are ranked by, from the coarsest to the finest; None where there is but one contender.
        records: In the data set's order.
    """

    contenders: tuple[Contender, ...]
    labels: LabelSet
    counted: tuple[bool, ...]
    confusion: Mapping[str, Confusion]
    bands: Mapping[str, NDArray[np.int64]]
    ceiling: Mapping[int, Confusion]
    skips: Mapping[Step, Verdicts]
    widest: Step | None
    records: tuple[PhotoRecord, ...]

    @cached_property
    def variants(self) -> Mapping[str, Metrics]:
        """By contender, the metrics over all pixels."""
        return {key: metrics(matrix, counted=self.counted) for key, matrix in self.confusion.items()}

    @cached_property
    def boundary(self) -> Mapping[str, tuple[Metrics, ...]]:
        """By contender, the metrics in the band of each of TRIMAP_WIDTHS, narrowest first."""
        return {
            key: tuple(metrics(matrix, counted=self.counted) for matrix in stack) for key, stack in self.bands.items()
        }

    @cached_property
    def ceilings(self) -> Mapping[int, Metrics]:
        """By stride, what the truth itself reaches on a grid of that stride."""
        return {stride: metrics(matrix, counted=self.counted) for stride, matrix in self.ceiling.items()}

    @property
    def photos(self) -> tuple[PhotoMetrics, ...]:
        """A row for each photo, in the data set's order."""
        return tuple(record.row for record in self.records)

    @property
    def keys(self) -> tuple[str, ...]:
        """The contenders' keys, coarsest first."""
        return tuple(contender.key for contender in self.contenders)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The chain of skips and the widest step."""
        chain = tuple(self.skips)
        return chain if self.widest is None or self.widest in chain else (*chain, self.widest)

    def of_stride(self, stride: int) -> tuple[Contender, ...]:
        """Those whose predictions have this stride."""
        return tuple(entry for entry in self.contenders if entry.variant == f"{stride}s")

    @property
    def labelled(self) -> int:
        """Pixels that the truth labels, of all photos."""
        return sum(row.labelled for row in self.photos)

    def worst(self, count: int) -> list[PhotoMetrics]:
        """The photos of lowest mean IU by the last contender, the worst first."""
        last = self.keys[-1]
        known = [row for row in self.photos if not np.isnan(row.variants[last].mean_iu)]
        return sorted(known, key=lambda row: (row.variants[last].mean_iu, row.photo))[:count]

    def gained_most(self, count: int, step: Step | None = None, *, least: int = 1) -> list[PhotoMetrics]:
        """The photos in which a step (by default the widest) sets most pixels right, net, the best first."""
        return self._by_pixels(count, step, 1, least)

    def lost_most(self, count: int, step: Step | None = None, *, least: int = 1) -> list[PhotoMetrics]:
        """The photos in which a step (by default the widest) spoils most pixels, net, the worst first."""
        return self._by_pixels(count, step, -1, least)

    def confused(self, key: str, truth: int, predicted: int, count: int) -> list[tuple[PhotoMetrics, int]]:
        """The photos with most pixels of one class taken for another, and how many, the most first."""
        cell = truth * len(self.labels) + predicted
        found = [(record.row, record.confusions[key].of(cell)) for record in self.records]
        return sorted((pair for pair in found if pair[1]), key=lambda pair: (-pair[1], pair[0].photo))[:count]

    def _by_pixels(self, count: int, step: Step | None, sign: int, least: int) -> list[PhotoMetrics]:
        step = step or self.widest
        if step is None:
            return []
        found = [(sign * row.gain(*step).pixels, row) for row in self.photos]
        return [row for net, row in sorted(found, key=lambda pair: (-pair[0], pair[1].photo)) if net >= least][:count]


@dataclass(eq=False)
class Tally:
    """Counts photos one by one; holds no photo and no mask.

    Attributes:
        contenders: Coarsest first.
        labels: The classes.
        counted: As in `Evaluation`.
        chain: Which steps from contender to contender to follow pixel by pixel.
        widest: As in `Evaluation`.
    """

    contenders: tuple[Contender, ...]
    labels: LabelSet
    counted: tuple[bool, ...]
    chain: tuple[Step, ...]
    widest: Step | None
    _rings: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    _ceiling: dict[int, Confusion] = field(default_factory=dict)
    _skips: dict[Step, Verdicts] = field(default_factory=dict)
    _records: list[PhotoRecord] = field(default_factory=list)

    def add(self, photo: Path, truth: Mask, masks: Mapping[str, Mask]) -> PhotoMetrics:
        """Counts a photo.

        Args:
            photo: Its file.
            truth: (H, W) class indices and void.
            masks: By contender, (H, W) class indices.

        Raises:
            ValueError: Sizes differ, or a mask holds an index that is no class.
        """
        classes, void = len(self.labels), self.labels.void
        distance = boundary_distance(truth, void, limit=TRIMAP_WIDTHS[-1])
        rings = ring_confusions(truth, masks, distance, classes=classes, void=void)
        inner = TRIMAP_WIDTHS.index(BOUNDARY_WIDTH) + 1
        scores, cells = {}, {}
        for key, stack in rings.items():
            whole = stack.sum(axis=0)
            scores[key] = photo_scores(whole, stack[:inner].sum(axis=0), counted=self.counted)
            found = np.flatnonzero(whole)
            cells[key] = CellCounts(found.astype(np.int32), whole.ravel()[found])
            self._add_rings(key, stack)
        for stride in STRIDES:
            self._add_ceiling(stride, ceiling_confusion(truth, stride, classes=classes, void=void))
        for before, after in self.chain:
            change = verdicts(masks[before], masks[after], truth, classes=classes, void=void)
            self._add_skip((before, after), change)
        size, labelled = (truth.shape[0], truth.shape[1]), int(np.count_nonzero(truth != void))
        row = PhotoMetrics(photo, size, labelled, scores)
        self._records.append(PhotoRecord(row, cells))
        return row

    def merge(self, other: Tally) -> None:
        """Adds what another tally of the same contenders counted on other photos."""
        for key, stack in other._rings.items():
            self._add_rings(key, stack)
        for stride, matrix in other._ceiling.items():
            self._add_ceiling(stride, matrix)
        for step, change in other._skips.items():
            self._add_skip(step, change)
        self._records.extend(other._records)

    def result(self) -> Evaluation:
        """The counts so far."""
        classes = len(self.labels)
        empty = np.zeros((len(TRIMAP_WIDTHS) + 1, classes, classes), np.int64)
        rings = {contender.key: self._rings.get(contender.key, empty) for contender in self.contenders}
        return Evaluation(
            contenders=self.contenders,
            labels=self.labels,
            counted=self.counted,
            confusion={key: stack.sum(axis=0) for key, stack in rings.items()},
            bands={key: np.cumsum(stack[:-1], axis=0) for key, stack in rings.items()},
            ceiling={stride: matrix.copy() for stride, matrix in self._ceiling.items()},
            skips={step: self._skips[step] for step in self.chain if step in self._skips},
            widest=self.widest,
            records=tuple(self._records),
        )

    def _add_rings(self, key: str, stack: NDArray[np.int64]) -> None:
        self._rings[key] = self._rings[key] + stack if key in self._rings else stack.copy()

    def _add_ceiling(self, stride: int, matrix: Confusion) -> None:
        self._ceiling[stride] = self._ceiling[stride] + matrix if stride in self._ceiling else matrix.copy()

    def _add_skip(self, step: Step, change: Verdicts) -> None:
        self._skips[step] = self._skips[step] + change if step in self._skips else change
