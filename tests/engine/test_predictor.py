"""The trace: exact, immutable, the same at any strip size, and honest about device and precision."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import fcn_studio as fs
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled, DataError, DeviceError, ImageError
from fcn_studio.core.graph import fusion
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import load_checkpoint, save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import CAFFE, IMAGENET_RGB, Preprocessing
from fcn_studio.engine.tracing.device import DeviceChoice, choose_device
from fcn_studio.engine.tracing.device_check import device_error
from fcn_studio.engine.tracing.model import checked_choice
from fcn_studio.engine.tracing.tracer import Tracer
from tests.conftest import fusing, random_net


def model_of(
    tmp_path: Path, labels: LabelSet, *, alignment: str, upsampling: str, preprocessing: Preprocessing = IMAGENET_RGB
) -> Tracer:
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9}
    net = random_net(Architecture.from_dict({**values, "alignment": alignment, "upsampling": upsampling}))
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, net, labels=labels, preprocessing=preprocessing, card={}, dtype=torch.float32)
    return fs.load(path, device="cpu", precision="fp32")


@pytest.mark.parametrize("alignment", ["caffe", "same"])
@pytest.mark.parametrize("upsampling", ["bilinear", "learned"])
def test_everything_follows_from_the_score_maps(
    tmp_path: Path, camvid: LabelSet, photo: NDArray[np.uint8], alignment: str, upsampling: str
) -> None:
    model = model_of(tmp_path, camvid, alignment=alignment, upsampling=upsampling)
    trace = model.trace(photo)
    with torch.inference_mode():
        expected = load_checkpoint(tmp_path / "net.safetensors").net(IMAGENET_RGB.to_tensor(photo))
    for variant in ("32s", "16s", "8s"):
        scores = trace.scores(variant)
        reference = expected[variant][0].numpy()
        assert scores.shape == (11, 61, 83)
        np.testing.assert_allclose(scores, reference, atol=1e-4 * np.abs(reference).max())
        np.testing.assert_array_equal(trace.mask(variant), reference.argmax(axis=0))
        for x, y in ((0, 0), (82, 60), (40, 3), (7, 33)):
            shares = trace.contributions(x, y, variant)
            assert len(shares) == {"32s": 1, "16s": 2, "8s": 3}[variant]
            total = np.sum(list(shares.values()), axis=0)
            np.testing.assert_allclose(total, scores[:, y, x], atol=1e-4)


def test_a_trace_without_masks_computes_the_same_ones(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    trace = fs.load(tiny_checkpoint, device="cpu").trace(photo)
    bare = replace(trace, masks={})
    for variant in trace.variants:
        np.testing.assert_array_equal(bare.mask(variant), trace.mask(variant))


def test_masks_do_not_depend_on_the_height_of_strips(
    tiny_checkpoint: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fs.load(tiny_checkpoint, device="cpu")
    whole = model.trace(photo)
    monkeypatch.setattr(fusion, "STRIP_BYTES", 83 * 11 * 4 * 3)  # three rows
    striped = model.trace(photo)
    for variant in whole.variants:
        np.testing.assert_array_equal(striped.mask(variant), whole.mask(variant))
        np.testing.assert_array_equal(
            striped.heatmap("Car", node=variant, kind="probability"),
            whole.heatmap("Car", node=variant, kind="probability"),
        )


def test_nodes_add_up(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    trace = fs.load(tiny_checkpoint, device="cpu").trace(photo)
    assert trace.node("score_fr").shape == (11, 2, 3)
    assert trace.node("score_pool4").shape == (11, 4, 6)
    assert trace.node("score_pool3").shape == (11, 8, 11)
    fused = trace.node("upscore_pool4") + trace.node("score_pool3")
    np.testing.assert_allclose(trace.node("fuse_pool3"), fused, atol=1e-6)
    with pytest.raises(ValueError, match="no node 'pool9'"):
        trace.node("pool9")


def test_heatmaps_are_one_class_of_the_scores(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    trace = fs.load(tiny_checkpoint, device="cpu").trace(photo)
    np.testing.assert_allclose(trace.heatmap("car", node="16s"), trace.scores("16s")[8], atol=1e-5)
    total = sum(trace.heatmap(name, node="score_pool3", kind="probability") for name in trace.labels.classes)
    np.testing.assert_allclose(total, 1, atol=1e-5)
    with pytest.raises(DataError, match="No class 'Cat'"):
        trace.heatmap("Cat")


def test_a_trace_cannot_be_changed(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    trace = fs.load(tiny_checkpoint, device="cpu").trace(photo, keep_taps=True)
    with pytest.raises(FrozenInstanceError):
        trace.variants = ()  # type: ignore[misc]
    for array in (trace.image, trace.mask("8s"), trace.score_maps["score_fr"].evidence, trace.taps["pool3"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError):
        trace.masks["8s"] = trace.mask("32s")  # type: ignore[index]


def test_taps_are_the_features_that_were_scored(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    model = fs.load(tiny_checkpoint, device="cpu", precision="fp32")
    assert not model.trace(photo).taps
    trace = model.trace(photo, keep_taps=True)
    weight = fusing(load_checkpoint(tiny_checkpoint).net).score_pool3
    assert weight is not None
    expected = np.einsum("kc,chw->khw", weight.weight[:, :, 0, 0].detach().numpy(), trace.taps["pool3"])
    np.testing.assert_allclose(trace.score_maps["score_pool3"].evidence, expected, atol=1e-3)


def test_a_trace_says_where_it_comes_from(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    import hashlib

    trace = fs.load(tiny_checkpoint, device="cpu", precision="bf16").trace(photo)
    assert trace.provenance.digest == hashlib.sha256(tiny_checkpoint.read_bytes()).hexdigest()
    assert trace.provenance.precision == "bf16"
    assert trace.provenance.alignment == "same"
    assert trace.labels.classes[3] == "Road"
    assert trace.timings.keys() >= {"read", "preprocess", "block1", "fc7", "score layers", "mask 8s"}


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (33, 2)])
def test_tiny_and_thin_photos(tiny_checkpoint: Path, size: tuple[int, int]) -> None:
    trace = fs.load(tiny_checkpoint, device="cpu").trace(np.zeros((*size, 3), np.uint8))
    assert trace.mask("8s").shape == size
    assert sum(trace.class_shares("16s")) == pytest.approx(1)


def test_cancelling_stops_at_the_next_stage(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    token, seen = CancelToken(), []

    def on_stage(stage: str, share: float) -> None:
        seen.append((stage, share))
        if stage == "block2":
            token.cancel()

    with pytest.raises(Cancelled):
        fs.load(tiny_checkpoint, device="cpu").trace(photo, on_stage=on_stage, cancel=token)
    assert [stage for stage, _ in seen] == ["block1", "block2"]


def test_progress_rises_to_one(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    shares: list[float] = []
    fs.load(tiny_checkpoint, device="cpu").trace(photo, on_stage=lambda stage, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_a_photo_beyond_the_memory_is_refused_with_its_size(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fs.load(tiny_checkpoint, device="cpu")
    free = type("Memory", (), {"available": 10_000_000})()
    monkeypatch.setattr("psutil.virtual_memory", lambda: free)
    with pytest.raises(ImageError, match=r"3000x2000 photo needs more memory"):
        model.trace(np.zeros((2000, 3000, 3), np.uint8))


def test_preprocessing_follows_the_checkpoint(photo: NDArray[np.uint8]) -> None:
    blue_green_red = CAFFE.to_tensor(photo)[0]
    assert float(blue_green_red[0, 5, 7]) == pytest.approx(float(photo[5, 7, 2]) - 104.00698793, abs=1e-4)
    assert float(blue_green_red[2, 5, 7]) == pytest.approx(float(photo[5, 7, 0]) - 122.67891434, abs=1e-4)
    red = IMAGENET_RGB.to_tensor(photo)[0, 0, 5, 7]
    assert float(red) == pytest.approx((float(photo[5, 7, 0]) / 255 - 0.485) / 0.229, abs=1e-5)


@pytest.mark.parametrize(("device", "precision"), [("tpu", "auto"), ("cpu", "fp8"), ("cpu", "fp16")])
def test_a_device_that_does_not_exist_is_an_error(device: str, precision: str) -> None:
    with pytest.raises(DeviceError):
        choose_device(device, precision)


@pytest.mark.parametrize("forced", ["fp32", "bf16"])
def test_the_environment_says_what_the_automatic_precision_is(
    forced: str, tiny_checkpoint: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FCN_STUDIO_PRECISION", forced)
    provenance = fs.load(tiny_checkpoint, device="cpu").trace(photo).provenance
    assert provenance.precision == forced
    assert f"{forced}, since FCN_STUDIO_PRECISION says so." in choose_device("cpu").reason
    for named in ("fp32", "bf16"):
        assert choose_device("cpu", named).precision == named, "what is asked for goes before the environment"
    monkeypatch.setenv("FCN_STUDIO_PRECISION", "fp8")
    with pytest.raises(DeviceError, match="FCN_STUDIO_PRECISION is 'fp8'; it takes fp32 or bf16"):
        choose_device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_the_lack_of_a_gpu_is_explained() -> None:
    with pytest.raises(DeviceError, match="No CUDA device"):
        choose_device("cuda")
    if not torch.backends.mps.is_available():
        choice = choose_device("auto")
        assert choice.device == "cpu"
        assert "torch" in choice.reason


def test_a_device_that_computes_wrongly_is_left_for_the_cpu(tiny_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(tiny_checkpoint)
    assert device_error(checkpoint.net, "cpu") == 0
    # the meta device takes every layer and gives no numbers, as a broken backend would
    choice = DeviceChoice("meta", "broken", "fp32", "")
    fallback = checked_choice(checkpoint, choice)
    assert fallback.device == "cpu"
    assert "Fell back to the CPU" in fallback.reason


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
@pytest.mark.slow
def test_masks_of_a_large_photo_cost_little_beyond_the_trunk(tiny_checkpoint: Path) -> None:
    """Three masks of 24 megapixels take 72 MB; the full-size scores of one variant would take 1056 MB."""
    import subprocess

    program = f"""
import resource, numpy as np, fcn_studio as fs
from fcn_studio.engine.tracing.predictor import Model
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * {1 if sys.platform == "darwin" else 1024}
model = fs.load({str(tiny_checkpoint)!r}, device="cpu")
photo = np.random.default_rng(0).integers(0, 256, (4000, 6000, 3), dtype=np.uint8)
mask, seen = Model._mask, []
def watched(self, *args):
    seen or seen.append(peak())
    return mask(self, *args)
Model._mask = watched
model.trace(photo)
print((peak() - seen[0]) // 2**20)
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 300
