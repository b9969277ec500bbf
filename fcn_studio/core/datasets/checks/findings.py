"""What a check of a data set can find: what is wrong, which files show it, and how to mend it.

Here is what concerns files; what concerns their labels is in `value_findings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from fcn_studio.core.datasets.checks.pair_scan import PairScan
from fcn_studio.core.datasets.common_ending import TASK
from fcn_studio.core.datasets.layouts.layout import Listing
from fcn_studio.core.datasets.masks.size_words import TURN_TOO

# Of the photos' colours, so many times as much explained, and so much more, as chance hardly gives.
SURELY, CLEARLY = 1.1, 0.01


class Level(Enum):
    """How much a finding matters."""

    PROBLEM = "problem"  # training or measuring would fail, or give wrong figures
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes:
        kind: A word for scripts, such as `size_mismatch`.
        level: Problem or note.
        split: Where, or empty.
        message: What is wrong, a sentence.
        mend: What to do.
        files: All files that show it.
    """

    kind: str
    level: Level
    split: str
    message: str
    mend: str
    files: tuple[Path, ...] = ()

    def to_dict(self, folder: Path) -> dict[str, Any]:
        """Plain values; files by their path below the folder."""
        return {
            "kind": self.kind,
            "level": self.level.value,
            "split": self.split,
            "message": self.message,
            "mend": self.mend,
            "files": [below(path, folder) for path in self.files],
        }


