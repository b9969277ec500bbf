"""Segment images or folders to mask files, without the window."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcn_studio.cli.options import add_model_options, comma_separated
from fcn_studio.cli.progress import progress_bar
from fcn_studio.core.errors import FcnStudioError, ImageError, OutputError
from fcn_studio.core.export import KINDS, save_results
from fcn_studio.core.image import list_images
from fcn_studio.core.memory import peak_memory

if TYPE_CHECKING:
    from fcn_studio.core.trace import Trace


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IMAGE|FOLDER")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument(
        "--variants", type=comma_separated(("32s", "16s", "8s")), help="some of 32s,16s,8s (default: all there are)"
    )
    parser.add_argument(
        "--save",
        type=comma_separated(KINDS),
        default=("mask",),
        metavar="KINDS",
        help=f"some of {','.join(KINDS)} (default: mask)",
    )
    parser.add_argument("--json", action="store_true", help="print results, shares and timings as JSON on stdout")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Segments every input; 1 if some failed, each named on stderr."""
    from fcn_studio.engine.model import load  # torch takes seconds to import

    model = load(args.weights, device=args.device, precision=args.precision)
    wanted = args.variants or model.variants
    if missing := [variant for variant in wanted if variant not in model.variants]:
        raise FcnStudioError(f"{args.weights} has no variant {missing[0]}; it has {', '.join(model.variants)}.")
    _check_output(args.output)
    results: list[dict[str, Any]] = []
    failures: list[dict[str, str]] = []

    def failed(source: Path, error: FcnStudioError) -> None:
        failures.append({"input": str(source), "error": str(error)})
        bar.console.print(f"fcn-studio: {error}", markup=False, highlight=False, soft_wrap=True)

    with progress_bar() as bar:
        jobs = list(_jobs(args.inputs, args.output, failed))
        task = bar.add_task("segment", total=len(jobs))
        for source, folder, stem in jobs:
            try:
                trace = model.trace(source)
                files = save_results(trace, folder, stem, kinds=args.save, variants=wanted)
                results.append(_record(source, files, trace))
            except (ImageError, OutputError) as error:
                failed(source, error if str(source) in str(error) else type(error)(f"{source}: {error}"))
            bar.advance(task)
    if args.json:
        summary = {"results": results, "failed": failures, "peak_memory_bytes": peak_memory()}
        print(json.dumps(summary, indent=2))
    elif sys.stdout.isatty():
        print(f"{len(results)} done, {len(failures)} failed; results in {args.output}")
    return 1 if failures else 0


def _check_output(output: Path) -> None:
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output}: a file is in the way of the output folder; choose another name.")


def _jobs(
    inputs: list[Path], output: Path, failed: Callable[[Path, FcnStudioError], None]
) -> Iterator[tuple[Path, Path, str]]:
    """(image, output folder, stem) of every input; a folder keeps its inner layout, equal names get a number."""
    taken: dict[Path, int] = {}
    for given in inputs:
        sources = [(given, output)]
        if given.is_dir():
            try:
                found = list_images(given, recursive=True)
            except OSError as error:
                failed(given, ImageError(f"{given}: the folder cannot be read ({error.strerror})."))
                continue
            if not found:
                failed(given, ImageError(f"{given}: no images in this folder."))
            sources = [(path, output / path.parent.relative_to(given)) for path in found]
        for source, folder in sources:
            target = folder / source.stem
            taken[target] = taken.get(target, 0) + 1
            stem = source.stem if taken[target] == 1 else f"{source.stem}-{taken[target]}"
            yield source, folder, stem


def _record(source: Path, files: list[Path], trace: Trace) -> dict[str, Any]:
    return {
        "input": str(source),
        "size": {"width": trace.size[1], "height": trace.size[0]},
        "files": [str(path) for path in files],
        "shares": {
            variant: {
                name: round(float(share), 6)
                for name, share in zip(trace.labels.classes, trace.class_shares(variant), strict=True)
            }
            for variant in trace.variants
        },
        "seconds": {stage: round(value, 5) for stage, value in trace.timings.items()},
        "provenance": asdict(trace.provenance),
    }
