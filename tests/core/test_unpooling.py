"""Max-unpooling against torch's max_unpool2d, a loop over the windows, and whole traces of nets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file
from torch import Tensor
from torch.nn import functional

from fcn_studio import load
from fcn_studio.core.errors import DataError
from fcn_studio.core.figures.fusion_figure import fusion_figure
from fcn_studio.core.graph.fusion import Upsampling
from fcn_studio.core.graph.geometry import PHOTO, CoordMap, Layer
from fcn_studio.core.graph.unpooling import POOLS, UNDONE, Lattice, Switches, unpooling
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.channels import channel_shares
from fcn_studio.core.maps.heat import NodeHeat, node_geometry
from fcn_studio.core.trace import trace_file
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion
from fcn_studio.core.trace.trace import Trace
from fcn_studio.core.trace.trace_file import load_trace, save_trace
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import VGG16_CONVOLUTIONS, Alignment, Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import random_net

VARIANTS = ("32s", "16s", "8s")


def checkpoint(path: Path, architecture: Architecture, labels: LabelSet) -> Path:
    save_checkpoint(path, random_net(architecture), labels=labels, preprocessing=IMAGENET_RGB, card={})
    return path


@pytest.fixture(scope="module", params=["same", "caffe"])
def alignment(request: pytest.FixtureRequest) -> Alignment:
    found: Alignment = request.param
    return found


@pytest.fixture(scope="module")
def net_file(tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet, alignment: Alignment) -> Path:
    architecture = Architecture(num_classes=11, alignment=alignment, channels=(4, 6, 8, 8, 8), fc_channels=12)
    return checkpoint(tmp_path_factory.mktemp("net") / f"{alignment}.safetensors", architecture, camvid)


@pytest.fixture(scope="module")
def trace(net_file: Path) -> Trace:
    image = np.random.default_rng(5).integers(0, 256, (101, 133, 3), dtype=np.uint8)
    return load(net_file, device="cpu", precision="fp32").trace(image, keep_taps=True)


@pytest.fixture(scope="module")
def unpooled(trace: Trace) -> Trace:
    return trace.fuse(upsampling="max_unpooling")


class Pools:
    """The trunk run again by hand with torch, layer after layer: sums over channels, and torch's own pool indices."""

    def __init__(self, net_file: Path, image: NDArray[np.uint8]) -> None:
        from fcn_studio.engine.checkpoints.native import load_checkpoint

        found = load_checkpoint(net_file)
        net = found.net
        assert isinstance(net, FCN)
        features = found.preprocessing.to_tensor(image)
        self.indices: dict[str, Tensor] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        with torch.inference_mode():
            for block, count in enumerate(VGG16_CONVOLUTIONS, start=1):
                for number in range(1, count + 1):
                    features = functional.relu(net.get_submodule(f"conv{block}_{number}")(features))
                sums = features.double().sum(dim=1, keepdim=True).float()
                _, index = functional.max_pool2d(sums, 2, 2, ceil_mode=True, return_indices=True)
                self.indices[f"pool{block}"] = index
                self.sizes[f"pool{block}"] = (sums.shape[-2], sums.shape[-1])
                features = functional.max_pool2d(features, 2, 2, ceil_mode=True)

    def undo(self, scores: Tensor, name: str) -> Tensor:
        """(1, C, h, w) on a pool's output grid to its input grid."""
        index = self.indices[name].expand(-1, scores.shape[1], -1, -1)
        return functional.max_unpool2d(scores, index, [2, 2], [2, 2], output_size=self.sizes[name])


@pytest.fixture(scope="module")
def pools(net_file: Path, trace: Trace) -> Pools:
    return Pools(net_file, trace.image)


def by_torch(pools: Pools, trace: Trace, alignment: Alignment, variant: str) -> NDArray[np.float32]:
    """A variant's scores through torch's max_unpool2d, on whole, uncropped grids of the canvas."""
    lost = 3 if alignment == "caffe" else 0  # cells that fc6 without padding lacks on each side
    height, width = trace.size
    border = 99 if alignment == "caffe" else 0  # of the canvas; conv1_1 takes one of its 100
    total = functional.pad(torch.from_numpy(trace.node("score_fr"))[None], (lost,) * 4)
    steps = list(reversed(POOLS))
    if variant != "32s":
        total = pools.undo(total, steps.pop(0)) + torch.from_numpy(trace.node("score_pool4"))[None]
    if variant == "8s":
        total = pools.undo(total, steps.pop(0)) + torch.from_numpy(trace.node("score_pool3"))[None]
    for name in steps:
        total = pools.undo(total, name)
    found: NDArray[np.float32] = total[0, :, border : border + height, border : border + width].numpy()
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_are_those_of_torchs_chain_of_unpooling(
    trace: Trace, unpooled: Trace, pools: Pools, alignment: Alignment, variant: str
) -> None:
    expected = by_torch(pools, trace, alignment, variant)
    assert np.count_nonzero(expected), "something landed on the photo"
    np.testing.assert_allclose(unpooled.scores(variant), expected, atol=1e-5)


