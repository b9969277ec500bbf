"""What a file is, told by its content and not by its name."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fcn_studio.core.catalog.checkpoint_file import REFUSED, FileKind, kind_of, looks_like_checkpoint, refusal
from fcn_studio.core.errors import CheckpointError

STATE = {"conv1_1.weight": torch.zeros(4, 3, 3, 3)}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 537203215\n"


def saved(path: Path, **options: bool) -> Path:
    torch.save({"model": STATE}, path, **options)
    return path


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, b"content")
    return path


@pytest.mark.parametrize("name", ["checkpoint.pth.tar", "last.ckpt", "weights", "net.zip", "a.safetensors", "b.bin"])
@pytest.mark.parametrize("zip_file", [True, False])
def test_files_of_torch_are_known_under_any_name(tmp_path: Path, name: str, zip_file: bool) -> None:
    path = saved(tmp_path / name, _use_new_zipfile_serialization=zip_file)
    assert kind_of(path) is FileKind.TORCH
    assert looks_like_checkpoint(path)


def test_safetensors_are_known_under_any_name(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "plain.pth")
    assert kind_of(tmp_path / "plain.pth") is FileKind.SAFETENSORS


def test_torchscript_is_told_from_weights(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have something else scripted
        scripted = torch.jit.script(torch.nn.Conv2d(1, 1, 1))
    scripted.save(str(tmp_path / "scripted.pt"))  # type: ignore[no-untyped-call]
    assert kind_of(tmp_path / "scripted.pt") is FileKind.TORCHSCRIPT
    assert 'torch.jit.load("scripted.pt"' in str(refusal(tmp_path / "scripted.pt", FileKind.TORCHSCRIPT))


@pytest.mark.parametrize("kept", [300, 0.3, 0.9, -1])
def test_a_download_that_stopped_is_said_to_be_cut(tmp_path: Path, kept: float) -> None:
    save_file({"x": torch.zeros(400)}, tmp_path / "tensors.safetensors")
    for whole in (saved(tmp_path / "whole.pth"), tmp_path / "tensors.safetensors"):
        data = whole.read_bytes()
        cut = tmp_path / f"cut{whole.suffix}"
        cut.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
        assert kind_of(cut) is FileKind.CUT


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("lfs.pth", POINTER, FileKind.POINTER),
        ("lfs.caffemodel", POINTER, FileKind.POINTER),
        ("lfs.safetensors", POINTER, FileKind.POINTER),
        ("html.pth", b"<!DOCTYPE html><html><head><title>Virus scan</title>", FileKind.PAGE),
        ("html.safetensors", b"\xef\xbb\xbf\n <HTML>", FileKind.PAGE),
        ("denied.ckpt", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', FileKind.PAGE),
        ("answer.pth", b'{"message": "not found"}', FileKind.TEXT),
        ("empty.pth", b"", FileKind.EMPTY),
        ("net.onnx", b"\x08\x07\x12\x07pytorch" + bytes(64), FileKind.ONNX),
        ("keras.pth", b"\x89HDF\r\n\x1a\n" + bytes(64), FileKind.HDF5),
        ("packed.pth", b"\x1f\x8b\x08\0" + bytes(64), FileKind.ARCHIVE),
        ("noise.pth", bytes(range(128, 256)) * 8, FileKind.UNKNOWN),
    ],
)
def test_what_is_no_weights_is_named_for_what_it_is(tmp_path: Path, name: str, content: bytes, kind: FileKind) -> None:
    (tmp_path / name).write_bytes(content)
    assert kind_of(tmp_path / name) is kind
    assert name in str(refusal(tmp_path / name, kind))


def test_archives_are_not_taken_for_torchs_files(tmp_path: Path) -> None:
    assert kind_of(zipped(tmp_path / "photos.zip", "a/b.jpg", "a/c.jpg")) is FileKind.ARCHIVE
    with tarfile.open(tmp_path / "all.pth.tar", "w") as file:
        file.addfile(tarfile.TarInfo("net.pth"), io.BytesIO())
    assert kind_of(tmp_path / "all.pth.tar") is FileKind.ARCHIVE
    assert kind_of(zipped(tmp_path / "net.pt2", "net/archive_format", "net/version")) is FileKind.EXPORTED


def test_every_kind_is_read_or_has_its_sentence(tmp_path: Path) -> None:
    for kind in FileKind:
        if kind in (FileKind.TORCH, FileKind.SAFETENSORS, FileKind.CAFFE):
            continue
        assert REFUSED[kind].endswith(".")
        assert str(tmp_path) in str(refusal(tmp_path, kind))


def test_photos_and_texts_are_not_looked_at_as_weights(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("conv1_1")
    assert not looks_like_checkpoint(tmp_path / "notes.txt")
    assert not looks_like_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        kind_of(tmp_path / "missing.pth")
