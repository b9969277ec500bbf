"""What a check can find in the labels themselves: illegal values, empty masks, classes that are never there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fcn_studio.core.datasets.findings import Finding, Level, counted
from fcn_studio.core.datasets.label_file import LABEL_FILE
from fcn_studio.core.datasets.pair_scan import PairScan, ReadValues
from fcn_studio.core.datasets.value_hints import mend_binary, mend_values, named_values, proposed_labels
from fcn_studio.core.labels import LabelSet

LEARNT_FROM = frozenset({"train", "trainval", "trainaug", "all"})


def value_findings(
    split: str, scans: Sequence[PairScan], read: Sequence[ReadValues], labels: LabelSet
) -> list[Finding]:
    """Values that are no label, and masks that label nothing."""
    found = []
    for coloured in (False, True):
        bad = [
            (scan, values)
            for scan, values in zip(scans, read, strict=True)
            if values.illegal and scan.is_coloured is coloured
        ]
        if bad:
            files_of = Counter(value for _, values in bad for value in values.illegal)
            what = ("colour", "colours") if coloured else ("value", "values")
            found.append(
                Finding(
                    "illegal_values",
                    Level.PROBLEM,
                    split,
                    f"{counted(bad, 'mask holds', 'masks hold')} {what[len(files_of) > 1]} "
                    f"{named_values(list(files_of), coloured=coloured)}, neither a class of {labels.name} "
                    f"nor void.",
                    mend_values([scan for scan, _ in bad], sorted(files_of), labels),
                    tuple(scan.example.mask for scan, _ in bad),
                )
            )
    binary = _binary(scans, labels)
    if binary and not found:
        message = f"{counted(binary, 'mask holds', 'masks hold')} 0 and 255 only."
        files = tuple(scan.example.mask for scan in binary)
        found.append(Finding("binary_255", Level.PROBLEM, split, message, mend_binary(labels), files))
    void = [
        scan.example.mask
        for scan, values in zip(scans, read, strict=True)
        if values.void and not values.illegal and not values.classes.any()
    ]
    if void:
        found.append(
            Finding(
                "all_void",
                Level.PROBLEM,
                split,
                f"{counted(void, 'mask labels', 'masks label')} nothing: every pixel is void.",
                "Label them, or take them and their photos out.",
                tuple(void),
            )
        )
    return found


def _binary(scans: Sequence[PairScan], labels: LabelSet) -> list[PairScan]:
    """The masks of 0 and 255, where no mask of a two-class set holds anything else."""
    numbered = [scan for scan in scans if scan.values is not None and not scan.is_coloured]
    present = {value for scan in numbered for value in scan.values or {}}
    # Where the data set says that 255 is a class, it is one.
    said = any(scan.example.encoding.values and 255 in scan.example.encoding.values for scan in numbered)
    if len(labels) != 2 or present != {0, 255} or said:
        return []
    return [scan for scan in numbered if 255 in (scan.values or {})]


def class_findings(split: str, class_photos: Sequence[int], labels: LabelSet) -> list[Finding]:
    """Classes that a split never shows: nothing to learn from in train, nothing to measure in val."""
    never = [name for name, photos in zip(labels.classes, class_photos, strict=True) if not photos]
    if not never or len(never) == len(labels):
        return []
    learnt = split in LEARNT_FROM
    some = ", ".join(never[:10]) + (f" and {len(never) - 10} more" if len(never) > 10 else "")
    return [
        Finding(
            "class_never_occurs",
            Level.PROBLEM if learnt else Level.NOTE,
            split,
            f"{counted(never, 'class never occurs', 'classes never occur')}: {some}.",
            f"A net cannot learn {'it' if len(never) == 1 else 'them'} from this split: add photos that show it, "
            f"or take it out of {LABEL_FILE}; check that --labels names the right set."
            if learnt
            else "Its IU cannot be measured here; move photos that show it into this split.",
        )
    ]


def nothing_to_read_by(folder: Path, scans: Sequence[PairScan]) -> Finding:
    """That no label set is known, with one that fits what the masks hold."""
    numbers: Counter[int] = Counter()
    colours: Counter[int] = Counter()
    for scan in scans:
        (colours if scan.is_coloured else numbers).update(scan.values or {})
    seen = [
        f"{kind} {named_values(list(values), coloured=coloured)}"
        for kind, values, coloured in (("values", numbers, False), ("colours", colours, True))
        if values
    ]
    return Finding(
        "no_labels",
        Level.PROBLEM,
        "",
        f"Nothing says what the classes are; the masks hold {' and '.join(seen) or 'nothing that can be read'}.",
        f"Write {LABEL_FILE} into the folder, with your names in place of these: "
        f"{proposed_labels(folder.resolve().name, numbers, colours)}, or name a built-in set with --labels.",
    )
