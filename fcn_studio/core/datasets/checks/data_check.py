"""Checks a data set before training: what is missing or wrong, how to mend it, and how often each class occurs.

Every problem is found in one run; a file that cannot be read is a finding and stops nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.checks.findings import (
    Finding,
    Level,
    listing_findings,
    pair_findings,
    unlisted_findings,
)
from fcn_studio.core.datasets.checks.pair_scan import PairScan, ReadValues, Size, read_values, scan_pair, understood
from fcn_studio.core.datasets.checks.split_findings import missing_splits, shared_photos, undivided
from fcn_studio.core.datasets.checks.value_findings import (
    class_findings,
    counting_notes,
    nothing_to_read_by,
    palette_findings,
    spoilt_findings,
    value_findings,
)
from fcn_studio.core.datasets.checks.value_hints import looks_spoilt
from fcn_studio.core.datasets.dataset import Dataset
from fcn_studio.core.datasets.layouts.layout import Example, Listing
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet

__all__ = ["DataReport", "Finding", "Level", "SplitReport", "check_dataset"]

# Where masks are read by the wrong values, a class that seems never to occur may well do.
MISREAD = frozenset({"illegal_values", "indices_not_values", "binary_255"})
MOST_THREADS = 8  # Pillow decodes outside Python's lock; each thread holds a photo


@dataclass(frozen=True, slots=True)
class SplitReport:
    """The figures of a split, over the masks that could be read.

    Attributes:
        name: Of the split.
        photos: That have a mask.
        class_pixels: Labelled pixels of each class; empty where no label set is known.
        class_photos: Photos that each class occurs in, likewise.
        void_pixels: Unlabelled pixels.
        smallest: (width, height) of the photo of the fewest pixels, or None where none could be read.
        largest: Of that of the most.
    """

    name: str
    photos: int
    class_pixels: tuple[int, ...]
    class_photos: tuple[int, ...]
    void_pixels: int
    smallest: Size | None
    largest: Size | None

    @property
    def class_shares(self) -> tuple[float, ...]:
        """Each class's share of the labelled pixels, 0 to 1; all 0 where none is labelled."""
        labelled = sum(self.class_pixels)
        return tuple(pixels / labelled if labelled else 0.0 for pixels in self.class_pixels)


@dataclass(frozen=True, slots=True)
class DataReport:
    """All that a check found.

    Attributes:
        folder: Of the data set.
        layout: Its name.
        labels: The label set that masks were read by, or None.
        splits: Figures of each split that was checked.
        findings: Problems first, then notes.
    """

    folder: Path
    layout: str
    labels: LabelSet | None
    splits: tuple[SplitReport, ...]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether there are no problems; notes may be there."""
        return all(finding.level is not Level.PROBLEM for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; files by their path below the folder."""
        classes = self.labels.classes if self.labels else ()
        return {
            "folder": str(self.folder),
            "layout": self.layout,
            "labels": self.labels.name if self.labels else None,
            "classes": list(classes),
            "clean": self.clean,
            "splits": {
                split.name: {
                    "photos": split.photos,
                    "smallest": split.smallest,
                    "largest": split.largest,
                    "void_pixels": split.void_pixels,
                    "class_pixels": dict(zip(classes, split.class_pixels, strict=True)),
                    "class_photos": dict(zip(classes, split.class_photos, strict=True)),
                    "class_shares": dict(zip(classes, split.class_shares, strict=True)),
                }
                for split in self.splits
            },
            "findings": [finding.to_dict(self.folder) for finding in self.findings],
        }


