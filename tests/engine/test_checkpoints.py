"""Native checkpoints: an exact round trip, and a sentence for every file that is none."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from fcn_studio import load
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import METADATA_KEY, load_checkpoint, read_metadata, save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import CAFFE
from tests.conftest import random_net


def rewritten(source: Path, target: Path, *, tensors: dict[str, Any] | None = None, **meaning: Any) -> Path:
    """A copy of a checkpoint with other tensors (None drops one) or other metadata."""
    with safe_open(source, framework="pt") as file:
        held = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  safe_open is no mapping
        metadata = json.loads(file.metadata()[METADATA_KEY])
    held = {key: value for key, value in {**held, **(tensors or {})}.items() if value is not None}
    save_file(held, target, metadata={METADATA_KEY: json.dumps({**metadata, **meaning})})
    return target


@pytest.mark.parametrize("upsampling", ["bilinear", "learned"])
def test_round_trip_is_exact(tmp_path: Path, camvid: LabelSet, upsampling: str) -> None:
    values = {"num_classes": 11, "channels": (2, 3, 4, 5, 5), "fc_channels": 6, "batch_norm": True}
    net = random_net(Architecture.from_dict({**values, "upsampling": upsampling, "pool3_scale": 0.0001}))
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=CAFFE, card={"note": "é"}, dtype=torch.float32)
    found = load_checkpoint(path)
    assert found.net.architecture == net.architecture
    assert (found.labels, found.preprocessing, found.name, found.card) == (camvid, CAFFE, "a", {"note": "é"})
    for key, value in net.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            assert torch.equal(found.net.state_dict()[key], value), key


def test_files_that_are_no_checkpoint_are_named(tmp_path: Path) -> None:
    plain = tmp_path / "plain.safetensors"
    save_file({"x": torch.zeros(1)}, plain)
    files = {
        "missing.safetensors": (None, "no such checkpoint"),
        "empty.safetensors": (b"", "is empty"),
        "text.safetensors": (b"hello" * 100, "is text"),
        "pickle.safetensors": (pickle.dumps({"a": 1}), "not a checkpoint"),
        "giant.safetensors": (b"\xff" * 8 + b"{}", "no known format"),
        "plain.safetensors": (plain.read_bytes(), "no state dict"),
    }
    for name, (content, word) in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match=f"{name}.*{word}"):
            load(tmp_path / name)


def test_a_truncated_checkpoint_is_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(tiny_checkpoint.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors.*complete"):
        load_checkpoint(tmp_path / "cut.safetensors")


@pytest.mark.parametrize(
    ("tensors", "word"),
    [
        ({"conv3_2.weight": None}, r"layer conv3_2\.weight is missing"),
        ({"conv9_9.weight": torch.zeros(2)}, r"unexpected layer conv9_9\.weight"),
        ({"score_fr.weight": torch.zeros(21, 12, 1, 1)}, r"layer score_fr\.weight is \(21, 12, 1, 1\)"),
        ({"fc7.weight": torch.full((12, 12, 1, 1), float("nan"))}, r"layer fc7\.weight holds infinite or undefined"),
    ],
)
def test_tensors_that_do_not_fit_are_named(
    tiny_checkpoint: Path, tmp_path: Path, tensors: dict[str, Any], word: str
) -> None:
    path = rewritten(tiny_checkpoint, tmp_path / "odd.safetensors", tensors=tensors)
    with pytest.raises(CheckpointError, match=rf"odd\.safetensors.*{word}"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("meaning", "word"),
    [
        ({"format": 99}, "format 99"),
        ({"architecture": {"num_classes": 10**9}}, "Channel counts"),
        ({"architecture": {"num_classes": "many"}}, "num_classes = 'many'"),
        ({"architecture": {"num_classes": 11, "wings": 2}}, "wings"),
        ({"architecture": None}, "metadata"),
        ({"labels": {"name": "x", "classes": ["a"], "colours": [[1, 2, 3]]}}, "11 score channels but 1 labels"),
        ({"labels": {"name": "x"}}, "malformed"),
        ({"preprocessing": {"order": "grb"}}, "metadata"),
    ],
)
def test_metadata_that_makes_no_sense_is_refused(
    tiny_checkpoint: Path, tmp_path: Path, meaning: dict[str, Any], word: str
) -> None:
    path = rewritten(tiny_checkpoint, tmp_path / "odd.safetensors", **meaning)
    with pytest.raises(CheckpointError, match=word):
        load_checkpoint(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bytes_raise_nothing_but_a_checkpoint_error(
    tiny_checkpoint: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(tiny_checkpoint.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(header, len(content)) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "fuzzed.safetensors"
    path.write_bytes(content)
    try:
        load_checkpoint(path)
    except CheckpointError as error:
        assert "\n" not in str(error)  # noqa: PT017  other errors must surface as they are


def test_a_name_that_is_not_known_lists_those_that_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FCN_STUDIO_WEIGHTS", str(tmp_path))
    with pytest.raises(CheckpointError, match="weights/ is empty"):
        load("default")


def test_metadata_can_be_read_alone(tiny_checkpoint: Path) -> None:
    assert read_metadata(tiny_checkpoint)["architecture"]["channels"] == [4, 6, 8, 8, 8]
