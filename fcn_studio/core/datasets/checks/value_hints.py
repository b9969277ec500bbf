"""What wrong values of masks look like, and how to mend them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from fcn_studio.core.datasets.checks.pair_scan import FEWEST_SCATTERED, PairScan
from fcn_studio.core.datasets.label_file import LABEL_FILE
from fcn_studio.core.datasets.masks.encoding import ALSO_VOID
from fcn_studio.core.datasets.masks.palette_reading import rgb
from fcn_studio.core.labels import LabelSet, counted_classes, label_sets_of_size

MOST_WRITTEN = 40  # classes of a labels.json that is written out; more are hardly an annotator's, or a screenful
MANY = 64  # distinct values beyond the classes, which compression or interpolation gives and no annotator
NAMED = 8


def named_values(values: Sequence[int], *, coloured: bool) -> str:
    """Values as a person writes them: `12, 13 and 4 more`, or colours; long runs as `1..12`."""
    ordered = sorted(values)
    if coloured:
        names = [str(rgb(value)) for value in ordered[:NAMED]]
    elif len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{ordered[0]}..{ordered[-1]}"
    else:
        names = [str(value) for value in ordered[:NAMED]]
    more = len(ordered) - len(names)
    return f"{', '.join(names)} and {more} more" if more else ", ".join(names)


def looks_spoilt(scan: PairScan, classes: int) -> bool:
    """Whether JPEG or interpolation mixed a mask's labels; asked of masks that hold illegal values.

    Args:
        scan: The mask.
        classes: How many there are, or 0 where that is not known.
    """
    if scan.lossy:
        return scan.distinct > 2  # one label, or two that JPEG left as they were, mislead nobody
    # Blends lie along edges, so that hardly any has 2x2 pixels of its own.
    blends = scan.scattered >= FEWEST_SCATTERED and 2 * scan.scattered >= scan.distinct
    return blends or scan.distinct > classes + MANY


def holds_indices(scan: PairScan, labels: LabelSet) -> bool:
    """Whether a mask holds class indices although its classes are said to have other values."""
    values = scan.example.encoding.values
    held = set(scan.values or {}) - set(scan.example.encoding.void or ()) - {ALSO_VOID}
    return values is not None and held <= set(range(len(labels)))


def mend_values(scans: Sequence[PairScan], illegal: Sequence[int], labels: LabelSet) -> str:
    """How to mend illegal values.

    Args:
        scans: The masks of one kind (numbers or colours) that hold some.
        illegal: The values that are neither a class nor void.
        labels: The label set that they do not fit.
    """
    count = len(labels)
    present = {value for scan in scans for value in scan.values or {}}
    if scans[0].is_coloured:
        return (
            f'Write the colours that the masks use into {LABEL_FILE} as "colours", in the order of its classes, '
            "or save the masks as greyscale PNGs of class indices."
        )
    numbers = present - {255}
    shift = f'add "void": 0 to {LABEL_FILE}, which makes 1 the first class and 0 unlabelled, or subtract 1'
    if illegal == [count] and 0 not in numbers:
        return f"Values {min(numbers)}..{count} look as if they began at 1: {shift}."
    if illegal == [count]:
        return (
            f'Value {count} is one above the last class. If it means unlabelled, add "void": {count} to {LABEL_FILE}; '
            f"if it is a class, name it there; if 0 means unlabelled, {shift}."
        )
    if count == 2 and len(numbers) <= 2:
        values = sorted(present)
        return f'Write 0 and 1, or add "values": {values} to {LABEL_FILE}, the value of each class.'
    top = max(value for value in numbers)
    others = [other.name for other in label_sets_of_size(top + 1)]
    named = f" (the built-in set{'s' * (len(others) > 1)} {', '.join(others)} would fit: --labels)" if others else ""
    return (
        f"The masks hold values to {top}, but {labels.name} has {counted_classes(count)}, 0..{count - 1}{named}: name "
        f'the missing classes in {LABEL_FILE}, or give each class its value there as "values".'
    )


def mend_binary(labels: LabelSet) -> str:
    """How to mend a two-class set whose second class is written as 255."""
    return (
        f"0 and 255 in a two-class set: 255 means void, so that {labels.classes[1]} never occurs. Write 0 and 1, or "
        f'add "values": [0, 255] to {LABEL_FILE}.'
    )


def proposed_labels(name: str, numbers: Mapping[int, int], colours: Mapping[int, int]) -> str:
    """A labels.json for values that were found where no label set is known.

    Args:
        name: Of the data set.
        numbers: Pixels by value of the indexed masks.
        colours: Pixels by 0xRRGGBB of the coloured ones.
    """
    if colours and not numbers:
        kept = sorted(colours)
        if len(kept) > MOST_WRITTEN:
            return _sketch(name, len(kept), "colours", [list(rgb(code)) for code in kept[:2]])
        content: dict[str, object] = {"name": name, "classes": _numbered(len(kept))}
        return json.dumps(content | {"colours": [list(rgb(code)) for code in kept]})
    if set(numbers) <= {0, 255} and 255 in numbers:
        return json.dumps({"name": name, "classes": ["background", "foreground"], "values": [0, 255]})
    held = sorted(value for value in numbers if 0 <= value < ALSO_VOID)
    count = max(held, default=0) + 1
    if count <= MOST_WRITTEN and count <= 2 * max(len(held), 1):
        return json.dumps({"name": name, "classes": _numbered(count)})
    if len(held) > MOST_WRITTEN:
        return _sketch(name, len(held), "values", held[:2])
    return json.dumps({"name": name, "classes": _numbered(len(held)), "values": held})


def _numbered(count: int) -> list[str]:
    return [f"class {index}" for index in range(count)]


def _sketch(name: str, count: int, key: str, first: Sequence[object]) -> str:
    """The beginning of a file that would be too long to read."""
    some = ", ".join(map(str, first))
    return (
        f'{{"name": {json.dumps(name)}, "classes": ["class 0", "class 1", ...], "{key}": [{some}, ...]}}, '
        f"and so on for the {count} {key} that the masks hold"
    )
