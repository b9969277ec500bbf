"""Time a megapixel and memory at any size of the photo: `python -m tests.benchmarks.any_size [--largest 400] [...]`.

Each size in a process of its own, square photos of areas and grain in memory, all three variants by `Model.trace`.
Small photos are traced several times and the median is told, those above 10 megapixels once. Beside it stands what
the machine multiplied matrices with just before and after (fp32, side 2048), and the time a pixel as the FLOPs that
products of matrices would do in it: where others use the machine too, only these compare.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table

SIZES = (0.25, 1.0, 4.0, 16.0, 100.0, 400.0)  # megapixels
SIDE = 2048  # of the matrices
MOST = 7  # traces of a small photo


def main() -> None:
    """Prints a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--largest", type=float, default=100.0, metavar="MP", help="leave out larger photos (default: 100)"
    )
    parser.add_argument("--weights", default="default")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--memory", type=float, metavar="MB", help="limit of the trunk")
    parser.add_argument("--one", type=float, metavar="MP", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one is not None:
        print(json.dumps(measured(args.one, args.weights, args.backend, args.memory)))
        return
    table = Table(
        "MP", "how", "s", "s/MP", "trunk s/MP", "masks s/MP", "matmul GFLOP/s", "MFLOP/px", "peak MB", "peak bytes/px"
    )
    for size in (size for size in SIZES if size <= args.largest):
        call = [sys.executable, "-m", "tests.benchmarks.any_size", "--one", str(size)]
        call += ["--weights", args.weights, "--backend", args.backend]
        call += [] if args.memory is None else ["--memory", str(args.memory)]
        done = subprocess.run(call, check=True, capture_output=True, text=True)
        table.add_row(*_row(size, json.loads(done.stdout.splitlines()[-1])))
    Console(width=140).print(table)


def measured(megapixels: float, weights: str, backend: str, memory: float | None) -> dict[str, Any]:
    """Seconds by stage, the peak of memory, and the rate of matrix products, of photos of this size."""
    import torch

    from fcn_studio.core.memory import peak_memory
    from fcn_studio.engine.measuring.benchmark import sample_photo
    from fcn_studio.engine.tracing.model import load

    model = load(weights, device="cpu", precision="fp32", backend=backend)
    side = round((megapixels * 1e6) ** 0.5)
    photo = sample_photo((side, side))
    photo.setflags(write=False)
    left, right = torch.randn(2, SIDE, SIDE)

    def rate() -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            _ = left @ right
            times.append(time.perf_counter() - start)
        return 2 * SIDE**3 / statistics.median(times) / 1e9

    limit = None if memory is None else int(memory * 1e6)
    rates, runs, policy = [rate()], [], ""
    for _ in range(1 if megapixels > 10 else max(2, min(MOST, round(MOST / megapixels)))):
        start = time.perf_counter()
        trace = model.trace(photo, memory_limit=limit)
        runs.append({**trace.timings, "all": time.perf_counter() - start})
        policy = f"{trace.provenance.size_policy}, {trace.provenance.backend}"
        del trace
    rates.append(rate())
    # Of several, the first warms up.
    runs = runs[1:] or runs
    stages = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {"how": policy, "pixels": side * side, "stages": stages, "rates": rates, "peak": peak_memory()}


def _row(size: float, found: dict[str, Any]) -> list[str]:
    stages, pixels, rates = found["stages"], found["pixels"], found["rates"]
    masks = sum(seconds for name, seconds in stages.items() if name.startswith("mask"))
    others = ("all", "read", "preprocess", "score layers")
    trunk = sum(seconds for name, seconds in stages.items() if name not in others) - masks
    per = [f"{seconds / pixels * 1e6:.3f}" for seconds in (stages["all"], trunk, masks)]
    flops = stages["all"] / pixels * 1e3 * statistics.mean(rates)
    return [
        f"{size:g}",
        found["how"],
        f"{stages['all']:.2f}",
        *per,
        " ".join(f"{rate:.0f}" for rate in rates),
        f"{flops:.3f}",
        f"{found['peak'] / 1e6:.0f}",
        f"{found['peak'] / pixels:.1f}",
    ]


if __name__ == "__main__":
    main()
