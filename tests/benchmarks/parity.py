"""How near the scores are to those of the programs that nets come from: `python -m tests.benchmarks.parity [NAME ...]`.

Writes a checkpoint of the true shapes with seeded random weights for each net, opens it as a user would, and compares
the scores of a photo with an independent computation: OpenCV's from the same Caffe file, torchvision's own class, or a
forward in double precision written from the published layers. Prints the largest difference, relative to the largest
score, for each net and size. Needs 4 GB of memory and 1.2 GB of disk at a time.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import nn
from torchvision.models import GoogLeNet, alexnet, vgg16, vgg16_bn
from torchvision.models.segmentation import fcn_resnet50, fcn_resnet101

import fcn_studio as fs
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.nets.fcn import FCN
from tests import caffe_nets
from tests.caffe_writer import save_caffemodel
from tests.engine import test_caffe, test_classifiers, test_pytorch_fcn
from tests.engine.nets import test_decoder

Scores = NDArray[np.floating]
Difference = float
SIZES = ((375, 500), (333, 499), (61, 83))  # height, width
SQUARE = (224, 224)
VGG = (64, 128, 256, 512, 512)
MEAN, DEVIATION = (torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
SEED = 5


@dataclass(frozen=True)
class Case:
    """One net: what it is compared with, at which sizes, and the comparison, which is given a folder."""

    name: str
    against: str
    sizes: tuple[tuple[int, int], ...]
    differences: Callable[[Path, tuple[tuple[int, int], ...]], Iterator[Difference]]


def photo_of(size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3), with areas and edges."""
    rng = np.random.default_rng(size[0])
    blocks = rng.integers(0, 256, (size[0] // 16 + 1, size[1] // 16 + 1, 3), dtype=np.uint8)
    return np.kron(blocks, np.ones((16, 16, 1), np.uint8))[: size[0], : size[1]]


def normalised(photo: NDArray[np.uint8]) -> torch.Tensor:
    """(1, 3, H, W) as torchvision's presets make it."""
    return (torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].float() / 255 - MEAN) / DEVIATION


def relative(found: Scores, reference: Scores) -> Difference:
    """The largest difference, relative to the largest value."""
    return float(np.abs(found - reference).max() / np.abs(reference).max())


def caffe(net: str, head: str = "") -> Callable[[Path, tuple[tuple[int, int], ...]], Iterator[Difference]]:
    """Against OpenCV, which reads the same file."""

    def differences(folder: Path, sizes: tuple[tuple[int, int], ...]) -> Iterator[Difference]:
        widths = caffe_nets.TRUE_ALEXNET if "alexnet" in net else caffe_nets.TRUE_VGG
        layers = caffe_nets.net_layers(net, widths)
        path = folder / f"{net}.caffemodel"
        save_caffemodel(path, caffe_nets.weights(layers, SEED))
        model = fs.load(f"{path}{'#geometric' if head == '_geo' else ''}", device="cpu", precision="fp32")
        mean = test_caffe.MEANS.get(net.partition("-")[0], test_caffe.VOC_MEAN)
        for size in sizes:
            photo = photo_of(size)
            blob = test_caffe.net_input(photo, mean)
            expected = caffe_nets.caffe_scores(caffe_nets.prototxt(layers, *size), path, blob, f"score{head}")[0]
            yield relative(model.trace(photo).scores(model.variants[0]), expected)

    return differences


def pytorch_fcn(kind: str) -> Callable[[Path, tuple[tuple[int, int], ...]], Iterator[Difference]]:
    """Against a forward from the published layers, in double precision."""

    def differences(folder: Path, sizes: tuple[tuple[int, int], ...]) -> Iterator[Difference]:
        state = test_pytorch_fcn.state_of(kind, channels=VGG, fc=4096)
        path = folder / f"fcn{kind}_from_caffe.pth"
        torch.save(state, path)
        model = fs.load(path, device="cpu", precision="fp32")
        for size in sizes:
            photo = photo_of(size)
            with torch.inference_mode():
                expected = test_pytorch_fcn.forward(state, kind, photo)
            yield relative(model.trace(photo).scores(model.variants[0]), expected)

    return differences


def decoder(scheme: str) -> Callable[[Path, tuple[tuple[int, int], ...]], Iterator[Difference]]:
    """Against a forward from the description, in double precision."""

    def differences(folder: Path, sizes: tuple[tuple[int, int], ...]) -> Iterator[Difference]:
        trunk = "blocks" if scheme == "from scratch" else "vgg16"
        state = test_decoder.random_state(trunk, channels=VGG, last=32, classes=21)
        path = folder / f"{'fcns' if trunk == 'blocks' else scheme}.pth"
        torch.save(state, path)
        model = fs.load(path, device="cpu", precision="fp32")
        for size in sizes:
            photo = photo_of(size)
            with torch.inference_mode():
                expected, _ = test_decoder.described_forward(
                    state, normalised(photo), "fcns" if trunk == "blocks" else scheme, trunk=trunk
                )
            yield relative(model.trace(photo).scores(OUTPUT), expected[0])

    return differences


def segmenter(make: Callable[..., nn.Module]) -> Callable[[Path, tuple[tuple[int, int], ...]], Iterator[Difference]]:
    """Against torchvision's own class."""

    def differences(folder: Path, sizes: tuple[tuple[int, int], ...]) -> Iterator[Difference]:
        torch.manual_seed(SEED)
        net = test_classifiers.randomised(make(weights=None, weights_backbone=None, num_classes=21, aux_loss=True))
        path = folder / "segmenter.pth"
        torch.save(net.state_dict(), path)
        model = fs.load(path, device="cpu", precision="fp32")
        for size in sizes:
            photo = photo_of(size)
            with torch.inference_mode():
                expected = net(normalised(photo))["out"][0].numpy()
            yield relative(model.trace(photo).scores(OUTPUT), expected)

    return differences


def classifier(make: Callable[[], nn.Module]) -> Callable[[Path, tuple[tuple[int, int], ...]], Iterator[Difference]]:
    """The middle cell at 224x224 against torchvision's own class."""

    def differences(folder: Path, sizes: tuple[tuple[int, int], ...]) -> Iterator[Difference]:
        torch.manual_seed(SEED)
        net = test_classifiers.randomised(make())
        path = folder / "classifier.pth"
        torch.save(net.state_dict(), path)
        checkpoint = open_checkpoint(path)
        assert isinstance(checkpoint.net, FCN)
        for size in sizes:
            photo = photo_of(size)
            with torch.inference_mode():
                expected = net(normalised(photo))[0].numpy()
                taps = checkpoint.net.taps(checkpoint.preprocessing.to_tensor(photo))
                grid = checkpoint.net.score(taps)["score_fr"][0]
            yield relative(grid[:, grid.shape[1] // 2, grid.shape[2] // 2].numpy(), expected)

    return differences


CASES = (
    *(Case(net, "OpenCV", SIZES, caffe(net)) for net in caffe_nets.NETS if not net.startswith("siftflow")),
    *(
        Case(f"{net}, {word}", "OpenCV", SIZES, caffe(net, suffix))
        for net in caffe_nets.NETS
        if net.startswith("siftflow")
        for word, suffix in (("semantic", "_sem"), ("geometric", "_geo"))
    ),
    *(
        Case(f"pytorch-fcn FCN{kind}", "published layers", SIZES, pytorch_fcn(kind))
        for kind in ("32s", "16s", "8s", "8s-atonce")
    ),
    Case("torchvision fcn_resnet50", "torchvision", SIZES, segmenter(fcn_resnet50)),
    Case("torchvision fcn_resnet101", "torchvision", SIZES, segmenter(fcn_resnet101)),
    *(
        Case(f"decoder {scheme}", "description", SIZES[2:], decoder(scheme))
        for scheme in ("fcn32s", "fcn16s", "fcn8s", "fcns", "from scratch")
    ),
    Case("VGG-16, convolutional", "torchvision", (SQUARE,), classifier(vgg16)),
    Case("VGG-16-BN, convolutional", "torchvision", (SQUARE,), classifier(vgg16_bn)),
    Case("AlexNet, convolutional", "torchvision", (SQUARE,), classifier(alexnet)),
    Case(
        "GoogLeNet, convolutional",
        "torchvision",
        (SQUARE,),
        classifier(lambda: GoogLeNet(aux_logits=False, transform_input=True, init_weights=False)),
    ),
)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="nets whose name contains this (default: all)")
    wanted = parser.parse_args().names
    console = Console()
    table = Table()
    for heading in ("net", "against", "size", "largest difference, relative"):
        table.add_column(heading)
    for case in CASES:
        if wanted and not any(name in case.name for name in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            for size, difference in zip(case.sizes, case.differences(Path(folder), case.sizes), strict=True):
                table.add_row(case.name, case.against, f"{size[0]}x{size[1]}", f"{difference:.1e}")
                console.print(f"{case.name} {size[0]}x{size[1]}: {difference:.1e}", highlight=False)
    console.print(table)


if __name__ == "__main__":
    main()
