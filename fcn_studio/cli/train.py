"""Train a checkpoint from a recipe; --resume goes on where a run stopped."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcn_studio.cli.interrupts import stopping
from fcn_studio.cli.labels_option import HELP, label_file
from fcn_studio.cli.packaged import packaged
from fcn_studio.cli.progress import training_bar
from fcn_studio.core.datasets.dataset import Dataset, open_dataset
from fcn_studio.core.errors import Cancelled, DataError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_data import run_dataset
from fcn_studio.core.run_folder import BEST, LAST, RunInfo, is_run, kept_files, read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fcn_studio.engine.tracing.device import DeviceChoice
    from fcn_studio.engine.training.distributed import World
    from fcn_studio.engine.training.progress import EpochReport, Progress
    from fcn_studio.engine.training.recipes.recipe import Recipe

STOPPED = 130  # as a shell reports a program that SIGINT ended
VAL_EVERY = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run in RUN; the rest is known from there")
    data = parser.add_argument_group("data")
    data.add_argument("--data", type=Path, metavar="DIR", help="a data set folder")
    data.add_argument("--labels", metavar="NAME|FILE", help=HELP)
    data.add_argument("--train-split", metavar="SPLIT", help="what to train on (default: train)")
    data.add_argument("--split", metavar="SPLIT", help="what to judge on (default: val)")
    data.add_argument("--workers", type=int, metavar="N", help="threads that read and augment (default: 2)")
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--recipe", metavar="NAME|FILE", help="a recipe's name or TOML file (default: modern)")
    recipe.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change an entry of the recipe, such as learning_rate=1e-4 or stages.*.batch=4; again for more",
    )
    recipe.add_argument("--epochs", type=int, metavar="N", help="shrink or stretch the recipe to so many epochs")
    recipe.add_argument("--init", metavar="W", help="start from the layers of this checkpoint that fit")
    run_ = parser.add_argument_group("run")
    run_.add_argument("--val-every", type=int, metavar="N", help=f"epochs between evaluations (default: {VAL_EVERY})")
    run_.add_argument(
        "--save-every", type=float, default=10.0, metavar="MINUTES", help="between saves in long epochs (default: 10)"
    )
    run_.add_argument("--tensorboard", action="store_true", help="also write scalars to RUN/tensorboard")
    run_.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    run_.add_argument(
        "--precision",
        choices=("auto", "fp32", "bf16"),
        help="of the convolutions (default: auto: FCN_STUDIO_PRECISION, else bf16 where it is fast, else fp32)",
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """What to train on what, from the command line and, where a run goes on, from its folder."""

    recipe: Recipe
    data: Path
    dataset: Dataset
    labels: LabelSet
    data_card: Mapping[str, Any]
    split: str
    train_split: str
    val_every: int
    precision: str


def run(args: argparse.Namespace) -> int:
    """Trains; prints a line an epoch. SIGINT or SIGTERM stops at the next step, after which --resume goes on."""
    from fcn_studio.engine.training.distributed import started_by_torchrun, world  # torch takes seconds to import

    for name, value, least in (("--epochs", args.epochs, 1), ("--val-every", args.val_every, 1)):
        if value is not None and value < least:
            raise DataError(f"{name} {value}: at least {least} is needed.")
    _check_folder(args.output, resume=args.resume)
    choices = _choices(args)
    device = _device(args.device, choices.precision)
    if args.resume and not args.precision:  # nobody asked now: the run's folder says it
        asked = f"{device.precision} was asked for."
        device = replace(device, reason=device.reason.replace(asked, f"{device.precision}, as the run began."))
    with stopping(echoes=started_by_torchrun()) as stop, world(device.device) as processes:
        try:
            _train(args, choices, device, processes, stop)
        except Cancelled as stopped:
            if processes.is_first:
                print(
                    f"fcn-studio: {stopped} Go on with: fcn-studio train -o {args.output} --resume",
                    file=sys.stderr,
                )
            return STOPPED
        if processes.is_first:
            print(f"The best checkpoint is {args.output / BEST}")
    return 0


def _train(
    args: argparse.Namespace, choices: Choices, device: DeviceChoice, processes: World, stop: Callable[[], bool]
) -> None:
    from fcn_studio.engine.tracing.model import find_checkpoint
    from fcn_studio.engine.training.trainer import WORKERS, Trainer

    if processes.is_first:
        for note in _notes(choices):
            print(f"fcn-studio: {note}", file=sys.stderr)
        shared = f" {processes.size} processes share each batch." if processes.size > 1 else ""
        print(f"{device.device} ({device.name}): {device.reason}{shared}", file=sys.stderr)
    trainer = Trainer(
        recipe=choices.recipe,
        data=choices.data,
        dataset=choices.dataset,
        run=args.output,
        labels=choices.labels,
        device=device.device,
        data_card=choices.data_card,
        initial=find_checkpoint(args.init) if args.init and not args.resume else None,
        precision=device.precision,
        workers=WORKERS if args.workers is None else args.workers,
        split=choices.split,
        train_split=choices.train_split,
        world=processes,
    )
    if args.resume:
        trainer.resume()
    elif trainer.transplant is not None and processes.is_first:
        print(f"started from {args.init}:")
        print("".join(f"  {line}\n" for line in trainer.transplant.lines()), end="", flush=True)
    with training_bar() as bar:
        texts: dict[str, Any] = {"epoch": "", "loss": "", "mean_iu": "", "rate": "", "left": ""}
        task = bar.add_task("reading", visible=processes.is_first, **texts)

        def on_read(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        def on_step(now: Progress) -> None:
            bar.update(task, description="training", completed=now.share, total=1.0, **_texts(now))

        trainer.fit(
            on_read=on_read,
            on_step=on_step,
            on_epoch=_print_epoch if processes.is_first else lambda report: None,
            stop=stop,
            val_every=choices.val_every,
            save_every=args.save_every,
            tensorboard=args.tensorboard,
        )


def _notes(choices: Choices) -> tuple[str, ...]:
    """What to say of how the data is read and divided."""
    dataset = choices.dataset
    is_divided = dataset.only_split and {choices.train_split, choices.split} - set(dataset.splits)
    found_so = (note for split in (choices.train_split, choices.split) for note in dataset.listing(split).notes)
    division = [dataset.division_note] if is_divided else []
    return (*dict.fromkeys(found_so), *division, *dataset.reading_notes(choices.train_split))


def _check_folder(folder: Path, *, resume: bool) -> None:
    """Raises DataError where a run cannot begin, or go on, in a folder."""
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not above.is_dir():
        raise DataError(f"-o {folder}: {above} is a file; name a folder for the run, in one that can be written.")
    kept = kept_files(folder)
    if resume:
        if not kept and not is_run(folder):
            raise DataError(f"{folder}: no run is in this folder, so there is nothing to resume; name the run's own.")
        return
    if kept:
        names = ", ".join(path.name for path in kept)
        on = "add --resume to go on, or choose" if (folder / LAST).is_file() else "choose"
        raise DataError(f"{folder}: a run is here already ({names}); {on} another folder.")


def _choices(args: argparse.Namespace) -> Choices:
    """Raises DataError where something is missing, or --resume says what the run's folder knows."""
    before = read_run(args.output) if args.resume and is_run(args.output) else None
    data = args.data or (before.data if before else None)
    if data is None:
        raise DataError("Which data? Name its folder with --data DIR.")
    dataset, labels, card = _data(args.labels, data, before)
    return Choices(
        recipe=_recipe(args, before),
        data=data,
        dataset=dataset,
        labels=labels,
        data_card=card,
        split=args.split or (before.split if before else "val"),
        train_split=args.train_split or (before.train_split if before else "train"),
        val_every=args.val_every or (before.val_every if before else VAL_EVERY),
        precision=args.precision or (before.precision if before else "auto"),
    )


