"""List the checkpoints at hand, or print what a checkpoint file is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the checkpoints that come with the program")
    info = actions.add_parser("info", help="what a checkpoint holds: net, labels, recipe, figures, licence")
    info.add_argument("weights", metavar="W", help="an embedded checkpoint's name, or a file")


def run(args: argparse.Namespace) -> int:
    """Runs the chosen action."""
    return _list() if args.action == "list" else _info(args.weights)


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


def _info(weights: str) -> int:
    from fcn_studio.engine.checkpoints.native import file_digest, read_metadata  # torch takes seconds to import
    from fcn_studio.engine.model import find_checkpoint

    path: Path = find_checkpoint(weights)
    print(json.dumps({"file": str(path), "sha256": file_digest(path), **read_metadata(path)}, indent=2))
    return 0
