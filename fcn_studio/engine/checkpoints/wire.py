"""Where the fields of a protobuf file lie, found without reading their contents and without trusting their lengths."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.native import MAX_BYTES

# Wire types of the protobuf encoding; 3 and 4, groups, are in no Caffe message.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = MappingProxyType({FIXED64: 8, FIXED32: 4})
MAX_VARINT = 10  # bytes
MAX_FIELDS = 1 << 18  # in a whole file; a published net has some two thousand
CHUNK = 1 << 20  # values or records looked at in one step


class Span(NamedTuple):
    """Bytes `start` to `end` of a file."""

    start: int
    end: int


class Field(NamedTuple):
    """One field, or a run of one fixed-size field repeated.

    Attributes:
        number: Its number in the message.
        kind: Its wire type.
        whole: Where it lies, tag and length included.
        content: Where its content lies; of a run, from the first content to the end of the last.
        value: The number itself, of a varint.
        repeats: How often it stands there, each time `step` bytes further.
        step: Bytes from one to the next.
    """

    number: int
    kind: int
    whole: Span
    content: Span
    value: int = 0
    repeats: int = 1
    step: int = 0


@contextlib.contextmanager
def open_wire(path: Path) -> Iterator[WireFile]:
    """The protobuf file at `path`.

    Raises:
        CheckpointError: It cannot be read, or is larger than any net.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size > MAX_BYTES:
                raise CheckpointError(f"{path}: {size} bytes is more than any FCN needs; not read.")
            yield WireFile(path, file, size)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from error


class WireFile:
    """A protobuf file, open for reading; no field is believed to be longer than what is left of its parent."""

    def __init__(self, path: Path, file: BufferedReader, size: int) -> None:
        self.path = path
        self.whole = Span(0, size)
        self._file = file
        self._seen = 0

    def damaged(self, where: str, what: str) -> CheckpointError:
        """The error that says so, of the part that `where` names."""
        return CheckpointError(f"{self.path}: {where} {what}; the file is cut short or damaged, copy it again.")

    def fields(self, span: Span, where: str) -> Iterator[Field]:
        """The fields of the message that fills `span`, in file order.

        Raises:
            CheckpointError: The bytes are no message, or a field is longer than the message.
        """
        position = span.start
        while position < span.end:
            field = self.field_at(Span(position, span.end), where)
            yield field
            position = field.whole.end

    def field_at(self, span: Span, where: str) -> Field:
        """The field, or run of one, at the start of `span`, which ends with the message; errors as of `fields`."""
        self._seen += 1
        if self._seen > MAX_FIELDS:
            raise self.damaged(where, f"is past {MAX_FIELDS} fields, more than any net has")
        tag, position = self._varint(span.start, span.end, where)
        number, kind = tag >> 3, tag & 7
        if not 1 <= number < 1 << 29 or kind not in (VARINT, FIXED64, BYTES, FIXED32):
            raise self.damaged(where, f"holds bytes at {span.start} that are no field of a Caffe net")
        if kind == VARINT:
            value, end = self._varint(position, span.end, where)
            return Field(number, kind, Span(span.start, end), Span(position, end), value)
        length = FIXED_SIZES.get(kind, 0)
        if kind == BYTES:
            length, position = self._varint(position, span.end, where)
        if length > span.end - position:
            raise self.damaged(where, f"declares {length} bytes where {span.end - position} are left")
        end = position + length
        step = end - span.start
        repeats = 1 if kind == BYTES else self._repeats(span, position - span.start, step)
        end += (repeats - 1) * step
        return Field(number, kind, Span(span.start, end), Span(position, end), 0, repeats, step)

    def read(self, span: Span, where: str) -> bytes:
        """The bytes of `span`; the caller bounds it."""
        self._file.seek(span.start)
        content = self._file.read(span.end - span.start)
        if len(content) != span.end - span.start:
            raise self.damaged(where, "ends too early")
        return content

    def read_into(self, start: int, values: NDArray[np.float32], where: str) -> None:
        """Fills `values`, contiguous, with the bytes from `start` on, without a copy on the way."""
        self._file.seek(start)
        if self._file.readinto(values.data) != values.nbytes:
            raise self.damaged(where, "ends too early")

    def _varint(self, position: int, end: int, where: str) -> tuple[int, int]:
        self._file.seek(position)
        value = 0
        for index, byte in enumerate(self._file.read(min(MAX_VARINT, end - position))):
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value, position + index + 1
        raise self.damaged(where, "ends inside a number")

    def _repeats(self, span: Span, tag_size: int, step: int) -> int:
        """How many records of `step` bytes with the tag of the first stand in a row from the start of `span`."""
        if tag_size != 1:
            return 1
        most, count = (span.end - span.start) // step, 0
        first = self.read(Span(span.start, span.start + 1), "the file")[0]
        while count < most:
            records = min(max(count, 16), most - count, CHUNK)  # mostly there is one alone
            start = span.start + count * step
            tags = np.frombuffer(self.read(Span(start, start + records * step), "the file"), np.uint8)[::step]
            other = np.flatnonzero(tags != first)
            if other.size:
                return count + int(other[0])
            count += records
        return count
