"""All three variants by one trace, beside what others need: `python -m tests.benchmarks.rivals [--size HxW] [...]`.

Of the published FCN-8s on VGG-16 (`caffe` alignment, 21 classes) with seeded random weights, from a photo in memory to
masks in memory:

    ours          `Model.trace`: FCN-32s, 16s and 8s, in `--precision`, the trunk by torch
    ours, OpenVINO    the same, the trunk by OpenVINO, where it is installed
    three fp32    FCN-32s, 16s and 8s as three plain nets, each its own forward, in fp32: as pytorch-fcn runs them
    bf16          FCN-8s alone, trunk in bf16 and channels_last, upsampling in fp32 (in bf16 it is slower)
    onnxruntime, OpenVINO    FCN-8s alone, where they are installed; both in what they choose themselves

And of FCN-8s on EfficientNet-Lite2 (see `lite`), of `--weights` or seeded, each by torch and OpenVINO in fp32 and
bf16, from a photo in memory to all three masks, and the bare net beside it.

They take turns, so that all meet the same load. Prints medians, spread and processor time, the ratio to the three fp32
forwards, and how many pixels get the label that the same net in fp32 by torch gives. Needs 2.7 GB of memory, 4.4 GB
with all of them.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from fcn_studio import paths
from fcn_studio.cli.bench import SIZE, photo_size
from fcn_studio.cli.options import comma_separated
from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.graph.names import VARIANTS
from fcn_studio.core.labels import read_label_set
from fcn_studio.core.memory import peak_memory
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.measuring.benchmark import sample_photo
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import CAFFE
from fcn_studio.engine.tracing.device import PRECISIONS, choose_device
from fcn_studio.engine.tracing.predictor import Model
from tests.benchmarks import lite

Masks = dict[str, NDArray[np.uint8]]
Contender = Callable[[NDArray[np.uint8]], Masks]

CLASSES = 21
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
# Where pytorch-fcn crops: the skips, and the enlarged scores (torchfcn/models/fcn32s.py, fcn16s.py, fcn8s.py).
CROP = {"32s": 19, "16s": 27, "8s": 31}
CROP_POOL4, CROP_POOL3 = 5, 9
MEAN = np.array([104.00698793, 116.66876762, 122.67891434], dtype=np.float32)  # BGR


class PlainFCN(nn.Module):
    """One variant, as pytorch-fcn lays it out; (1, 3, H, W) to (1, 21, H, W). `trunk` may be shared."""

    def __init__(self, variant: str, trunk: nn.ModuleDict) -> None:
        super().__init__()
        self.variant, self.trunk = variant, trunk
        self.upscore = enlarging({"32s": 32, "16s": 16, "8s": 8}[variant])
        self.upscore2, self.upscore_pool4 = enlarging(2), enlarging(2)

    def forward(self, photo: Tensor) -> Tensor:
        features, pools = photo, {}
        for block in range(1, 6):
            features = self.trunk[f"block{block}"](features)
            pools[block] = features
        scores = self.trunk["score_fr"](self.trunk["classifier"](features)).float()
        if self.variant != "32s":
            scores = self.upscore2(scores)
            scores = scores + cropped(self.trunk["score_pool4"](pools[4]).float(), CROP_POOL4, scores.shape)
        if self.variant == "8s":
            scores = self.upscore_pool4(scores)
            scores = scores + cropped(self.trunk["score_pool3"](pools[3]).float(), CROP_POOL3, scores.shape)
        return cropped(self.upscore(scores), CROP[self.variant], photo.shape)


def cropped(grid: Tensor, start: int, shape: torch.Size) -> Tensor:
    """A grid from (start, start), as large as the last two of `shape`."""
    return grid[:, :, start : start + shape[2], start : start + shape[3]].contiguous()


def enlarging(stride: int) -> nn.ConvTranspose2d:
    """Bilinear, over all pairs of classes, as the Caffe nets and pytorch-fcn do it."""
    layer = nn.ConvTranspose2d(CLASSES, CLASSES, 2 * stride, stride=stride, bias=False)
    weight = torch.zeros_like(layer.weight)
    weight[range(CLASSES), range(CLASSES)] = torch.from_numpy(bilinear_kernel(2 * stride))
    layer.weight = nn.Parameter(weight)
    return layer


def random_fcn() -> FCN:
    """The full net; every weight from one seed."""
    net = FCN(Architecture(num_classes=CLASSES)).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in net.parameters():
            scale = (2 / value[0].numel()) ** 0.5 if value.ndim == 4 else 0.1
            value.normal_(0, scale, generator=generator)
    return net.requires_grad_(False)


def plain_trunk(net: FCN) -> nn.ModuleDict:
    """The net's own weights in plain layers."""
    trunk: dict[str, nn.Module] = {}
    for block, (_, count) in enumerate(BLOCKS, start=1):
        layers: list[nn.Module] = []
        for number in range(1, count + 1):
            layers += [net.get_submodule(f"conv{block}_{number}"), nn.ReLU(inplace=True)]
        trunk[f"block{block}"] = nn.Sequential(*layers, nn.MaxPool2d(2, stride=2, ceil_mode=True))
    fc6, fc7 = net.get_submodule("fc6"), net.get_submodule("fc7")
    trunk["classifier"] = nn.Sequential(
        fc6, nn.ReLU(inplace=True), nn.Dropout2d(), fc7, nn.ReLU(inplace=True), nn.Dropout2d()
    )
    for name in ("score_fr", "score_pool4", "score_pool3"):
        trunk[name] = net.get_submodule(name)
    return deepcopy(nn.ModuleDict(trunk)).eval()


