"""Tiles: the score maps of one piece, within the memory given, and an honest word where the device ran out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import psutil
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import fcn_studio as fs
from fcn_studio import paths
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled, ImageError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace import Trace
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.device import DeviceChoice
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.predictor import Model
from fcn_studio.engine.preprocess import CAFFE
from fcn_studio.engine.tiling import canvas_border, half_side, halo, inside, spans, tiles
from tests.conftest import fusing, random_net

CPU = DeviceChoice("cpu", "CPU", "fp32", "")


def checkpoint_of(labels: LabelSet, alignment: str = "same", **choices: object) -> Checkpoint:
    values = {"num_classes": len(labels), "channels": (3, 4, 5, 6, 6), "fc_channels": 9}
    net = random_net(Architecture.from_dict({**values, "alignment": alignment, **choices}))
    return Checkpoint(net=net, labels=labels, preprocessing=CAFFE, digest="d" * 64, name="random")


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """Areas of 16 pixels with noise on them."""
    rng = np.random.default_rng(height)
    areas = np.kron(rng.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3)), np.ones((16, 16, 1)))
    return (areas[:height, :width] * 0.8 + rng.integers(0, 50, (height, width, 3))).clip(0, 255).astype(np.uint8)


def limit_for(model: Model, side: int) -> int:
    """Bytes for a square canvas of this side."""
    border = canvas_border(Architecture.from_dict({"num_classes": 2, "alignment": alignment_of(model)}))
    return model.memory_needed(side - 2 * border, side - 2 * border)


def alignment_of(model: Model) -> str:
    return model.trace(np.zeros((1, 1, 3), np.uint8)).provenance.alignment


def assert_same_scores(found: Trace, expected: Trace) -> None:
    assert found.score_maps.keys() == expected.score_maps.keys()
    for name, layer in expected.score_maps.items():
        scores = found.score_maps[name].scores
        assert scores.shape == layer.scores.shape
        assert np.abs(scores - layer.scores).max() <= 1e-5 * np.abs(layer.scores).max(), name


def outgrown(net: nn.Module, pixels: int, error: type[Exception] = torch.OutOfMemoryError, text: str = "") -> None:
    """Lets the net's first layer run out of memory, as an allocator does, above so many pixels."""

    def check(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if inputs[0].shape[-2] * inputs[0].shape[-1] > pixels:
            raise error(text or "CUDA out of memory. Tried to allocate 9.00 GiB")

    net.get_submodule("conv1_1").register_forward_pre_hook(check)


# A fc7 cell of VGG-16 reaches 1+1+2+2+4*3+8*3+16*3 = 90 pixels through its convolutions and 3*32 through fc6: 186.
@pytest.mark.parametrize("alignment", ["caffe", "same"])
def test_the_halo_covers_the_receptive_field_in_whole_cells(alignment: str) -> None:
    assert halo(Architecture.from_dict({"num_classes": 2, "alignment": alignment})) == 192


@pytest.mark.parametrize(("length", "side"), [(512, 512), (513, 512), (1537, 512), (5000, 1056), (90, 512)])
def test_cores_cover_the_canvas_once_and_halos_end_where_it_ends(length: int, side: int) -> None:
    found = spans(length, side, 192)
    assert [pixel for span in found for pixel in span.core] == list(range(length))
    for span in found:
        assert span.core.start % 32 == span.seen.start % 32 == 0
        assert span.seen.start == max(0, span.core.start - 192)
        assert span.seen.stop == min(length, span.core.stop + 192)
    assert len(tiles((length, 90), side, 192)) == len(found)


def test_a_border_of_zeros_stands_only_at_the_photos_ends() -> None:
    # a photo of 1000 on its canvas of 1198
    assert inside(range(704), 1000, 99) == (99, 0, slice(0, 605))
    assert inside(range(320, 1198), 1000, 99) == (0, 99, slice(221, 1000))
    assert inside(range(320, 1024), 1000, 99) == (0, 0, slice(221, 925))
    assert inside(range(320, 1000), 1000, 0) == (0, 0, slice(320, 1000))


@pytest.mark.parametrize(
    ("side", "half"), [(4096, 2048), (1056, 544), (1000, 512), (544, 512), (512, None), (83, None)]
)
def test_halving_ends_at_the_smallest_useful_tile(side: int, half: int | None) -> None:
    assert half_side(side) == half


@pytest.mark.parametrize("alignment", ["caffe", "same"])
@pytest.mark.parametrize("size", [(1303, 1157), (601, 2111), (1537, 1025), (1024, 1536)])
def test_tiles_give_the_score_maps_of_one_piece(camvid: LabelSet, alignment: str, size: tuple[int, int]) -> None:
    model = Model(checkpoint_of(camvid, alignment), CPU)
    photo = picture(*size)
    whole = model.trace(photo)
    tiled = model.trace(photo, memory_limit=min(limit_for(model, 900), model.memory_needed(*size) - 1))
    assert whole.provenance.size_policy == "native"
    assert tiled.provenance.size_policy.startswith("tiles of ")
    assert tiled.provenance.note == ""
    assert_same_scores(tiled, whole)
    for variant in whole.variants:
        assert (tiled.mask(variant) == whole.mask(variant)).mean() > 0.9999  # ties fall either way


def test_a_net_without_skips_and_with_learned_upsampling(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid, "caffe", variants=["32s"], upsampling="learned"), CPU)
    photo = picture(1000, 1200)
    whole, tiled = model.trace(photo), model.trace(photo, memory_limit=limit_for(model, 900))
    assert tiled.score_maps.keys() == {"score_fr"}
    assert_same_scores(tiled, whole)
    assert (tiled.mask("32s") == whole.mask("32s")).mean() > 0.9999


