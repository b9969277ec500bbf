"""What a layout says of a folder: its splits, the pairs of each, and what does not pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.datasets.masks.encoding import INDICES, Encoding

SPLIT_ORDER = ("train", "val", "trainval", "trainaug", "test", "all")


@dataclass(frozen=True, slots=True)
class Example:
    """A photo's file and its mask's.

    Attributes:
        photo: An image file.
        mask: An image file, or a MATLAB one.
        encoding: What the mask's values stand for.
    """

    photo: Path
    mask: Path
    encoding: Encoding = INDICES


@dataclass(frozen=True, slots=True)
class Listing:
    """What a split holds, whole or not; nothing has been opened.

    Attributes:
        pairs: Photos with their masks, by name.
        photos_alone: Photos that have no mask.
        masks_alone: Masks that have no photo.
        same_name: Groups of photos, or of masks, that differ in their suffixes only; the first of each is taken.
        missing: Sentences about names of a list that has no file for them, with the line.
        repeated: Photos that a list names more than once, each with its lines from 1.
        list_path: The list that names the split, or None where none does.
        photo_folder: Where photos were looked for.
        mask_folder: Where masks were looked for, and by what names.
        mask_folders: The folders that hold nothing but masks.
        notes: Sentences about how files were found, where it is worth knowing.
    """

    pairs: tuple[Example, ...]
    photos_alone: tuple[Path, ...] = ()
    masks_alone: tuple[Path, ...] = ()
    same_name: tuple[tuple[Path, ...], ...] = ()
    missing: tuple[str, ...] = ()
    repeated: tuple[tuple[Path, tuple[int, ...]], ...] = ()
    list_path: Path | None = None
    photo_folder: str = ""
    mask_folder: str = ""
    mask_folders: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty_list(self) -> bool:
        """Whether a list was read that names nothing."""
        return self.list_path is not None and not (self.pairs or self.photos_alone or self.missing)


@dataclass(frozen=True, slots=True)
class Found:
    """A folder as a layout reads it.

    Attributes:
        splits: By name, what lists the split; called when it is asked for.
        label_set: Name of the built-in label set that goes with the layout, or None where the files decide.
        unlabelled: By name, why a split that is there has no labels to measure by.
        whole: What lists all files, where the splits are lists that are meant to name each of them.
    """

    splits: Mapping[str, Callable[[], Listing]]
    label_set: str | None = None
    unlabelled: Mapping[str, str] | None = None
    whole: Callable[[], Listing] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A way of arranging files.

    Attributes:
        name: Such as `voc`.
        looks_like: The folders that tell it, in a few words.
        recognise: The folder as this layout reads it, or None where it is another's.
    """

    name: str
    looks_like: str
    recognise: Callable[[Path], Found | None]


def ordered(splits: Mapping[str, Callable[[], Listing]]) -> dict[str, Callable[[], Listing]]:
    """The splits, train and val first."""
    places = {name: place for place, name in enumerate(SPLIT_ORDER)}
    return dict(sorted(splits.items(), key=lambda item: (places.get(item[0], len(places)), item[0])))
