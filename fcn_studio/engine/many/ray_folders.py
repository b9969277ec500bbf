"""Many photos on many machines: Ray Data deals them out to workers, each of which goes about them as one machine does.

Workers read photos and checkpoints and write results by the paths that they are given, so all machines must see the
same files under the same names. Their results are those of `folders.segmented` on one machine: the same code runs.
In fp32 on CPUs the last bits of scores depend on the number of threads, there as everywhere.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fcn_studio.core.errors import Cancelled, CheckpointError, DeviceError, FcnStudioError
from fcn_studio.core.photo_jobs import Job, Order, Outcome, failure
from fcn_studio.core.run_folder import RunFailed
from fcn_studio.engine.many.folders import segmented
from fcn_studio.engine.many.ray_cluster import CLIENT, LOCAL, cluster
from fcn_studio.engine.tracing.model import HEAD_MARK, load, split_head

Batch = dict[str, NDArray[Any]]
Row = dict[str, Any]

CORES = 4  # of a CPU worker; with more, one photo of the usual size no longer keeps them busy
BATCH = 32  # photos in one piece of work: long enough to overlap reading and writing, short enough to share evenly
PATIENCE = 120  # seconds for the workers of our own cluster to start, before the first of them gets all the work


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers that fit a cluster.

    Attributes:
        count: How many.
        gpus: Of each: 1 or 0.
        cores: Of each; the number of its threads where it has no GPU.
    """

    count: int
    gpus: int
    cores: int


@dataclass(frozen=True, slots=True)
class Brief:
    """What a worker is told.

    Attributes:
        weights: The checkpoint, as `load` takes it.
        digest: SHA-256 that it must have.
        options: Of `load`: device, precision and so on.
        order: What to make of each photo.
        cores: Threads to compute with; 0 where a GPU does.
    """

    weights: str
    digest: str
    options: Mapping[str, str]
    order: Order
    cores: int = 0


def crew(nodes: Iterable[Mapping[str, Any]], device: str, cores: int | None, jobs: int) -> Crew:
    """One worker for each GPU of a cluster; where there is none, or CPUs are asked for, one for each group of cores.

    Args:
        nodes: As `ray.nodes()` tells them.
        device: `auto`, `cpu` or `cuda`.
        cores: In a group; None for `CORES`, or what the largest machine has.
        jobs: Photos; there are no more workers than these.

    Raises:
        DeviceError: The cluster has not what is asked for.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceError(
            f"With --ray each worker has a device of its own; --device {device} cannot be one. Use cuda, cpu or auto."
        )
    found = [node.get("Resources", {}) for node in nodes if node.get("Alive")]
    gpus = sum(int(node.get("GPU", 0)) for node in found)
    if device == "cuda" and not gpus:
        raise DeviceError("This Ray cluster has no GPUs; use --device cpu or auto.")
    if gpus and device != "cpu":
        return Crew(min(gpus, jobs), gpus=1, cores=1)
    widest = max((int(node.get("CPU", 0)) for node in found), default=0)
    wanted = min(CORES, widest) if cores is None else cores
    if not 0 < wanted <= widest:
        raise DeviceError(
            f"This Ray cluster has no machine of {max(wanted, 1)} cores; its largest has {widest}. Change --ray-cores."
        )
    groups = sum(int(node.get("CPU", 0)) // wanted for node in found)
    return Crew(min(groups, jobs), gpus=0, cores=wanted)


class Worker:
    """A checkpoint held by one process of the cluster; called with a batch of jobs, it yields their outcomes."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._trouble: FcnStudioError | None = None
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._take_cores()
        try:
            self._tracer = load(brief.weights, **brief.options)
            if self._tracer.digest != brief.digest:
                raise CheckpointError(f"{brief.weights} is another file there; install the same version everywhere.")
        except FcnStudioError as error:
            self._trouble = error

    def __call__(self, batch: Batch) -> Iterator[Batch]:
        """Outcomes one by one: number, record as JSON or empty, error or empty."""
        self._take_cores()  # torch keeps the number for each thread, and Ray may call from another one
        jobs = [
            Job(Path(str(source)), Path(str(folder)), str(stem))
            for source, folder, stem in zip(batch["source"], batch["folder"], batch["stem"], strict=True)
        ]
        for number, outcome in zip(batch["number"], self._outcomes(jobs), strict=True):
            record = "" if outcome.record is None else json.dumps({**outcome.record, "worker": self._name})
            error = "" if outcome.error is None else str(outcome.error)
            yield {"number": np.array([number]), "record": np.array([record]), "error": np.array([error])}

    def _outcomes(self, jobs: Sequence[Job]) -> Iterable[Outcome]:
        if self._trouble is not None:
            return [failure(job, _at(self._name, self._trouble)) for job in jobs]
        return segmented(self._tracer, jobs, self._brief.order)

    def _take_cores(self) -> None:
        if self._brief.cores:
            torch.get_num_threads()  # the first question sets a thread's number to the program's
            torch.set_num_threads(self._brief.cores)


