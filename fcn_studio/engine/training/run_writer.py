"""What a run leaves in its folder besides last.pt: what it is, its epochs, its checkpoints and its curves."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import torch

from fcn_studio.core.errors import Cancelled, DataError, OutputError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import (
    BEST,
    LAST,
    NEWEST,
    RUN,
    EpochRow,
    RunInfo,
    State,
    append_row,
    is_run,
    read_log,
    read_run,
    write_log,
    write_run,
)
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.preprocess import Preprocessing
from fcn_studio.engine.training.curves import draw_curves
from fcn_studio.engine.training.tensorboard_log import TensorBoardLog

DRAW_EVERY = 10.0  # seconds; a picture takes half a second


class RunWriter:
    """The writer of one run's folder; of many processes only the first has one that writes."""

    def __init__(self, folder: Path, info: RunInfo, *, writes: bool) -> None:
        self.folder, self.info = folder, info
        self._writes = writes
        self._tensorboard: TensorBoardLog | None = None
        self._drawn, self._due = time.monotonic(), False

    def start(self, *, epochs_done: int, step: int, tensorboard: bool) -> None:
        """Says that the run goes on, after so many epochs; rows of later ones are taken out of the log.

        Such rows are there where a process was killed after it wrote a row and before it wrote last.pt.

        Raises:
            DataError: Another process trains in this folder, or TensorBoard is wanted and not installed.
            OutputError: The folder cannot be written.
        """
        if not self._writes:
            return
        started = self.info.started or datetime.datetime.now(datetime.UTC).astimezone().isoformat(timespec="seconds")
        if is_run(self.folder):
            before = read_run(self.folder)
            self._refuse_a_second(before)
            started = before.started if step else started
        me = psutil.Process()
        self.info = replace(
            self.info, started=started, process=(me.pid, me.create_time()), host=platform.node(), state="running"
        )
        with contextlib.ExitStack() as undone:
            if tensorboard:
                self._tensorboard = TensorBoardLog(self.folder, step)
                undone.callback(self._tensorboard.close)
            self._sweep()
            rows = [row for row in read_log(self.folder) if row.epoch <= epochs_done]
            write_log(self.folder, self.info.variants, rows)
            write_run(self.folder, self.info)
            undone.pop_all()

    def _refuse_a_second(self, before: RunInfo) -> None:
        if before.state != "running" or before.process is None:
            return
        number, here = before.process[0], before.host == platform.node()
        if here and number == os.getpid():
            return
        where = "" if here else f" on {before.host}"
        gone = "" if here else f' If it is gone, write "stopped" for "running" in {self.folder / RUN}.'
        raise DataError(f"{self.folder}: process {number}{where} is training here; stop it first.{gone}")

    def _sweep(self) -> None:
        """Removes what a process that was killed had half written."""
        stems = {Path(name).stem for name in (LAST, NEWEST, BEST)}
        for path in self.folder.glob(".*-*"):
            if any(path.name.startswith(f".{stem}-") for stem in stems):
                path.unlink(missing_ok=True)

    def checkpoints(
        self,
        net: Net,
        *,
        labels: LabelSet,
        preprocessing: Preprocessing,
        card: Mapping[str, Any],
        dtype: torch.dtype,
        best_as: Sequence[str],
    ) -> None:
        """Writes newest.safetensors, and the same under the names of a best one.

        Raises:
            OutputError: There is no space or no right.
        """
        for name in (NEWEST, *best_as) if self._writes else ():
            save_checkpoint(self.folder / name, net, labels=labels, preprocessing=preprocessing, card=card, dtype=dtype)

    def stepped(self, step: int, loss: float, learning_rate: float) -> None:
        """Tells TensorBoard."""
        if self._tensorboard:
            self._tensorboard.stepped(step, loss, learning_rate)

    def epoch(self, row: EpochRow) -> None:
        """Adds an epoch to the log.

        Raises:
            OutputError: There is no space or no right.
        """
        if self._writes:
            append_row(self.folder, self.info.variants, row)
        if self._tensorboard:
            self._tensorboard.judged(row)

    def curves(self, *, is_last: bool = False) -> None:
        """Draws the log, unless it was drawn a moment ago; what was left out then is drawn when the run ends.

        Raises:
            OutputError: There is no space or no right.
        """
        now = time.monotonic()
        self._due = self._due or not is_last
        if self._writes and self._due and (is_last or now - self._drawn > DRAW_EVERY):
            self._drawn, self._due = now, False
            name = self.info.recipe.get("name", "")
            draw_curves(self.folder, f"{name} on {self.info.data_card.get('name') or self.info.data.name}")

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """Says in run.json how the work inside ended."""
        try:
            yield
        except (Cancelled, KeyboardInterrupt) as stopped:
            self._end("stopped", str(stopped))
            raise
        except BaseException as error:
            self._end("failed", str(error) or type(error).__name__)
            raise
        self._end("finished")

    def _end(self, state: State, reason: str = "") -> None:
        self.info = replace(self.info, state=state, reason=reason, process=None)
        if self._tensorboard:
            self._tensorboard.close()
        if self._writes:
            with contextlib.suppress(OutputError):  # of a full disk, which is said already
                write_run(self.folder, self.info)
                self.curves(is_last=True)
