"""`weights list` and `weights download`: what there is, and having it here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from fcn_studio import paths
from fcn_studio.core.catalog.catalog import Entry, entries, find, state
from fcn_studio.core.catalog.download import MIRROR, OFFLINE, Fetched, download
from fcn_studio.core.catalog.embedded import here_by_net
from fcn_studio.core.catalog.http_stream import FetchError
from fcn_studio.core.catalog.transfer import Progress as Step
from fcn_studio.core.errors import OutputError

WIDE = 180  # columns that the whole table takes, and has where the output is no terminal
WIDE_ONLY = ("what it is", "licence")
UNBROKEN = ("name", "variants", "size", "state")


def configure_list(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `list`."""
    parser.add_argument("--json", action="store_true", help="everything that is known of each, as JSON")


def configure_download(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `download`."""
    parser.add_argument("names", metavar="NAME", nargs="+", help="names of `fcn-studio weights list`")
    parser.add_argument(
        "--mirror", metavar="URL", help=f"fetch URL/FILE in place of the publisher's address (or set {MIRROR})"
    )
    parser.add_argument(
        "--offline", action="store_true", help=f"fetch nothing; only look whether it is here (or set {OFFLINE}=1)"
    )
    parser.add_argument("--force", action="store_true", help="fetch it even if it is here")


def run_list(args: argparse.Namespace) -> int:
    """Prints the catalog."""
    known = entries()
    if args.json:
        print(json.dumps([entry.to_dict() for entry in known], indent=2))
        return 0
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    columns: dict[str, Callable[[Entry], str]] = {
        "name": lambda entry: entry.name,
        "what it is": lambda entry: entry.title,
        "variants": lambda entry: ", ".join(entry.variants) or "classifier",
        "labels": lambda entry: ", ".join(entry.labels),
        "size": lambda entry: entry.size_text,
        "figures, %": lambda entry: entry.figures_in_short or "not stated",
        "licence": lambda entry: entry.licence_in_short,
        "state": lambda entry: state(entry).value,
    }
    shown = [heading for heading in columns if console.width >= WIDE or heading not in WIDE_ONLY]
    table = Table(box=None, pad_edge=False)
    for heading in shown:
        table.add_column(heading, no_wrap=heading in UNBROKEN, justify="right" if heading == "size" else "left")
    for entry in known:
        table.add_row(*(columns[heading](entry) for heading in shown))
    console.print(table, highlight=False)
    names = Table(box=None, pad_edge=False, show_header=False)
    for net, path in here_by_net():
        names.add_row(net.name, f"{net.knows} ({path.stem})")
    console.print("Short names, for --weights:", highlight=False)
    console.print(names, highlight=False)
    print("Licences in full, sources and digests: fcn-studio weights list --json")
    recipes = ", ".join(sorted(file.stem for file in (paths.resources() / "recipes").glob("*.toml")))
    print(f"To train your own, such as FCN-GoogLeNet, which was never published: fcn-studio train --recipe {recipes}")
    return 0


def run_download(args: argparse.Namespace) -> int:
    """Fetches each; 1 if some could not be had, each named on stderr."""
    wanted = [find(name) for name in args.names]  # all, before the first is begun
    failed = False
    for entry in wanted:
        if entry.path is not None:
            print(f"{entry.path}: comes with the program")
            continue
        try:
            _tell(entry, _fetch(entry, args))
        except (FetchError, OutputError) as error:
            failed = True
            print(f"fcn-studio: {error}", file=sys.stderr)
    return 1 if failed else 0


def _fetch(entry: Entry, args: argparse.Namespace) -> Fetched:
    with _bar() as bar:
        task = bar.add_task(entry.name, total=None)

        def report(step: Step) -> None:
            doing = f"checking {entry.name}" if step.checking else entry.name
            bar.update(task, description=doing, completed=step.done, total=step.total)

        return download(entry, mirror=args.mirror, offline=args.offline, force=args.force, report=report)


def _bar() -> Progress:
    """Bytes, rate and time left on a terminal's stderr; silent elsewhere."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def _tell(entry: Entry, found: Fetched) -> None:
    print(f"{found.path}: {'downloaded' if found.fresh else 'is here already'}")
    print(f"sha256 {found.sha256}")
    if found.verified and entry.digest is not None:
        whole = entry.digest.algorithm == "md5" or len(entry.digest.value) == len(found.sha256)
        print(
            f"verified: {entry.digest.algorithm} {'is' if whole else 'begins with'} the published {entry.digest.value}"
        )
    else:
        print("not verified: no digest is published; what was read is above, and opening it checks every layer's shape")
    print(f"licence: {entry.licence}")
    print(f"open it: fcn-studio --weights {entry.name} PHOTO")