def check_dataset(
    dataset: Dataset,
    *,
    splits: Sequence[str] | None = None,
    on_pair: Callable[[int, int], None] = lambda done, total: None,
    cancel: CancelToken | None = None,
) -> DataReport:
    """Opens every pair of the splits once and tells all that is wrong.

    Args:
        dataset: What to check.
        splits: Which to check; all by default.
        on_pair: Hears (pairs done, pairs in all).
        cancel: Asked between two pairs.

    Raises:
        DataError: A split of `splits` is not there.
        Cancelled: `cancel` was set.
    """
    if unknown := [name for name in splits or () if name not in dataset.splits]:
        dataset.listing(unknown[0])  # raises with what there is, unless the name is another one of a split's
    findings: list[Finding] = []
    listings: dict[str, Listing] = {}
    for name in splits or dataset.splits:
        try:
            listing = dataset.listing(name)
        except DataError as error:
            if splits:
                raise
            findings.append(Finding("unreadable_split", Level.PROBLEM, name, str(error), "Mend the file or folder."))
            continue
        listings[name] = listing
        findings += listing_findings(name, listing)
    if not splits and (whole := dataset.whole()):
        findings += unlisted_findings(whole, list(listings.values()))
    known = dataset.labels
    scans = {key: understood(scan, known) for key, scan in _scan(listings, on_pair, cancel or CancelToken()).items()}
    findings += counting_notes(dataset.notes)
    if known is None and scans:
        findings.append(nothing_to_read_by(dataset.folder, list(scans.values())))
    reports = []
    by_split: dict[str, list[PairScan]] = {}
    for name, listing in listings.items():
        mine = by_split[name] = [scans[example.photo, example.mask] for example in listing.pairs]
        findings += pair_findings(name, mine)
        read = [read_values(scan, known, scan.example.encoding) for scan in mine] if known else []
        report = _split_report(name, mine, read, known)
        reports.append(report)
        if known:
            wrong = value_findings(name, mine, read, known)
            findings += [*wrong, *palette_findings(name, mine, known, has_colours=dataset.has_colours)]
            if all(finding.kind not in MISREAD for finding in wrong):
                findings += class_findings(name, report.class_photos, known)
        else:
            findings += spoilt_findings(name, [scan for scan in mine if looks_spoilt(scan, 0)], None)
    lists = {name: listing.list_path for name, listing in listings.items()}
    findings += shared_photos(by_split, lists)
    if not splits and dataset.only_split:
        findings.append(undivided(dataset.only_split))
    elif not splits:
        findings += missing_splits(dataset.splits, lists)
    findings.sort(key=lambda finding: finding.level is not Level.PROBLEM)
    # Files are named as seen from the data set's folder, which the report names once.
    here = f"{dataset.folder}{os.sep}"
    short = (replace(finding, message=finding.message.replace(here, "")) for finding in findings)
    return DataReport(dataset.folder, dataset.layout, known, tuple(reports), tuple(short))


def _scan(
    listings: Mapping[str, Listing], on_pair: Callable[[int, int], None], cancel: CancelToken
) -> dict[tuple[Path, Path], PairScan]:
    # Splits such as VOC's trainval hold the pairs of others, which are opened once.
    pairs = {(pair.photo, pair.mask): pair for listing in listings.values() for pair in listing.pairs}

    def scan(example: Example) -> PairScan:
        cancel.check()
        return scan_pair(example)

    found: dict[tuple[Path, Path], PairScan] = {}
    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1))
    try:
        for done, (key, result) in enumerate(zip(pairs, pool.map(scan, pairs.values()), strict=True), start=1):
            found[key] = result
            on_pair(done, len(pairs))
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def _split_report(
    name: str, scans: Sequence[PairScan], read: Sequence[ReadValues], labels: LabelSet | None
) -> SplitReport:
    sizes = sorted((scan.photo_size for scan in scans if scan.photo_size), key=lambda size: (size[0] * size[1], size))
    count = len(labels) if labels else 0
    pixels, photos = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for values in read:
        pixels += values.classes
        photos += values.classes > 0
    return SplitReport(
        name=name,
        photos=len(scans),
        class_pixels=tuple(pixels.tolist()),
        class_photos=tuple(photos.tolist()),
        void_pixels=sum(values.void for values in read),
        smallest=sizes[0] if sizes else None,
        largest=sizes[-1] if sizes else None,
    )
