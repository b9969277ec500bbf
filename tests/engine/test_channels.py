"""Shares of channels: with the biases they sum to the score, and a channel that is muted is gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import fcn_studio as fs
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.channels import Channel, channel_shares, muted, strongest
from fcn_studio.core.trace.trace_file import load_trace, save_trace
from fcn_studio.engine.checkpoints.native import load_checkpoint, save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import random_net


def saved(folder: Path, labels: LabelSet, **choices: object) -> Path:
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9, **choices}
    path = folder / "net.safetensors"
    net = random_net(Architecture.from_dict(values))
    save_checkpoint(path, net, labels=labels, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    return path


@pytest.fixture(params=["caffe", "same"])
def weights(request: pytest.FixtureRequest, tmp_path: Path, camvid: LabelSet) -> Path:
    return saved(tmp_path, camvid, alignment=request.param, pool4_scale=0.5)


PIXELS = [(0, 0), (40, 30), (82, 60), (13, 47), (31, 32)]


@pytest.mark.parametrize("variant", ["32s", "16s", "8s"])
def test_channels_and_biases_sum_to_the_score(weights: Path, photo: NDArray[np.uint8], variant: str) -> None:
    trace = fs.load(weights, device="cpu", precision="fp32").trace(photo, keep_taps=True)
    scores = trace.scores(variant)
    for x, y in PIXELS:
        for index in (0, 3, 10):
            shares = channel_shares(trace, x, y, variant, index)
            contributions, biases = trace.contributions(x, y, variant), trace.biases(x, y, variant)
            assert shares.keys() == contributions.keys()
            for layer, values in shares.items():
                expected = contributions[layer][index] - biases[layer][index]
                assert values.sum() == pytest.approx(expected, abs=1e-4 * max(float(np.abs(values).max()), 1.0))
            total = sum(float(values.sum()) for values in shares.values()) + sum(
                float(bias[index]) for bias in biases.values()
            )
            assert total == pytest.approx(float(scores[index, y, x]), rel=1e-3, abs=1e-3)


def test_a_share_is_what_is_missing_when_the_channel_is_muted(weights: Path, photo: NDArray[np.uint8]) -> None:
    trace = fs.load(weights, device="cpu", precision="fp32").trace(photo, keep_taps=True)
    x, y = 40, 30
    shares = channel_shares(trace, x, y, "8s", 2)
    for channel, share in strongest(shares, 5):
        without = muted(trace, [channel]).scores("8s")[2, y, x]
        assert trace.scores("8s")[2, y, x] - without == pytest.approx(share, abs=1e-3)


def test_a_muted_channel_is_a_net_whose_weight_for_it_is_zero(weights: Path, photo: NDArray[np.uint8]) -> None:
    trace = fs.load(weights, device="cpu", precision="fp32").trace(photo, keep_taps=True)
    net = load_checkpoint(weights).net
    with torch.no_grad():
        net.get_submodule("score_pool3").get_parameter("weight")[:, 2] = 0
        net.get_submodule("score_fr").get_parameter("weight")[:, 7] = 0
        expected = net(IMAGENET_RGB.to_tensor(photo))["8s"][0].numpy()
    found = muted(trace, [Channel("score_pool3", 2), Channel("score_fr", 7)]).scores("8s")
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_the_strongest_come_first_whatever_their_sign() -> None:
    shares = {"score_fr": np.array([0.5, -3.0], np.float32), "score_pool4": np.array([2.0, 0.0], np.float32)}
    assert strongest(shares, 3) == [
        (Channel("score_fr", 1), -3.0),
        (Channel("score_pool4", 0), 2.0),
        (Channel("score_fr", 0), 0.5),
    ]
    assert str(Channel("score_pool3", 7)) == "pool3 #7"


def test_without_taps_or_with_dense_upsampling_there_are_none(
    tmp_path: Path, camvid: LabelSet, weights: Path, photo: NDArray[np.uint8]
) -> None:
    trace = fs.load(weights, device="cpu").trace(photo)
    with pytest.raises(ValueError, match="without its taps"):
        channel_shares(trace, 1, 1, "8s", 0)
    dense = saved(tmp_path, camvid, upsampling="learned")
    trace = fs.load(dense, device="cpu").trace(photo, keep_taps=True)
    with pytest.raises(ValueError, match="mixes classes"):
        channel_shares(trace, 1, 1, "8s", 0)


def test_a_saved_trace_keeps_its_channels(weights: Path, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    trace = fs.load(weights, device="cpu", precision="fp32").trace(photo, keep_taps=True)
    save_trace(trace, tmp_path / "a.fcntrace")
    found = load_trace(tmp_path / "a.fcntrace")
    assert found.score_maps["score_pool4"].input_scale == 0.5
    for layer, values in channel_shares(trace, 40, 30, "8s", 2).items():
        np.testing.assert_array_equal(channel_shares(found, 40, 30, "8s", 2)[layer], values)
