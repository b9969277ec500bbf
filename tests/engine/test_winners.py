"""Winning classes at each pixel, beside a transposed convolution in float64 and its argmax."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

import fcn_studio as fs
from fcn_studio import paths
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.graph.geometry import CoordMap
from fcn_studio.core.graph.names import LAST_STEP
from fcn_studio.engine.execution import squares
from fcn_studio.engine.execution.squares import Lattice, winners_of_squares
from fcn_studio.engine.nets.architecture import Architecture, Upsampling
from fcn_studio.engine.nets.upsampling import Upscore
from fcn_studio.engine.tracing.winners import winners
from tests.conftest import random_net

CPU = torch.device("cpu")
ROUNDING = 1e-5  # of scores around 1


def enlarged(scores: Tensor, stride: int, kernel: int, crop: int, size: tuple[int, int]) -> Tensor:
    """(C, H, W) float64, by a transposed convolution."""
    weight = torch.from_numpy(bilinear_kernel(kernel)).double().expand(scores.shape[0], 1, -1, -1)
    full = functional.conv_transpose2d(scores.double()[None], weight, stride=stride, groups=scores.shape[0])[0]
    assert full.shape[1] >= crop + size[0]
    assert full.shape[2] >= crop + size[1]
    return full[:, crop : crop + size[0], crop : crop + size[1]]


def assert_winners(found: Tensor, scores: Tensor) -> None:
    """`found` are the largest of (C, H, W) `scores`, up to rounding."""
    assert found.dtype == torch.uint8
    assert found.shape == scores.shape[1:]
    behind = scores.amax(0) - scores.gather(0, found[None].long())[0]
    assert behind.max() < ROUNDING


def smooth(classes: int, height: int, width: int) -> Tensor:
    """Scores with areas, as trained nets give them."""
    coarse = torch.randn(1, classes, 3, 4, generator=torch.Generator().manual_seed(classes)) * 3
    return functional.interpolate(coarse, size=(height, width), mode="bicubic")[0]


@pytest.mark.parametrize(("stride", "kernel"), [(2, 4), (8, 16), (8, 15), (16, 32), (32, 64), (32, 63)])
@pytest.mark.parametrize("classes", [2, 3, 6, 21])
def test_they_are_those_of_a_transposed_convolution(stride: int, kernel: int, classes: int) -> None:
    generator = torch.Generator().manual_seed(stride)
    for scores in (torch.randn(classes, 5, 7, generator=generator), smooth(classes, 9, 12)):
        height, width = (stride * (cells - 1) + kernel for cells in scores.shape[1:])
        for crop, size in ((0, (height, width)), (stride // 2, (height - stride, width - stride - 1)), (3, (1, 1))):
            found = winners_of_squares(scores, Lattice.of(stride, kernel, crop), size, CancelToken())
            assert_winners(found, enlarged(scores, stride, kernel, crop, size))


@pytest.mark.parametrize("kernel", [16, 15])
@pytest.mark.parametrize("classes", [1, 2, 4, 9, 256])
def test_of_equal_scores_the_first_wins(kernel: int, classes: int) -> None:
    # Small integers and shares of sixteenths leave nothing to round, so that ties are ties everywhere.
    scores = torch.randint(0, 3, (classes, 9, 11), generator=torch.Generator().manual_seed(classes)).float()
    found = winners_of_squares(scores, Lattice.of(8, kernel, 4), (60, 75), CancelToken())
    expected = enlarged(scores, 8, kernel, 4, (60, 75)).numpy().argmax(0)
    np.testing.assert_array_equal(found.numpy(), expected)


def test_a_class_that_wins_at_no_corner_wins_between_them() -> None:
    scores = torch.tensor([[10.0, 0.0], [0.0, 10.0], [8.0, 8.0]])[:, None]
    found = winners_of_squares(scores, Lattice.of(8, 16, 4), (8, 16), CancelToken())
    assert found[0].tolist() == [0] * 6 + [2] * 4 + [1] * 6


def test_they_do_not_depend_on_bands_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = torch.randn(7, 12, 15, generator=torch.Generator().manual_seed(1))
    lattice = Lattice.of(8, 16, 5)
    whole = winners_of_squares(scores, lattice, (85, 110), CancelToken())
    monkeypatch.setattr(squares, "BAND_PIXELS", 15 * 64 * 2)
    monkeypatch.setattr(squares, "CHUNK_BYTES", 16 * 4 * 7 * 3)
    assert torch.equal(winners_of_squares(scores, lattice, (85, 110), CancelToken()), whole)


@pytest.mark.parametrize("trunk", ["vgg16", "alexnet"])
@pytest.mark.parametrize("alignment", ["caffe", "same"])
@pytest.mark.parametrize("upsampling", ["bilinear", "nearest", "learned", "per_class"])
def test_of_nets(trunk: str, alignment: str, upsampling: Upsampling) -> None:
    architecture = Architecture(num_classes=5, alignment="same", channels=(4, 4, 4, 4, 4), fc_channels=4)
    net = random_net(replace(architecture, trunk=trunk, alignment=alignment, upsampling=upsampling))  # type: ignore[arg-type]
    photo = torch.randn(1, 3, 75, 101, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        maps = net.score(net.taps(photo))
        maps = {name: scores / scores.std() for name, scores in maps.items()}
        for variant in architecture.variants:
            fused, coords, upscore = net.fused(maps, variant)
            found = winners(fused, coords, upscore, (75, 101), device=CPU, cancel=CancelToken())
            assert_winners(found, net.scores(maps, variant, (75, 101))[0])


def test_on_a_sample_with_the_net_for_streets() -> None:
    model = fs.load("streets", device="cpu", precision="fp32")
    trace = model.trace(paths.resources() / "samples" / "highway.jpg")
    for variant in trace.variants:
        fused, step = LAST_STEP[variant]
        stride = trace.upsamplings[step].stride
        coords = CoordMap(Fraction(stride), Fraction(stride - 1, 2))  # of a `same` net: in the middle of its pixels
        upscore = Upscore(len(trace.labels), stride, kind="bilinear")
        cells = torch.from_numpy(trace.node(fused).copy())[None]
        found = winners(cells, coords, upscore, trace.size, device=CPU, cancel=CancelToken())
        assert len(np.unique(found.numpy())) > 2
        assert_winners(found, torch.from_numpy(trace.scores(variant)))


@pytest.fixture
def of_stride_8() -> tuple[Tensor, CoordMap, Upscore]:
    """(1, 4, 6, 8) scores of a photo of 48x64."""
    scores = torch.randn(1, 4, 6, 8, generator=torch.Generator().manual_seed(3))
    return scores, CoordMap(Fraction(8), Fraction(7, 2), 8), Upscore(4, 8, kind="bilinear")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_scores_that_are_not_finite(of_stride_8: tuple[Tensor, CoordMap, Upscore], value: float) -> None:
    scores, coords, upscore = of_stride_8
    scores[0, 2, 3, 4] = value
    found = winners(scores, coords, upscore, (48, 64), device=CPU, cancel=CancelToken())
    expected = upscore(scores)[0, :, 4:52, 4:68].numpy().argmax(0)  # numpy's finds the first that is no number, too
    np.testing.assert_array_equal(found.numpy(), expected)


def test_it_can_be_cancelled(of_stride_8: tuple[Tensor, CoordMap, Upscore]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        winners(*of_stride_8, (48, 64), device=CPU, cancel=token)
