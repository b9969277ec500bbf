"""Work counted while a trace runs, against counts written out from the layers' sizes."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from fcn_studio import load, paths
from fcn_studio.core.labels import read_label_set
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.measuring.work import Work, WorkCounter, work_of
from fcn_studio.engine.nets.architecture import Alignment, Architecture
from fcn_studio.engine.nets.preprocess import CAFFE
from tests.conftest import random_net

CLASSES, CHANNELS, FC = 11, (4, 6, 8, 10, 12), 14
CONVOLUTIONS = (2, 2, 3, 3, 3)
FLOAT, INDEX = 4, 8  # bytes; torch's pools write where the maximum was, as int64


def convolution(inputs: int, outputs: int, kernel: int, before: tuple[int, int], after: tuple[int, int]) -> Work:
    """Multiply-adds one output value at a time; every tensor once."""
    flops = 0
    for _row, _column, _channel in itertools.product(range(after[0]), range(after[1]), range(outputs)):
        flops += 2 * inputs * kernel * kernel
    values = inputs * before[0] * before[1] + outputs * inputs * kernel**2 + outputs + outputs * after[0] * after[1]
    return Work(flops, FLOAT * values)


def relu(channels: int, size: tuple[int, int]) -> Work:
    return Work(0, 2 * FLOAT * channels * size[0] * size[1])


def expected(size: tuple[int, int], alignment: Alignment) -> dict[str, Work]:
    """By stage, of VGG-16's layers in fp32, without what is only copied.

    With padding 100, blocks 1 to 4 cover what the photo reaches: a cell more on each side after each convolution.
    """
    caffe = alignment == "caffe"
    found: dict[str, Work] = {}
    inputs = 3
    reach = [(99, 99 + length) for length in size]
    canvas = (size[0] + 198, size[1] + 198) if caffe else size
    grids: list[tuple[int, tuple[int, int]]] = []
    for block, (count, width) in enumerate(zip(CONVOLUTIONS, CHANNELS, strict=True), start=1):
        work = Work()
        reach = [((start - count) // 2, -(-(stop + count) // 2)) for start, stop in reach]
        bare = caffe and block < 5
        last = (2 * (reach[0][1] - reach[0][0]), 2 * (reach[1][1] - reach[1][0])) if bare else canvas
        for behind in reversed(range(count)):
            more = 2 * behind if bare else 0
            after = (last[0] + more, last[1] + more)
            before = (after[0] + 2, after[1] + 2) if bare else after
            work += convolution(inputs, width, 3, before, after) + relu(width, after)
            inputs = width
        canvas = (-(-canvas[0] // 2), -(-canvas[1] // 2))
        cells = width * (last[0] // 2 * last[1] // 2 if bare else canvas[0] * canvas[1])
        found[f"block{block}"] = work + Work(0, FLOAT * width * last[0] * last[1] + (FLOAT + INDEX) * cells)
        grids.append((width, canvas))
    lost = 6 if caffe else 0
    after = (canvas[0] - lost, canvas[1] - lost)
    found["fc6"] = convolution(inputs, FC, 7, canvas, after) + relu(FC, after)
    found["fc7"] = convolution(FC, FC, 1, after, after) + relu(FC, after)
    scores = convolution(FC, CLASSES, 1, after, after)
    for width, grid in grids[2:4]:
        # A factor of 1 on a skip's features is not multiplied by: it would be a pass of its own.
        scores += convolution(width, CLASSES, 1, grid, grid)
    return {**found, "score layers": scores}


@pytest.mark.parametrize("alignment", ["same", "caffe"])
def test_stages_of_an_fcn_are_counted_as_by_hand(
    tmp_path: Path, photo: NDArray[np.uint8], alignment: Alignment
) -> None:
    weights, source = tmp_path / "narrow.safetensors", tmp_path / "photo.png"
    net = random_net(Architecture(num_classes=CLASSES, alignment=alignment, channels=CHANNELS, fc_channels=FC))
    labels = read_label_set(paths.resources() / "labels" / "camvid.toml")
    save_checkpoint(weights, net, labels=labels, preprocessing=CAFFE, card={})
    Image.fromarray(photo).save(source)
    model = load(weights, device="cpu", precision="fp32")
    model.trace(source)  # what surrounds a photo is computed once
    found = work_of(model, source)
    wanted = expected((61, 83), alignment)
    assert {name: found[name].flops for name in wanted} == {name: work.flops for name, work in wanted.items()}
    for name, work in wanted.items():
        # fc6 and fc7 lay their input out as a matrix, and a ring is laid around the parts that a photo reaches.
        copied = name.startswith("fc") or (alignment == "caffe" and name != "block5")
        assert found[name].bytes >= work.bytes if copied else found[name].bytes == work.bytes, name
    assert list(found) == list(model.trace(source).timings)
    assert found["read"] == Work(0, source.stat().st_size + photo.nbytes)
    assert all(work.bytes > 0 for work in found.values())


def test_enlargements_are_counted_by_their_cells() -> None:
    scores, across, apart = torch.rand(1, 3, 5, 7), torch.rand(3, 3, 4, 4), torch.rand(3, 1, 4, 4)
    with torch.inference_mode(), WorkCounter() as counter:
        functional.conv_transpose2d(scores, across, stride=2)
        dense = counter.take()
        functional.conv_transpose2d(scores, apart, stride=2, groups=3)
        per_class = counter.take()
        functional.interpolate(scores, scale_factor=2, mode="bilinear")
        bilinear = counter.take()
    cells, enlarged = 5 * 7, (2 * 4 + 4) * (2 * 6 + 4)
    assert dense == Work(2 * cells * 3 * 3 * 16, FLOAT * (3 * cells + 3 * 3 * 16 + 3 * enlarged))
    assert per_class == Work(2 * cells * 3 * 16, FLOAT * (3 * cells + 3 * 16 + 3 * enlarged))
    assert bilinear == Work(2 * 4 * 3 * 10 * 14, FLOAT * (3 * cells + 3 * 10 * 14))


def test_views_move_nothing_and_copies_count_twice() -> None:
    values, target = torch.rand(6, 8), torch.empty(6, 8)
    with WorkCounter() as counter:
        values.t()[1:].reshape(7, 2, 3)
        values[None].expand(5, -1, -1).unsqueeze(0)
        torch.empty(100)
        assert counter.take() == Work()
        target.copy_(values)
        assert counter.take() == Work(0, 2 * values.nbytes)
        values.t().contiguous()
        assert counter.take() == Work(0, 2 * values.nbytes)
        values.add_(1)
        assert counter.take() == Work(0, 2 * values.nbytes)
        _ = values[:1].expand(6, -1) * target  # the repeated row is read once
        assert counter.take() == Work(0, values.nbytes // 6 + 2 * values.nbytes)
    assert counter.take() == Work()
