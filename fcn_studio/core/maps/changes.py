"""What differs between two masks of one photo, and with a ground truth, which of them is right where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.judging.metrics import CHUNK, confusion_matrix


class Verdict(IntEnum):
    """What became of a pixel from one mask to the next, as `verdict_map` codes it."""

    UNCHANGED = 0  # of one class in both masks, right or wrong
    RESCUED = 1  # wrong, then right
    HARMED = 2  # right, then wrong
    BOTH_WRONG = 3  # wrong, then wrong in another way
    VOID = 4  # the truth does not say


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Pixels by verdict for each class of the truth; counts of several photos add up with `+`.

    Attributes:
        labelled: (C,) int64 labelled pixels, changed or not.
        rescued: (C,) int64 pixels that were wrong and became right.
        harmed: (C,) int64 pixels that were right and became wrong.
        both_wrong: (C,) int64 pixels that went from one wrong class to another.
    """

    labelled: NDArray[np.int64]
    rescued: NDArray[np.int64]
    harmed: NDArray[np.int64]
    both_wrong: NDArray[np.int64]

    def __post_init__(self) -> None:
        for counts in (self.labelled, self.rescued, self.harmed, self.both_wrong):
            counts.setflags(write=False)

    def __add__(self, other: Verdicts) -> Verdicts:
        return Verdicts(
            labelled=self.labelled + other.labelled,
            rescued=self.rescued + other.rescued,
            harmed=self.harmed + other.harmed,
            both_wrong=self.both_wrong + other.both_wrong,
        )

    @property
    def totals(self) -> dict[Verdict, int]:
        """Pixels of all classes together by verdict, without VOID; they sum to the labelled pixels."""
        changed = {
            Verdict.RESCUED: int(self.rescued.sum()),
            Verdict.HARMED: int(self.harmed.sum()),
            Verdict.BOTH_WRONG: int(self.both_wrong.sum()),
        }
        return {Verdict.UNCHANGED: int(self.labelled.sum()) - sum(changed.values()), **changed}

    @property
    def net(self) -> int:
        """Rescued less harmed pixels; the change in correct pixels."""
        return int(self.rescued.sum() - self.harmed.sum())


def transitions(before: NDArray[np.uint8], after: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """(classes, classes) pixel counts n_ij: class i before, class j after; unchanged pixels on the diagonal.

    Raises:
        ValueError: The masks differ in size or hold an index that is no class.
    """
    for mask in (before, after):
        _check(mask, classes)
    return confusion_matrix(before, after, classes=classes, void=255)  # 255 is never a class index


def ranked_transitions(before: NDArray[np.uint8], after: NDArray[np.uint8], classes: int) -> list[tuple[int, int, int]]:
    """The changes between two masks as (class before, class after, pixels), most pixels first.

    Only changes that happen are listed; equal counts are in the order of their classes. Errors are those of
    `transitions`.
    """
    counts = transitions(before, after, classes)
    np.fill_diagonal(counts, 0)
    found = [(int(old), int(new), int(counts[old, new])) for old, new in np.argwhere(counts)]
    return sorted(found, key=lambda change: -change[2])


def verdict_map(
    before: NDArray[np.uint8], after: NDArray[np.uint8], truth: NDArray[np.uint8], *, void: int
) -> NDArray[np.uint8]:
    """(H, W) uint8 `Verdict` codes of every pixel of three (H, W) masks.

    Raises:
        ValueError: The masks differ in size.
    """
    if not before.shape == after.shape == truth.shape:
        raise ValueError(f"masks {before.shape} and {after.shape} and truth {truth.shape} differ in size")
    codes = np.where(before != after, np.uint8(Verdict.BOTH_WRONG), np.uint8(Verdict.UNCHANGED))
    changed = codes == Verdict.BOTH_WRONG
    codes[changed & (after == truth)] = Verdict.RESCUED
    codes[changed & (before == truth)] = Verdict.HARMED
    codes[truth == void] = Verdict.VOID
    return codes


def verdicts(
    before: NDArray[np.uint8], after: NDArray[np.uint8], truth: NDArray[np.uint8], *, classes: int, void: int
) -> Verdicts:
    """The pixels of `verdict_map` counted for each class of the truth.

    Raises:
        ValueError: The masks differ in size, or hold an index that is no class (nor void, in the truth).
    """
    for mask in (before, after):
        _check(mask, classes)
    codes = verdict_map(before, after, truth, void=void).ravel()
    flat, kinds = truth.ravel(), len(Verdict)
    counts = np.zeros(classes * kinds, dtype=np.int64)
    for start in range(0, flat.size, CHUNK):
        part, code = flat[start : start + CHUNK], codes[start : start + CHUNK]
        labelled = code != Verdict.VOID
        _check(part[labelled], classes)
        counts += np.bincount(part[labelled].astype(np.int64) * kinds + code[labelled], minlength=classes * kinds)
    table = counts.reshape(classes, kinds)
    return Verdicts(
        labelled=table.sum(axis=1),
        rescued=table[:, Verdict.RESCUED].copy(),
        harmed=table[:, Verdict.HARMED].copy(),
        both_wrong=table[:, Verdict.BOTH_WRONG].copy(),
    )


def _check(mask: NDArray[np.uint8], classes: int) -> None:
    highest = int(mask.max(initial=0))
    if highest >= classes:
        raise ValueError(f"a mask holds index {highest}, which is none of {classes} classes")