def _recipe(args: argparse.Namespace, before: RunInfo | None) -> Recipe:
    from fcn_studio.engine.training.recipes.recipe import Recipe, read_recipe

    if before and args.recipe is None:
        recipe = Recipe.from_dict(before.recipe)
    else:
        recipe = read_recipe(packaged(args.recipe or "modern", "recipes"))
    if args.set:
        recipe = recipe.with_settings(args.set)
    if args.epochs is not None:
        recipe = recipe.with_epochs(args.epochs)
    # Both as plain values give them, which make no difference between 1 and 1.0.
    if before and Recipe.from_dict(recipe.to_dict()) != Recipe.from_dict(before.recipe):
        options = {"--recipe": args.recipe, "--set": args.set, "--epochs": args.epochs}
        given = ", ".join(name for name, value in options.items() if value)
        raise DataError(
            f"{args.output}: --resume keeps the recipe that the run began with, and {given} would change it; leave out "
            f"{given}, or begin another run in a new folder."
        )
    return recipe


def _data(asked: str | None, data: Path, before: RunInfo | None) -> tuple[Dataset, LabelSet, Mapping[str, Any]]:
    if asked is None and before:
        return run_dataset(replace(before, data=data)), LabelSet.from_dict(before.label_set), before.data_card
    dataset = open_dataset(data, label_file(asked) if asked else None)
    labels = dataset.known_labels
    return dataset, labels, dict(dataset.card) or {"name": labels.name}


def _device(asked: str, precision: str) -> DeviceChoice:
    """The device; of torchrun's processes each has a GPU of its own."""
    from fcn_studio.engine.tracing.device import choose_device
    from fcn_studio.engine.training.distributed import local_rank, started_by_torchrun

    choice = choose_device(asked, precision)
    if started_by_torchrun() and choice.device.startswith("cuda"):
        return choose_device(f"cuda:{local_rank()}", precision)
    return choice


def _texts(now: Progress) -> dict[str, Any]:
    left = str(timedelta(seconds=round(now.seconds_left)))
    return {
        "epoch": f"epoch {now.epoch}/{now.epochs}",
        "loss": f"loss {now.loss:.3f}",
        "mean_iu": "" if now.mean_iu is None else f"mean IU {100 * now.mean_iu:.1f}",
        "rate": f"{now.images_per_second:.1f} images/s",
        "left": f"{left} left",
    }


def _print_epoch(report: EpochReport) -> None:
    scores = "  ".join(f"{variant} {100 * value.mean_iu:.1f}" for variant, value in report.val.items())
    line = f"epoch {report.epoch}/{report.epochs}  loss {report.loss:.3f}  {report.images_per_second:.1f} images/s"
    print(f"{line}  val mean IU {scores}" if scores else line, flush=True)
