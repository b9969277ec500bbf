"""`labels.json`: the classes of one's own data set, in one's own words.

    {"name": "cracks", "classes": ["background", "crack"]}

Optional: `"colours": [[0, 0, 0], [255, 0, 0]]`; `"void": 255`, the value of unlabelled pixels, or a list of such values
(with `"void": 0` the classes' values are 1, 2, ...); `"values": [0, 255]`, each class's value where they are not
0, 1, ...; `"source"` and `"licence"` of the data. A built-in set needs its name alone: `{"name": "camvid"}`.
Where files lie and how masks are named is said there too: `core.datasets.arrangement`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcn_studio import paths
from fcn_studio.core.datasets.arrangement import EXAMPLES
from fcn_studio.core.datasets.lists import read_text
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import (
    MAX_CLASSES,
    VOC_VOID_COLOUR,
    LabelSet,
    built_in_label_sets,
    counted_classes,
    read_data_card,
    voc_colour,
)

LABEL_FILE = "labels.json"
EXAMPLE = '{"name": "cracks", "classes": ["background", "crack"]}'
KEYS = ("name", "classes", "colours", "void", "void_colour", "values", "background", "source", "licence", *EXAMPLES)
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What a `labels.json` says.

    Attributes:
        labels: The label set; its void lies above the classes, whatever it is in the files.
        encoding: What the values of the files stand for, or None where only a built-in set is named.
        card: name, and source and licence where they are known.
        source: The file's name, or what was named in its place.
        has_colours: Whether the colours are the data's own, rather than given to it here.
    """

    labels: LabelSet
    encoding: Encoding | None
    card: Mapping[str, Any]
    source: str = LABEL_FILE
    has_colours: bool = False


def read_label_file(path: Path) -> LabelFile:
    """Reads the classes of a `labels.json`.

    Raises:
        DataError: It cannot be read or is malformed; the sentence names the key, or the line.
    """
    content = read_content(path)
    try:
        return _label_file(content, path)
    except DataError as error:
        raise error if str(path) in str(error) else DataError(f"{path}: {error}") from error


def read_content(path: Path) -> dict[str, Any]:
    """Reads the keys and values of a `labels.json`, all of them known ones.

    Raises:
        DataError: It cannot be read, is no JSON, or has a key that is not known.
    """
    try:
        content = json.loads(read_text(path, MAX_BYTES))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}); it looks like {EXAMPLE}."
        ) from error
    except RecursionError as error:
        raise DataError(f"{path}: nested too deep; it looks like {EXAMPLE}.") from error
    if isinstance(content, list):
        content = {"classes": content}
    if not isinstance(content, dict):
        raise DataError(f"{path}: not a label set; it looks like {EXAMPLE}.")
    content = {("colours" if key == "colors" else key): value for key, value in content.items()}
    if unknown := sorted(set(content) - set(KEYS)):
        raise DataError(f"{path}: no key {unknown[0]!r} is known; there are {', '.join(KEYS)}.")
    return content


def _label_file(content: Mapping[str, Any], path: Path) -> LabelFile:
    name = content.get("name", path.parent.name or "labels")
    if not isinstance(name, str):
        raise DataError(f"{path}: name is to be a text, not {name!r}.")
    card = {key: str(content[key]) for key in ("source", "licence") if key in content}
    if "classes" not in content:
        labels, known = _built_in(name, path)
        return LabelFile(labels, _encoding(content, path, labels.classes), {**known, **card}, path.name, True)
    classes = _texts(content["classes"], path)
    encoding = _encoding(content, path, classes) or Encoding(None, ())
    void = max(encoding.void or (), default=255)
    labels = LabelSet(
        name=name,
        classes=classes,
        colours=_colours(content["colours"], path) if "colours" in content else own_colours(classes),
        # Arrays of training hold class indices, so that their void may need another value than the files'.
        void=void if void >= len(classes) else 255,
        void_colour=_void_colour(content, path, classes),
        background=_background(content, path, classes),
    )
    return LabelFile(labels, encoding, {"name": name, **card}, path.name, "colours" in content)