def _at(place: str, error: FcnStudioError) -> FcnStudioError:
    return type(error)(f"on {place}: {error}")


def segmented_by_ray(
    address: str,
    brief: Brief,
    jobs: Sequence[Job],
    *,
    cores: int | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Outcome, None, None]:
    """Does photos on a Ray cluster; yields outcomes as they come, in no order.

    Args:
        address: `local` starts a cluster on this machine, `auto` finds the one that runs here; `HOST:PORT` and
            `ray://HOST:PORT` are reached.
        brief: For all workers; its `cores` are filled in here.
        jobs: What to do.
        cores: Of a worker without a GPU.
        stop: Asked after each photo.

    Raises:
        DeviceError: Ray is not installed, cannot be reached, or has not what is asked for.
        RunFailed: Ray lost its workers.
        Cancelled: `stop` said so.
    """
    if not jobs:
        return
    with cluster(address) as ray:
        device = brief.options.get("device", "auto")
        if brief.options.get("backend") == "openvino" and device == "auto":
            device = "cpu"
        team = crew(ray.nodes(), device, cores, len(jobs))
        told = replace(
            brief,
            weights=_anywhere(brief.weights),
            options={**brief.options, "device": "cuda" if team.gpus else "cpu"},
            cores=0 if team.gpus else team.cores,
        )
        rows = _rows(jobs)
        found = (
            _by_dealer(ray, rows, told, team, address)
            if address.startswith(CLIENT)
            else _dealt(rows, told, team, address)
        )
        try:
            with contextlib.closing(found):  # before the cluster is left: its threads would join another one
                for row in found:
                    yield _outcome(jobs[int(row["number"])], row, brief.order)
                    if stop():
                        raise Cancelled("Stopped.")
        except ray.exceptions.RayTaskError:
            raise  # a fault of ours: its traceback says more than a sentence
        except ray.exceptions.RayError as error:
            said = str(error).strip().partition("\n")[0]
            raise RunFailed(f"Ray lost its workers ({said}); run the command again to do what is missing.") from error


def _dealt(rows: list[Row], brief: Brief, team: Crew, address: str) -> Generator[Row, None, None]:
    """What workers make of rows of jobs, as it comes; in a process that has joined a cluster."""
    import ray.data

    context = ray.data.DataContext.get_current().copy()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.target_max_block_size = 1  # each outcome is told when it is there, not with the last of its batch
    context.wait_for_min_actors_s = PATIENCE if address == LOCAL else -1
    with ray.data.DataContext.current(context):
        blocks = min(len(rows), max(team.count, math.ceil(len(rows) / BATCH)))
        yield from (
            ray.data.from_items(rows, override_num_blocks=blocks)
            .map_batches(
                Worker,
                fn_constructor_args=(brief,),
                batch_size=None,
                batch_format="numpy",
                # One at a time: a worker must not hold work that another one could do.
                compute=ray.data.ActorPoolStrategy(size=team.count, max_tasks_in_flight_per_actor=1),
                num_cpus=team.cores,
                num_gpus=team.gpus or None,
            )
            .iter_rows()
        )


class Dealer:
    """Deals out photos from within the cluster, where Ray Data cannot do so from a Ray client."""

    def __init__(self, rows: list[Row], brief: Brief, team: Crew, address: str) -> None:
        self._dealt = _dealt(rows, brief, team, address)

    def next(self) -> Row | None:
        """The next outcome; None after the last."""
        return next(self._dealt, None)


def _by_dealer(ray: Any, rows: list[Row], brief: Brief, team: Crew, address: str) -> Generator[Row, None, None]:
    dealer = ray.remote(num_cpus=0)(Dealer).remote(rows, brief, team, address)
    while (row := ray.get(dealer.next.remote())) is not None:
        yield row


def _rows(jobs: Sequence[Job]) -> list[Row]:
    return [
        {"number": number, "source": str(job.source.absolute()), "folder": str(job.folder.absolute()), "stem": job.stem}
        for number, job in enumerate(jobs)
    ]


def _outcome(job: Job, row: Mapping[str, Any], order: Order) -> Outcome:
    """With the names that the user gave, not the absolute ones that the worker was told."""
    if row["error"]:
        return failure(job, FcnStudioError(str(row["error"]).replace(str(job.source.absolute()), str(job.source))))
    files = [str(path) for path in order.files(job)]
    return Outcome(job, {**json.loads(str(row["record"])), "input": str(job.source), "files": files})


def _anywhere(weights: str) -> str:
    """A checkpoint's name as it is, its path made absolute."""
    name, head = split_head(weights)
    if not Path(name).is_file():
        return weights
    return str(Path(name).absolute()) + (f"{HEAD_MARK}{head}" if head else "")
