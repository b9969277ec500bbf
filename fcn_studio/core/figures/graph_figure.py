"""Nodes and arrows of a graph as a figure: pictures on a lattice of columns and rows, and roads between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fcn_studio.core.figures.figures import BODY, RULE, SMALL, font
from fcn_studio.core.figures.pictures import FAINT, INK

PANEL = 200  # pixels along the longer side of a node's picture
ROAD = 84  # pixels between pictures, for arrows
CAPTION = 40  # height of the two lines below a picture
SWATCH = 190  # width of a legend's column

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A node.

    Attributes:
        place: Column and row.
        title: Its name.
        words: Below it, smaller.
        picture: (h, w, 3) uint8 RGB, enlarged by nearest neighbour; None leaves an empty frame.
        missing: What an empty frame says.
    """

    place: tuple[int, int]
    title: str
    words: str
    picture: NDArray[np.uint8] | None
    missing: str = ""


def step_size(panel: tuple[int, int]) -> tuple[int, int]:
    """Pixels from one column, and from one row, to the next; `panel` is a picture's width and height."""
    return max(panel[0], 130) + ROAD, panel[1] + CAPTION + ROAD // 2


def draw_node(canvas: Image.Image, node: Drawn, corner: tuple[int, int], panel: tuple[int, int]) -> None:
    """Picture, frame and captions; `corner` is the picture's left upper one."""
    draw, (left, top) = ImageDraw.Draw(canvas), corner
    if node.picture is not None:
        canvas.paste(Image.fromarray(node.picture).resize(panel, Image.Resampling.NEAREST), corner)
    else:
        middle = (left + panel[0] / 2, top + panel[1] / 2)
        draw.text(middle, node.missing, fill=FAINT, font=font(SMALL), anchor="mm")
    draw.rectangle((left - 1, top - 1, left + panel[0], top + panel[1]), outline=RULE)
    draw.text((left, top + panel[1] + 4), node.title, fill=INK, font=font(BODY))
    draw.text((left, top + panel[1] + 22), node.words, fill=FAINT, font=font(SMALL))


def draw_arrow(
    canvas: Image.Image,
    start: tuple[int, int],
    end: tuple[int, int],
    panel: tuple[int, int],
    words: str,
    colour: Colour,
) -> None:
    """From one node's corner to another's, beside or below or above it."""
    draw = ImageDraw.Draw(canvas)
    middle = panel[1] // 2
    forwards = end[0] > start[0]
    if start[1] == end[1]:  # along a row
        tail = (start[0] + panel[0] + 6 if forwards else start[0] - 6, start[1] + middle)
        tip = (end[0] - 6 if forwards else end[0] + panel[0] + 6, end[1] + middle)
        draw.line((tail, tip), fill=colour, width=3)
        _tip(draw, tip, (1, 0) if forwards else (-1, 0), colour)
        draw.text(((tail[0] + tip[0]) / 2, tail[1] - 6), words, fill=INK, font=font(BODY), anchor="mb")
    elif start[0] == end[0]:  # down to an exit, or up from a pool
        down = end[1] > start[1]
        x = start[0] + panel[0] - 12
        tail = (x, start[1] + panel[1] + 6 if down else start[1] - 6)
        # From below, past the captions of the node above.
        tip = (x, end[1] - 6 if down else end[1] + panel[1] + 6)
        draw.line((tail, tip), fill=colour, width=3)
        _tip(draw, tip, (0, 1) if down else (0, -1), colour)
        draw.text((x + 10, (tail[1] + tip[1]) / 2), words, fill=INK, font=font(BODY), anchor="lm")
    elif not forwards:  # from the last of the lower row back to the first of the upper one
        x = end[0] + panel[0] // 2
        tail, turn = (start[0] - 6, start[1] + middle), (x, start[1] + middle)
        tip = (x, end[1] + panel[1] + CAPTION + 6)
        draw.line((tail, turn, tip), fill=colour, width=3, joint="curve")
        _tip(draw, tip, (0, -1), colour)
    else:  # a skip: to the right, then up between its own column and the next
        x = end[0] - ROAD // 3
        tail, turn, tip = (
            (start[0] + panel[0] + 6, start[1] + middle),
            (x, start[1] + middle),
            (end[0] - 2, end[1] + panel[1] - 10),
        )
        draw.line((tail, turn, (x, tip[1]), tip), fill=colour, width=3, joint="curve")
        _tip(draw, tip, (1, 0), colour)
        draw.text(((tail[0] + x) / 2, tail[1] - 6), words, fill=INK, font=font(BODY), anchor="mb")


def _tip(draw: ImageDraw.ImageDraw, tip: Point, way: tuple[int, int], colour: Colour) -> None:
    """A triangle that points along (x, y) `way`."""
    back = (tip[0] - 9 * way[0], tip[1] - 9 * way[1])
    side = (6 * way[1], 6 * way[0])
    draw.polygon([tip, (back[0] - side[0], back[1] - side[1]), (back[0] + side[0], back[1] + side[1])], fill=colour)
