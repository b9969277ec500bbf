"""Whole folders against inference alone: `python -m tests.benchmarks.folders --photos DIR [--count 1000] [...]`.

The photos of a folder, repeated under other names until there are `--count` of them, three masks each, in one process:

    inference     `trace` alone, of photos in memory: nothing is read, nothing is written
    folder        `fcn-studio segment`: photos are read ahead and masks written behind
    one by one    each photo is read, traced and written before the next one

The three take turns, `--round` photos at a time, so that all meet the same load of the machine. Prints photos a second
of each, the share of the inference's rate that a folder reaches over all rounds, and its spread over rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from fcn_studio.cli.options import add_model_options
from fcn_studio.core.figures.export import save_results
from fcn_studio.core.images.image import list_images, read_image
from fcn_studio.core.photo_jobs import Job, Order, find_jobs
from fcn_studio.engine.many.folders import segmented
from fcn_studio.engine.tracing.model import load
from fcn_studio.engine.tracing.tracer import Tracer

FOLDER = "folder"


def repeated(photos: Path, count: int, folder: Path) -> None:
    """Fills a folder with so many photos: hard links where they can be made, else symbolic ones."""
    sources = list_images(photos, recursive=True)
    for number in range(count):
        source = sources[number % len(sources)].resolve()
        target = folder / f"{number:05}{source.suffix}"
        try:
            target.hardlink_to(source)
        except OSError:
            target.symlink_to(source)


def inference(tracer: Tracer, photos: list[NDArray[np.uint8]]) -> None:
    """Traces photos that are in memory."""
    for photo in photos:
        tracer.trace(photo)


def one_by_one(tracer: Tracer, jobs: list[Job], order: Order) -> None:
    """Reads, traces and writes, in turn."""
    for job in jobs:
        trace = tracer.trace(job.source)
        save_results(trace, job.folder, job.stem, kinds=order.kinds, variants=order.variants)


def folder(tracer: Tracer, jobs: list[Job], order: Order) -> None:
    """What the command does."""
    for outcome in segmented(tracer, jobs, order):
        if outcome.error is not None:
            raise outcome.error


def seconds(work: Callable[[], None]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--round", type=int, default=50, metavar="N", help="photos before another takes its turn")
    add_model_options(parser)
    args = parser.parse_args()
    tracer = load(args.weights, device=args.device, precision=args.precision, backend=args.backend)
    order = Order(("mask",), tracer.variants)
    spent: dict[str, list[float]] = {"inference": [], FOLDER: [], "one by one": []}
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "photos").mkdir()
        repeated(args.photos, args.count, Path(place) / "photos")
        jobs = list(find_jobs([Path(place) / "photos"], Path(place) / "out", lambda source, error: None))
        inference(tracer, [read_image(job.source) for job in jobs[:3]])
        for start in range(0, len(jobs), args.round):
            part = jobs[start : start + args.round]
            photos = [read_image(job.source) for job in part]
            turns: dict[str, Callable[[], None]] = {
                "inference": lambda photos=photos: inference(tracer, photos),  # type: ignore[misc]
                FOLDER: lambda part=part: folder(tracer, part, order),  # type: ignore[misc]
                "one by one": lambda part=part: one_by_one(tracer, part, order),  # type: ignore[misc]
            }
            # Each is the first one as often as the others.
            names = list(turns)
            shift = (start // args.round) % len(names)
            for name in names[shift:] + names[:shift]:
                spent[name].append(seconds(turns[name]) / len(part))
    table = Table("", "ms a photo", "photos/s", "of inference", "rounds, low to high")
    alone = spent["inference"]
    for name, times in spent.items():
        shares = sorted(100 * a / b for a, b in zip(alone, times, strict=True))
        table.add_row(
            name,
            f"{1000 * statistics.mean(times):.1f}",
            f"{1 / statistics.mean(times):.2f}",
            f"{100 * statistics.mean(alone) / statistics.mean(times):.1f} %",
            f"{shares[0]:.0f} to {shares[-1]:.0f} %, median {statistics.median(shares):.1f} %",
        )
    Console().print(table)
    load_average = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    choice = tracer.choice
    print(
        f"{args.count} photos, {choice.name}, {choice.device}, {choice.precision}, {choice.backend}, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}; load {load_average:.1f}"
    )


if __name__ == "__main__":
    main()
