"""Checkpoints of every kind, dropped on a real window: each is opened, shown in every room, and says what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from torch import nn
from torchvision.models import GoogLeNet
from torchvision.models.segmentation import fcn_resnet50

from fcn_studio.app.widgets.notice import Notice
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.decoder import DecoderArchitecture, DecoderFCN
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.app.conftest import act, open_files, wait_until_done
from tests.caffe_nets import NARROW, net_layers, weights
from tests.caffe_writer import save_caffemodel
from tests.conftest import random_net

MakePhoto = Callable[..., Path]


def saved_state(path: Path, net: nn.Module) -> Path:
    torch.save(net.eval().state_dict(), path)
    return path


def caffe(path: Path, net: str) -> Path:
    save_caffemodel(path, weights(net_layers(net, NARROW), 5))
    return path


def decoder(path: Path, *, upsampling: str = "transposed") -> Path:
    torch.manual_seed(0)
    values = {"num_classes": 21, "channels": [4, 6, 8, 8, 8], "last_channels": 5, "upsampling": upsampling}
    return saved_state(path, DecoderFCN(DecoderArchitecture.from_dict(values)))


def alexnet(path: Path, labels: LabelSet) -> Path:
    net = Architecture(11, "same", (4, 6, 8, 8, 6), 10, trunk="alexnet")
    save_checkpoint(path, random_net(net), labels=labels, preprocessing=IMAGENET_RGB, card={})
    return path


def classifier(path: Path) -> Path:
    torch.manual_seed(0)
    return saved_state(path, GoogLeNet(aux_logits=False, init_weights=False))


def segmenter(path: Path) -> Path:
    torch.manual_seed(0)
    return saved_state(path, fcn_resnet50(weights=None, weights_backbone=None, num_classes=21, aux_loss=True))


KINDS: dict[str, tuple[Callable[[Path, LabelSet], Path], str, str]] = {
    "caffe": (lambda folder, _: caffe(folder / "fcn8s-heavy-pascal.caffemodel", "voc-fcn8s"), "8s", "FCN-8s"),
    "alexnet": (lambda folder, labels: alexnet(folder / "alexnet.safetensors", labels), "16s", "FCN-16s"),
    "decoder": (lambda folder, _: decoder(folder / "fcn8s_camvid.pth"), "output", "FCN-8s with decoder"),
    "segmenter": (lambda folder, _: segmenter(folder / "fcn_resnet50_coco.pth"), "output", "FCN-ResNet50"),
    "classifier": (lambda folder, _: classifier(folder / "googlenet.pth"), "32s", "GoogLeNet classifier"),
}


def label(window: MainWindow, name: str) -> str:
    found = window.findChild(QLabel, name)
    assert isinstance(found, QLabel), name
    return found.text()


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_of_any_kind_opens_and_every_room_shows_it(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, camvid: LabelSet, kind: str
) -> None:
    make, panel, title = KINDS[kind]
    open_files(qtbot, window, make_photo("street.png", 161, 97))
    open_files(qtbot, window, make(tmp_path, camvid))
    assert not window.workspace.banner.isVisible(), label(window, "error_text")
    assert panel in [str(name) for name in window.compare.visible_panels]
    assert label(window, f"title_{panel}") == title
    for room in ("heatmaps", "fusion", "changes", "compare"):
        act(window, f"room.{room}")
        qtbot.wait(150)
        wait_until_done(qtbot, window)
    window.workspace.show_probe()
    window.session.pin((50, 40))
    window.workspace.probe.explain_now()
    assert not window.workspace.banner.isVisible()


def test_two_checkpoints_of_different_kinds_stand_beside_each_other(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png", 161, 97))
    window.intake.use_checkpoint(decoder(tmp_path / "fcns.pth"), beside=True)
    wait_until_done(qtbot, window)
    panels = [str(panel) for panel in window.compare.visible_panels]
    assert panels == ["photo", "32s", "16s", "8s", "output_2"]
    assert label(window, "title_output_2") == "FCNs with decoder (2)"


def test_the_second_head_of_a_net_is_offered(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png", 161, 97))
    open_files(qtbot, window, caffe(tmp_path / "siftflow-fcn16s-heavy.caffemodel", "siftflow-fcn16s"))
    assert window.session.engine[0].labels.name == "siftflow"
    notice = window.findChild(Notice)
    assert notice is not None
    offers = [button for button in notice.findChildren(QPushButton) if "geometric" in button.text()]
    offers[0].click()
    wait_until_done(qtbot, window)
    assert [info.labels.name for info in window.session.engine] == ["siftflow", "siftflow-geometric"]
    assert "16s_2" in [str(panel) for panel in window.compare.visible_panels]


def test_a_file_that_is_no_checkpoint_leaves_the_open_one(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.png", 161, 97))
    before = window.session.engine
    for name, content in (("page.caffemodel", b"<html>404</html>"), ("cut.pth", b"PK\x03\x04"), ("empty.pt", b"")):
        path = tmp_path / name
        path.write_bytes(content)
        open_files(qtbot, window, path)
        assert window.workspace.banner.isVisible()
        assert name in label(window, "error_text")
        assert window.session.engine == before
