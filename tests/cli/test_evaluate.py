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
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import jaccard_score

from fcn_studio import load
from fcn_studio.cli.main import main
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import random_net


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
    (tmp_path / "data" / "labels.json").write_text('{"name": "camvid"}')
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


def test_a_class_that_is_nowhere_has_no_figure_in_valid_json(
    tiny_checkpoint: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (data / "valannot").iterdir():
        mask = np.asarray(Image.open(path)).copy()
        mask[mask == 10] = 11
        Image.fromarray(mask).save(path)
    assert main(["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--device", "cpu", "--json"]) == 0

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(capsys.readouterr().out, parse_constant=refuse)["variants"]
    assert {figures["class_iu"]["Bicyclist"] for figures in found.values()} <= {None, 0.0}


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


@pytest.fixture
def patches(tmp_path: Path) -> Path:
    """Four photos whose truths are patches of classes and void, and one without any boundary."""
    rng = np.random.default_rng(8)
    for folder in ("val", "valannot"):
        (tmp_path / "patches" / folder).mkdir(parents=True)
    (tmp_path / "patches" / "labels.json").write_text('{"name": "camvid"}')
    for number in range(5):
        height, width = 41 + number, 56
        truth = rng.integers(0, 12, (5, 6)).astype(np.uint8).repeat(10, axis=0).repeat(10, axis=1)[:height, :width]
        truth = np.full_like(truth, 3) if number == 4 else truth
        pixels = rng.integers(0, 255, (height, width, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "patches" / "val" / f"[{number}].png")
        Image.fromarray(truth).save(tmp_path / "patches" / "valannot" / f"[{number}].png")
    return tmp_path / "patches"


def _distance(truth: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Pixels to the nearest boundary that is not void's, by trying all."""
    edge = np.zeros(truth.shape, dtype=bool)
    for (y, x), label in np.ndenumerate(truth):
        around = [truth[y + dy, x] for dy in (-1, 1) if 0 <= y + dy < truth.shape[0]]
        around += [truth[y, x + dx] for dx in (-1, 1) if 0 <= x + dx < truth.shape[1]]
        edge[y, x] = label != 11 and any(other not in (label, 11) for other in around)
    if not edge.any():
        return np.full(truth.shape, np.inf)
    rows, columns = np.meshgrid(*map(np.arange, truth.shape), indexing="ij")
    ys, xs = np.nonzero(edge)
    distance: NDArray[np.float64] = np.hypot(rows[..., None] - ys, columns[..., None] - xs).min(axis=-1)
    return distance


def _block_majority(truth: NDArray[np.uint8], stride: int) -> NDArray[np.uint8]:
    coarse = np.zeros_like(truth)
    for top in range(0, truth.shape[0], stride):
        for left in range(0, truth.shape[1], stride):
            block = truth[top : top + stride, left : left + stride]
            labels, counts = np.unique(block[block != 11], return_counts=True)
            if labels.size:
                coarse[top : top + stride, left : left + stride] = labels[counts.argmax()]
    return coarse


def test_boundary_figures_are_those_of_all_pixels_together(
    tiny_checkpoint: Path, patches: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--data", str(patches), "--weights", str(tiny_checkpoint), "--device", "cpu", "--json"]
    assert main(command) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main([*command, "--boundary"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"boundary", "ceiling", "skips"} == found.keys() - plain.keys()
    assert {name: found[name] for name in plain} == plain

    model = load(tiny_checkpoint, device="cpu")
    paths = sorted((patches / "val").iterdir())
    truths = [np.asarray(Image.open(patches / "valannot" / path.name)) for path in paths]
    traces = [model.trace(path) for path in paths]
    truth = np.concatenate([one.ravel() for one in truths])
    labelled = truth != 11
    masks = {v: np.concatenate([trace.mask(v).ravel() for trace in traces]) for v in ("32s", "16s", "8s")}

    distance = np.concatenate([_distance(one).ravel() for one in truths])
    assert found["boundary"]["widths"] == [1, 2, 4, 8, 16, 32]
    for variant, mask in masks.items():
        for width, mean_iu in zip((1, 2, 4, 8, 16, 32), found["boundary"]["variants"][variant]["mean_iu"], strict=True):
            inside = labelled & (distance < width)
            assert mean_iu == pytest.approx(jaccard_score(truth[inside], mask[inside], average="macro"))

    for stride in (32, 16, 8):
        coarse = np.concatenate([_block_majority(one, stride).ravel() for one in truths])
        expected = jaccard_score(truth[labelled], coarse[labelled], average="macro")
        assert found["ceiling"][str(stride)]["mean_iu"] == pytest.approx(expected)

    assert list(found["skips"]["steps"]) == ["32s->16s", "16s->8s"]
    for before, after in (("32s", "16s"), ("16s", "8s")):
        step = found["skips"]["steps"][f"{before}->{after}"]
        t, b, a = truth[labelled], masks[before][labelled], masks[after][labelled]
        assert step["rescued"] == pytest.approx(((b != t) & (a == t)).mean())
        assert step["harmed"] == pytest.approx(((b == t) & (a != t)).mean())
        assert step["both_wrong"] == pytest.approx(((b != t) & (a != t) & (a != b)).mean())
        assert sum(counts["labelled"] for counts in step["class_pixels"].values()) == labelled.sum()

    net = {
        path.name: int((trace.mask("8s") == one)[one != 11].sum()) - int((trace.mask("32s") == one)[one != 11].sum())
        for path, trace, one in zip(paths, traces, truths, strict=True)
    }
    ranked = sorted(net.items(), key=lambda pair: -pair[1])
    helped = [(row["photo"], row["net_pixels"]) for row in found["skips"]["helped_most"]]
    harmed = [(row["photo"], row["net_pixels"]) for row in found["skips"]["harmed_most"]]
    assert helped == [pair for pair in ranked if pair[1] > 0]
    assert harmed == [pair for pair in reversed(ranked) if pair[1] < 0]
    assert helped or harmed


def test_boundary_tables_follow_the_usual_ones(
    tiny_checkpoint: Path, patches: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--data", str(patches), "--weights", str(tiny_checkpoint), "--device", "cpu"]
    assert main(command) == 0
    plain = capsys.readouterr().out
    assert main([*command, "--boundary"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(plain)
    for words in (
        "N pixels of a boundary",
        "grid of each stride",
        "FCN-32s to FCN-16s",
        "FCN-16s to FCN-8s",
        "net pixels",
        "No strict bound",
    ):
        assert words in out[len(plain) :]
        assert words not in plain
    assert "[0].png" in out  # not taken for a style


def test_a_truth_without_boundaries_has_no_boundary_figures(
    tiny_checkpoint: Path, patches: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(4):
        (patches / "val" / f"[{number}].png").unlink()
    command = ["evaluate", "--data", str(patches), "--weights", str(tiny_checkpoint), "--device", "cpu", "--boundary"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["boundary"]["variants"]["8s"]["mean_iu"] == [None] * 6
    assert found["ceiling"]["32"]["mean_iu"] == 1.0


def test_a_net_without_skips_has_no_skip_table(
    tmp_path: Path, patches: Path, camvid: LabelSet, capsys: pytest.CaptureFixture[str]
) -> None:
    net = random_net(
        Architecture(
            num_classes=11,
            alignment="same",
            channels=(4, 4, 4, 4, 4),
            fc_channels=4,
            variants=("32s",),
            batch_norm=True,
        )
    )
    weights = tmp_path / "only32s.safetensors"
    save_checkpoint(weights, net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    assert main(["evaluate", "--data", str(patches), "--weights", str(weights), "--device", "cpu", "--boundary"]) == 0
    out = capsys.readouterr().out
    assert "grid of each stride" in out
    assert "wrong to right" not in out
    assert "net pixels" not in out


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


def test_a_photo_that_cannot_be_read_is_named_and_the_others_are_reported(
    tiny_checkpoint: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "val" / "1.png").write_bytes(b"broken")
    report, table = tmp_path / "report", tmp_path / "photos.csv"
    command = ["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--device", "cpu"]
    assert main([*command, "--report", str(report), "--csv", str(table), "--json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert "1.png" in err
    assert [Path(entry["photo"]).name for entry in found["failed"]] == ["1.png"]
    assert table.read_bytes() == (report / "photos.csv").read_bytes()
    assert len(table.read_text().splitlines()) == 1 + 2
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    assert summary["variants"] == found["variants"]
    assert "--report" in summary["command"]
    assert summary["photos"] == 2
    assert any((report / "pictures").iterdir())
    assert "1 could not be used" in (report / "report.html").read_text(encoding="utf-8")


def test_a_report_is_refused_before_any_work_where_other_files_lie(
    tiny_checkpoint: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--report", str(data)]) == 1
    out, err = capsys.readouterr()
    assert "not of an earlier report" in err
    assert out == ""


def test_several_weights_make_one_table(
    tiny_checkpoint: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(tiny_checkpoint.read_bytes())
    command = ["evaluate", "--data", str(data), "--device", "cpu", "--weights", str(tiny_checkpoint), str(other)]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["variants"]) == [f"{v}@{name}" for name in ("tiny", "other") for v in ("32s", "16s", "8s")]
    assert found["variants"]["8s@tiny"] == found["variants"]["8s@other"]
    assert [made["weights"] for made in found["checkpoints"]] == ["tiny", "other"]


def test_runs_are_named_a_replaced_report_is_told_and_so_is_a_truth_of_one_class(
    tiny_checkpoint: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [tmp_path / run / "best.safetensors" for run in ("first", "second")]
    for file in runs:
        file.parent.mkdir()
        file.write_bytes(tiny_checkpoint.read_bytes())
    out = tmp_path / "report"
    command = ["evaluate", "--data", str(data), "--device", "cpu", "--weights", *map(str, runs), "--report", str(out)]
    assert main(command) == 0
    printed, err = capsys.readouterr()
    assert "first/best, second/best on val" in printed
    assert "replaced" not in err
    assert "occurs" not in err
    for mask in (data / "valannot").iterdir():
        truth = np.asarray(Image.open(mask))
        Image.fromarray(np.where(truth < 6, 0, 11).astype(np.uint8)).save(mask)
    assert main(command) == 0
    _, err = capsys.readouterr()
    assert err.count(f"replaced the report that was in {out}") == 1
    assert err.count("In val only Sky occurs") == 1
    assert "In val only Sky occurs" in (out / "report.html").read_text(encoding="utf-8")


def test_photos_that_all_fail_are_no_usage_error(
    tiny_checkpoint: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for photo in (data / "val").iterdir():
        photo.write_bytes(b"broken")
    assert main(["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--device", "cpu"]) == 1
    assert "none of the 3 photos" in capsys.readouterr().err


def test_classes_that_nobody_names_are_no_nets(
    tiny_checkpoint: Path, data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (data / "labels.json").unlink()
    plain = ["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--device", "cpu"]
    assert main([*plain, "--report", str(tmp_path / "report")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "nothing says what the classes of these masks are" in said.err
    assert "--labels" in said.err
    assert not (tmp_path / "report").exists()
    assert main([*plain, "--labels", "camvid", "--report", str(tmp_path / "report")]) == 0
    assert "--labels camvid" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_a_palette_in_another_order_gives_the_same_figures_and_is_said(
    tiny_checkpoint: Path, data: Path, camvid: LabelSet, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--data", str(data), "--weights", str(tiny_checkpoint), "--device", "cpu", "--json"]
    assert main(command) == 0
    before = capsys.readouterr()
    order = np.random.default_rng(1).permutation(12)
    colours = np.array([*camvid.colours, camvid.void_colour], np.uint8)
    for path in (data / "valannot").iterdir():
        image = Image.fromarray(np.argsort(order)[np.asarray(Image.open(path))].astype(np.uint8))
        image.putpalette(colours[order].tobytes())
        image.save(path)
    assert main(command) == 0
    after = capsys.readouterr()
    assert json.loads(after.out)["variants"] == json.loads(before.out)["variants"]
    assert "read by colour, not by index" in after.err
    assert "read by colour" not in before.err


def test_the_only_split_is_measured_as_it_is_unless_val_is_asked_for(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in ("images", "masks"):
        (tmp_path / "set" / place).mkdir(parents=True)
    for number in range(5):
        truth = np.random.default_rng(number).integers(0, 11, (40, 48)).astype(np.uint8)
        Image.fromarray(truth).convert("RGB").save(tmp_path / "set" / "images" / f"{number}.png")
        Image.fromarray(truth).save(tmp_path / "set" / "masks" / f"{number}.png")
    (tmp_path / "set" / "labels.json").write_text('{"name": "camvid"}')
    plain = ["evaluate", "--data", str(tmp_path / "set"), "--weights", str(tiny_checkpoint), "--device", "cpu"]
    for more, rows in (([], 5), (["--split", "val"], 1), (["--split", "train"], 4)):
        assert main([*plain, *more, "--csv", str(tmp_path / "rows.csv")]) == 0
        assert len((tmp_path / "rows.csv").read_text().splitlines()) == rows + 1
        assert ("all is the only split" in capsys.readouterr().err) == (not more)
