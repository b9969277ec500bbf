"""State dicts of torchvision's FCN-ResNets: what is inferred, and what is refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models import segmentation
from torchvision.transforms import functional as transforms

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.torchvision_segmenters import (
    LABELS,
    PREPROCESSING,
    is_torchvision_segmenter,
    load_torchvision_segmenter,
)
from tests.engine.nets.test_resnet import original

FILE = Path("somewhere/fcn.pth")
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    """torchvision's fcn_resnet50 with its auxiliary head, as the published files have it."""
    return original("resnet50", aux=True)


@pytest.fixture(scope="module")
def stored(theirs: nn.Module) -> State:
    return dict(theirs.state_dict())


def test_a_file_is_read_whole_and_predicts_as_torchvision(theirs: nn.Module, stored: State) -> None:
    assert is_torchvision_segmenter(stored)
    net, card = load_torchvision_segmenter(FILE, {f"module.{key}": value for key, value in stored.items()})
    assert (net.architecture.backbone, net.architecture.num_classes, net.architecture.aux) == ("resnet50", 5, True)
    assert card == {"source": "torchvision", "net": "fcn_resnet50", "aux_classifier": True}
    assert not net.training
    found = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    assert all(torch.equal(value, stored[key]) for key, value in found.items())
    assert {key for key in stored if not key.endswith("num_batches_tracked")} == set(found)
    photo = torch.randn(1, 3, 33, 40, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(net(photo)[OUTPUT], theirs(photo)["out"])


def test_a_file_without_auxiliary_head_is_read_too(stored: State) -> None:
    state = {key: value for key, value in stored.items() if not key.startswith("aux_classifier.")}
    net, card = load_torchvision_segmenter(FILE, state)
    assert net.aux_classifier is None
    assert card["aux_classifier"] is False


def test_the_deeper_net_is_told_by_its_blocks() -> None:
    with torch.device("meta"):
        shapes = segmentation.fcn_resnet101(weights=None, weights_backbone=None, num_classes=2, aux_loss=None)
    state = {key: torch.zeros(()).expand(value.shape) for key, value in shapes.state_dict().items()}
    state = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    net, _ = load_torchvision_segmenter(FILE, state)
    assert (net.title, net.architecture.num_classes) == ("FCN-ResNet101", 2)


def test_preprocessing_and_labels_are_those_of_the_published_weights() -> None:
    weights = segmentation.FCN_ResNet50_Weights.DEFAULT
    preset = weights.transforms()
    photo = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    expected = transforms.normalize(transforms.to_tensor(photo), mean=preset.mean, std=preset.std)
    assert torch.allclose(PREPROCESSING.to_tensor(photo)[0], expected, atol=1e-5)
    assert LABELS[len(weights.meta["categories"])] == "voc"


def test_states_that_do_not_fit_are_refused_with_file_layer_and_reason(stored: State) -> None:
    first = "backbone.layer3.5.conv1.weight"
    cases: list[tuple[State, str]] = [
        ({key: value for key, value in stored.items() if key != first}, r"layer3\.5\.conv1\.weight is missing"),
        ({key: value for key, value in stored.items() if ".layer3.5." not in key}, r"layer3 has 5 blocks"),
        ({key: value for key, value in stored.items() if key != "classifier.4.weight"}, r"classifier\.4\.weight"),
        ({**stored, "head.weight": torch.zeros(1)}, r"unexpected layer head\.weight"),
        ({**stored, "classifier.4.weight": torch.zeros(5, 512, 3, 3)}, r"classifier\.4\.weight is \(5, 512, 3, 3\)"),
        ({**stored, "aux_classifier.4.bias": torch.zeros(6)}, r"aux_classifier\.4\.bias"),
        ({**stored, "classifier.4.weight": torch.zeros(9000, 512, 1, 1)}, r"num_classes = 9000"),
        ({**stored, "classifier.0.convs.0.0.weight": torch.zeros(1)}, "DeepLabV3"),
        ({"conv1_1.weight": torch.zeros(1)}, "which program wrote it"),
    ]
    with torch.device("meta"):
        classifier = models.resnet50(weights=None).state_dict()
    cases.append(({key: torch.zeros(1) for key in classifier if "num_batches" not in key}, "classifies whole photos"))
    for state, word in cases:
        with pytest.raises(CheckpointError, match=word) as refused:
            load_torchvision_segmenter(FILE, state)
        assert str(FILE) in str(refused.value)


def test_an_auxiliary_head_of_other_classes_is_left_out(stored: State) -> None:
    """As where the published net was trained on for two classes, and only its classifier replaced."""
    state = {**stored, "classifier.4.weight": torch.ones(2, 512, 1, 1), "classifier.4.bias": torch.zeros(2)}
    net, card = load_torchvision_segmenter(FILE, state)
    assert (net.architecture.num_classes, net.aux_classifier, card["aux_classifier"]) == (2, None, False)
    assert any("aux_classifier.*" in words for words in card["unused"])


def test_one_output_is_a_foreground(tmp_path: Path, stored: State) -> None:
    state = {**stored, "classifier.4.weight": stored["classifier.4.weight"][:1], "classifier.4.bias": torch.zeros(1)}
    torch.save(state, tmp_path / "one.pth")
    found = open_checkpoint(tmp_path / "one.pth")
    net, _ = load_torchvision_segmenter(FILE, state)
    photo = torch.randn(1, 3, 33, 40, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        one, two = net(photo)[OUTPUT][0], found.net(photo)[OUTPUT][0]
    torch.testing.assert_close(two, torch.cat([torch.zeros_like(one), one]), rtol=1e-3, atol=1e-4)
    assert found.labels.classes == ("background", "foreground")
