"""Where in a file the net is: any entry, any prefix, and whatever a trainer saves beside it; nothing is executed."""

from __future__ import annotations

import argparse
import collections
import datetime
import pathlib
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.summary import summary
from tests.engine.test_pytorch_fcn import Code, State, state_of

Wrap = Callable[[State], Any]


def prefixed(prefix: str) -> Callable[[State], State]:
    return lambda state: {f"{prefix}{key}": value for key, value in state.items()}


def trained(state: State) -> dict[str, Any]:
    """As pytorch-fcn's trainer saves it, with an optimizer that has made a step."""
    weights = torch.nn.Parameter(torch.ones(3, 3))
    optimizer = torch.optim.Adam([weights])
    weights.sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    return {
        "epoch": 11,
        "iteration": 8000,
        "arch": "FCN8s",
        "optim_state_dict": optimizer.state_dict(),
        "lr_scheduler": schedule.state_dict(),
        "model_state_dict": state,
        "best_mean_iu": np.float64(0.63),
    }


def opened(tmp_path: Path, content: Any, name: str = "net.pth", **options: bool) -> Checkpoint:
    torch.save(content, tmp_path / name, **options)
    return open_checkpoint(tmp_path / name)


def same_weights(found: Checkpoint, state: State) -> None:
    for name, value in found.net.state_dict().items():
        torch.testing.assert_close(value, state[name], rtol=0, atol=0)


@pytest.mark.parametrize("zip_file", [True, False])
@pytest.mark.parametrize("name", ["checkpoint.pth.tar", "model_best.pth.tar", "last.ckpt", "weights"])
def test_a_trainers_checkpoint_opens_under_its_own_name(tmp_path: Path, name: str, zip_file: bool) -> None:
    found = opened(tmp_path, trained(state_of("8s")), name, _use_new_zipfile_serialization=zip_file)
    same_weights(found, state_of("8s"))
    assert found.card["entry"] == "model_state_dict"
    assert found.name == name.partition(".")[0]


@pytest.mark.parametrize(
    "wrap",
    [
        prefixed("model."),
        prefixed("net."),
        prefixed("module."),
        prefixed("_orig_mod."),
        prefixed("module._orig_mod."),
        prefixed("anything.at.all."),
        lambda state: {"net": state, "epoch": 1},
        lambda state: {"epoch": 1, "my_weights": prefixed("module.")(state)},
        lambda state: {"a": {"b": [0, prefixed("model.module.")(state)]}},
        lambda state: (state, {"lr": 0.1}),
        lambda state: {**state, "epoch": 3, "note": "hello", "steps": torch.tensor(7)},
        lambda state: {"n_averaged": torch.tensor(4), **prefixed("module.")(state)},
        lambda state: {"state_dict": {**prefixed("model.")(state), "criterion.weight": torch.ones(21)}},
        lambda state: collections.OrderedDict(state),
        lambda state: {key: torch.nn.Parameter(value) for key, value in state.items()},
    ],
)
def test_prefixes_and_entries_fall_off(tmp_path: Path, wrap: Wrap) -> None:
    same_weights(opened(tmp_path, wrap(state_of("8s"))), state_of("8s"))


def test_wrappers_fall_off_inside_names_too(tmp_path: Path) -> None:
    state = state_of("8s")
    inside = {
        key.replace("score_fr.", "score_fr.module.").replace("fc6.", "fc6._orig_mod."): state[key] for key in state
    }
    same_weights(opened(tmp_path, inside), state)
    with pytest.raises(CheckpointError, match=r"fc6\.weight is there twice"):
        opened(tmp_path, {**inside, "fc6.weight": state["fc6.weight"]})


def test_of_several_nets_the_better_one_is_taken_and_it_is_said(tmp_path: Path) -> None:
    plain, average = state_of("8s"), {key: value + 1 for key, value in state_of("8s").items()}
    found = opened(tmp_path, {"model": plain, "model_ema": prefixed("module.")(average), "epoch": 3})
    same_weights(found, average)
    assert any("model_ema of the file, a running average" in words and "model too" in words for words in said(found))
    found = opened(tmp_path, {"last": plain, "bestModel": average})
    same_weights(found, average)
    twin = {**prefixed("student.")(plain), **prefixed("teacher.")(average)}
    found = opened(tmp_path, twin)
    same_weights(found, average)
    assert any("student.*" in words for words in said(found))


def said(found: Checkpoint) -> tuple[str, ...]:
    return summary(found).choices


def test_another_net_beside_it_does_not_hide_it(tmp_path: Path) -> None:
    large = {"encoder.weight": torch.zeros(2000, 2000), "ema.weight": torch.zeros(5, 5)}
    found = opened(tmp_path, {"discriminator_ema": large, "generator": state_of("8s")})
    same_weights(found, state_of("8s"))
    assert "other_entries" not in found.card, "the other is no net that could be open instead"


