"""What a training run's folder holds now: read in the background, since folders may lie on slow disks."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.dataset import Example
from fcn_studio.core.errors import FcnStudioError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_data import run_dataset
from fcn_studio.core.run_folder import BEST, NEWEST, EpochRow, RunInfo, best_of, read_log, read_run

logger = logging.getLogger(__name__)

RATE_EPOCHS = 5  # of the last ones, by which the time left is told


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A run at one moment.

    Attributes:
        folder: The run's.
        info: What run.json says; None where it cannot be read just now.
        rows: The epochs so far.
        stamps: Which state each checkpoint is in, by file name; only those that are there.
        problem: A sentence where something cannot be read.
        stages: Of a staged run, the files of each phase's best checkpoint that are there, coarsest first.
    """

    folder: Path
    info: RunInfo | None
    rows: tuple[EpochRow, ...]
    stamps: dict[str, str]
    problem: str = ""
    stages: tuple[str, ...] = ()

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return self.rows[-1].epoch if self.rows else 0

    @property
    def judged(self) -> tuple[EpochRow, ...]:
        """Epochs that were evaluated."""
        return tuple(row for row in self.rows if row.val)

    @property
    def best(self) -> EpochRow | None:
        """The epoch with the highest mean IU of its finest variant; among variants only the finest of all count."""
        judged = self.judged
        if not judged:
            return None
        order = self.info.variants if self.info is not None else tuple(judged[-1].val)
        finest = next((name for name in reversed(order) if any(name in row.val for row in judged)), None)
        rows = [row for row in judged if finest in row.val]
        return max(rows, key=lambda row: row.val[finest].mean_iu, default=None) if finest is not None else None

    @property
    def seconds_left(self) -> float | None:
        """As the last epochs went; None where it cannot be told, or nothing is left."""
        if self.info is None or self.info.state != "running" or not self.rows:
            return None
        last = self.rows[-1]
        before = self.rows[max(len(self.rows) - 1 - RATE_EPOCHS, 0)]
        epochs, seconds = last.epoch - before.epoch, last.seconds - before.seconds
        if epochs <= 0:
            epochs, seconds = last.epoch, last.seconds
        left = (self.info.epochs - last.epoch) * seconds / max(epochs, 1)
        return left if left > 0 else None

    def checkpoint(self, *, best: bool) -> str | None:
        """The file to show: the newest or the best, or the other where only that is there."""
        wanted = (BEST, NEWEST) if best else (NEWEST, BEST)
        return next((name for name in wanted if name in self.stamps), None)


def look(folder: Path) -> RunFiles:
    """What is there now; never raises: a file may go, or be half there, at any moment."""
    problem = ""
    info: RunInfo | None = None
    rows: tuple[EpochRow, ...] = ()
    try:
        info = read_run(folder)
        rows = read_log(folder)
    except FcnStudioError as error:
        problem = str(error)
    except Exception as error:  # whatever a half-written file looks like, the next look may find it whole
        logger.exception("%s could not be read", folder)
        problem = f"{folder}: cannot be read ({error})."
    stamps = {}
    for name in (NEWEST, BEST):
        try:
            found = (folder / name).stat()
        except OSError:
            continue
        stamps[name] = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
    names = [best_of(variant) for variant in info.variants] if info is not None else []
    stages = tuple(name for name in names if (folder / name).is_file())
    return RunFiles(folder, info, rows, stamps, problem, stages)


def looking(folder: Path) -> Callable[[CancelToken], RunFiles]:
    """`look` as a question to the background."""
    return lambda _token: look(folder)


@dataclass(frozen=True, slots=True)
class RunPhotos:
    """Photos of a run's data to watch.

    Attributes:
        folder: The run's.
        examples: Photos with their masks.
        labels: The masks' classes, as the run has them; None where it does not say.
        problem: A sentence where the data are not on this machine.
    """

    folder: Path
    examples: tuple[Example, ...]
    problem: str = ""
    labels: LabelSet | None = None


def choose_photos(folder: Path, info: RunInfo, count: int) -> RunPhotos:
    """Some photos of the split that the run is judged on, evenly spaced; never raises."""
    try:
        found = run_dataset(info).examples(info.split)
    except (FcnStudioError, OSError) as error:
        return RunPhotos(folder, (), str(error))
    try:
        labels = LabelSet.from_dict(info.label_set)
    except FcnStudioError:
        labels = None
    return RunPhotos(folder, evenly(found, count), labels=labels)


def choosing(folder: Path, info: RunInfo, count: int) -> Callable[[CancelToken], RunPhotos]:
    """`choose_photos` as a question to the background."""
    return lambda _token: choose_photos(folder, info, count)


def evenly(found: tuple[Example, ...], count: int) -> tuple[Example, ...]:
    """At most so many, from the first on at even distances, each once."""
    if len(found) <= count:
        return found
    places = (place * len(found) // count for place in range(count))
    return tuple(found[place] for place, _ in itertools.groupby(places))
