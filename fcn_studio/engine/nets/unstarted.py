"""Nets without memory for weights, made in no time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class _Unstarted(TorchFunctionMode):
    """Leaves new weights as they are: on the meta device there is nothing to start, and torch's compiler would load."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__module__", None) == "torch.nn.init" or func in (Tensor.normal_, Tensor.uniform_):
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@contextmanager
def unstarted() -> Iterator[None]:
    """Nets that are built here get their weights later, by `load_state_dict(..., assign=True)`."""
    with torch.device("meta"), _Unstarted():
        yield
