"""The checkpoints that come with the program: their size, their papers, and what they see."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import fcn_studio as fs
from fcn_studio import paths
from fcn_studio.core.catalog.embedded import here_by_net
from fcn_studio.core.judging.metrics import metrics
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.measuring.evaluation import evaluate
from fcn_studio.engine.tracing.model import embedded

CAMVID = Path(__file__).parents[2] / "shared" / "data" / "camvid"


def test_it_is_small_and_says_what_it_is() -> None:
    path = embedded()["camvid-vgg16"]
    assert path.stat().st_size <= 25_000_000
    model = fs.load("camvid-vgg16", device="cpu")
    assert model.variants == ("32s", "16s", "8s")
    assert model.labels.classes[0] == "Sky"
    assert "CC BY-NC 4.0" in model.card["data"]["licence"]
    assert "SegNet" in model.card["data"]["source"]
    recipes = (model.card["recipe"]["name"], model.card["started_from"]["card"]["recipe"]["name"])
    assert recipes == ("modern-finish", "modern")


@pytest.mark.parametrize("path", sorted(paths.weights().glob("*.safetensors")), ids=lambda path: path.stem)
def test_each_checkpoint_has_a_card_about_this_very_file(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest in path.with_suffix(".md").read_text(encoding="utf-8")


def share(trace: Trace, variant: str, name: str, rows: tuple[float, float], columns: tuple[float, float]) -> float:
    """Of a class in a part of a photo, all 0 to 1."""
    mask = trace.mask(variant)
    (top, bottom), (left, right) = (
        (round(low * length), round(high * length))
        for (low, high), length in zip((rows, columns), mask.shape, strict=True)
    )
    return float((mask[top:bottom, left:right] == trace.labels.index(name)).mean())


@pytest.mark.parametrize("net", ["streets", "camvid-vgg16"])
def test_the_highway_has_sky_road_and_trees_where_a_person_sees_them(net: str) -> None:
    trace = fs.load(net, device="cpu").trace(paths.resources() / "samples" / "highway.jpg")
    assert trace.variants == ("32s", "16s", "8s")
    for variant in trace.variants:
        assert share(trace, variant, "Sky", (0, 0.25), (0.55, 0.7)) > 0.9
        assert share(trace, variant, "Road", (0.8, 0.93), (0.25, 0.75)) > 0.8
        assert share(trace, variant, "Tree", (0.1, 0.4), (0.1, 0.3)) > 0.6
        assert share(trace, variant, "Road", (0, 0.5), (0, 1)) < 0.02


@pytest.mark.skipif("default" not in {net.name for net, _ in here_by_net()}, reason="it is not in weights/")
def test_the_jockey_rides_a_horse() -> None:
    trace = fs.load("default", device="cpu").trace(paths.resources() / "samples" / "jockey.jpg")
    assert trace.variants == ("32s", "16s", "8s")
    for variant in trace.variants:
        assert share(trace, variant, "horse", (0.36, 0.55), (0.42, 0.6)) > 0.8
        assert share(trace, variant, "person", (0, 0.3), (0, 1)) > 0.02
        for beside in ((0, 0.15), (0.8, 1)):
            assert share(trace, variant, "background", (0, 1), beside) > 0.95


@pytest.mark.skipif(not CAMVID.is_dir(), reason="CamVid is not beside this checkout")
def test_skips_help_on_camvid_val() -> None:
    model = fs.load("camvid-vgg16", device="cpu")
    found = evaluate(model, CAMVID, "val")
    scores = {variant: value.mean_iu for variant, value in found.items()}
    assert scores["32s"] < scores["16s"] < scores["8s"]
    for variant, value in model.card["val_mean_iu"].items():
        assert scores[variant] == pytest.approx(value, abs=0.003)  # another CPU rounds bf16 otherwise
    thin = [model.labels.index(name) for name in ("Pole", "SignSymbol")]
    assert np.mean([found["8s"].class_iu[i] for i in thin]) > np.mean([found["32s"].class_iu[i] for i in thin])


def test_metrics_of_nothing_are_undefined_and_not_zero() -> None:
    assert np.isnan(metrics(np.zeros((3, 3), np.int64)).mean_iu)
