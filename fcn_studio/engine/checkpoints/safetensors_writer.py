"""Writes safetensors files a piece at a time: saving a net takes no second copy of it, converting a file not even one.

The library's own writer wants all tensors in their final type at once. The format: the header's length (8 bytes,
little-endian), the header (JSON, padded with spaces to a multiple of 8), the tensors' bytes in the header's order.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TYPE_NAMES = MappingProxyType(
    {
        torch.float64: "F64",
        torch.float32: "F32",
        torch.float16: "F16",
        torch.bfloat16: "BF16",
        torch.int64: "I64",
        torch.int32: "I32",
        torch.uint8: "U8",
        torch.bool: "BOOL",
    }
)
PIECE = 1 << 22  # values converted and written in one step
ALIGNMENT = 8


class Weights(Protocol):
    """Float32 weights that need not be in memory all at once."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Their shape."""

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """All of them, in order, as flat arrays."""


def write_safetensors(
    path: Path, tensors: Mapping[str, Tensor | Weights], *, dtype: torch.dtype, metadata: Mapping[str, str]
) -> None:
    """Writes `tensors`, those of floating type as `dtype`, over what is at `path`.

    Raises:
        OSError: The file cannot be written.
    """
    kinds = {
        name: value.dtype if isinstance(value, Tensor) and not value.is_floating_point() else dtype
        for name, value in tensors.items()
    }
    # Widest type first, as the library orders them: then each tensor lies at a multiple of its own size.
    order = sorted(tensors, key=lambda name: (-kinds[name].itemsize, name))
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name in order:
        start, end = end, end + math.prod(tensors[name].shape) * kinds[name].itemsize
        shape = list(tensors[name].shape)
        header[name] = {"dtype": TYPE_NAMES[kinds[name]], "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            for piece in _pieces(tensors[name]):
                file.write(piece.to("cpu", kinds[name]).view(torch.uint8).numpy().data)


def _pieces(value: Tensor | Weights) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield from torch.split(value.detach().reshape(-1), PIECE)
    else:
        yield from map(torch.from_numpy, value.pieces())
