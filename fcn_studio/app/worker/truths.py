"""Ground truth for the photo at hand, and what each variant is worth against it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fcn_studio.app.values.jobs import Mask, MeasureTask, Photo, Truth
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.worker.trace_cache import FileState
from fcn_studio.core.datasets.dataset import Example, read_mask
from fcn_studio.core.datasets.ground_truth import find_mask
from fcn_studio.core.datasets.label_file import LABEL_FILE
from fcn_studio.core.datasets.masks.encoding import ALSO_VOID
from fcn_studio.core.datasets.masks.mask_classes import MaskClasses, classes_around, shows_colours_of
from fcn_studio.core.datasets.masks.mask_file import mask_content
from fcn_studio.core.datasets.masks.size_words import differing_sizes
from fcn_studio.core.errors import DataError
from fcn_studio.core.judging.metrics import CHUNK, confusion_matrix, metrics
from fcn_studio.core.labels import LabelSet, numbered_label_set
from fcn_studio.core.trace.trace import Trace


class TruthReader:
    """Reads masks and counts; keeps the last one, since settings change more often than photos."""

    def __init__(self) -> None:
        self._last: tuple[FileState, tuple[Trace, ...], MaskClasses | None, Truth] | None = None

    def read(
        self,
        photo: Photo,
        chosen: Path | None,
        traces: Sequence[Trace],
        task: MeasureTask | None = None,
        *,
        as_nets: bool = False,
    ) -> tuple[Truth | None, str]:
        """The ground truth, and a sentence if there is one that cannot be used.

        Args:
            photo: Whose truth.
            chosen: By the user; None looks for a mask by its name.
            traces: Of every open checkpoint.
            task: For a photo of a data set, where its mask is, what its values stand for, and its classes.
            as_nets: Whether the user has said that the truth's classes are those of the first checkpoint; where nobody
                says what they are, they are numbered, and compared with none.
        """
        example = task.example if task is not None and chosen is None else None
        named = example.mask if example is not None else None
        path = chosen or named or (find_mask(photo.path) if photo.path is not None else None)
        if path is None or not traces:
            return None, ""
        try:
            state = FileState.of(path)
            classes = MaskClasses(traces[0].labels) if as_nets else _classes(path, traces, task, example)
            if self._last is not None and self._last[:3] == (state, tuple(traces), classes):
                return self._last[3], ""
            truth = _read(path, photo, traces, classes)
        except OSError as error:
            return None, f"{path}: the ground truth cannot be read ({error.strerror})."
        except DataError as error:
            # A mask of other classes may lie beside a photo by chance; one that the user chose must be explained.
            return None, str(error)
        self._last = (state, tuple(traces), classes, truth)
        return truth, ""


def _classes(
    path: Path, traces: Sequence[Trace], task: MeasureTask | None, example: Example | None
) -> MaskClasses | None:
    """What a mask holds, by its data set, or the photo's, or its own colours."""
    if example is not None and task is not None:
        found = MaskClasses(task.labels, example.encoding) if task.labels is not None else None
    else:
        found = classes_around(path)
        if found is None and task is not None and task.labels is not None:
            found = MaskClasses(task.labels, task.example.encoding)
        if found is None:
            drawn = (trace.labels for trace in traces if shows_colours_of(path, trace.labels))
            found = next((MaskClasses(labels) for labels in drawn), None)
    return found


def _read(path: Path, photo: Photo, traces: Sequence[Trace], classes: MaskClasses | None) -> Truth:
    first = traces[0]
    if classes is None:
        mask, labels = _numbered(path)
    else:
        mask, labels = _as_nets(read_mask(path, classes.labels, classes.encoding), classes.labels, traces)
    if mask.shape != first.size:
        raise DataError(differing_sizes(photo.path, path, first.size, mask.shape))
    mask.setflags(write=False)
    counted = {
        PanelId(variant, slot): metrics(
            confusion_matrix(mask, trace.mask(variant), classes=len(labels), void=labels.void)
        )
        for slot, trace in enumerate(traces)
        if classes is not None and trace.labels.classes == labels.classes
        for variant in trace.variants
    }
    return Truth(path, mask, labels, counted, _shares(mask, len(labels)), is_named=classes is not None)


def _as_nets(mask: Mask, labels: LabelSet, traces: Sequence[Trace]) -> tuple[Mask, LabelSet]:
    """A mask in the colours, and with the void, that a checkpoint of the same classes has, if there is one."""
    same = next((trace.labels for trace in traces if trace.labels.classes == labels.classes), labels)
    if same.void != labels.void:
        mask = np.where(mask == labels.void, np.uint8(same.void), mask)
    return mask, same


def _numbered(path: Path) -> tuple[Mask, LabelSet]:
    """A mask of classes that nobody has named, with a set of as many as it shows."""
    content = mask_content(path)
    if content.is_coloured:
        raise DataError(f"{path}: nothing says what classes its colours stand for; put a {LABEL_FILE} beside it.")
    values = np.unique(content.pixels)
    known = [int(value) for value in values if value != ALSO_VOID]
    if known and not 0 <= known[0] <= known[-1] < ALSO_VOID:
        raise DataError(f"{path}: value {known[-1]} is no label; labels are 0 to 255.")
    return content.pixels.astype(np.uint8), numbered_label_set(max(known, default=0) + 1)


def _shares(mask: Mask, classes: int) -> tuple[float, ...]:
    """The share of all pixels that each class has."""
    counts = np.zeros(256, dtype=np.int64)
    flat = mask.ravel()
    for start in range(0, flat.size, CHUNK):
        counts += np.bincount(flat[start : start + CHUNK], minlength=256)
    return tuple((counts[:classes] / mask.size).tolist())
