"""Measure checkpoints on a labelled data set, a table row for each variant."""

from __future__ import annotations

import argparse
import datetime
import json
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from fcn_studio.cli.labels_option import HELP, label_file
from fcn_studio.cli.options import add_model_options
from fcn_studio.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fcn_studio.core.datasets.dataset import Dataset, Example
    from fcn_studio.core.judging.evaluation import Evaluation
    from fcn_studio.core.labels import LabelSet
    from fcn_studio.core.report.facts import Facts
    from fcn_studio.engine.tracing.tracer import Tracer


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data set's folder")
    parser.add_argument("--labels", metavar="NAME|FILE", help=HELP)
    parser.add_argument("--split", help="which split to measure (default: val, or the only one)")
    parser.add_argument("--classes", action="store_true", help="print each class's IU too")
    parser.add_argument(
        "--boundary",
        action="store_true",
        help="also print bands around the true boundaries, what each stride can reach, and what the skips change",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="OUT",
        help="write a folder with the whole report: HTML, Markdown, CSV, JSON, plots and pictures",
    )
    parser.add_argument("--no-pictures", action="store_true", help="leave photos and masks out of the report")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the per-image table")
    add_model_options(parser, several=True)


def run(args: argparse.Namespace) -> int:
    """Prints the tables and writes the files; 1 if a photo was left out, each named on stderr."""
    from fcn_studio.core.catalog.checkpoint_names import display_names
    from fcn_studio.core.datasets.dataset import open_dataset
    from fcn_studio.core.errors import DataError, OutputError
    from fcn_studio.core.labels import guess_sentence
    from fcn_studio.core.report.facts import too_few_classes
    from fcn_studio.core.report.folder import check_folder, save_report
    from fcn_studio.core.report.mask_shelf import MaskShelf
    from fcn_studio.core.report.tables import save_photos
    from fcn_studio.engine.measuring.evaluation import evaluate_models, label_match  # torch takes seconds to import
    from fcn_studio.engine.tracing.model import find_checkpoint, load, split_head

    if args.report:
        check_folder(args.report)
    if args.csv and args.csv.is_dir():
        raise OutputError(f"{args.csv}: a folder; --csv wants the name of a file.")
    dataset = open_dataset(args.data, label_file(args.labels) if args.labels else None)
    labels = dataset.known_labels  # asked now: what nobody has named is refused before a net is loaded
    split_notes = _choose_split(args, dataset)
    weights = args.weights or ["default"]
    models = [load(name, device=args.device, precision=args.precision, backend=args.backend) for name in weights]
    names = display_names([model.name for model in models], [find_checkpoint(split_head(name)[0]) for name in weights])
    guesses = (guess_sentence(name, model.labels) for model, name in zip(models, names, strict=True))
    matched = label_match(models, dataset, names=names).sentences()
    found_so = dataset.listing(args.split).notes
    notes = (*split_notes, *found_so, *dataset.reading_notes(args.split), *matched, *filter(None, guesses))
    for note in notes:
        print(f"fcn-studio: {note}", file=sys.stderr)
    failures: list[tuple[Path, str]] = []
    with ExitStack() as stack:
        bar = stack.enter_context(progress_bar())
        task = bar.add_task("evaluate", total=None)

        def say(words: str) -> None:
            bar.console.print(f"fcn-studio: {words}", markup=False, highlight=False, soft_wrap=True)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        def failed(example: Example, error: Exception) -> None:
            words = str(error)
            named = any(str(path) in words for path in (example.photo, example.mask))
            failures.append((example.photo, words if named else f"{example.photo}: {words}"))
            say(failures[-1][1])

        shelf = stack.enter_context(MaskShelf()) if args.report and not args.no_pictures else None
        try:
            found = evaluate_models(
                models,
                dataset,
                args.split,
                names=names,
                on_image=show,
                on_failure=failed,
                on_masks=shelf.put if shelf else None,
            )
        except DataError as error:
            if not failures:
                raise
            say(str(error))  # the command was right, all of its inputs failed
            return 1
        if warning := too_few_classes(found, args.split):
            say(warning)
            notes = (warning, *notes)
        facts = _facts(args, dataset, labels, notes, [words for _, words in failures])
        if args.csv:
            save_photos(found, facts, args.csv)
        if args.report:
            bar.update(task, description="write the report")
            if save_report(found, facts, args.report, shelf=shelf):
                say(f"replaced the report that was in {args.report}")
    if args.json:
        print(json.dumps(_json(args, models, names, found, failures), indent=2, allow_nan=False))
    else:
        _print_tables(args, models, names, found)
        for place, what in ((args.csv, "per-image table"), (args.report, "report")):
            if place:
                print(f"The {what} is in {place / 'report.html' if what == 'report' else place}")
    return 1 if failures else 0


