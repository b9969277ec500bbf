"""Results to files in the background: what is to be written, what is in the way, how far it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from fcn_studio.app.output.export_request import ExportRequest
from fcn_studio.app.session.session import Session
from fcn_studio.app.values.jobs import Cancelled, Exported, ExportTask, Failed, Job, Photo, Purpose, Report
from fcn_studio.core.figures.export import planned_files


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How an export ended.

    Attributes:
        folder: Where the files are.
        files: How many were written.
        failures: A sentence for each photo that failed.
        stopped: Whether it was stopped before its end.
    """

    folder: Path
    files: int
    failures: tuple[str, ...] = ()
    stopped: bool = False


class Exporter(QObject):
    """Makes jobs of a request and follows them.

    Signals:
        progressed: (photos done, photos in all)
        finished: (Outcome)
    """

    progressed = Signal(int, int)
    finished = Signal(object)  # Outcome

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._open: set[int] = set()
        self._total = 0
        self._files = 0
        self._failures: list[str] = []
        self._folder = Path()
        self._stopped = False
        session.queue.reported.connect(self.on_report)
        session.engine_loading.connect(self.stop)  # what is not written yet would be another checkpoint's

    @property
    def running(self) -> bool:
        """Whether an export is under way."""
        return bool(self._open)

    def plan(self, request: ExportRequest, photos: Sequence[Photo]) -> list[tuple[Photo, ExportTask]]:
        """What would be written of each photo; photos of one name get numbers."""
        appearance = self._session.presentation.appearance
        labels = self._session.engine[0].labels if self._session.engine else None
        stems: dict[str, int] = {}
        planned = []
        for photo in photos:
            stem = Path(photo.name).stem
            stems[stem] = stems.get(stem, 0) + 1
            number = f"_{stems[stem]}" if stems[stem] > 1 else ""
            task = ExportTask(
                request.folder,
                stem + number,
                request.kinds,
                request.variants,
                appearance.dressed(labels) if labels else None,
                appearance.opacity / 100,
            )
            planned.append((photo, task))
        return planned

    def in_the_way(self, planned: Sequence[tuple[Photo, ExportTask]]) -> list[Path]:
        """The files that are there already."""
        if not planned:
            return []
        there = _names(planned[0][1].folder)
        return [path for _, task in planned for path in _files(task) if path.name in there]

    def beside(self, planned: Sequence[tuple[Photo, ExportTask]]) -> list[tuple[Photo, ExportTask]]:
        """The same plan with numbers in the names of what is there already."""
        there = _names(planned[0][1].folder) if planned else set()
        moved = []
        for photo, task in planned:
            number, fresh = 2, task
            while any(path.name in there for path in _files(fresh)):
                fresh = replace(task, stem=f"{task.stem} ({number})")
                number += 1
            there |= {path.name for path in _files(fresh)}
            moved.append((photo, fresh))
        return moved

    def start(self, planned: Sequence[tuple[Photo, ExportTask]]) -> None:
        """Writes in the background."""
        jobs: list[Job] = [
            replace(self._session.make_job(photo, Purpose.EXPORT), export=task) for photo, task in planned
        ]
        if not self._open:
            self._total = self._files = 0
            self._failures, self._stopped = [], False
        self._folder = planned[0][1].folder
        self._open |= {job.id for job in jobs}
        self._total += len(jobs)
        self.progressed.emit(self._total - len(self._open), self._total)
        self._session.queue.add(jobs)

    @Slot()
    def stop(self) -> None:
        """Ends it after the photo that is being written."""
        if self._open:
            running = self._session.queue.running
            self._stopped = True
            self._open = {running.id} if running is not None and running.id in self._open else set()
            self._session.queue.drop(Purpose.EXPORT)
            self._tell()

    @Slot(object, object)
    def on_report(self, job: Job, report: Report) -> None:
        """A job has something to tell."""
        if job.id not in self._open or not isinstance(report, Exported | Failed | Cancelled):
            return
        self._open.discard(job.id)
        if isinstance(report, Exported):
            self._files += len(report.files)
        elif isinstance(report, Failed):
            self._failures.append(report.sentence)
        self._tell()

    def _tell(self) -> None:
        self.progressed.emit(self._total - len(self._open), self._total)
        if not self._open:
            self.finished.emit(Outcome(self._folder, self._files, tuple(self._failures), self._stopped))


def _files(task: ExportTask) -> list[Path]:
    return planned_files(task.folder, task.stem, kinds=task.kinds, variants=task.variants)


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:  # not there yet, or not to be read: writing will tell
        return set()