def pixels_of(photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(1, 3, H, W) in BGR less the mean, as pytorch-fcn's data sets prepare it."""
    return np.ascontiguousarray((photo[:, :, ::-1] - MEAN).transpose(2, 0, 1)[None], dtype=np.float32)


def as_mask(scores: Tensor) -> NDArray[np.uint8]:
    """(H, W) of the largest."""
    return scores.max(1)[1][0].to(torch.uint8).numpy()


def ours(net: FCN, precision: str, backend: str) -> Contender:
    """One trace."""
    labels = read_label_set(paths.resources() / "labels" / "voc.toml")
    model = Model(
        Checkpoint(deepcopy(net), labels, CAFFE, "0" * 64, "random"), choose_device("cpu", precision, backend)
    )

    def run(photo: NDArray[np.uint8]) -> Masks:
        return dict(model.trace(photo).masks)

    return run


def plain(nets: dict[str, PlainFCN], *, low: bool) -> Contender:
    """Each net's own forward."""

    @torch.inference_mode()
    def run(photo: NDArray[np.uint8]) -> Masks:
        found = {}
        for variant, net in nets.items():
            pixels = torch.from_numpy(pixels_of(photo))
            if low:
                pixels = pixels.to(torch.bfloat16, memory_format=torch.channels_last)
            found[variant] = as_mask(net(pixels))
        return found

    return run


def with_onnxruntime(net: PlainFCN, example: Tensor) -> Contender:
    """FCN-8s in onnxruntime's CPU provider."""
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        torch.onnx.export(net, (example,), file, input_names=["photo"], output_names=["scores"], dynamo=False)
        session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda photo: {"8s": as_mask(torch.from_numpy(session.run(None, {"photo": pixels_of(photo)})[0]))}


def with_openvino(net: PlainFCN, example: Tensor) -> Contender:
    """FCN-8s on OpenVINO's CPU device, which takes bf16 where the machine is fast at it."""
    openvino: Any = importlib.import_module("openvino")
    found = openvino.convert_model(net, example_input=example, input=[tuple(example.shape)])
    compiled = openvino.Core().compile_model(found, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    return lambda photo: {"8s": as_mask(torch.from_numpy(compiled(pixels_of(photo))[0]))}


THREE = "three fp32"
OPTIONAL = {"onnxruntime": with_onnxruntime, "openvino": with_openvino}


def contenders(size: tuple[int, int], precision: str, without: tuple[str, ...]) -> dict[str, Contender]:
    """On VGG-16, by name; a word for each that is not installed."""
    net = random_fcn()
    trunk = plain_trunk(net)
    three = {variant: PlainFCN(variant, trunk).requires_grad_(False).eval() for variant in VARIANTS}
    found = {THREE: plain(three, low=False)}
    if "vgg" in without:
        return found
    found["ours"] = ours(net, precision, "torch")
    if "openvino" not in without and importlib.util.find_spec("openvino") is not None:
        found["ours, OpenVINO"] = ours(net, precision, "openvino")
    if "bf16" not in without:
        low = deepcopy(three["8s"])
        low.trunk.to(dtype=torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
        found["bf16"] = plain({"8s": low}, low=True)
    example = torch.from_numpy(pixels_of(sample_photo(size)))
    for name, made in OPTIONAL.items():
        if importlib.util.find_spec(name) is None:
            print(f"{name}: not installed here, left out")
        elif name not in without:
            found[name] = made(three["8s"], example)
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=photo_size, default=SIZE, metavar="HxW", help="height x width")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="of each, at least 5 for a report")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="in each turn, of all but the three forwards")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="of ours")
    parser.add_argument(
        "--without",
        type=comma_separated(("bf16", "vgg", "lite", *OPTIONAL)),
        default=(),
        metavar="NAMES",
        help="rivals to leave out: bf16 takes minutes on a CPU that has to emulate it; vgg leaves the three forwards",
    )
    parser.add_argument("--weights", metavar="FILE", help="of EfficientNet-Lite2, 21 classes")
    parser.add_argument("--photo", metavar="FILE", help="resized to --size, instead of areas and grain")
    args = parser.parse_args()
    height, width = args.size
    photo = sample_photo(args.size)
    if args.photo:
        with Image.open(args.photo) as opened:
            photo = np.asarray(opened.convert("RGB").resize((width, height)))
    running = contenders(args.size, args.precision, args.without)
    if "lite" not in args.without:
        found = lite.contenders(lite.checkpoint_of(args.weights), args.without)
        running |= {contender.name: contender.masks for contender in found}
    masks = {name: run(photo) for name, run in running.items()}  # warms up, too
    times: dict[str, list[float]] = {name: [] for name in running}
    processor: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(max(1, args.repeats)):
        for name, run in running.items():
            # Of the quick ones several, and the least: they would be over before other work is seen beside them.
            for _ in range(1 if name == THREE else args.runs):
                before, start = time.process_time(), time.perf_counter()
                run(photo)
                times[name].append(time.perf_counter() - start)
                processor[name].append(time.process_time() - before)
    print_table(args, masks, times, processor)


