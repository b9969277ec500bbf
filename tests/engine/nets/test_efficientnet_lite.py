"""EfficientNet-Lite: forwards of their own with the table typed out, alignment by a delta image, quick gradients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

import fcn_studio as fs
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.labels import numbered_label_set
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.wanted import Wanted
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN, folded, thinned
from fcn_studio.engine.nets.trunks.depthwise import depthwise
from tests.conftest import random_net

# Repeats, kernel, stride, expansion and channels of lite0 and lite2: Tan and Le's tables, and the published files.
BLOCKS = {
    "efficientnet_lite0": (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    ),
    "efficientnet_lite2": (
        (1, 3, 1, 1, 16),
        (3, 3, 2, 6, 24),
        (3, 5, 2, 6, 48),
        (4, 3, 2, 6, 88),
        (4, 5, 1, 6, 120),
        (5, 5, 2, 6, 208),
        (1, 3, 1, 6, 352),
    ),
}
CHANNELS = {"efficientnet_lite0": (16, 24, 40, 112, 320), "efficientnet_lite2": (16, 24, 48, 120, 352)}
CLASSES = 3


def architecture(trunk: str = "efficientnet_lite0", **choices: Any) -> Architecture:
    values = {
        "num_classes": CLASSES,
        "trunk": trunk,
        "alignment": "same",
        "channels": list(CHANNELS[trunk]),
        "fc_channels": 12,
        "batch_norm": True,
    }
    return Architecture.from_dict({**values, **choices})


def tensorflow_same(features: Tensor, kernel: int, stride: int) -> Tensor:
    """Padded as TensorFlow documents "SAME": the smaller half first."""
    pads = []
    for cells in (features.shape[-1], features.shape[-2]):
        total = max((-(-cells // stride) - 1) * stride + kernel - cells, 0)
        pads += [total // 2, total - total // 2]
    return functional.pad(features, pads)


def published_state(trunk: str, classes: int, seed: int = 0) -> dict[str, Tensor]:
    """Seeded weights under the names of efficientnet_pytorch's files."""
    chance = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}

    def convolution(name: str, outputs: int, inputs: int, kernel: int) -> None:
        scale = (2 / (inputs * kernel**2)) ** 0.5
        state[f"{name}.weight"] = torch.randn(outputs, inputs, kernel, kernel, generator=chance) * scale

    def norm(name: str, channels: int) -> None:
        state[f"{name}.weight"] = 1 + 0.1 * torch.randn(channels, generator=chance)
        state[f"{name}.bias"] = 0.1 * torch.randn(channels, generator=chance)
        state[f"{name}.running_mean"] = 0.1 * torch.randn(channels, generator=chance)
        state[f"{name}.running_var"] = 0.5 + torch.rand(channels, generator=chance)
        state[f"{name}.num_batches_tracked"] = torch.tensor(7)

    convolution("_conv_stem", 32, 3, 3)
    norm("_bn0", 32)
    channels, number = 32, 0
    for repeats, kernel, _, expansion, outputs in BLOCKS[trunk]:
        for _ in range(repeats):
            name, wide = f"_blocks.{number}", channels * expansion
            if expansion > 1:
                convolution(f"{name}._expand_conv", wide, channels, 1)
                norm(f"{name}._bn0", wide)
            convolution(f"{name}._depthwise_conv", wide, 1, kernel)
            norm(f"{name}._bn1", wide)
            convolution(f"{name}._project_conv", outputs, wide, 1)
            norm(f"{name}._bn2", outputs)
            channels, number = outputs, number + 1
    convolution("_conv_head", 1280, channels, 1)
    norm("_bn1", 1280)
    state["_fc.weight"] = torch.randn(classes, 1280, generator=chance) * 0.05
    state["_fc.bias"] = torch.randn(classes, generator=chance)
    return state


