"""Amounts of memory on the command line."""

from __future__ import annotations

import argparse
import re

# SI prefixes count in thousands, IEC 80000-13's binary ones in 1024s; a bare prefix is SI's, as numfmt's `auto` has it.
PREFIXES = {prefix: power for power, prefix in enumerate(("", "K", "M", "G", "T"))}
SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*", re.IGNORECASE | re.ASCII)


def memory_size(text: str) -> int:
    """An argparse type: bytes, such as `4GB`, `512 MiB`, `1.5G` or `2000000000`."""
    found = SIZE.fullmatch(text)
    if found is None or (found[3] and not found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of memory; write it as 4GB, 512MB or 2GiB")
    size = int(float(found[1]) * (1024 if found[3] else 1000) ** PREFIXES[found[2].upper()])
    if size < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no memory at all; write it as 4GB, 512MB or 2GiB")
    return size
