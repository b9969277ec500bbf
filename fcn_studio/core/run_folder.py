"""A training run's folder: the names of its files, what it is, and its epochs so far.

RUN/
    run.json              every choice of the run, and how it goes (`RunInfo`)
    log.csv               a row an epoch (`EpochRow`)
    last.pt               to resume from
    newest.safetensors    the checkpoint of the last evaluation
    best.safetensors      that of the best one; of a staged run best-32s.safetensors and so on too
    curves.png            loss, learning rate and mean IU over the epochs
"""

from __future__ import annotations

import csv
import io
import json
import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import psutil

from fcn_studio.core.errors import DataError, OutputError
from fcn_studio.core.files import whole_file

LAST = "last.pt"
BEST = "best.safetensors"
NEWEST = "newest.safetensors"
LOG = "log.csv"
RUN = "run.json"
CURVES = "curves.png"

State = Literal["running", "stopped", "finished", "failed"]
PLAIN_COLUMNS = ("epoch", "step", "seconds", "loss", "images_per_second", "learning_rate")
METRICS = ("mean_iu", "pixel_accuracy")
GONE = "The process ended without a word; go on with --resume."


def best_of(variant: str) -> str:
    """The file of a staged run's best checkpoint of the phase whose finest variant this is."""
    return f"best-{variant}.safetensors"


class RunFailed(DataError):
    """A run that began and cannot go on, by no fault of the command line."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run is and how it goes.

    Attributes:
        recipe: Every choice of the recipe, as plain values.
        data: The data set's folder, absolute.
        label_set: The labels, as `LabelSet.to_dict` gives them.
        data_card: Name, source and licence of the data, where known.
        variants: All outputs that the run trains, coarsest first.
        epochs: Of the whole run.
        split: What is judged on, such as `val`.
        train_split: What is trained on, such as `train`.
        val_every: Epochs between evaluations.
        init: The checkpoint that it started from, or None.
        started: When, in ISO 8601 with the offset from UTC.
        device: Such as `cpu` or `cuda:0`.
        precision: `fp32`, `bf16` or `fp16`.
        processes: That share each batch.
        state: How it goes.
        reason: One sentence on why it stopped or failed; else empty.
        process: (pid, start in seconds since 1970) of the process that trains on this machine, to know whether it
            still lives; None where that cannot be known.
        host: The machine's name.
        encoding: What the masks' values stand for, as `Encoding.to_dict` gives it; None where the data set says it.
    """

    recipe: Mapping[str, Any]
    data: Path
    label_set: Mapping[str, Any]
    variants: tuple[str, ...]
    epochs: int
    started: str
    device: str
    data_card: Mapping[str, Any] = field(default_factory=dict)
    split: str = "val"
    train_split: str = "train"
    val_every: int = 5
    init: str | None = None
    precision: str = "fp32"
    processes: int = 1
    state: State = "running"
    reason: str = ""
    process: tuple[int, float] | None = None
    host: str = ""
    encoding: Mapping[str, Any] | None = None

    @property
    def labels(self) -> str:
        """The label set's name."""
        return str(self.label_set.get("name", ""))


