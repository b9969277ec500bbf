"""Seeds of the literature, trained at one budget: `python -m tests.benchmarks.compare --data DIR -o RUNS [ROW ...]`.

Each row is one `fcn-studio train` and one `fcn-studio evaluate` on val; a row whose run is finished is only evaluated,
one that was stopped goes on. Prints a Markdown table with each row's options. On two cores all rows take two hours.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcn_studio.cli.main import main as fcn_studio
from fcn_studio.core.run_folder import BEST, LAST, is_run, read_run
from fcn_studio.engine.checkpoints.opening import open_checkpoint

VARIANTS = ("32s", "16s", "8s")
OUTPUT = "output"  # the one output of a decoder
BAND = 2  # of the boundary bands: the one of 4 pixels


@dataclass(frozen=True)
class Row:
    """One run.

    Attributes:
        title: What is different.
        options: Of `fcn-studio train`.
    """

    title: str
    options: tuple[str, ...] = ("--recipe", "compare")


def changed(title: str, *settings: str) -> Row:
    """The recipe `compare` with some entries changed."""
    return Row(title, ("--recipe", "compare", *(word for setting in settings for word in ("--set", setting))))


ROWS: Mapping[str, Row] = {
    "base": Row("score fusion, bilinear, VGG-16"),
    "seed2": changed("the same, another seed", "seed=2"),
    "decoder": Row("decoder (transposed, all pools)", ("--recipe", "compare-decoder")),
    "nearest": changed("nearest upsampling", "upsampling=nearest"),
    "learned": changed("learned upsampling", "upsampling=learned"),
    "alexnet": changed("AlexNet trunk", "trunk=alexnet", "channels=[32,96,160,128,128]"),
    "googlenet": changed("GoogLeNet trunk", "trunk=googlenet", "channels=[32,96,240,416,512]", "fc_channels=512"),
    "narrow": changed("half the width", "channels=[6,12,24,48,48]", "fc_channels=96"),
    "no_norm": changed("no batch normalisation", "batch_norm=false"),
    "only_8s": changed("a loss on 8s alone", 'variants=["8s"]', "variant_weights=[1.0]"),
    "cross_entropy": changed("plain cross-entropy", "stages.*.class_balance=0", "stages.*.lovasz=0"),
    "plain_augmentation": changed("crops only: no scale, flip, colour", "colour=0", "flip=0", "stages.*.scale=[1,1]"),
}


def train(row: Row, data: Path, run: Path) -> None:
    """Trains what is left of a row's run."""
    if is_run(run) and read_run(run).state == "finished":
        return
    options = ["--resume"] if (run / LAST).exists() else ["--data", str(data), *row.options, "--val-every", "12"]
    if status := fcn_studio(["train", "-o", str(run), *options]):
        raise SystemExit(status)


def figures(data: Path, weights: Path) -> dict[str, Any]:
    """What `fcn-studio evaluate --boundary --json` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = fcn_studio(
            ["evaluate", "--data", str(data), "--weights", str(weights), "--boundary", "--json", "--precision", "fp32"]
        )
    if status:
        raise SystemExit(status)
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def cells(row: Row, found: Mapping[str, Any], weights: Path) -> str:
    """A line of the table."""
    variants, bands = found["variants"], found["boundary"]["variants"]
    finest = next(name for name in (OUTPUT, "8s") if name in variants)
    mean_iu = [f"{100 * variants[name]['mean_iu']:.1f}" if name in variants else "" for name in VARIANTS]
    if finest == OUTPUT:
        mean_iu[-1] = f"{100 * variants[OUTPUT]['mean_iu']:.1f}"
    near = 100 * bands[finest]["mean_iu"][BAND]
    millions = sum(value.numel() for value in open_checkpoint(weights).net.parameters()) / 1e6
    options = shlex.join(row.options)
    accuracy = 100 * variants[finest]["pixel_accuracy"]
    return f"| {row.title} | {millions:.2f} | {' | '.join(mean_iu)} | {accuracy:.1f} | {near:.1f} | `{options}` |"


def main() -> None:
    """Trains and measures the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="RUNS")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)} (default: all)")
    args = parser.parse_args()
    if unknown := set(args.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    lines = []
    for name in args.rows or ROWS:
        row, run = ROWS[name], args.output / name
        train(row, args.data, run)
        lines.append(cells(row, figures(args.data, run / BEST), run / BEST))
        print(lines[-1], flush=True)
    print("\n| | M weights | 32s | 16s | 8s | pixel acc. | near boundaries | options |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
