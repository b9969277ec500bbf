"""Caffe's published FCNs in narrow, with seeded random weights: as prototxt, as `.caffemodel`, and as OpenCV runs them.

The layers are those of the official prototxts (shelhamer/fcn.berkeleyvision.org). The writer (`caffe_writer`) encodes
protobuf's wire format itself, so that nothing of the reader under test is in it; OpenCV reads the same files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Kernel = Literal["bilinear", "dense", "per_class"]
Params = tuple[tuple[str, object], ...]

CLASSES = {"voc": 21, "pascalcontext": 60, "siftflow": 33, "nyud": 40}
GEOMETRIC_CLASSES = 3
VGG_BLOCKS = (2, 2, 3, 3, 3)
# Crop offsets at each variant's end, and of the skips (the literals of the official prototxts).
ENDS = {"32s": 19, "16s": 27, "8s": 31}
STRIDES = {"32s": 32, "16s": 16, "8s": 8}
PARAM_NAMES = {
    "Convolution": "convolution_param",
    "Deconvolution": "convolution_param",
    "Pooling": "pooling_param",
    "Power": "power_param",
    "LRN": "lrn_param",
    "Dropout": "dropout_param",
    "Eltwise": "eltwise_param",
    "Scale": "scale_param",
    "Crop": "crop_param",
}
AT_ONCE = {"scale_pool4": 0.01, "scale_pool3": 0.0001}
NETS = (
    "voc-fcn32s",
    "voc-fcn16s",
    "voc-fcn8s",
    "voc-fcn8s-atonce",
    "voc-fcn-alexnet",
    "pascalcontext-fcn32s",
    "pascalcontext-fcn16s",
    "pascalcontext-fcn8s",
    "siftflow-fcn32s",
    "siftflow-fcn16s",
    "siftflow-fcn8s",
    "nyud-fcn32s-color",
)


@dataclass(frozen=True)
class Widths:
    """Channels of a net; `TRUE_VGG` and `TRUE_ALEXNET` are the published ones.

    AlexNet's must be even but for the first's and third's input: its convolutions 2, 4 and 5 have two groups.
    """

    convolutions: tuple[int, int, int, int, int]
    fc: int


TRUE_VGG = Widths((64, 128, 256, 512, 512), 4096)
TRUE_ALEXNET = Widths((96, 256, 384, 384, 256), 4096)
NARROW = Widths((4, 6, 8, 10, 10), 12)


@dataclass(frozen=True)
class NetLayer:
    """A layer: what the prototxt says of it, and the shapes of its blobs.

    `fills` says how the first blob starts: He et al. 2015 (`he`), an `upsampling` kernel, or a constant.
    """

    name: str
    kind: str
    bottoms: tuple[str, ...]
    top: str
    params: Params = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    fills: Literal["he", "upsampling"] | float = "he"
    gain: float = 1.0


@dataclass
class _Builder:
    """Lists the layers, one after the other."""

    layers: list[NetLayer] = field(default_factory=list)

    def convolution(
        self, name: str, bottom: str, shape: tuple[int, int, int, int], relu: str = "", gain: float = 1.0, **params: int
    ) -> str:
        out, into, kernel, _ = shape
        group = params.get("group", 1)
        values: Params = (("num_output", out), ("kernel_size", kernel), *params.items())
        shapes = ((out, into // group, kernel, kernel), (out,))
        self.layers.append(NetLayer(name, "Convolution", (bottom,), name, values, shapes, gain=gain))
        if relu:
            self.layers.append(NetLayer(relu, "ReLU", (name,), name))
        return name

    def pool(self, name: str, bottom: str, kernel: int) -> str:
        params: Params = (("pool", "MAX"), ("kernel_size", kernel), ("stride", 2))
        self.layers.append(NetLayer(name, "Pooling", (bottom,), name, params))
        return name

    def fully(self, bottom: str, into: int, kernel: int, fc: int) -> str:
        self.convolution("fc6", bottom, (fc, into, kernel, kernel), relu="relu6")
        self.layers.append(NetLayer("drop6", "Dropout", ("fc6",), "fc6", (("dropout_ratio", 0.5),)))
        self.convolution("fc7", "fc6", (fc, fc, 1, 1), relu="relu7")
        self.layers.append(NetLayer("drop7", "Dropout", ("fc7",), "fc7", (("dropout_ratio", 0.5),)))
        return "fc7"

    def up(self, name: str, bottom: str, classes: int, kernel: int, stride: int, upsampling: Kernel) -> str:
        params: Params = (("num_output", classes), ("bias_term", "false"), ("kernel_size", kernel), ("stride", stride))
        shape = (classes, classes, kernel, kernel)
        if upsampling == "per_class":
            params, shape = (*params, ("group", classes)), (classes, 1, kernel, kernel)
        self.layers.append(NetLayer(name, "Deconvolution", (bottom,), name, params, (shape,), "upsampling"))
        return name

    def crop(self, name: str, bottom: str, like: str, offset: int) -> str:
        self.layers.append(NetLayer(name, "Crop", (bottom, like), name, (("axis", 2), ("offset", offset))))
        return name

    def fuse(self, name: str, one: str, other: str) -> str:
        self.layers.append(NetLayer(name, "Eltwise", (one, other), name, (("operation", "SUM"),)))
        return name


def net_layers(
    net: str, widths: Widths = NARROW, *, classes: int | None = None, upsampling: Kernel = "bilinear"
) -> tuple[NetLayer, ...]:
    """The layers of a published net, from `data` on; `classes` replaces the first head's number."""
    if net not in NETS:
        raise ValueError(f"no net {net}")
    family, _, rest = net.partition("-")
    builder = _Builder()
    if rest == "fcn-alexnet":
        _alexnet(builder, widths)
    else:
        _vgg16(builder, widths)
    heads = {"": classes or CLASSES[family]}
    if family == "siftflow":
        heads = {"_sem": classes or CLASSES[family], "_geo": GEOMETRIC_CLASSES}
    for suffix, count in heads.items():
        _head(builder, rest, suffix, count, widths, upsampling)
    return tuple(builder.layers)


