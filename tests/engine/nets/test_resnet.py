"""torchvision's FCN-ResNets in our frame: their own scores, on their own grid."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision.models import segmentation

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.engine.nets.resnet import ResNetArchitecture, ResNetFCN

CLASSES = 5


def original(backbone: str, *, aux: bool) -> nn.Module:
    """torchvision's own class, with random weights and statistics that are not those of a fresh net."""
    torch.manual_seed(3)
    build = {"resnet50": segmentation.fcn_resnet50, "resnet101": segmentation.fcn_resnet101}[backbone]
    net = build(weights=None, weights_backbone=None, num_classes=CLASSES, aux_loss=aux).eval()
    for name, statistic in net.named_buffers():
        if name.endswith("running_mean"):
            statistic.normal_(0, 0.1)
        elif name.endswith("running_var"):
            statistic.uniform_(0.8, 1.2)
    assert isinstance(net, nn.Module)
    return net


def ours(net: nn.Module, backbone: str, *, aux: bool) -> ResNetFCN:
    values = {"num_classes": CLASSES, "backbone": backbone, "aux": aux}
    with torch.device("meta"):
        result = ResNetFCN(ResNetArchitecture.from_dict(values))
    result.load_state_dict(net.state_dict(), assign=True)  # strict: the keys are torchvision's, none more or less
    return result.eval()


@pytest.mark.parametrize(("backbone", "aux"), [("resnet50", True), ("resnet101", False)])
def test_scores_are_torchvisions(backbone: str, aux: bool) -> None:
    net = original(backbone, aux=aux)
    wrapped = ours(net, backbone, aux=aux)
    for size in ((65, 42), (1, 1)):
        photo = torch.randn(1, 3, *size)
        heard: list[str] = []
        with torch.inference_mode():
            expected = net(photo)["out"]
            scores, stages = wrapped.outputs(photo, heard.append)
            whole = wrapped(photo)[OUTPUT]
        assert scores.shape == (1, CLASSES, -(-size[0] // wrapped.stride), -(-size[1] // wrapped.stride))
        assert torch.equal(whole, expected)
        assert torch.equal(functional.interpolate(scores, size=size, mode="bilinear", align_corners=False), expected)
        assert tuple(heard) == wrapped.stage_names
        assert stages == ()


def test_the_published_nets_have_their_published_size() -> None:
    # num_params in torchvision's FCN_ResNet50_Weights and FCN_ResNet101_Weights, auxiliary head and all
    for backbone, weights in (
        ("resnet50", segmentation.FCN_ResNet50_Weights.DEFAULT),
        ("resnet101", segmentation.FCN_ResNet101_Weights.DEFAULT),
    ):
        with torch.device("meta"):
            values = {"num_classes": len(weights.meta["categories"]), "backbone": backbone, "aux": True}
            net = ResNetFCN(ResNetArchitecture.from_dict(values))
        assert sum(value.numel() for value in net.parameters()) == weights.meta["num_params"]


def test_an_architecture_survives_its_metadata_and_a_wrong_one_is_refused() -> None:
    architecture = ResNetArchitecture(21, backbone="resnet101", aux=True)
    assert ResNetArchitecture.from_dict(architecture.to_dict()) == architecture
    assert architecture.variants == (OUTPUT,)
    for changes, word in (
        ({"backbone": "resnet18"}, "resnet18"),
        ({"aux": 1}, "aux"),
        ({"num_classes": 10**6}, "1000000"),
        ({"kind": "decoder"}, "decoder"),
    ):
        with pytest.raises(CheckpointError, match=word):
            ResNetArchitecture.from_dict({**architecture.to_dict(), **changes})


def test_torchvision_is_imported_only_when_such_a_net_is_built() -> None:
    code = (
        "import sys, fcn_studio.engine.nets.resnet, fcn_studio.engine.checkpoints.torchvision_segmenters; "
        "sys.exit('torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
