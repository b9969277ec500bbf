"""The curves of a run as a picture: loss, learning rate and what each variant reached."""

from __future__ import annotations

from pathlib import Path

from fcn_studio.core.figures.plot_series import LIGHT_SERIES, MARKERS
from fcn_studio.core.files import whole_file
from fcn_studio.core.graph.names import PUBLISHED, VARIANTS
from fcn_studio.core.run_folder import CURVES, EpochRow, read_log

INCHES = (8.0, 8.0)
DOTS_PER_INCH = 110
GREY = "#555555"
# Coarse to fine: equal curves lie one upon the other, so the later ones are thinner and let the first ones show.
LINES = ("-", (0, (5, 3)), (0, (1, 2)), (0, (5, 1, 1, 1)))
WIDTHS = (2.6, 1.9, 1.5, 1.2)  # points
MARKER_SIZES = (8.0, 5.5, 3.0, 4.0)  # points


def draw_curves(folder: Path, title: str) -> None:
    """Writes curves.png of what log.csv holds; without an epoch nothing.

    Raises:
        OutputError: It cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # takes half a second
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    rows = read_log(folder)
    if not rows:
        return
    figure = Figure(figsize=INCHES)
    canvas = FigureCanvasAgg(figure)
    loss, rate, val = figure.subplots(3, 1, sharex=True, height_ratios=(2, 1, 3))
    figure.suptitle(title)
    figure.subplots_adjust(left=0.11, right=0.97, top=0.93, bottom=0.07, hspace=0.12)
    epochs = [row.epoch for row in rows]
    mark = "o" if len(rows) < 30 else ""
    loss.plot(epochs, [row.loss for row in rows], color=GREY, marker=mark, markersize=3)
    loss.set_ylabel("loss")
    rate.plot(epochs, [row.learning_rate for row in rows], color=GREY, marker=mark, markersize=3)
    rate.set_ylabel("learning rate")
    rate.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2))
    for variant in _variants(rows):
        judged = [(row.epoch, 100 * row.val[variant].mean_iu) for row in rows if variant in row.val]
        places, values = zip(*judged, strict=True)
        label = f"{variant}: {values[-1]:.1f}, best {max(values):.1f}"
        place = VARIANTS.index(variant) if variant in VARIANTS else len(PUBLISHED) - 1
        val.plot(
            places,
            values,
            color=LIGHT_SERIES[place] if variant in VARIANTS else GREY,
            linestyle=LINES[place],
            linewidth=WIDTHS[place],
            marker=MARKERS[place],
            markersize=MARKER_SIZES[place] if len(rows) < 200 else 0,
            fillstyle="none" if place < len(PUBLISHED) - 1 else "full",
            label=label,
        )
    val.set_ylabel("val mean IU in %")
    val.set_xlabel("epoch")
    val.xaxis.set_major_locator(MaxNLocator(integer=True))
    if val.lines:
        val.legend()
    for axes in (loss, rate, val):
        axes.grid(alpha=0.3)
    with whole_file(folder / CURVES) as temporary:
        canvas.print_png(str(temporary))  # type: ignore[no-untyped-call]


def _variants(rows: tuple[EpochRow, ...]) -> list[str]:
    """In the log's order, coarsest first."""
    found: dict[str, None] = {}
    for row in rows:
        found.update(dict.fromkeys(row.val))
    return [*(name for name in VARIANTS if name in found), *(name for name in found if name not in VARIANTS)]
