"""The tables that `fcn-studio evaluate` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.judging.photo_metrics import PhotoMetrics
from fcn_studio.core.report.facts import CEILING_NOTE
from fcn_studio.core.report.numbers import percent
from fcn_studio.core.report.summary import LISTED, verdict_shares

__all__ = ["LISTED", "band_table", "ceiling_table", "class_table", "metrics_table", "photo_table", "skip_table"]


def metrics_table(found: Evaluation, title: str) -> Table:
    """The paper's four metrics."""
    table = Table(title=f"{title} (%)")
    for heading in ("variant", "pixel acc.", "mean acc.", "mean IU", "f.w. IU"):
        table.add_column(heading, justify="left" if heading == "variant" else "right")
    for entry in found.contenders:
        value = found.variants[entry.key]
        cells = (value.pixel_accuracy, value.mean_accuracy, value.mean_iu, value.frequency_weighted_iu)
        table.add_row(Text(entry.title), *map(percent, cells))
    return table


def class_table(found: Evaluation) -> Table:
    """Each class's IU."""
    table = Table(title="IU of each class (%)")
    table.add_column("class (guessed)" if found.labels.guessed else "class")
    for entry in found.contenders:
        table.add_column(Text(entry.title), justify="right")
    for index, name in enumerate(found.labels.classes):
        table.add_row(Text(name), *(percent(value.class_iu[index]) for value in found.variants.values()))
    return table


def band_table(found: Evaluation) -> Table:
    """Mean IU near the true boundaries."""
    table = Table(title="Mean IU within N pixels of a boundary (%)")
    table.add_column("variant")
    for width in TRIMAP_WIDTHS:
        table.add_column(str(width), justify="right")
    for entry in found.contenders:
        table.add_row(Text(entry.title), *(percent(value.mean_iu) for value in found.boundary[entry.key]))
    return table


def ceiling_table(found: Evaluation) -> Table:
    """What the truth reaches on each grid, beside the variants that have that grid."""
    table = Table(title="What a grid of each stride could reach (%)", caption=CEILING_NOTE)
    for heading in ("stride", "pixel acc.", "mean IU", "variant", "its pixel acc.", "its mean IU"):
        table.add_column(heading, justify="left" if heading == "variant" else "right")
    for stride, ceiling in found.ceilings.items():
        cells = [str(stride), percent(ceiling.pixel_accuracy), percent(ceiling.mean_iu)]
        if not (entries := found.of_stride(stride)):
            table.add_row(*cells)
        for entry in entries:
            reached = found.variants[entry.key]
            table.add_row(*cells, Text(entry.title), percent(reached.pixel_accuracy), percent(reached.mean_iu))
            cells = [""] * len(cells)
    return table


def skip_table(found: Evaluation) -> Table:
    """Pixels that each skip sets right and spoils."""
    titles = {entry.key: entry.title for entry in found.contenders}
    table = Table(title="What each skip changes (% of labelled pixels)")
    for heading in ("step", "wrong to right", "right to wrong", "wrong to wrong"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for (before, after), change in found.skips.items():
        cells = (f"{100 * share:.2f}" for share in verdict_shares(change).values())
        table.add_row(Text(f"{titles[before]} to {titles[after]}"), *cells)
    return table


def photo_table(found: Evaluation, photos: Sequence[PhotoMetrics], title: str) -> Table:
    """Photos by what the widest step does to them."""
    assert found.widest is not None  # else nothing is ranked
    table = Table(title=title)
    for heading in ("photo", "net pixels", "% of labelled"):
        table.add_column(heading, justify="left" if heading == "photo" else "right")
    for row in photos:
        net = row.gain(*found.widest).pixels
        table.add_row(Text(row.photo.name), f"{net:+d}", f"{100 * net / row.labelled:+.2f}")
    return table
