"""Measure each stage from a photo to its pictures, against this machine's own matrix products."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from fcn_studio.cli import bench_agreement
from fcn_studio.cli.options import add_model_options
from fcn_studio.cli.progress import progress_bar
from fcn_studio.core.images.image import MAX_PIXELS

if TYPE_CHECKING:
    from fcn_studio.engine.measuring.benchmark import Benchmark, Stage, Timing

SIZE = "375x500"  # of PASCAL VOC's photos, as in published timings of FCNs
REPEATS = 7
MAX_REPEATS = 10_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--size", type=photo_size, metavar="HxW", help=f"height x width (default: {SIZE})")
    parser.add_argument("--repeats", type=_repeats, metavar="N", help=f"traces (default: {REPEATS})")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_model_options(parser)
    bench_agreement.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the table."""
    bench_agreement.check(args)
    if args.agreement:
        return bench_agreement.run(args)
    from fcn_studio.engine.measuring.benchmark import benchmark  # torch takes seconds to import
    from fcn_studio.engine.tracing.model import load

    size, repeats = args.size or photo_size(SIZE), args.repeats or REPEATS
    model = load(args.weights, device=args.device, precision=args.precision, backend=args.backend)
    with progress_bar() as bar:
        task = bar.add_task("bench", total=repeats)
        found = benchmark(model, size, repeats, on_repeat=lambda done: bar.update(task, completed=done))
    if args.json:
        print(json.dumps(_content(found), indent=2, allow_nan=False))
        return 0
    console = Console()
    console.print(_table(found))
    for line in _lines(found):
        console.print(line, markup=False, highlight=False)
    return 0


def photo_size(text: str) -> tuple[int, int]:
    """An argparse type: (height, width) of `375x500`."""
    match = re.fullmatch(r"(\d{1,6})x(\d{1,6})", text.strip().lower(), re.ASCII)
    height, width = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= height * width <= MAX_PIXELS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size; give height x width in pixels, such as {SIZE}, "
            f"of at most {MAX_PIXELS // 1_000_000} megapixels"
        )
    return height, width


def _repeats(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_REPEATS)) else 0
    if not 1 <= number <= MAX_REPEATS:
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give a whole number from 1 to {MAX_REPEATS}")
    return number


def _table(found: Benchmark) -> Table:
    made_by, (height, width) = found.provenance, found.size
    table = Table(
        title=f"{made_by.checkpoint}, {height} high and {width} wide, {made_by.device} {made_by.arithmetic}, "
        f"{len(found.total.timing.seconds)} traces"
    )
    for heading in ("stage", "median ms", "least", "most", "GFLOP", "MB", "% of matmul"):
        table.add_column(heading, justify="left" if heading == "stage" else "right", no_wrap=True)
    for stage in found.stages:
        table.add_row(*_cells(found, stage))
    table.add_section()
    table.add_row(*_cells(found, found.total))
    return table


def _cells(found: Benchmark, stage: Stage) -> list[str]:
    timing, work = stage.timing, stage.work
    times = [f"{1000 * seconds:.2f}" for seconds in (timing.median, timing.least, timing.most)]
    megabytes = f"{work.bytes / 1e6:.1f}"
    if not work.flops:
        return [stage.name, *times, "", megabytes, ""]
    return [stage.name, *times, f"{work.flops / 1e9:.3f}", megabytes, f"{100 * found.share(stage):.1f}"]


def _lines(found: Benchmark) -> list[str]:
    from fcn_studio.engine.measuring.work import RULE

    made_by, side, matmul = found.provenance, found.matmul_side, found.matmul
    memory = f"Peak memory of the process: {found.peak_memory / 1e6:.0f} MB"
    if found.device_memory is not None:
        memory += f"; of tensors on the device: {found.device_memory / 1e6:.0f} MB"
    lines = [
        f"Matmul {side} x {side} x {side} in {made_by.precision}, between the traces: "
        f"{found.matmul_rate / 1e9:.0f} GFLOP/s (median {1000 * matmul.median:.2f} ms, "
        f"{1000 * matmul.least:.2f} to {1000 * matmul.most:.2f}).",
        f"{memory}.",
        f"{made_by.net}, checkpoint {made_by.digest[:8]}, {made_by.alignment}, {made_by.size_policy}; "
        f"{made_by.device_name}, threads: {found.threads}, torch {found.torch_version}, FCN Studio {made_by.version}.",
        RULE,
    ]
    if made_by.backend != "torch":
        lines.append("The trunk's FLOPs and bytes are those of its layers by torch; OpenVINO may do them in fewer.")
    return [*lines, made_by.note] if made_by.note else lines


def _content(found: Benchmark) -> dict[str, Any]:
    from fcn_studio.engine.measuring.work import RULE

    return {
        "provenance": asdict(found.provenance),
        "size": {"height": found.size[0], "width": found.size[1]},
        "threads": found.threads,
        "torch": found.torch_version,
        "stages": {stage.name: _stage_content(found, stage) for stage in found.stages},
        "total": _stage_content(found, found.total),
        "matmul": {
            "side": found.matmul_side,
            "seconds": _timing_content(found.matmul),
            "flops_per_second": found.matmul_rate,
        },
        "peak_memory_bytes": found.peak_memory,
        "device_memory_bytes": found.device_memory,
        "counted": RULE,
    }


def _stage_content(found: Benchmark, stage: Stage) -> dict[str, Any]:
    return {
        "seconds": _timing_content(stage.timing),
        "flops": stage.work.flops,
        "bytes": stage.work.bytes,
        "flops_per_second": stage.rate,
        "share_of_matmul": found.share(stage),
    }


def _timing_content(timing: Timing) -> dict[str, Any]:
    return {"median": timing.median, "least": timing.least, "most": timing.most, "all": list(timing.seconds)}
