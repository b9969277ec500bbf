"""The published Caffe nets, opened by FCN Studio: their scores of a photo are those that OpenCV computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import fcn_studio as fs
from fcn_studio.cli.main import main
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.labels import built_in_label_sets
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.wanted import Wanted
from tests.caffe_nets import NARROW, NETS, Kernel, Widths, caffe_scores, net_layers, prototxt, weights, without_scales
from tests.caffe_writer import Form, save_caffemodel

ALEXNET = Widths((6, 8, 10, 10, 8), 12)
VOC_MEAN = (104.00698793, 116.66876762, 122.67891434)
# Data layers of the nets' own repository.
MEANS = {"siftflow": (114.578, 115.294, 108.353), "nyud": (116.190, 97.203, 92.318)}
LABELS = {"voc": "voc", "pascalcontext": "pascal-context", "siftflow": "siftflow", "nyud": "nyud"}
SIZES = ((1, 1), (37, 53), (64, 33))


def photo_of(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def net_input(photo: NDArray[np.uint8], mean: Sequence[float]) -> NDArray[np.float32]:
    """(1, 3, H, W): BGR less the mean, as the data layers spell it."""
    bgr = photo[:, :, ::-1].astype(np.float64) - np.array(mean)
    return np.asarray(bgr.transpose(2, 0, 1)[None], np.float32)


def saved(folder: Path, net: str, form: Form = "v2", kernel: Kernel = "bilinear") -> Path:
    layers = net_layers(net, ALEXNET if "alexnet" in net else NARROW, upsampling=kernel)
    path = folder / f"{net}.caffemodel"
    save_caffemodel(path, weights(without_scales(layers) if form == "v1" else layers, 5, kernel), form)
    return path


@pytest.mark.parametrize("form", ["v2", "v1"])
@pytest.mark.parametrize("net", NETS)
def test_scores_of_a_photo_equal_caffes(tmp_path: Path, net: str, form: Form) -> None:
    path = saved(tmp_path, net, form, "dense" if net == "voc-fcn8s" else "bilinear")
    family = net.partition("-")[0]
    heads = {"": ""} if family != "siftflow" else {"": "_sem", "#geometric": "_geo"}
    for mark, suffix in heads.items():
        model = fs.load(f"{path}{mark}", device="cpu", precision="fp32")
        (variant,) = model.variants
        assert model.labels.name == ("siftflow-geometric" if mark else LABELS[family])
        for height, width in SIZES:
            photo = photo_of(height, width)
            layers = net_layers(
                net, ALEXNET if "alexnet" in net else NARROW, upsampling="dense" if net == "voc-fcn8s" else "bilinear"
            )
            text = prototxt(without_scales(layers) if form == "v1" else layers, height, width)
            expected = caffe_scores(text, path, net_input(photo, MEANS.get(family, VOC_MEAN)), f"score{suffix}")[0]
            found = model.trace(photo).scores(variant)
            assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("net", ["voc-fcn8s-atonce", "voc-fcn-alexnet", "siftflow-fcn16s"])
def test_importing_is_exact(tmp_path: Path, net: str, photo: NDArray[np.uint8]) -> None:
    path = saved(tmp_path, net, kernel="per_class")
    made = tmp_path / "made.safetensors"
    head = ["--head", "geometric"] if "siftflow" in net else []
    assert main(["weights", "import", str(path), "-o", str(made), *head]) == 0
    mark = "#geometric" if head else ""
    before, after = (fs.load(name, device="cpu", precision="fp32") for name in (f"{path}{mark}", str(made)))
    assert before.labels == after.labels
    for variant in before.variants:
        np.testing.assert_array_equal(before.trace(photo).scores(variant), after.trace(photo).scores(variant))
    assert after.card["file"] == path.name
    assert after.card["sha256"] == before.digest


def without(layer_name: str) -> object:
    return lambda layers: tuple(layer for layer in layers if layer.name != layer_name)


def reshaped(layer_name: str, **values: object) -> object:
    return lambda layers: tuple(replace(layer, **values) if layer.name == layer_name else layer for layer in layers)


@pytest.mark.parametrize(
    ("net", "change", "reason"),
    [
        ("voc-fcn8s", without("conv3_2"), r"layer conv3_2.* is missing"),
        ("voc-fcn8s", without("score_fr"), "layer score_fr is missing, so this is no FCN"),
        ("voc-fcn8s", without("upscore8"), "has 0 of the layers upscore, upscore16, upscore8"),
        ("voc-fcn8s", reshaped("conv2_1", name="conv2_9"), r"conv2_1.* is missing"),
        ("voc-fcn8s", reshaped("fc7", shapes=((12, 11, 1, 1), (12,))), r"layer fc7\.weight is \(12, 11, 1, 1\)"),
        (
            "voc-fcn8s",
            reshaped("score_pool4", shapes=((20, 10, 1, 1), (20,))),
            r"score_pool4\.weight is \(20, 10, 1, 1\)",
        ),
        ("voc-fcn8s", reshaped("relu1_1", kind="PReLU", shapes=((4,),), name="prelu"), "of the kind PReLU"),
        ("voc-fcn8s", reshaped("conv1_1", params=(("num_output", 4), ("kernel_size", 3), ("pad", 1))), "padded by 1"),
        ("voc-fcn8s", reshaped("score_pool3c", params=(("axis", 2), ("offset", 8))), "score_pool3c crops at"),
        ("siftflow-fcn32s", reshaped("score_fr_sem", name="score_fr"), "is there with and without _geo"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, net: str, change: object, reason: str) -> None:
    layers = change(net_layers(net, NARROW))  # type: ignore[operator]
    path = tmp_path / "changed.caffemodel"
    save_caffemodel(path, weights(layers, 5))
    with pytest.raises(CheckpointError, match=reason) as caught:
        open_checkpoint(path)
    assert str(path) in str(caught.value)


def test_a_classifier_is_told_from_a_segmenter(tmp_path: Path) -> None:
    layers = tuple(
        replace(layer, name="fc8", shapes=((1000, 12, 1, 1), (1000,))) if layer.name == "score_fr" else layer
        for layer in net_layers("voc-fcn32s", NARROW)
        if not layer.name.startswith("upscore")
    )
    path = tmp_path / "VGG_ILSVRC_16_layers.caffemodel"
    save_caffemodel(path, weights(layers, 5))
    with pytest.raises(CheckpointError, match="layer fc8 makes this a classifier"):
        open_checkpoint(path)


def test_heads_and_labels_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "voc-fcn32s")
    with pytest.raises(CheckpointError, match="has one head only"):
        open_checkpoint(path, Wanted(head="geometric"))
    with pytest.raises(CheckpointError, match=r"score_fr scores 21 classes, but camvid has 11"):
        open_checkpoint(path, Wanted(built_in_label_sets()["camvid"]))
    layers = net_layers("voc-fcn32s", NARROW, classes=7)
    save_caffemodel(path, weights(layers, 5))
    assert open_checkpoint(path).labels.name == "numbered-7"
