"""Caffe's files: every way of writing a net reads alike, and what is no net is named, not half-read."""

from __future__ import annotations

import itertools
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints import wire
from fcn_studio.engine.checkpoints.caffe_blobs import CaffeBlob
from fcn_studio.engine.checkpoints.caffe_reader import (
    CaffeLayer,
    ResponseNorm,
    Window,
    read_caffemodel,
    scan_caffemodel,
    without_leading_ones,
)
from fcn_studio.engine.checkpoints.safetensors_writer import write_safetensors
from tests.benchmarks.fuzz_checkpoints import fuzz, seed_files
from tests.caffe_nets import NetLayer, net_layers, weights, without_scales
from tests.caffe_writer import Form, Storage, blob_proto, integer, message, real, save_caffemodel, varint

Blobs = dict[str, list[NDArray[np.float32]]]


def save(path: Path, net: str, form: Form = "v2", storage: Storage = "packed", legacy: bool | None = None) -> Blobs:
    layers = net_layers(net, classes=3)
    if form == "v1":
        layers = without_scales(layers)
    blobs = {layer.name: found for layer, found in weights(layers, seed=5)}
    save_caffemodel(path, weights(layers, seed=5), form, storage=storage, legacy=legacy)
    return blobs


def by_name(layers: tuple[CaffeLayer, ...]) -> dict[str, CaffeLayer]:
    return {layer.name: layer for layer in layers}


@pytest.mark.parametrize(
    ("form", "storage", "legacy"),
    list(itertools.product(("v2", "v1"), ("packed", "unpacked", "double"), (False, True))),
)
def test_every_encoding_reads_alike(tmp_path: Path, form: Form, storage: Storage, legacy: bool) -> None:
    path = tmp_path / "net.caffemodel"
    written = save(path, "voc-fcn8s-atonce", form, storage, legacy)
    layers = by_name(read_caffemodel(path))
    assert set(layers) - {"data", "loss"} == {name for name in written if form == "v2" or not name.endswith("c")} - (
        {"score"} if form == "v1" else set()
    )
    for name, layer in layers.items():
        for blob, stored, expected in zip(layer.blobs, layer.stored, written.get(name, []), strict=True):
            assert blob.dtype == np.float32
            assert blob.shape == ((1,) * (4 - expected.ndim) * legacy + expected.shape)
            np.testing.assert_array_equal(without_leading_ones(blob, expected.ndim), expected)
            np.testing.assert_array_equal(stored.without_leading_ones(expected.ndim).read(), expected)
            np.testing.assert_array_equal(np.concatenate(list(stored.pieces())), expected.ravel())
            assert blob.flags.writeable  # memory of its own, for a net to adopt
            assert blob.flags.c_contiguous