def below(path: Path, folder: Path) -> str:
    """A path as seen from the data set's folder."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def listing_findings(split: str, listing: Listing) -> list[Finding]:
    """What does not pair up."""
    found = []
    if listing.is_empty_list:
        found.append(
            Finding(
                "empty_list",
                Level.PROBLEM,
                split,
                f"{listing.list_path} is empty, so that {split} has no photos.",
                "Write the names of its photos into it, one a line, or remove the list.",
            )
        )
    elif not listing.pairs and not listing.missing:
        found.append(
            Finding(
                "no_pairs",
                Level.PROBLEM,
                split,
                f"No photo has a mask: looked in {listing.photo_folder} and {listing.mask_folder}.",
                how_to_pair(listing),
            )
        )
    if alone := listing.photos_alone:
        found.append(
            Finding(
                "photo_without_mask",
                Level.PROBLEM,
                split,
                f"{counted(alone, 'photo has', 'photos have')} no mask of the same name in {listing.mask_folder}.",
                f"Add the masks ({alone[0].stem}.png), or take these photos out.",
                alone,
            )
        )
    if alone := listing.masks_alone:
        found.append(
            Finding(
                "mask_without_photo",
                Level.PROBLEM,
                split,
                f"{counted(alone, 'mask has', 'masks have')} no photo of the same name in {listing.photo_folder}.",
                "Add the photos, or take these masks out; a mask is named like its photo, or that and _mask or _gt.",
                alone,
            )
        )
    for group in listing.same_name:
        found.append(
            Finding(
                "same_name",
                Level.PROBLEM,
                split,
                f"{len(group)} files share the name {group[0].stem}, so that only {group[0].name} is read.",
                "Keep one of them, or rename the others.",
                group,
            )
        )
    if missing := listing.missing:
        others = counted(missing[1:], "other name has", "other names have")
        more = f" ({others} none either)" if len(missing) > 1 else ""
        found.append(
            Finding(
                "listed_without_photo",
                Level.PROBLEM,
                split,
                missing[0].removesuffix(".") + more + ".",
                "Put the photos there, or take the lines out of the list.",
            )
        )
    found += [Finding("how_found", Level.NOTE, split, note, "Nothing, if that is right.") for note in listing.notes]
    if repeated := listing.repeated:
        photo, lines = repeated[0]
        numbers = f"{', '.join(map(str, lines[:-1]))} and {lines[-1]}"
        more = f", and {len(repeated) - 1} more" if len(repeated) > 1 else ""
        found.append(
            Finding(
                "listed_twice",
                Level.NOTE,
                split,
                f"{listing.list_path} names {counted(repeated, 'photo', 'photos')} more than once: {photo.name} in "
                f"lines {numbers}{more}.",
                "Keep one line of each, unless it is to count more.",
                tuple(photo for photo, _ in repeated),
            )
        )
    return found


def how_to_pair(listing: Listing) -> str:
    """What to do about photos and masks of which none go together by their names."""
    photos, masks = Path(listing.photo_folder).name, Path(listing.mask_folder).name
    in_lists = f"write both into train.txt and val.txt, a line for each pair: {photos}/PHOTO.jpg {masks}/ITS-MASK.png"
    if listing.masks_alone and TASK.match(listing.masks_alone[0].name):
        return (
            "These are Label Studio's names, which tell the task and not the photo. Export the project as JSON too and "
            f"put that file beside the folders: it says which photo a task shows. Or {in_lists}. A photo has one mask: "
            "if it has one for each tag, merge them first."
        )
    return (
        'Give each mask the name of its photo (a.jpg and a.png), or say what it has after it in labels.json ("ending": '
        f'"_x"), or {in_lists}.'
    )


def unlisted_findings(whole: Listing, listings: Sequence[Listing]) -> list[Finding]:
    """What lies in a folder whose splits are lists, and is in none of them."""
    left_over = replace(whole, photos_alone=(), missing=())
    found = [finding for finding in listing_findings("", left_over) if finding.kind != "no_pairs"]
    listed = {example.photo for listing in listings for example in listing.pairs}
    if unlisted := tuple(example.photo for example in whole.pairs if example.photo not in listed):
        found.append(
            Finding(
                "in_no_list",
                Level.NOTE,
                "",
                f"{counted(unlisted, 'photo with its mask is', 'photos with their masks are')} in no list.",
                "Add the names to train.txt or val.txt, if they are to be used.",
                unlisted,
            )
        )
    return found


def pair_findings(split: str, scans: Sequence[PairScan]) -> list[Finding]:
    """What cannot be read, and what differs in size."""
    found = []
    if bad := [scan for scan in scans if scan.photo_error]:
        message = f"{counted(bad, 'photo', 'photos')} cannot be read; the first: {bad[0].photo_error}"
        files = tuple(scan.example.photo for scan in bad)
        found.append(Finding("unreadable_photo", Level.PROBLEM, split, message, "Copy or export them again.", files))
    if bad := [scan for scan in scans if scan.mask_error]:
        message = f"{counted(bad, 'mask', 'masks')} cannot be read; the first: {bad[0].mask_error}"
        files = tuple(scan.example.mask for scan in bad)
        found.append(Finding("unreadable_mask", Level.PROBLEM, split, message, "Copy or export them again.", files))
    sizes = [(scan, scan.photo_size, scan.mask_size) for scan in scans if scan.photo_size and scan.mask_size]
    differ = [entry for entry in sizes if entry[1] != entry[2]]
    if differ:
        first, photo, mask = differ[0]
        turned = first.turned and photo == mask[::-1]
        found.append(
            Finding(
                "size_mismatch",
                Level.PROBLEM,
                split,
                f"{counted(differ, 'mask is', 'masks are')} of another size than the photo: {first.example.mask.name} "
                f"is {_size(mask)}, its photo {_size(photo)}.",
                TURN_TOO
                if turned
                else "Export the masks at the photos' size; if you resize them, by nearest neighbour only.",
                tuple(scan.example.mask for scan, _, _ in differ),
            )
        )
    found += _orientation(split, scans)
    noted = [scan for scan in scans if scan.photo_notes]
    if noted:
        found.append(
            Finding(
                "unusual_photo",
                Level.NOTE,
                split,
                f"{counted(noted, 'photo is', 'photos are')} not plain 8-bit RGB: {noted[0].example.photo.name}: "
                f"{' '.join(noted[0].photo_notes)}",
                "Look at one in the window; if it is not as it should be, save the photos as 8-bit RGB.",
                tuple(scan.example.photo for scan in noted),
            )
        )
    repeated = [files for files in by_content(scans).values() if len(files) > 1]
    if repeated:
        found.append(
            Finding(
                "repeated_photo",
                Level.NOTE,
                split,
                f"{counted(repeated, 'photo is', 'photos are')} there more than once under other names.",
                "Keep one of each, unless it is to count more.",
                tuple(path for files in repeated for path in files),
            )
        )
    return found


def _orientation(split: str, scans: Sequence[PairScan]) -> list[Finding]:
    """Photos that EXIF turns without another size, where masks drawn on the stored photo would go unnoticed."""
    turned = [(scan, scan.fit) for scan in scans if scan.fit is not None]
    if not turned:
        return []
    shown, stored = (
        sum(values) / len(turned) for values in zip(*((fit.shown, fit.stored) for _, fit in turned), strict=True)
    )
    if shown > max(SURELY * stored, stored + CLEARLY):
        return []
    proven = stored > max(SURELY * shown, shown + CLEARLY)
    are = counted(turned, "photo is turned or flipped", "photos are turned or flipped")
    return [
        Finding(
            "turned_photo",
            Level.PROBLEM if proven else Level.NOTE,
            split,
            f"{are} by EXIF orientation, and the masks are not: they fit the photos as they are stored."
            if proven
            else f"{are} by EXIF orientation; neither sizes nor contents tell whether the masks are too.",
            TURN_TOO.replace("photo's", "photos'").replace("turns it", "turns them")
            if proven
            else "Look at one in the window; if its mask lies beside it, turn the masks or save the photos without it.",
            tuple(scan.example.photo for scan, _ in turned),
        )
    ]


def by_content(scans: Sequence[PairScan]) -> dict[bytes, list[Path]]:
    """By the digest of their bytes, the photos that could be read; of a file that is listed twice, one."""
    found: dict[bytes, dict[Path, None]] = {}
    for scan in scans:
        if scan.digest:
            found.setdefault(scan.digest, {})[scan.example.photo] = None
    return {digest: list(photos) for digest, photos in found.items()}


def counted(things: Sequence[object], one: str, many: str) -> str:
    """`1 photo` or `3 photos`."""
    return f"{len(things)} {one if len(things) == 1 else many}"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
