"""Caffe's `.caffemodel` files, as a list of layers with their weights.

The small parts go through the protobuf package. Weights stay in the file until they are wanted, and are then read
straight into their arrays (`caffe_blobs`): protobuf would copy hundreds of megabytes several times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.catalog.checkpoint_file import HEAD, is_text
from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.caffe_blobs import CaffeBlob, find_blob, shape_without_leading_ones
from fcn_studio.engine.checkpoints.caffe_schema import LAYER, V1_KINDS, V1_LAYER, decoded, numbers
from fcn_studio.engine.checkpoints.wire import BYTES, VARINT, Span, WireFile, open_wire

V1_LAYERS, V2_LAYERS = 2, 100  # in NetParameter (caffe.proto)
V0_LAYER = 1  # in V1LayerParameter: the format of 2013, which Caffe itself upgrades
MAX_LAYERS = 2048  # ResNet-152, with its scales and activations, has some 520
MAX_BLOBS = 16  # of one layer; an LSTM has 6
MAX_NAME = 256


@dataclass(frozen=True, slots=True)
class Window:
    """What a convolution, deconvolution or pooling slides: (height, width) pairs.

    Attributes:
        kernel: (0, 0) where the file does not say.
        stride: Cells per step.
        padding: Zeros on each side.
        dilation: Distance of the kernel's taps.
        groups: Into how many the channels are split.
        rounds_up: Whether a pooling covers the last, incomplete window, as Caffe does unless told otherwise.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int = 1
    rounds_up: bool = True


@dataclass(frozen=True, slots=True)
class ResponseNorm:
    """Local response normalisation: x / (k + alpha / size * sum of squares)^beta over `size` channels."""

    size: int
    alpha: float
    beta: float
    k: float
    within_channel: bool


@dataclass(frozen=True, slots=True, eq=False)
class CaffeLayer:
    """A layer as the file has it.

    Attributes:
        name: `conv1_1`.
        kind: `Convolution`; of both formats the newer one's word.
        blobs: Weights, in the shapes that the file states: first the kernel, then the bias, if it has one. Float32,
            finite, in memory of their own. Empty where the file was only scanned.
        stored: Where the weights lie in the file.
        bottoms: The blobs that it reads.
        tops: The blobs that it writes.
        window: Of a convolution, deconvolution or pooling.
        response_norm: Of an LRN layer.
        factor: The constant of a Scale layer's filler, or by which a Power layer multiplies (if it does only that).
        offsets: Of a Crop layer; none where Caffe was to work them out.
        parameters: What a Python layer was told, such as the mean of a data layer.
    """

    name: str
    kind: str
    blobs: tuple[NDArray[np.float32], ...] = ()
    stored: tuple[CaffeBlob, ...] = ()
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    window: Window | None = None
    response_norm: ResponseNorm | None = None
    factor: float | None = None
    offsets: tuple[int, ...] = ()
    parameters: str = ""


def read_caffemodel(path: Path) -> tuple[CaffeLayer, ...]:
    """The layers of a binary `.caffemodel` with their weights, in file order, those without weights too.

    Raises:
        CheckpointError: It cannot be read, is something else (a prototxt, a solver state, a web page), is cut short or
            damaged, or holds numbers that are not finite.
    """
    return tuple(replace(layer, blobs=tuple(blob.read() for blob in layer.stored)) for layer in scan_caffemodel(path))


def scan_caffemodel(path: Path) -> tuple[CaffeLayer, ...]:
    """The same without their weights, of which `stored` says where they lie; it takes next to no time and memory.

    Every length and shape has been held against the file.

    Raises:
        CheckpointError: As of `read_caffemodel`, but for numbers that are not finite.
    """
    with open_wire(path) as source:
        _refuse_other_files(path, source.read(Span(0, min(HEAD, source.whole.end)), "the file"))
        return tuple(_layers(source))


def without_leading_ones(blob: NDArray[np.float32], axes: int) -> NDArray[np.float32]:
    """A view of `blob` with `axes` axes, as `CaffeBlob.without_leading_ones` does."""
    return blob.reshape(shape_without_leading_ones(blob.shape, axes))


class _Format(NamedTuple):
    """One of the two layer formats: the message, the number of its blobs, and the fields that we read."""

    message: str
    blobs: int
    entries: frozenset[int]


def _format(number: int) -> _Format:
    if number == V1_LAYERS:
        return _Format("V1LayerParameter", 6, numbers(V1_LAYER))
    return _Format("LayerParameter", 7, numbers(LAYER))


def _refuse_other_files(path: Path, head: bytes) -> None:
    if not head:
        raise CheckpointError(f"{path}: the file is empty; download it again.")
    if is_text(head):
        if head.lstrip().startswith((b"<", b"{")):
            raise CheckpointError(f"{path}: is a web page, not a net; the server sent that instead, download it again.")
        raise CheckpointError(
            f"{path}: is text, such as a .prototxt, which has no weights; open the .caffemodel that belongs to it."
        )
    if head.startswith(b"\x89HDF"):
        raise CheckpointError(f"{path}: is a Caffe net in HDF5; save it as a binary .caffemodel (snapshot_format).")


