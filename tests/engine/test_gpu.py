"""What runs on CUDA GPUs: its decisions here on the CPU, and all of it where there is a GPU."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
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
from fcn_studio.engine.preprocess import CAFFE, IMAGENET_RGB, Preprocessing

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
