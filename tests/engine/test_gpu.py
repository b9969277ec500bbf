"""What runs on CUDA GPUs: its decisions here on the CPU, and all of it where there is a GPU."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import sleep

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
from fcn_studio.engine.execution.blocks import blocks_of
from fcn_studio.engine.execution.full_precision import full_precision
from fcn_studio.engine.execution.gpu import (
    GRAPHS,
    Pass,
    RecordedPasses,
    Recording,
    checked,
    downloaded,
    fused_winners,
    uploaded,
)
from fcn_studio.engine.execution.squares import Lattice, winners_of_squares
from fcn_studio.engine.execution.torch_runner import TorchRunner
from fcn_studio.engine.execution.whole import WholePass
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import CAFFE, IMAGENET_RGB, Preprocessing
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps
from fcn_studio.engine.tracing import predictor
from fcn_studio.engine.tracing.device_check import why_not
from fcn_studio.engine.tracing.model import load
from tests.conftest import random_net

CPU = torch.device("cpu")
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


def right(scores: Tensor, lattice: Lattice, size: tuple[int, int]) -> Tensor:
    return winners_of_squares(scores.cpu(), lattice, size, CancelToken()).to(scores.device)


def shifted(scores: Tensor, lattice: Lattice, size: tuple[int, int]) -> Tensor:
    """Off by one pixel."""
    return right(scores, Lattice(lattice.stride, lattice.kernel, lattice.shift + 1), size)


def failing(scores: Tensor, lattice: Lattice, size: tuple[int, int]) -> Tensor:
    raise OSError("no compiler")


def test_a_kernel_is_used_only_where_it_is_right(caplog: pytest.LogCaptureFixture) -> None:
    assert checked(right, CPU) is right
    assert not caplog.records
    assert checked(shifted, CPU) is None
    assert checked(failing, CPU) is None
    assert [record.message for record in caplog.records] == [
        "The Triton kernel computes wrongly on cpu; masks are made by torch there.",
        "The Triton kernel does not run on cpu (no compiler); masks are made by torch there.",
    ]


@pytest.mark.parametrize("preprocessing", [CAFFE, IMAGENET_RGB])
def test_an_uploaded_photo_is_the_nets_input(preprocessing: Preprocessing, photo: NDArray[np.uint8]) -> None:
    photo.setflags(write=False)  # as photos of a trace are
    found = uploaded(photo, preprocessing, CPU)
    assert torch.equal(found, preprocessing.to_tensor(photo))
    assert found.is_contiguous(memory_format=torch.channels_last)


class Recorder:
    """Records by remembering the pass; counts what it is asked for."""

    def __init__(self, memory: int = 1, factor: float = 1.0, error: str = "") -> None:
        self.memory, self.factor, self.error = memory, factor, error
        self.recorded: list[int] = []
        self.replayed: list[int] = []

    def __call__(self, run: Pass, pixels: Tensor) -> Recording:
        self.recorded.append(len(pixels))
        if self.error:
            raise RuntimeError(self.error)

        def replay(values: Tensor) -> tuple[Tensor, ...]:
            self.replayed.append(len(values))
            return tuple(result * self.factor for result in run(values))

        return Recording(replay, self.memory)


def doubled(pixels: Tensor) -> tuple[Tensor, ...]:
    return (pixels * 2,)


def test_a_pass_is_recorded_at_the_second_input_of_a_shape() -> None:
    recorder = Recorder()
    passes = RecordedPasses(doubled, 10, recorder)
    for count, (asked, replays) in enumerate([(0, 0), (1, 1), (1, 2), (1, 3)]):
        (found,) = passes(torch.full((3,), float(count)))
        assert found.tolist() == [2.0 * count] * 3
        assert (len(recorder.recorded), len(recorder.replayed)) == (asked, replays)  # one replay is the check
    passes.clear()
    passes(torch.ones(3))
    assert len(recorder.recorded) == 1
    passes(torch.ones(3))
    assert len(recorder.recorded) == 2


@pytest.mark.parametrize(("memory", "limit", "kept"), [(1, 100, GRAPHS), (4, 9, 2), (10, 9, 0)])
def test_the_most_recently_used_recordings_are_kept(memory: int, limit: int, kept: int) -> None:
    recorder = Recorder(memory)
    passes = RecordedPasses(doubled, limit, recorder)
    sizes = range(1, GRAPHS + 3)
    for size in sizes:
        for _ in range(2):
            passes(torch.ones(size))
    assert recorder.recorded == list(sizes)
    recorder.replayed.clear()
    for size in sizes:
        passes(torch.ones(size))
    assert recorder.replayed == list(sizes)[len(sizes) - kept :]
    assert recorder.recorded == list(sizes)  # what was let go is not recorded again


@pytest.mark.parametrize(
    ("recorder", "why"),
    [
        (Recorder(error="no room"), "failed (no room)"),
        (Recorder(factor=1.1), "gave other results"),
        (Recorder(factor=float("nan")), "gave other results"),
    ],
)
def test_what_cannot_be_recorded_goes_on_without(
    recorder: Recorder, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    passes = RecordedPasses(doubled, 10, recorder)
    with caplog.at_level(logging.WARNING):
        for size in (3, 3, 3, 4, 4, 4):
            assert passes(torch.ones(size))[0].tolist() == [2.0] * size
    assert recorder.recorded == [3]
    assert [record.message for record in caplog.records] == [
        f"Recording the net as a CUDA graph {why}; photos are done without."
    ]


def test_a_recording_without_memory_is_left_out_alone(caplog: pytest.LogCaptureFixture) -> None:
    fitting = Recorder()

    def recorder(run: Pass, pixels: Tensor) -> Recording:
        if len(pixels) == 3:
            try:
                raise torch.OutOfMemoryError("CUDA out of memory")
            finally:  # as leaving the broken recording does
                raise RuntimeError("capture was invalidated")
        return fitting(run, pixels)

    passes = RecordedPasses(doubled, 10, recorder)
    for size in (3, 3, 3, 4, 4, 4):
        assert passes(torch.ones(size))[0].tolist() == [2.0] * size
    assert fitting.recorded == [4]
    assert fitting.replayed == [4, 4]
    assert not caplog.records


def test_what_needs_more_than_the_limit_is_not_recorded_and_what_fits_gets_room_first() -> None:
    recorder = Recorder(memory=4)
    passes = RecordedPasses(doubled, 9, recorder, needed=lambda shape: shape[0])
    for size in (4, 4, 10, 10, 10, 3, 3, 9, 9):
        passes(torch.ones(size))
    assert recorder.recorded == [4, 3, 9]
    recorder.replayed.clear()
    for size in (4, 3, 9):
        passes(torch.ones(size))
    assert recorder.replayed == [9]


class OneBuffer:
    """Records as CUDA does: all replays of a recording share the place of their input."""

    def __call__(self, run: Pass, pixels: Tensor) -> Recording:
        held = pixels.clone()

        def replay(values: Tensor) -> tuple[Tensor, ...]:
            held.copy_(values)
            sleep(0.001)
            return run(held)

        return Recording(replay, 1)


def test_threads_take_turns() -> None:
    passes, stop = RecordedPasses(doubled, 10, OneBuffer()), Event()

    def ask(value: int) -> list[float]:
        return [float(passes(torch.full((1,), float(value)))[0]) for _ in range(40)]

    def clear() -> None:
        while not stop.wait(0.005):
            passes.clear()

    with ThreadPoolExecutor(3) as pool:
        clearing, asked = pool.submit(clear), [pool.submit(ask, value) for value in (1, 2)]
        try:
            assert [one.result(60) for one in asked] == [[2.0] * 40, [4.0] * 40]
        finally:
            stop.set()
        clearing.result(60)


@pytest.mark.parametrize("alignment", ["same", "caffe"])
def test_a_recorded_trunk_gives_the_features_of_the_plain_layers(alignment: str) -> None:
    values = {"num_classes": 3, "channels": (4, 5, 6, 7, 8), "fc_channels": 9, "alignment": alignment}
    net = random_net(Architecture.from_dict(values))
    whole = WholePass(net.architecture, blocks_of(net), TorchRunner())
    recorder = Recorder()
    passes = RecordedPasses(lambda photo: tuple(whole.taps(photo, lambda name: None).values()), 10, recorder)
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for size in [(60, 83), (83, 60)] * 3:
            photo = torch.randn(1, 3, *size, generator=generator)
            for found, expected in zip(passes(photo), net.double().taps(photo.double()).values(), strict=True):
                assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()
            net.float()
    assert len(recorder.recorded) == 2
    assert len(recorder.replayed) == 4


def test_a_quick_way_that_fails_or_errs_is_told_from_one_that_rounds() -> None:
    net = random_net(Architecture(num_classes=3, channels=(4, 5, 6, 7, 8), fc_channels=9))

    def off(factor: float) -> str:
        return why_not(
            lambda photo: {name: tap * factor for name, tap in net.taps(photo).items()}, net.taps, "cpu", torch.float32
        )

    def fails(photo: Tensor) -> Taps:
        raise RuntimeError("no kernel")

    assert off(1 + 1e-6) == ""
    assert off(1.01) == "its results were 0.01 off the plain layers'"
    assert off(float("nan")) == "its results were inf off the plain layers'"
    assert why_not(fails, net.taps, "cpu", torch.float32) == "it fails there (no kernel)"


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_device_that_runs_blocks_wrongly_runs_layers(
    factor: float,
    tiny_checkpoint: Path,
    photo: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Wrong(WholePass):
        def taps(self, photo: Tensor, on_stage: OnStage) -> Taps:
            return {name: tap * factor for name, tap in super().taps(photo, on_stage).items()}

    expected = load(tiny_checkpoint, device="cpu", precision="fp32", backend="torch").trace(photo)
    monkeypatch.setattr(predictor, "UNCHECKED", ())
    monkeypatch.setattr(predictor, "WholePass", Wrong)
    found = load(tiny_checkpoint, device="cpu", precision="fp32", backend="torch").trace(photo)
    for name, layer in expected.score_maps.items():
        np.testing.assert_allclose(found.score_maps[name].scores, layer.scores, rtol=1e-3, atol=1e-4)
    said = "On cpu the trunk is run layer by layer, not block by block: its results were 0.5 off the plain layers'."
    assert [record.message for record in caplog.records] == ([said] if factor != 1 else [])


def test_full_precision_lasts_until_the_last_is_out() -> None:
    def precision() -> str:
        return str(torch.backends.cudnn.conv.fp32_precision)  # type: ignore[attr-defined]

    before, first, second = precision(), full_precision(), full_precision()
    assert before != "ieee"
    with first:
        assert precision() == "ieee"
        second.__enter__()
    assert precision() == "ieee"  # another thread's, which came later and goes later
    second.__exit__(None, None, None)
    assert precision() == before
    with pytest.raises(ValueError, match="in between"), full_precision():
        raise ValueError("in between")
    assert precision() == before


def test_a_trace_is_made_in_full_precision(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    seen = []

    def on_stage(stage: str, done: float) -> None:
        seen.append(torch.backends.cudnn.conv.fp32_precision)  # type: ignore[attr-defined]

    load(tiny_checkpoint, device="cpu", precision="fp32").trace(photo, on_stage=on_stage)
    assert set(seen) == {"ieee"}


@on_gpu
def test_fp32_on_a_gpu_is_fp32() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = torch.nn.Conv2d(256, 256, 3).requires_grad_(False)
    features = torch.randn(1, 256, 32, 32, generator=generator)
    exact = layer.double()(features.double())
    with full_precision():
        found = layer.float().cuda()(features.cuda()).cpu()
    assert (found - exact).abs().max() < 2e-5 * exact.abs().max()  # TF32 is off by 1e-4 and more


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA GPUs")
def test_the_second_gpu_does_what_the_first_does(photo: NDArray[np.uint8]) -> None:
    device = torch.device("cuda:1")
    scores = torch.randn(21, 40, 60, generator=torch.Generator().manual_seed(0))
    lattice = Lattice.of(8, 16, 4)
    found = fused_winners(scores.to(device), lattice, (313, 477))
    assert found is not None
    assert (downloaded(found) != right(scores, lattice, (313, 477))).float().mean() < 1e-4
    layer = torch.nn.Conv2d(3, 8, 3).to(device).requires_grad_(False)
    passes = RecordedPasses(lambda pixels: (layer(pixels),), 1 << 30)
    for turn in range(4):
        pixels = uploaded(np.roll(photo, turn, axis=0), CAFFE, device)
        torch.testing.assert_close(passes(pixels)[0], layer(pixels))


@on_gpu
def test_the_kernel_on_a_gpu() -> None:
    scores = torch.randn(21, 40, 60, generator=torch.Generator().manual_seed(0))
    lattice = Lattice.of(8, 16, 4)
    found = fused_winners(scores.cuda(), lattice, (313, 477))
    assert found is not None
    assert (downloaded(found) != right(scores, lattice, (313, 477))).float().mean() < 1e-4


@on_gpu
def test_a_recorded_pass_on_a_gpu(photo: NDArray[np.uint8]) -> None:
    device = torch.device("cuda:0")
    layer = torch.nn.Conv2d(3, 8, 3).to(device).requires_grad_(False)
    passes = RecordedPasses(lambda pixels: (layer(pixels),), 1 << 30)
    for turn in range(4):
        pixels = uploaded(np.roll(photo, turn, axis=0), CAFFE, device)
        torch.testing.assert_close(passes(pixels)[0], layer(pixels))
