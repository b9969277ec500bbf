"""The trunk by OpenVINO: block by block against float64, the same trace as torch's, and the way back to torch."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

import fcn_studio as fs
from fcn_studio.cli.main import main
from fcn_studio.core.errors import DeviceError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace
from fcn_studio.core.trace.trace_file import _provenance, load_trace, save_trace
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.execution import openvino_package
from fcn_studio.engine.execution.blocks import Block, Convolution, blocks_of
from fcn_studio.engine.execution.openvino_runner import CompiledBlock, OpenVinoRunner
from fcn_studio.engine.execution.runners import largest_error, runner_of
from fcn_studio.engine.execution.torch_runner import TorchRunner
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.tracing import backend
from fcn_studio.engine.tracing.backend import choose_backend
from fcn_studio.engine.tracing.device import DeviceChoice, choose_device
from tests.conftest import random_net

pytest.importorskip("openvino", reason="the extra `fast` is not installed")

CHOICE = DeviceChoice("cpu", "", "fp32", "CPU was asked for.", "openvino")


def narrow(alignment: str) -> FCN:
    values = {"num_classes": 5, "channels": (8, 12, 16, 16, 20), "fc_channels": 24, "alignment": alignment}
    return random_net(Architecture.from_dict(values)).requires_grad_(False).to(memory_format=torch.channels_last)


def by_hand(block: Block, features: Tensor) -> Tensor:
    """In float64, by torch's plain operations."""
    result = features.double()
    for layer in block.convolutions:
        result = functional.conv2d(result, layer.weight.double(), layer.bias.double(), padding=layer.padding).relu()
    return functional.max_pool2d(result, 2, 2, ceil_mode=True) if block.pooled else result


def of_size(block: Block, height: int, width: int, seed: int = 0) -> Tensor:
    """Features that give an output of this size, before the pool."""
    lost = sum(layer.weight.shape[-1] - 1 - 2 * layer.padding for layer in block.convolutions)
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(
        1, block.convolutions[0].weight.shape[1], height + lost, width + lost, generator=generator
    ).contiguous(memory_format=torch.channels_last)


def off(found: Tensor, wanted: Tensor) -> float:
    assert found.shape == wanted.shape
    return float((found.double() - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize("alignment", ["caffe", "same"])
def test_each_block_at_each_size_is_that_of_float64(alignment: str) -> None:
    blocks = blocks_of(narrow(alignment))
    runner = OpenVinoRunner(blocks)
    for block in blocks:
        for size in ((5, 7), (1, 1), (16, 24), (33, 2), (5, 7)):
            features = of_size(block, *size)
            found = runner.run(block, features)
            assert found.dtype == torch.float32
            assert found.is_contiguous(memory_format=torch.channels_last)
            assert off(found, by_hand(block, features)) < 1e-5


def test_a_result_stays_as_it_is_while_others_come_from_many_threads() -> None:
    block = blocks_of(narrow("same"))[2]
    runner = OpenVinoRunner((block,), threads=1)
    photos = [of_size(block, 9 + seed % 3, 12, seed) for seed in range(24)]
    first = runner.run(block, photos[0])
    before = first.clone()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda photo: runner.run(block, photo), photos))
    assert torch.equal(first, before)
    for photo, result in zip(photos, results, strict=True):
        assert off(result, by_hand(block, photo)) < 1e-5


def test_features_in_any_order_and_cut_from_larger_ones_will_do() -> None:
    block = blocks_of(narrow("same"))[1]
    runner = OpenVinoRunner((block,))
    whole = of_size(block, 20, 30)
    for features in (whole.contiguous(), whole[..., 3:14, 5:20]):
        assert off(runner.run(block, features), by_hand(block, features)) < 1e-5


def test_threads_change_nothing_beyond_rounding() -> None:
    block = blocks_of(narrow("same"))[5]
    features = of_size(block, 6, 9)
    one, two = (OpenVinoRunner((block,), threads=threads).run(block, features) for threads in (1, 2))
    torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-5)


def test_weights_outlive_the_net_that_they_came_from() -> None:
    # OpenVINO packs shared weights when the first photo comes; by then the copy of ours must not have gone.
    net = narrow("same")
    block = blocks_of(net)[6]
    features = of_size(block, 4, 4)
    wanted = by_hand(block, features)
    runner = OpenVinoRunner((block,))
    _ = [torch.full((24 * 24,), torch.nan) for _ in range(2000)]  # whatever was let go is overwritten
    assert off(runner.run(block, features), wanted) < 1e-5


