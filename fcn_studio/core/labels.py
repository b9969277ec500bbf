"""Label sets: the names and colours of a data set's classes, and its void label."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcn_studio import paths
from fcn_studio.core.errors import DataError

VOC_VOID_COLOUR = (224, 224, 192)  # that the VOC development kit's map has at 255
MAX_CLASSES = 255  # a mask is uint8, and one value must stay free for void
NUMBERED = "numbered-"  # the start of a label set's name whose classes are nothing but numbers
BINARY = "background-foreground"
MOST_CLASSES = 8192  # of a classifier, whose masks show those alone that are most present


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
        guessed: Whether a net that names no classes got these for their number alone. Sets are equal all the same.
    """

    name: str
    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    void: int = 255
    void_colour: tuple[int, int, int] = (0, 0, 0)
    background: int | None = None
    guessed: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.classes) <= MOST_CLASSES:
            raise DataError(
                f"Label set {self.name!r} has {counted_classes(len(self.classes))}; 1 to {MOST_CLASSES} can be read."
            )
        if len(self.colours) != len(self.classes):
            raise DataError(
                f"Label set {self.name!r} names {counted_classes(len(self.classes))} but {len(self.colours)} colours."
            )
        if any(not 0 <= v <= 255 for colour in (*self.colours, self.void_colour) for v in colour):
            raise DataError(f"Label set {self.name!r} has a colour value outside 0 to 255.")
        if self.fits_masks and (len(self.classes) > self.void or self.void > 255):
            raise DataError(
                f"Label set {self.name!r}: void {self.void} must lie above the class indices and below 256."
            )

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def is_named(self) -> bool:
        """Whether the names tell what the net was trained on: they are neither guessed nor mere places."""
        return not (self.guessed or self.name.startswith(NUMBERED) or self.name == BINARY)

    @property
    def title(self) -> str:
        """Such as `camvid`, or `camvid, guessed`."""
        return f"{self.name}, guessed" if self.guessed else self.name

    @property
    def fits_masks(self) -> bool:
        """Whether a mask has a value for every class; a classifier of 1000 classes has too many."""
        return len(self.classes) <= MAX_CLASSES

    def index(self, class_name: str) -> int:
        """The mask index of a class, found by name whatever its case."""
        for index, name in enumerate(self.classes):
            if name.lower() == class_name.lower():
                return index
        raise DataError(f"No class {class_name!r} in {self.name}; it has {', '.join(self.classes)}.")

    def palette(self) -> NDArray[np.uint8]:
        """The (256, 3) uint8 colour table of masks: the classes (the first 255), then void at its own index."""
        table = np.zeros((256, 3), dtype=np.uint8)
        table[: min(len(self.colours), MAX_CLASSES)] = self.colours[:MAX_CLASSES]
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
            "guessed": self.guessed,
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
                guessed=values.get("guessed") is True,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"This label set is malformed ({error!r}); see resources/labels for examples.") from error


def guess_sentence(checkpoint: str, labels: LabelSet) -> str:
    """That a checkpoint's classes are named for their number alone; empty where they are not."""
    if not labels.guessed:
        return ""
    return (
        f"{checkpoint} names no classes: those of {labels.name} are guessed, for there are {len(labels)} too; "
        "`fcn-studio weights import --labels` names them."
    )


def counted_classes(count: int) -> str:
    """`1 class` or `21 classes`."""
    return "1 class" if count == 1 else f"{count} classes"


def built_in_label_sets() -> Mapping[str, LabelSet]:
    """The label sets that come with the program, by name, in the order of their names.

    Raises:
        DataError: A file of resources/labels is damaged.
    """
    found = (read_label_set(path) for path in (paths.resources() / "labels").glob("*.toml"))
    return {labels.name: labels for labels in sorted(found, key=lambda labels: labels.name)}


def label_sets_of_size(classes: int) -> tuple[LabelSet, ...]:
    """The built-in label sets of just so many classes; several may fit, or none.

    A count says nothing of the order: nets of 59 channels, for one, are PASCAL-Context's classes in more orders than
    one, so that no set is offered for them.
    """
    return tuple(labels for labels in built_in_label_sets().values() if len(labels) == classes)


def numbered_label_set(classes: int) -> LabelSet:
    """A set for channels whose meaning is not known: `class 0` and on, none of them background.

    Class i has colour i + 1 of the VOC development kit's colour map, so that void keeps black to itself where a mask
    can hold all classes; colours of more repeat.

    Raises:
        DataError: Not 1 to MOST_CLASSES.
    """
    return LabelSet(
        name=f"{NUMBERED}{classes}",
        classes=tuple(f"class {index}" for index in range(classes)),
        colours=tuple(voc_colour(index + 1) for index in range(classes)),
    )


def binary_label_set() -> LabelSet:
    """Background and foreground: of a net with one output that names no classes."""
    return LabelSet(
        name=BINARY,
        classes=("background", "foreground"),
        colours=(voc_colour(0), voc_colour(1)),
        void_colour=VOC_VOID_COLOUR,
        background=0,
    )


def voc_colour(index: int) -> tuple[int, int, int]:
    """(R, G, B) of an index of 0 to 255 in the colour map of the PASCAL VOC development kit (VOCcolormap.m).

    Bits 0, 1, 2 of the index are the highest bits of red, green, blue, bits 3, 4, 5 the next ones, and so on.
    """
    red, green, blue = (sum((index >> 3 * step + channel & 1) << 7 - step for step in range(3)) for channel in range(3))
    return red, green, blue


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