def stages_of(state: dict[str, Tensor], trunk: str, photo: Tensor) -> Iterator[Tensor]:
    """The features after each stage, in float64, by the paper's block."""
    state = {name: value.double() for name, value in state.items()}

    def convolved(features: Tensor, name: str, norm: str, stride: int = 1, *, active: bool = True) -> Tensor:
        weight = state[f"{name}.weight"]
        groups = features.shape[1] // weight.shape[1]
        features = functional.conv2d(
            tensorflow_same(features, weight.shape[-1], stride), weight, stride=stride, groups=groups
        )
        mean, variance = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        factor = state[f"{norm}.weight"] / (variance + 1e-3).sqrt()
        shift = state[f"{norm}.bias"] - mean * factor
        features = features * factor[:, None, None] + shift[:, None, None]
        return features.clamp(0, 6) if active else features

    features, number = convolved(photo.double(), "_conv_stem", "_bn0", 2), 0
    for repeats, _, stride, expansion, outputs in BLOCKS[trunk]:
        for repeat in range(repeats):
            name, wide = f"_blocks.{number}", features
            step = stride if repeat == 0 else 1
            if expansion > 1:
                wide = convolved(wide, f"{name}._expand_conv", f"{name}._bn0")
            wide = convolved(wide, f"{name}._depthwise_conv", f"{name}._bn1", step)
            result = convolved(wide, f"{name}._project_conv", f"{name}._bn2", active=False)
            features = features + result if step == 1 and features.shape[1] == outputs else result
            number += 1
        yield features
    yield convolved(features, "_conv_head", "_bn1")


@pytest.mark.parametrize("trunk", list(BLOCKS))
def test_a_published_file_opens_as_the_classifier_it_is(trunk: str, tmp_path: Path) -> None:
    state = published_state(trunk, 5)
    torch.save(state, tmp_path / "lite.pth")
    checkpoint = open_checkpoint(tmp_path / "lite.pth", Wanted(labels=numbered_label_set(5)))
    net = checkpoint.net
    assert isinstance(net, FCN)
    assert net.architecture.trunk == trunk
    assert checkpoint.preprocessing.to_tensor(np.full((1, 1, 3), 255, np.uint8)).flatten().tolist() == [1, 1, 1]
    photo = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    *_, head = stages_of(state, trunk, photo)
    logits = head.mean((2, 3)) @ state["_fc.weight"].double().T + state["_fc.bias"].double()
    with torch.inference_mode():
        scores = net.score(net.taps(photo))["score_fr"]
    assert scores.shape == (1, 5, 2, 3)
    # The mean of each class's map is the classifier's logit.
    assert (scores.mean((2, 3)) - logits).abs().max() < 1e-4


def test_skips_read_the_last_stages_of_their_strides(tmp_path: Path) -> None:
    state = published_state("efficientnet_lite0", CLASSES)
    torch.save(state, tmp_path / "lite.pth")
    classifier = open_checkpoint(tmp_path / "lite.pth", Wanted(labels=numbered_label_set(CLASSES))).net
    net = random_net(architecture())
    trunk = {key: value for key, value in classifier.state_dict().items() if key.startswith(("stem", "stage"))}
    net.load_state_dict(net.state_dict() | trunk)
    photo = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    stages = list(stages_of(state, "efficientnet_lite0", photo))
    with torch.inference_mode():
        taps = net.taps(photo)
    assert taps["pool3"].shape == (1, 40, 8, 8)
    assert taps["pool4"].shape == (1, 112, 4, 4)
    assert taps["fc7"].shape == (1, 12, 2, 2)
    assert (taps["pool3"] - stages[2]).abs().max() < 1e-4
    assert (taps["pool4"] - stages[4]).abs().max() < 1e-4


def test_cells_lie_where_the_paddings_put_them() -> None:
    """A delta of one pixel moves the cells that see it, and no others; their middle is where `pool_maps` says."""
    net = random_net(architecture()).eval()
    plain = torch.zeros(1, 3, 256, 256)
    seen: dict[str, dict[int, list[int]]] = {"pool3": {}}
    with torch.inference_mode():
        before = net.taps(plain)
        for column in range(112, 192):
            photo = plain.clone()
            photo[..., 128, column] = 1000
            for name, rows in seen.items():
                moved = (net.taps(photo)[name] != before[name]).flatten(0, 2).any(0)
                for cell in moved.nonzero().flatten().tolist():
                    rows.setdefault(cell, []).append(column)
    columns, (low, high) = seen["pool3"][18], net.coord_maps["pool3"].box(18)
    # ReLU6 cuts some paths off, so what is seen may be less than the field, never more.
    assert low <= min(columns)
    assert max(columns) <= high
    assert (min(columns) + max(columns)) / 2 == float(net.coord_maps["pool3"].offset + 18 * 8) == 151


