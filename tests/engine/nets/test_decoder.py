"""Decoder FCNs against a forward written from their description, in float64, straight from the state dict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import OUTPUT
from fcn_studio.engine.nets.decoder import CONVOLVED, SCHEMES, DecoderArchitecture, DecoderFCN

CHANNELS, LAST, CLASSES = (3, 4, 5, 7, 6), 8, 4
SIZES = [(61, 83), (1, 1), (64, 32), (33, 96)]
# Convolutions in torchvision's `features`, typed from `print(torchvision.models.vgg16())` and its kin.
PLACES = {
    ("vgg11", False): ((0,), (3,), (6, 8), (11, 13), (16, 18)),
    ("vgg13", False): ((0, 2), (5, 7), (10, 12), (15, 17), (20, 22)),
    ("vgg16", False): ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
    ("vgg19", False): ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28, 30, 32, 34)),
    ("vgg16", True): ((0, 3), (7, 10), (14, 17, 20), (24, 27, 30), (34, 37, 40)),
    ("blocks", False): ((0, 2),) * 5,
    ("blocks", True): ((0, 3),) * 5,
}
State = dict[str, Tensor]


def conv_name(trunk: str, block: int, place: int) -> str:
    return f"block{block}.{place}" if trunk == "blocks" else f"pretrained_net.features.{place}"


def norm_name(trunk: str, block: int, place: int) -> str:
    return conv_name(trunk, block, place + 1)


def random_state(
    trunk: str = "vgg16",
    *,
    batch_norm: bool = False,
    transposed: bool = True,
    seed: int = 0,
    channels: tuple[int, ...] = CHANNELS,
    last: int = LAST,
    classes: int = CLASSES,
) -> State:
    """A state dict with the keys of the originals, narrow unless told otherwise, and with every number random."""
    generator = torch.Generator().manual_seed(seed)
    state: State = {}

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    def layer(name: str, shape: tuple[int, ...], out: int) -> None:
        state[f"{name}.weight"] = normal(*shape) * (2 / (shape[1] * shape[2] * shape[3])) ** 0.5
        state[f"{name}.bias"] = normal(out) * 0.1

    def norm(name: str, width: int) -> None:
        state[f"{name}.weight"] = normal(width).abs() + 0.5
        state[f"{name}.bias"] = normal(width) * 0.3
        state[f"{name}.running_mean"] = normal(width) * 0.2
        state[f"{name}.running_var"] = torch.rand(width, generator=generator) + 0.5
        state[f"{name}.num_batches_tracked"] = torch.tensor(7)

    into = 3
    for block, (places, width) in enumerate(zip(PLACES[trunk, batch_norm], channels, strict=True), start=1):
        for place in places:
            layer(conv_name(trunk, block, place), (width, into, 3, 3), width)
            if batch_norm:
                norm(norm_name(trunk, block, place), width)
            into = width
    widths = (*channels[::-1], last)
    for number in range(1, 6):
        into, out = widths[number - 1], widths[number]
        layer(f"deconv{number}", (into, out, 3, 3) if transposed else (out, into, 3, 3), out)
        norm(f"bn{number}", out)
    layer("classifier", (classes, last, 1, 1), classes)
    return state


def pooled(features: Tensor) -> tuple[Tensor, NDArray[np.int64]]:
    """2x2 maxima, and which of its four cells each window took, by comparing one after another."""
    values = features.numpy()
    count, channels, height, width = values.shape
    best = np.full((count, channels, height // 2, width // 2), -np.inf)
    taken = np.zeros(best.shape, dtype=np.int64)
    for cell, (row, column) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        candidate = values[:, :, row::2, column::2]
        taken[candidate > best] = cell
        best = np.maximum(best, candidate)
    return torch.from_numpy(best), taken


def unpooled(features: Tensor, taken: NDArray[np.int64]) -> Tensor:
    """Each value at the cell that the pool took, zeros elsewhere, one value after another."""
    values = features.numpy()
    result = np.zeros((*values.shape[:2], 2 * values.shape[2], 2 * values.shape[3]))
    for place in np.ndindex(*values.shape):
        row, column = divmod(int(taken[place]), 2)
        result[place[0], place[1], 2 * place[2] + row, 2 * place[3] + column] = values[place]
    return torch.from_numpy(result)


def interpolated(features: Tensor) -> Tensor:
    """Twice the size by half-pixel centres: 3/4 of the nearest cell and 1/4 of the next, which at edges is itself."""
    values = features.numpy()
    for axis in (2, 3):
        padded = np.concatenate(
            [values.take([0], axis), values, values.take([-1], axis)], axis=axis
        )  # cells beyond the edge repeat it
        length = values.shape[axis]
        before = padded.take(range(length), axis)
        after = padded.take(range(2, length + 2), axis)
        both = np.stack([0.75 * values + 0.25 * before, 0.75 * values + 0.25 * after], axis=axis + 1)
        shape = list(values.shape)
        shape[axis] *= 2
        values = both.reshape(shape)
    return torch.from_numpy(values)


def described_forward(
    state: State, photo: Tensor, scheme: str, *, trunk: str = "vgg16", batch_norm: bool = False, upsampling: str = ""
) -> tuple[NDArray[np.float64], list[dict[str, NDArray[np.float64]]]]:
    """Scores and each stage's tensors, as the nets' description has them."""
    w = {key: value.double() for key, value in state.items()}
    height, width = photo.shape[2:]
    x = torch.zeros(1, 3, (height + 31) // 32 * 32, (width + 31) // 32 * 32, dtype=torch.float64)
    x[:, :, :height, :width] = photo.double()

    def norm(name: str, value: Tensor) -> Tensor:
        scale = w[f"{name}.weight"] / (w[f"{name}.running_var"] + 1e-5).sqrt()
        shift = w[f"{name}.bias"] - w[f"{name}.running_mean"] * scale
        return value * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)

    pools, taken = {}, {}
    for block, places in enumerate(PLACES[trunk, batch_norm], start=1):
        for place in places:
            name = conv_name(trunk, block, place)
            x = functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=1)
            x = functional.relu(norm(norm_name(trunk, block, place), x) if batch_norm else x)
        x, taken[block] = pooled(x)
        pools[f"x{block}"] = x

    enlarge: dict[str, Callable[[Tensor, int], Tensor]] = {
        "nearest": lambda value, level: value.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3),
        "bilinear": lambda value, level: interpolated(value),
        "max_unpooling": lambda value, level: unpooled(value, taken[level]),
    }

    def up(number: int, value: Tensor) -> Tensor:
        weight, bias = w[f"deconv{number}.weight"], w[f"deconv{number}.bias"]
        if upsampling:
            result = functional.conv2d(enlarge[upsampling](value, 6 - number), weight, bias, padding=1)
        else:
            result = functional.conv_transpose2d(value, weight, bias, stride=2, padding=1, output_padding=1)
        return functional.relu(result)

    stages = []

    def note(output: Tensor, upsampled: Tensor, skip: Tensor | None = None) -> Tensor:
        named = {"energy": output, "upsampled": upsampled, "added": skip}
        stages.append({name: value.numpy() for name, value in named.items() if value is not None})
        return output

    s = x
    if scheme == "fcn32s":
        for number in (1, 2, 3, 4, 5):
            s = norm(f"bn{number}", up(number, s))
            note(s, s)
    elif scheme == "fcn16s":
        below = up(1, s)
        s = note(norm("bn1", below + pools["x4"]), below, pools["x4"])
        for number in (2, 3, 4, 5):
            s = norm(f"bn{number}", up(number, s))
            note(s, s)
    elif scheme == "fcn8s":
        below = up(1, s)
        s = note(norm("bn1", below + pools["x4"]), below, pools["x4"])
        below = up(2, s)
        s = note(norm("bn2", below + pools["x3"]), below, pools["x3"])
        for number in (3, 4, 5):
            s = norm(f"bn{number}", up(number, s))
            note(s, s)
    else:
        for number, pool in ((1, "x4"), (2, "x3"), (3, "x2"), (4, "x1")):
            below = norm(f"bn{number}", up(number, s))
            s = note(below + pools[pool], below, pools[pool])
        s = norm("bn5", up(5, s))
        note(s, s)
    scores = functional.conv2d(s, w["classifier.weight"], w["classifier.bias"])
    return scores[:, :, :height, :width].numpy(), stages


def net_of(state: State, scheme: str, **choices: Any) -> DecoderFCN:
    skips, addition = SCHEMES[scheme]
    architecture = DecoderArchitecture(
        CLASSES, skips=skips, addition=addition, channels=CHANNELS, last_channels=LAST, **choices
    )
    net = DecoderFCN(architecture)
    net.load_state_dict(state)
    return net.eval()


def photo_of(size: tuple[int, int], seed: int = 0) -> Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(seed))


def assert_close(actual: Tensor, expected: NDArray[np.float64]) -> None:
    assert tuple(actual.shape) == expected.shape
    assert np.abs(actual.numpy() - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["fcn32s", "fcn16s", "fcn8s", "fcns"])
def test_scores_are_those_of_the_described_forward(scheme: str, size: tuple[int, int]) -> None:
    state, photo = random_state(), photo_of(size)
    with torch.inference_mode():
        scores = net_of(state, scheme).outputs(photo).scores
    assert_close(scores, described_forward(state, photo, scheme)[0])


@pytest.mark.parametrize(("trunk", "batch_norm"), [key for key in PLACES if key != ("vgg16", False)])
def test_other_trunks_have_their_own_places(trunk: str, batch_norm: bool) -> None:
    state, photo = random_state(trunk, batch_norm=batch_norm), photo_of((40, 70))
    with torch.inference_mode():
        scores = net_of(state, "fcns", trunk=trunk, batch_norm=batch_norm).forward(photo)[OUTPUT]
    assert_close(scores, described_forward(state, photo, "fcns", trunk=trunk, batch_norm=batch_norm)[0])


@pytest.mark.parametrize("size", [(61, 83), (1, 1)])
@pytest.mark.parametrize("scheme", ["fcn8s", "fcns"])
@pytest.mark.parametrize("upsampling", ["nearest", "bilinear", "max_unpooling"])
def test_kinds_of_upsampling_are_those_of_naive_loops(upsampling: str, scheme: str, size: tuple[int, int]) -> None:
    state, photo = random_state("blocks", transposed=False), photo_of(size)
    net = net_of(state, scheme, trunk="blocks", upsampling=upsampling)
    expected, _ = described_forward(state, photo, scheme, trunk="blocks", upsampling=upsampling)
    for memory_format in (torch.contiguous_format, torch.channels_last):
        with torch.inference_mode():
            scores = net.to(memory_format=memory_format).outputs(photo.contiguous(memory_format=memory_format)).scores
        assert_close(scores, expected)


@pytest.mark.parametrize("scheme", ["fcn32s", "fcn16s", "fcn8s", "fcns"])
def test_stage_maps_are_root_mean_squares_on_the_grids_of_the_photo(scheme: str) -> None:
    state, photo = random_state(), photo_of((45, 70))
    heard: list[str] = []
    net = net_of(state, scheme)
    with torch.inference_mode():
        stages = net.outputs(photo, heard.append).stages
    assert tuple(heard) == net.stage_names
    _, expected = described_forward(state, photo, scheme)
    assert [stage.name for stage in stages] == ["deconv1", "deconv2", "deconv3", "deconv4", "deconv5"]
    assert [stage.stride for stage in stages] == [16, 8, 4, 2, 1]
    skips = {"fcn32s": [], "fcn16s": ["x4"], "fcn8s": ["x4", "x3"], "fcns": ["x4", "x3", "x2", "x1"]}[scheme]
    assert [stage.skip for stage in stages] == skips + [None] * (5 - len(skips))
    grids = [(3, 5), (6, 9), (12, 18), (23, 35), (45, 70)]  # ceil of 45 and 70 by the stride
    for stage, tensors, (rows, columns) in zip(stages, expected, grids, strict=True):
        assert (stage.added is None) == ("added" not in tensors)
        for name, features in tensors.items():
            energy = np.sqrt((features[:, :, :rows, :columns] ** 2).mean(axis=1))
            assert_close(getattr(stage, name), energy)


@pytest.mark.parametrize(
    "size_of_net", ["vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"]
)
def test_the_published_trunk_has_torchvisions_keys_and_shapes(size_of_net: str) -> None:
    from torchvision import models

    with torch.device("meta"):
        original = getattr(models, size_of_net)(weights=None).features.state_dict()
        trunk, _, norm = size_of_net.partition("_")
        net = DecoderFCN(DecoderArchitecture.from_dict({"num_classes": 21, "trunk": trunk, "batch_norm": bool(norm)}))
    found = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    prefix = "pretrained_net.features."
    trunk_shapes = {key.removeprefix(prefix): shape for key, shape in found.items() if key.startswith(prefix)}
    assert trunk_shapes == {key: tuple(value.shape) for key, value in original.items()}
    widths = (512, 512, 256, 128, 64, 32)
    for number in range(1, 6):
        assert found[f"deconv{number}.weight"] == (widths[number - 1], widths[number], 3, 3)
        assert found[f"bn{number}.running_var"] == (widths[number],)
    assert found["classifier.weight"] == (21, 32, 1, 1)
    assert len(found) == len(original) + 5 * (2 + 5) + 2


def test_kinds_that_share_weights_may_be_exchanged_and_others_not() -> None:
    state, photo = random_state("blocks", transposed=False), photo_of((40, 33))
    nearest = net_of(state, "fcns", trunk="blocks", upsampling="nearest")
    assert nearest.exchangeable == CONVOLVED
    for kind in CONVOLVED:
        other = nearest.with_upsampling(kind)  # type: ignore[arg-type]
        assert not other.training
        assert other.classifier.weight is nearest.classifier.weight
        with torch.inference_mode():
            scores = other.outputs(photo).scores
        assert_close(scores, described_forward(state, photo, "fcns", trunk="blocks", upsampling=kind)[0])
    with pytest.raises(ValueError, match="transposed"):
        nearest.with_upsampling("transposed")
    assert net_of(random_state(), "fcns").exchangeable == ("transposed",)


@pytest.mark.parametrize("upsampling", ["transposed", *CONVOLVED])
def test_every_layer_that_counts_learns(upsampling: str) -> None:
    state = random_state("blocks", batch_norm=True, transposed=upsampling == "transposed")
    net = net_of(state, "fcns", trunk="blocks", batch_norm=True, upsampling=upsampling).train()
    photos = torch.randn(2, 3, 40, 50, generator=torch.Generator().manual_seed(0))
    target = torch.randint(0, CLASSES, (2, 40, 50), generator=torch.Generator().manual_seed(1))
    functional.cross_entropy(net(photos)[OUTPUT], target).backward()  # type: ignore[no-untyped-call]
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name
        if name.endswith("weight"):
            assert float(parameter.grad.abs().max()) > 0, name


@pytest.mark.parametrize("upsampling", ["transposed", *CONVOLVED])
def test_half_precision_gives_float32_scores_near_the_full_ones(upsampling: str) -> None:
    state, photo = random_state(transposed=upsampling == "transposed"), photo_of((40, 50))
    net = net_of(state, "fcn8s", upsampling=upsampling)
    with torch.inference_mode():
        exact = net.outputs(photo)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = net.outputs(photo)
    assert rough.scores.dtype == torch.float32
    assert all(stage.energy.dtype == torch.float32 for stage in rough.stages)
    # bf16 has 8 bits, and over 18 layers a pool may take another cell; far off would be another net.
    assert float((rough.scores - exact.scores).abs().mean() / exact.scores.abs().mean()) < 0.15


def test_an_architecture_survives_its_metadata() -> None:
    architecture = DecoderArchitecture(5, skips=("x4",), addition="before_norm", trunk="blocks", channels=CHANNELS)
    assert DecoderArchitecture.from_dict(architecture.to_dict()) == architecture
    assert architecture.variants == (OUTPUT,)
    assert architecture.to_dict()["kind"] == architecture.kind == "decoder"
    assert DecoderFCN(architecture).title == "FCN-16s with decoder"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"num_classes": 0}, "num_classes = 0"),
        ({"num_classes": True}, "num_classes"),
        ({"channels": [1, 2, 3]}, "5 blocks"),
        ({"channels": [1, 2, 3, 4, 10**9]}, "1000000000"),
        ({"channels": [1, 2, 3, 4, 5.5]}, "5.5"),
        ({"last_channels": -1}, "last_channels"),
        ({"trunk": "vgg17"}, "vgg17"),
        ({"skips": ["x3"]}, "x3"),
        ({"addition": "never"}, "never"),
        ({"upsampling": "magic"}, "magic"),
        ({"depth": 3}, "depth"),
        ({"kind": "fcn"}, "fcn"),
    ],
)
def test_a_strangers_architecture_is_refused_in_words(changes: dict[str, Any], word: str) -> None:
    values = {**DecoderArchitecture(5).to_dict(), **changes}
    with pytest.raises(CheckpointError, match=word):
        DecoderArchitecture.from_dict(values)
    with pytest.raises(CheckpointError, match="num_classes"):
        DecoderArchitecture.from_dict({})