def _built_in(name: str, path: Path) -> tuple[LabelSet, Mapping[str, Any]]:
    known = built_in_label_sets()
    if name not in known:
        raise DataError(
            f"{path}: no classes are given, and {name!r} is none of the built-in sets {', '.join(known)}; "
            f"it looks like {EXAMPLE}."
        )
    return known[name], read_data_card(paths.resources() / "labels" / f"{name}.toml")


def _encoding(content: Mapping[str, Any], path: Path, classes: tuple[str, ...]) -> Encoding | None:
    """What void and values say, or None where there is neither."""
    if "void" not in content and "values" not in content:
        return None
    count = len(classes)
    given = content.get("void", [])
    void = _numbers(given if isinstance(given, list) else [given], "void", path)
    values = _numbers(content["values"], "values", path) if "values" in content else None
    if values is None and void == (0,):
        values = tuple(range(1, count + 1))
    if values is not None and (len(values) != count or len(set(values)) != count):
        raise DataError(
            f"{path}: values is to give each of the {counted_classes(count)} its own value, not {list(values)}."
        )
    if both := [value for value in void if value in (values if values is not None else range(count))]:
        raise DataError(f"{path}: void {both[0]} is the value of a class too; choose another, such as 255.")
    return Encoding(values, void)


def _texts(value: object, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) and name.strip() for name in value):
        raise DataError(
            f'{path}: classes is to be a list of names, such as ["background", "crack"], not {value!r:.80}.'
        )
    names = tuple(name.strip() for name in value)
    for index, name in enumerate(names):
        if name.lower() in [other.lower() for other in names[:index]]:
            raise DataError(f"{path}: two classes are named {name!r}; give each a name of its own.")
    if len(names) > MAX_CLASSES:
        raise DataError(f"{path}: {len(names)} classes; a mask of 8 bits can hold {MAX_CLASSES} and void.")
    return names


def _colours(value: object, path: Path) -> tuple[tuple[int, int, int], ...]:
    if not isinstance(value, list):
        raise DataError(f"{path}: colours is to be a list of [red, green, blue], one for each class.")
    return tuple(_colour(colour, "colours", path) for colour in value)


def _colour(value: object, key: str, path: Path) -> tuple[int, int, int]:
    numbers = _numbers(value, key, path)
    if len(numbers) != 3:
        raise DataError(f"{path}: {key} holds {value!r:.80}, which is not [red, green, blue].")
    return numbers[0], numbers[1], numbers[2]


def _numbers(value: object, key: str, path: Path) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise DataError(f"{path}: {key} is to be a list of numbers, not {value!r:.80}.")
    return tuple(_number(entry, key, path) for entry in value)


def _number(value: object, key: str, path: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 255:
        raise DataError(f"{path}: {key} holds {value!r:.80}, which is no whole number of 0 to 255.")
    return value


def own_colours(classes: tuple[str, ...]) -> tuple[tuple[int, int, int], ...]:
    """A colour for each class of a set that names none: those of VOC's map."""
    first = 0 if starts_with_background(classes) else 1  # black is for background or void
    return tuple(voc_colour(index + first) for index in range(len(classes)))


def starts_with_background(classes: tuple[str, ...]) -> bool:
    """Whether the first class is what is no thing."""
    return classes[0].lower() == "background"


def _void_colour(content: Mapping[str, Any], path: Path, classes: tuple[str, ...]) -> tuple[int, int, int]:
    if "void_colour" in content:
        return _colour(content["void_colour"], "void_colour", path)
    return VOC_VOID_COLOUR if starts_with_background(classes) else (0, 0, 0)


def _background(content: Mapping[str, Any], path: Path, classes: tuple[str, ...]) -> int | None:
    given = content.get("background", 0 if starts_with_background(classes) else None)
    if given is None:
        return None
    index = _number(given, "background", path)
    if index >= len(classes):
        raise DataError(f"{path}: background is class {index}, of {counted_classes(len(classes))} from 0 on.")
    return index
