"""The files by which other tools name the classes of a data set, each by its name.

    labelmap.txt      CVAT, "Segmentation mask 1.1": `name:red,green,blue:parts:actions`
    class_dict.csv    Kaggle's CamVid and others: a table of name, r, g, b; class_dict_seg.csv likewise
    _classes.csv      Roboflow: a table of Pixel Value, Class
    label_colors.txt  CamVid as published: `red green blue name`
    class_names.txt   labelme's labelme2voc: a name a line; likewise classes.txt, and codes.txt of fast.ai's CamVid

The next one is a row of `READERS`. Names such as Void are no class: what they have is the value, or the colour, of
pixels that are not labelled.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fcn_studio.core.datasets.label_file import (
    MAX_BYTES,
    LabelFile,
    own_colours,
    starts_with_background,
)
from fcn_studio.core.datasets.lists import read_text
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import MAX_CLASSES, VOC_VOID_COLOUR, LabelSet

VOID_NAMES = frozenset({"void", "unlabelled", "unlabeled", "ignore", "ignored"})
LONGEST_NAME = 100  # characters; what has longer lines is no list of names
NAME_COLUMNS, VALUE_COLUMNS = ("name", "class", "class name", "label"), ("pixel value", "value", "id", "index")
COLOUR_COLUMNS = (("r", "g", "b"), ("red", "green", "blue"))


@dataclass(frozen=True, slots=True)
class NamedClass:
    """A line of such a file; what it does not say is None."""

    name: str
    colour: tuple[int, int, int] | None = None
    value: int | None = None


def find_class_file(folders: Sequence[Path]) -> Path | None:
    """The first such file of the folders, by the order of the readers; unopened."""
    return next((path for folder in folders for name in READERS if (path := folder / name).is_file()), None)


def read_class_file(path: Path, name: str) -> LabelFile:
    """Names, and colours and values where the file has them.

    Args:
        path: A file that one of the readers knows by its name.
        name: What to call the label set.

    Raises:
        DataError: It cannot be read, or is not what its name says.
    """
    found = READERS[path.name.lower()](read_text(path, MAX_BYTES), path)
    values = [entry.value if entry.value is not None else index for index, entry in enumerate(found)]
    kept = [(entry, value) for entry, value in zip(found, values, strict=True) if not _is_void(entry)]
    classes = tuple(entry.name.strip("_ ") or entry.name for entry, _ in kept)
    if not classes or len(classes) > MAX_CLASSES or any(len(name) > LONGEST_NAME for name in classes):
        raise DataError(f"{path}: not a list of 1 to {MAX_CLASSES} class names, as files of this name are.")
    lower = [name.lower() for name in classes]
    if again := next((name for place, name in enumerate(classes) if lower.index(name.lower()) < place), None):
        raise DataError(f"{path}: two classes are named {again!r}; give each a name of its own.")
    numbers = tuple(value for _, value in kept)
    if len(set(values)) < len(values) or not all(0 <= value <= 255 for value in values):
        raise DataError(f"{path}: each class is to have a value of its own, 0 to 255.")
    void = tuple(value for entry, value in zip(found, values, strict=True) if _is_void(entry))
    colours = tuple(entry.colour for entry, _ in kept if entry.colour is not None)
    has_colours = len(colours) == len(classes)
    void_colours = [entry.colour for entry in found if _is_void(entry) and entry.colour is not None]
    usual = VOC_VOID_COLOUR if starts_with_background(classes) else (0, 0, 0)
    highest = max(void, default=255)
    labels = LabelSet(
        name=name,
        classes=classes,
        colours=colours if has_colours else own_colours(classes),
        void=highest if highest >= len(classes) else 255,
        void_colour=void_colours[0] if void_colours else usual,
        background=0 if starts_with_background(classes) else None,
    )
    encoding = Encoding(None if numbers == tuple(range(len(classes))) else numbers, void)
    return LabelFile(labels, encoding, {"name": name}, path.name, has_colours)


def _is_void(entry: NamedClass) -> bool:
    return entry.name.strip("_ ").lower() in VOID_NAMES


def _lines(text: str) -> list[tuple[int, str]]:
    lines = enumerate(text.splitlines(), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]


def _labelmap(text: str, path: Path) -> list[NamedClass]:
    found = []
    for number, line in _lines(text):
        name, _, rest = line.partition(":")
        found.append(NamedClass(name.strip(), _colour(rest.partition(":")[0].split(","), path, number)))
    return found


def _names(text: str, path: Path) -> list[NamedClass]:
    lines = [line for _, line in _lines(text)]
    numbered = [re.fullmatch(r"(\d{1,3})\s*[:,;\s]\s*(\S.*)", line) for line in lines]
    pairs = [(match[2], int(match[1])) for match in numbered if match]
    if len(pairs) == len(lines):
        return [NamedClass(name, None, value) for name, value in pairs]
    return [NamedClass(line) for line in lines]


def _colours_first(text: str, path: Path) -> list[NamedClass]:
    found = []
    for number, line in _lines(text):
        parts = line.split(None, 3)
        if len(parts) < 4:
            raise DataError(f"{path}, line {number}: not red, green, blue and a name.")
        found.append(NamedClass(parts[3].strip(), _colour(parts[:3], path, number)))
    return found


def _table(text: str, path: Path) -> list[NamedClass]:
    lines = _lines(text)
    rows = [[cell.strip() for cell in row] for row in csv.reader(line for _, line in lines)]
    head = [cell.lower() for cell in rows[0]] if rows else []
    names = [head.index(name) for name in NAME_COLUMNS if name in head]
    if not names:
        raise DataError(f"{path}, line 1: no column of names; one is called {' or '.join(NAME_COLUMNS[:2])}.")
    values = [head.index(name) for name in VALUE_COLUMNS if name in head]
    colours = [[head.index(name) for name in group] for group in COLOUR_COLUMNS if set(group) <= set(head)]
    found = []
    for (number, _), row in zip(lines[1:], rows[1:], strict=True):
        if len(row) < len(head):
            raise DataError(f"{path}, line {number}: {len(row)} columns, where line 1 names {len(head)}.")
        if values and not row[values[0]].isdecimal():
            raise DataError(f"{path}, line {number}: {row[values[0]]!r:.40} is no value of a mask.")
        colour = _colour([row[place] for place in colours[0]], path, number) if colours else None
        found.append(NamedClass(row[names[0]], colour, int(row[values[0]]) if values else None))
    return found


def _colour(parts: Sequence[str], path: Path, line: int) -> tuple[int, int, int]:
    numbers = [int(part) for part in parts if part.strip().isdecimal() and int(part) <= 255]
    if len(parts) != 3 or len(numbers) != 3:
        raise DataError(f"{path}, line {line}: {','.join(parts)!r:.80} is not red, green and blue, 0 to 255.")
    return numbers[0], numbers[1], numbers[2]


READERS: MappingProxyType[str, Callable[[str, Path], list[NamedClass]]] = MappingProxyType(
    {
        "labelmap.txt": _labelmap,
        "class_dict.csv": _table,
        "class_dict_seg.csv": _table,
        "_classes.csv": _table,
        "class_names.txt": _names,
        "classes.txt": _names,
        "codes.txt": _names,
        "label_colors.txt": _colours_first,
    }
)
