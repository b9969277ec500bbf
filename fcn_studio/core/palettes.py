"""Palettes: other colours for a label set's classes, colour-blind-safe ones and those of a file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.errors import DataError
from fcn_studio.core.files import whole_file
from fcn_studio.core.labels import LabelSet

Colour = tuple[int, int, int]

PALETTES = ("dataset", "okabe-ito", "tol")

# Okabe & Ito, "Color Universal Design" (2008), jfly.uni-koeln.de/color; black is put last, as void is often black.
OKABE_ITO: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (0, 0, 0),
)

# Paul Tol, "Colour Schemes", technical note SRON/EPS/TN/09-002, scheme "muted" with its pale grey.
TOL_MUTED: tuple[Colour, ...] = (
    (204, 102, 119),
    (51, 34, 136),
    (221, 204, 119),
    (17, 119, 51),
    (136, 204, 238),
    (136, 34, 85),
    (68, 170, 153),
    (153, 153, 51),
    (170, 68, 153),
    (221, 221, 221),
)

MIN_DISTANCE = 10.0  # in CIELAB (CIE 1976), between any two colours of the two colour-blind-safe palettes
LEVELS = 16  # of each channel, among the colours that an extension chooses from

MAX_BYTES = 1_000_000  # of a palette file
MOST_NAMED = 10  # unknown class names in one error


def palette_colours(name: str, labels: LabelSet) -> tuple[Colour, ...]:
    """One (R, G, B) for each class, 0 to 255.

    `okabe-ito` and `tol` give the published colours to the classes in their order; further classes get the colour
    that is farthest in CIELAB from all before it, which is sure to help normal vision only. Background keeps its own
    colour, and a published colour that can hardly be told from background's or void's is passed over; so all colours,
    these two included, lie at least MIN_DISTANCE apart (if background and void do).

    Args:
        name: One of PALETTES.
        labels: Whose classes; `dataset` stands for its own colours.

    Raises:
        ValueError: No such palette.
    """
    if name == "dataset":
        return labels.colours
    if name == "okabe-ito":
        published = OKABE_ITO
    elif name == "tol":
        published = TOL_MUTED
    else:
        raise ValueError(f"no palette {name!r}; there are {', '.join(PALETTES)}")
    background = labels.background
    if background is None:
        return _extended(published, (labels.void_colour,), len(labels))
    own = labels.colours[background]
    chosen = _extended(published, (own, labels.void_colour), len(labels) - 1)
    return (*chosen[:background], own, *chosen[background:])


@lru_cache(maxsize=16)
def _extended(published: tuple[Colour, ...], taken: tuple[Colour, ...], count: int) -> tuple[Colour, ...]:
    """`count` colours, the published ones first, all of them apart from those taken."""
    levels = np.rint(np.linspace(0, 255, LEVELS)).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    candidates = np.concatenate([np.array(published, np.uint8), grid])
    lab = _cielab(candidates)
    nearest = np.full(len(candidates), np.inf)
    for place in _cielab(np.array(taken, np.uint8)):
        nearest = np.minimum(nearest, _distances(lab, place))
    chosen: list[int] = []
    for index in range(len(published)):
        if len(chosen) < count and nearest[index] >= MIN_DISTANCE:
            chosen.append(index)
            nearest = np.minimum(nearest, _distances(lab, lab[index]))
    while len(chosen) < count:
        index = int(nearest.argmax())
        chosen.append(index)
        nearest = np.minimum(nearest, _distances(lab, lab[index]))
    return tuple((int(red), int(green), int(blue)) for red, green, blue in candidates[chosen].tolist())


def _distances(lab: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.sqrt(np.square(lab - place).sum(axis=1))
    return distances


def _cielab(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, 3) sRGB of 0 to 255 to (N, 3) CIELAB under D65."""
    encoded = colours / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    relative = linear @ (to_xyz / to_xyz.sum(axis=1, keepdims=True)).T
    curve = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = curve.T
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
    return lab.round(4)  # ties are broken alike on every machine


