"""Strips of rows: the score maps of one piece at any size, nothing computed twice, and within the memory planned."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.graph.names import PUBLISHED as VARIANTS
from fcn_studio.engine.execution import streaming
from fcn_studio.engine.execution.columns import tap_maps
from fcn_studio.engine.execution.layers import input_side, sections_of
from fcn_studio.engine.execution.product import product
from fcn_studio.engine.execution.rows import output_sizes
from fcn_studio.engine.execution.streaming import Plan, least_bytes, plan, streamed
from fcn_studio.engine.nets.architecture import Alignment, Architecture
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps, folded
from fcn_studio.engine.nets.trunks import efficientnet_lite_table, googlenet
from fcn_studio.engine.nets.trunks.trunk import Taps
from tests.conftest import random_net

FCN_TRUNKS = [
    ("vgg16", "same"),
    ("vgg16", "caffe"),
    ("alexnet", "caffe"),
    ("alexnet", "same"),
    ("googlenet", "same"),
    ("efficientnet_lite0", "same"),
]
CLASSIFIERS = [
    ("vgg16", "classifier"),
    ("alexnet", "classifier"),
    ("googlenet", "classifier"),
    ("efficientnet_lite0", "classifier"),
]
UNLIMITED = 1 << 40


def architecture_of(trunk: str, alignment: str) -> Architecture:
    plain = Architecture(
        5,
        alignment="same",
        channels=(4, 6, 6, 8, 6),
        fc_channels=9,
        variants=VARIANTS[:1] if alignment == "classifier" else VARIANTS,
    )
    kinds: dict[str, dict[str, Any]] = {
        "vgg16": {"pool4_scale": 0.01, "pool3_scale": 0.0001},
        "alexnet": {"groups": 2, "local_response_norm": True},
        "googlenet": {"channels": googlenet.block_channels(8), "batch_norm": True},
        "efficientnet_lite0": {
            "channels": efficientnet_lite_table.block_channels("efficientnet_lite0"),
            "batch_norm": True,
        },
    }
    return replace(plain, **{"trunk": trunk, "alignment": alignment, **kinds[trunk]})


def net_of(trunk: str, alignment: str) -> FCN:
    net = folded(random_net(architecture_of(trunk, alignment))).requires_grad_(False)
    return net.to(memory_format=torch.channels_last)


def photo_of(height: int, width: int) -> Tensor:
    pixels = torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(height)) * 50
    return pixels.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def in_strips(
    net: FCN,
    photo: Tensor,
    limit: int = UNLIMITED,
    on_rows: Callable[[int], None] = lambda done: None,
    cancel: CancelToken | None = None,
) -> tuple[ScoreMaps, Taps | None, Plan]:
    size = (photo.shape[-2], photo.shape[-1])
    found = plan(net, size, limit, torch.float32)
    assert found is not None

    def pixels(rows: range, columns: range) -> Tensor:
        return photo[..., rows.start : rows.stop, columns.start : columns.stop].clone()

    token = cancel or CancelToken()
    return *streamed(net, pixels, size, found, keep_taps=True, on_rows=on_rows, cancel=token), found


def assert_same(net: FCN, photo: Tensor, maps: ScoreMaps, taps: Taps | None) -> None:
    with torch.inference_mode():
        whole = net.taps(photo)
        scores = net.score(whole)
    assert taps is not None
    assert (list(maps), list(taps)) == (list(scores), list(whole))
    for found, expected in [(maps[name], scores[name]) for name in scores] + [
        (taps[name], whole[name]) for name in whole
    ]:
        assert found.shape == expected.shape
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


# 8 MB hold small photos in one strip, 20 KB in strips of about 10 rows, and one byte makes strips of two rows.
@pytest.mark.parametrize("strip_bytes", [8 << 20, 20_000, 1])
@pytest.mark.parametrize("size", [(1, 1), (61, 83), (131, 257)])
@pytest.mark.parametrize(("trunk", "alignment"), FCN_TRUNKS + CLASSIFIERS)
def test_strips_give_the_score_maps_of_one_piece(
    trunk: str, alignment: Alignment, size: tuple[int, int], strip_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "STRIP_BYTES", strip_bytes)
    net, photo = net_of(trunk, alignment), photo_of(*size)
    maps, taps, found = in_strips(net, photo)
    assert_same(net, photo, maps, taps)
    if strip_bytes == 1:
        assert found.description == "strips of 2 rows"


@pytest.mark.parametrize("size", [(66, 1311), (65, 1025)])
@pytest.mark.parametrize(("trunk", "alignment"), FCN_TRUNKS + CLASSIFIERS)
def test_so_do_spans_of_columns(trunk: str, alignment: Alignment, size: tuple[int, int]) -> None:
    net, photo = net_of(trunk, alignment), photo_of(*size)
    told: list[int] = []
    maps, taps, found = in_strips(net, photo, least_bytes(net, size, torch.float32), told.append)
    assert len(found.columns) >= 2
    assert found.description == f"strips of 2 rows in {len(found.columns)} spans of columns"
    assert told == sorted(told)
    assert told[-1] == found.total(size[0]) == size[0] * len(found.columns)
    assert_same(net, photo, maps, taps)


@pytest.mark.parametrize(("trunk", "alignment"), FCN_TRUNKS + CLASSIFIERS)
def test_nothing_is_computed_twice(trunk: str, alignment: Alignment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "STRIP_BYTES", 20_000)
    net, photo = net_of(trunk, alignment), photo_of(200, 300)
    with torch.inference_mode(), FlopCounterMode(display=False) as whole:
        net.score(net.taps(photo))
    with FlopCounterMode(display=False) as strips:
        in_strips(net, photo)
    assert strips.get_total_flops() == whole.get_total_flops()


class Held(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of the tensors that are made while it is entered, and the most that lived at once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        inputs = {
            leaf.untyped_storage().data_ptr() for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)
        }
        for leaf in pytree.tree_leaves(result):
            if isinstance(leaf, Tensor):
                storage = leaf.untyped_storage()
                place = storage.data_ptr()
                if place and place not in self._known and place not in inputs:
                    self._known.add(place)
                    self.now += storage.nbytes()
                    self.most = max(self.most, self.now)
                    weakref.finalize(storage, self._gone, place, storage.nbytes())
        return result

    def _gone(self, place: int, count: int) -> None:
        self._known.discard(place)
        self.now -= count


@pytest.mark.parametrize("share", [1.0, 0.1, 0.0])
@pytest.mark.parametrize(("trunk", "alignment"), [("vgg16", "same"), ("alexnet", "caffe"), ("googlenet", "same")])
def test_a_plan_keeps_to_its_memory(trunk: str, alignment: Alignment, share: float) -> None:
    """Measured by what tensors hold; torch's own scratch is not among it."""
    size = (150, 1200)
    net, photo = net_of(trunk, alignment), photo_of(*size)
    least, most = least_bytes(net, size, torch.float32), plan(net, size, UNLIMITED, torch.float32)
    assert most is not None
    limit = least + int(share * (most.bytes - least))
    with Held() as held:
        maps, taps, found = in_strips(net, photo, limit)
    assert taps is not None
    results = sum(4 * tensor.numel() for tensor in (*maps.values(), *taps.values()))
    assert found.bytes <= limit
    assert 0.15 * found.bytes <= held.most - results <= found.bytes


