"""Caffe's nets: OpenCV computes them as Caffe's definitions say, and ours equals OpenCV from the same files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.engine.checkpoints.caffe_reader import read_caffemodel, without_leading_ones
from fcn_studio.engine.nets.architecture import Architecture, Upsampling
from fcn_studio.engine.nets.fcn import FCN
from tests.caffe_float64 import float64_scores
from tests.caffe_nets import (
    AT_ONCE,
    NARROW,
    Kernel,
    Widths,
    caffe_scores,
    net_layers,
    outputs,
    prototxt,
    weights,
    without_scales,
)
from tests.caffe_writer import Form, save_caffemodel

CLASSES = 5  # of the first head; with fewer, a second's three are told apart
SIZES = ((1, 1), (2, 97), (37, 53), (64, 33))  # height, width
EXACT = 1e-5  # relative; float32 against float64
TOLERANCE = 1e-4  # relative, as promised
KERNELS: dict[Kernel, Upsampling] = {"bilinear": "bilinear", "dense": "learned", "per_class": "per_class"}
VGG = ("voc-fcn32s", "voc-fcn16s", "voc-fcn8s", "voc-fcn8s-atonce")
DISTINCT = (*VGG, "voc-fcn-alexnet", "siftflow-fcn8s")  # the other nets are these with other numbers of classes
ALEXNET = Widths((6, 8, 10, 10, 8), 12)


def picture(height: int, width: int) -> NDArray[np.float32]:
    """(1, 3, H, W), of a photo's range with its mean subtracted."""
    return np.random.default_rng(height).normal(0, 60, (1, 3, height, width)).astype(np.float32)


def difference(found: NDArray[np.float32], reference: NDArray[np.floating[Any]]) -> float:
    assert found.shape == reference.shape
    return float(np.abs(found - reference).max() / np.abs(reference).max())


@pytest.mark.parametrize("form", ["v2", "v1"])
@pytest.mark.parametrize("net", DISTINCT)
def test_opencv_computes_what_caffe_defines(tmp_path: Path, net: str, form: Form) -> None:
    """Crops, pooling that rounds up, LRN, groups, scales and dense kernels, against loops in float64."""
    kernel: Kernel = "dense" if form == "v2" else "per_class"
    layers = net_layers(net, NARROW, classes=CLASSES, upsampling=kernel)
    layers = without_scales(layers) if form == "v1" else layers
    path = tmp_path / "net.caffemodel"
    save_caffemodel(path, weights(layers, 3, kernel), form)
    blobs = {layer.name: found for layer, found in weights(layers, 3, kernel)}
    for height, width in SIZES[1:3]:
        photo = picture(height, width)
        reference = float64_scores(layers, blobs, photo[0])
        for output in outputs(net):
            scores = caffe_scores(prototxt(layers, height, width), path, photo, output)
            assert difference(scores[0], reference[output]) < EXACT


def ours(path: Path, architecture: Architecture) -> FCN:
    """The net with the file's weights, by the layers' names."""
    wanted = FCN(architecture).state_dict()
    state: dict[str, Tensor] = {}
    for layer in read_caffemodel(path):
        name = "upscore32" if layer.name == "upscore" else layer.name
        for part, axes, blob in zip(("weight", "bias"), (4, 1), layer.blobs, strict=False):
            if f"{name}.{part}" in wanted:
                state[f"{name}.{part}"] = torch.from_numpy(without_leading_ones(blob, axes))
    net = FCN(architecture).eval()
    net.load_state_dict(state)
    return net


def architecture_of(net: str, kernel: Kernel) -> Architecture:
    at_once = net.endswith("atonce")
    variant = "32s" if "alexnet" in net else net.removeprefix("voc-fcn").removesuffix("-atonce")
    widths = ALEXNET if "alexnet" in net else NARROW
    architecture = Architecture(
        num_classes=CLASSES,
        channels=widths.convolutions,
        fc_channels=widths.fc,
        upsampling=KERNELS[kernel],
        variants=(variant,),
        pool4_scale=AT_ONCE["scale_pool4"] if at_once else 1.0,
        pool3_scale=AT_ONCE["scale_pool3"] if at_once else 1.0,
    )
    if "alexnet" in net:
        return replace(architecture, trunk="alexnet", groups=2, local_response_norm=True)
    return architecture


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("net", [*VGG, "voc-fcn-alexnet"])
def test_scores_equal_opencvs(tmp_path: Path, net: str, kernel: Kernel) -> None:
    widths = ALEXNET if "alexnet" in net else NARROW
    layers = net_layers(net, widths, classes=CLASSES, upsampling=kernel)
    path = tmp_path / "net.caffemodel"
    form: Form = "v2" if net.endswith("atonce") else "v1"
    save_caffemodel(path, weights(layers, 7, kernel), form)
    model = ours(path, architecture_of(net, kernel))
    for height, width in SIZES:
        photo = picture(height, width)
        reference = caffe_scores(prototxt(layers, height, width), path, photo)
        with torch.inference_mode():
            (scores,) = model(torch.from_numpy(photo)).values()
        assert difference(scores.numpy(), reference) < TOLERANCE


@pytest.mark.parametrize("mistake", ["scales forgotten", "kernel flipped", "axes swapped", "bias dropped"])
def test_the_comparison_sees_mistakes(tmp_path: Path, mistake: str) -> None:
    """Each of these is far above the tolerance; a comparison that let them pass would be worth nothing."""
    layers = net_layers("voc-fcn8s-atonce", NARROW, classes=CLASSES, upsampling="dense")
    path = tmp_path / "net.caffemodel"
    save_caffemodel(path, weights(layers, 7, "dense"))
    photo = picture(37, 53)
    reference = caffe_scores(prototxt(layers, 37, 53), path, photo)
    blobs = {layer.name: list(found) for layer, found in weights(layers, 7, "dense")}
    if mistake == "scales forgotten":
        blobs["scale_pool3"][0][:] = 1
    elif mistake == "kernel flipped":
        blobs["upscore2"][0] = blobs["upscore2"][0][:, :, ::-1, ::-1]
    elif mistake == "axes swapped":
        blobs["upscore8"][0] = blobs["upscore8"][0].transpose(1, 0, 2, 3)
    else:
        blobs["score_pool4"][1][:] = 0
    wrong = float64_scores(layers, blobs, photo[0])["score"]
    assert difference(reference[0], wrong) > 100 * TOLERANCE
