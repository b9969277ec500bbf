"""Evaluating models over a data set: several at once, foreign classes, and independence from how it is run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import jaccard_score

from fcn_studio import load
from fcn_studio.core.datasets.dataset import open_dataset
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.measuring.evaluation import evaluate, evaluate_models
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import random_net

CLASSES = ["Sky", "tree", "boat"]  # of the folder: the third is none of CamVid's


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plain data set of three photos with its own classes."""
    rng = np.random.default_rng(2)
    root = tmp_path / "own"
    for place in ("images/val", "masks/val"):
        (root / place).mkdir(parents=True)
    for number in range(3):
        size = (40 + number, 48)
        truth = rng.integers(0, 4, (5, 6)).astype(np.uint8).repeat(10, 0).repeat(8, 1)[: size[0]]
        truth[truth == 3] = 255
        Image.fromarray(rng.integers(0, 255, (*size, 3)).astype(np.uint8)).save(root / "images/val" / f"{number}.png")
        Image.fromarray(truth[: size[0], :48]).resize((48, size[0]), Image.Resampling.NEAREST).save(
            root / "masks/val" / f"{number}.png"
        )
    (root / "labels.json").write_text(json.dumps({"name": "own", "classes": CLASSES, "void": 255}))
    return root


def _checkpoint(path: Path, labels: LabelSet, variants: tuple[str, ...], seed: int = 0) -> Path:
    architecture = Architecture(
        num_classes=len(labels),
        alignment="same",
        channels=(4, 4, 4, 4, 4),
        fc_channels=4,
        variants=variants,
        batch_norm=True,
    )
    save_checkpoint(path, random_net(architecture, seed), labels=labels, preprocessing=IMAGENET_RGB, card={})
    return path


def test_foreign_classes_count_by_name(folder: Path, tiny_checkpoint: Path) -> None:
    model = load(tiny_checkpoint, device="cpu")
    found = evaluate(model, folder, "val")
    truths, masks = [], []
    for number in range(3):
        truth = np.asarray(Image.open(folder / "masks/val" / f"{number}.png"))
        kept = truth < 2  # boats are left out like void
        truths.append(np.array([0, 5])[truth[kept]])  # Sky and Tree of CamVid
        masks.append(model.trace(folder / "images/val" / f"{number}.png").mask("8s")[kept])
    truth, mask = np.concatenate(truths), np.concatenate(masks)
    assert found["8s"].mean_iu == pytest.approx(jaccard_score(truth, mask, labels=[0, 5], average="macro"))
    assert found["8s"].pixel_accuracy == pytest.approx((truth == mask).mean())
    assert np.isnan(found["8s"].class_iu[1])


def test_three_nets_of_one_variant_each_are_one_chain(
    folder: Path, tiny_checkpoint: Path, camvid: LabelSet, tmp_path: Path
) -> None:
    paths = [_checkpoint(tmp_path / f"net{v}.safetensors", camvid, (v,)) for v in ("8s", "32s", "16s")]
    models = [load(path, device="cpu") for path in paths]
    found = evaluate_models(models, open_dataset(folder), "val")
    assert found.keys == ("32s", "16s", "8s")
    assert list(found.skips) == [("32s", "16s"), ("16s", "8s")]
    assert found.widest == ("32s", "8s")
    for model in models:
        (variant,) = model.variants
        np.testing.assert_equal(found.variants[variant].class_iu, evaluate(model, folder, "val")[variant].class_iu)
    again = evaluate_models([models[0], load(tiny_checkpoint, device="cpu")], open_dataset(folder), "val")
    assert again.keys == ("8s@net8s", "32s@tiny", "16s@tiny", "8s@tiny")
    assert again.widest == ("8s@net8s", "8s@tiny")
    np.testing.assert_array_equal(again.confusion["8s@net8s"], found.confusion["8s"])


def test_models_of_other_classes_are_refused_together(folder: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    other = LabelSet("two", ("sky", "sea"), ((1, 2, 3), (4, 5, 6)))
    models = [
        load(path, device="cpu") for path in (tiny_checkpoint, _checkpoint(tmp_path / "b.safetensors", other, ("32s",)))
    ]
    with pytest.raises(DataError, match="one by one"):
        evaluate_models(models, open_dataset(folder), "val")


def test_a_photo_that_fails_is_told_and_the_others_count(folder: Path, tiny_checkpoint: Path) -> None:
    model = load(tiny_checkpoint, device="cpu")
    whole = evaluate_models([model], open_dataset(folder), "val")
    (folder / "images/val/1.png").write_bytes(b"no image")
    failed: list[str] = []
    found = evaluate_models(
        [model], open_dataset(folder), "val", on_failure=lambda example, error: failed.append(example.photo.name)
    )
    assert failed == ["1.png"]
    assert found.photos == (whole.photos[0], whole.photos[2])
    with pytest.raises(DataError):
        evaluate(model, folder, "val")
    for name in ("0.png", "2.png"):
        (folder / "images/val" / name).write_bytes(b"no image")
    with pytest.raises(DataError, match="none of the 3 photos"):
        evaluate_models([model], open_dataset(folder), "val", on_failure=lambda example, error: None)


def test_the_street_net_agrees_with_scikit_learn_on_generated_photos(tmp_path: Path) -> None:
    """Road below, sky above, a box between: photos that the real net takes for more than one class."""
    rng = np.random.default_rng(4)
    (tmp_path / "labels.json").write_text('{"name": "camvid"}')
    for place in ("val", "valannot"):
        (tmp_path / place).mkdir()
    for number in range(3):
        truth = np.zeros((96, 128), np.uint8)
        truth[40:70], truth[70:], truth[50:80, 30 + 20 * number : 60 + 20 * number] = 1, 3, 8
        truth[:, :4] = 11
        colours = np.zeros((12, 3))
        colours[[0, 1, 3, 8]] = (200, 215, 235), (130, 95, 70), (90, 90, 95), (150, 30, 30)
        photo = (colours[truth] + rng.normal(0, 8, (96, 128, 3))).clip(0, 255).astype(np.uint8)
        Image.fromarray(photo).save(tmp_path / "val" / f"{number}.png")
        Image.fromarray(truth).save(tmp_path / "valannot" / f"{number}.png")
    model = load("camvid-vgg16", device="cpu", precision="fp32")
    found = evaluate(model, tmp_path, "val")
    for variant in model.variants:
        truths, masks = [], []
        for number in range(3):
            truth = np.asarray(Image.open(tmp_path / "valannot" / f"{number}.png"))
            truths.append(truth[truth != 11])
            masks.append(model.trace(tmp_path / "val" / f"{number}.png").mask(variant)[truth != 11])
        truth, mask = np.concatenate(truths), np.concatenate(masks)
        assert len(np.unique(mask)) > 1
        assert found[variant].mean_iu == pytest.approx(jaccard_score(truth, mask, average="macro"))
