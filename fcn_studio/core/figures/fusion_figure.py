"""The fusion graph as a figure: winning classes, or a decoder's energies, at every node after the trunk, and arrows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fcn_studio.core.figures.figures import HEAD, SMALL, draw_head, font, origin
from fcn_studio.core.figures.graph_figure import PANEL, ROAD, SWATCH, Colour, Drawn, draw_arrow, draw_node, step_size
from fcn_studio.core.figures.pictures import FAINT, GAP, INK, PAPER, colourise
from fcn_studio.core.graph.decoder_graph import PARTS, Part, energy_picture, links, padded_size, places, pool_links
from fcn_studio.core.graph.layout import links as graph_links
from fcn_studio.core.graph.layout import places as graph_places
from fcn_studio.core.graph.names import OUTPUT, PHOTO_NODE, SCORE, SCORE_LAYERS, UPSCORE
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.contributions import LAYER_COLOURS
from fcn_studio.core.trace.trace import Trace

Arrows = list[tuple[str, str, str, Colour]]  # start, end, words and colour


def fusion_figure(trace: Trace, *, title: str, labels: LabelSet | None = None, part: Part = PARTS[0]) -> Image.Image:
    """Nodes from left to right, skips below the node that they are added to, exits below those that they leave.

    Of a decoder, the energy of its stages' features, each on a scale of its own, and what each skip adds.

    Args:
        trace: What to show.
        title: Begins the heading.
        labels: The trace's classes in other colours; None takes the trace's own.
        part: What a decoder's stages show.
    """
    labels = trace.labels if labels is None else labels
    if trace.fuses_scores:
        nodes, arrows = (
            {
                place.name: _node(trace, labels, place.name, (place.column, place.row))
                for place in graph_places(trace.graph)
            },
            _arrows(trace),
        )
    else:
        nodes, arrows = _single_nodes(trace, labels, part), _single_arrows(trace)
    height, width = trace.size
    scale = PANEL / max(trace.size)
    panel = (max(1, round(width * scale)), max(1, round(height * scale)))
    step = step_size(panel)
    columns, rows = (1 + max(node.place[axis] for node in nodes.values()) for axis in (0, 1))
    used = [
        index for index in range(len(labels)) if any(trace.class_shares(variant)[index] for variant in trace.variants)
    ]
    across = max(1, (columns * step[0] - ROAD) // SWATCH)
    legend = -(-len(used) // across) * 24 + GAP
    canvas = Image.new("RGB", (2 * GAP + columns * step[0] - ROAD, HEAD + rows * step[1] + legend), PAPER)
    draw_head(canvas, f"{title}: {_subject(trace, part)}", origin(trace))
    corners = {name: (GAP + node.place[0] * step[0], HEAD + node.place[1] * step[1]) for name, node in nodes.items()}
    for start, end, words, colour in arrows:
        draw_arrow(canvas, corners[start], corners[end], panel, words, colour)
    for name, node in nodes.items():
        draw_node(canvas, node, corners[name], panel)
    draw, top = ImageDraw.Draw(canvas), HEAD + rows * step[1]
    for number, index in enumerate(used):
        x, y = GAP + number % across * SWATCH, top + number // across * 24
        draw.rectangle((x, y, x + 15, y + 15), fill=labels.colours[index], outline=FAINT)
        draw.text((x + 24, y), labels.classes[index], fill=INK, font=font(SMALL))
    return canvas


def _subject(trace: Trace, part: Part) -> str:
    if not trace.stages:
        return "scores" if not trace.fuses_scores else "fusion, max-unpooling" if trace.unpools else "fusion"
    height, width = padded_size(trace)
    words = {"output": "features", "below": "what comes from below", "skip": "what skips add"}[part]
    return f"energy of {words}, each stage on its own scale; photo padded to {width} x {height}"


def _arrows(trace: Trace) -> Arrows:
    arrows = []
    for link in graph_links(trace.graph):
        words = f"+ crop {link.crop}" if link.crop else "+" if link.skip else f"x{link.factor}" if link.factor else ""
        arrows.append((link.start, link.end, words, LAYER_COLOURS[link.layer] if link.layer else INK))
    return arrows


def _node(trace: Trace, labels: LabelSet, name: str, place: tuple[int, int]) -> Drawn:
    if name in trace.variants:
        classes, words = trace.mask(name), f"{trace.size[1]} x {trace.size[0]}"
        return Drawn(place, trace.title(name), words, colourise(classes, labels))
    scores = trace.node(name)
    classes = scores.argmax(axis=0).astype(np.uint8)
    if trace.unpools:
        classes[~scores.any(axis=0)] = labels.void  # nothing was put back there
    words = f"{classes.shape[1]} x {classes.shape[0]}, stride {trace.graph.node(name).stride}"
    return Drawn(place, name, words, colourise(classes, labels))


def _single_nodes(trace: Trace, labels: LabelSet, part: Part) -> dict[str, Drawn]:
    """Of a net with one output: a decoder's stages and pools, or the only scores."""
    height, width = trace.size
    size = f"{width} x {height}"
    mask = colourise(trace.mask(OUTPUT), labels)
    if not trace.stages:
        layer = trace.score_maps[SCORE]
        classes = trace.node(SCORE).argmax(axis=0).astype(np.uint8)
        words = f"{classes.shape[1]} x {classes.shape[0]}, stride {layer.stride}"
        texts = {
            PHOTO_NODE: ("photo", size, trace.image),
            SCORE: (SCORE, words, colourise(classes, labels)),
            OUTPUT: (trace.title(OUTPUT), size, mask),
        }
        return {place.name: Drawn((place.column, place.row), *texts[place.name]) for place in places(trace)}
    found = {}
    for place in places(trace):
        own: dict[str, tuple[str, NDArray[np.uint8]]] = {PHOTO_NODE: ("photo", trace.image), OUTPUT: ("mask", mask)}
        name, picture = own.get(place.name, (place.name, energy_picture(place, part)))
        rows, columns = (-(-side // place.stride) for side in trace.size)
        words = size if place.name in own else f"{columns} x {rows}, stride {place.stride}"
        missing = "not added" if place.row else "into the decoder" if place.stage is None else "no skip"
        found[place.name] = Drawn((place.column, place.row), name, words, picture, missing)
    return found


def _single_arrows(trace: Trace) -> Arrows:
    if not trace.stages:
        resize = f"resize x{trace.upsamplings[UPSCORE].stride}"
        return [
            *((start, end, "backbone", INK) for start, end in pool_links(trace)),
            *((start, end, resize, INK) for start, end, _ in links(trace)),
        ]
    arrows = [(start, end, "", INK) for start, end in pool_links(trace)]
    arrows += [(start, end, words, INK) for start, end, words in links(trace)]
    colour = LAYER_COLOURS[SCORE_LAYERS[1]]
    arrows += [
        (stage.skip, stage.name, f"+ {100 * stage.added_share:.0f} %", colour) for stage in trace.stages if stage.skip
    ]
    return arrows
