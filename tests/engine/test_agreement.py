"""Agreement of precisions and backends: shares and mean IU against what traces and scikit-learn say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import jaccard_score

import fcn_studio as fs
from fcn_studio.cli.main import main
from fcn_studio.core.errors import DeviceError
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.measuring.agreement import choices_at_hand, compare
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.tracing.device import choose_device
from tests.conftest import random_net

VOID = 255


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet) -> Path:
    """Three photos with masks of areas, some of them void."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number, (height, width) in enumerate([(88, 120), (73, 101), (48, 32)]):
        cells = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).repeat(8, 0).repeat(8, 1)
        Image.fromarray(cells[:height, :width].astype(np.uint8)).save(folder / "images" / f"{number}.png")
        mask = rng.integers(0, 12, (height // 8 + 1, width // 8 + 1)).repeat(8, 0).repeat(8, 1)[:height, :width]
        Image.fromarray(np.where(mask == 11, VOID, mask).astype(np.uint8)).save(folder / "masks" / f"{number}.png")
    (folder / "val.txt").write_text("0\n1\n2\n")
    (folder / "labels.json").write_text(json.dumps({"name": camvid.name, "classes": list(camvid.classes)}))
    return folder


def pixels(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def test_shares_and_means_are_those_of_the_traces(dataset: Path) -> None:
    seen: list[tuple[int, int]] = []
    bf16 = choices_at_hand("cpu", "bf16", "torch")
    found = compare(
        "camvid-vgg16", bf16, dataset, "val", limit=2, on_image=lambda done, total: seen.append((done, total))
    )
    assert (found.photos, seen) == (2, [(1, 2), (2, 2)])
    assert (found.reference.choice.precision, found.reference.choice.backend) == ("fp32", "torch")
    assert [entry.choice.precision for entry in found.others] == ["bf16"]
    models = [fs.load("camvid-vgg16", device="cpu", precision=name, backend="torch") for name in ("fp32", "bf16")]
    traces = [[model.trace(dataset / "images" / f"{number}.png") for number in range(2)] for model in models]
    truth = np.concatenate([pixels(dataset / "masks" / f"{number}.png").ravel() for number in range(2)])
    for variant in ("32s", "16s", "8s"):
        masks = [np.concatenate([trace.mask(variant).ravel() for trace in some]) for some in traces]
        share = np.mean(masks[0] == masks[1])
        assert found.others[0].equal[variant] == pytest.approx(share, abs=1e-12)
        assert found.reference.equal[variant] == 1
        for entry, mask in zip((found.reference, *found.others), masks, strict=True):
            known = truth != VOID
            classes = np.unique(np.concatenate([truth[known], mask[known]]))
            expected = jaccard_score(truth[known], mask[known], labels=classes, average="macro")
            assert entry.metrics[variant].mean_iu == pytest.approx(expected, abs=1e-9)
    assert min(found.others[0].equal.values()) < 1  # else this test sees nothing
    off = max(
        np.abs(a.node(name) - b.node(name)).max() / np.abs(a.node(name)).max()
        for a, b in zip(*traces, strict=True)
        for name in a.score_maps
    )
    assert found.others[0].score_difference == pytest.approx(off, rel=1e-6)
    assert found.reference.score_difference == 0
    assert found.others[0].seconds > 0


def test_openvino_in_fp32_agrees(tiny_checkpoint: Path, dataset: Path) -> None:
    pytest.importorskip("openvino", reason="the extra `fast` is not installed")
    (entry,) = compare(str(tiny_checkpoint), choices_at_hand("cpu", "fp32", "openvino"), dataset, "val").others
    assert entry.choice.backend == "openvino"
    assert 0 < entry.score_difference < 1e-5
    assert min(entry.equal.values()) > 0.9995


def test_what_is_at_hand_is_what_the_options_leave() -> None:
    def names(*asked: str) -> list[tuple[str, str, str]]:
        return [(choice.device, choice.precision, choice.backend) for choice in choices_at_hand(*asked)]

    assert ("cpu", "bf16", "torch") in names()
    assert names("cpu", "bf16", "torch") == [("cpu", "bf16", "torch")]
    assert all(device == "cpu" for device, _, _ in names("cpu"))
    with pytest.raises(DeviceError, match="Nothing to compare: no way to run fp16 by torch on cpu is known"):
        choices_at_hand("cpu", "fp16", "torch")


def test_a_way_that_fell_back_is_left_out_with_the_reason(tmp_path: Path, dataset: Path, camvid: LabelSet) -> None:
    pytest.importorskip("openvino", reason="the extra `fast` is not installed")
    net = random_net(Architecture(11, trunk="alexnet", alignment="same", channels=(4, 6, 8, 8, 6), fc_channels=8))
    path = tmp_path / "alexnet.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    both = [choose_device("cpu", "bf16", "torch"), choose_device("cpu", "fp32", "openvino")]
    found = compare(str(path), both, dataset, "val", limit=1)
    assert [(entry.choice.precision, entry.choice.backend) for entry in found.others] == [("bf16", "torch")]
    (reason,) = found.left_out
    assert reason.endswith("This net is run by torch, since OpenVINO runs nets on VGG-16 and EfficientNet-Lite only.")
    with pytest.raises(DeviceError, match="EfficientNet-Lite only"):
        compare(str(path), both[1:], dataset, "val", limit=1)


def test_the_command_prints_what_was_found(
    tiny_checkpoint: Path, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["bench", "--weights", str(tiny_checkpoint), "--device=cpu", "--precision=bf16", "--backend=torch"]
    assert main([*options, "--agreement", "--data", str(dataset), "--limit", "2", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    (found,) = compare(str(tiny_checkpoint), choices_at_hand("cpu", "bf16", "torch"), dataset, "val", limit=2).others
    (entry,) = printed["others"]
    assert (printed["photos"], entry["precision"], entry["backend"]) == (2, "bf16", "torch")
    assert entry["largest_score_difference"] == found.score_difference
    for variant, values in entry["variants"].items():
        reference = printed["reference"]["variants"][variant]["mean_iu"]
        assert values["equal_labels"] == found.equal[variant]
        assert values["mean_iu"] == found.metrics[variant].mean_iu
        assert values["mean_iu_change"] == values["mean_iu"] - reference
    assert main([*options, "--agreement", "--data", str(dataset), "--limit", "1"]) == 0
    table = capsys.readouterr().out
    assert "torch bf16" in table
    assert "on 1 photos of val" in table
    assert main([*options, "--agreement"]) == 2
    assert "name its folder with --data DIR" in capsys.readouterr().err