@dataclass(frozen=True, slots=True)
class Scores:
    """A variant's figures on the judged split, 0 to 1."""

    mean_iu: float
    pixel_accuracy: float


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch of the log.

    Attributes:
        epoch: From 1.
        step: Steps of the whole run so far.
        seconds: Spent training and judging so far, stops left out.
        loss: Mean over the epoch's steps.
        images_per_second: Trained on, judging left out.
        learning_rate: At the epoch's last step.
        val: By variant, where the epoch was judged; else empty.
    """

    epoch: int
    step: int
    seconds: float
    loss: float
    images_per_second: float
    learning_rate: float
    val: Mapping[str, Scores] = field(default_factory=dict)


def is_run(folder: Path) -> bool:
    """Whether a folder is one of a training run."""
    return (folder / RUN).is_file()


def kept_files(folder: Path) -> tuple[Path, ...]:
    """What a run has left that another one in its folder would overwrite: the best checkpoint first, last.pt last."""
    staged = sorted(folder.glob(best_of("*")))
    return tuple(path for path in (folder / BEST, *staged, folder / NEWEST, folder / LAST) if path.is_file())


def read_run(folder: Path) -> RunInfo:
    """What run.json says; a run whose process on this machine is gone counts as stopped.

    Raises:
        DataError: There is no run.json, or it is none of a run.
    """
    path = folder / RUN
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        info = _info(values)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); is {folder} the folder of a run?") from error
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise DataError(f"{path}: this describes no training run ({error!r}).") from error
    if info.state == "running" and _is_gone(info):
        return _info({**values, "state": "stopped", "reason": GONE})
    return info


def write_run(folder: Path, info: RunInfo) -> None:
    """Writes run.json whole.

    Raises:
        OutputError: It cannot be written.
    """
    values = {**asdict(info), "data": str(info.data)}
    with whole_file(folder / RUN) as temporary:
        temporary.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_log(folder: Path) -> tuple[EpochRow, ...]:
    """The epochs so far; a last line that is still being written is left out, and so is a spoilt one.

    Raises:
        DataError: log.csv is there but cannot be read.
    """
    path = folder / LOG
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    whole = text[: text.rfind("\n") + 1]
    rows: dict[int, EpochRow] = {}
    # A row has no quotes: one that stands in a spoilt line would make the lines after it a part of its field.
    lines = csv.DictReader(io.StringIO(whole, newline=""), quoting=csv.QUOTE_NONE)
    while True:
        try:
            values = next(lines)
            if None in (*values, *values.values()):  # more or fewer fields than the heading: a half-written line
                continue
            row = _row(values)
        except StopIteration:
            break
        except (KeyError, ValueError, OverflowError, csv.Error):
            continue
        rows[row.epoch] = row  # of an epoch that was trained twice the later row is the one that was gone on from
    return tuple(rows[epoch] for epoch in sorted(rows))


def write_log(folder: Path, variants: Iterable[str], rows: Iterable[EpochRow]) -> None:
    """Writes log.csv whole: a heading and these rows.

    Raises:
        OutputError: It cannot be written.
    """
    columns = _columns(tuple(variants))
    with whole_file(folder / LOG) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(_values(row) for row in rows)


def append_row(folder: Path, variants: Iterable[str], row: EpochRow) -> None:
    """Adds a row to a log.csv of these variants.

    Raises:
        OutputError: It cannot be written.
    """
    line = io.StringIO(newline="")
    csv.DictWriter(line, _columns(tuple(variants))).writerow(_values(row))
    try:
        with (folder / LOG).open("a", newline="", encoding="utf-8") as file:
            file.write(line.getvalue())
    except OSError as error:
        raise OutputError(f"{folder / LOG} could not be written ({error.strerror}); free some space.") from error


def _columns(variants: tuple[str, ...]) -> list[str]:
    return [*PLAIN_COLUMNS, *(f"val_{metric}_{variant}" for metric in METRICS for variant in variants)]


def _values(row: EpochRow) -> dict[str, str]:
    values = {
        "epoch": str(row.epoch),
        "step": str(row.step),
        "seconds": f"{row.seconds:.1f}",
        "loss": f"{row.loss:.6g}",
        "images_per_second": f"{row.images_per_second:.2f}",
        "learning_rate": f"{row.learning_rate:.6g}",
    }
    for variant, scores in row.val.items():
        for metric in METRICS:
            values[f"val_{metric}_{variant}"] = f"{getattr(scores, metric):.4f}"
    return values


def _row(values: Mapping[str, str]) -> EpochRow:
    # Logs of before there were these columns lack step, seconds, learning_rate and pixel accuracies.
    plain = {name: float(values.get(name) or math.nan) for name in PLAIN_COLUMNS[2:]}
    val = {}
    for column, value in values.items():
        variant = column.removeprefix("val_mean_iu_")
        if variant != column and value:
            val[variant] = Scores(float(value), float(values.get(f"val_pixel_accuracy_{variant}") or math.nan))
    return EpochRow(epoch=int(values["epoch"]), step=int(values.get("step") or 0), val=val, **plain)


def _info(values: Mapping[str, Any]) -> RunInfo:
    if not isinstance(values, dict) or not all(isinstance(values[name], dict) for name in ("recipe", "label_set")):
        raise TypeError("recipe and label_set must be tables")
    if values["state"] not in get_args(State):
        raise ValueError(values["state"])
    known: dict[str, Any] = {name: values[name] for name in RunInfo.__dataclass_fields__ if name in values}
    numbers: dict[str, Any] = {name: int(known[name]) for name in ("epochs", "val_every", "processes") if name in known}
    if min(numbers.values(), default=1) < 1:
        raise ValueError(f"{numbers} must be 1 or more each")
    process = values.get("process")
    if process is not None:
        process = (int(process[0]), float(process[1]))
        if not 0 < process[0] < 2**31:
            raise ValueError(f"{process[0]} is the number of no process")
    known |= {"data": Path(values["data"]), "variants": tuple(str(name) for name in values["variants"])}
    known.update(numbers, process=process)
    return RunInfo(**known)


def _is_gone(info: RunInfo) -> bool:
    if info.process is None or info.host != platform.node():
        return False
    pid, start = info.process
    try:
        return abs(psutil.Process(pid).create_time() - start) > 2  # seconds; else another program has its number now
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
