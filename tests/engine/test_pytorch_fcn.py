"""pytorch-fcn's files: scores equal a forward written from its published layers and crops, and nothing is executed."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

import fcn_studio as fs
from fcn_studio.cli.main import main
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.labels import LabelSet, numbered_label_set
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.wanted import Wanted

CHANNELS, FC, CLASSES = (4, 6, 8, 10, 10), 12, 21
BLOCKS = (2, 2, 3, 3, 3)
State = dict[str, Tensor]


def bilinear(kernel: int) -> Tensor:
    weight = torch.zeros(CLASSES, CLASSES, kernel, kernel)
    for index in range(CLASSES):
        weight[index, index] = torch.from_numpy(bilinear_kernel(kernel))
    return weight


def state_of(kind: str, *, learned: bool = False, channels: tuple[int, ...] = CHANNELS, fc: int = FC) -> State:
    """A state dict with the keys and shapes of the original's, but narrow unless told otherwise."""
    generator = torch.Generator().manual_seed(len(kind))

    def layer(name: str, out: int, into: int, kernel: int) -> State:
        weight = torch.randn(out, into, kernel, kernel, generator=generator) * (2 / (into * kernel**2)) ** 0.5
        return {f"{name}.weight": weight, f"{name}.bias": torch.randn(out, generator=generator) * 0.1}

    state: State = {}
    into = 3
    for block, count in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            state |= layer(f"conv{block}_{number}", channels[block - 1], into, 3)
            into = channels[block - 1]
    state |= layer("fc6", fc, into, 7) | layer("fc7", fc, fc, 1) | layer("score_fr", CLASSES, fc, 1)
    ups = {"32s": {"upscore": 64}, "16s": {"upscore2": 4, "upscore16": 32}}
    ups |= {eight: {"upscore2": 4, "upscore_pool4": 4, "upscore8": 16} for eight in ("8s", "8s-atonce")}
    for name, kernel in ups[kind].items():
        weight = bilinear(kernel)
        if learned:
            weight = weight + 0.05 * torch.randn(weight.shape, generator=generator)
        state[f"{name}.weight"] = weight
    if kind != "32s":
        state |= layer("score_pool4", CLASSES, channels[3], 1)
    if kind.startswith("8s"):
        state |= layer("score_pool3", CLASSES, channels[2], 1)
    return state


