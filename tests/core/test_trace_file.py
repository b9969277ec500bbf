"""A trace file gives back the trace it was made of, or one sentence on why it cannot."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from fcn_studio import load
from fcn_studio.core.errors import DataError, OutputError
from fcn_studio.core.graph.fusion import Upsampling
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.presence import Presence
from fcn_studio.core.palettes import palette_colours, with_colours
from fcn_studio.core.trace import trace_file
from fcn_studio.core.trace.trace import Trace
from fcn_studio.core.trace.trace_file import load_trace, save_trace

Meaning = dict[str, Any]
Tensors = dict[str, NDArray[Any]]
Change = Callable[[Meaning, Tensors], object]


@pytest.fixture
def trace(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> Trace:
    return load(tiny_checkpoint, device="cpu", precision="fp32").trace(photo, keep_taps=True)


def _with_learned_weights(trace: Trace) -> Trace:
    rng = np.random.default_rng(3)
    classes = len(trace.labels)
    steps = dict(trace.upsamplings)
    steps["upscore2"] = Upsampling(2, 4, rng.standard_normal((classes, classes, 4, 4)).astype(np.float32))
    steps["upscore8"] = Upsampling(8, 16, rng.random((classes, 1, 16, 16)).astype(np.float32))
    return replace(trace, upsamplings=steps)


def _check_equal(found: Trace, trace: Trace) -> None:
    np.testing.assert_array_equal(found.image, trace.image)
    assert found.labels == trace.labels
    assert found.variants == trace.variants
    assert found.provenance == trace.provenance
    assert found.timings == trace.timings
    assert list(found.masks) == list(trace.masks)
    assert list(found.score_maps) == list(trace.score_maps)
    assert list(found.upsamplings) == list(trace.upsamplings)
    assert {name: score_map.coords for name, score_map in found.score_maps.items()} == {
        name: score_map.coords for name, score_map in trace.score_maps.items()
    }
    for name, tap in trace.taps.items():
        np.testing.assert_array_equal(found.taps[name], tap)
    for variant in trace.variants:
        np.testing.assert_array_equal(found.mask(variant), trace.mask(variant))
        np.testing.assert_array_equal(found.scores(variant), trace.scores(variant))
        np.testing.assert_array_equal(
            found.heatmap("Car", node=variant, kind="probability"),
            trace.heatmap("Car", node=variant, kind="probability"),
        )
        for x, y in ((0, 0), (82, 60), (40, 31)):
            expected = trace.contributions(x, y, variant)
            for layer, share in found.contributions(x, y, variant).items():
                np.testing.assert_array_equal(share, expected[layer])


def test_a_trace_comes_back_bit_for_bit(trace: Trace, tmp_path: Path) -> None:
    save_trace(trace, tmp_path / "a.fcntrace")
    _check_equal(load_trace(tmp_path / "a.fcntrace"), trace)
    assert [path.name for path in tmp_path.iterdir()] == ["a.fcntrace"]


def test_how_probable_classes_are_comes_back(trace: Trace, tmp_path: Path) -> None:
    photo, peak = np.random.default_rng(0).random((2, len(trace.labels)), dtype=np.float32)
    photo[0], peak[1] = 0, 1
    save_trace(replace(trace, presence=Presence(photo, peak)), tmp_path / "a.fcntrace")
    found = load_trace(tmp_path / "a.fcntrace").presence
    assert found is not None
    np.testing.assert_array_equal(found.photo, photo)
    np.testing.assert_array_equal(found.peak, peak)
    save_trace(trace, tmp_path / "b.fcntrace")
    assert load_trace(tmp_path / "b.fcntrace").presence is None


def test_learned_upsampling_comes_back(trace: Trace, tmp_path: Path) -> None:
    learned = _with_learned_weights(trace)
    save_trace(learned, tmp_path / "a.fcntrace")
    _check_equal(load_trace(tmp_path / "a.fcntrace"), learned)


def test_the_masks_kept_are_the_engines_own(trace: Trace, tmp_path: Path) -> None:
    odd = trace.mask("8s").copy()
    odd[0, 0] = (odd[0, 0] + 1) % len(trace.labels)  # unlike what the score maps give
    save_trace(replace(trace, masks={"8s": odd}), tmp_path / "a.fcntrace")
    found = load_trace(tmp_path / "a.fcntrace")
    assert found.mask("8s")[0, 0] == odd[0, 0]
    assert list(found.masks) == ["8s"]


def test_an_array_that_is_a_view_is_kept_as_it_looks(trace: Trace, tmp_path: Path) -> None:
    mirrored = replace(trace, image=trace.image[:, ::-1])
    save_trace(mirrored, tmp_path / "a.fcntrace")
    np.testing.assert_array_equal(load_trace(tmp_path / "a.fcntrace").image, trace.image[:, ::-1])


def test_other_colours_can_be_kept(trace: Trace, tmp_path: Path) -> None:
    labels = with_colours(trace.labels, palette_colours("tol", trace.labels))
    save_trace(trace, tmp_path / "a.fcntrace", labels=labels)
    assert load_trace(tmp_path / "a.fcntrace").labels == labels
    with pytest.raises(DataError, match="2 classes, but the trace has 11"):
        save_trace(trace, tmp_path / "b.fcntrace", labels=LabelSet("two", ("a", "b"), ((0, 0, 0), (1, 1, 1))))
    assert not (tmp_path / "b.fcntrace").exists()


def test_a_full_disk_leaves_the_old_file(trace: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.fcntrace").write_text("old")
    monkeypatch.setattr(trace_file, "save_file", full)
    with pytest.raises(OutputError, match=r"a\.fcntrace.*No space left"):
        save_trace(trace, tmp_path / "a.fcntrace")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.fixture(scope="module")
def saved(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trace]:
    image = np.random.default_rng(1).integers(0, 256, (9, 14, 3)).astype(np.uint8)
    trace = load(tiny_checkpoint, device="cpu", precision="fp32").trace(image)
    path = tmp_path_factory.mktemp("trace") / "a.fcntrace"
    save_trace(trace, path)
    return path, trace


# A flip in the 8 bytes of the header's length or in the header itself is rarer than in the tensors: both are drawn.
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_told_in_one_sentence(saved: tuple[Path, Trace], tmp_path: Path, data: st.DataObject) -> None:
    path, trace = saved
    content = bytearray(path.read_bytes())
    damaged = tmp_path / "damaged.fcntrace"
    if data.draw(st.booleans(), label="truncate"):
        del content[data.draw(st.integers(0, len(content) - 1), label="length") :]
    header = 8 + int.from_bytes(content[:8], "little") if len(content) > 8 else len(content)
    for _ in range(data.draw(st.integers(0, 4), label="flips")):
        end = data.draw(st.sampled_from([8, min(header, len(content)), len(content)]), label="end")
        if content:
            place = data.draw(st.integers(0, min(end, len(content)) - 1), label="place")
            content[place] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    damaged.write_bytes(content)
    try:
        found = load_trace(damaged)
    except DataError as error:
        told = str(error)
    else:
        told = f"{damaged}: equal."
        assert found.labels == trace.labels
        assert found.provenance == trace.provenance
        np.testing.assert_array_equal(found.image, trace.image)
        for variant in trace.variants:
            np.testing.assert_array_equal(found.scores(variant), trace.scores(variant))
    assert told.startswith(f"{damaged}: ")
    assert told.endswith(".")


def _rewritten(path: Path, target: Path, change: Change, *, true_digest: bool = False) -> Path:
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
        tensors: Tensors = {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118
    meaning = json.loads(metadata["fcntrace"])
    change(meaning, tensors)
    metadata["fcntrace"] = json.dumps(meaning)
    if true_digest:
        digest = hashlib.sha256(metadata["fcntrace"].encode())
        for name, array in sorted(tensors.items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
        metadata["sha256"] = digest.hexdigest()
    save_file(tensors, target, metadata=metadata)
    return target


def _set(*keys: str, value: object) -> Change:
    def change(meaning: Meaning, _: Tensors) -> None:
        for key in keys[:-1]:
            meaning = meaning[key]
        meaning[keys[-1]] = value

    return change


def _of_classes(count: int) -> Change:
    def change(meaning: Meaning, _: Tensors) -> None:
        meaning["labels"] |= {"classes": [str(n) for n in range(count)], "colours": [[0, 0, 0]] * count}

    return change


def _tensor(name: str, make: Callable[[NDArray[Any]], NDArray[Any]]) -> Change:
    return lambda _, tensors: tensors.update({name: make(tensors[name])})


def _nan(array: NDArray[Any]) -> NDArray[Any]:
    array.flat[0] = np.nan
    return array


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("format", value="other"), r"no trace; choose a \.fcntrace file"),
        (_set("version", value=2), "version 2 is newer than 1; update FCN Studio"),
        (_set("version", value="1"), "names no version"),
        (_set("variants", value=[]), "no variant"),
        (_set("variants", value=["64s"]), "variants are not a choice"),
        (_set("variants", value=[{}]), "variants are not a choice"),
        (_set("variants", value=["8s", "8s"]), "variants are not a choice"),
        (_set("masks", value=["8s", 3]), "masks are not a choice"),
        (_set("labels", "void", value=256), "void 256"),
        (_set("labels", "void", value=float("inf")), "description is damaged"),
        (_of_classes(300), "300 classes; 1 to 255"),
        (_of_classes(9000), "9000 classes; 1 to 8192"),
        (_set("labels", "classes", value=["a", "b"]), "2 classes but 11 colours"),
        (_set("labels", "colours", value=[[0, 0, 256]] * 11), "colour value outside"),
        (_set("labels", "colours", value=[[0, 0, 0.5]] * 11), "label set is malformed"),
        (_set("labels", "background", value=11), "no class 11"),
        (_set("labels", value=[]), "lacks 'labels'"),
        (_set("labels", value={"name": "a", "classes": ["a"], "colours": [[0, 0, 0]]}), "label set is malformed"),
        (_set("score_maps", "score_fr", "scale", value="-32"), "stride of its score_fr is -32"),
        (_set("score_maps", "score_fr", "scale", value="0"), "stride of its score_fr is 0"),
        (_set("score_maps", "score_fr", "scale", value="65/2"), "stride of its score_fr is 65/2"),
        (_set("score_maps", "score_fr", "scale", value="16"), "do not lie on its photo"),
        (_set("score_maps", "score_fr", "offset", value="nan"), "geometry of its score_fr is malformed"),
        (_set("score_maps", "score_fr", "offset", value="1e999999999"), "geometry of its score_fr is malformed"),
        (_set("score_maps", "score_fr", "offset", value="1/0"), "geometry of its score_fr is malformed"),
        (_set("score_maps", "score_fr", "offset", value="99999999"), "do not lie on its photo"),
        (_set("score_maps", "score_pool3", "offset", value="-99999996"), "do not lie on its photo"),
        (_set("score_maps", "score_pool3", "offset", value="1/3"), "do not lie on its photo"),
        (_set("score_maps", "score_fr", "receptive_field", value=-1), "score_fr is out of bounds"),
        (_set("score_maps", "score_pool1", value={}), "unknown entry 'score_pool1'"),
        (lambda meaning, _: meaning["score_maps"].pop("score_fr"), "needs score_fr"),
        (_set("upsamplings", "upscore2", "stride", value=-2), "upscore2 is out of bounds"),
        (_set("upsamplings", "upscore2", "kernel", value=10**9), "upscore2 is out of bounds"),
        (_set("upsamplings", "upscore2", "stride", value=3), "do not lie on its photo"),
        (_set("upsamplings", "upscore2", "learned", value=True), r"lacks the tensor 'upscore2\.weight'"),
        (_set("upsamplings", "upscore2", "learned", value=1), "upscore2 is malformed"),
        (_set("upsamplings", "upscore3", value={}), "unknown entry 'upscore3'"),
        (lambda meaning, _: meaning["upsamplings"].pop("upscore8"), "8s needs upscore8"),
        (_set("provenance", "checkpoint", value=1), "provenance is malformed"),
        (_set("provenance", "owner", value="x"), "provenance is malformed"),
        (_set("timings", "trunk", value="long"), "timings are malformed"),
        (_set("timings", "trunk", value=-1.0), "timings are malformed"),
        (_set("presence", value={"photo": [0.5] * 11}), "presence has no 11 probabilities 'peak'"),
        (_set("presence", value={"photo": [0.5] * 10, "peak": [0.5] * 11}), "presence has no 11 probabilities 'photo'"),
        (_set("presence", value={"photo": [1.5] * 11, "peak": [0.5] * 11}), "presence has no 11 probabilities 'photo'"),
        (_set("presence", value={"photo": ["a"] * 11, "peak": [0.5] * 11}), "presence has no 11 probabilities 'photo'"),
        (_set("presence", value=[]), "lacks 'presence'"),
        (_set("taps", value=["pool3"]), r"lacks the tensor 'tap\.pool3'"),
        (_tensor("image", lambda image: image[:, :0]), "image"),
        (_tensor("image", lambda image: image[:, :-1].copy()), r"mask\.32s"),
        (_tensor("image", lambda image: image.astype(np.int16)), "'image' is int16"),
        (_tensor("mask.8s", lambda mask: mask * 0 + 200), "mask 8s holds class 200 of only 11"),
        (_tensor("mask.8s", lambda mask: mask.astype(np.float32)), r"'mask\.8s' is float32"),
        (_tensor("score_fr.evidence", lambda scores: scores[:10].copy()), r"'score_fr\.evidence'"),
        (_tensor("score_fr.evidence", _nan), "infinite or undefined"),
        (_tensor("score_fr.bias", _nan), "infinite or undefined"),
        (_tensor("score_fr.bias", lambda bias: bias.astype(np.float64)), r"'score_fr\.bias' is float64"),
        (_tensor("score_fr.evidence", lambda scores: np.zeros((11, 1, 50), np.float32)), "too large for its photo"),
        (lambda _, tensors: tensors.update(more=np.zeros(3)), "'more'"),
        (lambda _, tensors: tensors.pop("mask.8s"), r"lacks the tensor 'mask\.8s'"),
        (_tensor("score_fr.bias", lambda bias: bias + 1), "checksum differs"),
        (_set("provenance", "precision", value="fp16"), "checksum differs"),
    ],
)
def test_what_does_not_fit_is_named(saved: tuple[Path, Trace], tmp_path: Path, change: Change, message: str) -> None:
    bad = _rewritten(saved[0], tmp_path / "bad.fcntrace", change)
    with pytest.raises(DataError, match=rf"bad\.fcntrace: .*{message}"):
        load_trace(bad)


def test_a_file_is_judged_by_its_content_not_by_its_checksum(saved: tuple[Path, Trace], tmp_path: Path) -> None:
    """Who can write a file can also sum it up: the checks above may not rest on the checksum."""
    fine = _rewritten(saved[0], tmp_path / "a.fcntrace", _set("provenance", "note", value="other"), true_digest=True)
    assert load_trace(fine).provenance.note == "other"
    bad = _rewritten(
        saved[0], tmp_path / "b.fcntrace", _tensor("mask.8s", lambda mask: mask * 0 + 11), true_digest=True
    )
    with pytest.raises(DataError, match="holds class 11"):
        load_trace(bad)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a complete trace file"),
        (b"GIF89a", "not a complete trace file"),
        (b"\xff" * 100, "not a complete trace file"),
        ((1 << 62).to_bytes(8, "little") + b"{}", "not a complete trace file"),
        ((2).to_bytes(8, "little") + b"{}", "but no trace"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.fcntrace"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.fcntrace.*{message}"):
        load_trace(path)


def test_a_checkpoint_a_folder_and_nothing_are_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a safetensors file, but no trace; choose a \.fcntrace file"):
        load_trace(tiny_checkpoint)
    for path in (tmp_path, tmp_path / "none.fcntrace"):
        with pytest.raises(DataError, match="cannot be read"):
            load_trace(path)
