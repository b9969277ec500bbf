"""Small nets of the production class, shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fcn_studio import paths
from fcn_studio.core.labels import LabelSet, read_label_set
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", metavar="FOLDER", default="", help="keep the pictures of test_screenshots.py here"
    )


def random_net(architecture: Architecture, seed: int = 0) -> FCN:
    """A net with every weight and bias random, the zero-initialised score layers too."""
    generator = torch.Generator().manual_seed(seed)
    net = FCN(architecture).eval()
    with torch.no_grad():
        for name, value in net.named_parameters():
            fan = value[0].numel() if value.ndim == 4 and not name.startswith("up") else 16
            value.copy_(torch.randn(value.shape, generator=generator) * (2 / fan) ** 0.5)
            if name.startswith("bn") and name.endswith("weight"):
                value.abs_().add_(0.5)
        for name, statistic in net.named_buffers():
            if name.endswith("running_mean"):
                statistic.copy_(torch.randn(statistic.shape, generator=generator) * 0.1)
            elif name.endswith("running_var"):
                statistic.copy_(torch.rand(statistic.shape, generator=generator) + 0.5)
    return net


def fusing(net: Net) -> FCN:
    """The net, which is known to fuse scores."""
    assert isinstance(net, FCN)
    return net


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests measure and keep stays out of the user's cache folder."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setattr(paths, "cache", lambda: folder)


@pytest.fixture(scope="session")
def camvid() -> LabelSet:
    return read_label_set(paths.resources() / "labels" / "camvid.toml")


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet) -> Path:
    """A narrow BatchNorm FCN with random weights, as the default checkpoint is stored."""
    net = random_net(
        Architecture(num_classes=11, alignment="same", channels=(4, 6, 8, 8, 8), fc_channels=12, batch_norm=True)
    )
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(path, net, labels=camvid, preprocessing=IMAGENET_RGB, card={"recipe": "none: random"})
    return path


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    """A (61, 83, 3) picture with areas and edges."""
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 256, (8, 11, 3)), np.ones((8, 8, 1)))[:61, :83]
    return (image * 0.8 + rng.integers(0, 50, image.shape)).clip(0, 255).astype(np.uint8)
