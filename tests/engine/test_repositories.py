"""Other people's FCNs on VGG-16 by their layers' names, against a forward written from what they publish."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

import fcn_studio as fs
from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.summary import summary
from fcn_studio.engine.checkpoints.wanted import Wanted
from fcn_studio.engine.nets.preprocess import CAFFE
from tests.engine.test_pytorch_fcn import State, forward, state_of

VGG16_PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)  # of torchvision's vgg16().features that convolve
TRUNK = [f"conv{block}_{number}" for block, count in enumerate((2, 2, 3, 3, 3), 1) for number in range(1, count + 1)]
POOLS = (0, 5, 10, 17, 24)  # where each block begins
HEAD = ("fc6", "fc7", "score_fr")


def sequential(head: str, starts: dict[str, int]) -> dict[str, str]:
    """Our names and theirs, where the trunk is cut into Sequentials that begin at places of `features`."""
    names = {layer: f"{head}.{place}" for layer, place in zip(HEAD, (0, 3, 6), strict=True)}
    for layer, place in zip(TRUNK, VGG16_PLACES, strict=True):
        module = max((name for name in starts if starts[name] <= place), key=starts.__getitem__)
        names[layer] = f"{module}.{place - starts[module]}"
    return names


MEETPS = sequential("classifier", {f"conv_block{block}": start for block, start in enumerate(POOLS, 1)})
ZIJUNDENG = {
    "8s": sequential("score_fr", {"features3": 0, "features4": 17, "features5": 24}),
    "16s": sequential("score_fr", {"features4": 0, "features5": 24}),
    "32s": sequential("score_fr", {"features5": 0}),
}
YASSOUALI = {
    **sequential("output", {"pool3": 0, "pool4": 17, "pool5": 24}),
    **{"score_pool4": "adj_pool4", "score_pool3": "adj_pool3"},
    **{"upscore2": "up_output", "upscore_pool4": "up_pool4_out", "upscore8": "up_final"},
}


def renamed(state: State, names: dict[str, str]) -> State:
    found = {}
    for key, value in state.items():
        layer, _, rest = key.rpartition(".")
        found[f"{names.get(layer, layer)}.{rest}"] = value
    return found


def scores(path: Path, state: State, photo: NDArray[np.uint8], variant: str) -> NDArray[np.float32]:
    """As our net has them for a photo that is prepared as Caffe's are, which `forward` does."""
    torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, path)
    found = open_checkpoint(path, Wanted(preprocessing=CAFFE))
    with torch.inference_mode():
        maps: Tensor = found.net(found.preprocessing.to_tensor(photo))[variant][0]
    return maps.numpy()


def close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("learned", [False, True])
def test_meetps_fcn8s_with_upscore_layers_is_the_caffe_net(
    tmp_path: Path, photo: NDArray[np.uint8], learned: bool
) -> None:
    state = state_of("8s", learned=learned)
    theirs = renamed(state, {**MEETPS, "upscore_pool4": "upscore4"})
    close(scores(tmp_path / "net.pkl", theirs, photo, "8s"), forward(state, "8s", photo))


@pytest.mark.parametrize("kind", ["32s", "16s", "8s"])
def test_meetps_nets_that_resize_open_and_say_so(tmp_path: Path, photo: NDArray[np.uint8], kind: str) -> None:
    state = state_of(kind)
    theirs = {key: value for key, value in renamed(state, MEETPS).items() if "upscore" not in key}
    close(scores(tmp_path / "net.pth", theirs, photo, kind), forward(state, kind, photo))
    said = summary(open_checkpoint(tmp_path / "net.pth")).choices
    assert any("enlarged otherwise than by meetps/pytorch-semseg" in words for words in said)


@pytest.mark.parametrize("kind", ["32s", "16s", "8s"])
def test_zijundengs_nets_are_the_caffe_nets_with_scaled_pools(
    tmp_path: Path, photo: NDArray[np.uint8], kind: str
) -> None:
    state = state_of(kind)
    found = scores(tmp_path / "net.pth", renamed(state, ZIJUNDENG[kind]), photo, kind)
    if kind == "16s":  # as the Caffe net with pool4's weights a hundredth of them
        state = {**state, "score_pool4.weight": state["score_pool4.weight"] * 0.01}
    close(found, forward(state, "8s-atonce" if kind == "8s" else kind, photo))


def test_yassoualis_net_is_the_caffe_net_with_scaled_pools(tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    state = state_of("8s")
    close(scores(tmp_path / "net.pth", renamed(state, YASSOUALI), photo, "8s"), forward(state, "8s-atonce", photo))


def test_photos_are_prepared_as_the_repositorys_scripts_do(tmp_path: Path) -> None:
    theirs = renamed(state_of("8s"), ZIJUNDENG["8s"])
    for folder, expected in (("voc-fcn8s", 0.485), ("voc-fcn8s (caffe vgg)", 103.939)):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "epoch_3.pth"
        torch.save(theirs, path)
        found = open_checkpoint(path)
        assert found.preprocessing.mean[0] == expected
        assert any("--preprocessing" in words for words in summary(found).choices)
        assert found.labels.name == "voc"
        assert not found.labels.guessed
    torch.save(renamed(state_of("8s"), YASSOUALI), tmp_path / "best_model.pth")
    assert open_checkpoint(tmp_path / "best_model.pth").preprocessing.std == (0.23965294, 0.23532275, 0.2398498)


def test_the_layer_that_is_missing_is_named_as_the_file_would_have_it(tmp_path: Path) -> None:
    theirs = renamed(state_of("32s"), MEETPS)
    for layer in ("weight", "bias"):
        theirs.pop(f"classifier.6.{layer}")
    torch.save(theirs, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"layer classifier\.6 \(score_fr\) is missing"):
        fs.load(tmp_path / "net.pth", device="cpu")
    torch.save({key: value for key, value in state_of("8s").items() if key.startswith("conv")}, tmp_path / "trunk.pth")
    with pytest.raises(CheckpointError, match="layers fc6, fc7, score_fr are missing"):
        fs.load(tmp_path / "trunk.pth", device="cpu")
    torch.save({**state_of("32s"), "fc8.weight": torch.zeros(1000, 12, 1, 1)}, tmp_path / "both.pth")
    with pytest.raises(CheckpointError, match=r"unexpected layer fc8"):
        fs.load(tmp_path / "both.pth", device="cpu")
