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
    bring = actions.add_parser("import", help="convert a checkpoint of pytorch-fcn (.pth) to FCN Studio's format")
    bring.add_argument("source", metavar="SRC", type=Path, help="a state dict of FCN32s, FCN16s, FCN8s or FCN8sAtOnce")
    bring.add_argument("-o", "--output", metavar="DST", type=Path, required=True, help="a new .safetensors file")
    bring.add_argument("--labels", metavar="FILE", type=Path, help="a label set (TOML), where it is not Pascal VOC's")
    bring.add_argument(
        "--at-once",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="scale pool4 and pool3 as FCN8sAtOnce does (default: by the file's name)",
    )
    bring.add_argument("--force", action="store_true", help="replace DST if it is there")
    info = actions.add_parser("info", help="what a checkpoint holds: net, labels, recipe, figures, licence")
    info.add_argument("weights", metavar="W", help="an embedded checkpoint's name, or a file")


def run(args: argparse.Namespace) -> int:
    """Runs the chosen action."""
    if args.action == "list":
        return _list()
    return _info(args.weights) if args.action == "info" else _import(args)


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


def _import(args: argparse.Namespace) -> int:
    import torch  # takes seconds

    from fcn_studio.core.errors import OutputError
    from fcn_studio.core.labels import read_label_set
    from fcn_studio.engine.checkpoints.native import save_checkpoint
    from fcn_studio.engine.checkpoints.pytorch_fcn import Wanted, load_pytorch_fcn

    output: Path = args.output
    if output.suffix != ".safetensors":
        raise OutputError(f"{output}: a checkpoint of FCN Studio ends in .safetensors; give it that name.")
    if output.exists() and not args.force:
        raise OutputError(f"{output} is there already; choose another name, or --force to replace it.")
    labels = read_label_set(args.labels) if args.labels is not None else None
    found = load_pytorch_fcn(args.source, Wanted(labels, args.at_once))
    card = {**found.card, "file": args.source.name, "sha256": found.digest}
    save_checkpoint(
        output, found.net, labels=found.labels, preprocessing=found.preprocessing, card=card, dtype=torch.float32
    )
    variants = ", ".join(f"FCN-{variant}" for variant in found.net.architecture.variants)
    print(f"{output}: {variants}, {len(found.labels)} classes ({found.labels.name})")
    return 0


def _info(weights: str) -> int:
    from fcn_studio.engine.checkpoints.native import file_digest, read_metadata  # torch takes seconds to import
    from fcn_studio.engine.model import find_checkpoint

    path: Path = find_checkpoint(weights)
    print(json.dumps({"file": str(path), "sha256": file_digest(path), **read_metadata(path)}, indent=2))
    return 0
