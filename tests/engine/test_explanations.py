"""What follows from a trace: exact shares of layers and biases, gains, tipping points, doubts. On random nets of both
alignments with bilinear and dense learned kernels, against torch in one piece or a naive loop."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

import fcn_studio as fs
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.graph.fusion import nearest_line
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.answers import decider, doubt, tipping_point
from fcn_studio.core.maps.explain import explain, explain_region, nearest_cell, receptive_fields
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.checkpoints.native import load_checkpoint, save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import fusing, random_net

KINDS = list(itertools.product(("caffe", "same"), ("bilinear", "learned")))
LAYERS = ("score_fr", "score_pool4", "score_pool3")


@pytest.fixture(params=KINDS, ids=["-".join(kind) for kind in KINDS])
def weights(request: pytest.FixtureRequest, tmp_path: Path, camvid: LabelSet) -> Path:
    alignment, upsampling = request.param
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9}
    net = random_net(Architecture.from_dict({**values, "alignment": alignment, "upsampling": upsampling}))
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    return path


@pytest.fixture
def trace(weights: Path, photo: NDArray[np.uint8]) -> Trace:
    return fs.load(weights, device="cpu", precision="fp32").trace(photo)


def net_scores(
    weights: Path, photo: NDArray[np.uint8], gains: tuple[float, float, float]
) -> dict[str, NDArray[np.float32]]:
    """All variants' scores by torch, with the score layers' weights and biases times the gains."""
    net = load_checkpoint(weights).net
    with torch.no_grad():
        for layer, gain in zip(LAYERS, gains, strict=True):
            module = net.get_submodule(layer)
            for parameter in module.parameters():
                parameter.mul_(gain)
        found = net(IMAGENET_RGB.to_tensor(photo))
    return {variant: scores[0].numpy() for variant, scores in found.items()}


def close(found: NDArray[np.floating], expected: NDArray[np.floating]) -> bool:
    return bool(np.abs(found - expected).max() <= 1e-4 * max(np.abs(expected).max(), 1))


@pytest.mark.parametrize("gains", [(1, 1, 1), (1, 0, 0), (1, 1, 0), (0, 1, 1), (1, 0.3, 1.7), (2, -0.5, 1)])
def test_gains_are_those_of_a_net_with_stronger_score_layers(
    weights: Path, trace: Trace, photo: NDArray[np.uint8], gains: tuple[float, float, float]
) -> None:
    expected = net_scores(weights, photo, gains)
    fused = trace.fuse(score_fr=gains[0], pool4=gains[1], pool3=gains[2])
    for variant in ("32s", "16s", "8s"):
        assert close(fused.scores(variant), expected[variant])
    live = LiveFusion(trace).scores(Gains(*gains), np.arange(61), np.arange(83))
    assert close(live, expected["8s"])


def test_gains_of_one_are_the_net_itself(trace: Trace) -> None:
    assert trace.fuse() is trace
    np.testing.assert_array_equal(LiveFusion(trace).mask(Gains(), np.arange(61), np.arange(83)), trace.mask("8s"))


def test_gains_of_zero_are_the_chain_and_not_the_exits(trace: Trace) -> None:
    """x2, x2, x8 and x32 at once enlarge alike only for kernels that happen to be so; the difference is measured."""
    chain = trace.fuse(pool4=0, pool3=0).scores("8s")
    direct = trace.scores("32s")
    assert np.abs(chain - direct).max() > 1e-3 * np.abs(direct).max()
    grid = trace.node("score_fr")
    assert trace.fuse(pool4=0, pool3=0).node("upscore2").shape == trace.node("upscore2").shape
    np.testing.assert_array_equal(trace.fuse(pool4=0, pool3=0).node("score_fr"), grid)


def test_some_pixels_of_the_view_are_those_of_the_whole(trace: Trace) -> None:
    rows, columns = np.array([0, 3, 17, 60]), np.array([1, 2, 40, 82])
    some = LiveFusion(trace).scores(Gains(1, 0.5, 0.25), rows, columns)
    whole = trace.fuse(pool4=0.5, pool3=0.25).scores("8s")
    assert close(some, whole[:, rows][:, :, columns])


def test_nearest_copies_each_cell(trace: Trace) -> None:
    scores = trace.fuse(upsampling="nearest").scores("32s")
    coords = trace.score_maps["score_fr"].coords
    cells = trace.node("score_fr")
    for y, x in ((0, 0), (30, 40), (60, 82), (17, 5)):
        row, column = (round((place - float(coords.offset)) / 32) for place in (y, x))
        np.testing.assert_array_equal(scores[:, y, x], cells[:, row, column])
    assert nearest_line(4, 2).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("variant", ["32s", "16s", "8s"])
def test_shares_sum_to_the_score_at_every_pixel(trace: Trace, variant: str) -> None:
    scores = trace.scores(variant)
    for y in range(0, 61):
        for x in range(0, 83, 7):
            found = explain(trace, x, y, variant)
            assert close(found.scores, scores[:, y, x])
            parts = np.sum([*found.evidence.values(), *found.biases.values()], axis=0)
            assert close(parts, scores[:, y, x])


def test_biases_are_what_a_net_without_evidence_says(weights: Path, trace: Trace, photo: NDArray[np.uint8]) -> None:
    net = load_checkpoint(weights).net
    with torch.no_grad():
        for layer in LAYERS:
            net.get_submodule(layer).get_parameter("weight").zero_()
        expected = net(IMAGENET_RGB.to_tensor(photo))["8s"][0].numpy()
    for x, y in ((0, 0), (40, 30), (82, 60)):
        assert close(np.sum(list(trace.biases(x, y, "8s").values()), axis=0), expected[:, y, x])


def test_an_answer_for_one_pixel_of_a_large_photo_is_that_of_the_whole(weights: Path) -> None:
    rng = np.random.default_rng(1)
    blocks = np.kron(rng.integers(0, 256, (40, 50, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    trace = fs.load(weights, device="cpu", precision="fp32").trace(blocks)
    scores = trace.scores("8s")
    for x, y in ((0, 0), (799, 639), (400, 320), (415, 17), (3, 600), (511, 352)):
        assert close(explain(trace, x, y, "8s").scores, scores[:, y, x])


def test_a_region_is_the_mean_of_its_pixels(trace: Trace) -> None:
    rows, columns = range(10, 23), range(5, 40)
    found = explain_region(trace, rows, columns, "16s")
    expected = trace.scores("16s")[:, 10:23, 5:40].mean(axis=(1, 2))
    assert close(found.scores, expected)
    assert set(found.contributions) == {"score_fr", "score_pool4"}
    one = explain_region(trace, range(7, 8), range(9, 10), "8s")
    for layer, share in explain(trace, 9, 7, "8s").contributions.items():
        assert close(one.contributions[layer], share)
        assert close(one.biases[layer], explain(trace, 9, 7, "8s").biases[layer])
    for empty in (range(3, 3), range(50, 62), range(-1, 4)):
        with pytest.raises(ValueError, match="no part of a 83x61 photo"):
            explain_region(trace, empty, columns, "8s")


def test_margin_entropy_and_decider_of_a_pixel(trace: Trace) -> None:
    found = explain(trace, 40, 30, "8s")
    shares = functional.softmax(torch.from_numpy(trace.scores("8s")[:, 30, 40]).double(), dim=0)
    best = shares.sort(descending=True).values
    assert found.margin == pytest.approx(float(best[0] - best[1]), abs=1e-5)
    assert found.entropy == pytest.approx(float(-(shares * shares.log2()).sum()), abs=1e-4)
    winner, second = found.ranking()[:2]
    assert winner == shares.argmax()
    assert sum(found.between(int(winner), int(second)).values()) == pytest.approx(
        float(found.scores[winner] - found.scores[second]), abs=1e-4
    )


@pytest.mark.parametrize("variant", ["16s", "8s"])
def test_the_decider_map_is_that_of_each_pixel(trace: Trace, variant: str) -> None:
    found = decider(trace, variant)
    layers = ("score_fr", "score_pool4", "score_pool3")
    for y, x in itertools.product(range(0, 61, 6), range(0, 83, 9)):
        assert layers[found[y, x]] == explain(trace, x, y, variant).decider


@pytest.mark.parametrize("layer", ["score_pool4", "score_pool3"])
def test_a_pixel_keeps_its_class_down_to_the_tipping_point_and_changes_below(trace: Trace, layer: str) -> None:
    found = tipping_point(trace, layer)
    before = trace.mask("8s")
    assert np.isnan(found).any()
    assert (~np.isnan(found)).any()
    step = 0.02
    changed = np.zeros(before.shape, dtype=bool)
    for gain in np.arange(1, -step / 2, -step):
        changed |= trace.fuse(**{layer.removeprefix("score_"): float(gain)}).mask("8s") != before  # type: ignore[arg-type]
        expected = found > gain  # false where nothing tips it
        doubtful = np.abs(found - gain) < 1e-3
        assert (changed == expected)[~doubtful].mean() > 0.999
    assert np.nanmax(found) < 1
    assert np.nanmin(found) >= 0


def test_doubts_are_those_of_the_softmax(trace: Trace) -> None:
    shares = functional.softmax(torch.from_numpy(trace.scores("8s")).double(), dim=0)
    best = shares.sort(dim=0, descending=True).values
    np.testing.assert_allclose(doubt(trace, "8s", "margin"), (best[0] - best[1]).numpy(), atol=1e-4)
    entropy = -(shares * shares.clamp_min(1e-300).log2()).sum(0)
    np.testing.assert_allclose(doubt(trace, "8s", "entropy"), entropy.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    "answer",
    [
        lambda trace, token: decider(trace, "8s", cancel=token),
        lambda trace, token: tipping_point(trace, "score_pool4", cancel=token),
        lambda trace, token: doubt(trace, "8s", "entropy", cancel=token),
    ],
)
def test_answers_can_be_cancelled(trace: Trace, answer: Callable[[Trace, CancelToken], object]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        answer(trace, token)


def test_a_skip_that_the_net_has_not_is_an_error(trace: Trace) -> None:
    with pytest.raises(ValueError, match="no skip 'score_fr'"):
        tipping_point(trace, "score_fr")


def test_receptive_fields_are_where_the_gradient_of_a_score_can_be(weights: Path) -> None:
    """No pixel outside a box matters, and over some random photos every edge of it does."""
    checkpoint = load_checkpoint(weights)
    size = (640, 672)
    trace = fs.load(weights, device="cpu", precision="fp32").trace(np.zeros((*size, 3), np.uint8))
    x, y = 330, 300
    boxes = receptive_fields(trace, x, y)
    net = fusing(checkpoint.net)
    generator = torch.Generator().manual_seed(0)
    for layer in LAYERS:
        row, column = nearest_cell(trace.score_maps[layer], x, y)
        reached = torch.zeros(size)
        for _ in range(4):
            pixels = torch.randn(1, 3, *size, generator=generator, requires_grad=True)
            scores = net.score(net.taps(pixels))[layer]
            (gradient,) = torch.autograd.grad(scores[0, :, row, column].sum(), pixels)
            reached += gradient[0].abs().sum(0)
        rows, columns = (torch.nonzero(reached.sum(axis)).flatten() for axis in (1, 0))
        left, top, right, bottom = boxes[layer]
        assert left <= int(columns[0]) <= left + 3
        assert right - 3 <= int(columns[-1]) + 1 <= right
        assert top <= int(rows[0]) <= top + 3
        assert bottom - 3 <= int(rows[-1]) + 1 <= bottom
        assert abs((left + right) / 2 - (x + 0.5)) <= trace.score_maps[layer].stride / 2