def with_colours(labels: LabelSet, colours: Sequence[Colour]) -> LabelSet:
    """The same classes in other colours.

    Raises:
        DataError: Not one colour for each class, or a value outside 0 to 255.
    """
    return replace(labels, colours=tuple(colours))


def read_palette(path: Path, labels: LabelSet) -> tuple[Colour, ...]:
    """The colours that a palette file gives to the classes; those it leaves out keep theirs.

    `.toml` and `.json` files map class names, whatever their case, to "#rrggbb" or [r, g, b]. `.gpl` files (GIMP)
    list colours in the order of the classes; colours beyond the last class are passed over.

    Raises:
        DataError: The file cannot be read, is over MAX_BYTES, is no palette, or names an unknown class.
    """
    kind = path.suffix.lower()
    if kind not in (".toml", ".json", ".gpl"):
        raise DataError(f"{path}: a palette is a .toml, .json or .gpl file; choose one of these.")
    text = _read_text(path)
    if kind == ".gpl":
        listed = _gimp_colours(path, text)[: len(labels)]
        return (*listed, *labels.colours[len(listed) :])
    try:
        entries: Any = tomllib.loads(text) if kind == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a palette ({error}); mend the file or choose another one.") from error
    if not isinstance(entries, dict):
        raise DataError(f'{path}: not a palette; it must map class names to colours such as "#8000ff".')
    places = {name.lower(): index for index, name in reversed(list(enumerate(labels.classes)))}
    places |= {name: index for index, name in reversed(list(enumerate(labels.classes)))}
    colours = list(labels.colours)
    unknown = []
    for name, value in entries.items():
        index = places.get(name, places.get(name.lower()))
        if index is None:
            unknown.append(name)
        else:
            colours[index] = _colour(path, name, value)
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        raise DataError(
            f"{path}: {labels.name} has no class {', '.join(unknown[:MOST_NAMED])}{more}; "
            f"its classes are {', '.join(labels.classes)}."
        )
    return tuple(colours)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: the palette cannot be read ({error.strerror}); choose another file.") from error
    if len(data) > MAX_BYTES:
        raise DataError(f"{path}: over {MAX_BYTES // 1_000_000} MB, too large for a palette; choose another file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a palette (no UTF-8 text); choose another file.") from error


def _colour(path: Path, name: str, value: object) -> Colour:
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)
    if isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value):
        return value[0], value[1], value[2]
    raise DataError(f'{path}: the colour of {name} is neither "#rrggbb" nor [r, g, b] with values 0 to 255; mend it.')


def _gimp_colours(path: Path, text: str) -> tuple[Colour, ...]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != "GIMP Palette":
        raise DataError(f"{path}: not a GIMP palette; its first line must be 'GIMP Palette'.")
    colours = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.lstrip().startswith("#") or re.match(r"\s*[A-Za-z]+:", line):
            continue
        found = re.match(r"\s*([0-9]{1,3})\s+([0-9]{1,3})\s+([0-9]{1,3})(\s|$)", line)
        values = [int(value) for value in found.groups()[:3]] if found else [256]
        if max(values) > 255:
            raise DataError(f"{path}: line {number} is no colour of three values 0 to 255; mend it.")
        colours.append((values[0], values[1], values[2]))
    if not colours:
        raise DataError(f"{path}: this palette has no colours; choose another file.")
    return tuple(colours)


def save_palette(path: Path, labels: LabelSet) -> None:
    """The classes' colours to a TOML file that `read_palette` reads.

    Raises:
        OutputError: The file cannot be written.
    """
    colours = dict(zip(labels.classes, labels.colours, strict=True))
    lines = [f"# Colours of the classes of {_quoted(labels.name)}"]
    lines += [f'{_quoted(name)} = "#{red:02x}{green:02x}{blue:02x}"' for name, (red, green, blue) in colours.items()]
    with whole_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's, which wants DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
