"""The weights in a `.caffemodel`: found and measured first, read straight into their arrays when wanted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.caffe_schema import BLOB, decoded, numbers
from fcn_studio.engine.checkpoints.wire import BYTES, CHUNK, FIXED32, FIXED64, Field, Span, WireFile, open_wire

DATA, DOUBLE_DATA = 5, 8  # in BlobProto (caffe.proto)
MAX_AXES = 32  # kMaxBlobAxes in Caffe's blob.hpp


@dataclass(frozen=True, slots=True)
class Numbers:
    """A row of `count` floating-point numbers of `size` bytes, from byte `start` on, each `step` bytes further."""

    start: int
    count: int
    size: int
    step: int


@dataclass(frozen=True, slots=True)
class CaffeBlob:
    """Weights that still lie in their file; their number and shape have been held against its length.

    Attributes:
        path: The file.
        where: Whose weights they are, for messages: `layer fc6`.
        shape: As the file states it: (N, C, H, W) of a kernel, (N,) of a bias.
        rows: Where they lie.
    """

    path: Path
    where: str
    shape: tuple[int, ...]
    rows: tuple[Numbers, ...]

    @property
    def ndim(self) -> int:
        """How many axes they have."""
        return len(self.shape)

    def read(self) -> NDArray[np.float32]:
        """The weights, in memory of their own.

        Raises:
            CheckpointError: They are not all finite, or the file has changed or cannot be read.
        """
        values = np.empty(math.prod(self.shape), np.float32)
        with open_wire(self.path) as source:
            first = 0
            for row in self.rows:
                for start in range(0, row.count, CHUNK):
                    count = min(CHUNK, row.count - start)
                    self._fill(source, row, start, values[first : first + count])
                    first += count
        return values.reshape(self.shape)

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """The weights as flat arrays of at most `CHUNK` numbers, one after the other, to copy them in little memory.

        Raises:
            CheckpointError: As of `read`.
        """
        with open_wire(self.path) as source:
            for row in self.rows:
                for start in range(0, row.count, CHUNK):
                    piece = np.empty(min(CHUNK, row.count - start), np.float32)
                    self._fill(source, row, start, piece)
                    yield piece

    def without_leading_ones(self, axes: int) -> CaffeBlob:
        """The same weights with `axes` axes, if only leading axes of size 1 are too many; else unchanged.

        Files of Caffe's first years state four axes for everything: a bias of N is (1, 1, 1, N), a fully connected
        layer (1, 1, N, C).
        """
        return replace(self, shape=shape_without_leading_ones(self.shape, axes))

    def _fill(self, source: WireFile, row: Numbers, first: int, piece: NDArray[np.float32]) -> None:
        start = row.start + first * row.step
        if row.size == row.step == piece.itemsize and np.little_endian:
            source.read_into(start, piece, self.where)
        else:
            gap = row.step - row.size  # the tag of the next, where they are not packed
            content = source.read(Span(start, start + len(piece) * row.step - gap), self.where) + bytes(gap)
            records = np.frombuffer(content, np.uint8).reshape(len(piece), row.step)
            with np.errstate(over="ignore"):  # a double beyond float32 turns infinite, and is refused as such
                piece[:] = np.ascontiguousarray(records[:, : row.size]).view(f"<f{row.size}")[:, 0]
        if not np.isfinite(piece).all():
            raise CheckpointError(
                f"{self.path}: {self.where} holds infinite or undefined numbers; the file is damaged or the training "
                "diverged."
            )


def shape_without_leading_ones(shape: tuple[int, ...], axes: int) -> tuple[int, ...]:
    """The last `axes` lengths of `shape` if those before are all 1, else `shape`."""
    surplus = max(len(shape) - axes, 0)
    return shape[surplus:] if all(length == 1 for length in shape[:surplus]) else shape


def find_blob(source: WireFile, blob: Field, where: str) -> CaffeBlob:
    """The weights in a BlobProto, not yet read.

    Raises:
        CheckpointError: Their number does not fit the shape.
    """
    if blob.kind != BYTES:
        raise source.damaged(where, "has weights that are none")
    header, runs, known = [], [], numbers(BLOB)
    for field in source.fields(blob.content, where):
        if field.number in (DATA, DOUBLE_DATA):
            runs.append(field)
        elif field.number in known:
            header.append(field.whole)
    message = decoded(source, "BlobProto", header, where)
    # As Caffe does: doubles, if there are any, are the weights.
    used = [run for run in runs if run.number == DOUBLE_DATA] or runs
    rows = tuple(_numbers(source, run, where) for run in used)
    return CaffeBlob(source.path, where, _shape(source, message, sum(row.count for row in rows), where), rows)


def _numbers(source: WireFile, run: Field, where: str) -> Numbers:
    size = 8 if run.number == DOUBLE_DATA else 4
    start, end = run.content
    if run.kind == BYTES and (end - start) % size == 0:
        return Numbers(start, (end - start) // size, size, size)
    if run.kind == (FIXED64 if size == 8 else FIXED32):
        return Numbers(start, run.repeats, size, run.step)
    raise source.damaged(where, f"has weights that are not {size} bytes each")


def _shape(source: WireFile, message: Any, count: int, where: str) -> tuple[int, ...]:
    shape: tuple[int, ...]
    if message.HasField("shape"):
        shape = tuple(message.shape.dim)
    elif any(message.HasField(name) for name in ("num", "channels", "height", "width")):
        shape = (message.num, message.channels, message.height, message.width)
    else:
        raise source.damaged(where, "has weights without a shape")
    if len(shape) > MAX_AXES or any(length < 0 for length in shape) or math.prod(shape) != count:
        shown = f"{shape}" if len(shape) <= MAX_AXES else f"one of {len(shape)} axes"
        raise source.damaged(where, f"has {count} weights where its shape is {shown}")
    return shape