def _choose_split(args: argparse.Namespace, dataset: Dataset) -> tuple[str, ...]:
    """Sets `args.split` where it is not given; a sentence where that is not val."""
    if args.split is not None:
        return ()
    args.split = dataset.only_split or "val"
    if not dataset.only_split:
        return ()
    return (
        f"{args.split} is the only split, so that all of its photos are measured; of a net that was trained on it, "
        f"--split val measures those that training leaves out.",
    )


def _print_tables(args: argparse.Namespace, models: Sequence[Tracer], names: Sequence[str], found: Evaluation) -> None:
    from fcn_studio.cli import evaluate_tables as tables
    from fcn_studio.core.catalog.checkpoint_names import heading

    choice = models[0].choice
    console = Console()
    console.print(tables.metrics_table(found, f"{heading(names)} on {args.split}, {choice.device} {choice.precision}"))
    if args.classes:
        console.print(tables.class_table(found))
    if args.boundary:
        for table in (tables.band_table(found), tables.ceiling_table(found), tables.skip_table(found)):
            if table.rows:
                console.print(table)
        for title, photos in (
            ("Where the skips help most", found.gained_most(tables.LISTED)),
            ("Where the skips harm most", found.lost_most(tables.LISTED)),
        ):
            if photos:
                console.print(tables.photo_table(found, photos, title))


def _facts(
    args: argparse.Namespace, dataset: Dataset, labels: LabelSet, notes: Sequence[str], failures: Sequence[str]
) -> Facts:
    from fcn_studio import __version__
    from fcn_studio.core.report.facts import Facts

    name = dataset.card.get("name") or labels.name  # the data set's own words where it has any
    return Facts(
        data=str(name),
        folder=dataset.folder,
        split=args.split,
        licence=str(dataset.card.get("licence", "")),
        command=_command(args),
        version=__version__,
        date=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        notes=tuple(notes),
        failures=tuple(failures),
    )


def _command(args: argparse.Namespace) -> str:
    """The command line that does this again, from what was understood of it."""
    words = ["fcn-studio", "evaluate", "--data", str(args.data), "--split", args.split]
    if args.labels:
        words += ["--labels", args.labels]
    if args.weights:
        words += ["--weights", *args.weights]
    words += ["--device", args.device, "--precision", args.precision]
    if args.backend != "auto":
        words += ["--backend", args.backend]
    for name in ("classes", "boundary", "json", "no_pictures"):
        if getattr(args, name):
            words.append("--" + name.replace("_", "-"))
    for name in ("report", "csv"):
        if getattr(args, name):
            words += [f"--{name}", str(getattr(args, name))]
    return shlex.join(words)


def _json(
    args: argparse.Namespace,
    models: Sequence[Tracer],
    names: Sequence[str],
    found: Evaluation,
    failures: Sequence[tuple[Path, str]],
) -> dict[str, Any]:
    from fcn_studio.core.report.summary import boundary_values, metrics_values

    made_by = [
        {
            "weights": name,
            "digest": model.digest,
            "device": model.choice.device,
            "precision": model.choice.precision,
            "backend": model.choice.backend,
        }
        for model, name in zip(models, names, strict=True)
    ]
    classes = found.labels.classes
    return {
        **made_by[0],
        **({"checkpoints": made_by} if len(made_by) > 1 else {}),
        "split": args.split,
        "labels": {"name": found.labels.name, "guessed": found.labels.guessed},
        "variants": {key: metrics_values(value, classes) for key, value in found.variants.items()},
        **(boundary_values(found) if args.boundary else {}),
        **({"failed": [{"photo": str(path), "error": words} for path, words in failures]} if failures else {}),
    }
