"""How the files of the built-in label sets count their classes, where that is not by the set's own indices.

A set that is named for files in another layout than its data set's own (`--labels ade20k`, {"name": "ade20k"}) says
what the classes are, and not how the files count them; their values tell, or else the data set's own files are the
model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from fcn_studio.core.datasets.layouts import ade20k, cityscapes, nyud
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.labels import LabelSet


@dataclass(frozen=True, slots=True)
class Counting:
    """One way to count.

    Attributes:
        encoding: What values stand for.
        words: That in words.
        key: What a labels.json says to choose it.
    """

    encoding: Encoding
    words: str
    key: str


def _from_one(encoding: Encoding) -> tuple[Counting, Counting]:
    count = len(encoding.values or ())
    return (
        Counting(
            replace(encoding, also_void=False),
            f"0 is unlabelled and the classes are 1 to {count}, as in the data set's own files",
            '"void": 0',
        ),
        Counting(Encoding(None, (255,)), f"the classes are 0 to {count - 1} and 255 is unlabelled", '"void": 255'),
    )


def _one_to(count: int) -> Encoding:
    return Encoding(tuple(range(1, count + 1)), (0,))


# By the set's name, the ways that its files are known to count; the first is taken where the values allow several.
COUNTINGS = {
    "ade20k": _from_one(ade20k.ENCODING),
    "nyud": _from_one(nyud.ENCODING),
    "siftflow": _from_one(_one_to(33)),
    "siftflow-geometric": _from_one(_one_to(3)),
    # Label ids tell themselves by those above 18: hardly a street lacks vegetation, sky and cars (21, 23, 26).
    "cityscapes": (
        Counting(cityscapes.TRAIN_ID_ENCODING, "values are train ids, 0 to 18 and 255", '"void": 255'),
        Counting(
            replace(cityscapes.LABEL_ID_ENCODING, also_void=False),
            "values are label ids, 0 to 33, of which 7 is road",
            f'"values": {list(cityscapes.LABEL_IDS)}, "void": {list(cityscapes.LABEL_ID_ENCODING.void or ())}',
        ),
    ),
}


def countings(labels: LabelSet) -> tuple[Counting, ...]:
    """The ways that the files of a built-in set count, or none where its indices are the only one."""
    return COUNTINGS.get(labels.name, ())


def possible(ways: Iterable[Counting], values: Iterable[int], labels: LabelSet) -> list[Counting]:
    """Those ways by which values are all legal."""
    found = []
    for way in ways:
        _, legal = way.encoding.table(labels)
        if all(0 <= value < len(legal) and bool(np.asarray(legal)[value]) for value in values):
            found.append(way)
    return found
