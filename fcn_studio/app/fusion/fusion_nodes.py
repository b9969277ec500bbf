"""The fusion graph of a net that adds scores: its nodes, and the arrows between them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from fcn_studio.app.canvas.marks import LAYER_COLOURS
from fcn_studio.app.fusion.fusion_graph import Arrow, Node
from fcn_studio.core.graph.graph import Graph
from fcn_studio.core.graph.layout import Place, links, places
from fcn_studio.core.trace.live_fusion import Gains
from fcn_studio.core.trace.trace import Trace


def grid_text(width: int, height: int, stride: int) -> str:
    """A node's caption."""
    return QCoreApplication.translate("FusionNodes", "{0} x {1}, stride {2}").format(width, height, stride)


def fusion_nodes(trace: Trace, mask: str) -> tuple[Node, ...]:
    """From score_fr to the mask, which is called `mask`, and the skips below them."""
    height, width = trace.size
    sizes, finest = trace.grid_sizes, trace.variants[-1]
    found = []
    for place in shown(trace.graph):
        if place.name == finest:
            caption, title = f"{width} x {height}", mask
        else:
            rows, columns = sizes[place.name]
            tap = trace.other_tap(place.name)
            caption = grid_text(columns, rows, trace.graph.node(place.name).stride)
            caption, title = caption + (f" \N{MIDDLE DOT} {tap}" if tap else ""), ""
        found.append(Node(place.name, place.column, place.row, caption, title))
    return tuple(found)


def shown(graph: Graph) -> tuple[Place, ...]:
    """The places but those of early exits, for which there is no room."""
    return tuple(place for place in places(graph) if place.name not in graph.variants[:-1])


def fusion_arrows(trace: Trace, gains: Gains) -> tuple[Arrow, ...]:
    """Enlargements and sums, as strong as the gains."""
    names = {place.name for place in shown(trace.graph)}
    found = []
    for link in links(trace.graph):
        if link.end not in names:
            continue
        words = f"x{link.factor}" if link.factor else ""
        gain = gains.of(link.layer) if link.layer else 1.0
        if link.skip:
            cut = QCoreApplication.translate("FusionNodes", "crop {0}").format(link.crop) if link.crop else ""
            words = ", ".join(word for word in (f"+ {gain:.2f}", cut) if word)
        found.append(Arrow(link.start, link.end, words, LAYER_COLOURS[link.layer] if link.layer else "", gain))
    return tuple(found)
