"""The per-image table as CSV: the same columns and units wherever it is written.

Shares and gains of shares lie between -1 and 1, with six digits; pixels are whole numbers; what has no figure is empty.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TextIO

from fcn_studio.core.judging.evaluation import Step
from fcn_studio.core.judging.photo_metrics import PhotoMetrics

Cell = str | int | float
# Spreadsheets take a text that begins so for a formula: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LEADING = ("photo", "width", "height", "labelled_pixels")


def chain_of_steps(keys: Sequence[str]) -> tuple[Step, ...]:
    """From each variant to the next finer one, and from the first to the last."""
    chain = tuple(pairwise(keys))
    return (*chain, (keys[0], keys[-1])) if len(keys) > 2 else chain


def photo_columns(keys: Iterable[str], steps: Iterable[Step]) -> list[str]:
    """Names of the table's columns."""
    names = list(LEADING)
    for key in keys:
        names += [f"pixel_accuracy_{key}", f"mean_iu_{key}", f"boundary_mean_iu_{key}"]
    for before, after in steps:
        names += [f"gain_mean_iu_{before}_to_{after}", f"gain_pixels_{before}_to_{after}"]
    return names


def photo_cells(name: str, row: PhotoMetrics | None, keys: Mapping[str, str], steps: Sequence[Step]) -> list[Cell]:
    """A photo's row.

    Args:
        name: What the first column says.
        row: Its figures; None leaves all others empty.
        keys: By the name that columns have, the variant as `row` names it; one that it lacks is empty.
        steps: From and to, by the names that columns have.
    """
    scores = {key: row.variants.get(variant) for key, variant in keys.items()} if row is not None else {}
    cells: list[Cell] = [name, *((row.size[1], row.size[0], row.labelled) if row is not None else ("", "", ""))]
    for key in keys:
        found = scores.get(key)
        cells += [found.pixel_accuracy, found.mean_iu, found.boundary_mean_iu] if found is not None else ["", "", ""]
    for before, after in steps:
        if row is not None and scores.get(before) is not None and scores.get(after) is not None:
            gain = row.gain(keys[before], keys[after])
            cells += [gain.mean_iu, gain.pixels]
        else:
            cells += ["", ""]
    return cells


def write_photo_table(
    file: TextIO, rows: Iterable[tuple[str, PhotoMetrics | None]], keys: Mapping[str, str], steps: Sequence[Step]
) -> None:
    """Writes head and rows; `rows` are names and figures, the rest is as in `photo_cells`."""
    write_rows(file, photo_columns(keys, steps), (photo_cells(name, row, keys, steps) for name, row in rows))


def write_rows(file: TextIO, head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> None:
    """Writes CSV (RFC 4180), opened with newline=""; no text of it is a formula to a spreadsheet."""
    writer = csv.writer(file)
    for row in (head, *rows):
        writer.writerow([_written(cell) for cell in row])


def _written(cell: Cell) -> str | int:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
    if isinstance(cell, float):
        return "" if math.isnan(cell) else f"{cell:.6f}"
    return cell
