"""Which mask goes with which photo in two folders, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.datasets.common_ending import common_rule
from fcn_studio.core.datasets.file_names import Finder, Names
from fcn_studio.core.datasets.layouts.label_studio import by_tasks
from fcn_studio.core.datasets.layouts.layout import Example, Listing
from fcn_studio.core.datasets.mask_names import MASK_ENDINGS
from fcn_studio.core.datasets.masks.encoding import INDICES, Encoding
from fcn_studio.core.datasets.masks.mat_file import MAT_SUFFIX
from fcn_studio.core.images.image_formats import SUFFIXES

MASK_SUFFIXES = SUFFIXES | {MAT_SUFFIX}


@dataclass(frozen=True, slots=True)
class Matched:
    """The masks of photos.

    Attributes:
        masks: By the photo's name, its mask.
        alone: Masks of no photo; those of an ending that is not the one in use are none.
        notes: By what rule they were found, where it is not the photo's own name.
    """

    masks: Mapping[str, Path]
    alone: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def matched(photos: Names, masks: Sequence[Names], *, ending: str | None = None) -> Matched:
    """Each photo's mask: of its name, or that and `_mask` or `_gt`; else by the one rule that most masks follow.

    Args:
        photos: All of them.
        masks: Where masks are; the first that has one counts.
        ending: What is added to a photo's name in its mask's, where that was said; no other is tried then.
    """
    finders = [Finder(place) for place in masks]
    endings = ("", *MASK_ENDINGS) if ending is None else (ending,)
    found = {name: mask for name in photos.files if (mask := _of_ending(name, finders, endings))}
    used = set(found.values())
    spare = {
        name: files[0]
        for place in masks
        for name, files in place.files.items()
        if files[0] not in used and name.endswith(ending or "")
    }
    alone = [name for name in photos.files if name not in found]
    rule = None
    if alone and spare and ending is None:
        beside = [photos.folder.parent, *(place.folder for place in masks)]
        rule = common_rule(alone, list(spare)) or by_tasks(photos, list(spare), beside)
    if rule is None or len(rule.mates) <= len(found):
        return Matched(found, tuple(spare.values()))
    photo, mate = next(iter(rule.mates.items()))
    note = f"Masks are paired by {rule.says}: {spare[mate].name} goes with {photos.files[photo][0].name}."
    if rule.others:
        note += (
            f' There are masks of {" and of ".join(rule.others)} too; if those are meant, write "ending" into '
            f'labels.json, such as "ending": "{rule.others[0]}".'
        )
    known = rule.passed_over.union(rule.mates.values())
    return Matched(
        {**found, **{name: spare[own] for name, own in rule.mates.items()}},
        tuple(file for name, file in spare.items() if name not in known),
        (note,),
    )


def pair(photos: Names, masks: Sequence[Names], *, encoding: Encoding = INDICES, ending: str | None = None) -> Listing:
    """Each photo with its mask, as `matched` finds it.

    Args:
        photos: Of a split.
        masks: Where masks are; the first that has one counts.
        encoding: Of the masks.
        ending: What is added to a photo's name in its mask's, where that was said.
    """
    found = matched(photos, masks, ending=ending)
    groups = [files for names in (photos, *masks) for files in names.files.values() if len(files) > 1]
    return Listing(
        pairs=tuple(
            Example(files[0], found.masks[name], encoding)
            for name, files in photos.files.items()
            if name in found.masks
        ),
        photos_alone=tuple(files[0] for name, files in photos.files.items() if name not in found.masks),
        masks_alone=found.alone,
        same_name=tuple(groups),
        photo_folder=str(photos.folder),
        mask_folder=places(masks),
        mask_folders=tuple(names.folder for names in masks if names.folder != photos.folder),
        notes=found.notes,
    )


def places(masks: Sequence[Names]) -> str:
    """Where masks were looked for, in words."""
    return " or ".join(str(names.folder) for names in masks)


def _of_ending(name: str, masks: Sequence[Finder], endings: Sequence[str]) -> Path | None:
    return next((file for place in masks for ending in endings if (file := place.file(name + ending))), None)
