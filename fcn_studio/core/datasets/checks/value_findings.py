"""What a check can find in the labels themselves: illegal values, empty masks, classes that are never there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fcn_studio.core.datasets.checks.findings import Finding, Level, counted
from fcn_studio.core.datasets.checks.pair_scan import PairScan, ReadValues, shows_other_colours
from fcn_studio.core.datasets.checks.split_findings import LEARNT_FROM
from fcn_studio.core.datasets.checks.value_hints import (
    holds_indices,
    looks_spoilt,
    mend_binary,
    mend_values,
    named_values,
    proposed_labels,
)
from fcn_studio.core.datasets.label_file import LABEL_FILE
from fcn_studio.core.datasets.masks.palette_reading import ReadBy
from fcn_studio.core.labels import LabelSet

LOOKS = "JPEG-compressed, or resized with interpolation"

_Read = tuple[PairScan, ReadValues]


def value_findings(
    split: str, scans: Sequence[PairScan], read: Sequence[ReadValues], labels: LabelSet
) -> list[Finding]:
    """Values that are no label, and masks that label nothing."""
    wrong = [(scan, values) for scan, values in zip(scans, read, strict=True) if values.illegal]
    found = spoilt_findings(split, [scan for scan, _ in wrong if looks_spoilt(scan, len(labels))], labels)
    numbered: list[_Read] = []
    coloured: list[_Read] = []
    for scan, values in wrong:
        if not looks_spoilt(scan, len(labels)):
            (coloured if scan.is_coloured else numbered).append((scan, values))
    indexed = [(scan, values) for scan, values in numbered if holds_indices(scan, labels)]
    if indexed:
        found.append(_indices([scan for scan, _ in indexed], split))
    rest = [entry for entry in numbered if entry not in indexed]
    found += [_illegal(group, split, labels) for group in (coloured, *_by_cause(rest, labels)) if group]
    sound = [scan for scan, values in zip(scans, read, strict=True) if not values.illegal]
    if binary := _binary(sound, labels):
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


def palette_findings(split: str, scans: Sequence[PairScan], labels: LabelSet, *, has_colours: bool) -> list[Finding]:
    """Indexed masks that are not read by their indices, and those whose palette speaks against reading them so.

    Args:
        split: Its name.
        scans: Of its pairs.
        labels: The classes.
        has_colours: Whether their colours are the data's own, so that others say something.
    """
    found = []
    if by_colour := [scan for scan in scans if scan.read_by is ReadBy.PALETTE]:
        found.append(
            Finding(
                "palette_order",
                Level.NOTE,
                split,
                f"{counted(by_colour, 'mask has', 'masks have')} the colours of {labels.name} in another order of the "
                f"palette, and {'is' if len(by_colour) == 1 else 'are'} read by colour, not by index.",
                "Nothing needs to be done here; programs that go by the indices would read other classes.",
                tuple(scan.example.mask for scan in by_colour),
            )
        )
    if by_level := [scan for scan in scans if scan.read_by is ReadBy.GREY_PALETTE]:
        found.append(
            Finding(
                "grey_palette",
                Level.NOTE,
                split,
                f"{counted(by_level, 'mask has', 'masks have')} a palette of grey levels that are labels, and "
                f"{'is' if len(by_level) == 1 else 'are'} read by these, not by index.",
                "Nothing needs to be done here; programs that go by the indices would read other classes.",
                tuple(scan.example.mask for scan in by_level),
            )
        )
    if others := [scan for scan in scans if has_colours and shows_other_colours(scan, labels)]:
        found.append(
            Finding(
                "other_palette",
                Level.NOTE,
                split,
                f"{counted(others, 'mask has a palette', 'masks have palettes')} of other colours than those of "
                f"{labels.name}, and {'is' if len(others) == 1 else 'are'} read by index.",
                f"Make sure that the indices are those of the classes (0 is {labels.classes[0]}), or save the masks in "
                f"the set's colours.",
                tuple(scan.example.mask for scan in others),
            )
        )
    return found


def counting_notes(notes: Sequence[str]) -> list[Finding]:
    """How the values of the masks are read, where that had to be decided."""
    found = []
    for note in notes:
        what, _, mend = note.partition("; ")
        found.append(Finding("counting", Level.NOTE, "", f"{what}.", mend[:1].upper() + mend[1:]))
    return found


def spoilt_findings(split: str, spoilt: Sequence[PairScan], labels: LabelSet | None) -> list[Finding]:
    """Masks whose labels JPEG or interpolation mixed, however many files show it."""
    if not spoilt:
        return []
    first = max(spoilt, key=lambda scan: scan.distinct)
    how = "JPEG-compressed" if all(scan.lossy for scan in spoilt) else LOOKS
    what = "colours" if first.is_coloured else "values"
    classes = f", where {labels.name} has {counted(labels.classes, 'class', 'classes')}" if labels else ""
    return [
        Finding(
            "spoilt_mask",
            Level.PROBLEM,
            split,
            f"{counted(spoilt, 'mask looks', 'masks look')} {how}: {first.example.mask.name} holds {first.distinct} "
            f"distinct {what}{classes}.",
            "JPEG and interpolation mix neighbouring labels: export the masks again as PNG, and resize masks by "
            "nearest neighbour only.",
            tuple(scan.example.mask for scan in spoilt),
        )
    ]


def _indices(scans: Sequence[PairScan], split: str) -> Finding:
    values = list(scans[0].example.encoding.values or ())
    held = sorted({value for scan in scans for value in scan.values or {}})
    return Finding(
        "indices_not_values",
        Level.PROBLEM,
        split,
        f"{counted(scans, 'mask holds', 'masks hold')} the class indices {named_values(held, coloured=False)}, where "
        f'the values {named_values(values, coloured=False)} are read ("values" in {LABEL_FILE}).',
        f"Write the values {named_values(values, coloured=False)} into these masks, or, if all masks are to hold class "
        f'indices, take "values" out of {LABEL_FILE}.',
        tuple(scan.example.mask for scan in scans),
    )


def _by_cause(bad: Sequence[_Read], labels: LabelSet) -> list[list[_Read]]:
    """Apart: masks that are one above the last class only, where few others would hide what that means."""
    above = [entry for entry in bad if set(entry[1].illegal) == {len(labels)}]
    others = [entry for entry in bad if entry not in above]
    return [above, others] if len(others) < len(above) else [list(bad)]


def _illegal(bad: Sequence[_Read], split: str, labels: LabelSet) -> Finding:
    coloured = bad[0][0].is_coloured
    files_of = Counter(value for _, values in bad for value in values.illegal)
    what = ("colour", "colours") if coloured else ("value", "values")
    return Finding(
        "illegal_values",
        Level.PROBLEM,
        split,
        f"{counted(bad, 'mask holds', 'masks hold')} {what[len(files_of) > 1]} "
        f"{named_values(list(files_of), coloured=coloured)}, neither a class of {labels.name} nor void.",
        mend_values([scan for scan, _ in bad], sorted(files_of), labels),
        tuple(scan.example.mask for scan, _ in bad),
    )


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
    """That no label set is known, with one that fits what the masks hold, but for those that are spoilt."""
    numbers: Counter[int] = Counter()
    colours: Counter[int] = Counter()
    for scan in scans:
        if looks_spoilt(scan, 0):
            continue
        (colours if scan.is_coloured else numbers).update(scan.values or {})
    seen = [
        f"{kind} {named_values(list(values), coloured=coloured)}"
        for kind, values, coloured in (("values", numbers, False), ("colours", colours, True))
        if values
    ]
    if not seen:
        named = f"Mend the masks first; then name the classes in {LABEL_FILE}, or name a built-in set with --labels."
    else:
        named = (
            f"Write {LABEL_FILE} into the folder, with your names in place of these: "
            f"{proposed_labels(folder.resolve().name, numbers, colours)}, or name a built-in set with --labels."
        )
    return Finding(
        "no_labels",
        Level.PROBLEM,
        "",
        f"Nothing says what the classes are; the masks hold {' and '.join(seen) or 'nothing to tell them by'}.",
        named,
    )
