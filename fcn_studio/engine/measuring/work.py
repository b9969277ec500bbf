"""How much arithmetic and memory traffic each stage of a trace asks for: counted from shapes, not measured.

Of one 3x3 convolution with a bias, (1, 4, 10, 20) to (1, 6, 10, 20) in fp32:

    FLOPs   2 * 3 * 3 * 4 * 6 * 10 * 20 = 86400
    bytes   4 * (4 * 10 * 20 + 3 * 3 * 4 * 6 + 6 + 6 * 10 * 20) = 8888
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.images.image import read_image
from fcn_studio.engine.tracing.tracer import Clock, Task, Tracer

RULE = (
    "FLOPs are the multiply-adds of convolutions, matrix products and bilinear enlargements, times 2, zeros of "
    "paddings included; comparisons, other sums and what NumPy does are not counted. Bytes are a lower bound: each "
    "operation of torch reads its inputs and weights once and writes its outputs once."
)
TAPS = 4  # cells that a bilinearly enlarged value is made of
MOVELESS = frozenset({"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "detach_"})
OVERWRITING = frozenset({"copy_", "fill_", "zero_"})  # they write their first argument without reading it


@dataclass(frozen=True, slots=True)
class Work:
    """What a stage asks of a machine.

    Attributes:
        flops: Twice the multiply-adds.
        bytes: Read and written, at least.
    """

    flops: int = 0
    bytes: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.flops + other.flops, self.bytes + other.bytes)


class WorkCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what runs while it is entered."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._done = Work()

    def take(self) -> Work:
        """What has been counted since this was last asked."""
        done, self._done = self._done, Work()
        return done

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        packet = func.overloadpacket
        if packet not in flop_registry and packet is not torch.ops.aten.upsample_bilinear2d:
            # In inference mode, operations that are made of others arrive whole.
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = func(*args, **kwargs)
        self._done += Work(_flops(packet, args, kwargs, result), _moved(func, args, kwargs, result))
        return result


def _flops(packet: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    if packet in flop_registry:
        return int(flop_registry[packet](*args, **kwargs, out_val=result))
    return 2 * TAPS * int(result.numel()) if packet is torch.ops.aten.upsample_bilinear2d else 0


def _moved(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    name = func.overloadpacket.__name__
    if func.is_view or name in MOVELESS:
        return 0
    read = pytree.tree_leaves((args[name in OVERWRITING :], kwargs))
    return _held(read) + _held(pytree.tree_leaves(result))


def _held(values: Iterable[Any]) -> int:
    """Bytes of the tensors among `values`, each once; cells that an expanded tensor repeats count once too."""
    tensors = {id(value): value for value in values if isinstance(value, Tensor)}
    return sum(
        tensor.element_size()
        * math.prod(size for size, step in zip(tensor.shape, tensor.stride(), strict=True) if step or not size)
        for tensor in tensors.values()
    )


class WorkClock(Clock):
    """A clock that puts what a counter has seen down to the stage that ends."""

    def __init__(self, device: torch.device, counter: WorkCounter) -> None:
        super().__init__(device)
        self.work: dict[str, Work] = {}
        self._counter = counter

    def mark(self, stage: str) -> None:
        """See `Clock`."""
        super().mark(stage)
        self.work[stage] = self.work.get(stage, Work()) + self._counter.take()


def work_of(model: Tracer, source: Path) -> dict[str, Work]:
    """By stage of `model.trace(source)`, what it asks for; one trace is run for it, by torch, which tells what it does.

    Raises:
        ImageError: As `trace`.
    """
    counter, model = WorkCounter(), model._by_torch()
    with counter:
        clock = WorkClock(torch.device(model.choice.device), counter)
        photo = read_image(source)
        clock.mark("read")
        model._traced(Task(photo, False, None, lambda stage, share: None, CancelToken(), clock))
    return {**clock.work, "read": Work(bytes=source.stat().st_size + photo.nbytes)}
