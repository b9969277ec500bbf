"""The classifier that comes with the program: its maps' means are its logits, by a forward of its own in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

import fcn_studio as fs
from fcn_studio.core.catalog.embedded import named_nets
from fcn_studio.core.samples import sample_photos
from tests.engine.nets.test_efficientnet_lite import BLOCKS, stages_of

TRUNK = "efficientnet_lite0"


def published_names() -> dict[str, str]:
    """Our layers' names by those of the published file, typed from its README."""
    found = {"_conv_stem": "stem.conv", "_bn0": "stem.bn", "_conv_head": "head.conv", "_bn1": "head.bn"}
    number = 0
    for stage, (repeats, _, _, expansion, _) in enumerate(BLOCKS[TRUNK]):
        for repeat in range(repeats):
            there, here = f"_blocks.{number}", f"stage{stage + 1}.{repeat}"
            if expansion > 1:
                found |= {f"{there}._expand_conv": f"{here}.expand.conv", f"{there}._bn0": f"{here}.expand.bn"}
            found |= {f"{there}._depthwise_conv": f"{here}.depthwise.conv", f"{there}._bn1": f"{here}.depthwise.bn"}
            found |= {f"{there}._project_conv": f"{here}.project.conv", f"{there}._bn2": f"{here}.project.bn"}
            number += 1
    return found


def logits_of(photo: NDArray[np.uint8]) -> Tensor:
    """(1000,) float64 of a photo as it is, by the classifier's own way: mean over the grid, then the linear layer."""
    weights = load_file(named_nets()["imagenet"])
    state: dict[str, Tensor] = {}
    for there, here in published_names().items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            if f"{here}.{part}" in weights:
                state[f"{there}.{part}"] = weights[f"{here}.{part}"]
    pixels = (torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].double() - 127) / 128
    *_, head = stages_of(state, TRUNK, pixels)
    return weights["score_fr.weight"].double()[:, :, 0, 0] @ head.mean((2, 3))[0] + weights["score_fr.bias"].double()


@pytest.fixture(scope="module")
def cat() -> Image.Image:
    path = next(sample.path for sample in sample_photos() if sample.path.stem == "cat")
    with Image.open(path) as image:
        return image.convert("RGB")


@pytest.mark.parametrize("size", [(224, 224), (320, 192)])
def test_the_mean_of_a_classs_map_is_the_classifiers_logit(cat: Image.Image, size: tuple[int, int]) -> None:
    photo = np.asarray(cat.resize(size))
    model = fs.load("imagenet", device="cpu", precision="fp32")
    trace = model.trace(photo)
    logits = logits_of(photo)
    means = trace.node("score_fr").mean((1, 2))
    for index, name in enumerate(trace.labels.classes[:-1]):
        assert means[index] == pytest.approx(float(logits[model.labels.index(name)]), abs=2e-3), name
    # Probabilities of the whole photo are the classifier's, its likeliest classes first among those kept.
    assert trace.presence is not None
    probabilities = logits.softmax(0)
    likeliest = [model.labels.classes[index] for index in probabilities.topk(5).indices]
    assert likeliest[0] == "Egyptian cat"
    kept = np.argsort(-trace.presence.photo[:-1])[:5]
    assert [trace.labels.classes[index] for index in kept] == likeliest
    assert trace.presence.photo[kept] == pytest.approx(probabilities.topk(5).values.numpy(), rel=0.02)
    assert trace.presence.photo.sum() == pytest.approx(1, abs=1e-4)


def test_photos_of_other_sizes_are_filled_up_to_whole_cells(cat: Image.Image) -> None:
    trace = fs.load("imagenet", device="cpu", precision="fp32").trace(np.asarray(cat))
    assert trace.size == (300, 451)
    assert trace.node("score_fr").shape[1:] == (10, 15)
    assert trace.presence is not None
    assert trace.labels.classes[int(trace.presence.photo[:-1].argmax())] == "Egyptian cat"
    heat = trace.heatmap("Egyptian cat")
    assert heat[40:260, 100:350].mean() > heat[:60, 400:].mean() + 2, "on the cat's face, not on the blurred wall"


def test_it_is_small_and_its_card_is_about_this_very_file() -> None:
    path = named_nets()["imagenet"]
    model = fs.load("imagenet", device="cpu")
    assert path.stat().st_size < 10_000_000
    assert len(model.labels) == 1000
    assert model.card["licence"] == "Apache-2.0"
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert model.digest in card
    assert model.card["file"] in card