def test_the_places_of_every_pool_are_torchs(trace: Trace, pools: Pools) -> None:
    assert tuple(trace.switches) == POOLS
    for name, found in trace.switches.items():
        rows, columns = np.indices(found.places.shape)
        row, column = 2 * rows + found.places // 2, 2 * columns + found.places % 2
        np.testing.assert_array_equal(row * pools.sizes[name][1] + column, pools.indices[name][0, 0].numpy())


def test_a_loop_over_cells_gives_the_same() -> None:
    rng = np.random.default_rng(6)
    coords, pooling = PHOTO, Layer(kernel=2, stride=2, ceil=True)
    found, sizes = [], [(11, 15)]
    for _ in range(3):
        coords = coords.through(pooling)
        size = (-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2))
        # In the last, partial windows only the first row or column is there.
        odd = np.indices(size)
        row = rng.integers(0, 2, size) * (2 * odd[0] + 1 < sizes[-1][0])
        column = rng.integers(0, 2, size) * (2 * odd[1] + 1 < sizes[-1][1])
        found.append(Switches((2 * row + column).astype(np.uint8), coords))
        sizes.append(size)
    scores = rng.standard_normal((3, 2, 2)).astype(np.float32)
    expected = np.zeros((3, 16, 16), dtype=np.float32)
    for i in range(2):
        for j in range(2):
            y, x = i, j
            for pool in reversed(found):
                code = int(pool.places[y, x])
                y, x = 2 * y + code // 2, 2 * x + code % 2
            expected[:, y, x] = scores[:, i, j]
    upsampling = unpooling(Lattice(coords, (2, 2)), reversed(found))
    assert (upsampling.stride, upsampling.kernel) == (8, 8)
    np.testing.assert_array_equal(upsampling.full(scores), expected)
    np.testing.assert_array_equal(
        upsampling.window(scores, range(-2, 9), range(5, 20)),
        np.pad(expected, ((0, 0), (2, 0), (0, 4)))[:, :11, 5:],
    )
    rows, columns = np.array([0, 3, 7, 15]), np.array([1, 2, 9])
    np.testing.assert_array_equal(upsampling.unpooled(scores, rows, columns), expected[:, rows][:, :, columns])
    for row, column in np.ndindex(16, 16):
        assert upsampling.landed(np.array([row]), np.array([column])).item() == bool(expected[0, row, column])


def test_cells_that_are_not_the_pools_are_refused() -> None:
    coords = PHOTO.through(Layer(kernel=2, stride=2, ceil=True))
    pool = Switches(np.zeros((3, 3), dtype=np.uint8), coords)
    for lattice in (Lattice(coords.cropped(-1), (2, 2)), Lattice(coords, (4, 3)), Lattice(CoordMap(), (2, 2))):
        with pytest.raises(ValueError, match=r"lie|aligned"):
            unpooling(lattice, (pool,))
    step = unpooling(Lattice(coords, (3, 3)), (pool,))
    with pytest.raises(ValueError, match="another grid"):
        step.full(np.ones((1, 1, 1), dtype=np.float32))
    with pytest.raises(ValueError, match="no kernel"):
        step.line()
    with pytest.raises(ValueError, match="max-unpooling"):
        Upsampling(2, 2, interpolation="max_unpooling")


@pytest.mark.parametrize("variant", VARIANTS)
def test_pixels_that_no_cell_reaches_are_void(unpooled: Trace, variant: str) -> None:
    scores, mask = unpooled.scores(variant), unpooled.mask(variant)
    stride = {"32s": 32, "16s": 16, "8s": 8}[variant]
    reached = mask != unpooled.labels.void
    assert not scores[:, ~reached].any()
    assert (scores[:, reached].argmax(axis=0) == mask[reached]).all()
    # Each stride x stride block of the photo has at most one such pixel, save where it shares with a neighbour.
    assert 0 < reached.mean() <= 1.5 / stride**2 + 4 / reached.size
    assert unpooled.class_shares(variant).sum() == pytest.approx(reached.mean())


