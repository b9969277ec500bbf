"""`fcn-studio bench` as a user runs it, on each kind of checkpoint."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from fcn_studio import load
from fcn_studio.cli.main import main
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.measuring.benchmark import sample_photo
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.engine.nets import test_decoder
from tests.engine.test_classifiers import saved

SIZE, REPEATS = (61, 83), 3


def bench(weights: Path, *more: str) -> int:
    size = f"{SIZE[0]}x{SIZE[1]}"
    return main(["bench", "--weights", str(weights), "--device", "cpu", "--size", size, "--repeats", "3", *more])


@pytest.fixture
def decoder(tmp_path: Path, camvid: LabelSet) -> Path:
    torch.manual_seed(0)
    net = test_decoder.net_of(test_decoder.random_state(), "fcn8s")
    labels = LabelSet("some", camvid.classes[: test_decoder.CLASSES], camvid.colours[: test_decoder.CLASSES])
    path = tmp_path / "decoder.safetensors"
    save_checkpoint(path, net, labels=labels, preprocessing=IMAGENET_RGB, card={})
    return path


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    return saved(tmp_path, "vgg16")[0]


@pytest.mark.parametrize("kind", ["tiny_checkpoint", "decoder", "classifier"])
def test_json_has_every_stage_of_the_trace(
    kind: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    weights: Path = request.getfixturevalue(kind)
    assert bench(weights, "--precision", "fp32", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    trace = load(weights, device="cpu", precision="fp32").trace(sample_photo(SIZE))
    assert list(found["stages"]) == [*trace.timings, "picture"]
    rate = found["matmul"]["flops_per_second"]
    assert rate == pytest.approx(2 * found["matmul"]["side"] ** 3 / found["matmul"]["seconds"]["median"])
    for stage in (*found["stages"].values(), found["total"]):
        seconds = stage["seconds"]
        assert len(seconds["all"]) == REPEATS
        assert 0 < seconds["least"] <= seconds["median"] <= seconds["most"]
        assert seconds["median"] == sorted(seconds["all"])[1]
        assert stage["bytes"] > 0
        assert stage["share_of_matmul"] == pytest.approx(stage["flops"] / seconds["median"] / rate)
        assert math.isfinite(stage["share_of_matmul"])
    for name in ("flops", "bytes"):
        assert found["total"][name] == sum(stage[name] for stage in found["stages"].values())
    trunk = [stage for name, stage in found["stages"].items() if name.startswith("block")]
    assert len(trunk) == 5
    assert all(stage["flops"] > 0 for stage in trunk)
    assert found["provenance"]["digest"] == trace.provenance.digest
    assert found["size"] == {"height": SIZE[0], "width": SIZE[1]}
    assert (found["threads"], found["torch"]) == (torch.get_num_threads(), torch.__version__)
    assert found["peak_memory_bytes"] > 10_000_000
    assert found["device_memory_bytes"] is None


def test_the_table_names_stages_machine_and_checkpoint(
    tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(tiny_checkpoint) == 0
    out = " ".join(capsys.readouterr().out.split())
    for part in ("tiny, 61 high and 83 wide", "score layers", "mask 16s", "picture", "total", "Matmul", "Peak memory"):
        assert part in out
    assert f"torch {torch.__version__}" in out
    assert f"threads: {torch.get_num_threads()}" in out


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--size", "375"),
        ("--size", "0x500"),
        ("--size", "-3x500"),
        ("--size", "375x500x3"),
        ("--size", "99999x99999"),
        ("--size", "٣x٣"),
        ("--repeats", "0"),
        ("--repeats", "many"),
    ],
)
def test_bad_numbers_are_refused_in_a_sentence(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["bench", f"{option}={value}"])
    assert refused.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert repr(value) in last
    assert "give" in last


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--data", "camvid"], "--data"),
        (["--split", "val", "--limit", "3"], "--split and --limit"),
        (["--agreement", "--data", "camvid", "--size", "375x500"], "--size"),
        (["--agreement", "--size", "375x500", "--repeats", "7"], "--size and --repeats"),
    ],
)
def test_options_of_the_other_kind_of_run_are_refused(
    options: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--weights", "nowhere.safetensors", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert named in line
    assert "--agreement" in line
    assert "nowhere" not in line


def test_a_missing_checkpoint_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--weights", "nowhere.safetensors"]) == 2
    assert "nowhere.safetensors" in capsys.readouterr().err


def test_the_sample_photo_is_always_the_same() -> None:
    photo = sample_photo((33, 50))
    assert photo.shape == (33, 50, 3)
    assert (photo == sample_photo((33, 50))).all()
    assert photo.std() > 30
