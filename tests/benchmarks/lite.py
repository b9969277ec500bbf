"""Contenders of `rivals` on EfficientNet-Lite2: the bare net, and from a photo in memory to all masks."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fcn_studio import paths
from fcn_studio.core.labels import read_label_set
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.execution.openvino_package import computes_bf16
from fcn_studio.engine.execution.openvino_trunk import OpenVinoTrunk
from fcn_studio.engine.nets.architecture import Architecture, TrunkKind
from fcn_studio.engine.nets.fcn import FCN, folded
from fcn_studio.engine.nets.preprocess import LITE
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import block_channels
from fcn_studio.engine.nets.trunks.trunk import Taps
from fcn_studio.engine.tracing.device import DTYPES, choose_device
from fcn_studio.engine.tracing.predictor import Model

TRUNK: TrunkKind = "efficientnet_lite2"
WAYS = (("torch", "fp32"), ("torch", "bf16"), ("openvino", "fp32"), ("openvino", "bf16"))


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to run the net.

    Attributes:
        name: Of its row.
        masks: What it makes of an (H, W, 3) photo; nothing, where it stops at the scores.
    """

    name: str
    masks: Any


def checkpoint_of(weights: str | None) -> Checkpoint:
    """A file's, or one with the weights of a seed, whose masks are noise and take several times as long."""
    if weights is not None:
        return open_checkpoint(Path(weights))
    architecture = Architecture(
        21, alignment="same", trunk=TRUNK, channels=block_channels(TRUNK), fc_channels=512, batch_norm=True
    )
    torch.manual_seed(0)
    net = FCN(architecture).eval()
    for layer in (net.score_fr, net.score_pool4, net.score_pool3):
        assert layer is not None
        nn.init.normal_(layer.weight, std=0.05)
    return Checkpoint(net, read_label_set(paths.resources() / "labels" / "voc.toml"), LITE, "0" * 64, "random")


def contenders(checkpoint: Checkpoint, without: tuple[str, ...]) -> list[Contender]:
    """Those that this machine can run."""
    assert isinstance(checkpoint.net, FCN)
    net, found = folded(checkpoint.net).requires_grad_(False), []
    for backend, precision in WAYS:
        if backend in without or (precision == "bf16" and "bf16" in without):
            continue
        if backend == "openvino" and (importlib.util.find_spec("openvino") is None or _lacks(precision)):
            print(f"openvino {precision}: not here, left out")
            continue
        found.append(Contender(f"lite2, {backend} {precision}: bare net", _bare(net, checkpoint, backend, precision)))
        model = Model(_copied(checkpoint), choose_device("cpu", precision, backend))
        found.append(Contender(f"lite2, {backend} {precision}", _traced(model)))
    if "onnxruntime" not in without and importlib.util.find_spec("onnxruntime") is not None:
        found.append(Contender("lite2, onnxruntime fp32: bare net", _by_onnxruntime(net, checkpoint)))
    return found


def _lacks(precision: str) -> bool:
    return precision == "bf16" and not computes_bf16()


def _copied(checkpoint: Checkpoint) -> Checkpoint:
    return Checkpoint(deepcopy(checkpoint.net), checkpoint.labels, checkpoint.preprocessing, "0" * 64, "lite2")


def _traced(model: Model) -> Any:
    return lambda photo: dict(model.trace(photo).masks)


def _bare(net: FCN, checkpoint: Checkpoint, backend: str, precision: str) -> Any:
    """From the net's input, made once for each photo, to the three score maps."""
    placed = deepcopy(net).to(DTYPES[precision], memory_format=torch.channels_last)  # type: ignore[call-overload]
    scoring = deepcopy(net)
    trunk: Any = OpenVinoTrunk(placed) if backend == "openvino" else placed
    inputs: dict[int, Tensor] = {}

    @torch.inference_mode()
    def run(photo: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        if id(photo) not in inputs:
            pixels = checkpoint.preprocessing.to_tensor(photo).to(DTYPES[precision])
            inputs[id(photo)] = pixels.contiguous(memory_format=torch.channels_last)
        scoring.score(Taps(*(tap.float() for tap in trunk.taps(inputs[id(photo)], lambda name: None))))
        return {}

    return run


class _ScoreMaps(nn.Module):
    def __init__(self, net: FCN) -> None:
        super().__init__()
        self.net = net

    def forward(self, photo: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.net.score(self.net.taps(photo)).values())


def _by_onnxruntime(net: FCN, checkpoint: Checkpoint) -> Any:
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as torch's threads here
    sessions: dict[int, tuple[Any, NDArray[np.float32]]] = {}

    def run(photo: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        if id(photo) not in sessions:
            example = checkpoint.preprocessing.to_tensor(photo).contiguous()
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "net.onnx"
                torch.onnx.export(_ScoreMaps(net), (example,), file, input_names=["photo"], dynamo=False)
                session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
            sessions[id(photo)] = session, example.numpy()
        session, pixels = sessions[id(photo)]
        session.run(None, {"photo": pixels})
        return {}

    return run