@pytest.mark.parametrize("variant", VARIANTS)
def test_contributions_sum_to_the_scores_everywhere(unpooled: Trace, variant: str) -> None:
    scores = unpooled.scores(variant)
    rows, columns = np.nonzero(unpooled.mask(variant) != unpooled.labels.void)
    places = [*zip(rows.tolist(), columns.tolist(), strict=True)][:: max(1, len(rows) // 20)]
    for y, x in (*places, (0, 0), (100, 132), (57, 31)):
        total = np.sum(list(unpooled.contributions(x, y, variant).values()), axis=0)
        np.testing.assert_allclose(total, scores[:, y, x], atol=1e-5)


def test_contributions_far_from_the_first_cells(net_file: Path) -> None:
    """So large a photo that only the cells around a pixel are looked at."""
    image = np.random.default_rng(7).integers(0, 256, (450, 620, 3), dtype=np.uint8)
    found = load(net_file, device="cpu", precision="fp32").trace(image, keep_taps=True)
    unpooled = found.fuse(upsampling="max_unpooling")
    for variant in VARIANTS:
        scores = unpooled.scores(variant)
        rows, columns = np.nonzero(unpooled.mask(variant)[230:, 330:] != unpooled.labels.void)
        assert rows.size > 8
        for y, x in [*zip((rows + 230).tolist(), (columns + 330).tolist(), strict=True)][:: rows.size // 8]:
            near, _, _ = unpooled.near(x, y)
            assert near.node("score_fr").shape[1:] != unpooled.node("score_fr").shape[1:]
            total = np.sum(list(unpooled.contributions(x, y, variant).values()), axis=0)
            np.testing.assert_allclose(total, scores[:, y, x], atol=1e-5)
            assert total.any()


def test_gains_scale_what_lands(trace: Trace, unpooled: Trace) -> None:
    gained = trace.fuse(score_fr=0.5, pool4=2, pool3=0, upsampling="max_unpooling")
    shares = [unpooled.layer_scores(layer, "8s", range(101)) for layer in ("score_fr", "score_pool4", "score_pool3")]
    np.testing.assert_allclose(gained.scores("8s"), 0.5 * shares[0] + 2 * shares[1], atol=1e-5)
    assert np.count_nonzero(shares[0].any(axis=0)) < np.count_nonzero(shares[1].any(axis=0))


def test_live_masks_are_the_traces(trace: Trace) -> None:
    live, gains = LiveFusion(trace, "max_unpooling"), Gains(1, 0.5, 2)
    expected = trace.fuse(pool4=0.5, pool3=2, upsampling="max_unpooling")
    rows, columns = np.arange(trace.size[0]), np.arange(trace.size[1])
    np.testing.assert_array_equal(live.mask(gains, rows, columns), expected.mask("8s"))
    np.testing.assert_allclose(live.scores(gains, rows, columns), expected.scores("8s"), atol=1e-5)
    np.testing.assert_array_equal(live.mask(gains, rows[2:70:3], columns[5::2]), expected.mask("8s")[2:70:3][:, 5::2])


def test_heat_maps_are_those_of_the_scores(unpooled: Trace) -> None:
    heat = NodeHeat(unpooled, "8s")
    rows, columns = np.arange(1, 101, 3), np.arange(0, 133, 2)
    np.testing.assert_array_equal(heat.at(rows, columns, "score"), unpooled.scores("8s")[:, rows][:, :, columns])
    for node in ("upscore2", "fuse_pool4", "upscore_pool4", "fuse_pool3"):
        assert node_geometry(unpooled, node)[:2] == unpooled.node(node).shape[1:]
    np.testing.assert_array_equal(unpooled.heatmap(unpooled.labels.classes[2], node="8s"), unpooled.scores("8s")[2])


def test_the_fusion_figure_can_be_drawn(unpooled: Trace) -> None:
    assert fusion_figure(unpooled, title="a").width > 400


def test_channels_have_no_shares_after_unpooling(trace: Trace, unpooled: Trace) -> None:
    channel_shares(trace, 5, 5, "8s", 0)
    with pytest.raises(ValueError, match="taps"):
        channel_shares(unpooled, 5, 5, "8s", 0)


def test_without_indices_there_is_a_sentence(net_file: Path, trace: Trace) -> None:
    plain = load(net_file, device="cpu", precision="fp32").trace(trace.image)
    assert not plain.switches
    for found in (plain, replace(trace, switches={})):
        with pytest.raises(ValueError, match=r"no indices of its pools.*keep_taps=True"):
            found.fuse(upsampling="max_unpooling")


def test_taps_and_scores_are_the_same_with_indices(net_file: Path, trace: Trace) -> None:
    plain = load(net_file, device="cpu", precision="fp32").trace(trace.image)
    for name, layer in trace.score_maps.items():
        # With indices the layers run one by one, without them in the quick way: the sums are those of another order.
        error = np.abs(plain.score_maps[name].scores - layer.scores).max()
        assert error <= 1e-5 * np.abs(layer.scores).max()


def test_strips_have_none(net_file: Path) -> None:
    image = np.random.default_rng(8).integers(0, 256, (1300, 90, 3), dtype=np.uint8)
    model = load(net_file, device="cpu", precision="fp32")
    limit = model.memory_needed(1299, 90)
    found = model.trace(image, keep_taps=True, memory_limit=limit)
    assert found.provenance.size_policy.startswith("strips")
    assert found.taps
    assert not found.switches


def test_trunks_with_overlapping_pools_have_none(tmp_path: Path, camvid: LabelSet, trace: Trace) -> None:
    architecture = Architecture(num_classes=11, trunk="alexnet", alignment="same", channels=(4,) * 5, fc_channels=8)
    path = checkpoint(tmp_path / "alex.safetensors", architecture, camvid)
    found = load(path, device="cpu", precision="fp32").trace(trace.image, keep_taps=True)
    assert found.taps
    assert not found.switches


def test_a_net_of_one_stride_unpools_all_five(tmp_path: Path, camvid: LabelSet, trace: Trace) -> None:
    architecture = Architecture(num_classes=11, alignment="same", channels=(4,) * 5, fc_channels=8, variants=("32s",))
    path = checkpoint(tmp_path / "32s.safetensors", architecture, camvid)
    found = load(path, device="cpu", precision="fp32").trace(trace.image, keep_taps=True)
    step = found.fuse(upsampling="max_unpooling").upsamplings["upscore32"]
    assert step.stride == 2 ** len(UNDONE["upscore32"])


def test_trace_files_keep_them(trace: Trace, unpooled: Trace, tmp_path: Path) -> None:
    save_trace(trace, tmp_path / "a.fcntrace")
    found = load_trace(tmp_path / "a.fcntrace")
    for name, pool in trace.switches.items():
        np.testing.assert_array_equal(found.switches[name].places, pool.places)
        assert found.switches[name].coords == pool.coords
    again = found.fuse(upsampling="max_unpooling")
    np.testing.assert_array_equal(again.scores("8s"), unpooled.scores("8s"))
    save_trace(unpooled, tmp_path / "b.fcntrace")
    kept = load_trace(tmp_path / "b.fcntrace")
    for variant in VARIANTS:
        np.testing.assert_array_equal(kept.mask(variant), unpooled.mask(variant))


@pytest.mark.parametrize("damage", ["value", "missing", "size", "offset", "kernel"])
def test_damaged_indices_are_refused(unpooled: Trace, tmp_path: Path, damage: str) -> None:
    save_trace(unpooled, tmp_path / "a.fcntrace")
    with safe_open(tmp_path / "a.fcntrace", framework="np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        meaning = json.loads((file.metadata() or {})["fcntrace"])
    if damage == "value":
        tensors["switches.pool3"] = np.full_like(tensors["switches.pool3"], 4)
    elif damage == "missing":
        del tensors["switches.pool3"]
    elif damage == "size":
        tensors["switches.pool3"] = tensors["switches.pool3"][:2].copy()
    elif damage == "offset":
        meaning["switches"]["pool3"]["offset"] = "1/3"
    else:
        meaning["upsamplings"]["upscore8"]["kernel"] = 16
    text = json.dumps(meaning)
    metadata = {"fcntrace": text, "sha256": trace_file._digest(text, tensors)}
    save_file(tensors, tmp_path / "b.fcntrace", metadata=metadata)
    with pytest.raises(DataError, match=r"b\.fcntrace"):
        load_trace(tmp_path / "b.fcntrace")
