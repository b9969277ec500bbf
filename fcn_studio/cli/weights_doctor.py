"""Examine a checkpoint: which preprocessing it was trained with, and what is wrong with its weights."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from fcn_studio.cli.progress import progress_bar
from fcn_studio.core.errors import DataError, OutputError
from fcn_studio.core.figures.diagnosis_figure import diagnosis_figure
from fcn_studio.core.files import whole_file
from fcn_studio.core.images.image import read_image
from fcn_studio.core.judging.diagnosis import Confidence, Diagnosis, Trial
from fcn_studio.core.labels import counted_classes
from fcn_studio.core.samples import sample_photos

if TYPE_CHECKING:
    from fcn_studio.engine.checkpoints.native import Checkpoint

SUFFIX = ".safetensors"
HEADINGS = ("N", "preprocessing", "fit", "entropy", "mirror", "classes", "share")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("weights", metavar="FILE", help="a checkpoint's file, or an embedded one's name")
    parser.add_argument(
        "photo",
        metavar="PHOTO",
        nargs="?",
        type=Path,
        help="a photo of the kind that the net was trained on (default: a sample, by which nothing can be decided)",
    )
    parser.add_argument(
        "-o", "--output", metavar="FIGURE", type=Path, help="draw the masks by each preprocessing (.png)"
    )
    parser.add_argument("--json", action="store_true", help="print all that was found as JSON on stdout")
    parser.add_argument(
        "--apply", metavar="DST", type=Path, help=f"write the checkpoint with the proposed preprocessing ({SUFFIX})"
    )
    parser.add_argument(
        "--use", metavar="N", type=int, help="the preprocessing for --apply, by its number, instead of the proposed one"
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def run(args: argparse.Namespace) -> int:
    """Prints the findings; 0 also where there are some."""
    _check_outputs(args)
    from fcn_studio.engine.doctor.doctor import diagnose  # torch takes seconds to import
    from fcn_studio.engine.tracing.model import checkpoint_named

    checkpoint = checkpoint_named(args.weights)
    source: Path = args.photo or _sample()
    # Of a classifier with more classes than a mask can hold, only the weights can be examined.
    photo = read_image(source) if checkpoint.labels.fits_masks else None
    with progress_bar() as bar:
        task = bar.add_task("doctor", total=1.0)
        diagnosis = diagnose(
            checkpoint,
            photo,
            photo_name=source.name,
            of_its_kind=args.photo is not None,
            on_trial=lambda name, share: bar.update(task, completed=share),
        )
    if args.json:
        print(json.dumps(diagnosis.to_dict(), indent=2))
    else:
        _print(Console(), diagnosis, is_sample=args.photo is None)
    if args.output is not None:
        with whole_file(args.output) as temporary:
            diagnosis_figure(diagnosis).save(temporary, format="PNG")
    if args.apply is not None:
        trial = _chosen(diagnosis, args.use)
        _apply(checkpoint, trial, args.apply, quiet=args.json)
    return 0


def _check_outputs(args: argparse.Namespace) -> None:
    if args.output is not None and args.output.suffix.lower() != ".png":
        raise OutputError(f"{args.output}: the figure is a PNG; give it a name that ends in .png.")
    if args.apply is not None and args.apply.suffix != SUFFIX:
        raise OutputError(f"{args.apply}: a checkpoint of FCN Studio ends in {SUFFIX}; give it that name.")
    if args.use is not None and args.apply is None:
        raise DataError("--use says which preprocessing --apply writes; give --apply DST too.")
    for path in (args.output, args.apply):
        if path is not None and path.exists() and not args.force:
            raise OutputError(f"{path} is there already; choose another name, or --force to replace it.")


def _sample() -> Path:
    found = sample_photos()
    if not found:
        raise DataError("There is no sample photo here; give one of the kind that the net was trained on.")
    return found[0].path


def _chosen(diagnosis: Diagnosis, number: int | None) -> Trial:
    trial = diagnosis.proposed if number is None else diagnosis.trial(number)
    if trial is None:
        raise DataError(f"There is no preprocessing {number}; they are 1 to {len(diagnosis.trials)}.")
    if number is None and diagnosis.confidence is Confidence.UNDECIDED:
        raise DataError(
            "Undecided, so that nothing was written; look at the masks (-o FIGURE.png) and choose by --use N."
        )
    return trial


def _apply(checkpoint: Checkpoint, trial: Trial, path: Path, *, quiet: bool) -> None:
    from fcn_studio.engine.doctor.doctor import save_with

    save_with(checkpoint, trial.recipe, path)
    if not quiet:
        print(f"{path}: {trial.recipe.name}")


def _print(console: Console, diagnosis: Diagnosis, *, is_sample: bool) -> None:
    console.print(
        f"{diagnosis.checkpoint} ({diagnosis.digest[:8]}), {counted_classes(len(diagnosis.labels))}", markup=False
    )
    for found in diagnosis.findings:
        console.print(f"{found.severity:8} {found.sentence}", markup=False, highlight=False)
    if not diagnosis.findings:
        console.print("Nothing is wrong with its weights.")
    if not diagnosis.trials:
        console.print("More classes than a mask can hold: no preprocessing was tried.")
        return
    decided = diagnosis.confidence is not Confidence.UNDECIDED
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("preprocessing", "share") else "right", no_wrap=True)
    for trial in diagnosis.trials:
        table.add_row(*_row(diagnosis, trial), style="bold" if decided and trial is diagnosis.proposed else None)
    console.print(table)
    if diagnosis.photo is not None:
        height, width = diagnosis.photo.shape[:2]
        sample = ", a sample, probably not of the kind that the net was trained on" if is_sample else ""
        console.print(
            f"On {diagnosis.photo_name}, reduced to {width} x {height}{sample}; * is the checkpoint's own. "
            "fit: sure of many classes, and of the same on the mirrored photo (mirror).",
            markup=False,
            highlight=False,
        )
    console.print(_verdict(diagnosis), markup=False)


def _row(diagnosis: Diagnosis, trial: Trial) -> list[str]:
    name = trial.recipe.name + (" *" if trial.stored else "")
    if not trial.finite:
        return [str(trial.number), name, "", "", "", "", "the scores are no numbers"]
    share = f"{100 * trial.dominant_share:.0f} % {diagnosis.labels.classes[trial.dominant]}"
    if trial.foreground is not None:
        share = f"{100 * trial.foreground:.0f} % foreground"
    return [
        str(trial.number),
        name,
        f"{trial.fit:.3f}",
        f"{trial.entropy:.3f}",
        f"{100 * trial.consistency:.0f} %",
        str(trial.classes),
        share,
    ]


def _verdict(diagnosis: Diagnosis) -> str:
    proposed = diagnosis.proposed
    if proposed is None:
        return ""
    if diagnosis.confidence is not Confidence.UNDECIDED:
        return f"Proposed ({diagnosis.confidence}): {proposed.recipe.name}."
    if len(diagnosis.tied) > 1 and diagnosis.decidable:
        return f"Undecided between {' and '.join(trial.recipe.name for trial in diagnosis.tied)}."
    return (
        f"Undecided; {diagnosis.trials[0].recipe.name} comes first, but the net says too little of this photo, or "
        "other things of the mirrored one. Try a photo of the kind that it was trained on."
    )
