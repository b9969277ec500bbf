"""Nets with one output: foreground where the sigmoid is over one half, in masks, heat maps, shares and figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import fcn_studio as fs
from fcn_studio.cli.main import main
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.core.labels import LabelSet, numbered_label_set
from fcn_studio.engine.checkpoints.caffe import load_caffe
from fcn_studio.engine.checkpoints.decoder_states import load_decoder_state
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.wanted import Wanted
from tests.caffe_nets import NARROW, net_layers, weights
from tests.caffe_writer import save_caffemodel
from tests.engine.nets.test_decoder import random_state
from tests.engine.test_pytorch_fcn import State, forward, state_of

CRACKS = LabelSet("cracks", ("background", "crack"), ((0, 0, 0), (255, 0, 0)), background=0)


def one_output(kind: str, *, learned: bool = False) -> State:
    """A net whose foreground covers about half of a photo."""
    found = {}
    for key, value in state_of(kind, learned=learned).items():
        cut = value[:1, :1] if key.startswith("upscore") else value[:1] if key.startswith("score") else value
        found[key] = cut.clone()
    return found


def centred(state: State, kind: str, photo: NDArray[np.uint8]) -> State:
    """The state with a bias that puts the middle of the scores of `photo` at zero."""
    shift = float(np.median(forward(state, kind, photo)))
    return {**state, "score_fr.bias": state["score_fr.bias"] - shift}


def sigmoid(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 1 / (1 + np.exp(-scores.astype(np.float64)))
    return found


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("kind", ["32s", "8s"])
def test_masks_and_heat_maps_are_the_sigmoids(
    tmp_path: Path, photo: NDArray[np.uint8], kind: str, learned: bool
) -> None:
    state = centred(one_output(kind, learned=learned), kind, photo)
    torch.save(state, tmp_path / "one.pth")
    model = fs.load(tmp_path / "one.pth", device="cpu", precision="fp32")
    trace = model.trace(photo)
    score = forward(state, kind, photo)[0]
    sure = np.abs(score) > 1e-4 * np.abs(score).max()
    assert model.labels.classes == ("background", "foreground")
    assert 0.1 < (score > 0).mean() < 0.9
    np.testing.assert_array_equal((trace.mask(kind) == 1)[sure], (score > 0)[sure])
    heat = trace.heatmap("foreground", node=kind, kind="probability")
    np.testing.assert_allclose(heat, sigmoid(score), atol=1e-4)
    np.testing.assert_allclose(trace.heatmap("foreground", node=kind), score, atol=1e-4 * np.abs(score).max())
    assert not trace.heatmap("background", node=kind).any()
    shares = trace.contributions(40, 30, kind)
    assert sum(float(share[1]) for share in shares.values()) == pytest.approx(float(score[30, 40]), rel=1e-3, abs=1e-4)
    assert any("one output" in note for note in model.notes)


def test_decoders_have_a_background_too(tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    state = random_state(classes=1)
    torch.save(state, tmp_path / "decoder.pth")
    model = fs.load(tmp_path / "decoder.pth", device="cpu", precision="fp32")
    net, _ = load_decoder_state(tmp_path / "decoder.pth", state)
    checkpoint = open_checkpoint(tmp_path / "decoder.pth")
    with torch.inference_mode():
        score = net(checkpoint.preprocessing.to_tensor(photo))[OUTPUT][0, 0].numpy()
    trace = model.trace(photo)
    np.testing.assert_allclose(trace.heatmap("foreground", node=OUTPUT, kind="probability"), sigmoid(score), atol=1e-4)
    np.testing.assert_array_equal(trace.mask(OUTPUT) == 1, score > 0)


def test_caffes_nets_have_a_background_too(tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    path = tmp_path / "cracks.caffemodel"
    save_caffemodel(path, weights(net_layers("voc-fcn8s", NARROW, classes=1), 5))
    plain = load_caffe(path).net
    found = open_checkpoint(path)
    with torch.inference_mode():
        pixels = found.preprocessing.to_tensor(photo)
        one, two = plain(pixels)["8s"][0], found.net(pixels)["8s"][0]
    torch.testing.assert_close(two, torch.cat([torch.zeros_like(one), one]), rtol=1e-3, atol=1e-4)
    made = tmp_path / "made.safetensors"
    assert main(["weights", "import", str(path), "-o", str(made)]) == 0
    with torch.inference_mode():
        torch.testing.assert_close(open_checkpoint(made).net(pixels)["8s"][0], two)


def test_the_foreground_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "one.pth"
    torch.save(one_output("32s"), path)
    assert open_checkpoint(path, Wanted(CRACKS)).labels == CRACKS
    alone = LabelSet("cracks", ("crack",), ((255, 0, 0),))
    named = open_checkpoint(path, Wanted(alone)).labels
    assert (named.classes, named.colours[1], named.background) == (("background", "crack"), (255, 0, 0), 0)
    with pytest.raises(CheckpointError, match="one output, background against foreground, but numbered-3 has 3"):
        open_checkpoint(path, Wanted(numbered_label_set(3)))


def test_evaluating_against_a_set_of_two_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    photo = np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    truth = (np.random.default_rng(4).random((48, 64)) > 0.5).astype(np.uint8)
    for split in ("train", "val"):
        for folder, picture in (("images", photo), ("masks", truth)):
            (data / folder / split).mkdir(parents=True)
            Image.fromarray(picture).save(data / folder / split / "a.png")
    (data / "labels.json").write_text('{"name": "cracks", "classes": ["nothing", "crack"]}')
    state = centred(one_output("32s"), "32s", photo)
    torch.save(state, tmp_path / "one.pth")
    options = ["--weights", str(tmp_path / "one.pth"), "--device", "cpu", "--precision", "fp32", "--json"]
    assert main(["evaluate", "--data", str(data), *options]) == 0
    found = json.loads(capsys.readouterr().out)["variants"]["32s"]
    mask = forward(state, "32s", photo)[0] > 0
    assert found["pixel_accuracy"] == pytest.approx((mask == truth.astype(bool)).mean(), abs=1e-3)
    both = [(mask == value) & (truth == value) for value in (0, 1)]
    either = [(mask == value) | (truth == value) for value in (0, 1)]
    expected = np.mean([a.sum() / b.sum() for a, b in zip(both, either, strict=True)])
    assert found["mean_iu"] == pytest.approx(expected, abs=1e-3)
