"""The nets against published figures: sizes, crops, and an independent forward with the numbers typed out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.graph.geometry import PHOTO, crop_pair
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN, folded
from tests.conftest import random_net

NARROW = (3, 4, 5, 6, 6)


def narrow(alignment: str = "caffe", **choices: object) -> FCN:
    values = {"num_classes": 4, "alignment": alignment, "channels": NARROW, "fc_channels": 7, **choices}
    return random_net(Architecture.from_dict(values))


CAFFE_BLOCKS = ((1, 2), (2, 2), (3, 3), (4, 3), (5, 3))


def published_forward(net: FCN, photo: Tensor) -> dict[str, Tensor]:
    """FCN with padding 100 as the Caffe nets spell it, in float64, with their crop offsets as literals."""
    state = {name: value.double() for name, value in net.state_dict().items()}
    height, width = photo.shape[2:]

    def up(scores: Tensor, name: str, stride: int) -> Tensor:
        weight = state.get(f"{name}.weight")
        if weight is None:
            weight = torch.zeros(4, 4, 2 * stride, 2 * stride, dtype=torch.float64)
            for index in range(4):
                weight[index, index] = torch.from_numpy(bilinear_kernel(2 * stride)).double()
        return functional.conv_transpose2d(scores, weight, stride=stride)

    def crop(grid: Tensor, offset: int, like: Sequence[int]) -> Tensor:
        return grid[:, :, offset : offset + like[0], offset : offset + like[1]]

    def conv(features: Tensor, name: str, padding: int = 0) -> Tensor:
        return functional.conv2d(features, state[f"{name}.weight"], state[f"{name}.bias"], padding=padding)

    features, pools = photo.double(), {}
    for block, count in CAFFE_BLOCKS:
        for number in range(1, count + 1):
            padding = 100 if (block, number) == (1, 1) else 1
            features = functional.relu(conv(features, f"conv{block}_{number}", padding))
        features = functional.max_pool2d(features, 2, 2, ceil_mode=True)
        pools[block] = features
    features = functional.relu(conv(features, "fc6"))
    features = functional.relu(conv(features, "fc7"))
    score_fr = conv(features, "score_fr")
    score_pool4 = conv(pools[4] * net.architecture.pool4_scale, "score_pool4")
    score_pool3 = conv(pools[3] * net.architecture.pool3_scale, "score_pool3")
    upscore2 = up(score_fr, "upscore2", 2)
    fuse_pool4 = upscore2 + crop(score_pool4, 5, upscore2.shape[2:])
    upscore_pool4 = up(fuse_pool4, "upscore_pool4", 2)
    fuse_pool3 = upscore_pool4 + crop(score_pool3, 9, upscore_pool4.shape[2:])
    return {
        "32s": crop(up(score_fr, "upscore32", 32), 19, (height, width)),
        "16s": crop(up(fuse_pool4, "upscore16", 16), 27, (height, width)),
        "8s": crop(up(fuse_pool3, "upscore8", 8), 31, (height, width)),
    }


@pytest.mark.parametrize("upsampling", ["bilinear", "learned"])
@pytest.mark.parametrize("size", [(1, 1), (33, 31), (64, 96), (97, 131), (375, 500)])
def test_caffe_alignment_is_the_published_net(size: tuple[int, int], upsampling: str) -> None:
    net = narrow(upsampling=upsampling, pool4_scale=0.01, pool3_scale=0.0001)
    photo = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))
    expected = published_forward(net, photo)
    with torch.inference_mode():
        found = net(photo)
    for variant in ("32s", "16s", "8s"):
        assert found[variant].shape == expected[variant].shape
        error = (found[variant] - expected[variant]).abs().max() / expected[variant].abs().max()
        assert float(error) < 1e-4, variant


def test_crop_offsets_are_those_of_the_published_nets() -> None:
    net = narrow()
    maps = net.coord_maps
    fr = maps["fc7"]
    assert fr.upsampled(32, 64).crop_to(PHOTO) == 19
    upscore2 = fr.upsampled(2, 4)
    assert crop_pair(upscore2, maps["pool4"]) == (0, 5)
    assert upscore2.upsampled(16, 32).crop_to(PHOTO) == 27
    upscore_pool4 = upscore2.upsampled(2, 4)
    assert crop_pair(upscore_pool4, maps["pool3"]) == (0, 9)
    assert upscore_pool4.upsampled(8, 16).crop_to(PHOTO) == 31
    # FCN-AlexNet's last layer: kernel 63 on the same grid, were its offset VGG's
    assert fr.upsampled(32, 64).offset - fr.upsampled(32, 63).offset == -0.5 * PHOTO.scale


def test_layer_sizes_at_375x500_are_those_of_the_published_nets() -> None:
    net = narrow()
    with torch.inference_mode():
        taps = net.taps(torch.zeros(1, 3, 375, 500))
        maps = net.score(taps)
        assert taps["pool3"].shape[2:] == (72, 88)
        assert taps["pool4"].shape[2:] == (36, 44)
        assert maps["score_fr"].shape[2:] == (12, 16)
        assert net.upscore2 is not None
        assert net.upscore32 is not None
        assert net.upscore2(maps["score_fr"]).shape[2:] == (26, 34)
        assert net.upscore32(maps["score_fr"]).shape[2:] == (416, 544)
        for variant, size in (("16s", (432, 560)), ("8s", (440, 568))):
            fused, _, upscore = net.fused(maps, variant)
            assert upscore(fused).shape[2:] == size


@pytest.mark.parametrize("alignment", ["caffe", "same"])
@pytest.mark.parametrize(
    ("layer", "variant", "block"), [("score_pool3", "8s", 8), ("score_pool4", "16s", 16), ("score_fr", "32s", 32)]
)
@pytest.mark.parametrize("pixel", [(70, 90), (95, 64), (81, 127)])
def test_a_bright_pixel_comes_out_where_its_cell_lies(
    alignment: str, layer: str, variant: str, block: int, pixel: tuple[int, int]
) -> None:
    """Every convolution passes its centre on, so one cell lights up: its block of photo pixels is known by hand."""
    net = FCN(
        Architecture.from_dict({"num_classes": 1, "alignment": alignment, "channels": (1,) * 5, "fc_channels": 1})
    ).eval()
    with torch.no_grad():
        for name, module in net.named_children():
            if name.startswith(("conv", "fc")) and isinstance(module, torch.nn.Conv2d):
                module.weight.zero_()
                module.weight[:, :1, module.kernel_size[0] // 2, module.kernel_size[1] // 2] = 1
        score = getattr(net, layer)
        score.weight.fill_(1)
        photo = torch.zeros(1, 3, 160, 192)
        photo[0, 0, pixel[0], pixel[1]] = 1
        out = net(photo)[variant][0, 0].double()
    # conv1_1 of the caffe nets moves the photo by 99 pixels on the canvas that pools cut into blocks
    moved = 99 if alignment == "caffe" else 0
    for axis, place in enumerate(pixel):
        centre = (place + moved) // block * block - moved + (block - 1) / 2
        weights = out.sum(dim=1 - axis)
        mass = float((weights * torch.arange(len(weights))).sum() / weights.sum())
        assert mass == pytest.approx(centre, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 97),
    width=st.integers(1, 131),
    alignment=st.sampled_from(["caffe", "same"]),
    batch_norm=st.booleans(),
)
def test_output_has_exactly_the_photos_size(height: int, width: int, alignment: str, batch_norm: bool) -> None:
    net = FCN(
        Architecture.from_dict(
            {"num_classes": 2, "alignment": alignment, "channels": (1,) * 5, "fc_channels": 1, "batch_norm": batch_norm}
        )
    ).eval()
    with torch.inference_mode():
        scores = net(torch.zeros(1, 3, height, width))
    assert {tuple(value.shape) for value in scores.values()} == {(1, 2, height, width)}


@pytest.mark.parametrize("alignment", ["caffe", "same"])
@pytest.mark.parametrize("size", [(1, 1000), (721, 1283), (2000, 3)])
def test_output_has_the_photos_size_at_large_and_thin_ones(size: tuple[int, int], alignment: str) -> None:
    net = FCN(
        Architecture.from_dict({"num_classes": 2, "alignment": alignment, "channels": (1,) * 5, "fc_channels": 1})
    )
    with torch.inference_mode():
        scores = net.eval()(torch.zeros(1, 3, *size))
    assert {tuple(value.shape[2:]) for value in scores.values()} == {size}


def test_a_new_net_scores_zero_and_upsamples_bilinearly() -> None:
    net = FCN(Architecture(num_classes=3, channels=NARROW, fc_channels=7, upsampling="learned"))
    scores = net.eval()(torch.randn(1, 3, 40, 50))
    assert all(bool((value == 0).all()) for value in scores.values())
    assert net.upscore8 is not None
    assert net.upscore8.weight is not None
    weight = net.upscore8.weight.detach().numpy()
    np.testing.assert_allclose(weight[1, 1], bilinear_kernel(16))
    assert not weight[0, 1].any()


def test_32s_is_upscore32_and_not_a_chain() -> None:
    net = narrow("same")
    photo = torch.randn(1, 3, 96, 128, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        maps = net.score(net.taps(photo))
    direct = net.scores(maps, "32s", (96, 128))
    silent = {name: scores if name == "score_fr" else torch.zeros_like(scores) for name, scores in maps.items()}
    assert float((direct - net.scores(silent, "8s", (96, 128))).abs().max()) > 1e-2
    weight = torch.zeros(4, 4, 64, 64)
    for index in range(4):
        weight[index, index] = torch.from_numpy(bilinear_kernel(64))
    whole = functional.conv_transpose2d(maps["score_fr"], weight, stride=32)
    torch.testing.assert_close(direct, whole[:, :, 16 : 16 + 96, 16 : 16 + 128], rtol=1e-4, atol=1e-4)


def test_a_net_of_fewer_variants_has_fewer_layers() -> None:
    net = narrow(variants=["32s"])
    assert set(net(torch.zeros(1, 3, 20, 20))) == {"32s"}
    assert not any("pool" in name or name.startswith("upscore2") for name in net.state_dict())


def test_folding_batch_normalisation_changes_nothing_but_the_layers() -> None:
    net = narrow("same", batch_norm=True)
    photo = torch.randn(2, 3, 50, 70, generator=torch.Generator().manual_seed(2))
    plain = folded(net)
    assert not any(name.startswith("bn") for name in plain.state_dict())
    with torch.inference_mode():
        for variant, scores in net(photo).items():
            torch.testing.assert_close(plain(photo)[variant], scores, rtol=1e-4, atol=1e-4)


def test_the_published_net_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        net = FCN(Architecture(num_classes=21, upsampling="learned"))
    # voc-fcn8s.caffemodel: 134489759 with upscore2, upscore_pool4 and upscore8; ours adds upscore32 and upscore16
    extra = 21 * 21 * (64 * 64 + 32 * 32)
    assert sum(value.numel() for value in net.parameters()) == 134_489_759 + extra
