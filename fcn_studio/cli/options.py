"""Options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from fcn_studio.core.catalog.embedded import DEFAULT, NETS

EMBEDDED = ", ".join(net.name for net in NETS)


def add_model_options(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """--weights, --device, --precision, --backend; where `several`, --weights takes a list, None if not given."""
    if several:
        parser.add_argument(
            "--weights",
            nargs="+",
            action="extend",
            metavar="W",
            help=f"one or more of {EMBEDDED}, or files (default: {DEFAULT})",
        )
    else:
        parser.add_argument(
            "--weights", default=DEFAULT, metavar="W", help=f"{EMBEDDED}, or a file (default: {DEFAULT})"
        )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    parser.add_argument(
        "--precision",
        default="auto",
        choices=("auto", "fp32", "bf16", "fp16"),
        help="of the trunk (default: auto: what FCN_STUDIO_PRECISION says, else bf16 where it is fast, else fp32)",
    )
    parser.add_argument(
        "--backend",
        default="auto",
        choices=("auto", "torch", "openvino"),
        help="what runs the trunk on a CPU (default: auto: OpenVINO where it is installed and faster, else torch)",
    )


def comma_separated(allowed: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """An argparse type: some of `allowed`, separated by commas, in the order of `allowed`."""

    def parse(text: str) -> tuple[str, ...]:
        asked = {word.strip() for word in text.split(",") if word.strip()}
        if unknown := sorted(asked - set(allowed)):
            raise argparse.ArgumentTypeError(f"unknown {unknown[0]!r}; choose from {', '.join(allowed)}")
        if not asked:
            raise argparse.ArgumentTypeError(f"choose from {', '.join(allowed)}")
        return tuple(word for word in allowed if word in asked)

    return parse
