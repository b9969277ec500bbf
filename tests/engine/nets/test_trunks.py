"""FCN-AlexNet and FCN-GoogLeNet: published sizes and crops, and forwards of their own with the numbers typed out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

import fcn_studio as fs
from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.graph.geometry import PHOTO
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN, folded
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.nets.trunks.googlenet import block_channels
from tests.conftest import random_net

CLASSES = 4
SIZES = [(1, 1), (33, 31), (64, 96), (97, 131), (224, 225), (231, 227)]


def alexnet(alignment: str, **choices: object) -> FCN:
    values = {"num_classes": CLASSES, "trunk": "alexnet", "alignment": alignment, "channels": [4, 6, 8, 8, 6]}
    return random_net(Architecture.from_dict({**values, "fc_channels": 10, **choices}))


def googlenet(**choices: object) -> FCN:
    values = {"num_classes": CLASSES, "trunk": "googlenet", "alignment": "same", "channels": list(block_channels(8))}
    return random_net(Architecture.from_dict({**values, "fc_channels": 128, **choices}))


def up(scores: Tensor, stride: int, kernel: int) -> Tensor:
    weight = torch.zeros(CLASSES, CLASSES, kernel, kernel, dtype=torch.float64)
    for index in range(CLASSES):
        weight[index, index] = torch.from_numpy(bilinear_kernel(kernel)).double()
    return functional.conv_transpose2d(scores, weight, stride=stride)


def crop(grid: Tensor, offset: int, like: Sequence[int]) -> Tensor:
    return grid[:, :, offset : offset + like[0], offset : offset + like[1]]


def pool(features: Tensor) -> Tensor:
    return functional.max_pool2d(features, 3, 2, ceil_mode=True)


def caffe_forward(net: FCN, photo: Tensor) -> dict[str, Tensor]:
    """voc-fcn-alexnet in float64: padding 100, groups, LRN, k63 s32 cropped at 18; 16s and 8s by the same scheme."""
    state = {name: value.double() for name, value in net.state_dict().items()}

    def conv(features: Tensor, name: str, **choices: int) -> Tensor:
        return functional.conv2d(features, state[f"{name}.weight"], state[f"{name}.bias"], **choices)

    def norm(features: Tensor) -> Tensor:
        """Krizhevsky et al. 2012, over 5 channels, as Caffe divides alpha."""
        squares = functional.pad(features**2, (0, 0, 0, 0, 2, 2))
        total = sum(squares[:, shift : shift + features.shape[1]] for shift in range(5))
        return features / (1 + 1e-4 / 5 * total) ** 0.75

    size = photo.shape[2:]
    pool1 = pool(conv(photo.double(), "conv1", stride=4, padding=100).relu())
    pool2 = pool(conv(norm(pool1), "conv2", padding=2, groups=2).relu())
    features = conv(norm(pool2), "conv3", padding=1).relu()
    features = conv(features, "conv4", padding=1, groups=2).relu()
    pool5 = pool(conv(features, "conv5", padding=1, groups=2).relu())
    fc7 = conv(conv(pool5, "fc6").relu(), "fc7").relu()
    score_fr = conv(fc7, "score_fr")
    upscore2 = up(score_fr, 2, 3)
    fuse_pool4 = upscore2 + crop(conv(pool2, "score_pool4"), 5, upscore2.shape[2:])
    upscore_pool4 = up(fuse_pool4, 2, 3)
    fuse_pool3 = upscore_pool4 + crop(conv(pool1, "score_pool3"), 10, upscore_pool4.shape[2:])
    return {
        "32s": crop(up(score_fr, 32, 63), 18, size),
        "16s": crop(up(fuse_pool4, 16, 31), 18, size),
        "8s": crop(up(fuse_pool3, 8, 15), 18, size),
    }


@pytest.mark.parametrize("size", SIZES)
def test_alexnet_in_caffe_alignment_is_the_published_net(size: tuple[int, int]) -> None:
    net = alexnet("caffe", groups=2, local_response_norm=True)
    photo = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1)) * 50
    with torch.inference_mode():
        found = net(photo)
        expected = caffe_forward(net, photo)
    for variant, scores in expected.items():
        assert found[variant].shape == (1, CLASSES, *size)
        torch.testing.assert_close(found[variant].double(), scores, rtol=1e-4, atol=1e-4 * float(scores.abs().max()))


def test_published_sizes_of_alexnet() -> None:
    """Of an input of 500x500, in the prototxt's order."""
    net = FCN(Architecture(2, trunk="alexnet", groups=2, channels=(2, 4, 4, 4, 4), fc_channels=3)).eval()
    with torch.inference_mode():
        taps = net.taps(torch.zeros(1, 3, 500, 500))
    assert [tap.shape[-1] for tap in taps.values()] == [86, 43, 16]
    assert net.architecture.kernels()["upscore32"] == 63
    assert net.coord_maps["fc7"].upsampled(32, 63).crop_to(PHOTO) == 18


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [lambda: alexnet("same"), googlenet], ids=["alexnet", "googlenet"])
def test_every_pixel_gets_scores_of_real_cells(make: object, size: tuple[int, int]) -> None:
    """With all scores one everywhere, bilinear enlargement of cells that cover the photo gives one at every pixel."""
    net = make()  # type: ignore[operator]
    with torch.no_grad():
        for layer in (net.score_fr, net.score_pool4, net.score_pool3):
            layer.weight.zero_()
            layer.bias.fill_(1 if layer is net.score_fr else 0)
    photo = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        for scores in net(photo).values():
            # Before the first cell of stride 32 and behind the last one scores fade to zero.
            inner = scores[..., 32 : size[0] - 32, 32 : size[1] - 32]
            torch.testing.assert_close(inner, torch.ones_like(inner))
            assert float(scores.min()) > 0, "no pixel is left without a cell"


@pytest.mark.parametrize("norm", [False, True])
def test_folding_normalisations_changes_nothing(norm: bool) -> None:
    for net in (alexnet("same", batch_norm=norm), googlenet(batch_norm=norm)):
        photo = torch.randn(1, 3, 70, 90, generator=torch.Generator().manual_seed(1))
        with torch.inference_mode():
            for variant, scores in folded(net)(photo).items():
                expected = net(photo)[variant]
                torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert not any("bn" in name for name in folded(googlenet(batch_norm=True)).state_dict())


def test_a_trace_says_what_its_score_layers_read(tmp_path: Path, camvid: LabelSet) -> None:
    for net, taps in ((alexnet("same", num_classes=11), ("fc7", "pool2", "pool1")), (None, ("fc7", "pool4", "pool3"))):
        path = tmp_path / "net.safetensors"
        made = net or random_net(Architecture(11, "same", (4, 4, 4, 4, 4), 6))
        save_checkpoint(path, made, labels=camvid, preprocessing=IMAGENET_RGB, card={})
        trace = fs.load(path, device="cpu", precision="fp32").trace(np.zeros((70, 90, 3), np.uint8))
        assert tuple(trace.score_maps[layer].tap for layer in ("score_fr", "score_pool4", "score_pool3")) == taps
        assert trace.other_tap("score_pool4") == ("pool2" if net else "")
