"""Caffe's messages, as far as a net's weights need them, for the protobuf package.

Numbers and defaults are those of `src/caffe/proto/caffe.proto` in BVLC/caffe. Enumerations stand as int32 and strings
as bytes: the same on the wire, and a stranger's file is then judged by us, in our words. Blobs are not among the
layers' fields; they are read apart, because protobuf would copy hundreds of megabytes several times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from fcn_studio.engine.checkpoints.wire import Span, WireFile

PACKAGE = "caffe"
MAX_HEADER = 1 << 18  # bytes of a layer, or of a blob, besides its weights


class Entry(NamedTuple):
    """A field of a message: its number, its type (a message's name if capitalised), and how it stands there."""

    number: int
    kind: str
    default: str = ""
    repeated: bool = False
    packed: bool = False


def _many(number: int, kind: str) -> Entry:
    return Entry(number, kind, repeated=True)


_PARAMETERS = MappingProxyType(
    {
        "ConvolutionParameter": {
            "pad": _many(3, "uint32"),
            "kernel_size": _many(4, "uint32"),
            "group": Entry(5, "uint32", "1"),
            "stride": _many(6, "uint32"),
            "pad_h": Entry(9, "uint32"),
            "pad_w": Entry(10, "uint32"),
            "kernel_h": Entry(11, "uint32"),
            "kernel_w": Entry(12, "uint32"),
            "stride_h": Entry(13, "uint32"),
            "stride_w": Entry(14, "uint32"),
            "dilation": _many(18, "uint32"),
        },
        "PoolingParameter": {
            "pool": Entry(1, "int32"),
            "kernel_size": _many(2, "uint32"),  # single in Caffe; so written, the two windows are read alike
            "stride": _many(3, "uint32"),
            "pad": _many(4, "uint32"),
            "kernel_h": Entry(5, "uint32"),
            "kernel_w": Entry(6, "uint32"),
            "stride_h": Entry(7, "uint32"),
            "stride_w": Entry(8, "uint32"),
            "pad_h": Entry(9, "uint32"),
            "pad_w": Entry(10, "uint32"),
            "round_mode": Entry(13, "int32"),
        },
        "LRNParameter": {
            "local_size": Entry(1, "uint32", "5"),
            "alpha": Entry(2, "float", "1"),
            "beta": Entry(3, "float", "0.75"),
            "norm_region": Entry(4, "int32"),
            "k": Entry(5, "float", "1"),
        },
        "FillerParameter": {"type": Entry(1, "bytes", "constant"), "value": Entry(2, "float", "0")},
        "ScaleParameter": {"filler": Entry(3, "FillerParameter"), "bias_term": Entry(4, "bool", "false")},
        "PowerParameter": {
            "power": Entry(1, "float", "1"),
            "scale": Entry(2, "float", "1"),
            "shift": Entry(3, "float", "0"),
        },
        "CropParameter": {"axis": Entry(1, "int32", "2"), "offset": _many(2, "uint32")},
        "PythonParameter": {"param_str": Entry(3, "bytes")},
    }
)
BLOB = MappingProxyType(
    {
        "num": Entry(1, "int32"),
        "channels": Entry(2, "int32"),
        "height": Entry(3, "int32"),
        "width": Entry(4, "int32"),
        "shape": Entry(7, "BlobShape"),
    }
)
LAYER = MappingProxyType(
    {
        "name": Entry(1, "bytes"),
        "type": Entry(2, "bytes"),
        "bottom": _many(3, "bytes"),
        "top": _many(4, "bytes"),
        "convolution_param": Entry(106, "ConvolutionParameter"),
        "lrn_param": Entry(118, "LRNParameter"),
        "pooling_param": Entry(121, "PoolingParameter"),
        "power_param": Entry(122, "PowerParameter"),
        "python_param": Entry(130, "PythonParameter"),
        "scale_param": Entry(142, "ScaleParameter"),
        "crop_param": Entry(144, "CropParameter"),
    }
)
V1_LAYER = MappingProxyType(
    {
        "bottom": _many(2, "bytes"),
        "top": _many(3, "bytes"),
        "name": Entry(4, "bytes"),
        "type": Entry(5, "int32"),
        "convolution_param": Entry(10, "ConvolutionParameter"),
        "lrn_param": Entry(18, "LRNParameter"),
        "pooling_param": Entry(19, "PoolingParameter"),
        "power_param": Entry(21, "PowerParameter"),
    }
)
# V1LayerParameter.LayerType, under the names that the same layers have as strings since.
# fmt: off
V1_KINDS = (
    "None", "Accuracy", "BNLL", "Concat", "Convolution", "Data", "Dropout", "EuclideanLoss", "Flatten", "HDF5Data",
    "HDF5Output", "Im2col", "ImageData", "InfogainLoss", "InnerProduct", "LRN", "MultinomialLogisticLoss", "Pooling",
    "ReLU", "Sigmoid", "Softmax", "SoftmaxWithLoss", "Split", "TanH", "WindowData", "Eltwise", "Power",
    "SigmoidCrossEntropyLoss", "HingeLoss", "MemoryData", "ArgMax", "Threshold", "DummyData", "Slice", "MVN",
    "AbsVal", "Silence", "ContrastiveLoss", "Exp", "Deconvolution",
)
# fmt: on


def numbers(entries: Mapping[str, Entry]) -> frozenset[int]:
    """The numbers of a message's fields."""
    return frozenset(entry.number for entry in entries.values())


def decoded(source: WireFile, name: str, spans: Sequence[Span], where: str) -> Any:
    """The message `name` whose fields lie at `spans`.

    Raises:
        CheckpointError: They are too long, or are no such message.
    """
    if sum(span.end - span.start for span in spans) > MAX_HEADER:
        raise source.damaged(where, f"has more than {MAX_HEADER} bytes besides its weights")
    try:
        return _message_class(name).FromString(b"".join(source.read(span, where) for span in spans))
    except DecodeError as error:
        raise source.damaged(where, "cannot be decoded") from error


@cache
def _message_class(name: str) -> Any:
    """The protobuf class of `BlobProto`, `LayerParameter` or `V1LayerParameter`."""
    messages = {
        **_PARAMETERS,
        "BlobShape": {"dim": Entry(1, "int64", repeated=True, packed=True)},
        "BlobProto": BLOB,
        "LayerParameter": LAYER,
        "V1LayerParameter": V1_LAYER,
    }
    file = FileDescriptorProto(name="caffe.proto", package=PACKAGE, syntax="proto2")
    for message_name, entries in messages.items():
        message = file.message_type.add(name=message_name)
        for field_name, entry in entries.items():
            repeated = FieldDescriptorProto.LABEL_REPEATED
            field = message.field.add(name=field_name, number=entry.number)
            field.label = repeated if entry.repeated else FieldDescriptorProto.LABEL_OPTIONAL
            if entry.kind[0].isupper():
                field.type = FieldDescriptorProto.TYPE_MESSAGE
                field.type_name = f".{PACKAGE}.{entry.kind}"
            else:
                field.type = FieldDescriptorProto.Type.Value(f"TYPE_{entry.kind.upper()}")
                field.default_value = entry.default
            if not entry.default:
                field.ClearField("default_value")
            field.options.packed = entry.packed
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
