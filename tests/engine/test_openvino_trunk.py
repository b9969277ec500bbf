"""EfficientNet-Lite by OpenVINO: the scores and masks of torch at every size, and who is chosen to run it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import fcn_studio as fs
from fcn_studio import paths
from fcn_studio.cli.main import main
from fcn_studio.core.errors import DeviceError
from fcn_studio.core.labels import read_label_set
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.execution import openvino_package, trunks
from fcn_studio.engine.execution.openvino_trunk import OpenVinoTrunk
from fcn_studio.engine.execution.trunks import quicker_trunk
from fcn_studio.engine.measuring.benchmark import sample_photo
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN, folded
from fcn_studio.engine.nets.preprocess import LITE
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import block_channels
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps
from fcn_studio.engine.tracing.device import choose_device
from tests.conftest import random_net

pytest.importorskip("openvino", reason="OpenVINO is not installed")

NAMES = {"torch": "By torch", "openvino": "By OpenVINO"}
ASKED = choose_device("cpu", "fp32", "openvino")
OPEN = choose_device("cpu", "fp32", "auto")


def lite(trunk: str = "efficientnet_lite0", *, batch_norm: bool = False, fc_channels: int = 32) -> FCN:
    values = {
        "num_classes": 21,
        "trunk": trunk,
        "alignment": "same",
        "channels": list(block_channels(trunk)),
        "fc_channels": fc_channels,
        "batch_norm": batch_norm,
    }
    return random_net(Architecture.from_dict(values)).requires_grad_(False)


def photo_of(height: int, width: int) -> Tensor:
    photo = torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(height))
    return photo.contiguous(memory_format=torch.channels_last)


def heard(trunk: OpenVinoTrunk, photo: Tensor) -> Taps:
    return trunk.taps(photo, lambda name: None)


def largest_error(found: Taps, wanted: Taps) -> float:
    errors = []
    assert list(found) == list(wanted)
    for name, truth in wanted.items():
        tap = found[name]
        assert tap.shape == truth.shape
        errors.append(float((tap.double() - truth).abs().max() / truth.abs().max()))
    return max(errors)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second smallest net, with the normalisation layers that it is stored with."""
    path = tmp_path_factory.mktemp("weights") / "lite.safetensors"
    labels = read_label_set(paths.resources() / "labels" / "voc.toml")
    net = lite("efficientnet_lite2", batch_norm=True)
    save_checkpoint(path, net, labels=labels, preprocessing=LITE, card={}, dtype=torch.float32)
    return path


@pytest.mark.parametrize("trunk", ["efficientnet_lite0", "efficientnet_lite3"])
def test_features_are_those_of_the_layers_in_float64(trunk: str) -> None:
    net = folded(lite(trunk, batch_norm=True)).requires_grad_(False)
    ours, exact = OpenVinoTrunk(net), copy.deepcopy(net).double()
    for size in ((64, 96), (1, 1), (33, 31), (64, 96)):
        photo = photo_of(*size)
        found = heard(ours, photo)
        assert all(tap.dtype == torch.float32 for tap in found.values())
        assert largest_error(found, exact.taps(photo.double())) < 1e-5


def test_a_result_stays_as_it_is_when_the_next_one_comes() -> None:
    ours = OpenVinoTrunk(lite())
    first = heard(ours, photo_of(40, 50))
    before = {name: tap.clone() for name, tap in first.items()}
    heard(ours, photo_of(40, 50) + 1)
    assert all(torch.equal(first[name], kept) for name, kept in before.items())


def test_bf16_is_computed_as_bf16_or_an_error() -> None:
    net = lite().to(torch.bfloat16)
    if openvino_package.computes_bf16():
        photo = photo_of(64, 96)
        found = heard(OpenVinoTrunk(net), photo.to(torch.bfloat16))
        assert 1e-4 < largest_error(found, net.double().taps(photo.double())) < 5e-2
    else:
        with pytest.raises(DeviceError, match="on this CPU, not in bf16"):
            OpenVinoTrunk(net)


def assert_same(found: Trace, wanted: Trace) -> None:
    """Scores within rounding; masks too, but where two classes are tied within it."""
    assert (found.provenance.backend, wanted.provenance.backend) == ("openvino", "torch")
    for name, layer in wanted.score_maps.items():
        error = np.abs(found.score_maps[name].scores - layer.scores).max()
        assert error <= 1e-4 * np.abs(layer.scores).max()
    for variant in wanted.variants:
        changed = found.mask(variant) != wanted.mask(variant)
        assert changed.mean() < 1e-3
        if changed.any():
            best = np.sort(wanted.scores(variant)[:, changed], axis=0)
            assert (best[-1] - best[-2] < 1e-3 * np.abs(best).max()).all()


