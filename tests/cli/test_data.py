"""`fcn-studio data check` as a person runs it."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fcn_studio.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "my data"
    for split in ("train", "val"):
        for number in range(2):
            for place, shape in (("images", (9, 7, 3)), ("masks", (9, 7))):
                values = np.random.default_rng(number).integers(0, 2, shape) + (split == "val")
                (root / place / split).mkdir(parents=True, exist_ok=True)
                picture = (values * 40 if place == "images" else values.clip(0, 1)).astype(np.uint8)
                Image.fromarray(picture).save(root / place / split / f"{number}.png")
    (root / "labels.json").write_text('{"name": "mine", "classes": ["background", "crack"]}')
    (root / "masks" / "val" / "0.png").write_bytes((root / "masks" / "train" / "0.png").read_bytes())
    return root


def test_a_clean_set_ends_with_the_command_to_train(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(folder)]) == 0
    out = capsys.readouterr().out
    for word in ("layout plain", "2 classes", "train: 2 photos, all 7x9", "background", "crack", "No problems found"):
        assert word in out
    words = shlex.split(out[out.index("To train on it: ") + len("To train on it: ") :])
    assert words[:4] == ["fcn-studio", "train", "--data", str(folder)]


def test_problems_are_told_with_how_to_mend_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "masks" / "val" / "1.png").unlink()
    (folder / "images" / "train" / "0.png").write_bytes(b"")
    assert main(["data", "check", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "problem val: 1 photo has no mask of the same name in masks/val.\n    images/val/1.png\n    -> Add" in out
    assert "problem train: 1 photo cannot be read; the first: images/train/0.png: the file is empty" in out
    assert "2 problems found." in out
    assert main(["data", "check", str(folder), "--split", "train"]) == 1
    assert "1 problem found." in capsys.readouterr().out


def test_json_says_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "images" / "val" / "1.png").unlink()
    assert main(["data", "check", str(folder), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["layout"], report["labels"], report["clean"]) == ("plain", "mine", False)
    ones = sum(np.asarray(Image.open(path)).sum() for path in (folder / "masks" / "train").iterdir())
    assert report["splits"]["train"]["class_pixels"] == {"background": 126 - ones, "crack": ones}
    assert [finding["files"] for finding in report["findings"]] == [["masks/val/1.png"]]


def test_without_val_no_command_to_train_is_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("images", "masks"):
        shutil.rmtree(folder / place / "val")
    assert main(["data", "check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "There is train but no val" in out
    assert "into folders named val" in out
    assert "Training needs a split to learn from and one to measure on" in out
    assert "fcn-studio train" not in out


def test_labels_can_be_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(folder), "--labels", "voc"]) == 1  # most of its classes never occur
    assert "tvmonitor" in capsys.readouterr().out
    (folder / "other.json").write_text('{"classes": ["nothing", "something"]}')
    assert main(["data", "check", str(folder), "--labels", str(folder / "other.json")]) == 0
    assert "something" in capsys.readouterr().out
    assert main(["data", "check", str(folder), "--labels", "nonesuch"]) == 2
    assert "camvid" in capsys.readouterr().err


@pytest.mark.parametrize("content", [(), ("notes.md", "pictures/a.jpg")])
def test_a_folder_of_no_layout_is_answered_with_the_plain_one(
    tmp_path: Path, content: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in content:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert main(["data", "check", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    for word in ("labels.json", '"classes": ["background", "crack"]', "images/", "masks/", "train.txt"):
        assert word in err
    assert main(["data", "check", str(tmp_path / "nowhere")]) == 2
    assert "no such folder" in capsys.readouterr().err
