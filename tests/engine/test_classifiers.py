"""torchvision's classifiers, made convolutional: their own scores at 224x224, and a grid of them on any photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torchvision.models import AlexNet_Weights, GoogLeNet, alexnet
from torchvision.models.vgg import VGG, make_layers

import fcn_studio as fs
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.labels import built_in_label_sets
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.wanted import Wanted
from tests.conftest import fusing

NARROW: list[str | int] = [6, 6, "M", 8, 8, "M", 10, 10, 10, "M", 12, 12, 12, "M", 12, 12, 12, "M"]


def randomised(net: nn.Module) -> nn.Module:
    """Statistics of normalisations too, so that leaving one out shows."""
    generator = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None and module.running_var is not None:
            module.running_mean.copy_(torch.randn(module.running_mean.shape, generator=generator) * 0.2)
            module.running_var.copy_(torch.rand(module.running_var.shape, generator=generator) + 0.5)
    return net.eval()


def vgg16(*, norm: bool) -> nn.Module:
    """torchvision's class, with narrow layers of the true numbers."""
    net = VGG(make_layers(NARROW, batch_norm=norm))
    net.classifier = nn.Sequential(
        nn.Linear(12 * 49, 20), nn.ReLU(), nn.Dropout(), nn.Linear(20, 20), nn.ReLU(), nn.Dropout(), nn.Linear(20, 1000)
    )
    return net  # type: ignore[no-any-return]


NETS: dict[str, Callable[[], nn.Module]] = {
    "vgg16": lambda: vgg16(norm=False),
    "vgg16_bn": lambda: vgg16(norm=True),
    "alexnet": alexnet,
    "googlenet": lambda: GoogLeNet(aux_logits=False, transform_input=True, init_weights=False),
}


@pytest.fixture
def square() -> NDArray[np.uint8]:
    """A (224, 224, 3) picture with areas and edges."""
    rng = np.random.default_rng(3)
    return np.kron(rng.integers(0, 256, (28, 28, 3)), np.ones((8, 8, 1))).astype(np.uint8)


def saved(folder: Path, name: str) -> tuple[Path, nn.Module]:
    torch.manual_seed(0)
    net = randomised(NETS[name]())
    path = folder / f"{name}.pth"
    torch.save(net.state_dict(), path)
    return path, net


@pytest.mark.parametrize("name", NETS)
def test_the_middle_cell_is_the_classifier_at_224(tmp_path: Path, square: NDArray[np.uint8], name: str) -> None:
    path, net = saved(tmp_path, name)
    pixels = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 255
    transforms = AlexNet_Weights.IMAGENET1K_V1.transforms()  # the same mean and deviation for all of them
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (transforms.mean, transforms.std))
    with torch.inference_mode():
        expected = net((pixels - mean) / std)[0]
    checkpoint = open_checkpoint(path)
    with torch.inference_mode():
        fcn = fusing(checkpoint.net)
        found = fcn.score(fcn.taps(checkpoint.preprocessing.to_tensor(square)))["score_fr"][0]
    middle = found[:, found.shape[1] // 2, found.shape[2] // 2]
    torch.testing.assert_close(middle, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize(("height", "width"), [(224, 224), (61, 83), (1, 1), (300, 257)])
def test_a_photo_of_any_size_shows_the_classes_most_present(tmp_path: Path, height: int, width: int) -> None:
    path, _ = saved(tmp_path, "googlenet")
    photo = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    model = fs.load(path, device="cpu", precision="fp32")
    assert len(model.labels) == 1000
    assert model.labels.classes[281] == "tabby", "ImageNet's order"
    assert len(set(model.labels.classes)) == 1000
    trace = model.trace(photo)
    assert trace.variants == ("32s",)
    assert trace.mask("32s").shape == (height, width)
    assert trace.labels.classes[-1] == "other classes"
    # The kept classes' probabilities are those of the softmax over all thousand.
    checkpoint = open_checkpoint(path)
    with torch.inference_mode():
        net = fusing(checkpoint.net)
        whole = net.score(net.taps(checkpoint.preprocessing.to_tensor(photo)))["score_fr"][0].double()
    probabilities = whole.softmax(0)
    for name in trace.labels.classes[:5]:
        shown = torch.from_numpy(trace.node("score_fr")).double().softmax(0)[trace.labels.index(name)]
        torch.testing.assert_close(shown, probabilities[model.labels.index(name)], rtol=1e-3, atol=1e-6)
    strongest = probabilities.flatten(1).amax(1).topk(5).indices.tolist()
    assert {model.labels.classes[index] for index in strongest} <= set(trace.labels.classes)


@pytest.mark.parametrize("name", ["vgg16", "alexnet"])
def test_what_lacks_or_does_not_fit_is_named(tmp_path: Path, name: str) -> None:
    path, net = saved(tmp_path, name)
    state = net.state_dict()
    key = "classifier.4.weight" if name == "alexnet" else "classifier.3.weight"
    torch.save({k: v for k, v in state.items() if k != key}, path)
    with pytest.raises(CheckpointError, match=rf"{path.name}.*{key} is missing"):
        open_checkpoint(path)
    torch.save({**state, "classifier.9.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(CheckpointError, match=r"classifier\.9\.weight"):
        open_checkpoint(path)
    torch.save(state, path)
    with pytest.raises(CheckpointError, match="but voc has 21"):
        open_checkpoint(path, Wanted(built_in_label_sets()["voc"]))
    first = "classifier.1.weight" if name == "alexnet" else "classifier.0.weight"
    torch.save({**state, first: state[first][:, :-1]}, path)
    with pytest.raises(CheckpointError, match="different net"):
        open_checkpoint(path)