def test_the_trace_is_that_of_torch_at_every_size(checkpoint: Path) -> None:
    ours, theirs = (fs.load(checkpoint, device="cpu", precision="fp32", backend=name) for name in ("openvino", "torch"))
    for size in ((1, 1), (31, 500), (333, 500), (375, 500), (2000, 1500)):
        photo = sample_photo(size)
        assert_same(ours.trace(photo), theirs.trace(photo))


def test_progress_tells_of_the_trunk_as_one_stage(checkpoint: Path) -> None:
    stages: dict[str, float] = {}
    model = fs.load(checkpoint, device="cpu", precision="fp32", backend="openvino")
    model.trace(sample_photo((40, 50)), on_stage=stages.__setitem__)
    assert list(stages) == ["trunk", "mask 32s", "mask 16s", "mask 8s"]
    assert stages["trunk"] == pytest.approx(0.9)
    assert stages["mask 8s"] == pytest.approx(1)


def test_kept_features_come_from_torch_and_say_so(checkpoint: Path) -> None:
    model = fs.load(checkpoint, device="cpu", precision="fp32", backend="openvino")
    photo = sample_photo((70, 90))
    plain, kept = model.trace(photo), model.trace(photo, keep_taps=True)
    assert (plain.provenance.backend, kept.provenance.backend) == ("openvino", "torch")
    for name, layer in plain.score_maps.items():
        np.testing.assert_allclose(kept.score_maps[name].scores, layer.scores, atol=1e-4 * np.abs(layer.scores).max())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what was measured, fresh."""
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "backends"


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_what_is_measured_is_kept_and_decides(cache: Path) -> None:
    net = lite()
    trunk, choice = quicker_trunk(net, OPEN)
    content = json.loads(only_file(cache).read_text())
    seconds = content["seconds"]
    quicker = min(seconds, key=seconds.__getitem__)
    assert (choice.backend, trunk is not None) == (quicker, quicker == "openvino")
    # What a file says is believed: each library once, by figures that no machine would measure.
    for torch_seconds, wanted in ((1e-3, "torch"), (7.0, "openvino")):
        only_file(cache).write_text(json.dumps(content | {"seconds": {"torch": torch_seconds, "openvino": 1.0}}))
        trunk, choice = quicker_trunk(net, OPEN)
        assert (choice.backend, trunk is not None) == (wanted, wanted == "openvino")
    assert choice.reason.endswith("By OpenVINO: torch takes 7.0 times its processor time for this net here.")
    assert choice.reason.startswith(choose_device("cpu", "fp32", "torch").reason)
    # Another net of the same kind asks for no measurement of its own; another kind does.
    assert quicker_trunk(lite(), OPEN)[1].reason == choice.reason
    quicker_trunk(lite(fc_channels=16), OPEN)
    assert len(list(cache.iterdir())) == 2


def damaged(content: dict[str, Any]) -> Iterator[str]:
    believed = {"torch": 1e-9, "openvino": 1.0}
    yield ""
    yield "{"
    yield "[" * 50_000
    yield json.dumps([1, 2])
    yield json.dumps({**content, "seconds": {"torch": 1e-9}})
    yield json.dumps({**content, "seconds": {"torch": 1e-9, "openvino": float("nan")}})
    yield json.dumps({**content, "seconds": {"torch": -1.0, "openvino": 1.0}})
    yield json.dumps({**content, "seconds": "1"})
    yield json.dumps({"key": {**content["key"], "openvino": "2020.1"}, "seconds": believed})
    yield json.dumps({"seconds": believed})
    yield json.dumps({**content, "seconds": believed, "more": "x" * (1 << 17)})


def test_a_damaged_or_stale_file_is_measured_anew(cache: Path) -> None:
    net = lite()
    quicker_trunk(net, OPEN)
    path = only_file(cache)
    content = json.loads(path.read_text())
    believed = {"torch": 1e-9, "openvino": 1.0}
    path.write_text(json.dumps(content | {"seconds": believed}))
    assert trunks.kept(content["key"]) == believed
    for text in damaged(content):
        path.write_text(text)
        assert trunks.kept(content["key"]) is None
    stale = json.dumps({"key": {**content["key"], "openvino": "2020.1"}, "seconds": believed}).encode()
    for written in (b"\xff\xfe\x00", stale):
        path.write_bytes(written)
        quicker_trunk(net, OPEN)
        renewed = json.loads(path.read_text())
        assert renewed["key"] == content["key"]
        assert all(1e-5 < value < 60 for value in renewed["seconds"].values())


def test_other_versions_and_precisions_have_figures_of_their_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = lite()
    quicker_trunk(net, OPEN)
    monkeypatch.setattr(trunks, "version", lambda name: "1999.1")
    quicker_trunk(net, OPEN)
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "file")
    choice = quicker_trunk(lite(), OPEN)[1]
    assert "processor time" in choice.reason
    assert (tmp_path / "file").read_text() == "no folder"


def test_what_the_user_asked_for_is_not_measured(cache: Path) -> None:
    net = lite()
    assert quicker_trunk(net, ASKED)[1] == ASKED
    asked = choose_device("cpu", "fp32", "torch")
    assert quicker_trunk(net, asked) == (None, asked)
    assert not cache.exists()


def test_what_the_environment_says_is_not_measured(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = lite()
    for said in ("torch", "openvino"):
        monkeypatch.setenv("FCN_STUDIO_BACKEND", said)
        trunk, choice = quicker_trunk(net, choose_device("cpu", "fp32"))
        assert (choice.backend, trunk is not None) == (said, said == "openvino")
        assert choice.reason.endswith(f"{NAMES[said]}, since FCN_STUDIO_BACKEND says so.")
        assert choose_device("cpu", "fp32", "openvino").backend == "openvino"  # what is asked for goes before it
    assert not cache.exists()
    monkeypatch.setenv("FCN_STUDIO_BACKEND", "onnx")
    with pytest.raises(DeviceError, match="FCN_STUDIO_BACKEND is 'onnx'; it takes torch or openvino"):
        choose_device("cpu", "fp32")


def test_what_openvino_cannot_run_is_run_by_torch_which_says_why(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    half = lite().half()  # which OpenVINO computes in on no CPU here
    for choice in (ASKED, OPEN):
        trunk, came_out = quicker_trunk(half, choice)
        assert (trunk, came_out.backend) == (None, "torch")
        assert "Run by torch, since OpenVINO could not be used: OpenVINO runs nets in fp32 and bf16" in came_out.reason
    assert "OpenVINO could not be used" in caplog.text
    assert not cache.exists()


class Off(OpenVinoTrunk):
    """Doubles one tap."""

    def taps(self, photo: Tensor, on_stage: OnStage) -> Taps:
        found = super().taps(photo, on_stage)
        return found | {"pool4": 2 * found["pool4"]}


def test_a_wrong_result_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunks, "OpenVinoTrunk", Off)
    trunk, choice = quicker_trunk(lite(), ASKED)
    assert (trunk, choice.backend) == (None, "torch")
    assert "off the plain layers'" in choice.reason


def test_without_the_package_torch_runs_unmeasured(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunks, "installed", lambda: False)
    trunk, choice = quicker_trunk(lite(), OPEN)
    assert (trunk, choice.backend) == (None, "torch")
    assert not cache.exists()


def test_nothing_is_measured_or_loaded_by_an_import(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from fcn_studio import paths
paths.cache = lambda: Path(sys.argv[1]) / "cache"
import fcn_studio.engine.tracing.model
assert "openvino" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert not list(tmp_path.iterdir())


def test_bench_counts_the_work_of_the_layers(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["bench", "--weights", str(checkpoint), "--device=cpu", "--precision=fp32", "--size=64x96"]
    found = {}
    for backend in ("torch", "openvino"):
        assert main([*options, "--repeats=1", "--json", f"--backend={backend}"]) == 0
        found[backend] = json.loads(capsys.readouterr().out)
    assert "stem" in found["torch"]["stages"]
    assert "stem" not in found["openvino"]["stages"]
    names = ("stem", *(f"stage{number}" for number in range(1, 8)), "fc6")
    layers = sum(found["torch"]["stages"][name]["flops"] for name in names)
    assert found["openvino"]["stages"]["trunk"]["flops"] == layers
    assert found["openvino"]["total"]["flops"] == found["torch"]["total"]["flops"]
    assert found["openvino"]["stages"]["trunk"]["share_of_matmul"] > 0
