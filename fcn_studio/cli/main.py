"""`fcn-studio`: the door to all commands."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from fcn_studio import __version__
from fcn_studio.cli import bench, data, evaluate, segment, train, view, weights
from fcn_studio.core.errors import FcnStudioError, ImageError, OutputError
from fcn_studio.core.run_folder import RunFailed

COMMANDS = {
    "view": view,
    "segment": segment,
    "evaluate": evaluate,
    "train": train,
    "data": data,
    "weights": weights,
    "bench": bench,
}
FAILED, USAGE, INTERRUPTED = 1, 2, 130


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="fcn-studio",
        description="See Fully Convolutional Networks at work. Without a command, opens the window on the images.",
    )
    parser.add_argument("--version", action="version", version=f"fcn-studio {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        summary = (module.__doc__ or "").split("\n", 1)[0]
        module.configure(commands.add_parser(name, help=summary, description=summary))
    return parser


def _let_idle_threads_sleep() -> None:
    """Has torch's threads sleep where they wait for each other, unless the user has said otherwise.

    By default they spin. Where anything else wants a core, the window itself for one, they then keep it from the very
    thread that they wait for, and a photo takes several times as long (tests/benchmarks/SPEED.md). OpenMP reads this
    when torch is imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit status: 0 all done, 1 some inputs failed, 2 usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in {*COMMANDS, "-h", "--help", "--version"}:
        words.insert(0, "view")
    _let_idle_threads_sleep()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    args = build_parser().parse_args(words)
    try:
        status: int = COMMANDS[args.command].run(args)
        sys.stdout.flush()
    except FcnStudioError as error:
        print(f"fcn-studio: {error}", file=sys.stderr)
        return FAILED if isinstance(error, ImageError | OutputError | RunFailed) else USAGE
    except KeyboardInterrupt:
        print("fcn-studio: stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`); keep the interpreter's own flush from complaining again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


if __name__ == "__main__":
    sys.exit(main())
