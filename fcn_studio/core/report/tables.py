"""An evaluation's tables as CSV: a row for each photo, and confusion matrices."""

from __future__ import annotations

from pathlib import Path

from fcn_studio.core.files import whole_file
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.report.facts import Facts
from fcn_studio.core.report.photo_table import write_photo_table, write_rows


def save_photos(evaluation: Evaluation, facts: Facts, path: Path) -> None:
    """Writes the per-image table, in the data set's order (see `photo_table`).

    Raises:
        OutputError: The file cannot be written.
    """
    keys = {key: key for key in evaluation.keys}
    rows = ((facts.name(row.photo), row) for row in evaluation.photos)
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        write_photo_table(file, rows, keys, evaluation.steps)


def save_confusion(evaluation: Evaluation, key: str, path: Path) -> None:
    """Writes a contender's confusion matrix in pixels: a row for each true class, a column for each predicted one.

    Raises:
        OutputError: The file cannot be written.
    """
    names = evaluation.labels.classes
    counts = evaluation.confusion[key].tolist()
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        write_rows(
            file, ["truth \\ predicted", *names], ([name, *row] for name, row in zip(names, counts, strict=True))
        )