def test_a_classifier_inside_another_net_is_not_taken_out_of_it(tmp_path: Path) -> None:
    inner = {"features.0.weight": torch.zeros(4, 3, 3, 3), "classifier.6.weight": torch.zeros(1000, 4)}
    outer = {**prefixed("vgg.")(inner), "decoder.weight": torch.zeros(3, 4, 1, 1)}
    with pytest.raises(CheckpointError, match="no net that is known here"):
        opened(tmp_path, outer)


HARMLESS = {
    "args": argparse.Namespace(lr=0.01, out=Path("runs"), data=argparse.Namespace(name="coco")),
    "hparams": types.SimpleNamespace(lr=1),
    "scalars": [np.float32(0.5), np.int64(3), np.bool_(True), np.str_("best")],
    "array": np.arange(6).reshape(2, 3),
    "random": np.random.default_rng(0).integers(0, 9, 4),
    "counts": collections.defaultdict(list, {"a": [1]}),
    "made": datetime.datetime(2020, 1, 2),
    "took": datetime.timedelta(hours=3),
    "windows": pathlib.PureWindowsPath("C:/runs"),
    "set": {1, 2},
    "range": range(3),
    "version": torch.torch_version.TorchVersion("2.1.0"),
}


@pytest.mark.parametrize("entry", HARMLESS)
@pytest.mark.parametrize("zip_file", [True, False])
def test_harmless_entries_are_passed_over(tmp_path: Path, entry: str, zip_file: bool) -> None:
    content = {"model": state_of("32s"), entry: HARMLESS[entry]}
    same_weights(opened(tmp_path, content, _use_new_zipfile_serialization=zip_file), state_of("32s"))


class Settings:
    """Of some training script."""


@pytest.mark.parametrize("zip_file", [True, False])
def test_other_types_are_refused_by_name(tmp_path: Path, zip_file: bool) -> None:
    with pytest.raises(CheckpointError, match=r"tests\.engine\.test_state_search\.Settings.*state_dict\(\)"):
        opened(tmp_path, {"model": state_of("32s"), "cfg": Settings()}, _use_new_zipfile_serialization=zip_file)
    with pytest.raises(CheckpointError, match="could be code"):
        opened(tmp_path, torch.nn.Conv2d(1, 1, 1))


class Call:
    """Calls something when it is unpickled."""

    def __init__(self, function: Callable[..., object], *args: object) -> None:
        self._call = (function, args)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def test_nothing_is_called(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(CheckpointError, match="could be code"):
        opened(tmp_path, {"model": state_of("32s"), "args": argparse.Namespace(run=Code(trace))})
    # An array of Python objects made of a file's bytes is a pointer to anywhere: it must not be made.
    forged = Call(np.ndarray, (1,), "O", b"\1" * 8)
    same_weights(opened(tmp_path, {"model": state_of("32s"), "best": forged}), state_of("32s"))
    assert not trace.exists()


def test_plain_safetensors_open(tmp_path: Path) -> None:
    state = state_of("16s")
    save_file(prefixed("model.")(state), tmp_path / "plain.safetensors", metadata={"format": "pt"})
    same_weights(open_checkpoint(tmp_path / "plain.safetensors"), state)


@pytest.mark.parametrize(
    "content", [{}, {"epoch": 3}, {"x": torch.zeros(2)}, [1, 2], torch.zeros(3), {"weight": torch.ones(2)}]
)
def test_a_file_without_a_net_is_told_so(tmp_path: Path, content: object) -> None:
    with pytest.raises(CheckpointError, match=r"net\.pth: holds no state dict.*torch\.save"):
        opened(tmp_path, content)


def test_an_optimizer_alone_is_no_net(tmp_path: Path) -> None:
    content = trained({})
    with pytest.raises(CheckpointError, match="holds no state dict"):
        opened(tmp_path, content)


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.99])
@pytest.mark.parametrize("zip_file", [True, False])
def test_a_cut_file_is_said_to_be_cut(tmp_path: Path, kept: float, zip_file: bool) -> None:
    path = tmp_path / "net.pth"
    torch.save(state_of("32s"), path, _use_new_zipfile_serialization=zip_file)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(CheckpointError, match="cut short"):
        open_checkpoint(path)


def test_torchscript_is_refused_without_a_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    torch.jit.script(torch.nn.Conv2d(1, 1, 1)).save(str(tmp_path / "scripted.pt"))  # type: ignore[no-untyped-call]
    recwarn.clear()
    with pytest.raises(CheckpointError, match="is a TorchScript program"):
        open_checkpoint(tmp_path / "scripted.pt")
    assert not recwarn.list


def test_a_list_in_itself_many_times_takes_no_time(tmp_path: Path) -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep, deep]
    same_weights(opened(tmp_path, {"history": deep, "model": state_of("32s")}), state_of("32s"))


def test_infinite_numbers_are_named_by_layer(tmp_path: Path) -> None:
    state: dict[str, Tensor] = state_of("32s")
    state["fc7.bias"][0] = float("inf")
    with pytest.raises(CheckpointError, match=r"layer fc7\.bias holds infinite"):
        opened(tmp_path, {"state_dict": prefixed("model.")(state)})
