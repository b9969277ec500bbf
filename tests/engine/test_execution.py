"""The fast way through the trunk gives what the layers give one after another, in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from fcn_studio.engine.execution.blocks import blocks_of
from fcn_studio.engine.execution.torch_runner import TorchRunner
from fcn_studio.engine.execution.whole import WholePass
from fcn_studio.engine.measuring.work import Work, WorkCounter
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.trunks.trunk import Taps
from tests.conftest import random_net

SIZES = ((1, 1), (2, 3), (17, 31), (64, 65), (131, 50), (375, 500))
REMAINDERS = tuple((height, 200 - height) for height in range(90, 106))  # of both axes, over the stride of pool4


def net_of(alignment: str, **choices: object) -> FCN:
    values = {"num_classes": 3, "channels": (4, 5, 6, 7, 8), "fc_channels": 9, "alignment": alignment}
    return random_net(Architecture.from_dict({**values, **choices}))


def whole_pass(net: FCN, runner: TorchRunner | None = None) -> WholePass:
    return WholePass(net.architecture, blocks_of(net), runner or TorchRunner())


def photo_of(size: tuple[int, int], seed: int = 0) -> Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(seed))


def taps_of(net: FCN, photo: Tensor, runner: TorchRunner | None = None) -> Taps:
    with torch.inference_mode():
        return whole_pass(net, runner).taps(photo, lambda name: None)


def assert_same(found: Taps, expected: Taps) -> None:
    for name, tap, truth in ((name, found[name], expected[name]) for name in expected):
        assert tap.shape == truth.shape, name
        assert float((tap - truth).abs().max()) <= 1e-5 * float(truth.abs().max()), name


@pytest.mark.parametrize("alignment", ["caffe", "same"])
@pytest.mark.parametrize("runner", [TorchRunner(), TorchRunner(strip_bytes=1)], ids=["whole", "strips"])
def test_a_photo_of_any_size_gets_the_features_of_the_plain_layers(alignment: str, runner: TorchRunner) -> None:
    net = net_of(alignment)
    exact = copy.deepcopy(net).double()
    for size in SIZES + REMAINDERS:
        photo = photo_of(size)
        with torch.inference_mode():
            expected = exact.taps(photo.double())
        assert_same(taps_of(net, photo, runner), expected)


def test_nothing_is_computed_where_the_photo_does_not_reach() -> None:
    net = net_of("caffe", channels=(8, 16, 32, 64, 64), fc_channels=512)
    photo = photo_of((375, 500))
    fast = whole_pass(net)
    with torch.inference_mode():
        fast.taps(photo_of((375, 500), seed=1), lambda name: None)  # what a first photo of a size costs once
        plain, reached = (counted(lambda take=take: take(photo, lambda name: None)) for take in (net.taps, fast.taps))
    assert reached.flops < 0.72 * plain.flops


def test_what_surrounds_one_photo_serves_the_next_of_its_size() -> None:
    net = net_of("caffe")
    fast = whole_pass(net)
    first, second = photo_of((60, 83), seed=1), photo_of((60, 83), seed=2)
    with torch.inference_mode():
        kept = fast.taps(first, lambda name: None)
        expected = {name: tap.clone() for name, tap in kept.items()}
        assert_same(fast.taps(second, lambda name: None), net.taps(second))
    assert all(torch.equal(tap, expected[name]) for name, tap in kept.items())


def test_each_block_is_heard_of_once_in_its_order() -> None:
    for alignment in ("caffe", "same"):
        heard: list[str] = []
        with torch.inference_mode():
            whole_pass(net_of(alignment)).taps(photo_of((40, 50)), heard.append)
        assert heard == ["block1", "block2", "block3", "block4", "block5", "fc6", "fc7"]


def counted(work: object) -> Work:
    assert callable(work)
    counter = WorkCounter()
    with counter:
        work()
    return counter.take()
