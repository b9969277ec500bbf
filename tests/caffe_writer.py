"""Writes `.caffemodel` files: protobuf's wire format by hand, with the numbers of Caffe's caffe.proto."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tests.caffe_nets import NetLayer, Params

Form = Literal["v2", "v1"]
Storage = Literal["packed", "unpacked", "double"]

# name of a parameter -> its number and how it is written
_CONVOLUTION = {
    "num_output": (1, "int"),
    "bias_term": (2, "bool"),
    "pad": (3, "int"),
    "kernel_size": (4, "int"),
    "group": (5, "int"),
    "stride": (6, "int"),
}
_FIELDS: dict[str, dict[str, tuple[int, str]]] = {
    "Convolution": _CONVOLUTION,
    "Deconvolution": _CONVOLUTION,
    "Pooling": {"pool": (1, "enum"), "kernel_size": (2, "int"), "stride": (3, "int")},
    "LRN": {"local_size": (1, "int"), "alpha": (2, "float"), "beta": (3, "float")},
    "Dropout": {"dropout_ratio": (1, "float")},
    "Eltwise": {"operation": (1, "enum")},
    "Scale": {"filler": (3, "filler"), "bias_term": (4, "bool")},
    "Crop": {"axis": (1, "int"), "offset": (2, "int")},
    "Power": {"scale": (2, "float")},
}
_ENUMS = {"MAX": 0, "SUM": 1}
# kind -> number of its parameters in LayerParameter; in V1LayerParameter; its number in V1's LayerType
_V2 = {"Convolution": 106, "Deconvolution": 106, "Crop": 144, "Dropout": 108, "Eltwise": 110, "LRN": 118}
_V2 |= {"Pooling": 121, "Power": 122, "Scale": 142}
_V1 = {"Convolution": 10, "Deconvolution": 10, "Dropout": 12, "Eltwise": 24, "LRN": 18, "Pooling": 19, "Power": 21}
_V1_KINDS = {"Convolution": 4, "Data": 5, "Deconvolution": 39, "Dropout": 6, "Eltwise": 25, "LRN": 15, "Pooling": 17}
_V1_KINDS |= {"Power": 26, "ReLU": 18, "SoftmaxWithLoss": 21}


def varint(value: int) -> bytes:
    """A number in groups of seven bits, lowest first."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def integer(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def real(number: int, value: float) -> bytes:
    return varint(number << 3 | 5) + struct.pack("<f", value)


def message(number: int, content: bytes) -> bytes:
    """A field with a length: a message, a string, packed numbers."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def save_caffemodel(
    path: Path,
    layers: Iterable[tuple[NetLayer, Sequence[NDArray[np.float32]]]],
    form: Form = "v2",
    *,
    storage: Storage = "packed",
    legacy: bool | None = None,
) -> None:
    """Writes a net; one layer at a time, so that true widths need little memory.

    `legacy` shapes, four numbers for everything, are V1's unless said otherwise. V1 knows neither Crop (left out, as
    it has no weights) nor Scale (see `without_scales`).
    """
    legacy = form == "v1" if legacy is None else legacy
    with path.open("wb") as file:
        file.write(message(1, b"net"))
        file.write(_layer(form, "data", "Data" if form == "v1" else "Python", (), ("data", "label")))
        for layer, blobs in layers:
            if form == "v1" and layer.kind == "Crop":
                continue
            encoded = b"".join(message(6 if form == "v1" else 7, blob_proto(blob, storage, legacy)) for blob in blobs)
            file.write(_layer(form, layer.name, layer.kind, layer.bottoms, (layer.top,), encoded, layer.params))
        file.write(_layer(form, "loss", "SoftmaxWithLoss", ("score", "label"), ("loss",)))


def blob_proto(blob: NDArray[np.float32], storage: Storage = "packed", legacy: bool = False) -> bytes:
    """A BlobProto."""
    if legacy:
        axes = (1,) * (4 - blob.ndim) + blob.shape
        shape = b"".join(integer(number, length) for number, length in enumerate(axes, start=1))
    else:
        shape = message(7, message(1, b"".join(varint(length) for length in blob.shape)))
    if storage == "packed":
        return shape + message(5, blob.astype("<f4").tobytes())
    if storage == "double":
        return shape + message(8, blob.astype("<f8").tobytes())
    return shape + b"".join(real(5, float(value)) for value in blob.ravel())


def _layer(
    form: Form,
    name: str,
    kind: str,
    bottoms: Sequence[str],
    tops: Sequence[str],
    blobs: bytes = b"",
    params: Params = (),
) -> bytes:
    ends = [*((0, bottom) for bottom in bottoms), *((1, top) for top in tops)]
    if form == "v1":
        content = b"".join(message(2 + end, text.encode()) for end, text in ends)
        content += message(4, name.encode()) + integer(5, _V1_KINDS[kind]) + blobs
        numbers = _V1
    else:
        content = message(1, name.encode()) + message(2, kind.encode())
        content += b"".join(message(3 + end, text.encode()) for end, text in ends) + blobs
        numbers = _V2
        if kind == "Python":
            content += message(130, message(3, b"{'mean': (104.00699, 116.66877, 122.67892), 'split': 'seg11valid'}"))
    if params:
        content += message(numbers[kind], b"".join(_param(kind, key, value) for key, value in params))
    return message(2 if form == "v1" else 100, content)


def _param(kind: str, key: str, value: object) -> bytes:
    number, how = _FIELDS[kind][key]
    if isinstance(value, dict):
        return message(number, message(1, str(value["type"]).strip('"').encode()) + real(2, float(value["value"])))
    if how == "float":
        return real(number, float(str(value)))
    if how == "bool":
        return integer(number, int(value == "true"))
    return integer(number, _ENUMS[str(value)] if how == "enum" else int(str(value)))
