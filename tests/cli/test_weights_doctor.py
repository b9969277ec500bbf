"""`fcn-studio weights doctor` as a user runs it: the table, the figure, JSON, and a copy with another preprocessing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_studio.cli.main import main
from fcn_studio.engine.checkpoints.native import load_checkpoint, save_checkpoint
from fcn_studio.engine.doctor.doctor import preprocessing_of, recipes
from fcn_studio.engine.nets.preprocess import CAFFE, IMAGENET_RGB, Preprocessing
from tests.red_net import red_checkpoint, red_photo


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    path = tmp_path / "reds.png"
    Image.fromarray(red_photo()).save(path)
    return path


@pytest.fixture
def mistaken(tmp_path: Path) -> Path:
    """Made for Caffe's input, but its file says ImageNet's."""
    return written(tmp_path / "mistaken.safetensors", CAFFE, IMAGENET_RGB)


def written(path: Path, true: Preprocessing, stored: Preprocessing) -> Path:
    made = red_checkpoint(true, stored)
    save_checkpoint(path, made.net, labels=made.labels, preprocessing=stored, card={}, dtype=torch.float32)
    return path


def doctor(*arguments: object) -> int:
    return main(["weights", "doctor", *map(str, arguments)])


def test_the_mistake_is_told_and_drawn(
    mistaken: Path, photo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(mistaken, photo_file, "-o", tmp_path / "figure.png") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "BGR, 0..255, Caffe mean fits better" in said
    assert "Proposed (clear): BGR, 0..255, Caffe mean." in said
    assert "score_pool4 is all zero, a dead skip" in said
    assert "reduced to 128 x 64" in said
    with Image.open(tmp_path / "figure.png") as figure:
        assert figure.width > 4 * 128
        assert len(np.unique(np.asarray(figure).reshape(-1, 3), axis=0)) > 10


def test_json_holds_every_trial(mistaken: Path, photo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(mistaken, photo_file, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["trials"]) == len(recipes())
    assert found["trials"][0]["preprocessing"]["name"] == "BGR, 0..255, Caffe mean"
    assert found["proposed"] == found["trials"][0]["number"]
    assert [trial["stored"] for trial in found["trials"]].count(True) == 1
    assert {finding["layer"] for finding in found["findings"]} >= {"score_fr", "score_pool4"}


def test_the_proposal_is_applied(mistaken: Path, photo_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "mended.safetensors"
    assert doctor(mistaken, photo_file, "--apply", target) == 0
    assert load_checkpoint(target).preprocessing == CAFFE
    assert load_checkpoint(mistaken).preprocessing == IMAGENET_RGB, "the file itself stays as it is"
    assert doctor(mistaken, photo_file, "--apply", target) == 1, "never over a file without being told"
    assert doctor(mistaken, photo_file, "--apply", target, "--use", "3", "--force") == 0
    assert load_checkpoint(target).preprocessing == preprocessing_of(recipes()[2])


def test_a_sample_decides_nothing(mistaken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "mended.safetensors"
    assert doctor(mistaken, "--apply", target) == 2
    captured = capsys.readouterr()
    assert "Undecided" in captured.out
    assert "--use N" in captured.err
    assert not target.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--apply", "copy.pth"), "ends in .safetensors"),
        (("-o", "figure.jpg"), "ends in .png"),
        (("--use", "3"), "--apply DST"),
    ],
)
def test_what_cannot_be_meant_is_refused_first(
    mistaken: Path, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(mistaken, *arguments) != 0
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_an_unknown_number_is_refused(
    mistaken: Path, photo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(mistaken, photo_file, "--apply", tmp_path / "a.safetensors", "--use", "99") == 2
    assert "no preprocessing 99; they are 1 to 10" in capsys.readouterr().err
