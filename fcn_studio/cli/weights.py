"""List published checkpoints, download them, convert others, or print what a checkpoint file is."""

from __future__ import annotations

import argparse

from fcn_studio.cli import weights_catalog, weights_doctor, weights_import, weights_info


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    weights_catalog.configure_list(actions.add_parser("list", help="published checkpoints, and what is here"))
    weights_catalog.configure_download(actions.add_parser("download", help="fetch published checkpoints"))
    weights_import.configure(actions.add_parser("import", help="convert a checkpoint of another program"))
    weights_info.configure(actions.add_parser("info", help="what a checkpoint is: net, labels, preprocessing, card"))
    weights_doctor.configure(actions.add_parser("doctor", help="what is wrong with a checkpoint, or its preprocessing"))


def run(args: argparse.Namespace) -> int:
    """Runs the chosen action."""
    if args.action == "list":
        return weights_catalog.run_list(args)
    if args.action == "download":
        return weights_catalog.run_download(args)
    if args.action == "doctor":
        return weights_doctor.run(args)
    return weights_info.run(args) if args.action == "info" else weights_import.run(args)
