"""Plots by matplotlib: PNG files for Markdown, and SVG whose colours follow the page's, light or dark."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fcn_studio.core.figures.plot_series import DARK_SERIES, LIGHT_SERIES, MARKERS
from fcn_studio.core.graph.names import VARIANTS
from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.judging.photo_metrics import BOUNDARY_WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (6.6, 3.5)  # inches of 72 units: the width at which the page shows them, so that text keeps its size
DPI = 160
LABEL_WIDTH = 36  # characters beside the height of the axes


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours of a plot."""

    ink: str
    quiet: str
    line: str
    gain: str
    loss: str
    series: tuple[str, ...]
    paper: str


ON_PAPER = Inks("#18181b", "#5b5b64", "#dcdce2", "#007a59", "#b34f00", LIGHT_SERIES, "#ffffff")
# Placeholders, which stand for the page's own colours; none of them is ever seen.
FOR_PAGE = Inks("#010101", "#010102", "#010103", "#010104", "#010105", tuple(f"#0102{n:02x}" for n in range(6)), "none")
PAGE_COLOURS: Mapping[str, str] = {
    FOR_PAGE.ink: "var(--ink)",
    FOR_PAGE.quiet: "var(--quiet)",
    FOR_PAGE.line: "var(--line)",
    FOR_PAGE.gain: "var(--gain)",
    FOR_PAGE.loss: "var(--loss)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(FOR_PAGE.series)},
}


def save_plots(evaluation: Evaluation, folder: Path) -> Mapping[str, str]:
    """Writes boundary.png and, where there are two contenders, gains.png; returns the same as SVG by name."""
    from matplotlib import rc_context

    draw = {"boundary": draw_boundary}
    if evaluation.widest:
        draw["gains"] = draw_gains
    found = {}
    for name, plot in draw.items():
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9.5}):
            figure = _figure()
            plot(evaluation, figure, ON_PAPER)
            figure.savefig(folder / f"{name}.png", dpi=DPI, facecolor=ON_PAPER.paper, metadata={"Software": None})
            figure = _figure()
            plot(evaluation, figure, FOR_PAGE)
            file = io.StringIO()
            figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            found[name] = _page_svg(file.getvalue(), name)
    return found


def series_place(evaluation: Evaluation, key: str) -> int:
    """Which colour of a series a contender has: its variant's own, or the next free one."""
    variants = [entry.variant for entry in evaluation.contenders]
    place = evaluation.keys.index(key)
    if len(set(variants)) == len(variants) and variants[place] in VARIANTS:
        return VARIANTS.index(variants[place])
    return place % len(DARK_SERIES)


def draw_boundary(evaluation: Evaluation, figure: Figure, inks: Inks) -> None:
    """Mean IU against the width of the band, a line for each contender."""
    axes = figure.add_subplot()
    places = np.log2(TRIMAP_WIDTHS)
    for entry in evaluation.contenders:
        values = [100 * value.mean_iu for value in evaluation.boundary[entry.key]]
        place = series_place(evaluation, entry.key)
        axes.plot(
            places,
            values,
            color=inks.series[place],
            marker=MARKERS[place],
            markersize=4.5,
            linewidth=1.8,
            label=entry.title,
        )
    axes.set_xticks(places, [str(width) for width in TRIMAP_WIDTHS])
    axes.set_xlabel("Band around true boundaries: less than N pixels away")
    axes.set_ylabel("Mean IU, %")
    _style(axes, inks)
    axes.legend(frameon=False, labelcolor=inks.ink, loc="best", handlelength=1.8)


def draw_gains(evaluation: Evaluation, figure: Figure, inks: Inks) -> None:
    """The gain in mean IU of each photo from the coarsest to the finest contender, the largest first."""
    assert evaluation.widest is not None  # the caller's condition
    titles = {entry.key: entry.title for entry in evaluation.contenders}
    before, after = evaluation.widest
    gains = np.array([100 * row.gain(before, after).mean_iu for row in evaluation.photos])
    gains = np.sort(gains[~np.isnan(gains)])[::-1]
    axes = figure.add_subplot()
    edges = np.arange(len(gains) + 1) + 0.5
    better, worse = int((gains > 0).sum()), int((gains < 0).sum())
    # Steps rather than bars: a set of thousands is one path of each colour.
    axes.stairs(np.maximum(gains, 0), edges, fill=True, color=inks.gain, label=f"better: {better}", linewidth=0)
    axes.stairs(np.minimum(gains, 0), edges, fill=True, color=inks.loss, label=f"worse: {worse}", linewidth=0)
    axes.axhline(0, color=inks.quiet, linewidth=0.8)
    axes.set_xlim(0.5, max(len(gains), 1) + 0.5)
    axes.set_xlabel("Photos, by gain")
    step = textwrap.fill(f"{titles[before]} to {titles[after]}", LABEL_WIDTH)
    axes.set_ylabel(f"Mean IU, points,\n{step}")
    _style(axes, inks)
    # Above the axes: within them, the bars of a set that only loses (or only gains) would be behind it.
    axes.legend(
        frameon=False,
        labelcolor=inks.ink,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=2,
        borderaxespad=0.2,
        handlelength=1.0,
        handleheight=1.0,
    )


def band_label() -> str:
    """What the column of the boundary figure is called."""
    return f"Boundary IU ({BOUNDARY_WIDTH} px)"


def _figure() -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _style(axes: Axes, inks: Inks) -> None:
    axes.set_facecolor("none")
    axes.grid(axis="y", color=inks.line, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(inks.quiet)
    axes.tick_params(colors=inks.quiet, length=3)
    axes.tick_params(axis="y", length=0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(inks.quiet)


def _page_svg(text: str, name: str) -> str:
    """The drawing alone, as wide as its place, in the page's colours and typeface; `name` keeps its ids apart."""
    text = text[text.index("<svg") :]
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"""font: ([\d.]+)px [^;"]*""", r"font-size: \1px", text)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{name}-", text)
    for placeholder, colour in PAGE_COLOURS.items():
        text = text.replace(placeholder, colour)
    return text
