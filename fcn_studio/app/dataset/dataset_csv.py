"""The data set table as CSV, for spreadsheets and scripts: the file that `fcn-studio evaluate --csv` writes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from fcn_studio.app.dataset.dataset_columns import Pick
from fcn_studio.app.session.dataset_scores import ScoredPhoto
from fcn_studio.core.report.photo_table import chain_of_steps, write_photo_table


def table_csv(rows: Sequence[ScoredPhoto], pick: Pick | None, folder: Path) -> str:
    """A head and the rows, each with its photo's path below `folder`.

    What is not measured, or is of a checkpoint that is no longer open, is left empty.
    """
    panels = dict(pick.panels) if pick is not None else {}
    text = io.StringIO(newline="")
    write_photo_table(
        text,
        ((_below(row, folder), None if row.stale else row.metrics) for row in rows),
        panels,
        chain_of_steps(tuple(panels)),
    )
    return text.getvalue()


def _below(row: ScoredPhoto, folder: Path) -> str:
    path = row.photo.path
    if path is None:
        return row.photo.name
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
