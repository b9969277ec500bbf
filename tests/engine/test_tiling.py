"""Photos too large for one piece: the trace of one piece, in the memory given, and an honest word on what was done."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from numpy.typing import NDArray
from torch.overrides import TorchFunctionMode

import fcn_studio as fs
from fcn_studio import paths
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled, ImageError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.execution.streaming import least_bytes, plan
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import CAFFE
from fcn_studio.engine.nets.trunks import googlenet
from fcn_studio.engine.tracing import predictor
from fcn_studio.engine.tracing.device import DeviceChoice
from fcn_studio.engine.tracing.predictor import Model
from fcn_studio.engine.tracing.tiling import halo, inside
from tests.conftest import fusing, random_net

CPU = DeviceChoice("cpu", "CPU", "fp32", "")
SCORES = {"pool3": "score_pool3", "pool4": "score_pool4", "fc7": "score_fr"}


def checkpoint_of(labels: LabelSet, alignment: str = "same", **choices: object) -> Checkpoint:
    values = {"num_classes": len(labels), "channels": (3, 4, 5, 6, 6), "fc_channels": 9}
    net = random_net(Architecture.from_dict({**values, "alignment": alignment, **choices}))
    return Checkpoint(net=net, labels=labels, preprocessing=CAFFE, digest="d" * 64, name="random")


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """Areas of 16 pixels with noise on them."""
    rng = np.random.default_rng(height)
    areas = np.kron(rng.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3)), np.ones((16, 16, 1)))
    return (areas[:height, :width] * 0.8 + rng.integers(0, 50, (height, width, 3))).clip(0, 255).astype(np.uint8)


def limit_for(model: Model, size: tuple[int, int], share: float = 0.1) -> int:
    """Bytes for strips of a photo: with 0 for the lowest and narrowest, with 1 for those that are quickest."""
    least, most = least_bytes(model._net, size, model._dtype), plan(model._net, size, 1 << 40, model._dtype)
    assert most is not None
    return least + int(share * (most.bytes - least))


def assert_same_scores(found: Trace, expected: Trace) -> None:
    assert found.score_maps.keys() == expected.score_maps.keys()
    for name, layer in expected.score_maps.items():
        scores = found.score_maps[name].scores
        assert scores.shape == layer.scores.shape
        assert np.abs(scores - layer.scores).max() <= 1e-5 * np.abs(layer.scores).max(), name


class Outgrown(TorchFunctionMode):
    """Lets the first convolution run out of memory, as an allocator does, on more than so many pixels.

    Attributes:
        tried: Pixels that it was asked for.
    """

    def __init__(
        self, pixels: int, error: type[Exception] = torch.OutOfMemoryError, text: str = "", *, on_cpu: bool = True
    ) -> None:
        self._pixels, self._error, self._on_cpu = pixels, error, on_cpu
        self._text = text or "CUDA out of memory. Tried to allocate 9.00 GiB"
        self.tried: list[int] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.conv2d and args[0].shape[1] == 3 and (self._on_cpu or args[0].device.type != "cpu"):
            self.tried.append(args[0].shape[-2] * args[0].shape[-1])
            if self.tried[-1] > self._pixels:
                raise self._error(self._text)
        return func(*args, **(kwargs or {}))


# A fc7 cell of VGG-16 reaches 1+1+2+2+4*3+8*3+16*3 = 90 pixels through its convolutions and 3*32 through fc6: 186.
@pytest.mark.parametrize("alignment", ["caffe", "same"])
def test_the_halo_covers_the_receptive_field_in_whole_cells(alignment: str) -> None:
    assert halo(Architecture.from_dict({"num_classes": 2, "alignment": alignment})) == 192


def test_a_border_of_zeros_stands_only_at_the_photos_ends() -> None:
    # a photo of 1000 on its canvas of 1198
    assert inside(range(704), 1000, 99) == (99, 0, slice(0, 605))
    assert inside(range(320, 1198), 1000, 99) == (0, 99, slice(221, 1000))
    assert inside(range(320, 1024), 1000, 99) == (0, 0, slice(221, 925))
    assert inside(range(320, 1000), 1000, 0) == (0, 0, slice(320, 1000))


TRUNKS: dict[str, dict[str, object]] = {
    "vgg16": {},
    "alexnet": {"channels": (4, 6, 8, 8, 6), "groups": 2, "local_response_norm": True},
    "googlenet": {"channels": googlenet.block_channels(8)},
}


# Shares of memory: rows in one piece, and columns split too.
@pytest.mark.parametrize("share", [0.2, 0.0])
@pytest.mark.parametrize("size", [(703, 1157), (201, 2111)])
@pytest.mark.parametrize(
    ("trunk", "alignment"),
    [("vgg16", "caffe"), ("vgg16", "same"), ("alexnet", "caffe"), ("alexnet", "same"), ("googlenet", "same")],
)
def test_strips_give_the_trace_of_one_piece(
    camvid: LabelSet, trunk: str, alignment: str, size: tuple[int, int], share: float
) -> None:
    model = Model(checkpoint_of(camvid, alignment, trunk=trunk, **TRUNKS[trunk]), CPU)
    photo = picture(*size)
    whole = model.trace(photo)
    limit = min(limit_for(model, size, share), model.memory_needed(*size) - 1)
    stripped = model.trace(photo, memory_limit=limit)
    assert whole.provenance.size_policy == "native"
    assert stripped.provenance.size_policy.startswith("strips of ")
    assert ("spans of columns" in stripped.provenance.size_policy) == (share == 0)
    assert stripped.provenance.note == ""
    assert_same_scores(stripped, whole)
    for variant in whole.variants:
        assert (stripped.mask(variant) == whole.mask(variant)).mean() > 0.9999  # ties fall either way


def test_a_net_without_skips_and_with_learned_upsampling(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid, "caffe", variants=["32s"], upsampling="learned"), CPU)
    photo = picture(700, 900)
    whole, stripped = model.trace(photo), model.trace(photo, memory_limit=limit_for(model, (700, 900)))
    assert stripped.score_maps.keys() == {"score_fr"}
    assert_same_scores(stripped, whole)
    assert (stripped.mask("32s") == whole.mask("32s")).mean() > 0.9999


def test_a_net_of_more_classes_than_a_mask_holds() -> None:
    labels = LabelSet(
        "many", tuple(f"c{number}" for number in range(300)), tuple((number % 256, 0, 0) for number in range(300))
    )
    model = Model(checkpoint_of(labels, "classifier", variants=["32s"]), CPU)
    photo = picture(500, 700)
    whole, stripped = model.trace(photo), model.trace(photo, memory_limit=limit_for(model, (500, 700)))
    assert stripped.provenance.size_policy.startswith("strips of ")
    assert stripped.labels == whole.labels
    assert_same_scores(stripped, whole)


def test_the_default_checkpoint_on_a_sample() -> None:
    model = fs.load("default", device="cpu", precision="fp32")
    assert isinstance(model, Model)
    photo = paths.resources() / "samples" / "highway.jpg"
    whole, stripped = model.trace(photo), model.trace(photo, memory_limit=limit_for(model, (720, 1280)))
    assert stripped.provenance.size_policy.startswith("strips of ")
    assert_same_scores(stripped, whole)
    for variant in whole.variants:
        assert (stripped.mask(variant) == whole.mask(variant)).mean() > 0.9999


@pytest.mark.parametrize("alignment", ["caffe", "same"])
def test_taps_are_put_together_too(camvid: LabelSet, alignment: str) -> None:
    model = Model(checkpoint_of(camvid, alignment), CPU)
    photo, limit = picture(700, 630), limit_for(model, (700, 630))
    whole = model.trace(photo, keep_taps=True)
    stripped = model.trace(photo, keep_taps=True, memory_limit=limit)
    assert stripped.provenance.size_policy.startswith("strips of ")
    assert stripped.taps.keys() == whole.taps.keys() == {"pool3", "pool4", "fc7"}
    for name, tap in whole.taps.items():
        assert stripped.taps[name].shape == tap.shape
        np.testing.assert_allclose(stripped.taps[name], tap, atol=1e-5 * np.abs(tap).max())
        evidence = np.tensordot(stripped.score_weights[SCORES[name]], stripped.taps[name], 1)
        expected = stripped.score_maps[SCORES[name]].evidence
        np.testing.assert_allclose(evidence, expected, atol=1e-5 * np.abs(expected).max())
    assert not model.trace(photo, memory_limit=limit).taps


def test_taps_that_would_not_fit_are_refused(camvid: LabelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = LabelSet("two", camvid.classes[:2], camvid.colours[:2])
    model = Model(checkpoint_of(labels, fc_channels=4000), CPU)
    limit = limit_for(model, (1600, 1600))
    # 1600x1600: 8 MB of masks and some of score maps fit into 30 MB, fc7's 50x50x4000 floats of 40 MB do not.
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 30_000_000})())
    with pytest.raises(ImageError, match=r"features of this photo need 0\.0 GiB|trace it without"):
        model.trace(picture(1600, 1600), keep_taps=True, memory_limit=limit)


def test_a_limit_that_suffices_leaves_the_photo_whole(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    trace = model.trace(picture(700, 900), memory_limit=model.memory_needed(700, 900))
    assert trace.provenance.size_policy == "native"


def test_large_photos_go_in_strips_whatever_the_memory(camvid: LabelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    monkeypatch.setattr(predictor, "STRIPS_ABOVE", 300 * 400)
    assert model.trace(picture(300, 400)).provenance.size_policy == "native"
    assert model.trace(picture(301, 400)).provenance.size_policy.startswith("strips of ")
    # where the pools found their maxima is told of whole photos
    assert model.trace(picture(301, 400), keep_taps=True).switches


def test_a_limit_below_the_least_is_an_error_that_names_it(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    with pytest.raises(ImageError, match=r"A 1200x500 photo needs a memory limit of at least (\d+) MB; raise") as told:
        model.trace(picture(500, 1200), memory_limit=1000)
    least = int(str(told.value).split(" MB")[0].rpartition(" ")[2])
    trace = model.trace(picture(500, 1200), memory_limit=least * 1_000_000)
    assert trace.provenance.size_policy.startswith("strips of ")


def test_without_a_limit_the_free_memory_decides(camvid: LabelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    photo = picture(1000, 750)
    whole = model.trace(photo)
    free = model.memory_needed(*photo.shape[:2]) - 1
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": free})())
    stripped = model.trace(photo)
    assert stripped.provenance.size_policy.startswith("strips of ")
    assert_same_scores(stripped, whole)


def test_progress_tells_the_rows_and_rises_to_one(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    told: list[tuple[str, float]] = []
    trace = model.trace(
        picture(500, 700),
        memory_limit=limit_for(model, (500, 700)),
        on_stage=lambda stage, share: told.append((stage, share)),
    )
    rows = int(trace.provenance.size_policy.split()[2])
    names = [stage for stage, _ in told]
    expected = [f"row {min(done, 500)} of 500" for done in range(rows, 500 + rows, rows)]
    assert names == [*expected, "mask 32s", "mask 16s", "mask 8s"]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[len(expected) - 1] == pytest.approx(0.9)
    assert shares[-1] == pytest.approx(1)
    assert trace.timings.keys() == {"read", "preprocess", "trunk", "score layers", "mask 32s", "mask 16s", "mask 8s"}


def test_cancelling_stops_between_strips(camvid: LabelSet) -> None:
    model = Model(checkpoint_of(camvid), CPU)
    token, told = CancelToken(), []

    def on_stage(stage: str, share: float) -> None:
        told.append(stage)
        if len(told) == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        model.trace(picture(500, 700), memory_limit=limit_for(model, (500, 700)), on_stage=on_stage, cancel=token)
    assert len(told) == 2
    assert told[1].startswith("row ")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (torch.OutOfMemoryError, "CUDA out of memory. Tried to allocate 9.00 GiB"),
        (RuntimeError, "MPS backend out of memory (MPS allocated: 8.00 GB, max allowed: 9.07 GB)."),
        (RuntimeError, "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
        (MemoryError, "numpy's"),
    ],
)
def test_a_device_out_of_memory_gets_lower_strips(camvid: LabelSet, error: type[Exception], text: str) -> None:
    checkpoint = checkpoint_of(camvid)
    photo = picture(900, 700)
    whole = Model(checkpoint, CPU).trace(photo)
    shares: list[float] = []
    with Outgrown(60 * 700, error, text):
        trace = Model(checkpoint, CPU).trace(photo, on_stage=lambda stage, share: shares.append(share))
    rows = int(trace.provenance.size_policy.removeprefix("strips of ").removesuffix(" rows"))
    assert rows < 60
    assert trace.provenance.note == f"cpu ran out of memory, so this photo was done in strips of {rows} rows."
    assert (trace.provenance.device, trace.provenance.precision) == ("cpu", "fp32")
    assert "out of memory" in trace.timings
    assert shares == sorted(shares)
    assert_same_scores(trace, whole)


def test_other_errors_are_not_taken_for_a_lack_of_memory(camvid: LabelSet) -> None:
    checkpoint = checkpoint_of(camvid)
    error = RuntimeError, "the kernel image is invalid"
    with Outgrown(1, *error), pytest.raises(RuntimeError, match="kernel image is invalid"):
        Model(checkpoint, CPU).trace(picture(1000, 1000))


def test_a_photo_that_no_strips_save_is_refused_with_its_size(camvid: LabelSet) -> None:
    checkpoint = checkpoint_of(camvid)
    with Outgrown(1), pytest.raises(ImageError, match=r"A 1200x1000 photo needs more memory than cpu has free"):
        Model(checkpoint, CPU).trace(picture(1000, 1200))


@pytest.mark.parametrize("size", [(61, 83), (900, 700)])
def test_the_cpu_does_what_the_device_cannot(camvid: LabelSet, size: tuple[int, int]) -> None:
    checkpoint = checkpoint_of(camvid)
    photo = picture(*size)
    expected = Model(replace(checkpoint, net=random_net(fusing(checkpoint.net).architecture)), CPU).trace(photo)
    # torch's meta device stands for a GPU: it holds tensors of any size, and never gets as far as a number.
    model = Model(checkpoint, DeviceChoice("meta", "no GPU", "bf16", ""))
    with Outgrown(1, on_cpu=False) as gpu:
        trace = model.trace(photo)
    assert len(gpu.tried) > 1
    assert gpu.tried == sorted(gpu.tried, reverse=True)
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


MEASURED = """
import sys
import numpy as np
import fcn_studio as fs
from fcn_studio.core.memory import peak_memory
model = fs.load(sys.argv[1], device="cpu", precision="fp32", backend="torch")
rng = np.random.default_rng(0)
photo = np.kron(rng.integers(0, 256, (20, 15, 3), dtype=np.uint8), np.ones((100, 100, 1), np.uint8))
photo.setflags(write=False)
model.trace(photo[:300, :300].copy())
before = peak_memory()
trace = model.trace(photo, memory_limit=40_000_000)
print(peak_memory() - before, trace.provenance.size_policy)
"""


def test_a_large_photo_takes_the_memory_that_is_reckoned_with(tiny_checkpoint: Path) -> None:
    """Of the whole process, in a process of its own: 3 megapixels, beyond the photo itself."""
    call = [sys.executable, "-c", MEASURED, str(tiny_checkpoint)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    taken, policy = done.stdout.strip().split(" ", 1)
    assert policy.startswith("strips of ")
    model = fs.load(tiny_checkpoint, device="cpu", precision="fp32", backend="torch")
    assert isinstance(model, Model)
    found = plan(model._net, (2000, 1500), 40_000_000, torch.float32)
    assert found is not None
    reckoned = model._map_bytes(2000 * 1500) + found.bytes
    assert reckoned < model.memory_needed(2000, 1500) / 2
    assert int(taken) < reckoned + 20e6
