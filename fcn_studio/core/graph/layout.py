"""Where the nodes of a fusion graph stand in a drawing: a road in row 0, and below it the skips and exits."""

from __future__ import annotations

from dataclasses import dataclass

from fcn_studio.core.graph.graph import Graph


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
