"""Label sets: the names and colours of a data set's classes, and its void label."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.errors import DataError

MAX_CLASSES = 255  # a mask is uint8, and one value must stay free for void


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Names and colours of the classes that a mask's indices stand for.

    Attributes:
        name: The data set's short name, such as `camvid`.
        classes: Class names; a class's index in masks is its place here.
        colours: One (R, G, B) for each class, 0 to 255.
        void: Mask value of unlabelled pixels, left out of loss and metrics.
        void_colour: (R, G, B) that void is drawn in.
        background: Index of a class that means "nothing here" and is left transparent over a photo, or
            None where every class is a real one (CamVid's class 0 is Sky).
    """

    name: str
    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    void: int = 255
    void_colour: tuple[int, int, int] = (0, 0, 0)
    background: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.classes) <= MAX_CLASSES:
            raise DataError(
                f"Label set {self.name!r} has {len(self.classes)} classes; 1 to {MAX_CLASSES} can be shown."
            )
        if len(self.colours) != len(self.classes):
            raise DataError(
                f"Label set {self.name!r} names {len(self.classes)} classes but {len(self.colours)} colours."
            )
        if any(not 0 <= v <= 255 for colour in (*self.colours, self.void_colour) for v in colour):
            raise DataError(f"Label set {self.name!r} has a colour value outside 0 to 255.")
        if len(self.classes) > self.void or self.void > 255:
            raise DataError(
                f"Label set {self.name!r}: void {self.void} must lie above the class indices and below 256."
            )

    def __len__(self) -> int:
        return len(self.classes)

    def index(self, class_name: str) -> int:
        """The mask index of a class, found by name whatever its case."""
        for index, name in enumerate(self.classes):
            if name.lower() == class_name.lower():
                return index
        raise DataError(f"No class {class_name!r} in {self.name}; it has {', '.join(self.classes)}.")

    def palette(self) -> NDArray[np.uint8]:
        """The (256, 3) uint8 colour table of masks: the classes, then void at its own index."""
        table = np.zeros((256, 3), dtype=np.uint8)
        table[: len(self.colours)] = self.colours
        table[self.void] = self.void_colour
        return table

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as checkpoints and JSON sidecars hold them."""
        return {
            "name": self.name,
            "classes": list(self.classes),
            "colours": [list(colour) for colour in self.colours],
            "void": self.void,
            "void_colour": list(self.void_colour),
            "background": self.background,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LabelSet:
        """The label set that `to_dict` wrote.

        Raises:
            DataError: A key is missing or a value is of the wrong kind.
        """
        try:
            return cls(
                name=str(values["name"]),
                classes=tuple(str(name) for name in values["classes"]),
                colours=tuple(_colour(colour) for colour in values["colours"]),
                void=int(values.get("void", 255)),
                void_colour=_colour(values.get("void_colour", (0, 0, 0))),
                background=None if values.get("background") is None else int(values["background"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"This label set is malformed ({error!r}); see resources/labels for examples.") from error


def _colour(values: Sequence[Any]) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in values)
    return red, green, blue


def read_label_set(path: Path) -> LabelSet:
    """Reads a label set from a TOML file such as those in resources/labels.

    Raises:
        DataError: The file cannot be read or is no label set.
    """
    try:
        return LabelSet.from_dict(_read_toml(path))
    except DataError as error:
        raise error if str(path) in str(error) else DataError(f"{path}: {error}") from error


def read_data_card(path: Path) -> dict[str, Any]:
    """The `[data]` table of a label set's file: name, source and licence of the data, for checkpoints' cards."""
    card: dict[str, Any] = _read_toml(path).get("data", {})
    return card


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: the label set cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a TOML label set ({error}).") from error
