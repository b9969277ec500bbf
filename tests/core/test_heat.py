"""Heat maps against torch's own figures as the trace gives them, naive loops, and the nets' geometry."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import fcn_studio as fs
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.graph.fusion import Grid, Upsampling
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.answers import doubt
from fcn_studio.core.maps.heat import (
    LEVELS,
    NO_VALUE,
    HeatKind,
    HeatMaps,
    HeatRange,
    NodeHeat,
    colour_table,
    coloured,
    heat_ranges,
    indices,
    kinds_of,
    node_geometry,
    node_values,
    nodes_of,
    ticks,
)
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import random_net

NETS = list(itertools.product(("caffe", "same"), ("bilinear", "learned")))
GRID_NODES = ("score_fr", "upscore2", "score_pool4", "fuse_pool4", "upscore_pool4", "score_pool3", "fuse_pool3")


@pytest.fixture(scope="module", params=NETS, ids=["-".join(net) for net in NETS])
def trace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet) -> Trace:
    alignment, upsampling = request.param
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9}
    net = random_net(Architecture.from_dict({**values, "alignment": alignment, "upsampling": upsampling}))
    path = tmp_path_factory.mktemp("nets") / "net.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    photo = np.random.default_rng(0).integers(0, 256, (90, 131, 3), dtype=np.uint8)
    return fs.load(path, device="cpu", precision="fp32").trace(photo)


@pytest.mark.parametrize("node", [*GRID_NODES, "32s", "16s", "8s"])
def test_geometry_is_known_without_scores(trace: Trace, node: str) -> None:
    rows, columns, coords = node_geometry(trace, node)
    if node in trace.variants:
        assert (rows, columns) == trace.size
    else:
        assert (rows, columns) == trace.node(node).shape[1:]
        assert coords == trace.part(node, "score_fr").coords


@pytest.mark.parametrize("node", GRID_NODES)
def test_cells_are_the_nodes_own(trace: Trace, node: str) -> None:
    heat = NodeHeat(trace, node)
    scores = trace.node(node)
    assert np.array_equal(heat.cells("score").values, scores)
    assert np.array_equal(node_values(trace, node, 3), scores[3:4])
    shares = np.exp(scores.astype(np.float64)) / np.exp(scores.astype(np.float64)).sum(axis=0)
    assert heat.cells("probability").values == pytest.approx(shares, abs=1e-6)
    assert np.array_equal(heat.cell(1, 2, "score"), scores[:, 1, 2])


@pytest.mark.parametrize("node", GRID_NODES)
def test_each_cell_is_drawn_where_unpooling_would_put_it(trace: Trace, node: str) -> None:
    scores = trace.node(node)
    heat = NodeHeat(trace, node)
    # The cells' numbers as if they were scores, spread by the net's own arithmetic; 0 is "no cell".
    numbers = np.arange(1, scores[0].size + 1, dtype=np.float32).reshape(1, *scores.shape[1:])
    spread = Grid(numbers, trace.part(node, "score_fr").coords).at_photo(
        Upsampling(heat.stride, 2 * heat.stride, None, "nearest"), range(trace.size[0]), range(trace.size[1])
    )[0]
    maps = heat.cells("score")
    rows, columns = maps.rows_at(np.arange(trace.size[0])), maps.columns_at(np.arange(trace.size[1]))
    for y, x in itertools.product(range(0, trace.size[0], 3), range(0, trace.size[1], 3)):
        place = heat.cell_at(x, y)
        inside = rows[y] >= 0 and columns[x] >= 0
        assert (place is not None) == inside == (spread[y, x] > 0)
        if place is not None:
            assert place == (rows[y], columns[x])
            assert numbers[0][place] == spread[y, x]


@pytest.mark.parametrize("kind", ["score", "probability"])
@pytest.mark.parametrize("node", [*GRID_NODES, "32s", "16s", "8s"])
def test_enlarged_maps_are_those_of_the_trace(trace: Trace, node: str, kind: HeatKind) -> None:
    name = trace.labels.classes[4]
    expected = trace.heatmap(name, node=node, kind="probability" if kind == "probability" else "score")
    heat = NodeHeat(trace, node)
    maps = heat.enlarged(kind)
    assert maps.complete
    assert maps.values[4] == pytest.approx(expected, abs=1e-5)
    rows, columns = np.array([0, 7, 50, 89]), np.array([3, 4, 130])
    assert heat.at(rows, columns, kind, 4)[0] == pytest.approx(expected[np.ix_(rows, columns)], abs=1e-5)
    assert heat.pixel(60, 41, kind)[4] == pytest.approx(expected[41, 60], abs=1e-5)
    coarse = heat.enlarged(kind, side=30)
    assert not coarse.complete
    assert coarse.step == 5
    assert coarse.values[4] == pytest.approx(expected[2::5, 2::5], abs=1e-5)


@pytest.mark.parametrize("kind", ["entropy", "margin"])
@pytest.mark.parametrize("variant", ["32s", "16s", "8s"])
def test_doubt_is_that_of_the_answers(trace: Trace, variant: str, kind: HeatKind) -> None:
    expected = doubt(trace, variant, "entropy" if kind == "entropy" else "margin")
    found = node_values(trace, variant, None, kind)
    assert found.shape == (1, *trace.size)
    assert found[0] == pytest.approx(expected, abs=1e-4)


def test_nodes_and_kinds_are_those_the_net_has(trace: Trace) -> None:
    assert nodes_of(trace) == (*GRID_NODES, "32s", "16s", "8s")
    assert kinds_of(trace, "fuse_pool3") == ("score", "probability")
    assert kinds_of(trace, "8s") == ("score", "probability", "entropy", "margin")
    with pytest.raises(ValueError, match="no node 'pool3'"):
        NodeHeat(trace, "pool3")
    with pytest.raises(ValueError, match="entropy"):
        NodeHeat(trace, "score_fr").cells("entropy")


def test_large_grids_are_thinned_out_in_their_place(trace: Trace) -> None:
    heat = NodeHeat(trace, "score_pool3")
    maps = heat.cells("score", side=6)
    skip = round(maps.step / heat.stride)
    assert not maps.complete
    assert max(maps.values.shape[1:]) <= 6
    place = heat.cell_at(60, 41)
    assert place is not None
    row, column = int(maps.rows_at(np.array([41]))[0]), int(maps.columns_at(np.array([60]))[0])
    assert (row, column) == (place[0] // skip, place[1] // skip)


def test_a_stopped_question_ends(trace: Trace) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        NodeHeat(trace, "8s").enlarged("entropy", cancel=token)


def test_zero_is_in_the_middle_of_the_diverging_map() -> None:
    values = np.array([[[-1.0, 0.0, 4.0]], [[0.5, 0.0, -8.0]]], dtype=np.float32)
    for shared, tops in ((True, (8.0, 8.0)), (False, (4.0, 8.0))):
        spans = heat_ranges(values, "score", shared=shared)
        assert [(span.low, span.high) for span in spans] == [(-top, top) for top in tops]
        for heat, span in zip(values, spans, strict=True):
            assert indices(heat, span)[0, 1] == (LEVELS - 1) / 2
    for dark in (False, True):
        table = colour_table("score", dark=dark).astype(int)
        middle = table[LEVELS // 2]
        assert np.ptp(middle) < 30  # hardly any colour
        lightness = table[:LEVELS].sum(axis=1)
        assert int(lightness.argmin() if dark else lightness.argmax()) == pytest.approx(LEVELS // 2, abs=12)


def test_ranges_of_the_other_kinds() -> None:
    values = np.array([[[0.1, 0.25]], [[0.5, np.nan]]], dtype=np.float32)
    for kind in ("probability", "margin"):
        assert heat_ranges(values, kind, shared=True) == (HeatRange(0, 1), HeatRange(0, 1))
    assert heat_ranges(values, "probability", shared=False) == (HeatRange(0, 0.25), HeatRange(0, 0.5))
    assert heat_ranges(values[:1], "entropy", shared=True, classes=16) == (HeatRange(0, 4),)


@pytest.mark.parametrize("values", [np.zeros((1, 2, 2)), np.full((1, 2, 2), np.nan), np.zeros((1, 0, 3))])
@pytest.mark.parametrize("shared", [True, False])
def test_maps_that_say_nothing_have_a_range_too(values: NDArray[np.float64], shared: bool) -> None:
    span = heat_ranges(values.astype(np.float32), "score", shared=shared)[0]
    assert (span.low, span.high) == (-1, 1)


def test_colours_follow_the_values() -> None:
    table = colour_table("probability")
    values = np.array([[0.0, 0.5, 1.0], [-3.0, 9.0, np.nan]], dtype=np.float32)
    picture = coloured(values, HeatRange(0, 1), table)
    assert picture.shape == (2, 3, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture[0, 0], picture[1, 0])
    assert np.array_equal(picture[0, 2], picture[1, 1])
    assert np.ptp(picture[1, 2].astype(int)) == 0
    assert indices(values, HeatRange(0, 1)).tolist() == [[0, 127, 254], [0, 254, NO_VALUE]]
    luminance = table[:LEVELS] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance) > -0.5).all()  # brighter all the way


def test_peaks_pass_over_what_has_no_value() -> None:
    maps = HeatMaps(np.array([[[1, np.nan]], [[np.nan, np.nan]]], dtype=np.float32), 0, 0, 1, True)
    assert maps.peaks[0] == 1
    assert np.isnan(maps.peaks[1])


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (HeatRange(0, 1), (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (HeatRange(-9.3, 9.3), (-5, 0, 5)),
        (HeatRange(0, 3.46), (0, 0.5, 1, 1.5, 2, 2.5, 3)),
        (HeatRange(-0.012, 0.012), (-0.01, -0.005, 0, 0.005, 0.01)),
    ],
)
def test_ticks_are_round(span: HeatRange, expected: tuple[float, ...]) -> None:
    assert ticks(span) == expected