def _layers(source: WireFile) -> Iterator[CaffeLayer]:
    formats: set[int] = set()
    count, last, position = 0, "", 0
    while position < source.whole.end:
        where = f"what follows layer {last}" if last else "the file"
        field = source.field_at(Span(position, source.whole.end), where)
        if position == 0 and field.number == 1 and field.kind == VARINT:
            raise CheckpointError(
                f"{source.path}: is a solver state or a mean image, not a net; open the .caffemodel beside it."
            )
        position = field.whole.end
        if field.number not in (V1_LAYERS, V2_LAYERS):
            continue
        count += 1
        if field.kind != BYTES:
            raise source.damaged(where, "is no layer")
        if count > MAX_LAYERS:
            raise source.damaged(where, f"is more than the {MAX_LAYERS} layers that a net may have")
        formats.add(field.number)
        if len(formats) > 1:
            raise source.damaged(where, "is of another format than the layers before")
        layer = _layer(source, field.content, _format(field.number), where)
        last = layer.name
        yield layer
    if not count:
        raise CheckpointError(f"{source.path}: has no layers; is it a Caffe net's .caffemodel, and complete?")


def _layer(source: WireFile, span: Span, form: _Format, where: str) -> CaffeLayer:
    header, blobs = [], []
    for field in source.fields(span, where):
        if field.number == form.blobs:
            blobs.append(field)
        elif field.number in form.entries:
            header.append(field.whole)
        elif field.number == V0_LAYER and form.message == "V1LayerParameter":
            raise CheckpointError(
                f"{source.path}: is of Caffe's format of 2013; convert it with Caffe's upgrade_net_proto_binary."
            )
    message = decoded(source, form.message, header, where)
    name = _text(source, message.name, where, "name")
    if len(name) > MAX_NAME:
        raise source.damaged(where, f"has a name of {len(name)} characters")
    where = f"layer {name}" if name else where
    if len(blobs) > MAX_BLOBS:
        raise source.damaged(where, f"has {len(blobs)} blobs of weights where {MAX_BLOBS} is the most")
    if blobs and not name:
        raise source.damaged(where, "has weights but no name")
    kind = message.type
    return CaffeLayer(
        name=name,
        kind=_v1_kind(kind) if isinstance(kind, int) else _text(source, kind, where, "type"),
        stored=tuple(find_blob(source, field, where) for field in blobs),
        bottoms=tuple(_text(source, bottom, where, "bottom") for bottom in message.bottom),
        tops=tuple(_text(source, top, where, "top") for top in message.top),
        **_parameters(source, message, where),
    )


def _v1_kind(kind: int) -> str:
    return V1_KINDS[kind] if 0 <= kind < len(V1_KINDS) else f"V1 type {kind}"


def _text(source: WireFile, content: bytes, where: str, what: str) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise source.damaged(where, f"has a {what} that is no text") from error
    if not text.isprintable():
        raise source.damaged(where, f"has a {what} that is no text")
    return text


def _parameters(source: WireFile, message: Any, where: str) -> dict[str, Any]:
    fields = message.DESCRIPTOR.fields_by_name
    found = {name: getattr(message, name) for name in fields if name.endswith("_param") and message.HasField(name)}
    values: dict[str, Any] = {}
    if convolution := found.get("convolution_param"):
        dilation = _pair(source, convolution.dilation, 1, where)
        values["window"] = Window(*_sides(source, convolution, where), dilation, convolution.group)
    elif pooling := found.get("pooling_param"):
        values["window"] = Window(*_sides(source, pooling, where), (1, 1), rounds_up=pooling.round_mode == 0)
    if norm := found.get("lrn_param"):
        values["response_norm"] = ResponseNorm(
            norm.local_size, norm.alpha, norm.beta, norm.k, within_channel=norm.norm_region == 1
        )
    if (scale := found.get("scale_param")) and scale.HasField("filler") and scale.filler.type == b"constant":
        values["factor"] = scale.filler.value
    if (power := found.get("power_param")) and (power.power, power.shift) == (1, 0):
        values["factor"] = power.scale
    if "factor" in values and not math.isfinite(values["factor"]):
        raise source.damaged(where, "scales by a number that is infinite or undefined")
    if crop := found.get("crop_param"):
        values["offsets"] = tuple(crop.offset)
    if python := found.get("python_param"):
        values["parameters"] = _text(source, python.param_str, where, "parameter")
    return values


def _sides(source: WireFile, window: Any, where: str) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Kernel, stride and padding, each (height, width)."""

    def side(plain: str, stem: str, default: int) -> tuple[int, int]:
        if window.HasField(f"{stem}_h") or window.HasField(f"{stem}_w"):
            return getattr(window, f"{stem}_h"), getattr(window, f"{stem}_w")
        return _pair(source, getattr(window, plain), default, where)

    return side("kernel_size", "kernel", 0), side("stride", "stride", 1), side("pad", "pad", 0)


def _pair(source: WireFile, values: Any, default: int, where: str) -> tuple[int, int]:
    if len(values) > 2:
        raise source.damaged(where, f"slides over {len(values)} axes, and a picture has two")
    return (values[0], values[-1]) if values else (default, default)
