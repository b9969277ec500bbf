"""Ground truth for the photo at hand, and what each variant is worth against it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fcn_studio.app.jobs import Mask, MeasureTask, Photo, Truth
from fcn_studio.app.panels import PanelId
from fcn_studio.app.trace_cache import FileState
from fcn_studio.core.dataset import Example, read_mask
from fcn_studio.core.errors import DataError
from fcn_studio.core.ground_truth import find_mask
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.metrics import CHUNK, confusion_matrix, metrics
from fcn_studio.core.trace import Trace


class TruthReader:
    """Reads masks and counts; keeps the last one, since settings change more often than photos."""

    def __init__(self) -> None:
        self._last: tuple[FileState, tuple[Trace, ...], LabelSet, Truth] | None = None

    def read(
        self, photo: Photo, chosen: Path | None, traces: Sequence[Trace], task: MeasureTask | None = None
    ) -> tuple[Truth | None, str]:
        """The ground truth, and a sentence if there is one that cannot be used.

        Args:
            photo: Whose truth.
            chosen: By the user; None looks for a mask by its name.
            traces: Of every open checkpoint; the first one's classes are the truth's, where nothing says which it has.
            task: For a photo of a data set, where its mask is, what its values stand for, and its classes.
        """
        task = task if chosen is None else None
        example = task.example if task is not None else None
        named = example.mask if example is not None else None
        path = chosen or named or (find_mask(photo.path) if photo.path is not None else None)
        if path is None or not traces:
            return None, ""
        labels = _labels(traces, task.labels if task is not None else None)
        try:
            state = FileState.of(path)
            if self._last is not None and self._last[:3] == (state, tuple(traces), labels):
                return self._last[3], ""
            truth = _read(path, traces, example, labels)
        except OSError as error:
            return None, f"{path}: the ground truth cannot be read ({error.strerror})."
        except DataError as error:
            # A mask of other classes may lie beside a photo by chance; one that the user chose must be explained.
            return None, str(error)
        self._last = (state, tuple(traces), labels, truth)
        return truth, ""


def _labels(traces: Sequence[Trace], known: LabelSet | None) -> LabelSet:
    """The classes of a mask: those of its data set, as a checkpoint has them if one does."""
    if known is None:
        return traces[0].labels
    return next((trace.labels for trace in traces if trace.labels.classes == known.classes), known)


def _read(path: Path, traces: Sequence[Trace], example: Example | None, labels: LabelSet) -> Truth:
    first = traces[0]
    mask = read_mask(path, labels, *((example.encoding,) if example is not None else ()))
    if mask.shape != first.size:
        raise DataError(
            f"{path}: the ground truth is {mask.shape[1]}x{mask.shape[0]} but its photo "
            f"{first.size[1]}x{first.size[0]}; choose the mask of this photo."
        )
    mask.setflags(write=False)
    counted = {
        PanelId(variant, slot): metrics(
            confusion_matrix(mask, trace.mask(variant), classes=len(labels), void=labels.void)
        )
        for slot, trace in enumerate(traces)
        if trace.labels.classes == labels.classes
        for variant in trace.variants
    }
    return Truth(path, mask, labels, counted, _shares(mask, len(labels)))


def _shares(mask: Mask, classes: int) -> tuple[float, ...]:
    """The share of all pixels that each class has."""
    counts = np.zeros(256, dtype=np.int64)
    flat = mask.ravel()
    for start in range(0, flat.size, CHUNK):
        counts += np.bincount(flat[start : start + CHUNK], minlength=256)
    return tuple((counts[:classes] / mask.size).tolist())
