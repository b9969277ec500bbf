"""Whether the labelled pixels of a split show enough classes to learn from or to measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.datasets.label_file import LABEL_FILE
from fcn_studio.core.labels import LabelSet, counted_classes

CHECK = "`fcn-studio data check DIR`"


def only_class_sentence(labels: LabelSet, pixels: NDArray[np.int64], split: str) -> str | None:
    """What to say of a split that shows fewer than two classes, or None where it shows more.

    Args:
        labels: That its masks are read by.
        pixels: (classes,) labelled pixels of each class, void left out.
        split: Its name.
    """
    present = np.flatnonzero(pixels)
    if len(present) > 1:
        return None
    if not len(present):
        return (
            f"In {split} nothing is labelled: every pixel of the masks is void. Run {CHECK} to see what the masks hold."
        )
    only = labels.classes[int(present[0])]
    if len(labels) == 1:
        return (
            f"In {split} only {only} occurs, the one class of {labels.name}: there is nothing to tell it from. Name a "
            f"second class, such as background, in {LABEL_FILE}."
        )
    if len(labels) == 2 and present[0] == 0:
        return (
            f"In {split} only {only} occurs: masks of 0 and 255 are read as {only} and not labelled. Run {CHECK}, or "
            f'give "values": [0, 255] in {LABEL_FILE} if the masks hold these.'
        )
    return (
        f"In {split} only {only} occurs, of the {counted_classes(len(labels))} of {labels.name}. Run {CHECK} to see "
        f"what the masks hold."
    )