def test_bf16_features_go_in_and_out_by_their_bits() -> None:
    # Whatever the CPU multiplies in: here in fp32, on bf16 weights, which every CPU can.
    block = blocks_of(narrow("same").to(torch.bfloat16))[0]
    features = of_size(block, 10, 13).to(torch.bfloat16)
    found = CompiledBlock(block, "f32", 1).run(features)
    assert found.dtype == torch.bfloat16
    assert off(found, by_hand(block, features)) < 2**-8


def test_the_precision_is_the_one_that_was_asked_for_or_an_error() -> None:
    block = blocks_of(narrow("same").to(torch.bfloat16))[0]
    if openvino_package.computes_bf16():
        features = of_size(block, 10, 13).to(torch.bfloat16)
        assert off(OpenVinoRunner((block,)).run(block, features), by_hand(block, features)) < 2e-2
    else:
        with pytest.raises(DeviceError, match=r"float32 on this CPU, not in bf16|f32 on this CPU, not in bf16"):
            OpenVinoRunner((block,))
        with pytest.raises(DeviceError, match="no bf16 on this CPU"):
            choose_device("cpu", "bf16", "openvino")


def test_a_runner_that_agrees_is_taken() -> None:
    blocks = blocks_of(narrow("caffe"))
    runner, choice = runner_of(blocks, CHOICE)
    assert (runner.name, choice) == ("openvino", CHOICE)
    assert runner_of(blocks, replace(CHOICE, backend="torch"))[0].name == "torch"


class Off(TorchRunner):
    """Forgets the bias of one layer."""

    def run(self, block: Block, features: Tensor) -> Tensor:
        if block.name == "block3":
            layers = tuple(replace(layer, bias=torch.zeros_like(layer.bias)) for layer in block.convolutions)
            block = replace(block, convolutions=layers)
        return super().run(block, features)


def test_a_wrong_result_is_noticed() -> None:
    blocks = blocks_of(narrow("same"))
    assert largest_error(OpenVinoRunner(blocks), TorchRunner(), blocks) < 1e-5
    assert largest_error(Off(), TorchRunner(), blocks) > 1e-2


def test_what_openvino_cannot_compile_is_run_by_torch_which_says_why(caplog: pytest.LogCaptureFixture) -> None:
    first, *others = blocks_of(narrow("same"))
    layer = first.convolutions[0]
    # Weights of a type that no CPU plugin of OpenVINO computes in here.
    broken = replace(first, convolutions=(Convolution(layer.weight.half(), layer.bias.half(), 1),))
    runner, choice = runner_of((broken, *others), CHOICE)
    assert (runner.name, choice.backend) == ("torch", "torch")
    assert "Run by torch, since OpenVINO could not be used" in choice.reason
    assert "OpenVINO could not be used" in caplog.text


def test_auto_takes_openvino_only_where_it_was_measured_to_win(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_backend("auto", "fp32") == ("torch", "")
    monkeypatch.setattr(backend, "_cpu_has_amx", lambda: True)
    assert choose_backend("auto", "bf16")[0] == "openvino"
    assert choose_backend("torch", "bf16") == ("torch", "")
    monkeypatch.setattr(backend, "installed", lambda: False)
    library, sentence = choose_backend("auto", "bf16")
    assert library == "torch"
    assert "pip install 'fcn-studio[fast]'" in sentence


def test_the_choice_names_the_backend() -> None:
    choice = choose_device("auto", "fp32", "openvino")
    assert (choice.device, choice.backend) == ("cpu", "openvino")
    assert choice.reason.endswith("OpenVINO was asked for.")
    with pytest.raises(DeviceError, match="Unknown backend 'onnx'; backends are auto, torch, openvino"):
        choose_device("cpu", "fp32", "onnx")
    with pytest.raises(DeviceError, match="OpenVINO runs on the CPU here, not on cuda"):
        choose_device("cuda", "fp32", "openvino")


@pytest.fixture(params=["caffe", "same", "slim"])
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path, camvid: LabelSet, tiny_checkpoint: Path) -> Path:
    """Both alignments, and a net with batch normalisation, which is folded into what OpenVINO gets."""
    if request.param == "slim":
        return tiny_checkpoint
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9, "alignment": request.param}
    path = tmp_path / "net.safetensors"
    net = random_net(Architecture.from_dict(values))
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    return path


