"""A model's metrics over a data set's split, for each variant, at the photos' own sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.dataset import find_examples, read_example
from fcn_studio.core.metrics import Metrics, confusion_matrix, metrics
from fcn_studio.engine.predictor import Model


def evaluate(
    model: Model, folder: Path, split: str, *, on_image: Callable[[int, int], None] = lambda done, total: None
) -> Mapping[str, Metrics]:
    """The metrics of each variant, from one confusion matrix over the whole split.

    Args:
        model: What to evaluate.
        folder: A data set folder.
        split: Such as `val`.
        on_image: Hears (images done, images in all).

    Raises:
        DataError: The split is missing or a mask does not fit the model's labels.
    """
    classes = len(model.labels)
    confusion: dict[str, NDArray[np.int64]] = {
        variant: np.zeros((classes, classes), np.int64) for variant in model.variants
    }
    examples = find_examples(folder, split)
    for number, example in enumerate(examples, start=1):
        photo, truth = read_example(example, model.labels)
        trace = model.trace(photo)
        for variant, matrix in confusion.items():
            matrix += confusion_matrix(truth, trace.mask(variant), classes=classes, void=model.labels.void)
        on_image(number, len(examples))
    return {variant: metrics(matrix) for variant, matrix in confusion.items()}
