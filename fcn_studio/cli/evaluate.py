"""Measure a checkpoint on a labelled data set, a table row for each variant."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from fcn_studio.cli.options import add_model_options
from fcn_studio.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fcn_studio.core.metrics import Metrics


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds SPLIT/ and SPLITannot/")
    parser.add_argument("--split", default="val", help="which split to measure (default: val)")
    parser.add_argument("--classes", action="store_true", help="print each class's IU too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the table."""
    from fcn_studio.engine.evaluation import evaluate  # torch takes seconds to import
    from fcn_studio.engine.model import load

    model = load(args.weights, device=args.device, precision=args.precision)
    with progress_bar() as bar:
        task = bar.add_task("evaluate", total=None)
        found = evaluate(
            model, args.data, args.split, on_image=lambda done, total: bar.update(task, completed=done, total=total)
        )
    if args.json:
        rows = {
            variant: {**asdict(value), "class_iu": dict(zip(model.labels.classes, value.class_iu, strict=True))}
            for variant, value in found.items()
        }
        choice = model.choice
        made_by = {
            "weights": model.name,
            "digest": model.digest,
            "device": choice.device,
            "precision": choice.precision,
        }
        print(json.dumps({**made_by, "split": args.split, "variants": rows}, indent=2))
        return 0
    console = Console()
    console.print(_table(found, f"{model.name} on {args.split}, {model.choice.device} {model.choice.precision}"))
    if args.classes:
        console.print(_class_table(found, model.labels.classes))
    return 0


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _table(found: Mapping[str, Metrics], title: str) -> Table:
    table = Table(title=f"{title} (%)")
    for heading in ("variant", "pixel acc.", "mean acc.", "mean IU", "f.w. IU"):
        table.add_column(heading, justify="left" if heading == "variant" else "right")
    for variant, value in found.items():
        cells = (value.pixel_accuracy, value.mean_accuracy, value.mean_iu, value.frequency_weighted_iu)
        table.add_row(f"FCN-{variant}", *map(_percent, cells))
    return table


def _class_table(found: Mapping[str, Metrics], classes: tuple[str, ...]) -> Table:
    table = Table(title="IU of each class (%)")
    table.add_column("class")
    for variant in found:
        table.add_column(f"FCN-{variant}", justify="right")
    for index, name in enumerate(classes):
        table.add_row(name, *(_percent(value.class_iu[index]) for value in found.values()))
    return table
