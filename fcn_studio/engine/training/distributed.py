"""The processes of one run: as `torchrun` starts them, each with its share of every batch; alone without it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from fcn_studio.core.errors import DataError, DeviceError

Item = TypeVar("Item")
PATIENCE = timedelta(minutes=30)  # the first process may judge, save and draw while the others wait


@dataclass(frozen=True, slots=True)
class World:
    """This process among those of the run; by default the only one.

    Attributes:
        rank: Number of this process, from 0; the first one writes and prints.
        size: Processes in all.
        local_rank: Number of this process on its machine, which is its GPU's too.
        local_size: Processes on this machine.
        group: Of gloo, for numbers on the CPU.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    group: Any = None

    @property
    def is_first(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's items: every `size`-th one."""
        return items[self.rank :: self.size]

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes of a tensor on the CPU; every process must ask, and hears the same.

        Raises:
            DeviceError: Another process has ended.
        """
        if self.size == 1:
            return values
        total = values.clone()
        with telling_of_the_end():
            dist.all_reduce(total, group=self.group)
        return total

    def any(self, flag: bool) -> bool:
        """Whether it is so in one of the processes; every process must ask, and hears the same.

        Raises:
            DeviceError: Another process has ended.
        """
        return bool(self.sum(torch.tensor(float(flag))))

    def agrees(self, text: str) -> bool:
        """Whether every process has the text that this one has; every process must ask, and hears the same.

        Raises:
            DeviceError: Another process has ended.
        """
        own = torch.frombuffer(bytearray(hashlib.sha256(text.encode()).digest()), dtype=torch.uint8)
        first = own.clone()
        self.take_from_first([first])
        return not self.any(not torch.equal(own, first))

    def wait(self) -> None:
        """Returns once every process is here.

        Raises:
            DeviceError: Another process has ended.
        """
        self.sum(torch.zeros(1))

    def check_shares(self, batch: int) -> None:
        """Makes sure that each process gets something of a batch.

        Raises:
            DataError: It is too small.
        """
        if batch < self.size:
            raise DataError(
                f"A batch of {batch} cannot be shared by {self.size} processes; start fewer, or take larger batches "
                "(--set stages.*.batch=N)."
            )

    def take_from_first(self, values: Sequence[Tensor]) -> None:
        """Overwrites tensors, wherever they are, with those of the first process.

        Raises:
            DeviceError: Another process has ended.
        """
        if self.size == 1:
            return
        for value in values:
            there = value.cpu()
            with telling_of_the_end():
                dist.broadcast(there, src=0, group=self.group)
            value.copy_(there)

    def wrapped(self, net: nn.Module, *, all_used: bool, in_one_part: bool) -> nn.Module:
        """The net with gradients averaged over the processes; itself where there is one.

        Batch normalisation goes by the whole batch on GPUs (SyncBatchNorm). On CPUs torch has no such layer: each
        process normalises its own share, and the running statistics are those of the first. So it is where photos of
        different sizes come one by one: processes may have different numbers of them, and would wait for each other.

        Args:
            net: On its device.
            all_used: Whether every parameter has a share in every loss.
            in_one_part: Whether each process's share of a batch comes at once.
        """
        if self.size == 1:
            return net
        device = next(net.parameters()).device
        if device.type == "cuda" and in_one_part:  # in place but for a net that is a normalisation itself
            net = nn.SyncBatchNorm.convert_sync_batchnorm(net)  # type: ignore[no-untyped-call]
        return nn.parallel.DistributedDataParallel(
            net, device_ids=[device.index] if device.type == "cuda" else None, find_unused_parameters=not all_used
        )


ALONE = World()


def started_by_torchrun() -> bool:
    """Whether `torchrun` started this process."""
    return dist.is_available() and dist.is_torchelastic_launched()


def local_rank() -> int:
    """Number of this process on its machine, as torchrun says."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextlib.contextmanager
def world(device: str) -> Iterator[World]:
    """The processes that torchrun started, connected: by nccl where they have GPUs, by gloo on CPUs.

    Raises:
        DeviceError: They do not find each other, or there are more of them than GPUs.
    """
    if not started_by_torchrun():
        yield ALONE
        return
    backend = "nccl" if torch.device(device).type == "cuda" else "gloo"
    with telling_of_the_end():
        if backend == "nccl":
            torch.cuda.set_device(device)
        dist.init_process_group(backend, timeout=PATIENCE)
        group = dist.new_group(backend="gloo", timeout=PATIENCE)
    try:
        yield World(
            rank=dist.get_rank(),
            size=dist.get_world_size(),
            local_rank=local_rank(),
            local_size=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
            group=group,
        )
    finally:
        dist.destroy_process_group()


@contextlib.contextmanager
def telling_of_the_end() -> Iterator[None]:
    """Turns what gloo and nccl say of a lost connection into a sentence.

    Raises:
        DeviceError: Another process has ended.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_of_a_connection(error):
            raise
        raise DeviceError(
            "Another process of this run has ended or cannot be reached, so this one ends too; its own message says "
            "why. Go on with --resume."
        ) from error


def _is_of_a_connection(error: RuntimeError) -> bool:
    words = ("connection", "gloo", "nccl", "timed out", "peer", "socket")
    return isinstance(error, dist.DistError) or any(word in str(error).lower() for word in words)