def test_layers_stand_in_file_order_with_what_they_slide_and_scale(tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    save(path, "voc-fcn8s-atonce")
    layers = read_caffemodel(path)
    names = [layer.name for layer in layers]
    assert names[:4] == ["data", "conv1_1", "relu1_1", "conv1_2"]
    assert names[-3:] == ["upscore8", "score", "loss"]
    found = by_name(layers)
    assert found["conv1_1"].window == Window((3, 3), (1, 1), (100, 100), (1, 1))
    assert found["pool4"].window == Window((2, 2), (2, 2), (0, 0), (1, 1))
    assert found["upscore8"].window == Window((16, 16), (8, 8), (0, 0), (1, 1))
    assert found["scale_pool3"].factor == pytest.approx(0.0001)
    assert found["score_pool3c"].offsets == (9,)
    assert found["score_pool3c"].bottoms == ("score_pool3", "upscore_pool4")
    assert found["data"].tops == ("data", "label")
    assert "'mean': (104.00699, 116.66877, 122.67892)" in found["data"].parameters
    assert [found[name].kind for name in ("drop6", "fuse_pool4", "loss")] == ["Dropout", "Eltwise", "SoftmaxWithLoss"]
    assert all(not found[name].blobs for name in ("data", "drop6", "pool1", "score", "loss"))


@pytest.mark.parametrize("form", ["v2", "v1"])
def test_alexnets_groups_and_normalisation_are_read(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "net.caffemodel"
    save(path, "voc-fcn-alexnet", form)
    found = by_name(read_caffemodel(path))
    assert found["conv1"].window == Window((11, 11), (4, 4), (100, 100), (1, 1))
    assert found["conv2"].window == Window((5, 5), (1, 1), (2, 2), (1, 1), groups=2)
    assert found["norm1"].response_norm == ResponseNorm(5, float(np.float32(1e-4)), 0.75, 1.0, within_channel=False)
    assert found["norm1"].kind == "LRN"


def test_v1_scales_by_a_power_layer(tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    save(path, "voc-fcn8s-atonce", "v1")
    layer = by_name(read_caffemodel(path))["scale_pool4"]
    assert layer.kind == "Power"
    assert layer.factor == pytest.approx(0.01)


def test_a_run_of_unpacked_floats_is_read_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CHUNK", 17)
    monkeypatch.setattr("fcn_studio.engine.checkpoints.caffe_blobs.CHUNK", 13)
    storages: tuple[Storage, ...] = ("packed", "unpacked", "double")
    for storage in storages:
        path = tmp_path / f"{storage}.caffemodel"
        written = save(path, "voc-fcn32s", storage=storage)
        blob = by_name(scan_caffemodel(path))["fc6"].stored[0]
        np.testing.assert_array_equal(blob.read(), written["fc6"][0])
        assert max(map(len, blob.pieces())) <= 13


# A net of one layer, put together by hand, to be damaged.
KERNEL = np.arange(12, dtype=np.float32).reshape(2, 6)


def net_of(*blobs: bytes, name: str = "fc6", extra: bytes = b"") -> bytes:
    content = message(1, name.encode()) + message(2, b"Convolution") + extra
    return message(1, b"net") + message(100, content + b"".join(message(7, blob) for blob in blobs))


def shaped(values: bytes, *shape: int) -> bytes:
    return message(7, message(1, b"".join(varint(length) for length in shape))) + values


def floats(*values: float) -> bytes:
    return message(5, struct.pack(f"<{len(values)}f", *values))


def refused(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "stranger.caffemodel"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_caffemodel(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def test_the_hand_made_net_is_a_net(tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(net_of(blob_proto(KERNEL), shaped(floats(1) + floats(2), 2), shaped(real(5, 1) + floats(2), 2)))
    (layer,) = read_caffemodel(path)
    assert [blob.shape for blob in layer.blobs] == [(2, 6), (2,), (2,)]
    assert layer.blobs[1].tolist() == layer.blobs[2].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b'name: "VGG"\nlayer {\n  name: "conv1_1"\n}\n', ".prototxt"),
        (b"\n\n# a net\nlayer {}", ".prototxt"),
        (b"<!DOCTYPE html><title>404</title>", "web page"),
        (b'{"error": "quota"}', "web page"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (integer(1, 4000) + message(2, b"net_iter_4000.caffemodel"), "solver state"),
        (message(1, b"\x01net"), "no layers"),
        (message(2, message(1, message(1, b"conv"))), "upgrade_net_proto_binary"),
        (net_of() + message(2, message(4, b"conv")), "another format"),
        (bytes(1000), "no field"),
        (b"\xff" * 64, "inside a number"),
        (b"\x80" + b"PK\x03\x04" * 50, "no field"),
        (integer(100, 7), "is no layer"),
        (net_of(shaped(floats(1, 2, 3), 2, 2)), "layer fc6 has 3 weights where its shape is (2, 2)"),
        (net_of(shaped(floats(1, 2, 3), (1 << 64) - 3, 1)), "its shape is (-3, 1)"),
        (net_of(shaped(floats(1), *[1] * 33)), "33 axes"),
        (net_of(shaped(b"", 1 << 62, 1 << 62)), "0 weights where its shape"),
        (net_of(floats(1, 2)), "without a shape"),
        (net_of(shaped(message(5, b"12345"), 1)), "not 4 bytes each"),
        (net_of(shaped(integer(5, 1), 1)), "not 4 bytes each"),
        (net_of(shaped(floats(1, float("nan")), 2)), "layer fc6 holds infinite or undefined"),
        (net_of(shaped(real(5, float("inf")), 1)), "layer fc6 holds infinite or undefined"),
        (net_of(shaped(message(8, struct.pack("<d", 1e300)), 1)), "layer fc6 holds infinite or undefined"),
        (net_of(*[blob_proto(KERNEL)] * 17), "17 blobs"),
        (net_of(name="a" * 257), "name of 257"),
        (net_of(blob_proto(KERNEL), name=""), "no name"),
        (net_of(name="a\nb"), "no text"),
        (net_of(extra=message(3, b"\xff\xfe")), "no text"),
        (net_of(extra=message(3, b"x" * (1 << 18))), "besides its weights"),
        (net_of(extra=message(106, b"\xff")), "cannot be decoded"),
        (net_of(extra=message(106, integer(4, 3) * 3)), "3 axes"),
        (net_of(extra=message(142, message(3, real(2, float("nan"))))), "scales by"),
        (net_of() * 2049, "2048"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_net_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refused(tmp_path, content)


def test_a_missing_file_a_folder_and_a_giant_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "absent.caffemodel", tmp_path):
        with pytest.raises(CheckpointError, match="cannot be read"):
            read_caffemodel(path)
    monkeypatch.setattr(wire, "MAX_BYTES", 10)
    assert "more than any FCN" in refused(tmp_path, net_of(blob_proto(KERNEL)))


def test_more_fields_than_any_net_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FIELDS", 100)
    assert "100 fields" in refused(tmp_path, net_of(extra=integer(10, 0) * 200))


@pytest.mark.parametrize("form", ["v2", "v1"])
def test_a_file_cut_anywhere_is_refused_and_the_place_named(tmp_path: Path, form: Form) -> None:
    whole = tmp_path / "whole.caffemodel"
    save(whole, "voc-fcn32s", form)
    content = whole.read_bytes()
    names = {layer.name for layer in read_caffemodel(whole)}
    ends = ends_of_layers(content)
    for length in np.linspace(600, len(content) - 1, 60).astype(int).tolist():
        if length in ends:
            continue  # whole layers, which only the importer can miss
        said = refused(tmp_path, content[:length])
        assert "cut short or damaged" in said
        assert any(name in said for name in names)


def ends_of_layers(content: bytes) -> set[int]:
    ends, position = set(), 0
    while position < len(content):
        for _ in range(2):  # the tag, then the length
            value, shift = 0, 0
            while True:
                byte = content[position]
                value |= (byte & 0x7F) << shift
                position, shift = position + 1, shift + 7
                if byte < 0x80:
                    break
        position += value
        ends.add(position)
    return ends


def giant_layer() -> bytes:
    return b"\xa2\x06" + varint(1 << 40) + message(1, b"fc6")


def giant_blob() -> bytes:
    inner = message(1, b"fc6") + b"\x3a" + varint(1 << 32)
    return message(100, inner)


def giant_data() -> bytes:
    blob = shaped(b"", 1 << 30) + b"\x2a" + varint(1 << 32)
    return message(100, message(1, b"fc6") + message(7, blob))


@pytest.mark.parametrize("giant", [giant_layer, giant_blob, giant_data])
def test_giant_lengths_take_no_memory(tmp_path: Path, giant: Callable[[], bytes]) -> None:
    tracemalloc.start()
    try:
        said = refused(tmp_path, message(1, b"net") + giant())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "declares" in said
    assert peak < 1 << 20


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_weights_stay_in_the_file_until_wanted(tmp_path: Path) -> None:
    path = tmp_path / "wide.caffemodel"
    weight = np.ones((8, 1 << 20), np.float32)
    save_caffemodel(path, [(NetLayer("fc6", "Convolution", ("pool5",), "fc6"), [weight])])
    assert peak_of(lambda: read_caffemodel(path)) < weight.nbytes + (4 << 20)
    assert peak_of(lambda: scan_caffemodel(path)) < 2 << 20
    (blob,) = by_name(scan_caffemodel(path))["fc6"].stored
    assert peak_of(lambda: [piece.sum() for piece in blob.pieces()]) < 12 << 20
    native = tmp_path / "wide.safetensors"
    assert peak_of(lambda: write_safetensors(native, {"w": blob}, dtype=torch.float32, metadata={})) < 12 << 20
    np.testing.assert_array_equal(load_file(native)["w"].numpy(), weight)


def test_a_file_that_changes_after_it_was_opened_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(net_of(blob_proto(KERNEL)))
    (layer,) = scan_caffemodel(path)
    (blob,) = layer.stored
    path.write_bytes(path.read_bytes()[:-1])
    for read in (blob.read, lambda: list(blob.pieces())):
        with pytest.raises(CheckpointError, match="ends too early"):
            read()
    path.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        blob.read()


@pytest.mark.parametrize(
    ("shape", "axes", "left"),
    [
        ((1, 1, 1, 7), 1, (7,)),
        ((1, 1, 4, 7), 2, (4, 7)),
        ((1, 2, 1, 7), 1, (1, 2, 1, 7)),
        ((3, 3), 4, (3, 3)),
    ],
)
def test_without_leading_ones_leaves_what_means_something(
    shape: tuple[int, ...], axes: int, left: tuple[int, ...]
) -> None:
    blob = CaffeBlob(Path("x"), "layer x", shape, ()).without_leading_ones(axes)
    assert (blob.shape, blob.ndim) == (left, len(left))


def test_a_short_fuzz_finds_nothing(tmp_path: Path) -> None:
    result = fuzz("caffe", seed_files("caffe", tmp_path), tmp_path, count=400, seed=11)
    assert result.surprises == []
    assert result.loaded > 0
    assert result.refused > 200
