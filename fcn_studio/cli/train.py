"""Train a checkpoint from a recipe; --resume goes on where a run stopped."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from fcn_studio import paths
from fcn_studio.cli.progress import progress_bar
from fcn_studio.core.errors import Cancelled, DataError
from fcn_studio.core.labels import read_data_card, read_label_set

if TYPE_CHECKING:
    from fcn_studio.engine.training.loop import EpochReport

STOPPED = 130  # as a shell reports a program that SIGINT ended


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="train/, trainannot/, val/, valannot/")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument("--recipe", default="modern", metavar="NAME|FILE", help="a recipe's name or TOML file")
    parser.add_argument("--labels", default="camvid", metavar="NAME|FILE", help="a label set's name or TOML file")
    parser.add_argument("--epochs", type=int, help="shrink or stretch the recipe to so many epochs")
    parser.add_argument("--val-every", type=int, default=5, metavar="N", help="epochs between evaluations")
    parser.add_argument("--init", metavar="W", help="start from the layers of this checkpoint that fit")
    parser.add_argument("--resume", action="store_true", help="go on with the run in RUN")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")


def run(args: argparse.Namespace) -> int:
    """Trains; prints a line an epoch. SIGINT stops at the next step, after which --resume goes on."""
    from fcn_studio.engine.device import choose_device  # torch takes seconds to import
    from fcn_studio.engine.model import find_checkpoint
    from fcn_studio.engine.training.loop import BEST, LAST, Trainer
    from fcn_studio.engine.training.recipe import read_recipe

    recipe = read_recipe(_named(args.recipe, "recipes"))
    if args.epochs is not None:
        if args.epochs < 1:
            raise DataError(f"--epochs {args.epochs}: at least 1 is needed.")
        recipe = recipe.with_epochs(args.epochs)
    if (args.output / LAST).exists() and not args.resume:
        raise DataError(f"{args.output}: a run is here already; add --resume to go on, or choose another folder.")
    choice = choose_device(args.device)
    print(f"{choice.device} ({choice.name}): {choice.reason}", file=sys.stderr)
    labels_file = _named(args.labels, "labels")
    trainer = Trainer(
        recipe=recipe,
        data=args.data,
        run=args.output,
        labels=read_label_set(labels_file),
        device=choice.device,
        data_card=read_data_card(labels_file),
        initial=find_checkpoint(args.init) if args.init else None,
        bf16=choice.precision == "bf16",
    )
    if args.resume:
        trainer.resume()
    elif trainer.transplant is not None:
        print(f"started from {args.init}:")
        print("".join(f"  {line}\n" for line in trainer.transplant.lines()), end="", flush=True)
    stop = threading.Event()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        with progress_bar() as bar:
            task = bar.add_task("train")

            def on_step(step: int, steps: int, loss: float) -> None:
                bar.update(task, completed=step, total=steps, description=f"loss {loss:.3f}")

            trainer.fit(on_step=on_step, on_epoch=_print_epoch, stop=stop.is_set, val_every=args.val_every)
    except Cancelled as stopped:
        print(f"fcn-studio: {stopped}", file=sys.stderr)
        return STOPPED
    finally:
        signal.signal(signal.SIGINT, previous)
    print(f"The best checkpoint is {args.output / BEST}")
    return 0


def _print_epoch(report: EpochReport) -> None:
    scores = "  ".join(f"{variant} {100 * value.mean_iu:.1f}" for variant, value in report.val.items())
    line = f"epoch {report.epoch}/{report.epochs}  loss {report.loss:.3f}  {report.images_per_second:.1f} images/s"
    print(f"{line}  val mean IU {scores}" if scores else line, flush=True)


def _named(name: str, kind: str) -> Path:
    """A TOML file, or one of resources/ by its name."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return path
    packaged = paths.resources() / kind / f"{name}.toml"
    if not packaged.is_file():
        known = ", ".join(sorted(entry.stem for entry in packaged.parent.glob("*.toml")))
        raise DataError(f"{name}: neither a TOML file nor one of the built-in {kind}: {known}.")
    return packaged
