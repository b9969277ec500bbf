"""Segment images or folders to mask files, without the window."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from fcn_studio.cli.interrupts import stopping
from fcn_studio.cli.options import add_model_options, comma_separated
from fcn_studio.cli.progress import photo_bar
from fcn_studio.cli.sizes import memory_size
from fcn_studio.core.errors import Cancelled, FcnStudioError, OutputError
from fcn_studio.core.figures.export import KINDS
from fcn_studio.core.graph.names import VARIANTS
from fcn_studio.core.labels import LabelSet, guess_sentence
from fcn_studio.core.memory import peak_memory
from fcn_studio.core.photo_jobs import Job, Order, Outcome, find_jobs

STOPPED = 130  # as a shell reports a program that SIGINT ended

# What carries out the jobs: hears whether to stop, and yields what became of each.
Carrier = Callable[[Sequence[Job], Order, Callable[[], bool]], Generator[Outcome, None, None]]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IMAGE|FOLDER")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument(
        "--variants", type=comma_separated(VARIANTS), help=f"some of {','.join(VARIANTS)} (default: all there are)"
    )
    parser.add_argument(
        "--save",
        type=comma_separated(KINDS),
        default=("mask",),
        metavar="KINDS",
        help=f"some of {','.join(KINDS)} (default: mask)",
    )
    parser.add_argument(
        "--skip-existing",
        action=argparse.BooleanOptionalAction,
        help="leave out photos whose results are all there, whatever made them (default: with --ray only)",
    )
    parser.add_argument(
        "--memory",
        type=memory_size,
        metavar="SIZE",
        help="what the net may take while it traces a photo, such as 4GB (default: what is free); the photos, masks "
        "and score maps under way come on top: up to 512 MiB or an eighth of SIZE, or one photo's if that is more",
    )
    parser.add_argument("--json", action="store_true", help="print results, shares and timings as JSON on stdout")
    add_model_options(parser)
    many = parser.add_argument_group(
        "many machines", "All must have this version and see photos, checkpoint and OUT under the same paths."
    )
    many.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="share the photos among the workers of a Ray cluster, one for each GPU or group of CPU cores: "
        "HOST:PORT, ray://HOST:PORT, auto (the one that runs here) or local (start one here)",
    )
    many.add_argument(
        "--ray-cores", type=int, metavar="N", help="cores of a worker without a GPU (default: 4, or all there are)"
    )


def run(args: argparse.Namespace) -> int:
    """Segments every input; 1 if some failed, each named on stderr, 130 if it was stopped.

    What was done is told on stdout even where an error ends the run.
    """
    if args.ray_cores is not None and (not args.ray or args.ray_cores < 1):
        raise FcnStudioError("--ray-cores is a number of at least 1, and goes with --ray.")
    carry, variants = _on_cluster(args) if args.ray else _here(args)
    wanted = args.variants or variants
    if missing := [variant for variant in wanted if variant not in variants]:
        raise FcnStudioError(f"{args.weights} has no variant {missing[0]}; it has {', '.join(variants)}.")
    if args.output.exists() and not args.output.is_dir():
        raise OutputError(f"{args.output}: a file is in the way of the output folder; choose another name.")
    order = Order(args.save, wanted, args.memory)
    records: dict[Job, Any] = {}
    failures: list[dict[str, str]] = []

    def failed(source: Path, error: FcnStudioError) -> None:
        failures.append({"input": str(source), "error": str(error)})
        bar.console.print(f"fcn-studio: {error}", markup=False, highlight=False, soft_wrap=True)

    def tell_of_masks(folder: Path, masks: Sequence[Path]) -> None:
        count = "1 image is a mask" if len(masks) == 1 else f"{len(masks)} images are masks"
        words = (
            f"{folder}: {count} of its photos, such as {masks[0].relative_to(folder)}, and left out; "
            "name the files, or the folder that they alone lie in, to segment them too."
        )
        bar.console.print(f"fcn-studio: {words}", markup=False, highlight=False, soft_wrap=True)

    def noted(outcome: Outcome) -> None:
        reading = outcome.record["provenance"]["reading"] if outcome.record else ""
        if reading:
            words = f"fcn-studio: {outcome.job.source}: {reading}"
            bar.console.print(words, markup=False, highlight=False, soft_wrap=True)

    stopped = False
    trouble: FcnStudioError | None = None
    with photo_bar() as bar, stopping() as stop:
        jobs = list(find_jobs(args.inputs, args.output, failed, tell_of_masks))
        skip = bool(args.ray) if args.skip_existing is None else args.skip_existing
        done = {job for job in jobs if skip and order.is_done(job)}
        waiting = [job for job in jobs if job not in done]
        task = bar.add_task("segment", total=len(waiting))
        try:
            with closing(carry(waiting, order, stop)) as outcomes:
                for outcome in outcomes:
                    if outcome.error is not None:
                        failed(outcome.job.source, outcome.error)
                    else:
                        records[outcome.job] = outcome.record
                        noted(outcome)
                    bar.advance(task)
        except Cancelled:
            stopped = True
        except FcnStudioError as error:
            trouble = error
    results = [records[job] for job in waiting if job in records]  # Ray tells them as they come
    if args.json:
        skipped = [str(job.source) for job in jobs if job in done]
        summary = {"results": results, "failed": failures, "skipped": skipped, "peak_memory_bytes": peak_memory()}
        print(json.dumps(summary, indent=2))
    elif sys.stdout.isatty():
        left_out = f", {len(done)} there already" if done else ""
        print(f"{len(results)} done{left_out}, {len(failures)} failed; results in {args.output}")
    if trouble is not None:
        raise trouble
    if stopped:
        print(
            f"fcn-studio: stopped after {len(results)} of {len(waiting)} photos; their files in {args.output} are "
            "whole. The same command with --skip-existing does the rest.",
            file=sys.stderr,
        )
        return STOPPED
    return 1 if failures else 0


def _here(args: argparse.Namespace) -> tuple[Carrier, tuple[str, ...]]:
    """What does the jobs in this process, and the checkpoint's variants."""
    from fcn_studio.engine.many.folders import segmented
    from fcn_studio.engine.tracing.model import load  # torch takes seconds to import

    model = load(args.weights, **_model_options(args))
    _tell_guess(model.name, model.labels)
    return lambda jobs, order, stop: segmented(model, jobs, order, stop=stop), model.variants


def _on_cluster(args: argparse.Namespace) -> tuple[Carrier, tuple[str, ...]]:
    """What does the jobs on a Ray cluster, and the checkpoint's variants."""
    from fcn_studio.engine.many.ray_folders import Brief, segmented_by_ray
    from fcn_studio.engine.tracing.model import checkpoint_named

    checkpoint = checkpoint_named(args.weights)
    _tell_guess(checkpoint.name, checkpoint.labels)

    def carry(jobs: Sequence[Job], order: Order, stop: Callable[[], bool]) -> Generator[Outcome, None, None]:
        brief = Brief(args.weights, checkpoint.digest, _model_options(args), order)
        return segmented_by_ray(args.ray, brief, jobs, cores=args.ray_cores, stop=stop)

    return carry, checkpoint.net.architecture.variants


def _tell_guess(checkpoint: str, labels: LabelSet) -> None:
    if sentence := guess_sentence(checkpoint, labels):
        print(f"fcn-studio: {sentence}", file=sys.stderr)


def _model_options(args: argparse.Namespace) -> dict[str, str]:
    return {"device": args.device, "precision": args.precision, "backend": args.backend}
