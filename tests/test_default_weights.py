"""The checkpoint that comes with the program: its size, its papers, and what it sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fcn_studio as fs
from fcn_studio import paths
from fcn_studio.core.metrics import metrics
from fcn_studio.engine.evaluation import evaluate
from fcn_studio.engine.model import embedded

CAMVID = Path(__file__).parents[2] / "shared" / "data" / "camvid"


def test_it_is_small_and_says_what_it_is() -> None:
    path = embedded()["default"]
    assert path.stat().st_size <= 25_000_000
    model = fs.load("default", device="cpu")
    assert model.variants == ("32s", "16s", "8s")
    assert model.labels.classes[0] == "Sky"
    assert "CC BY-NC 4.0" in model.card["data"]["licence"]
    assert "SegNet" in model.card["data"]["source"]
    recipes = (model.card["recipe"]["name"], model.card["started_from"]["card"]["recipe"]["name"])
    assert recipes == ("modern-finish", "modern")
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert model.digest in card  # the card beside the file is about this very file


@pytest.mark.parametrize("variant", ["32s", "16s", "8s"])
def test_the_first_sample_has_sky_trees_and_a_building_where_a_person_sees_them(variant: str) -> None:
    trace = fs.load("default", device="cpu").trace(paths.resources() / "samples" / "summer-palace.jpg")
    mask, labels = trace.mask(variant), trace.labels
    height, width = mask.shape
    assert (mask[: height // 3, width // 2 :] == labels.index("Sky")).mean() > 0.95
    trees = mask[int(0.8 * height) : int(0.97 * height), int(0.55 * width) : int(0.98 * width)]
    assert (trees == labels.index("Tree")).mean() > 0.9
    pagoda = mask[int(0.2 * height) : int(0.8 * height), int(0.15 * width) : int(0.5 * width)]
    elsewhere = mask[:, int(0.6 * width) :]
    assert (pagoda == labels.index("Building")).mean() > 0.15
    assert (elsewhere == labels.index("Building")).mean() < 0.02


@pytest.mark.skipif(not CAMVID.is_dir(), reason="CamVid is not beside this checkout")
def test_skips_help_on_camvid_val() -> None:
    model = fs.load("default", device="cpu")
    found = evaluate(model, CAMVID, "val")
    scores = {variant: value.mean_iu for variant, value in found.items()}
    assert scores["32s"] < scores["16s"] < scores["8s"]
    for variant, value in model.card["val_mean_iu"].items():
        assert scores[variant] == pytest.approx(value, abs=0.003)  # another CPU rounds bf16 otherwise
    thin = [model.labels.index(name) for name in ("Pole", "SignSymbol")]
    assert np.mean([found["8s"].class_iu[i] for i in thin]) > np.mean([found["32s"].class_iu[i] for i in thin])


def test_metrics_of_nothing_are_undefined_and_not_zero() -> None:
    assert np.isnan(metrics(np.zeros((3, 3), np.int64)).mean_iu)
