"""`fcn-studio weights info` and `import`: classes that no file names, said to be guessed wherever they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_studio import load
from fcn_studio.cli.main import main
from tests.engine.test_pytorch_fcn import State, state_of

Capsys = pytest.CaptureFixture[str]


def net_of(classes: int) -> State:
    """FCN-32s of so many classes under pytorch-fcn's names."""
    state = state_of("32s")
    repeats = -(-classes // 21)
    for key in ("score_fr.weight", "score_fr.bias"):
        state[key] = torch.cat([state[key]] * repeats)[:classes]
    kernel = state["upscore.weight"][0, 0]
    state["upscore.weight"] = torch.zeros(classes, classes, 64, 64)
    state["upscore.weight"][torch.arange(classes), torch.arange(classes)] = kernel
    return state


@pytest.fixture
def cityscapes_size(tmp_path: Path) -> Path:
    torch.save(net_of(19), tmp_path / "mine.pth")
    return tmp_path / "mine.pth"


def info(capsys: Capsys, path: Path, *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["weights", "info", str(path), *options]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("classes", "name", "guessed"),
    [
        (2, "numbered-2", False),
        (3, "numbered-3", False),
        (11, "camvid", True),
        (19, "cityscapes", True),
        (21, "voc", False),  # pytorch-fcn's own nets
        (33, "siftflow", True),
        (40, "nyud", True),
        (60, "pascal-context", True),
        (150, "ade20k", True),
        (151, "numbered-151", False),
    ],
)
def test_what_the_number_alone_tells_is_marked(
    tmp_path: Path, capsys: Capsys, classes: int, name: str, guessed: bool
) -> None:
    torch.save(net_of(classes), tmp_path / "net.pth")
    found = info(capsys, tmp_path / "net.pth")
    assert (found["labels"]["name"], found["labels"]["guessed"]) == (name, guessed)
    assert any("guessed" in words for words in found["choices"]) is guessed
    if not guessed and name != "voc":
        assert any("names no classes" in words and "--labels" in words for words in found["choices"])


def test_a_name_in_the_files_name_is_more_than_the_number(tmp_path: Path, capsys: Capsys) -> None:
    torch.save(net_of(11), tmp_path / "fcn32s_CamVid_best.pth")
    assert info(capsys, tmp_path / "fcn32s_CamVid_best.pth")["labels"]["guessed"] is False


def test_labels_settle_it_and_an_import_keeps_the_mark(tmp_path: Path, capsys: Capsys, cityscapes_size: Path) -> None:
    made = tmp_path / "made.safetensors"
    assert main(["weights", "import", str(cityscapes_size), "-o", str(made)]) == 0
    assert "(cityscapes, guessed)" in capsys.readouterr().out
    assert info(capsys, made)["labels"]["guessed"] is True
    assert load(made, device="cpu").name == "made (classes guessed)"
    again = tmp_path / "again.safetensors"
    assert main(["weights", "import", str(made), "-o", str(again), "--labels", "cityscapes"]) == 0
    assert info(capsys, again)["labels"]["guessed"] is False
    assert load(again, device="cpu").name == "again"


def test_a_data_sets_labels_json_names_classes(tmp_path: Path, capsys: Capsys) -> None:
    torch.save(net_of(2), tmp_path / "net.pth")
    labels = tmp_path / "labels.json"
    labels.write_text('{"name": "cracks", "classes": ["background", "crack"], "values": [0, 255]}')
    made = tmp_path / "made.safetensors"
    assert main(["weights", "import", str(tmp_path / "net.pth"), "-o", str(made), "--labels", str(labels)]) == 0
    assert "2 classes (cracks)" in capsys.readouterr().out
    assert load(made, device="cpu").labels.classes == ("background", "crack")
    assert info(capsys, tmp_path / "net.pth", "--labels", str(labels))["labels"]["name"] == "cracks"
    labels.write_text('{"classes": ["background"')
    assert main(["weights", "info", str(tmp_path / "net.pth"), "--labels", str(labels)]) == 2
    assert "labels.json, line 1" in capsys.readouterr().err


def test_what_is_written_says_that_classes_are_guessed(tmp_path: Path, capsys: Capsys, cityscapes_size: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(photo)
    options = ["--weights", str(cityscapes_size), "--device", "cpu", "--save", "mask,scores", "--json"]
    assert main(["segment", str(photo), "-o", str(tmp_path / "out"), *options]) == 0
    said = capsys.readouterr()
    (result,) = json.loads(said.out)["results"]
    assert result["labels"] == {"name": "cityscapes", "guessed": True}
    assert result["provenance"]["checkpoint"] == "mine (classes guessed)"
    assert "mine (classes guessed) names no classes" in said.err


def test_evaluate_and_its_report_say_that_classes_are_guessed(
    tmp_path: Path, capsys: Capsys, cityscapes_size: Path
) -> None:
    rng = np.random.default_rng(1)
    names = [f"thing {number}" for number in range(19)]
    for split in ("train", "val"):
        for folder in ("images", "masks"):
            (tmp_path / "data" / folder / split).mkdir(parents=True)
        Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(
            tmp_path / "data/images" / split / "a.png"
        )
        Image.fromarray(rng.integers(0, 19, (40, 50), dtype=np.uint8)).save(tmp_path / "data/masks" / split / "a.png")
    (tmp_path / "data" / "labels.json").write_text(json.dumps({"name": "things", "classes": names}))
    command = ["evaluate", "--data", str(tmp_path / "data"), "--weights", str(cityscapes_size), "--device", "cpu"]
    assert main([*command, "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["labels"] == {"name": "cityscapes", "guessed": True}
    assert "are guessed" in said.err
    assert "thing 0 = road" in said.err, "guessed classes take the data set's in order"
    assert found["variants"]["32s"]["pixel_accuracy"] > 0
    assert main([*command, "--classes", "--report", str(tmp_path / "report")]) == 0
    assert "class (guessed)" in capsys.readouterr().out
    for file in ("report.html", "report.md"):
        assert "are guessed" in (tmp_path / "report" / file).read_text(encoding="utf-8")
    (summary,) = (tmp_path / "report").glob("*.json")
    assert json.loads(summary.read_text(encoding="utf-8"))["classes_guessed"] is True


def test_half_precision_halves_the_file_and_a_licence_is_noted(
    cityscapes_size: Path, tmp_path: Path, capsys: Capsys
) -> None:
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    assert main(["weights", "import", str(cityscapes_size), "-o", str(whole)]) == 0
    assert main(["weights", "import", str(cityscapes_size), "-o", str(half), "--half", "--licence", "Apache-2.0"]) == 0
    assert 0.49 < half.stat().st_size / whole.stat().st_size < 0.55
    assert info(capsys, half)["card"]["licence"] == "Apache-2.0"
    assert "licence" not in info(capsys, whole)["card"]
    photo = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    scores = [load(path, device="cpu", precision="fp32").trace(photo).node("score_fr") for path in (whole, half)]
    assert np.abs(scores[0] - scores[1]).max() < 0.01 * np.abs(scores[0]).max()
