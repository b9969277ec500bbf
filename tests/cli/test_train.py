"""`fcn-studio train` as a user runs it: a small data set of two classes, Ctrl+C, --resume."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_studio import load
from fcn_studio.cli.main import main
from fcn_studio.core.datasets.dataset import read_example
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_data import run_dataset
from fcn_studio.core.run_folder import BEST, CURVES, LAST, NEWEST, read_log, read_run

RECIPE = """
name = "tiny"
channels = [4, 4, 8, 8, 8]
fc_channels = 8
dropout = 0.2
[[stages]]
epochs = 12
crop = [32, 48]
scale = [0.8, 1.2]
batch = 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """images/, masks/ and a labels.json, as people have them; and a recipe."""
    rng = np.random.default_rng(0)
    data = tmp_path / "cracks"
    for split in ("train", "val"):
        for kind in ("images", "masks"):
            (data / kind / split).mkdir(parents=True)
        for number in range(4 if split == "train" else 2):
            mask = np.zeros((48, 64), np.uint8)
            mask[20 + number : 26 + number] = 1
            photo = np.where(mask[:, :, None], 40, 160) + rng.integers(0, 30, (48, 64, 3))
            Image.fromarray(photo.astype(np.uint8)).save(data / "images" / split / f"{number}.png")
            Image.fromarray(mask).save(data / "masks" / split / f"{number}.png")
    (data / "labels.json").write_text(json.dumps({"name": "cracks", "classes": ["background", "crack"]}))
    (tmp_path / "tiny.toml").write_text(RECIPE)
    return tmp_path


def command(folder: Path, run: str, *more: str) -> list[str]:
    plain = ["train", "-o", folder / run, "--data", folder / "cracks", "--recipe", folder / "tiny.toml"]
    return [*map(str, plain), "--device", "cpu", "--precision", "fp32", *more]