def test_a_limit_below_the_least_has_no_plan() -> None:
    net = net_of("vgg16", "same")
    least = least_bytes(net, (1000, 3000), torch.float32)
    assert plan(net, (1000, 3000), least, torch.float32) is not None
    assert plan(net, (1000, 3000), least - 1, torch.float32) is None


def test_features_of_half_the_bytes_need_half_the_memory() -> None:
    net = net_of("vgg16", "same")
    whole, half = (least_bytes(net, (1000, 3000), dtype) for dtype in (torch.float32, torch.bfloat16))
    assert half < 0.75 * whole  # pixels are prepared in fp32 all the same


def test_cancelling_stops_between_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "STRIP_BYTES", 20_000)
    token, told = CancelToken(), list[int]()

    def on_rows(done: int) -> None:
        told.append(done)
        if len(told) == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        in_strips(net_of("vgg16", "same"), photo_of(200, 300), on_rows=on_rows, cancel=token)
    assert len(told) == 3


@pytest.mark.parametrize(("trunk", "alignment"), FCN_TRUNKS)
def test_the_geometry_is_the_architectures(trunk: str, alignment: Alignment) -> None:
    net = net_of(trunk, alignment)
    sections = sections_of(net)
    assert list(tap_maps(sections).values()) == list(net.architecture.pool_maps().values())
    for size in (64, 65, 500):
        with torch.inference_mode():
            shapes = {tap: value.shape[-1] for tap, value in net.taps(photo_of(64, size)).items()}
        assert output_sizes(sections, input_side(net, size)) == shapes


@pytest.mark.parametrize("patch_bytes", [1, 5_000, 1 << 20])
@pytest.mark.parametrize(("kernel", "padding"), [(7, (0, 3)), (7, (0, 0)), (6, (3, 3)), (1, (0, 0))])
def test_a_product_is_the_convolution(
    kernel: int, padding: tuple[int, int], patch_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcn_studio.engine.execution.product.PATCH_BYTES", patch_bytes)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, 5, 9, 11, generator=generator).contiguous(memory_format=torch.channels_last)
    weight, bias = torch.randn(4, 5, kernel, kernel, generator=generator), torch.randn(4, generator=generator)
    expected = torch.nn.functional.conv2d(features.double(), weight.double(), bias.double(), padding=padding)
    found = product(features, weight, bias, padding)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_batch_normalisation_is_to_be_folded_first() -> None:
    with pytest.raises(ValueError, match="folded"):
        sections_of(random_net(architecture_of("googlenet", "same")))
