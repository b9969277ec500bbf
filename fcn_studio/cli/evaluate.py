"""Measure a checkpoint on a labelled data set, a table row for each variant."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fcn_studio.cli.options import add_model_options
from fcn_studio.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fcn_studio.core.changes import Verdicts
    from fcn_studio.core.metrics import Metrics
    from fcn_studio.engine.evaluation import BoundaryReport, PhotoGain

PHOTOS = 5  # named in each list of where the skips help and harm most


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds SPLIT/ and SPLITannot/")
    parser.add_argument("--split", default="val", help="which split to measure (default: val)")
    parser.add_argument("--classes", action="store_true", help="print each class's IU too")
    parser.add_argument(
        "--boundary",
        action="store_true",
        help="also measure bands around the true boundaries, what each stride can reach, and what the skips change",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the table."""
    from fcn_studio.engine.evaluation import evaluate, evaluate_boundaries  # torch takes seconds to import
    from fcn_studio.engine.model import load

    model = load(args.weights, device=args.device, precision=args.precision)
    report: BoundaryReport | None = None
    with progress_bar() as bar:
        task = bar.add_task("evaluate", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if args.boundary:
            report = evaluate_boundaries(model, args.data, args.split, on_image=show)
        found = report.variants if report else evaluate(model, args.data, args.split, on_image=show)
    if args.json:
        rows = {
            variant: {
                **{name: _or_null(figure) for name, figure in asdict(value).items() if name != "class_iu"},
                "class_iu": {
                    name: _or_null(share) for name, share in zip(model.labels.classes, value.class_iu, strict=True)
                },
            }
            for variant, value in found.items()
        }
        choice = model.choice
        made_by = {
            "weights": model.name,
            "digest": model.digest,
            "device": choice.device,
            "precision": choice.precision,
        }
        more = _boundary_json(report, model.labels.classes) if report else {}
        print(json.dumps({**made_by, "split": args.split, "variants": rows, **more}, indent=2, allow_nan=False))
        return 0
    console = Console()
    console.print(_table(found, f"{model.name} on {args.split}, {model.choice.device} {model.choice.precision}"))
    if args.classes:
        console.print(_class_table(found, model.labels.classes))
    if report:
        for table in (_band_table(report), _ceiling_table(report), _skip_table(report)):
            if table.rows:
                console.print(table)
        helped, harmed = report.helped_most(PHOTOS), report.harmed_most(PHOTOS)
        for title, photos in (("Where the skips help most", helped), ("Where the skips harm most", harmed)):
            if photos:
                console.print(_photo_table(photos, title))
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


def _band_table(report: BoundaryReport) -> Table:
    from fcn_studio.core.boundary import TRIMAP_WIDTHS

    table = Table(title="Mean IU within N pixels of a boundary (%)")
    table.add_column("variant")
    for width in TRIMAP_WIDTHS:
        table.add_column(str(width), justify="right")
    for variant, bands in report.boundary.items():
        table.add_row(f"FCN-{variant}", *(_percent(value.mean_iu) for value in bands))
    return table


def _ceiling_table(report: BoundaryReport) -> Table:
    table = Table(title="What a grid of each stride could reach (%)")
    for heading in ("stride", "pixel acc.", "mean IU", "variant", "its pixel acc.", "its mean IU"):
        table.add_column(heading, justify="left" if heading == "variant" else "right")
    for stride, ceiling in report.ceiling.items():
        reached = report.variants.get(f"{stride}s")
        cells = [_percent(ceiling.pixel_accuracy), _percent(ceiling.mean_iu)]
        if reached:
            cells += [f"FCN-{stride}s", _percent(reached.pixel_accuracy), _percent(reached.mean_iu)]
        table.add_row(str(stride), *cells)
    return table


def _skip_table(report: BoundaryReport) -> Table:
    table = Table(title="What each skip changes (% of labelled pixels)")
    for heading in ("step", "wrong to right", "right to wrong", "wrong to wrong"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for (before, after), change in report.skips.items():
        cells = (f"{100 * share:.2f}" for share in _shares(change).values())
        table.add_row(f"FCN-{before} to FCN-{after}", *cells)
    return table


def _photo_table(photos: Sequence[PhotoGain], title: str) -> Table:
    table = Table(title=title)
    for heading in ("photo", "net pixels", "% of labelled"):
        table.add_column(heading, justify="left" if heading == "photo" else "right")
    for gain in photos:
        table.add_row(Text(gain.photo.name), f"{gain.net:+d}", f"{100 * gain.net / gain.labelled:+.2f}")
    return table


def _shares(change: Verdicts) -> dict[str, float]:
    labelled = int(change.labelled.sum())
    counts = {"rescued": change.rescued, "harmed": change.harmed, "both_wrong": change.both_wrong}
    return {name: int(count.sum()) / labelled if labelled else math.nan for name, count in counts.items()}


def _boundary_json(report: BoundaryReport, classes: tuple[str, ...]) -> dict[str, Any]:
    from fcn_studio.core.boundary import TRIMAP_WIDTHS

    bands = {
        variant: {
            "mean_iu": [_or_null(value.mean_iu) for value in values],
            "pixel_accuracy": [_or_null(value.pixel_accuracy) for value in values],
        }
        for variant, values in report.boundary.items()
    }
    ceiling = {
        str(stride): {"mean_iu": _or_null(value.mean_iu), "pixel_accuracy": _or_null(value.pixel_accuracy)}
        for stride, value in report.ceiling.items()
    }
    steps = {
        f"{before}->{after}": {
            **{name: _or_null(share) for name, share in _shares(change).items()},
            "class_pixels": {
                name: {
                    "labelled": int(change.labelled[index]),
                    "rescued": int(change.rescued[index]),
                    "harmed": int(change.harmed[index]),
                    "both_wrong": int(change.both_wrong[index]),
                }
                for index, name in enumerate(classes)
            },
        }
        for (before, after), change in report.skips.items()
    }
    return {
        "boundary": {"widths": list(TRIMAP_WIDTHS), "variants": bands},
        "ceiling": ceiling,
        "skips": {
            "steps": steps,
            "helped_most": [_photo_json(gain) for gain in report.helped_most(PHOTOS)],
            "harmed_most": [_photo_json(gain) for gain in report.harmed_most(PHOTOS)],
        },
    }


def _photo_json(gain: PhotoGain) -> dict[str, Any]:
    return {"photo": gain.photo.name, "net_pixels": gain.net, "labelled_pixels": gain.labelled}


def _or_null(value: float) -> float | None:
    return None if math.isnan(value) else value  # JSON has no nan
