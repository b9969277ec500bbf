"""The data set table as CSV, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from fcn_studio.app.dataset_columns import Column, Figure
from fcn_studio.app.dataset_scores import ScoredPhoto

DIGITS = 6


def table_csv(rows: Sequence[ScoredPhoto], columns: Sequence[Column], folder: Path) -> str:
    """Lines with a head: the photo's path below `folder`, shares and gains from -1 to 1, pixels, and the problem.

    What is not measured, or is of a checkpoint that is no longer open, is left empty.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(column.key for column in columns), "problem"])
    for row in rows:
        metrics = None if row.stale else row.metrics
        cells = [_cell(column, column.value(metrics)) for column in columns if column.figure is not Figure.NAME]
        writer.writerow([_below(row, folder), *cells, row.problem])
    return text.getvalue()


def _cell(column: Column, value: float | None) -> str:
    if value is None:
        return ""
    return str(round(value)) if column.figure is Figure.PIXELS else f"{value:.{DIGITS}f}"


def _below(row: ScoredPhoto, folder: Path) -> str:
    path = row.photo.path
    if path is None:
        return row.photo.name
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
