"""What a file of weights is, told by its content: names and endings are anybody's choice.

`checkpoint.pth.tar` is no archive, a `.pth` may be a web page, and Lightning calls `.ckpt` what torch calls `.pth`.
"""

from __future__ import annotations

import codecs
import json
import zipfile
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from fcn_studio.core.errors import CheckpointError

OWN_SUFFIXES = (".safetensors", ".caffemodel", ".pth", ".pt", ".ckpt")  # that nothing but weights has
# By which files of weights are offered; whatever its ending, a file opens if its content is one of READ.
SUFFIXES = (*OWN_SUFFIXES, ".tar", ".bin", ".pkl")
CAFFE_SUFFIX = ".caffemodel"
HEAD = 512  # bytes that tell the formats apart
ZIP = b"PK\x03\x04"
MAX_HEADER = 100_000_000  # of safetensors, as its own reader bounds it
TEXT_CONTROLS = frozenset(b"\t\n\f\r")
# The fields of Caffe's NetParameter (caffe.proto) that can follow its name: layers, input, input_dim, layer and so on.
CAFFE_TAGS = (b"\x12", b"\x1a", b"\x20", b"\x28", b"\x32", b"\x38", b"\x42", b"\xa2\x06")

ONNX_MAKERS = (b"pytorch", b"onnx", b"keras", b"skl2onnx")  # ModelProto's producer_name, after its version


class FileKind(StrEnum):
    """What a file's content is."""

    TORCH = "PyTorch"
    SAFETENSORS = "safetensors"
    CAFFE = "Caffe"
    TORCHSCRIPT = "TorchScript"
    EXPORTED = "torch.export"
    CUT = "cut"
    POINTER = "Git LFS pointer"
    PAGE = "web page"
    TEXT = "text"
    ARCHIVE = "archive"
    ONNX = "ONNX"
    HDF5 = "HDF5"
    EMPTY = "empty"
    UNKNOWN = "unknown"


READ = (FileKind.TORCH, FileKind.SAFETENSORS, FileKind.CAFFE)
# Why the others cannot be read, and what to do; {name} is the file's.
REFUSED = MappingProxyType(
    {
        FileKind.TORCHSCRIPT: "is a TorchScript program, which is code and is not run; in Python, "
        'torch.save(torch.jit.load("{name}", map_location="cpu").state_dict(), "weights.pth") makes a file of its '
        "weights that opens.",
        FileKind.EXPORTED: "is a program of torch.export, which is code and is not run; in Python, "
        'torch.save(torch.export.load("{name}").state_dict, "weights.pth") makes a file of its weights that opens.',
        FileKind.CUT: "is cut short: its end is missing, as after a download that stopped; fetch it again.",
        FileKind.POINTER: "is a Git LFS pointer, not the weights that it stands for; run `git lfs pull` in its "
        "repository, or download the file itself.",
        FileKind.PAGE: "is a web page, not weights; the server sent that instead, download the file again.",
        FileKind.TEXT: "is text, not weights; choose the file that holds the weights themselves.",
        FileKind.ARCHIVE: "is an archive; unpack it and open the weights inside.",
        FileKind.ONNX: "is an ONNX program, which is not read; open the checkpoint that it was exported from.",
        FileKind.HDF5: "is an HDF5 file, as Keras, MATLAB and some of Caffe write them, which is not read; FCN Studio "
        "reads PyTorch's, safetensors' and Caffe's binary files.",
        FileKind.EMPTY: "is empty; download it again.",
        FileKind.UNKNOWN: "holds weights of no known format; FCN Studio reads PyTorch's, safetensors' and Caffe's "
        "files, whatever their ending.",
    }
)


def kind_of(path: Path) -> FileKind:
    """What a file is; a few hundred bytes of it are read, and the list of names of a zip file.

    Raises:
        CheckpointError: It cannot be read.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; `fcn-studio weights list` names those at hand.")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
        if not head:
            return FileKind.EMPTY
        if head.startswith(ZIP):
            return _zipped(path, head)
        if _is_safetensors(head):
            return FileKind.SAFETENSORS if _ends_where_it_says(path, size) else FileKind.CUT
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from error
    kind = _by_head(head)
    if path.suffix.lower() == CAFFE_SUFFIX and kind is not FileKind.POINTER:
        return FileKind.CAFFE  # whose reader says what is wrong with it
    return kind


def refusal(path: Path, kind: FileKind) -> CheckpointError:
    """Why a file of a kind that is not in READ does not open, and what to do."""
    return CheckpointError(f"{path}: {REFUSED[kind].format(name=path.name)}")


def looks_like_checkpoint(path: Path) -> bool:
    """Whether to open a file as weights: by its content, or by an ending that only weights have."""
    if not path.is_file():
        return False
    if {suffix.lower() for suffix in path.suffixes} & set(OWN_SUFFIXES):
        return True
    try:
        return kind_of(path) in (*READ, FileKind.TORCHSCRIPT, FileKind.EXPORTED)
    except CheckpointError:
        return False


def _zipped(path: Path, head: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
    except zipfile.BadZipFile:  # the list stands at the end
        return FileKind.CUT
    inner = {name.partition("/")[2] for name in names}
    if "constants.pkl" in inner or any(name.startswith("code/") for name in inner):
        return FileKind.TORCHSCRIPT
    if "data.pkl" in inner:
        return FileKind.TORCH
    if "archive_format" in inner or any(name.endswith("serialized_exported_program.json") for name in names):
        return FileKind.EXPORTED
    return FileKind.ARCHIVE


def _is_safetensors(head: bytes) -> bool:
    return head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= MAX_HEADER


def _ends_where_it_says(path: Path, size: int) -> bool:
    """Whether the tensors that the header lists lie within the file; what is no header is the reader's to refuse."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length)
    if len(text) < length:
        return False
    try:
        entries = json.loads(text).items()
        ends = [entry["data_offsets"][1] for name, entry in entries if name != "__metadata__"]
        return 8 + length + max(ends, default=0) <= size
    except (ValueError, RecursionError, AttributeError, KeyError, IndexError, TypeError):
        return True


def _by_head(head: bytes) -> FileKind:
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"version https://git-lfs"):
        return FileKind.POINTER
    if text.startswith(b"<"):
        return FileKind.PAGE
    if head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):  # PROTO of Python's pickle
        return FileKind.TORCH
    if head[0] == 0x08 and any(name in head for name in ONNX_MAKERS):
        return FileKind.ONNX
    if head.startswith(b"\x89HDF"):
        return FileKind.HDF5
    if head.startswith((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")) or head[257:262] == b"ustar":
        return FileKind.ARCHIVE
    if _is_caffe(head):
        return FileKind.CAFFE
    return FileKind.TEXT if is_text(head) else FileKind.UNKNOWN


def _is_caffe(head: bytes) -> bool:
    """Whether it starts as a NetParameter does, with a name and another field, or with a layer."""
    if head.startswith(b"\xa2\x06"):
        return True
    length = head[1] if len(head) > 1 else 0
    name, following = head[2 : 2 + length], head[2 + length :]
    return head[0] == 0x0A and 0 < length < 128 and name.isascii() and following.startswith(CAFFE_TAGS)


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text in UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # which may end inside a character
    except UnicodeDecodeError:
        return False
    return all(byte >= 0x20 or byte in TEXT_CONTROLS for byte in head)
