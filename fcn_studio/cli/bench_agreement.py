"""`bench --agreement`: what other precisions and backends than torch in fp32 do to labels and mean IU."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from fcn_studio.cli.labels_option import HELP, label_file
from fcn_studio.cli.progress import progress_bar
from fcn_studio.core.errors import DataError, FcnStudioError
from fcn_studio.core.trace.trace import BACKENDS

if TYPE_CHECKING:
    from fcn_studio.engine.measuring.agreement import Agreement, Comparison


SPLIT = "val"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    options = parser.add_argument_group(
        "agreement of backends and precisions",
        "Every way to run the checkpoint on this machine, or those that --device, --precision and --backend leave, "
        "against torch in fp32 on the CPU.",
    )
    options.add_argument("--agreement", action="store_true", help="compare labels and mean IU on a data set")
    options.add_argument("--data", type=Path, metavar="DIR", help="the data set's folder")
    options.add_argument("--labels", metavar="NAME|FILE", help=HELP)
    options.add_argument("--split", metavar="NAME", help=f"which split (default: {SPLIT})")
    options.add_argument("--limit", type=_count, metavar="N", help="only the first N photos")


def check(args: argparse.Namespace) -> None:
    """Refuses what the kind of run that is asked for would leave unheard.

    Raises:
        FcnStudioError: An option of the other kind of run was given.
    """
    others = ("size", "repeats") if args.agreement else ("data", "labels", "split", "limit")
    given = [f"--{name}" for name in others if getattr(args, name) is not None]
    if given and args.agreement:
        raise FcnStudioError(f"--agreement takes the photos of a data set, once each; leave out {' and '.join(given)}.")
    if given:
        raise FcnStudioError(f"{' and '.join(given)}: for --agreement only; add it, or leave that out.")


def run(args: argparse.Namespace) -> int:
    """Prints the table."""
    if args.data is None:
        raise DataError("--agreement compares on a data set; name its folder with --data DIR.")
    split = args.split or SPLIT
    from fcn_studio.engine.measuring.agreement import choices_at_hand, compare  # torch takes seconds to import

    choices = choices_at_hand(args.device, args.precision, args.backend)
    with progress_bar() as bar:
        task = bar.add_task("agreement", total=None)
        found = compare(
            args.weights,
            choices,
            args.data,
            split,
            given=label_file(args.labels) if args.labels else None,
            limit=args.limit,
            on_image=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if args.json:
        print(json.dumps(_content(found, split), indent=2, allow_nan=False))
        return 0
    console = Console()
    console.print(_table(found, split))
    console.print(
        "equal: percent of the pixels that have the reference's label. mean IU in percent, its change in points. "
        "off by: the largest difference of any score, relative to the largest score of its map."
    )
    for sentence in found.left_out:
        console.print(f"Left out: {sentence}", markup=False, highlight=False)
    return 0


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give a whole number from 1")
    return number


def _name(found: Agreement) -> str:
    choice = found.choice
    return f"{BACKENDS[choice.backend] if choice.device == 'cpu' else choice.device} {choice.precision}"


def _table(found: Comparison, split: str) -> Table:
    table = Table(title=f"{found.checkpoint} ({found.digest[:8]}) on {found.photos} photos of {split}")
    for heading in ("run by", "variant", "equal", "mean IU", "change", "off by", "s/photo"):
        table.add_column(heading, justify="left" if heading in ("run by", "variant") else "right", no_wrap=True)
    for entry in (found.reference, *found.others):
        table.add_section()
        for number, (variant, share) in enumerate(entry.equal.items()):
            mean_iu = 100 * entry.metrics[variant].mean_iu
            change = mean_iu - 100 * found.reference.metrics[variant].mean_iu
            first = number == 0
            table.add_row(
                _name(entry) if first else "",
                variant,
                f"{100 * share:.3f}",
                f"{mean_iu:.3f}",
                "" if entry is found.reference else f"{change:+.3f}",
                f"{entry.score_difference:.1e}" if first and entry is not found.reference else "",
                f"{entry.seconds:.3f}" if first else "",
            )
    return table


def _content(found: Comparison, split: str) -> dict[str, Any]:
    return {
        "checkpoint": found.checkpoint,
        "digest": found.digest,
        "split": split,
        "photos": found.photos,
        "reference": _entry(found.reference, found.reference),
        "others": [_entry(entry, found.reference) for entry in found.others],
        "left_out": list(found.left_out),
    }


def _entry(found: Agreement, reference: Agreement) -> dict[str, Any]:
    choice = found.choice
    return {
        "device": choice.device,
        "device_name": choice.name,
        "backend": choice.backend,
        "precision": choice.precision,
        "largest_score_difference": _finite(found.score_difference),
        "seconds_a_photo": found.seconds,
        "variants": {
            variant: {
                "equal_labels": share,
                "mean_iu": _finite(found.metrics[variant].mean_iu),
                "mean_iu_change": _finite(found.metrics[variant].mean_iu - reference.metrics[variant].mean_iu),
            }
            for variant, share in found.equal.items()
        },
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON knows neither nan nor infinity