def assert_same(found: Trace, wanted: Trace) -> None:
    """Scores within rounding; masks too, but where two classes are tied within it."""
    assert (found.provenance.backend, wanted.provenance.backend) == ("openvino", "torch")
    for name, layer in wanted.score_maps.items():
        np.testing.assert_allclose(
            found.score_maps[name].scores, layer.scores, rtol=0, atol=1e-5 * np.abs(layer.scores).max()
        )
    for variant in wanted.variants:
        changed = found.mask(variant) != wanted.mask(variant)
        assert changed.mean() < 1e-3
        best = np.sort(wanted.scores(variant)[:, changed], axis=0)
        assert (best[-1] - best[-2] < 1e-4 * np.abs(wanted.scores(variant)).max()).all()


def test_the_trace_is_that_of_torch_at_every_size(checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    ours, theirs = (fs.load(checkpoint, device="cpu", precision="fp32", backend=name) for name in ("openvino", "torch"))
    assert ours.choice.backend == "openvino"
    first = ours.trace(photo)
    kept = {name: layer.scores.copy() for name, layer in first.score_maps.items()}
    for height, width in ((1, 1), (2, 3), (61, 1), (17, 40), (64, 96), (33, 83)):
        part = np.ascontiguousarray(np.tile(photo, (2, 2, 1))[:height, :width])
        assert_same(ours.trace(part), theirs.trace(part))
    assert_same(first, theirs.trace(photo))  # held all the while
    for name, scores in kept.items():
        np.testing.assert_array_equal(first.score_maps[name].scores, scores)


def test_taps_are_those_of_torch(checkpoint: Path, photo: NDArray[np.uint8]) -> None:
    ours, theirs = (
        fs.load(checkpoint, device="cpu", precision="fp32", backend=name).trace(photo, keep_taps=True)
        for name in ("openvino", "torch")
    )
    assert set(ours.taps) == set(theirs.taps) == {"pool3", "pool4", "fc7"}
    for name, tap in theirs.taps.items():
        np.testing.assert_allclose(ours.taps[name], tap, rtol=0, atol=1e-5 * np.abs(tap).max())


def test_strips_are_run_by_torch_and_say_so(tiny_checkpoint: Path) -> None:
    image = np.random.default_rng(3).integers(0, 256, (700, 500, 3), dtype=np.uint8)
    model = fs.load(tiny_checkpoint, device="cpu", precision="fp32", backend="openvino")
    whole = model.trace(image)
    strips = model.trace(image, memory_limit=model.memory_needed(700, 500) // 2)
    assert (whole.provenance.backend, whole.provenance.note) == ("openvino", "")
    assert strips.provenance.size_policy.startswith("strips")
    assert strips.provenance.backend == "torch"
    assert "by torch" in strips.provenance.note
    for name, layer in whole.score_maps.items():
        error = np.abs(strips.score_maps[name].scores - layer.scores).max()
        assert error <= 1e-5 * np.abs(layer.scores).max()


def test_a_trace_file_keeps_the_backend_and_older_files_open(tiny_checkpoint: Path, tmp_path: Path) -> None:
    trace = fs.load(tiny_checkpoint, device="cpu", precision="fp32", backend="openvino").trace(
        np.zeros((9, 9, 3), np.uint8)
    )
    save_trace(trace, tmp_path / "a.fcntrace")
    assert load_trace(tmp_path / "a.fcntrace").provenance == trace.provenance
    assert trace.provenance.arithmetic == "fp32 (OpenVINO)"
    older = asdict(trace.provenance)
    del older["backend"]
    assert _provenance(older).backend == "torch"


def test_importing_openvino_reports_to_nobody(tmp_path: Path) -> None:
    code = """
import sys
from fcn_studio.engine.execution.openvino_package import openvino
assert "openvino" not in sys.modules
assert openvino().Core().available_devices
assert not any(name.startswith("openvino_telemetry") for name in sys.modules)
assert hasattr(sys.modules["openvino"], "convert_model")  # the rest of the package is as it was
"""
    # Its telemetry writes a client id under the home folder before it sends.
    environment = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not list(tmp_path.iterdir())


def test_without_the_package_one_sentence_says_what_to_install(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Hidden:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "openvino":
                raise ModuleNotFoundError("No module named 'openvino'")

    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "openvino" else find_spec(name))
    monkeypatch.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    assert main(["bench", "--weights", str(tiny_checkpoint), "--device", "cpu", "--backend", "openvino"]) == 2
    assert capsys.readouterr().err.strip() == (
        "fcn-studio: OpenVINO is not installed; install it with `pip install 'fcn-studio[fast]'`, "
        "or use --backend torch."
    )
