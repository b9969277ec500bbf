"""The fusion graph of a net that adds scores: its nodes, and the arrows between them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from fcn_studio.app.views.fusion_graph import Arrow, Node
from fcn_studio.app.views.marks import LAYER_COLOURS
from fcn_studio.core.live_fusion import Gains
from fcn_studio.core.trace import VARIANTS, Trace


def grid_text(width: int, height: int, stride: int) -> str:
    """A node's caption."""
    return QCoreApplication.translate("FusionNodes", "{0} x {1}, stride {2}").format(width, height, stride)


def fusion_nodes(trace: Trace, mask: str) -> tuple[Node, ...]:
    """From score_fr to the mask, which is called `mask`, and the skips below them."""

    def node(name: str, column: int, row: int, stride: int) -> Node:
        height, width = trace.part(name, "score_fr").scores.shape[1:]
        tap = trace.other_tap(name)
        return Node(name, column, row, grid_text(width, height, stride) + (f" \N{MIDDLE DOT} {tap}" if tap else ""))

    height, width = trace.size
    last = trace.variants[-1]
    nodes = [node("score_fr", 0, 0, 32)]
    if last != "32s":
        nodes += [node("upscore2", 1, 0, 16), node("fuse_pool4", 2, 0, 16), node("score_pool4", 1, 1, 16)]
    if last == "8s":
        nodes += [node("upscore_pool4", 3, 0, 8), node("fuse_pool3", 4, 0, 8), node("score_pool3", 3, 1, 8)]
    nodes.append(Node(last, 1 + 2 * VARIANTS.index(last), 0, f"{width} x {height}", mask))
    return tuple(nodes)


def fusion_arrows(trace: Trace, gains: Gains) -> tuple[Arrow, ...]:
    """Enlargements and sums, as strong as the gains."""
    last = trace.variants[-1]

    def skip(layer: str, end: str) -> Arrow:
        gain = gains.of(layer)
        crop = trace.skip_crop(layer)
        cut = QCoreApplication.translate("FusionNodes", "crop {0}").format(crop) if crop else ""
        words = ", ".join(word for word in (f"+ {gain:.2f}", cut) if word)
        return Arrow(layer, end, words, LAYER_COLOURS[layer], gain)

    colour = LAYER_COLOURS["score_fr"]
    if last == "32s":
        return (Arrow("score_fr", "32s", "x32", colour, gains.score_fr),)
    arrows = [
        Arrow("score_fr", "upscore2", "x2", colour, gains.score_fr),
        Arrow("upscore2", "fuse_pool4", ""),
        skip("score_pool4", "fuse_pool4"),
    ]
    if last == "16s":
        return (*arrows, Arrow("fuse_pool4", "16s", "x16"))
    return (
        *arrows,
        Arrow("fuse_pool4", "upscore_pool4", "x2"),
        Arrow("upscore_pool4", "fuse_pool3", ""),
        skip("score_pool3", "fuse_pool3"),
        Arrow("fuse_pool3", "8s", "x8"),
    )
