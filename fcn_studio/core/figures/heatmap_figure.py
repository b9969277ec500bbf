"""The heat maps of one score layer as a figure: all classes side by side, cell by cell, on one scale."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from fcn_studio.core.figures.figures import BODY, HEAD, RULE, SMALL, Box, draw_head, font, origin, overhangs, photo_box
from fcn_studio.core.figures.pictures import FAINT, GAP, INK, PAPER, fitted
from fcn_studio.core.maps.heat import HeatRange, colour_table, coloured, heat_ranges, node_geometry, ticks
from fcn_studio.core.trace.trace import Trace

PANEL = 240  # pixels along the longer side of a map; more where there are more cells
NAME = 22  # height of the line above each map
COLUMN = 150  # least width, for the name
BAR = (480, 14)  # size of the colour bar
FOOT = 68  # height of the colour bar with its numbers
ASPECT = 1.6  # that the page is to come near to, width over height


def heatmap_figure(trace: Trace, layer: str, *, title: str) -> Image.Image:
    """Photo and scores of every class on the layer's own grid, each cell a square of whole pixels.

    Colours are those of `heat.colour_table`: one diverging scale for all classes, zero neutral in its middle, its ends
    at plus and minus the largest absolute score.

    Args:
        trace: What to show.
        layer: One of `trace.score_maps`.
        title: Begins the heading, which is cut where it is too long.

    Raises:
        ValueError: This net has no such layer.
    """
    rows, columns, coords = node_geometry(trace, layer)
    scores = trace.node(layer)
    span = heat_ranges(scores, "score", shared=True)[0]
    cell = max(1, PANEL // max(rows, columns))
    panel = (columns * cell, rows * cell)
    column, row = max(panel[0], COLUMN) + GAP, panel[1] + NAME + GAP
    across = _columns(1 + len(scores), column, row)
    width = max(across * column + GAP, BAR[0] + 2 * GAP)
    height = HEAD + -(-(1 + len(scores)) // across) * row + FOOT
    canvas = Image.new("RGB", (width, height), PAPER)
    draw_head(canvas, f"{title}: {layer}, {columns} x {rows} cells, stride {int(coords.scale)}", origin(trace))

    left, top, right, bottom = (edge * cell for edge in photo_box(trace, coords))
    framed = overhangs(photo_box(trace, coords), rows, columns)
    table = colour_table("score")
    for number in range(1 + len(scores)):
        place = (GAP + number % across * column, HEAD + number // across * row + NAME)
        if number == 0:
            picture = _photo(trace, panel, (left, top, right, bottom))
            _name(canvas, place, "Photo", "", column - GAP)
        else:
            values = scores[number - 1]
            large = coloured(values, span, table).repeat(cell, axis=0).repeat(cell, axis=1)
            picture = Image.fromarray(large)
            if framed:
                ImageDraw.Draw(picture).rectangle((left, top, right - 1, bottom - 1), outline=INK)
            reach = f"{values.min():.1f} to {values.max():.1f}"
            _name(canvas, place, trace.labels.classes[number - 1], reach, column - GAP)
        ImageDraw.Draw(canvas).rectangle(
            (place[0] - 1, place[1] - 1, place[0] + panel[0], place[1] + panel[1]), outline=RULE
        )
        canvas.paste(picture, place)
    _colour_bar(canvas, (GAP, height - FOOT), span, "Score" + ("; the frame is the photo's edge" if framed else ""))
    return canvas


def heatmap_figures(trace: Trace, *, title: str) -> Image.Image:
    """The figures of all score layers, the coarsest on top."""
    pages = [heatmap_figure(trace, layer, title=title) for layer in trace.score_maps]
    canvas = Image.new("RGB", (max(page.width for page in pages), sum(page.height for page in pages)), PAPER)
    top = 0
    for page in pages:
        canvas.paste(page, (0, top))
        top += page.height
    return canvas


def _columns(count: int, width: int, height: int) -> int:
    """How many panels of this size stand side by side, so that the page comes nearest to ASPECT."""

    def misfit(columns: int) -> float:
        return abs(float(np.log(columns * width / (-(-count // columns) * height) / ASPECT)))

    return min(range(1, count + 1), key=misfit)


def _photo(trace: Trace, panel: tuple[int, int], box: Box) -> Image.Image:
    """The photo where it lies under the grid, paper around it."""
    picture = Image.new("RGB", panel, PAPER)
    size = (max(1, round(box[2] - box[0])), max(1, round(box[3] - box[1])))
    small = Image.fromarray(trace.image).resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    picture.paste(small, (round(box[0]), round(box[1])))
    return picture


def _name(canvas: Image.Image, place: tuple[int, int], name: str, reach: str, room: int) -> None:
    draw, quiet = ImageDraw.Draw(canvas), font(SMALL)
    taken = int(quiet.getlength(reach)) + 8 if reach else 0
    draw.text((place[0], place[1] - 5), fitted(name, font(BODY), room - taken), fill=INK, font=font(BODY), anchor="ls")
    draw.text((place[0] + room, place[1] - 5), reach, fill=FAINT, font=quiet, anchor="rs")


def _colour_bar(canvas: Image.Image, place: tuple[int, int], span: HeatRange, words: str) -> None:
    draw, small = ImageDraw.Draw(canvas), font(SMALL)
    (left, top), (width, height) = place, BAR
    draw.text((left, top + 2), words, fill=FAINT, font=small)
    values = np.linspace(span.low, span.high, width, dtype=np.float32)[None].repeat(height, axis=0)
    canvas.paste(Image.fromarray(coloured(values, span, colour_table("score"))), (left, top + 22))
    draw.rectangle((left - 1, top + 21, left + width, top + 22 + height), outline=RULE)
    for value in ticks(span):
        x = left + round((value - span.low) / (span.high - span.low) * (width - 1))
        draw.line((x, top + 22 + height, x, top + 26 + height), fill=FAINT)
        draw.text((x, top + 28 + height), f"{value:g}", fill=INK, font=small, anchor="mt")
