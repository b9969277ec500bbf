"""State dicts of decoder FCNs: what is inferred, what is asked for, and what is refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.decoder_states import WantedDecoder, is_decoder_state, load_decoder_state
from tests.engine.nets.test_decoder import (
    CHANNELS,
    CLASSES,
    LAST,
    PLACES,
    State,
    assert_close,
    described_forward,
    photo_of,
    random_state,
)

FILE = Path("somewhere/course.pth")


def same(net: torch.nn.Module, state: State) -> bool:
    found = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    wanted = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    return found.keys() == wanted.keys() and all(torch.equal(found[key], wanted[key]) for key in wanted)


@pytest.mark.parametrize(("trunk", "batch_norm"), list(PLACES))
def test_the_net_is_read_off_keys_and_shapes(trunk: str, batch_norm: bool) -> None:
    state = random_state(trunk, batch_norm=batch_norm)
    assert is_decoder_state(state)
    net, card = load_decoder_state(FILE, state)
    made = net.architecture
    assert (made.trunk, made.batch_norm, made.channels, made.last_channels) == (trunk, batch_norm, CHANNELS, LAST)
    assert (made.num_classes, made.upsampling) == (CLASSES, "transposed")
    assert not net.training
    assert same(net, state)
    assert json.loads(json.dumps(card)) == card


@pytest.mark.parametrize(
    ("name", "wanted", "scheme", "chosen_by"),
    [
        ("best_fcn32s.pth", None, "fcn32s", "the file's name"),
        ("FCN-16s epoch 9.pth", None, "fcn16s", "the file's name"),
        ("FCN_8s.pt", None, "fcn8s", "the file's name"),
        ("FCNs_vgg16.pth", None, "fcns", "the file's name"),
        ("model.pth", None, "fcns", "default, as the file's name says nothing"),
        ("best_fcn32s.pth", "fcn8s", "fcn8s", "request"),
    ],
)
def test_the_scheme_is_asked_for_or_goes_by_the_name(
    name: str, wanted: str | None, scheme: str, chosen_by: str
) -> None:
    state, photo = random_state(), photo_of((33, 40))
    net, card = load_decoder_state(Path(name), state, WantedDecoder(scheme=wanted))
    assert (card["scheme"], card["scheme_chosen_by"]) == (scheme, chosen_by)
    with torch.inference_mode():
        scores = net.outputs(photo).scores
    assert_close(scores, described_forward(state, photo, scheme)[0])


def test_a_parallel_half_precision_file_with_vggs_own_classifier_is_read() -> None:
    state = random_state()
    stored: State = {f"module.{key}": value.half() if value.ndim else value for key, value in state.items()}
    for number in (0, 3, 6):
        stored[f"module.pretrained_net.classifier.{number}.weight"] = torch.zeros(2, 2)
    net, card = load_decoder_state(FILE, stored)
    assert card["unused"] == ["pretrained_net.classifier.* (3 tensors)"]
    assert same(net, {key: value.half().float() for key, value in state.items()})
    assert all(value.dtype == torch.float32 for value in net.parameters())


def test_counters_may_be_missing() -> None:
    state = {key: value for key, value in random_state().items() if not key.endswith("num_batches_tracked")}
    net, _ = load_decoder_state(FILE, state)
    assert int(net.state_dict()["bn1.num_batches_tracked"]) == 0


def test_plain_convolutions_need_a_word_on_how_to_enlarge() -> None:
    state = random_state("blocks", transposed=False)
    with pytest.raises(CheckpointError, match=r"course\.pth.*deconv2.*nearest, bilinear, max_unpooling"):
        load_decoder_state(FILE, state)
    net, card = load_decoder_state(FILE, state, WantedDecoder(upsampling="max_unpooling"))
    assert net.architecture.upsampling == card["upsampling"] == "max_unpooling"
    assert same(net, state)
    with pytest.raises(CheckpointError, match=r"layer deconv\d\.weight is"):
        load_decoder_state(FILE, state, WantedDecoder(upsampling="transposed"))


CONV4_2 = "pretrained_net.features.19.weight"
BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"deconv1.weight": None}, "deconv1", "which program"),
    ({"classifier.weight": None}, r"classifier\.weight", "missing"),
    ({"deconv3.bias": None}, r"deconv3\.bias", "missing"),
    ({"bn4.running_var": None}, r"bn4\.running_var", "missing"),
    ({CONV4_2: None}, r"features\.19\.weight", "missing"),
    ({"pretrained_net.features.28.weight": None}, r"features\.28\.weight", "missing"),
    ({"extra.weight": torch.zeros(2)}, r"extra\.weight", "unexpected"),
    ({"pretrained_net.features.40.weight": torch.zeros(2, 2, 3, 3)}, r"features\.40", "unexpected"),
    ({"deconv2.weight": torch.zeros(7, 5, 4, 4)}, r"deconv2\.weight", r"\(7, 5, 4, 4\)"),
    ({"classifier.weight": torch.zeros(4, 8)}, r"classifier\.weight", "4 dimensions"),
    ({"classifier.weight": torch.zeros(9000, 8, 1, 1)}, "num_classes", "9000"),
    ({"classifier.weight": torch.zeros(0, 8, 1, 1)}, r"classifier\.weight", "different net"),
    ({"bn1.running_var": torch.full((7,), -1.0)}, r"bn1\.running_var", "negative"),
    ({"deconv1.weight": torch.zeros(7, 7, 4, 4, dtype=torch.int8)}, r"deconv1\.weight", "int8"),
    ({"module.deconv1.bias": torch.zeros(7)}, r"deconv1\.bias", "twice"),
]


@pytest.mark.parametrize(("changes", "layer", "word"), BROKEN)
def test_a_state_that_does_not_fit_is_refused_with_file_layer_and_reason(
    changes: dict[str, Tensor | None], layer: str, word: str
) -> None:
    state: dict[str, Tensor] = dict(random_state())
    for key, value in changes.items():
        state.pop(key, None)
        if value is not None:
            state[key] = value
    with pytest.raises(CheckpointError, match=word) as refused:
        load_decoder_state(FILE, state)
    assert str(FILE) in str(refused.value)
    refused.match(layer)


def test_unknown_schemes_and_other_nets_are_refused() -> None:
    with pytest.raises(CheckpointError, match=r"fcn4s.*fcn32s, fcn16s, fcn8s, fcns"):
        load_decoder_state(FILE, random_state(), WantedDecoder(scheme="fcn4s"))
    other = {"conv1_1.weight": torch.zeros(4, 3, 3, 3), "score_fr.weight": torch.zeros(2, 4, 1, 1)}
    assert not is_decoder_state(other)
    with pytest.raises(CheckpointError, match="which program wrote it"):
        load_decoder_state(FILE, other)