def print_table(
    args: argparse.Namespace,
    masks: dict[str, Masks],
    times: dict[str, list[float]],
    processor: dict[str, list[float]],
) -> None:
    """Milliseconds of each, and what the machine was."""
    choice = choose_device("cpu", args.precision)
    table = Table(title=f"{args.size[0]} high, {args.size[1]} wide, {args.repeats} turns; ours in {choice.precision}")
    for heading in ("", "masks", "median ms", "least", "most", "processor ms", "three fp32 / it", "same labels"):
        table.add_column(heading, justify="left" if heading in ("", "masks") else "right", no_wrap=True)
    for name, seconds in times.items():
        milliseconds = [1000 * value for value in (statistics.median(seconds), min(seconds), max(seconds))]
        ratio = statistics.median(times[THREE]) / statistics.median(seconds)
        least = min(times[THREE]) / min(seconds)
        reference = masks["lite2, torch fp32"] if name.startswith("lite2") else masks[THREE]
        equal = [(mask == reference[variant]).mean() for variant, mask in masks[name].items()]
        table.add_row(
            name,
            " ".join(masks[name]),
            *(f"{value:.1f}" for value in milliseconds),
            f"{1000 * statistics.median(processor[name]):.1f}",
            f"{ratio:.1f}, least {least:.1f}",
            f"{100 * np.mean(equal):.2f} %" if equal else "",
        )
    Console(width=150).print(table)
    load = " ".join(f"{value:.2f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    print(f"{choice.name}, {torch.get_num_threads()} threads, torch {torch.__version__}; load {load}")
    print(f"peak memory {peak_memory() / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