def test_ctrl_c_and_resume_end_where_a_straight_run_ends(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(
        [sys.executable, "-m", "fcn_studio", *command(folder, "broken", "--set", "learning_rate=2e-3")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    deadline = time.monotonic() + 120
    while len(read_log(folder / "broken")) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    assert "Go on with: fcn-studio train -o" in complaint
    assert "Traceback" not in complaint
    done = len(read_log(folder / "broken"))
    assert 2 <= done < 12
    assert said.count("epoch ") == done  # without a terminal, a line an epoch
    assert read_run(folder / "broken").state == "stopped"
    monkeypatch.chdir(folder)
    assert main(["train", "-o", "broken", "--resume", "--device", "cpu"]) == 0  # the rest is known
    assert main(command(folder, "straight", "--set", "learning_rate=2e-3")) == 0
    assert (folder / "straight" / BEST).read_bytes() == (folder / "broken" / BEST).read_bytes()
    assert [row.loss for row in read_log(folder / "broken")] == [row.loss for row in read_log(folder / "straight")]
    assert len(read_log(folder / "broken")) == 12
    assert read_run(folder / "broken").state == "finished"
    assert read_run(folder / "broken").recipe["learning_rate"] == 2e-3
    assert {path.name for path in (folder / "broken").iterdir()} == {
        BEST, NEWEST, LAST, CURVES, "log.csv", "run.json"
    }  # fmt: skip
    card = load(folder / "broken" / BEST).card
    assert card["data"] == {"name": "cracks", "train_images": 4, "val_images": 2}
    assert card["trained"]["precision"] == "fp32"
    capsys.readouterr()
    assert main(command(folder, "broken")) == 2
    assert "a run is here already" in capsys.readouterr().err
    (folder / "broken" / LAST).rename(folder / "last.pt")
    assert main(command(folder, "broken")) == 2
    assert "a run is here already (best.safetensors, newest.safetensors); choose another" in capsys.readouterr().err
    (folder / "last.pt").rename(folder / "broken" / LAST)
    for more, left_out in ((["--epochs", "9"], "--epochs"), (["--epochs", "12", "--set", "seed=9"], "--set, --epochs")):
        assert main(["train", "-o", "broken", "--resume", *more]) == 2
        assert f"leave out {left_out}, or" in capsys.readouterr().err
    # All as it was, and all said again; nobody asks for the precision now.
    assert main(["train", "-o", "broken", "--resume", "--device", "cpu", "--set", "learning_rate=2e-3"]) == 0
    assert "fp32, as the run began." in capsys.readouterr().err


def test_the_second_signal_ends_at_once() -> None:
    script = (
        "import os, signal, time\nfrom fcn_studio.cli.interrupts import stopping\n"
        "with stopping() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    assert stop()\n    print('asked', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(30)\n    print('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=25, check=False)
    assert done.stdout == "asked\n", done.stderr
    assert done.returncode == -signal.SIGINT


def test_choices_are_checked_before_anything_is_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more, said in (
        (("--set", "learning_rat=1"), "learning_rat"),
        (("--epochs", "0"), "at least 1 is needed"),
        (("--labels", "nothing"), "neither a TOML file nor one of the built-in label sets"),
        (("--split", "test"), "test"),
        (("--set", "stages.*.batch=0"), "fcn-studio: batch = 0 in a stage must be 1 or more"),
        (("--set", "channels=[8,12]"), "fcn-studio: channels = [8, 12] must be 5 whole numbers from 1 to 8192"),
        (("--init", "nope"), "`fcn-studio weights list`"),
    ):
        assert main(command(folder, "run", *more)) == 2
        assert said in capsys.readouterr().err
    assert main(["train", "-o", str(folder / "run")]) == 2
    assert "--data DIR" in capsys.readouterr().err
    assert main(["train", "-o", str(folder / "run"), "--resume", "--data", str(folder / "cracks")]) == 2
    assert "nothing to resume" in capsys.readouterr().err
    assert main(["train", "-o", str(folder / "run"), "--resume"]) == 2
    assert f"{folder / 'run'}: no run is in this folder" in capsys.readouterr().err
    file = folder / "cracks" / "labels.json"
    for output in (file, file / "run"):
        assert main(command(folder, str(output))) == 2
        assert f"{file} is a file; name a folder" in capsys.readouterr().err
    assert not (folder / "run").exists()


def test_masks_that_show_one_class_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (folder / "cracks" / "masks" / "train").iterdir():
        with Image.open(path) as mask:
            mask.point([255 if value else 0 for value in range(256)]).save(path)
    for balance in ("0.65", "0"):  # counted for class weights, and only looked for
        assert main(command(folder, "run", "--set", f"stages.*.class_balance={balance}")) == 2
        assert "In train only background occurs" in capsys.readouterr().err
    assert not (folder / "run" / BEST).exists()


def test_a_run_that_fails_leaves_a_folder_to_start_in_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(folder, "run", "--set", "learning_rate=1e30", "--set", "warm_up=0.5")) == 1
    assert "Start again with a lower learning rate" in capsys.readouterr().err
    assert read_run(folder / "run").state == "failed"
    assert main(command(folder, "run", "--epochs", "1")) == 0
    assert main(command(folder, "second", "--init", str(folder / "run"))) == 2
    assert f"is the folder of a training run; give its checkpoint, {folder / 'run' / BEST}" in capsys.readouterr().err


def test_tensorboard_gets_the_scalars(folder: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert main(command(folder, "run", "--epochs", "2", "--val-every", "1", "--tensorboard")) == 0
    events = accumulator.EventAccumulator(str(folder / "run" / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2, 3, 4]
    rows = read_log(folder / "run")
    found = [event.value for event in events.Scalars("val_mean_iu/8s")]
    assert found == pytest.approx([row.val["8s"].mean_iu for row in rows], abs=1e-4)
    # Where the folder cannot be used, its writer's thread ends too.
    (folder / "broken" / "log.csv").mkdir(parents=True)
    before = threading.active_count()
    assert main(command(folder, "broken", "--epochs", "1", "--tensorboard")) == 2
    assert threading.active_count() == before


def test_without_tensorboard_a_sentence_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    assert main(command(folder, "run", "--epochs", "1", "--tensorboard")) == 2
    assert "--tensorboard needs the package tensorboard" in capsys.readouterr().err


def test_classes_that_nobody_names_are_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cracks" / "labels.json").unlink()
    assert main(command(folder, "run")) == 2
    said = capsys.readouterr().err
    assert "nothing says what the classes of these masks are" in said
    assert "labels.json" in said
    assert "--labels" in said
    assert not (folder / "run").exists()


def test_the_only_split_is_divided_and_a_resumed_run_reads_its_masks_as_it_began(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values 1, 2 and 3 of SIFT Flow's geometric files are classes 0 to 2, and 0 is unlabelled."""
    data = folder / "flat"
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (data / kind).mkdir(parents=True)
    for number in range(6):
        mask = rng.integers(0, 4, (4, 4)).astype(np.uint8).repeat(12, 0).repeat(16, 1)
        photo = np.array([[0, 0, 0], [90, 140, 200], [70, 90, 60], [150, 90, 40]], np.uint8)[mask]
        Image.fromarray(photo).save(data / "images" / f"{number}.png")
        Image.fromarray(mask).save(data / "masks" / f"{number}.png")
    plain = ["-o", str(folder / "run"), "--device", "cpu", "--precision", "fp32"]
    first = ["train", *plain, "--data", str(data), "--labels", "siftflow-geometric", "--epochs", "1"]
    assert main([*first, "--recipe", str(folder / "tiny.toml")]) == 0
    said = capsys.readouterr().err
    assert "all is the only split: every fifth of its photos is val" in said
    assert "0 is unlabelled and the classes are 1 to 3" in said
    info = read_run(folder / "run")
    assert info.encoding is not None
    assert info.encoding["values"] == [1, 2, 3]
    pairs = run_dataset(info).examples("train")
    assert len(pairs) == 5
    truth = read_example(pairs[0], LabelSet.from_dict(info.label_set))[1]
    values = np.asarray(Image.open(pairs[0].mask))
    np.testing.assert_array_equal(truth, np.where(values, values - 1, 255))
    assert main(["train", *plain, "--resume"]) == 0


def test_codes_of_another_tool_are_trained_on(folder: Path) -> None:
    (folder / "cracks" / "labels.json").unlink()
    (folder / "cracks" / "codes.txt").write_text("background\ncrack\n")
    assert main(command(folder, "run", "--epochs", "1")) == 0
    assert load(folder / "run" / BEST, device="cpu").labels.classes == ("background", "crack")