@pytest.mark.parametrize("size", [(1, 1), (31, 50), (64, 96), (97, 131)])
def test_masks_cover_photos_of_any_size(size: tuple[int, int]) -> None:
    net = random_net(architecture()).eval()
    with torch.inference_mode():
        scores = net(torch.randn(1, 3, *size))
    shapes = {variant: tuple(each.shape) for variant, each in scores.items()}
    assert shapes == dict.fromkeys(("32s", "16s", "8s"), (1, CLASSES, *size))


@pytest.mark.parametrize("step", [2, 4])
def test_thinned_scores_are_those_of_the_whole_photo(step: int) -> None:
    net = random_net(architecture()).eval()
    photo = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        whole, few = net(photo), net(photo, step)
    for variant, scores in few.items():
        expected = thinned(whole[variant], step)
        assert scores.shape == expected.shape
        assert (scores - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_thinned_scores_need_cells_on_pixels() -> None:
    net = random_net(Architecture(CLASSES, alignment="same", channels=(4, 4, 4, 4, 4), fc_channels=4))
    with pytest.raises(ValueError, match="aligns"):
        net(torch.zeros(1, 3, 64, 64), 4)


def test_a_folded_net_is_the_same_function() -> None:
    net = random_net(architecture()).eval()
    photo = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        for variant, scores in folded(net)(photo).items():
            assert (scores - net(photo)[variant]).abs().max() < 1e-4


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_depthwise_gradients_are_autograds(kernel: int, stride: int, with_bias: bool) -> None:
    chance = torch.Generator().manual_seed(kernel)
    padding = kernel // 2 if stride == 1 else 0
    features = torch.randn(2, 6, 13, 16, generator=chance).contiguous(memory_format=torch.channels_last)
    weight, bias = torch.randn(6, 1, kernel, kernel, generator=chance), torch.randn(6, generator=chance)
    given = [features, weight, *([bias] if with_bias else [])]
    wide = [value.double().requires_grad_() for value in given]
    narrow = [value.clone().requires_grad_() for value in given]
    expected = functional.conv2d(wide[0], wide[1], wide[2] if with_bias else None, stride, padding, groups=6)
    found = depthwise(narrow[0], narrow[1], narrow[2] if with_bias else None, stride=stride, padding=padding)
    assert (found - expected).abs().max() < 1e-5
    push = torch.randn(expected.shape, generator=chance)
    expected.backward(push.double())  # type: ignore[no-untyped-call]
    found.backward(push)  # type: ignore[no-untyped-call]
    for mine, theirs in zip(narrow, wide, strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert (mine.grad - theirs.grad).abs().max() <= 1e-5 * theirs.grad.abs().max()


def test_what_is_no_efficientnet_lite_is_named(tmp_path: Path) -> None:
    state = published_state("efficientnet_lite0", 4)
    path = tmp_path / "wide.pth"

    def refused(changed: dict[str, Tensor], told: str) -> None:
        torch.save(changed, path)
        with pytest.raises(CheckpointError, match=told) as caught:
            open_checkpoint(path, Wanted(labels=numbered_label_set(4)))
        assert str(path) in str(caught.value)

    refused(state | {"_conv_head.weight": torch.zeros(1280, 400, 1, 1)}, "end in 400 channels")
    refused({key: value for key, value in state.items() if not key.startswith("_blocks.3._bn1")}, r"stage3\.0")
    refused(state | {"_blocks.2._se_reduce.weight": torch.zeros(4, 96, 1, 1)}, "squeeze-and-excitation")
    refused(state | {"_extra.weight": torch.zeros(1)}, "_extra")
    torch.save(state, path)
    with pytest.raises(CheckpointError, match="4 classes"):
        open_checkpoint(path)


def test_channels_of_another_width_are_refused() -> None:
    with pytest.raises(CheckpointError, match="efficientnet_lite0"):
        FCN(Architecture.from_dict({**architecture().to_dict(), "channels": [16, 24, 48, 120, 352]}))


def test_the_window_and_the_api_open_the_published_file_by_its_path(tmp_path: Path) -> None:
    torch.save(published_state("efficientnet_lite0", 1000), tmp_path / "efficientnet-lite0.pth")
    model = fs.load(tmp_path / "efficientnet-lite0.pth", device="cpu", precision="fp32")
    assert len(model.labels.classes) == 1000
    trace = model.trace(np.zeros((70, 90, 3), np.uint8))
    assert trace.variants == ("32s",)
    assert trace.mask("32s").shape == (70, 90)