def without_scales(layers: tuple[NetLayer, ...]) -> tuple[NetLayer, ...]:
    """The same function in the layers of V1, which has no Scale: Power layers multiply by a parameter of theirs."""
    return tuple(
        replace(layer, kind="Power", params=(("scale", layer.fills),), shapes=()) if layer.kind == "Scale" else layer
        for layer in layers
    )


def outputs(net: str) -> tuple[str, ...]:
    """The blobs that hold the scores."""
    return ("score_sem", "score_geo") if net.startswith("siftflow") else ("score",)


def _vgg16(builder: _Builder, widths: Widths) -> None:
    bottom, into, pad = "data", 3, 100
    for block, (count, width) in enumerate(zip(VGG_BLOCKS, widths.convolutions, strict=True), start=1):
        for number in range(1, count + 1):
            name = f"{block}_{number}"
            bottom = builder.convolution(f"conv{name}", bottom, (width, into, 3, 3), relu=f"relu{name}", pad=pad)
            into, pad = width, 1
        bottom = builder.pool(f"pool{block}", bottom, 2)
    builder.fully(bottom, into, 7, widths.fc)


def _alexnet(builder: _Builder, widths: Widths) -> None:
    one, two, three, four, five = widths.convolutions
    norm: Params = (("local_size", 5), ("alpha", 0.0001), ("beta", 0.75))
    builder.convolution("conv1", "data", (one, 3, 11, 11), relu="relu1", pad=100, stride=4)
    builder.pool("pool1", "conv1", 3)
    builder.layers.append(NetLayer("norm1", "LRN", ("pool1",), "norm1", norm))
    builder.convolution("conv2", "norm1", (two, one, 5, 5), relu="relu2", pad=2, group=2)
    builder.pool("pool2", "conv2", 3)
    builder.layers.append(NetLayer("norm2", "LRN", ("pool2",), "norm2", norm))
    builder.convolution("conv3", "norm2", (three, two, 3, 3), relu="relu3", pad=1)
    builder.convolution("conv4", "conv3", (four, three, 3, 3), relu="relu4", pad=1, group=2)
    builder.convolution("conv5", "conv4", (five, four, 3, 3), relu="relu5", pad=1, group=2)
    builder.pool("pool5", "conv5", 3)
    builder.fully("pool5", five, 6, widths.fc)


