"""`fcn-studio evaluate`, `train` and `weights` on small data, against metrics computed another way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import jaccard_score

from fcn_studio import load
from fcn_studio.cli.main import main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for split in ("train", "val"):
        for folder in (split, f"{split}annot"):
            (tmp_path / "data" / folder).mkdir(parents=True)
        for number in range(3):
            size = (40 + number, 50)
            Image.fromarray(rng.integers(0, 255, (*size, 3)).astype(np.uint8)).save(
                tmp_path / "data" / split / f"{number}.png"
            )
            Image.fromarray(rng.integers(0, 12, size).astype(np.uint8)).save(
                tmp_path / "data" / f"{split}annot" / f"{number}.png"
            )
    return tmp_path / "data"


def test_the_figures_are_those_of_the_masks(
    tiny_checkpoint: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--device", "cpu", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["variants"]
    model = load(tiny_checkpoint, device="cpu")
    for variant in ("32s", "16s", "8s"):
        truths, masks = [], []
        for path in sorted((data / "val").iterdir()):
            truth = np.asarray(Image.open(data / "valannot" / path.name))
            truths.append(truth[truth != 11])
            masks.append(model.trace(path).mask(variant)[truth != 11])
        truth, mask = np.concatenate(truths), np.concatenate(masks)
        assert found[variant]["pixel_accuracy"] == pytest.approx((truth == mask).mean())
        assert found[variant]["mean_iu"] == pytest.approx(jaccard_score(truth, mask, average="macro"))


def test_the_table_has_a_row_for_each_variant(
    tiny_checkpoint: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--classes"]) == 0
    out = capsys.readouterr().out
    for word in ("FCN-32s", "FCN-16s", "FCN-8s", "mean IU", "f.w. IU", "Bicyclist"):
        assert word in out


def test_a_split_that_is_not_there_is_named(
    tiny_checkpoint: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(data), "--split", "test", "--weights", str(tiny_checkpoint)]) == 2
    assert "test: no such folder" in capsys.readouterr().err


RECIPE = """
name = "short"
channels = [4, 4, 4, 4, 4]
fc_channels = 4

[[stages]]
epochs = 40
crop = [32, 32]
scale = [1.0, 1.0]
batch = 2
"""


def test_a_run_stops_at_ctrl_c_and_goes_on(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "short.toml").write_text(RECIPE)
    run = tmp_path / "run"
    command = [
        "train",
        "--data",
        str(data),
        "-o",
        str(run),
        "--recipe",
        str(tmp_path / "short.toml"),
        "--device",
        "cpu",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "fcn_studio", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "epoch 1/40" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in err
    assert (run / "last.pt").exists()
    done = len((run / "log.csv").read_text().splitlines()) - 1
    assert 1 <= done < 40

    assert main(command) == 2  # a run is here already
    assert "add --resume" in capsys.readouterr().err
    start = time.monotonic()
    assert main([*command, "--resume"]) == 0
    assert time.monotonic() - start < 120
    rows = (run / "log.csv").read_text().splitlines()[1:]
    assert [int(row.split(",")[0]) for row in rows] == list(range(1, 41))
    assert main(["weights", "info", str(run / "best.safetensors")]) == 0
    assert json.loads(capsys.readouterr().out.split("best.safetensors\n", 1)[1])["card"]["recipe"]["name"] == "short"


def test_unknown_recipes_list_the_built_in_ones(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", str(data), "-o", str(tmp_path / "run"), "--recipe", "quick"]) == 2
    assert "modern" in capsys.readouterr().err
