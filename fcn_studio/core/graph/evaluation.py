"""A node's scores from those of the score layers, by whichever arithmetic: numpy's and torch's arrays slice alike."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fcn_studio.core.graph.graph import Graph, Score, Size, Sum, Upscore

Array = TypeVar("Array", bound=Any)  # (..., rows, columns)


def evaluate(
    graph: Graph,
    name: str,
    sizes: Mapping[str, Size],
    scores: Callable[[str], Array],
    enlarge: Callable[[str, Array], Array],
    add: Callable[[Array, Array], Array] = operator.add,
) -> Array:
    """(..., rows, columns) of a node.

    Args:
        graph: Whose.
        name: Of the node.
        sizes: (rows, columns) of every node (see `Graph.sizes`).
        scores: A score layer's, on its own grid; with whatever gain, or zeros where its share is not asked for.
        enlarge: What an upsampling layer, by its name, makes of the scores before it, uncropped.
        add: Their sum; may overwrite the first.

    Raises:
        ValueError: This net has no such node, or its scores are no function of others.
    """
    match graph.node(name).step:
        case Score():
            return scores(name)
        case Upscore() as step:
            enlarged = enlarge(step.by.layer, evaluate(graph, step.source, sizes, scores, enlarge, add))
            cut: Array = _cut(enlarged, step.crop, sizes[name])
            return cut
        case Sum(upscored=upscored, skip=layer):
            below = evaluate(graph, upscored, sizes, scores, enlarge, add)
            return add(below, _cut(scores(layer), graph.skip_step(layer).skip_crop, sizes[name]))
    raise ValueError(f"{name!r} is no sum of scores")


def _cut(scores: Any, first: int, size: Size) -> Any:
    return scores[..., first : first + size[0], first : first + size[1]]
