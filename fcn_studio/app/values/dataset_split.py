"""A data set folder as the window opens it: its splits, and the photos of one of them with their masks."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.app.values.jobs import Photo
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.checks.findings import how_to_pair
from fcn_studio.core.datasets.dataset import Dataset, Example, open_dataset
from fcn_studio.core.datasets.mask_names import FOLDER_ENDINGS
from fcn_studio.core.datasets.splits import SPLIT_NAMES
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet

FIRST = "val"  # shown first where there is one: what a checkpoint was not trained on


@dataclass(frozen=True, slots=True, eq=False)
class DatasetSplit:
    """The photos of a split, and which others there are.

    Attributes:
        folder: The data set's.
        split: Its name.
        splits: All names, in the data set's order.
        photos: In natural order (img2 before img10).
        examples: Photo and mask files of each, in the same order; None for a photo that has no mask.
        problems: A sentence for each of those; empty for the others.
        labels: The classes of the masks, or None where the folder does not say.
        notes: Sentences about how files were found and masks are read, where it is worth knowing.
    """

    folder: Path
    split: str
    splits: tuple[str, ...]
    photos: tuple[Photo, ...]
    examples: tuple[Example | None, ...]
    problems: tuple[str, ...]
    labels: LabelSet | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to call the data set."""
        return self.folder.resolve().name


def find_split(folder: Path, split: str = "", *, cancel: CancelToken) -> DatasetSplit | None:
    """The split of a data set folder, or None for a folder that is none.

    Args:
        folder: A data set, or the photos of one of its splits (`val/` beside `valannot/`).
        split: Which; empty for the one to show first.
        cancel: Asked at every photo.

    Raises:
        DataError: It is a data set, but this split cannot be listed.
        Cancelled: `cancel` was set.
    """
    found = _opened(folder)
    name = folder.resolve().name
    if found is None and any((folder.resolve().parent / f"{name}{ending}").is_dir() for ending in FOLDER_ENDINGS):
        found, split = _opened(folder.resolve().parent), SPLIT_NAMES.get(name.lower(), name)
    if found is None or (split and split not in found.splits) or not found.splits:
        return None
    chosen = split or (FIRST if FIRST in found.splits else found.splits[0])
    listing = found.listing(chosen)
    examples: dict[Path, Example | None] = {example.photo: example for example in listing.pairs}
    examples.update(dict.fromkeys(listing.photos_alone))
    if not examples:
        raise DataError(f"{listing.photo_folder}: no images for the split {chosen!r}.")
    rows: dict[Path, tuple[Photo, Example | None, str]] = {}
    for path in sorted(examples, key=_natural):
        cancel.check()
        photo, example = Photo.from_path(path), examples[path]
        problem = "" if example is not None else f"{path.name}: there is no mask of this name in {listing.mask_folder}."
        rows.setdefault(photo.resolved or path, (photo, example, problem))  # one file by two names is one photo
    photos, kept, problems = zip(*rows.values(), strict=True)
    notes = listing.notes if listing.pairs or not listing.masks_alone else (*listing.notes, how_to_pair(listing))
    notes = (*notes, *found.reading_notes(chosen))
    short = tuple(note.replace(f"{found.folder}{os.sep}", "") for note in notes)
    return DatasetSplit(found.folder, chosen, found.splits, photos, kept, problems, found.labels, short)


def _opened(folder: Path) -> Dataset | None:
    try:
        return open_dataset(folder)
    except DataError:
        return None


def _natural(path: Path) -> tuple[list[str | int], str]:
    """Sorts runs of digits by their number; text and numbers alternate, so like is compared with like."""
    pieces = re.split(r"(\d+)", str(path).casefold())
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)], str(path)
