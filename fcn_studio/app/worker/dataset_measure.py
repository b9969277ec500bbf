"""The worker's part of measuring a data set: one photo's masks against its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fcn_studio.app.values.jobs import Mask, MeasureTask
from fcn_studio.app.values.panels import PanelId
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.dataset import read_mask
from fcn_studio.core.datasets.label_file import LABEL_FILE
from fcn_studio.core.datasets.masks.size_words import differing_sizes
from fcn_studio.core.errors import DataError
from fcn_studio.core.judging.photo_metrics import PhotoMetrics, counted_photo
from fcn_studio.core.trace.trace import Trace


def measured(
    task: MeasureTask, traces: Sequence[Trace], *, cancel: CancelToken
) -> tuple[PhotoMetrics, Mapping[str, NDArray[np.int64]]]:
    """What every variant of every checkpoint is worth, and its (classes, classes) pixel counts; by panel's name.

    Args:
        task: Where the truth is.
        traces: Of every open checkpoint; those of other classes than the truth's are left out.
        cancel: Asked between the steps.

    Raises:
        DataError: The mask cannot be used, or no checkpoint has its classes.
        Cancelled: `cancel` was set.
    """
    labels = task.labels
    if labels is None:
        raise DataError(f"{task.example.mask}: nothing says what its classes are; put a {LABEL_FILE} beside the masks.")
    fitting = {slot: trace for slot, trace in enumerate(traces) if trace.labels.classes == labels.classes}
    if not fitting:
        raise DataError(
            f"{task.example.mask}: its classes are those of {labels.name}, and no open checkpoint has them; open one."
        )
    size = traces[0].size
    truth = read_mask(task.example.mask, labels, task.example.encoding)
    if truth.shape != size:
        raise DataError(differing_sizes(task.example.photo, task.example.mask, size, truth.shape))
    if not (truth != labels.void).any():
        raise DataError(f"{task.example.mask}: no pixel of this mask is labelled; there is nothing to compare with.")
    masks: dict[str, Mask] = {
        str(PanelId(variant, slot)): trace.mask(variant)
        for slot, trace in fitting.items()
        for variant in trace.variants
    }
    cancel.check()
    found = counted_photo(task.example.photo, truth, masks, len(labels), labels.void)
    cancel.check()
    return found
