"""What a check can find between splits: photos in two of them, and splits that training would miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from fcn_studio.core.datasets.checks.findings import Finding, Level, by_content, counted
from fcn_studio.core.datasets.checks.pair_scan import PairScan

# Pairs of splits that must not share a photo; trainval, for one, is meant to hold val's.
APART = {frozenset(pair) for pair in combinations(("train", "val", "test"), 2)} | {
    frozenset(pair) for pair in (("trainval", "test"), ("trainaug", "val"), ("trainaug", "test"))
}
LEARNT_FROM = frozenset({"train", "trainval", "trainaug", "all"})


def shared_photos(by_split: Mapping[str, Sequence[PairScan]], lists: Mapping[str, Path | None]) -> list[Finding]:
    """Photos of one content in two splits that are to be apart.

    Args:
        by_split: What was read of each.
        lists: The list that names a split, where one does.
    """
    found = []
    content = {name: by_content(scans) for name, scans in by_split.items()}
    for one, other in combinations(by_split, 2):
        if frozenset((one, other)) not in APART:
            continue
        shared = [
            (content[one][digest][0], content[other][digest][0]) for digest in content[one] if digest in content[other]
        ]
        if not shared:
            continue
        here, there = (_place(split, lists) for split in (one, other))
        first, second = shared[0]
        same = f"{first.name} is in both" if first == second else f"{first} of {one} is {second} of {other}"
        more = f", and {len(shared) - 1} more" if len(shared) > 1 else ""
        found.append(
            Finding(
                "photo_in_two_splits",
                Level.PROBLEM,
                f"{one}, {other}",
                f"{counted(shared, 'photo is', 'photos are')} in both {here} and {there}, so that figures on "
                f"{other} would be too good: {same}{more}.",
                f"Take {'it' if len(shared) == 1 else 'them'} out of {here}, or out of {there}.",
                tuple(dict.fromkeys(path for pair in shared for path in pair)),
            )
        )
    return found


def _place(split: str, lists: Mapping[str, Path | None]) -> str:
    path = lists.get(split)
    return path.name if path is not None and path.suffix else split


def undivided(split: str) -> Finding:
    """That there is one split that nobody has divided."""
    return Finding(
        "one_split",
        Level.NOTE,
        split,
        f"There is one split, {split}: it is measured as it is, and training learns from four fifths of its photos and "
        f"measures on every fifth.",
        "To divide it otherwise, write the names of the photos to learn from into train.txt, one a line, and those to "
        "measure on into val.txt, or put the files into images/train, images/val, masks/train and masks/val.",
    )


def missing_splits(splits: Sequence[str], lists: Mapping[str, Path | None]) -> list[Finding]:
    """What training needs and the data set lacks.

    Args:
        splits: That are there.
        lists: The list that names a split, where one does.
    """
    listed = any(lists.values())
    there = " and ".join(splits)
    found = []
    if not LEARNT_FROM & set(splits):
        found.append(
            Finding(
                "no_train",
                Level.NOTE,
                "",
                f"There is {there} but no train: measuring works, but training needs photos to learn from.",
                "Write the names of the photos to learn from, none of them in another list, into train.txt beside the "
                "others, one a line."
                if listed
                else "Put the photos to learn from, and their masks, into folders named train beside the others.",
            )
        )
    if "val" not in splits:
        other = ", or measure on test instead: fcn-studio train with --split test" if "test" in splits else ""
        found.append(
            Finding(
                "no_val",
                Level.NOTE,
                "",
                f"There is {there} but no val: training needs photos to measure on that it does not learn from.",
                "Write the names of photos to measure on into val.txt, beside the other list: photos that are in no "
                f"list, or about a fifth of those to learn from, moved there{other}."
                if listed
                else f"Move about a fifth of the photos, and their masks, into folders named val beside the "
                f"others{other}.",
            )
        )
    return found
