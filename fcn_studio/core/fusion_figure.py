"""The fusion graph as a figure: the winning classes at every node of the net after its trunk, and what joins them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from fcn_studio.core.contributions import LAYER_COLOURS
from fcn_studio.core.figures import BODY, HEAD, RULE, SMALL, draw_head, font, origin
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.pictures import FAINT, GAP, INK, PAPER, colourise
from fcn_studio.core.trace import VARIANTS, Trace

PANEL = 200  # pixels along the longer side of a node's picture
ROAD = 84  # pixels between pictures, for arrows
CAPTION = 40  # height of the two lines below a picture
SWATCH = 190  # width of a legend's column


def fusion_figure(trace: Trace, *, title: str, labels: LabelSet | None = None) -> Image.Image:
    """Nodes from left to right, skips below the node that they are added to, exits below those that they leave.

    Args:
        trace: What to show.
        title: Begins the heading.
        labels: The trace's classes in other colours; None takes the trace's own.
    """
    labels = trace.labels if labels is None else labels
    places = _places(trace)
    height, width = trace.size
    scale = PANEL / max(trace.size)
    panel = (max(1, round(width * scale)), max(1, round(height * scale)))
    step = (max(panel[0], 130) + ROAD, panel[1] + CAPTION + ROAD // 2)
    columns, rows = (1 + max(place[axis] for place in places.values()) for axis in (0, 1))
    used = [
        index for index in range(len(labels)) if any(trace.class_shares(variant)[index] for variant in trace.variants)
    ]
    across = max(1, (columns * step[0] - ROAD) // SWATCH)
    legend = -(-len(used) // across) * 24 + GAP
    canvas = Image.new("RGB", (2 * GAP + columns * step[0] - ROAD, HEAD + rows * step[1] + legend), PAPER)
    draw_head(canvas, f"{title}: fusion", origin(trace))
    corners = {name: (GAP + column * step[0], HEAD + row * step[1]) for name, (column, row) in places.items()}
    for start, end, words, colour in _arrows(trace):
        _arrow(canvas, corners[start], corners[end], panel, words, colour)
    for name, corner in corners.items():
        _node(canvas, trace, labels, name, corner, panel)
    draw, top = ImageDraw.Draw(canvas), HEAD + rows * step[1]
    for number, index in enumerate(used):
        x, y = GAP + number % across * SWATCH, top + number // across * 24
        draw.rectangle((x, y, x + 15, y + 15), fill=labels.colours[index], outline=FAINT)
        draw.text((x + 24, y), labels.classes[index], fill=INK, font=font(SMALL))
    return canvas


def _places(trace: Trace) -> dict[str, tuple[int, int]]:
    """Column and row of each node; exits that are not the last stand below their node."""
    last = trace.variants[-1]
    places = {"score_fr": (0, 0)}
    if last != "32s":
        places |= {"upscore2": (1, 0), "fuse_pool4": (2, 0), "score_pool4": (1, 1)}
    if last == "8s":
        places |= {"upscore_pool4": (3, 0), "fuse_pool3": (4, 0), "score_pool3": (3, 1)}
    exits = {"32s": (0, 1), "16s": (2, 1)}
    places |= {variant: exits[variant] for variant in trace.variants[:-1]}
    places[last] = (1 + 2 * VARIANTS.index(last), 0)
    return places


def _arrows(trace: Trace) -> list[tuple[str, str, str, tuple[int, int, int]]]:
    """Start, end, words and colour."""
    last, coarse = trace.variants[-1], LAYER_COLOURS["score_fr"]

    def skip(layer: str, end: str) -> tuple[str, str, str, tuple[int, int, int]]:
        crop = trace.skip_crop(layer)
        return layer, end, f"+ crop {crop}" if crop else "+", LAYER_COLOURS[layer]

    arrows = []
    if "32s" in trace.variants:
        arrows.append(("score_fr", "32s", "x32", coarse))
    if last != "32s":
        arrows += [("score_fr", "upscore2", "x2", coarse), ("upscore2", "fuse_pool4", "", INK)]
        arrows.append(skip("score_pool4", "fuse_pool4"))
        if "16s" in trace.variants:
            arrows.append(("fuse_pool4", "16s", "x16", INK))
    if last == "8s":
        arrows += [("fuse_pool4", "upscore_pool4", "x2", INK), ("upscore_pool4", "fuse_pool3", "", INK)]
        arrows += [skip("score_pool3", "fuse_pool3"), ("fuse_pool3", "8s", "x8", INK)]
    return arrows


def _node(
    canvas: Image.Image, trace: Trace, labels: LabelSet, name: str, corner: tuple[int, int], panel: tuple[int, int]
) -> None:
    if name in trace.variants:
        classes, words = trace.mask(name), f"{trace.size[1]} x {trace.size[0]}"
    else:
        classes = trace.node(name).argmax(axis=0).astype(np.uint8)
        stride = int(trace.part(name, "score_fr").coords.scale)
        words = f"{classes.shape[1]} x {classes.shape[0]}, stride {stride}"
    picture = Image.fromarray(colourise(classes, labels)).resize(panel, Image.Resampling.NEAREST)
    canvas.paste(picture, corner)
    draw, (left, top) = ImageDraw.Draw(canvas), corner
    draw.rectangle((left - 1, top - 1, left + panel[0], top + panel[1]), outline=RULE)
    title = f"FCN-{name}" if name in trace.variants else name
    draw.text((left, top + panel[1] + 4), title, fill=INK, font=font(BODY))
    draw.text((left, top + panel[1] + 22), words, fill=FAINT, font=font(SMALL))


def _arrow(
    canvas: Image.Image,
    start: tuple[int, int],
    end: tuple[int, int],
    panel: tuple[int, int],
    words: str,
    colour: tuple[int, int, int],
) -> None:
    draw = ImageDraw.Draw(canvas)
    middle = panel[1] // 2
    if start[1] == end[1]:  # along the road
        tail, tip = (start[0] + panel[0] + 6, start[1] + middle), (end[0] - 6, end[1] + middle)
        draw.line((tail, tip), fill=colour, width=3)
        draw.polygon([tip, (tip[0] - 9, tip[1] - 6), (tip[0] - 9, tip[1] + 6)], fill=colour)
        draw.text(((tail[0] + tip[0]) / 2, tail[1] - 6), words, fill=INK, font=font(BODY), anchor="mb")
    elif start[0] == end[0]:  # down to an exit
        x = start[0] + panel[0] - 12
        tail, tip = (x, start[1] + panel[1] + 6), (x, end[1] - 6)
        draw.line((tail, tip), fill=colour, width=3)
        draw.polygon([tip, (tip[0] - 6, tip[1] - 9), (tip[0] + 6, tip[1] - 9)], fill=colour)
        draw.text((x + 10, (tail[1] + tip[1]) / 2), words, fill=INK, font=font(BODY), anchor="lm")
    else:  # a skip: to the right, then up between its own column and the next
        x = end[0] - ROAD // 3
        tail, turn, tip = (
            (start[0] + panel[0] + 6, start[1] + middle),
            (x, start[1] + middle),
            (end[0] - 2, end[1] + panel[1] - 10),
        )
        draw.line((tail, turn, (x, tip[1]), tip), fill=colour, width=3, joint="curve")
        draw.polygon([tip, (tip[0] - 9, tip[1] - 6), (tip[0] - 9, tip[1] + 6)], fill=colour)
        draw.text(((tail[0] + x) / 2, tail[1] - 6), words, fill=INK, font=font(BODY), anchor="mb")
