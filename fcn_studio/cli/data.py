"""Check a data set before training: missing pairs, wrong sizes and labels, how often each class occurs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fcn_studio.cli.labels_option import HELP, label_file
from fcn_studio.cli.progress import progress_bar
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import counted_classes

if TYPE_CHECKING:
    from fcn_studio.core.datasets.checks.data_check import DataReport, Finding, SplitReport
    from fcn_studio.core.datasets.dataset import Dataset
    from fcn_studio.core.labels import LabelSet

FILES = 5  # that a finding names
PLAIN = """\
A data set of your own is a folder such as this:

    DIR/labels.json        {"name": "cracks", "classes": ["background", "crack"]}
    DIR/images/a.jpg       photos, of any size
    DIR/masks/a.png        one mask for each, of its photo's name and size: a PNG whose values are class
                           indices (0 is background, 1 is crack, 255 is not labelled)
    DIR/train.txt          names of the photos to learn from, one a line: a
    DIR/val.txt            names of those to measure on

In place of the two lists, the folders images/train, images/val, masks/train and masks/val do as well. In labels.json
there may also be "colours" ([[0, 0, 0], [255, 0, 0]]), "void" (the value of pixels that are not labelled) and "values"
(each class's value in the masks, such as [0, 255]). Files that lie or are named otherwise are found where it says so:
"photos": "rgb", "masks": "seg" (folders) and "ending": "_L" (what a mask's name has after its photo's); or in lists
whose lines name a photo and its mask: rgb/a.jpg seg/a_L.png."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    summary = "what is wrong with a data set's folder, how to mend it, and how often each class occurs"
    check = actions.add_parser("check", help=summary, description=summary)
    check.add_argument("data", metavar="DIR", type=Path, help="a data set folder, of any layout that is known")
    check.add_argument("--labels", metavar="NAME|FILE", help=HELP)
    check.add_argument("--split", metavar="S", help="check this split only (default: all)")
    check.add_argument("--json", action="store_true", help="print all that was found as JSON")


def run(args: argparse.Namespace) -> int:
    """Prints what was found; 0 where the data set is clean, 1 where there are problems."""
    from fcn_studio.core.datasets.checks.data_check import check_dataset
    from fcn_studio.core.datasets.dataset import open_dataset

    given = label_file(args.labels) if args.labels else None
    try:
        dataset = open_dataset(args.data, given)
    except DataError:
        if args.data.is_dir() and not args.json and not (args.data / "labels.json").is_file():
            Console(stderr=True).print(PLAIN + "\n", highlight=False, markup=False, soft_wrap=True)
        raise
    with progress_bar() as bar:
        task = bar.add_task("check", total=None)
        report = check_dataset(
            dataset,
            splits=[args.split] if args.split else None,
            on_pair=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if args.json:
        print(json.dumps(report.to_dict(), indent=2))
    else:
        _print(Console(), dataset, report, args.labels)
    return 0 if report.clean else 1


def _print(console: Console, dataset: Dataset, report: DataReport, labels: str | None) -> None:
    name = dataset.card.get("name")
    console.print(Text(f"{report.folder}: layout {report.layout}{f', {name}' if name else ''}", "bold"), soft_wrap=True)
    if report.labels:
        by = f", from {dataset.source}" if dataset.source else ""
        console.print(Text(f"labels: {report.labels.name}, {counted_classes(len(report.labels))}{by}"), soft_wrap=True)
    for split in report.splits:
        console.print(Text(f"{split.name}: {_photos(split.photos)}{_sizes(split)}"))
    if report.labels and any(split.photos for split in report.splits):
        console.print()
        console.print(_table(report, report.labels))
    for finding in report.findings:
        console.print()
        _print_finding(console, finding, report.folder)
    console.print()
    problems = sum(finding.level.value == "problem" for finding in report.findings)
    if problems:
        console.print(Text(f"{problems} problem{'s' * (problems > 1)} found.", "bold red"))
        return
    console.print(Text("No problems found.", "bold green"))
    if not {"train", "val"} <= set(dataset.splits) and not dataset.only_split:
        hint = "Training needs a split to learn from and one to measure on: see the note."
        console.print(Text(hint), soft_wrap=True)
    else:
        named = f" --labels {_quoted(labels)}" if labels else ""
        command = f"fcn-studio train --data {_quoted(str(report.folder))}{named} -o runs/first"
        console.print(Text(f"To train on it: {command}"), soft_wrap=True)


def _print_finding(console: Console, finding: Finding, folder: Path) -> None:
    from fcn_studio.core.datasets.checks.findings import below

    is_problem = finding.level.value == "problem"
    line = Text(f"{finding.level.value}", "bold red" if is_problem else "bold yellow")
    line.append(f" {finding.split}: " if finding.split else ": ", "default").append(finding.message, "default")
    console.print(line, soft_wrap=True)
    if finding.files:
        names = ", ".join(below(path, folder) for path in finding.files[:FILES])
        more = f" and {len(finding.files) - FILES} more" if len(finding.files) > FILES else ""
        console.print(Text(f"    {names}{more}", "dim"), soft_wrap=True)
    console.print(Text(f"    -> {finding.mend}"), soft_wrap=True)


def _table(report: DataReport, labels: LabelSet) -> Table:
    table = Table(title="Share of labelled pixels (%), and photos that show the class", title_justify="left")
    table.add_column("index", justify="right")
    table.add_column("class")
    for split in report.splits:
        table.add_column(f"{split.name} %", justify="right")
        table.add_column("photos", justify="right")
    for index, name in enumerate(labels.classes):
        cells = []
        for split in report.splits:
            share, photos = split.class_shares[index], split.class_photos[index]
            cells += [f"{100 * share:.2f}" if photos else "-", str(photos) if photos else "-"]
        table.add_row(str(index), Text(name), *cells)
    table.add_section()
    void = []
    for split in report.splits:
        pixels = split.void_pixels + sum(split.class_pixels)
        void += [f"{100 * split.void_pixels / pixels:.2f}" if pixels else "-", ""]
    table.add_row("", "not labelled, of all pixels", *void)
    return table


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count} photos"


def _sizes(split: SplitReport) -> str:
    if split.smallest is None or split.largest is None:
        return ""
    low, high = (f"{width}x{height}" for width, height in (split.smallest, split.largest))
    return f", all {low}" if low == high else f", {low} to {high}"


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
