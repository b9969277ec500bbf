"""The graph against the published prototxts, against grids that are really computed, and of nets without sums."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fcn_studio.core.graph.build import fusion_graph, graph_of, score_node
from fcn_studio.core.graph.evaluation import evaluate
from fcn_studio.core.graph.geometry import PHOTO, CoordMap, Layer
from fcn_studio.core.graph.graph import Enlargement, Graph
from fcn_studio.core.graph.layout import links, places

POOL = Layer(2, 2, ceil=True)
# deploy.prototxt of voc-fcn8s: kernel size and stride of each Deconvolution.
KERNELS = {"upscore2": (4, 2), "upscore_pool4": (4, 2), "upscore8": (16, 8)}


def vgg16(padding: int, variants: tuple[str, ...] = ("32s", "16s", "8s")) -> Graph:
    """The published net's graph, from its trunk's layers."""
    coords, taps = PHOTO, dict[str, CoordMap]()
    for block, count in enumerate((2, 2, 3, 3, 3), start=1):
        for _ in range(count):
            coords = coords.through(Layer(3, padding=padding))
            padding = 1
        taps[f"pool{block}"] = coords = coords.through(POOL)
    taps["fc7"] = coords.through(Layer(7))
    wanted = {"score_fr": "fc7", "score_pool4": "pool4", "score_pool3": "pool3", "score_pool2": "pool2"}
    layers = list(wanted)[: 4 if "4s" in variants else 3]
    return fusion_graph(tuple(score_node(layer, taps[wanted[layer]], 21) for layer in layers), variants)


def test_kernels_and_crops_are_those_of_the_published_prototxts() -> None:
    graph = vgg16(100)
    found = {by.layer: (by.kernel, by.stride) for _, by in graph.enlarged}
    assert {name: found[name] for name in KERNELS} == KERNELS
    # Of voc-fcn8s, 16s and 32s: score_pool4c, score_pool3c, and the score of each.
    assert (graph.skip_step("score_pool4").skip_crop, graph.skip_step("score_pool3").skip_crop) == (5, 9)
    assert [graph.exit(variant).crop for variant in ("32s", "16s", "8s")] == [19, 27, 31]


def test_sizes_are_those_of_grids_that_are_computed() -> None:
    graph = vgg16(100, ("32s", "16s", "8s", "4s"))
    shapes = {"score_fr": (12, 16), "score_pool4": (36, 44), "score_pool3": (72, 88), "score_pool2": (143, 175)}
    layers = {name: torch.zeros(1, 1, *shape) for name, shape in shapes.items()}
    steps = {by.layer: by for _, by in graph.enlarged}

    def enlarge(layer: str, scores: torch.Tensor) -> torch.Tensor:
        kernel = torch.ones(1, 1, steps[layer].kernel, steps[layer].kernel)
        return torch.nn.functional.conv_transpose2d(scores, kernel, stride=steps[layer].stride)

    sizes = graph.sizes(shapes)
    for name in graph.names:
        grid = evaluate(graph, name, sizes, layers.__getitem__, enlarge)
        assert tuple(grid.shape[2:]) == sizes[name], name


def test_a_gain_scales_what_a_layer_gives_and_nothing_else() -> None:
    graph = vgg16(100)
    rng = np.random.default_rng(0)
    shapes = {"score_fr": (4, 5), "score_pool4": (20, 22), "score_pool3": (40, 44)}
    layers = {name: rng.standard_normal((2, *shape)) for name, shape in shapes.items()}
    steps = {by.layer: by for _, by in graph.enlarged}

    def enlarge(layer: str, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        by = steps[layer]
        out = np.zeros((2, by.size(scores.shape[1]), by.size(scores.shape[2])))
        for i, j in np.ndindex(scores.shape[1:]):
            rows, columns = by.stride * i, by.stride * j
            out[:, rows : rows + by.kernel, columns : columns + by.kernel] += scores[:, i, j, None, None]
        return out

    def fused(gains: dict[str, float]) -> NDArray[np.float64]:
        def scores(layer: str) -> NDArray[np.float64]:
            return gains[layer] * layers[layer]

        found: NDArray[np.float64] = evaluate(graph, "fuse_pool3", graph.sizes(shapes), scores, enlarge)
        return found

    alone = {layer: fused({name: float(name == layer) for name in layers}) for layer in layers}
    mixed = fused({"score_fr": 0.5, "score_pool4": 2.0, "score_pool3": -1.0})
    np.testing.assert_allclose(mixed, 0.5 * alone["score_fr"] + 2 * alone["score_pool4"] - alone["score_pool3"])
    assert all(share.any() for share in alone.values())


def test_it_says_what_a_node_is_made_of_and_what_there_is_not() -> None:
    graph = vgg16(100)
    assert graph.layers_in("fuse_pool4") == ("score_fr", "score_pool4")
    assert graph.layers_in("upscore_pool4") == ("score_fr", "score_pool4")
    assert graph.linear
    for ask in (graph.node, graph.layers_in):
        with pytest.raises(ValueError, match="no node 'fuse_pool2'"):
            ask("fuse_pool2")
    with pytest.raises(ValueError, match="no variant '4s'"):
        graph.exit("4s")
    with pytest.raises(ValueError, match="no skip 'score_pool2'"):
        graph.skip_step("score_pool2")


def test_a_net_with_one_score_layer_is_of_the_same_type_and_not_linear() -> None:
    scored = score_node("score", CoordMap(PHOTO.scale * 8, PHOTO.offset), 21)
    graph = graph_of((scored,), ("output",), (Enlargement("upscore", 8, 15),))
    assert not graph.linear
    assert (graph.scored, graph.variants, graph.layers_in("score")) == (("score",), ("output",), ("score",))
    assert [place.name for place in places(graph)] == ["photo", "score", "output"]


def test_a_decoder_is_of_the_same_type_and_its_stages_stand_above_the_pools_that_they_read() -> None:
    stages = (
        ("deconv1", "pool4", 16),
        ("deconv2", "pool3", 8),
        ("deconv3", "", 4),
        ("deconv4", "", 2),
        ("deconv5", "", 1),
    )
    graph = graph_of((score_node("score", PHOTO, 11),), ("output",), (Enlargement("upscore", 1, 1),), stages)
    assert not graph.linear
    spots = {place.name: (place.column, place.row) for place in places(graph)}
    assert spots["pool5"] == (0, 0)
    for stage, beside in zip(("deconv1", "deconv2", "deconv5"), ("pool4", "pool3", "photo"), strict=True):
        assert (spots[stage][0], spots[stage][1] + 1) == spots[beside]
        if beside != "photo":
            assert graph.node(stage).coords == graph.node(beside).coords
    assert [(link.start, link.end) for link in links(graph) if link.skip] == [
        ("pool4", "deconv1"),
        ("pool3", "deconv2"),
    ]
    assert graph.node("score").step.reads == ("deconv5",)


def test_grids_that_no_crop_aligns_are_refused() -> None:
    coarse = score_node("score_fr", CoordMap(PHOTO.scale * 32, PHOTO.offset), 3)
    fine = score_node("score_pool4", CoordMap(PHOTO.scale * 16, PHOTO.offset + PHOTO.scale / 3), 3)
    with pytest.raises(ValueError, match="align"):
        fusion_graph((coarse, fine), ("16s",), (Enlargement("upscore2", 2, 4),))


def test_drawn_nodes_have_places_of_their_own_and_arrows_end_at_them() -> None:
    graph = vgg16(100, ("32s", "16s", "8s", "4s"))
    spots = {place.name: (place.column, place.row) for place in places(graph)}
    assert set(spots) == {*graph.names, *graph.variants}
    assert len(set(spots.values())) == len(spots)
    ends = [(link.start, link.end) for link in links(graph)]
    assert {name for pair in ends for name in pair} == set(spots)
    assert all(spots[start][0] <= spots[end][0] for start, end in ends), "the road leads to the right"
    assert sum(link.skip for link in links(graph)) == 3
