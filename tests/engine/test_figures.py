"""Figures and arrays of a net's inside: shares that sum to the score, deciders, cells in colours of their values."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import fcn_studio as fs
from fcn_studio.core.figures.fusion_figure import fusion_figure
from fcn_studio.core.figures.heatmap_figure import heatmap_figure
from fcn_studio.core.graph import fusion
from fcn_studio.core.maps.contributions import LAYER_COLOURS, decider_image, save_contributions
from fcn_studio.core.maps.explain import explain
from fcn_studio.core.maps.heat import colour_table
from fcn_studio.core.trace.trace import Trace

LAYERS = ("score_fr", "score_pool4", "score_pool3")


@pytest.fixture
def trace(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> Trace:
    return fs.load(tiny_checkpoint, device="cpu", precision="fp32").trace(photo)


def test_shares_sum_to_the_winning_score(trace: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusion, "STRIP_BYTES", 83 * 11 * 4 * 5)  # five rows
    path = save_contributions(trace, tmp_path / "c.npz")
    with np.load(path, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    scores = trace.scores("8s")
    ranked = np.argsort(-scores, axis=0, kind="stable")
    np.testing.assert_array_equal(arrays["winner"], ranked[0])
    np.testing.assert_array_equal(arrays["runner_up"], ranked[1])
    best, second = (np.take_along_axis(scores, ranked[place][None], 0)[0] for place in (0, 1))
    np.testing.assert_allclose(sum(arrays[f"share_{layer}"] for layer in LAYERS), best, atol=1e-3)
    np.testing.assert_allclose(sum(arrays[f"lead_{layer}"] for layer in LAYERS), best - second, atol=1e-3)
    for x, y in ((0, 0), (40, 30), (82, 60)):
        one = explain(trace, x, y, "8s")
        for layer in LAYERS:
            assert arrays[f"share_{layer}"][y, x] == pytest.approx(
                float(one.contributions[layer][ranked[0, y, x]]), abs=1e-3
            )
    meta = json.loads(str(arrays["meta"]))
    assert meta["variant"] == "8s"
    assert meta["provenance"]["checkpoint"] == "tiny"


def test_the_decider_picture_names_the_layer_of_each_pixel(trace: Trace) -> None:
    image = decider_image(trace)
    assert image.mode == "P"
    values = np.asarray(image)
    for y, x in itertools.product(range(0, 61, 10), range(0, 83, 13)):
        assert LAYERS[values[y, x]] == explain(trace, x, y, "8s").decider
    assert (image.getpalette() or [])[:9] == [value for layer in LAYERS for value in LAYER_COLOURS[layer]]


def test_every_cell_has_the_colour_of_its_value(trace: Trace) -> None:
    layer = "score_pool4"
    picture = np.asarray(heatmap_figure(trace, layer, title="a"))
    scores = trace.node(layer)
    reach = np.abs(scores).max()
    table = np.asarray(colour_table("score"))[:255]
    neutral = table[127].astype(int)
    assert neutral.max() - neutral.min() < 30, "zero is grey"
    strongest = table[254] if scores.max() == reach else table[0]
    assert (picture == strongest).all(axis=2).any()
    colours = {tuple(colour) for colour in np.unique(picture.reshape(-1, 3), axis=0).tolist()}
    expected = {tuple(table[round(float(value / reach) * 127 + 127)].tolist()) for value in scores.ravel()}
    assert len(expected & colours) > 0.8 * len(expected)


def test_the_fusion_figure_holds_every_nodes_classes(trace: Trace) -> None:
    picture = np.asarray(fusion_figure(trace, title="street"))
    flat = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    for name in ("score_fr", "score_pool4", "fuse_pool3"):
        for index in np.unique(trace.node(name).argmax(axis=0)).tolist():
            assert trace.labels.colours[index] in flat
    for layer in trace.score_maps:
        assert LAYER_COLOURS[layer] in flat, "an arrow of each score layer"


def test_the_command_writes_them(tiny_checkpoint: Path, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    from fcn_studio.cli.main import main

    Image.fromarray(photo).save(tmp_path / "street.png")
    status = main(
        [
            *("segment", str(tmp_path / "street.png"), "-o", str(tmp_path / "out"), "--weights", str(tiny_checkpoint)),
            *("--save", "heatmaps,fusion,contributions", "--device", "cpu"),
        ]
    )
    assert status == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [*("street_contributions.npz", "street_decider.png", "street_fusion.png", "street_heatmaps.png")]
