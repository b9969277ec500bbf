"""By what rule the masks of a folder are named after its photos, where they do not have the photos' own names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

# Where masks of several kinds lie together, these are the ones that hold classes.
PREFERRED = ("_mask", "_masks", "-mask", "_gt", "_label", "_labels", "_seg", "_labelids", "_l", ".png", ".jpg")
LONGEST = 60  # characters of an ending; more is another name
FEWEST = 2  # pairs that show a rule other than an ending
# Names that Label Studio gives: they tell the number of a task, which is no photo's.
TASK = re.compile(r"(?:.*/)?task-(?P<task>\d+)-annotation-\d+-by-")


@dataclass(frozen=True, slots=True)
class Rule:
    """How masks are named after photos.

    Attributes:
        mates: By the photo's name, the mask's.
        says: The rule in a few words, such as `the ending _L`.
        others: Other endings that would do as well, so that this one is a guess.
        passed_over: Masks that those lead to.
    """

    mates: Mapping[str, str]
    says: str
    others: tuple[str, ...] = ()
    passed_over: frozenset[str] = frozenset()


def common_rule(photos: Collection[str], masks: Collection[str]) -> Rule | None:
    """The rule that most masks follow: the photo's name and one ending or beginning; else others in place of its own.

    Args:
        photos: Names that have no mask of their own name.
        masks: Names that no photo has.
    """
    masks = [name for name in masks if not TASK.match(name)]
    if not masks:
        return None
    return (
        _by_addition(photos, masks, "ending") or _by_addition(photos, masks, "beginning") or _by_exchange(photos, masks)
    )


def _by_addition(photos: Collection[str], masks: Collection[str], kind: str) -> Rule | None:
    by_key = {name.casefold(): name for name in photos}
    found: dict[str, dict[str, str]] = {}
    written: dict[str, str] = {}
    for mask in masks:
        folder, _, last = mask.rpartition("/")
        for cut in range(max(1, len(last) - LONGEST), len(last)) if kind == "ending" else range(1, len(last)):
            name, added = (last[:cut], last[cut:]) if kind == "ending" else (last[cut:], last[:cut])
            # A digit would go on with the photo's number: p10 is no mask of p1.
            if (added[0] if kind == "ending" else added[-1]).isdigit():
                continue
            if photo := by_key.get((f"{folder}/{name}" if folder else name).casefold()):
                found.setdefault(added.casefold(), {}).setdefault(photo, mask)
                written.setdefault(added.casefold(), added)
    most = max((len(mates) for mates in found.values()), default=0)
    if not most or 2 * most < min(len(photos), len(masks)):
        return None
    best = [added for added, mates in found.items() if len(mates) == most]
    best.sort(key=lambda added: PREFERRED.index(added) if added in PREFERRED else len(PREFERRED))
    first, *others = best
    unsure = kind == "ending" and first not in PREFERRED
    passed_over = frozenset(mask for added in others for mask in found[added].values()) - set(found[first].values())
    rest = tuple(written[added] for added in others) if unsure else ()
    return Rule(found[first], f"the {kind} {written[first]}", rest, passed_over)


def _by_exchange(photos: Collection[str], masks: Collection[str]) -> Rule | None:
    ours, theirs = _keys(photos), _keys(masks)
    shared = ours.names.keys() & theirs.names.keys()
    # Photos 0 to 5 and masks 1 to 6 have numbers in common too, but not of the same things.
    if len(shared) < FEWEST or len(shared) < min(len(photos), len(masks)):
        return None
    mates = {ours.names[key]: theirs.names[key] for key in sorted(shared)}
    return Rule(mates, f"what differs in their names ({ours.form} and {theirs.form})")


@dataclass(frozen=True, slots=True)
class _Keys:
    """What is left of names without what all of them share: by it, the name; and the form of the names."""

    names: Mapping[str, str]
    form: str


def _keys(names: Collection[str]) -> _Keys:
    """Of `21_training` and `22_training`: 21 and 22, of the form NAME_training."""
    lasts = [name.rpartition("/")[2] for name in names]
    first = _whole_parts(_shared_start(lasts))
    last = _whole_parts(_shared_start([text[::-1] for text in lasts]))[::-1]
    found: dict[str, str] = {}
    for name, text in zip(names, lasts, strict=True):
        if key := text[len(first) : max(len(first), len(text) - len(last))]:
            found[name[: len(name) - len(text)] + key.casefold()] = name
    return _Keys(found, f"{first}NAME{last}")


def _shared_start(texts: Collection[str]) -> str:
    low, high = min(texts), max(texts)
    return next((low[:place] for place, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), low)


def _whole_parts(shared: str) -> str:
    """Up to the last sign that parts names, or else without the number that goes on in each name: p1 of p10, p11."""
    parted = re.match(r".*[\W_]", shared)
    return parted.group() if parted else re.sub(r"\d+$", "", shared)
