"""Print what a checkpoint file is, of any kind that can be opened."""

from __future__ import annotations

import argparse
import json

from fcn_studio.cli.weights_import import add_choices, wanted_of
from fcn_studio.core.catalog.embedded import nets_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("weights", metavar="W", help="an embedded or downloaded checkpoint's name, or a file")
    add_choices(parser)


def run(args: argparse.Namespace) -> int:
    """Prints JSON: net, labels, preprocessing, digest, size, card."""
    from fcn_studio.engine.checkpoints.opening import open_checkpoint  # torch takes seconds to import
    from fcn_studio.engine.checkpoints.summary import summary
    from fcn_studio.engine.tracing.model import find_checkpoint, split_head

    name, head = split_head(args.weights)
    args.head = args.head or head
    path = args.source = find_checkpoint(name)
    found = open_checkpoint(path, wanted_of(args))
    facts = summary(found)
    content = {
        "file": str(path),
        "short_names": [net.name for net in nets_of(path)],
        "knows": next((net.knows for net in nets_of(path)), ""),
        "bytes": path.stat().st_size,
        "sha256": found.digest,
        "net": facts.net,
        "variants": facts.variants,
        "parameters": facts.parameters,
        "input": facts.preprocessing,
        "choices": list(facts.choices),
        "architecture": facts.architecture,
        "labels": found.labels.to_dict(),
        "preprocessing": found.preprocessing.to_dict(),
        "card": dict(found.card),
    }
    print(json.dumps(content, indent=2, ensure_ascii=False))
    return 0