def _head(builder: _Builder, net: str, suffix: str, classes: int, widths: Widths, upsampling: Kernel) -> None:
    alexnet, at_once = net == "fcn-alexnet", net.endswith("atonce")
    variant = "32s" if alexnet else net.removeprefix("fcn").partition("-")[0]
    coarse = builder.convolution(f"score_fr{suffix}", "fc7", (classes, widths.fc, 1, 1))
    skips = (("pool4", "upscore2", 5), ("pool3", "upscore_pool4", 9))[: {"32s": 0, "16s": 1, "8s": 2}[variant]]
    for pool, enlarge, offset in skips:
        coarse = builder.up(f"{enlarge}{suffix}", coarse, classes, 4, 2, upsampling)
        features, width, gain = pool, widths.convolutions[int(pool[-1]) - 1], 1.0
        if at_once:
            features, factor = f"scale_{pool}", AT_ONCE[f"scale_{pool}"]
            params: Params = (("filler", {"type": '"constant"', "value": factor}), ("bias_term", "false"))
            builder.layers.append(NetLayer(features, "Scale", (pool,), features, params, ((width,),), factor))
            gain = 1 / factor  # as training makes them; else the skip would be lost in the rounding
        score = f"score_{pool}{suffix}"
        builder.convolution(score, features, (classes, width, 1, 1), gain=gain)
        cropped = builder.crop(f"{score}c", score, coarse, offset)
        coarse = builder.fuse(f"fuse_{pool}{suffix}", coarse, cropped)
    stride = STRIDES[variant]
    last = f"upscore{suffix}" if variant == "32s" else f"upscore{stride}{suffix}"
    kernel = 63 if alexnet else 2 * stride
    builder.up(last, coarse, classes, kernel, stride, upsampling)
    builder.crop(f"score{suffix}", last, "data", 18 if alexnet else ENDS[variant])


def prototxt(layers: tuple[NetLayer, ...], height: int, width: int) -> str:
    """A deploy prototxt for one (3, height, width) picture."""
    parts = [
        'name: "net"\nlayer { name: "data" type: "Input" top: "data" '
        f"input_param {{ shape {{ dim: 1 dim: 3 dim: {height} dim: {width} }} }} }}\n"
    ]
    for layer in layers:
        bottoms = " ".join(f'bottom: "{bottom}"' for bottom in layer.bottoms)
        inner = f" {PARAM_NAMES[layer.kind]} {{ {_text(layer.params)} }}" if layer.params else ""
        parts.append(f'layer {{ name: "{layer.name}" type: "{layer.kind}" {bottoms} top: "{layer.top}"{inner} }}\n')
    return "".join(parts)


def _text(params: Params) -> str:
    words = []
    for name, value in params:
        if isinstance(value, dict):
            words.append(f"{name} {{ {_text(tuple(value.items()))} }}")
        else:
            words.append(f"{name}: {value}")
    return " ".join(words)


def weights(
    layers: tuple[NetLayer, ...], seed: int, upsampling: Kernel = "bilinear"
) -> Iterator[tuple[NetLayer, list[NDArray[np.float32]]]]:
    """Each layer's blobs, of one layer at a time: the same for the same seed."""
    generator = np.random.default_rng(seed)
    for layer in layers:
        blobs: list[NDArray[np.float32]] = []
        for index, shape in enumerate(layer.shapes):
            if index == 1:  # a bias; of the size of what it is added to
                blob = generator.standard_normal(shape, np.float32) * np.float32(5)
            elif layer.fills == "he":
                fan = int(np.prod(shape[1:]))
                blob = generator.standard_normal(shape, np.float32) * np.float32(layer.gain * (2 / fan) ** 0.5)
            elif layer.fills == "upsampling":
                blob = _upsampling(generator, shape, upsampling)
            else:
                blob = np.full(shape, layer.fills, np.float32)
            blobs.append(blob)
        yield layer, blobs


def _upsampling(generator: np.random.Generator, shape: tuple[int, ...], kind: Kernel) -> NDArray[np.float32]:
    size = shape[-1]
    factor = (size + 1) // 2
    centre = factor - 1 if size % 2 else factor - 0.5
    line = 1 - np.abs(np.arange(size) - centre) / factor
    blob = np.zeros(shape, np.float32)
    for channel in range(shape[0]):
        blob[channel, channel if shape[1] > 1 else 0] = np.outer(line, line)
    if kind != "bilinear":  # lopsided, so that flips and swapped axes show
        blob += generator.standard_normal(shape, np.float32) * np.float32(0.5 / shape[1] ** 0.5)
    return blob


def caffe_scores(text: str, caffemodel: Path, picture: NDArray[np.float32], blob: str = "score") -> NDArray[np.float32]:
    """What OpenCV computes of a (1, 3, H, W) picture: the (1, C, h, w) blob of that name.

    Layer fusion and Winograd's convolution are off: they save time and lose digits.
    """
    net = cv2.dnn.readNetFromCaffe(np.frombuffer(text.encode(), np.uint8), np.fromfile(caffemodel, np.uint8))
    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
    net.enableFusion(False)
    net.enableWinograd(False)
    net.setInput(picture, "data")
    return np.asarray(net.forward(blob), np.float32)
