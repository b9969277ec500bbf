"""The tables as CSV: a row for each photo, and confusion matrices."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from fcn_studio.core.evaluation import Evaluation
from fcn_studio.core.files import whole_file
from fcn_studio.core.report.facts import Facts

Cell = str | int | float


def photo_header(evaluation: Evaluation) -> list[str]:
    """Names of the per-image table's columns."""
    header = ["photo", "width", "height", "labelled_pixels"]
    for key in evaluation.keys:
        header += [f"pixel_accuracy_{key}", f"mean_iu_{key}", f"boundary_mean_iu_{key}"]
    for before, after in evaluation.steps:
        header += [f"gain_mean_iu_{before}_to_{after}", f"gain_pixels_{before}_to_{after}"]
    return header


def photo_rows(evaluation: Evaluation, facts: Facts) -> Iterator[list[Cell]]:
    """A row for each photo, in the data set's order; nan where there is no figure."""
    for row in evaluation.photos:
        cells: list[Cell] = [facts.name(row.photo), row.size[1], row.size[0], row.labelled]
        for key in evaluation.keys:
            scores = row.variants[key]
            cells += [scores.pixel_accuracy, scores.mean_iu, scores.boundary_mean_iu]
        for step in evaluation.steps:
            gain = row.gain(*step)
            cells += [gain.mean_iu, gain.pixels]
        yield cells


def save_photos(evaluation: Evaluation, facts: Facts, path: Path) -> None:
    """Writes the per-image table; shares from 0 to 1 with six digits, empty where there is no figure.

    Raises:
        OutputError: The file cannot be written.
    """
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(photo_header(evaluation))
        for cells in photo_rows(evaluation, facts):
            writer.writerow([_written(cell) for cell in cells])


def save_confusion(evaluation: Evaluation, key: str, path: Path) -> None:
    """Writes a contender's confusion matrix in pixels: a row for each true class, a column for each predicted one.

    Raises:
        OutputError: The file cannot be written.
    """
    names = evaluation.labels.classes
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["truth \\ predicted", *names])
        for name, counts in zip(names, evaluation.confusion[key].tolist(), strict=True):
            writer.writerow([name, *counts])


def _written(cell: Cell) -> str | int:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else f"{cell:.6f}"
    return cell
