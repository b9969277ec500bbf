"""Convolutions in fp32 that are fp32 on GPUs, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import torch


class _FullPrecision:
    """How many are within `full_precision`: torch's setting is the process's own, and so is its one holder here."""

    def __init__(self) -> None:
        self._lock, self._within, self._before = Lock(), 0, ""

    def enter(self) -> None:
        with self._lock:
            if not self._within:
                self._before = _convolutions().fp32_precision
                _convolutions().fp32_precision = "ieee"
            self._within += 1

    def leave(self) -> None:
        with self._lock:
            self._within -= 1
            if not self._within:
                _convolutions().fp32_precision = self._before


def _convolutions() -> Any:
    return torch.backends.cudnn.conv  # type: ignore[attr-defined]  # torch has it since 2.9, its annotations do not


_FULL_PRECISION = _FullPrecision()


@contextmanager
def full_precision() -> Iterator[None]:
    """Convolutions of fp32 tensors are fp32 within: elsewhere cuDNN rounds their inputs to TF32's 10 bits.

    The setting is the process's, so other threads' convolutions are exact for as long; the last one out puts it back.
    """
    _FULL_PRECISION.enter()
    try:
        yield
    finally:
        _FULL_PRECISION.leave()