def test_the_default_checkpoint_on_a_sample() -> None:
    model = fs.load("default", device="cpu", precision="fp32")
    photo = paths.resources() / "samples" / "view-of-aizkorri.jpg"
    # of 960x639 pixels, in two tiles of 512 with 192 pixels of halo
    whole, tiled = model.trace(photo), model.trace(photo, memory_limit=model.memory_needed(639, 512 + 2 * 192))
    assert tiled.provenance.size_policy == "tiles of 512 px"
    assert_same_scores(tiled, whole)
    for variant in whole.variants:
        assert (tiled.mask(variant) == whole.mask(variant)).mean() > 0.9999


@pytest.mark.parametrize("alignment", ["caffe", "same"])
def test_taps_are_put_together_too(camvid: LabelSet, alignment: str) -> None:
    model = Model(checkpoint_of(camvid, alignment), CPU)
    photo = picture(1100, 930)
    whole = model.trace(photo, keep_taps=True)
    tiled = model.trace(photo, keep_taps=True, memory_limit=limit_for(model, 900))
    assert tiled.provenance.size_policy == "tiles of 512 px"
    assert tiled.taps.keys() == whole.taps.keys() == {"pool3", "pool4", "fc7"}
    for name, tap in whole.taps.items():
        assert tiled.taps[name].shape == tap.shape
        np.testing.assert_allclose(tiled.taps[name], tap, atol=1e-5 * np.abs(tap).max())
    assert not model.trace(photo, memory_limit=limit_for(model, 900)).taps


def test_taps_that_would_not_fit_are_refused(camvid: LabelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = LabelSet("two", camvid.classes[:2], camvid.colours[:2])
    model = Model(checkpoint_of(labels, fc_channels=4000), CPU)
    limit = limit_for(model, 900)
    # 1600x1600: 8 MB of masks and some of score maps fit into 30 MB, fc7's 50x50x4000 floats of 40 MB do not.
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 30_000_000})())
    with pytest.raises(ImageError, match=r"features of this photo need 0\.0 GiB|trace it without"):
        model.trace(picture(1600, 1600), keep_taps=True, memory_limit=limit)