def forward(state: State, kind: str, photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(C, H, W) as the published nets compute it: paddings, ceil pooling and crops typed in from their definitions."""
    bgr = torch.from_numpy(photo[:, :, ::-1].copy()).float() - torch.tensor([104.00698793, 116.66876762, 122.67891434])
    x = bgr.permute(2, 0, 1)[None]
    height, width = photo.shape[:2]

    def conv(name: str, value: Tensor, padding: int = 0) -> Tensor:
        return functional.conv2d(value, state[f"{name}.weight"], state[f"{name}.bias"], padding=padding)

    def up(name: str, value: Tensor, stride: int) -> Tensor:
        return functional.conv_transpose2d(value, state[f"{name}.weight"], stride=stride)

    pools = {}
    for block, count in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            x = functional.relu(conv(f"conv{block}_{number}", x, 100 if (block, number) == (1, 1) else 1))
        x = pools[block] = functional.max_pool2d(x, 2, 2, ceil_mode=True)
    x = functional.relu(conv("fc7", functional.relu(conv("fc6", x))))
    score = conv("score_fr", x)
    if kind == "32s":
        return up("upscore", score, 32)[0, :, 19 : 19 + height, 19 : 19 + width].numpy()
    scales = (0.01, 0.0001) if kind == "8s-atonce" else (1.0, 1.0)
    score = up("upscore2", score, 2)
    skip = conv("score_pool4", pools[4] * scales[0])
    score = score + skip[..., 5 : 5 + score.shape[2], 5 : 5 + score.shape[3]]
    if kind == "16s":
        return up("upscore16", score, 16)[0, :, 27 : 27 + height, 27 : 27 + width].numpy()
    score = up("upscore_pool4", score, 2)
    skip = conv("score_pool3", pools[3] * scales[1])
    score = score + skip[..., 9 : 9 + score.shape[2], 9 : 9 + score.shape[3]]
    return up("upscore8", score, 8)[0, :, 31 : 31 + height, 31 : 31 + width].numpy()


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("kind", ["32s", "16s", "8s", "8s-atonce"])
@pytest.mark.parametrize("size", [(61, 83), (1, 1), (100, 64)])
def test_scores_are_those_of_the_published_forward(
    tmp_path: Path, kind: str, learned: bool, size: tuple[int, int]
) -> None:
    state = state_of(kind, learned=learned)
    path = tmp_path / f"fcn{kind}_from_caffe.pth"
    torch.save(state, path)
    photo = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    model = fs.load(path, device="cpu", precision="fp32")
    trace = model.trace(photo)
    variant = kind.partition("-")[0]
    assert trace.variants == (variant,)
    assert model.labels.name == "voc"
    expected = forward(state, kind, photo)
    assert np.abs(trace.scores(variant) - expected).max() <= 1e-4 * np.abs(expected).max()
    for name, share in trace.contributions(0, 0, variant).items():
        assert share.shape == (CLASSES,), name


def test_a_training_checkpoint_and_a_parallel_one_open_too(tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    state = state_of("8s")
    torch.save({"epoch": 3, "model_state_dict": state, "best_mean_iu": 0.6}, tmp_path / "train.pth")
    torch.save({f"module.{key}": value for key, value in state.items()}, tmp_path / "parallel.pth")
    torch.save(state, tmp_path / "plain.pth")
    plain, *others = (
        fs.load(tmp_path / f"{name}.pth", device="cpu", precision="fp32").trace(photo).scores("8s")
        for name in ("plain", "train", "parallel")
    )
    for other in others:
        np.testing.assert_array_equal(other, plain)


def test_importing_keeps_every_number(tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    source, made = tmp_path / "fcn8s-atonce.pth", tmp_path / "made.safetensors"
    torch.save(state_of("8s-atonce", learned=True), source)
    assert main(["weights", "import", str(source), "-o", str(made)]) == 0
    before, after = (fs.load(path, device="cpu", precision="fp32").trace(photo) for path in (source, made))
    np.testing.assert_array_equal(after.scores("8s"), before.scores("8s"))
    with safe_open(made, framework="pt") as file:
        assert "fcn8s-atonce.pth" in file.metadata()["fcn_studio"]
    assert main(["weights", "import", str(source), "-o", str(made)]) != 0, "nothing is replaced without being told to"
    assert main(["weights", "import", str(source), "-o", str(made), "--force"]) == 0


@pytest.mark.parametrize("n", [11, 13])
def test_other_classes_are_guessed_or_numbered(tmp_path: Path, camvid: LabelSet, n: int) -> None:
    state = {
        key: value[:n, :n] if key.startswith("upscore") else value[:n] if key.startswith("score") else value
        for key, value in state_of("16s").items()
    }
    path = tmp_path / "others.pth"
    torch.save(state, path)
    found = open_checkpoint(path)
    if n == len(camvid):
        assert found.labels == camvid, "the only built-in label set of that size"
        assert found.labels.guessed
        assert found.name == "others (classes guessed)"
        assert not open_checkpoint(path, Wanted(camvid)).labels.guessed
        return
    assert found.labels.classes[:2] == ("class 0", "class 1"), "no name is better than a wrong one"
    with pytest.raises(CheckpointError, match="but camvid has 11"):
        open_checkpoint(path, Wanted(camvid))
    assert open_checkpoint(path, Wanted(numbered_label_set(n))).labels.classes[12] == "class 12"


class Code:
    """Runs a command when it is unpickled the careless way."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return Path.write_text, (self._trace, "run")  # type: ignore[return-value]


def test_code_is_not_executed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    torch.save({**state_of("32s"), "extra": Code(trace)}, tmp_path / "evil.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps({"conv1_1.weight": Code(trace)}))
    for name in ("evil", "plain"):
        with pytest.raises(CheckpointError, match=rf"{name}\.pth"):
            fs.load(tmp_path / f"{name}.pth", device="cpu")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: state.pop("conv3_2.bias"), "conv3_2.bias is missing"),
        (lambda state: state.update({"conv9.weight": torch.zeros(1, 1, 1, 1)}), "unexpected layer conv9"),
        (lambda state: state.update({"fc7.weight": torch.zeros(3, 3, 1, 1)}), "fc7.weight is"),
        (lambda state: state["fc7.bias"].fill_(float("nan")), "infinite or undefined"),
        (lambda state: state.update({"fc6.weight": torch.zeros(3)}), "fc6 is missing or of a wrong shape"),
        (lambda state: state.pop("upscore8.weight"), "layer upscore8, .*, is missing"),
        (lambda state: state.update({"upscore16.weight": torch.zeros(21, 21, 32, 32)}), "unexpected layer upscore16"),
        (lambda state: state.pop("score_fr.weight"), "layer score_fr is missing"),
        (
            lambda state: state.update({"fc7.weight": torch.zeros(12, 12, 1, 1, dtype=torch.int8)}),
            "fc7.weight is int8",
        ),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, change: Callable[[State], object], reason: str) -> None:
    state = state_of("8s")
    change(state)
    torch.save(state, tmp_path / "bad.pth")
    with pytest.raises(CheckpointError, match=reason):
        fs.load(tmp_path / "bad.pth", device="cpu")


def test_damaged_and_foreign_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    torch.save(state_of("32s"), tmp_path / "whole.pth")
    whole = (tmp_path / "whole.pth").read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "cut.pth"
    pieces = [b"", b"\x80", whole[:100], whole[: len(whole) // 2], b"PK\x03\x04" + bytes(64), rng.bytes(4096)]
    for number in range(40):
        damaged = bytearray(whole)
        for place in rng.integers(0, 3000, 8):
            damaged[place] = rng.integers(0, 256)
        pieces.append(bytes(damaged) if number % 2 else whole[: int(rng.integers(1, len(whole)))])
    for piece in pieces:
        path.write_bytes(piece)
        with contextlib.suppress(CheckpointError):  # and no other; a byte that changed one number is no damage
            open_checkpoint(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"cut\.pth"):
        open_checkpoint(path)
