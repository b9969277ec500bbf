"""List the checkpoints at hand, or print what a checkpoint file is."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.table import Table

from fcn_studio.cli import weights_import, weights_info


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the checkpoints that come with the program")
    weights_import.configure(actions.add_parser("import", help="convert a checkpoint of another program"))
    weights_info.configure(actions.add_parser("info", help="what a checkpoint is: net, labels, preprocessing, card"))


def run(args: argparse.Namespace) -> int:
    """Runs the chosen action."""
    if args.action == "list":
        return _list()
    return weights_info.run(args) if args.action == "info" else weights_import.run(args)


def _list() -> int:
    from fcn_studio.engine.checkpoints.native import read_metadata  # torch takes seconds to import
    from fcn_studio.engine.model import embedded

    table = Table()
    for heading in ("name", "variants", "labels", "size", "val mean IU"):
        table.add_column(heading)
    for name, path in embedded().items():
        meaning = read_metadata(path)
        figures = meaning.get("card", {}).get("val_mean_iu", {})
        table.add_row(
            name,
            ", ".join(meaning["architecture"]["variants"]),
            meaning["labels"]["name"],
            f"{path.stat().st_size / 1e6:.1f} MB",
            ", ".join(f"{variant} {100 * value:.1f}" for variant, value in figures.items()),
        )
    Console().print(table)
    return 0
