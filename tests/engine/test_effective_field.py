"""The effective receptive field: torch's own gradient of the whole photo, without passing over the whole photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import fcn_studio as fs
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.explain import nearest_cell, receptive_fields
from fcn_studio.engine.checkpoints.native import load_checkpoint, save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import fusing, random_net

LAYERS = ("score_fr", "score_pool4", "score_pool3")


@pytest.mark.parametrize("alignment", ["caffe", "same"])
@pytest.mark.parametrize("size", [(640, 800), (90, 131)])
def test_it_is_the_gradient_of_the_score(
    tmp_path: Path, camvid: LabelSet, alignment: str, size: tuple[int, int]
) -> None:
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9, "alignment": alignment}
    path = tmp_path / "net.safetensors"
    net = random_net(Architecture.from_dict(values))
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    model = fs.load(path, device="cpu", precision="fp32")
    rng = np.random.default_rng(3)
    photo = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    trace = model.trace(photo)
    pixels = IMAGENET_RGB.to_tensor(photo).requires_grad_()
    whole = fusing(load_checkpoint(path).net)
    maps = whole.score(whole.taps(pixels))
    for x, y in ((0, 0), (size[1] // 2, size[0] // 2), (size[1] - 1, size[0] - 1)):
        for layer in LAYERS:
            row, column = nearest_cell(trace.score_maps[layer], x, y)
            scores = maps[layer]
            (expected,) = torch.autograd.grad(scores[0, 4, row, column], pixels, retain_graph=True)
            reference = expected[0].abs().sum(0).numpy()
            found = model.effective_field(trace, layer, x, y, 4)
            assert found.shape == size
            np.testing.assert_allclose(found, reference, atol=1e-4 * max(reference.max(), 1e-9))
            left, top, right, bottom = receptive_fields(trace, x, y)[layer]
            outside = found.copy()
            outside[max(int(top), 0) : int(bottom), max(int(left), 0) : int(right)] = 0
            assert not outside.any()


def test_other_checkpoints_and_layers_are_refused(tiny_checkpoint: Path) -> None:
    model = fs.load(tiny_checkpoint, device="cpu")
    trace = model.trace(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(ValueError, match="no score layer"):
        model.effective_field(trace, "score_pool5", 3, 3, 0)
