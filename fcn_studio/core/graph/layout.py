"""Where the nodes of a graph stand in a drawing: a road in row 0, and below it the skips and exits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from fcn_studio.core.graph.graph import Features, Graph, Stage
from fcn_studio.core.graph.names import OUTPUT, PHOTO_NODE, SCORE


@dataclass(frozen=True, slots=True)
class Place:
    """A node or a variant.

    Attributes:
        name: Its own.
        column: From the left.
        row: 0 is the road from the coarsest scores to the finest mask; skips, and exits that leave it early, are in 1.
    """

    name: str
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow.

    Attributes:
        start: Name of a place.
        end: Name of a place.
        layer: The score layer whose scores alone go along it; empty where they are a sum.
        factor: Of an enlargement; 0 of sums.
        skip: Whether a skip's scores are added at its end.
        crop: Leading cells of the skip that are cut off.
    """

    start: str
    end: str
    layer: str = ""
    factor: int = 0
    skip: bool = False
    crop: int = 0


def places(graph: Graph) -> tuple[Place, ...]:
    """From left to right, with every exit."""
    if not graph.linear:
        return _places_of_features(graph)
    coarsest, columns = graph.layers[0], dict[str, int]()
    finest = graph.exits[-1]
    found = [Place(coarsest, 0, 0)]
    columns[coarsest] = 0
    for number, (step, fused) in enumerate(graph.skips):
        if step.skip not in graph.layers_in(finest.node):
            break
        column = 2 * number + 1
        columns[fused] = column + 1
        upscored = graph.node(fused).step.reads[0]
        found += [Place(upscored, column, 0), Place(fused, column + 1, 0), Place(step.skip, column, 1)]
    found += [Place(early.variant, columns[early.node], 1) for early in graph.exits[:-1]]
    return (*found, Place(finest.variant, columns[finest.node] + 1, 0))


def links(graph: Graph) -> tuple[Link, ...]:
    """The arrows between `places`, from left to right."""
    if not graph.linear:
        return _links_of_features(graph)
    shown, exits = {place.name for place in places(graph)}, {found.node: found for found in graph.exits}
    found = list[Link]()

    def leave(node: str, layer: str = "") -> None:
        if node in exits:
            found.append(Link(node, exits[node].variant, layer, exits[node].by.stride))

    coarsest = graph.layers[0]
    leave(coarsest, coarsest)
    for step, fused in graph.skips:
        if fused not in shown:
            break
        upscored = graph.node(fused).step.reads[0]
        found.append(Link(step.source, upscored, coarsest if step.source == coarsest else "", step.by.stride))
        found.append(Link(upscored, fused))
        found.append(Link(step.skip, fused, step.skip, skip=True, crop=step.skip_crop))
        leave(fused)
    return tuple(found)


def _stages(graph: Graph) -> tuple[tuple[str, Stage], ...]:
    return tuple((node.name, node.step) for node in graph.nodes if isinstance(node.step, Stage))


def _places_of_features(graph: Graph) -> tuple[Place, ...]:
    """A decoder's stages with what stands beside each below it; of other nets photo, scores and output."""
    stages = _stages(graph)
    if not stages:
        return tuple(Place(name, column, 0) for column, name in enumerate((PHOTO_NODE, SCORE, OUTPUT)))
    found = [Place(stages[0][1].below, 0, 0)]
    for column, (name, stage) in enumerate(stages, start=1):
        found += [Place(name, column, 0), Place(stage.beside, column, 1)]
    return (*found, Place(OUTPUT, len(stages) + 1, 0))


def _links_of_features(graph: Graph) -> tuple[Link, ...]:
    """The trunk from the photo on, then the road to the output, then what skips add."""
    stages = _stages(graph)
    trunk = [node.name for node in graph.nodes if isinstance(node.step, Features)]
    if not stages:
        return (Link(PHOTO_NODE, SCORE), *(Link(SCORE, found.variant, factor=found.by.stride) for found in graph.exits))
    found = [Link(start, end) for start, end in pairwise(trunk)]
    found += [Link(stage.below, name, factor=stage.factor) for name, stage in stages]
    found.append(Link(stages[-1][0], OUTPUT, factor=1))
    return (*found, *(Link(stage.beside, name, skip=True) for name, stage in stages if stage.adds))