def test_the_net_never_sees_more_than_the_limit_allows(camvid: LabelSet) -> None:
    checkpoint = checkpoint_of(camvid)
    seen: list[tuple[int, int]] = []

    def watch(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append((inputs[0].shape[-2], inputs[0].shape[-1]))

    checkpoint.net.get_submodule("conv1_1").register_forward_pre_hook(watch)
    model = Model(checkpoint, CPU)
    limit = model.memory_needed(1100, 1100)
    trace = model.trace(picture(2000, 1900), memory_limit=limit)
    # 704 + 2 * 192 = 1088 fits in 1100, 736 + 2 * 192 does not
    assert trace.provenance.size_policy == "tiles of 704 px"
    assert len(seen) == 9
    assert max(model.memory_needed(*size) for size in seen) <= limit


def test_a_limit_that_suffices_leaves_the_photo_whole(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    trace = model.trace(picture(700, 900), memory_limit=model.memory_needed(700, 900))
    assert trace.provenance.size_policy == "native"


def test_a_limit_below_the_smallest_tile_is_an_error_that_names_the_least(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    with pytest.raises(ImageError, match=r"A 1200x1000 photo needs a memory limit of at least (\d+) MB; raise") as told:
        model.trace(picture(1000, 1200), memory_limit=1000)
    least = int(str(told.value).split(" MB")[0].rpartition(" ")[2])
    assert model.trace(picture(1000, 1200), memory_limit=least * 1_000_000).provenance.size_policy == "tiles of 512 px"


def test_without_a_limit_the_free_memory_decides(camvid: LabelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    photo = picture(2000, 1500)
    whole = model.trace(photo)
    free = model.memory_needed(*photo.shape[:2]) - 1
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": free})())
    tiled = model.trace(photo)
    assert tiled.provenance.size_policy.startswith("tiles of ")
    assert_same_scores(tiled, whole)


def test_progress_tells_the_tiles_and_rises_to_one(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    told: list[tuple[str, float]] = []
    trace = model.trace(
        picture(1000, 1400),
        memory_limit=limit_for(model, 900),
        on_stage=lambda stage, share: told.append((stage, share)),
    )
    names = [stage for stage, _ in told]
    assert names == [f"tile {number} of 6" for number in range(1, 7)] + ["mask 32s", "mask 16s", "mask 8s"]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[2] == pytest.approx(0.45)
    assert shares[-1] == pytest.approx(1)
    assert trace.timings.keys() >= {"read", "preprocess", "block1", "fc7", "score layers", "mask 8s"}


def test_cancelling_stops_between_tiles(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    token, told = CancelToken(), []

    def on_stage(stage: str, share: float) -> None:
        told.append(stage)
        if stage == "tile 2 of 6":
            token.cancel()

    with pytest.raises(Cancelled):
        model.trace(picture(1000, 1400), memory_limit=limit_for(model, 900), on_stage=on_stage, cancel=token)
    assert told == ["tile 1 of 6", "tile 2 of 6"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (torch.OutOfMemoryError, "CUDA out of memory. Tried to allocate 9.00 GiB"),
        (RuntimeError, "MPS backend out of memory (MPS allocated: 8.00 GB, max allowed: 9.07 GB)."),
        (RuntimeError, "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
        (MemoryError, "numpy's"),
    ],
)
def test_a_device_out_of_memory_gets_smaller_tiles(camvid: LabelSet, error: type[Exception], text: str) -> None:
    checkpoint = checkpoint_of(camvid)
    photo = picture(1900, 1700)
    whole = Model(checkpoint, CPU).trace(photo)
    outgrown(checkpoint.net, 1000 * 1000, error, text)
    shares: list[float] = []
    trace = Model(checkpoint, CPU).trace(photo, on_stage=lambda stage, share: shares.append(share))
    # 1900 px, then half of it in whole cells, 960, seen with its halo as 1152, then 512, seen as 896
    assert trace.provenance.size_policy == "tiles of 512 px"
    assert trace.provenance.note == "cpu ran out of memory, so this photo was done in tiles of 512 px."
    assert (trace.provenance.device, trace.provenance.precision) == ("cpu", "fp32")
    assert "out of memory" in trace.timings
    assert shares == sorted(shares)
    assert_same_scores(trace, whole)


def test_other_errors_are_not_taken_for_a_lack_of_memory(camvid: LabelSet) -> None:
    checkpoint = checkpoint_of(camvid)
    outgrown(checkpoint.net, 1, RuntimeError, "the kernel image is invalid")
    with pytest.raises(RuntimeError, match="kernel image is invalid"):
        Model(checkpoint, CPU).trace(picture(1000, 1000))


def test_a_photo_that_no_tile_saves_is_refused_with_its_size(camvid: LabelSet) -> None:
    checkpoint = checkpoint_of(camvid)
    outgrown(checkpoint.net, 1)
    with pytest.raises(ImageError, match=r"A 1200x1000 photo needs more memory than cpu has free"):
        Model(checkpoint, CPU).trace(picture(1000, 1200))


def elsewhere(net: nn.Module) -> Callable[[], list[int]]:
    """Lets the net run out of memory anywhere but on the CPU; returns the pixels of each try there."""
    tries: list[int] = []

    def check(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if inputs[0].device.type != "cpu":
            tries.append(inputs[0].shape[-2] * inputs[0].shape[-1])
            raise torch.OutOfMemoryError("out of memory")

    net.get_submodule("conv1_1").register_forward_pre_hook(check)
    return lambda: tries


@pytest.mark.parametrize(("size", "tries"), [((61, 83), 1), ((1900, 1700), 3)])
def test_the_cpu_does_what_the_device_cannot(camvid: LabelSet, size: tuple[int, int], tries: int) -> None:
    checkpoint = checkpoint_of(camvid)
    photo = picture(*size)
    expected = Model(replace(checkpoint, net=random_net(fusing(checkpoint.net).architecture)), CPU).trace(photo)
    tried = elsewhere(checkpoint.net)
    # torch's meta device stands for a GPU: it holds tensors of any size, and never gets as far as a number.
    model = Model(checkpoint, DeviceChoice("meta", "no GPU", "bf16", ""))
    trace = model.trace(photo)
    assert len(tried()) == tries
    assert tried() == sorted(tried(), reverse=True)
    assert trace.provenance.note == "meta ran out of memory, so this photo was done on the CPU."
    assert trace.provenance.device == "cpu"
    assert trace.provenance.device_name != "no GPU"
    assert trace.provenance.size_policy == "native"
    tolerance = {"fp32": 1e-5, "bf16": 0.05}[trace.provenance.precision]  # the precision that the trace owns up to
    for name, layer in expected.score_maps.items():
        difference = np.abs(trace.score_maps[name].scores - layer.scores).max()
        assert difference <= tolerance * np.abs(layer.scores).max()
    for variant in trace.variants:
        assert model.confidence(trace, variant).shape == size
