"""Graphs of nets: those that fuse scores, from their score layers and kernels, and those with one score layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from fcn_studio.core.graph.geometry import PHOTO, CoordMap, Layer, aligned_kernel, crop_pair
from fcn_studio.core.graph.graph import Enlargement, Exit, Features, Graph, Node, Score, Stage, Sum, Upscore
from fcn_studio.core.graph.names import BY_LAYER, OUTPUT, PHOTO_NODE, SCORE, UPSCORE

HALVING = Layer(2, 2, ceil=True)  # the pools of the trunks that decoders stand on


def score_node(layer: str, coords: CoordMap, channels: int, *, tap: str = "", scale: float = 1.0) -> Node:
    """A score layer; a tap without a name of its own in the trunk is called as in VGG-16."""
    return Node(layer, coords, channels, Score(tap or (BY_LAYER[layer].tap if layer in BY_LAYER else ""), scale))


@lru_cache(maxsize=128)
def fusion_graph(
    layers: tuple[Node, ...], variants: tuple[str, ...], kernels: tuple[Enlargement, ...] | None = None
) -> Graph:
    """The graph of a net that fuses scores.

    Args:
        layers: The score layers, in any order; of a skip without all coarser ones nothing is made.
        variants: Its exits; those whose layers or enlargement are missing are left out.
        kernels: Its upsampling layers; None for the bilinear kernels that align the grids (see `aligned_kernel`).

    Raises:
        ValueError: Two grids cannot be aligned.
    """
    by_name = {node.name: node for node in layers}
    known = None if kernels is None else {found.layer: found for found in kernels}
    nodes, exits = list[Node](), list[Exit]()

    def enlargement(layer: str, stride: int, coords: CoordMap, target: CoordMap) -> Enlargement | None:
        if known is None:
            return Enlargement(layer, stride, aligned_kernel(coords, stride, target))
        return known.get(layer)

    fused: Node | None = None
    for names in BY_LAYER.values():
        scored = by_name.get(names.layer)
        if scored is None:
            break
        if fused is None:
            nodes.append(scored)
            fused = scored
        else:
            by = enlargement(names.upscored, fused.stride // names.stride, fused.coords, scored.coords)
            if by is None:
                break
            enlarged = fused.coords.upsampled(by.stride, by.kernel)
            crop, skip_crop = crop_pair(enlarged, scored.coords)
            step = Upscore(fused.name, by, crop, scored.name, skip_crop)
            upscored = Node(names.upscored, enlarged.cropped(crop), scored.channels, step)
            fused = Node(names.fused, upscored.coords, scored.channels, Sum(upscored.name, scored.name))
            nodes += [upscored, scored, fused]
        if names.variant in variants:
            last = enlargement(names.last, names.stride, fused.coords, PHOTO)
            if last is not None:
                exits.append(exit_of(names.variant, fused, last))
    return Graph(tuple(nodes), tuple(exits))


def single_graph(
    scored: Node, by: Enlargement | None, variants: Iterable[str], stages: tuple[tuple[str, str, int], ...] = ()
) -> Graph:
    """The graph of a net with one score layer behind features that are not linear in any other scores.

    Args:
        scored: The score layer.
        by: What enlarges it to the photo.
        variants: Its exit, or none yet.
        stages: Of a decoder, coarsest first: name, what is added (empty for nothing) and stride. Each stage has a pool
            of its stride beside it, the last one the photo.
    """
    nodes = [Node(PHOTO_NODE, PHOTO, 3, Features())]
    source, count = PHOTO_NODE, len(stages)
    for number in range(1, count + 1):
        coords = nodes[-1].coords.through(HALVING)
        nodes.append(Node(f"pool{number}", coords, 0, Features((nodes[-1].name,))))
    if count:
        source = nodes[-1].name
    grids = {node.stride: node.coords for node in nodes}
    for number, (name, skip, stride) in enumerate(stages, start=1):
        beside = skip or (nodes[count - number].name)
        nodes.append(Node(name, grids.get(stride, PHOTO), 0, Stage(source, beside, bool(skip))))
        source = name
    step = scored.step
    if isinstance(step, Score):
        scored = replace(scored, step=replace(step, source=source))
    exits = (exit_of(OUTPUT, scored, by),) if by is not None and OUTPUT in variants else ()
    return Graph((*nodes, scored), exits)


def graph_of(
    layers: Iterable[Node],
    variants: tuple[str, ...],
    kernels: Iterable[Enlargement],
    stages: tuple[tuple[str, str, int], ...] = (),
) -> Graph:
    """The graph of a net of either kind, by the names of its layers.

    Raises:
        ValueError: Two grids cannot be aligned.
    """
    found, known = {node.name: node for node in layers}, tuple(kernels)
    if SCORE in found:
        return single_graph(found[SCORE], next((by for by in known if by.layer == UPSCORE), None), variants, stages)
    return fusion_graph(tuple(found.values()), variants, known)


def exit_of(variant: str, node: Node, by: Enlargement) -> Exit:
    """The exit from a node to the photo.

    Raises:
        ValueError: No crop lays the enlarged cells on the photo's pixels.
    """
    return Exit(variant, node.name, by, node.coords.upsampled(by.stride, by.kernel).crop_to(PHOTO))
