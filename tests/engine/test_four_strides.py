"""FCN-4s: a skip from pool2 goes through everything that nets with three outputs go through."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

import fcn_studio as fs
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.figures.fusion_figure import fusion_figure
from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.contributions import LAYER_COLOURS, save_contributions
from fcn_studio.core.maps.explain import explain
from fcn_studio.core.maps.heat import node_values, nodes_of
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion
from fcn_studio.core.trace.trace import Trace
from fcn_studio.core.trace.trace_file import load_trace, save_trace
from fcn_studio.core.trace.trace_page import save_page
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.tracing.tracer import Tracer
from tests.conftest import random_net
from tests.engine.test_trace_page import mask_of, needs_browser, reported

VARIANTS = ("32s", "16s", "8s", "4s")
SKIPS = ("score_pool4", "score_pool3", "score_pool2")
NODES = ("upscore2", "fuse_pool4", "upscore_pool4", "fuse_pool3", "upscore_pool3", "fuse_pool2")


def saved(folder: Path, labels: LabelSet, alignment: str, **choices: object) -> Path:
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9, "variants": VARIANTS}
    net = random_net(Architecture.from_dict({**values, "alignment": alignment, **choices}))
    path = folder / "net.safetensors"
    save_checkpoint(path, net, labels=labels, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    return path


@pytest.fixture(params=["same", "caffe"])
def alignment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(tmp_path: Path, camvid: LabelSet, alignment: str) -> Tracer:
    return fs.load(saved(tmp_path, camvid, alignment), device="cpu", precision="fp32")


@pytest.fixture
def trace(model: Tracer, photo: NDArray[np.uint8]) -> Trace:
    return model.trace(photo, keep_taps=True)


def enlarged(scores: Tensor, stride: int) -> Tensor:
    kernel = torch.from_numpy(bilinear_kernel(2 * stride)).double().expand(len(scores[0]), 1, -1, -1)
    return functional.conv_transpose2d(scores, kernel, stride=stride, groups=len(scores[0]))


def by_hand(trace: Trace, crops: dict[str, int], crop: int) -> NDArray[np.float64]:
    """The scores of FCN-4s in float64, with the crops of both sides of each sum typed in."""
    total = torch.from_numpy(trace.node("score_fr")).double()[None]
    for layer in SKIPS:
        below = enlarged(total, 2)
        skip = torch.from_numpy(trace.node(layer)).double()[None]
        if crops[layer] < 0:
            below = below[..., -crops[layer] :, -crops[layer] :]
        else:
            skip = skip[..., crops[layer] :, crops[layer] :]
        rows, columns = (min(below.shape[axis], skip.shape[axis]) for axis in (-2, -1))
        total = below[..., :rows, :columns] + skip[..., :rows, :columns]
    height, width = trace.size
    found: NDArray[np.float64] = enlarged(total, 4)[0, :, crop : crop + height, crop : crop + width].numpy()
    return found


def test_its_scores_are_those_of_a_chain_written_out(trace: Trace, alignment: str) -> None:
    # `same`: each kernel of 4 reaches a cell further. `caffe`: by the rule of 5 and 9, a pool2 cell is 4 pixels wide.
    crops, last = (
        (dict.fromkeys(SKIPS, -1), 2) if alignment == "same" else (dict(zip(SKIPS, (5, 9, 17), strict=True)), 33)
    )
    assert trace.variants == VARIANTS
    np.testing.assert_allclose(trace.scores("4s"), by_hand(trace, crops, last), atol=1e-4)
    np.testing.assert_array_equal(trace.mask("4s"), trace.scores("4s").argmax(axis=0))
    assert (trace.mask("4s") != trace.mask("8s")).any()


def test_every_node_is_listed_in_its_order_and_can_be_seen(trace: Trace) -> None:
    assert nodes_of(trace) == (
        "score_fr",
        *(
            name
            for step, layer in zip(range(0, 6, 2), SKIPS, strict=True)
            for name in (NODES[step], layer, NODES[step + 1])
        ),
        *VARIANTS,
    )
    for name in (*NODES, *SKIPS):
        assert node_values(trace, name).shape[1:] == trace.node(name).shape[1:] == trace.grid_sizes[name]
    assert trace.heatmap("Car", node="fuse_pool2", kind="probability").shape == trace.size


def test_shares_are_exact_and_name_the_layer(trace: Trace) -> None:
    shares = trace.contributions(40, 30, "4s")
    assert tuple(shares) == ("score_fr", *SKIPS)
    np.testing.assert_allclose(sum(shares.values()), trace.scores("4s")[:, 30, 40], atol=1e-4)
    assert tuple(explain(trace, 40, 30, "4s").biases) == tuple(shares)
    assert tuple(trace.contributions(40, 30, "8s")) == ("score_fr", *SKIPS[:2])


def test_gains_and_kinds_of_upsampling(trace: Trace) -> None:
    rows, columns = np.arange(trace.size[0]), np.arange(trace.size[1])
    live = LiveFusion(trace).scores(Gains(1, 0.5, 2, 0.25), rows, columns)
    expected = trace.fuse(pool4=0.5, pool3=2, score_pool2=0.25).scores("4s")
    np.testing.assert_allclose(live, expected, atol=1e-4)
    assert (trace.fuse(pool2=0).mask("4s") != trace.mask("4s")).any()
    np.testing.assert_array_equal(trace.fuse(pool2=0).mask("8s"), trace.mask("8s"))
    for kind in ("nearest", "max_unpooling"):
        fused = trace.fuse(upsampling=kind)
        np.testing.assert_allclose(
            sum(fused.contributions(40, 30, "4s").values()), fused.scores("4s")[:, 30, 40], atol=1e-4
        )
    with pytest.raises(TypeError, match="score_pool1"):
        trace.fuse(pool1=0)


def test_files_keep_it(trace: Trace, tmp_path: Path) -> None:
    save_trace(trace, tmp_path / "a.fcntrace")
    again = load_trace(tmp_path / "a.fcntrace")
    assert again.graph == trace.graph
    np.testing.assert_array_equal(again.scores("4s"), trace.scores("4s"))
    assert set(again.taps) == {"pool2", "pool3", "pool4", "fc7"}
    with np.load(save_contributions(trace, tmp_path / "a.npz")) as file:
        assert json.loads(str(file["meta"]))["variant"] == "4s"
        parts = sum(file[f"share_{layer}"] for layer in ("score_fr", *SKIPS))
    np.testing.assert_allclose(parts, trace.scores("4s").max(axis=0), atol=1e-4)


def test_the_figure_draws_every_skip(trace: Trace) -> None:
    flat = {tuple(colour) for colour in np.asarray(fusion_figure(trace, title="street")).reshape(-1, 3).tolist()}
    assert all(LAYER_COLOURS[layer] in flat for layer in ("score_fr", *SKIPS))


def test_the_page_has_a_slider_for_each_skip_and_says_the_sum(trace: Trace, tmp_path: Path) -> None:
    save_page(trace, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r'<input type="range" id="(score_pool\d)"', text) == list(SKIPS)
    assert (
        "upscore_pool3(upscore_pool4(upscore2(score_fr) + g4 · score_pool4) + g3 · score_pool3) + g2 · score_pool2"
        in text
    )


@needs_browser
@pytest.mark.slow
def test_the_pages_masks_are_those_of_the_trace(trace: Trace, tmp_path: Path) -> None:
    save_page(trace, tmp_path / "page.html")
    found = reported(tmp_path / "page.html", 40, 30)["mixes"]
    assert isinstance(found, dict)
    expected = trace.fuse(pool2=0).mask("4s")
    assert (mask_of(found["2"], trace.size) == expected).mean() > 0.999
    assert (mask_of(found["3"], trace.size) == trace.mask("4s")).mean() > 0.999


def test_strips_give_the_masks_of_one_piece(model: Tracer, photo: NDArray[np.uint8]) -> None:
    large = np.tile(photo, (8, 8, 1))
    whole = model.trace(large)
    split = model.trace(large, memory_limit=model.memory_needed(*large.shape[:2]) // 2)
    assert split.provenance.size_policy.startswith("strips")
    np.testing.assert_allclose(split.node("score_pool2"), whole.node("score_pool2"), atol=1e-3)
    assert (split.mask("4s") == whole.mask("4s")).mean() > 0.999


def test_the_finest_alone_and_learned_kernels(tmp_path: Path, camvid: LabelSet, photo: NDArray[np.uint8]) -> None:
    path = saved(tmp_path, camvid, "same", variants=("4s",), upsampling="learned")
    trace = fs.load(path, device="cpu", precision="fp32").trace(photo)
    assert trace.variants == ("4s",)
    assert set(trace.upsamplings) == {"upscore2", "upscore_pool4", "upscore_pool3", "upscore4"}
    np.testing.assert_allclose(sum(trace.contributions(5, 7, "4s").values()), trace.scores("4s")[:, 7, 5], atol=1e-4)


def test_efficientnet_lite_has_features_of_stride_4_too() -> None:
    values = {"num_classes": 3, "trunk": "efficientnet_lite0", "channels": (16, 24, 40, 112, 320), "fc_channels": 8}
    net = random_net(Architecture.from_dict({**values, "alignment": "same", "batch_norm": True, "variants": VARIANTS}))
    with torch.inference_mode():
        photo = torch.randn(1, 3, 90, 130)
        assert net.taps(photo)["pool2"].shape == (1, 24, 24, 40)  # of a photo padded to 96x160
        assert {name: tuple(scores.shape) for name, scores in net(photo).items()} == dict.fromkeys(
            VARIANTS, (1, 3, 90, 130)
        )


def test_trunks_without_such_features_say_so() -> None:
    with pytest.raises(CheckpointError, match="alexnet has no features of stride 4, which 4s needs"):
        Architecture.from_dict({"num_classes": 3, "trunk": "alexnet", "alignment": "same", "variants": VARIANTS})
