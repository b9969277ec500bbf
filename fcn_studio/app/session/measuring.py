"""When a data set's photos are measured: one by one, while nobody waits for anything else, and no run trains."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from fcn_studio.app.session.dataset_scores import DatasetScores
from fcn_studio.app.session.photo_list import PhotoList
from fcn_studio.app.values.dataset_split import DatasetSplit
from fcn_studio.app.values.jobs import Job, Photo, Purpose
from fcn_studio.app.worker.job_queue import JobQueue


class Measuring(QObject):
    """The session's part that feeds the queue with photos to measure.

    Attributes:
        scores: What is found.
    """

    def __init__(
        self,
        photos: PhotoList,
        queue: JobQueue,
        make_job: Callable[[Photo, Purpose], Job],
        at_rest: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._list, self._queue = photos, queue
        self._make_job, self._at_rest = make_job, at_rest
        self.scores = DatasetScores(self)
        queue.idle.connect(self.go_on)
        photos.changed.connect(self._on_list_changed)

    def open_split(self, split: DatasetSplit) -> None:
        """The photos of a data set's split, instead of those of the split before."""
        before = self.scores.split
        gone = () if before is None or before.folder != split.folder else tuple(row.photo for row in self.scores.rows)
        self._queue.drop(Purpose.MEASURE)
        self.scores.open(split, self._list.listed(split.photos))
        self._list.swap(gone, [row.photo for row in self.scores.rows])
        self.go_on()

    def pause(self, paused: bool) -> None:
        """Stops, or goes on; what goes on so does though a run trains."""
        self.scores.set_paused(paused)
        if paused:
            self._queue.drop(Purpose.MEASURE)
        self.go_on()

    def give_way(self, giving: bool) -> None:
        """A run that trains is watched, or none any more: its processor is not for measuring, unless the user asks."""
        if giving == self.scores.giving_way:
            return
        self.scores.set_giving_way(giving)
        if self.scores.resting:
            self._queue.drop(Purpose.MEASURE)
        self.go_on()

    def again(self) -> None:
        """All photos are measured anew."""
        self._queue.drop(Purpose.MEASURE)
        self.scores.measure_again()
        self.go_on()

    @Slot()
    def go_on(self) -> None:
        """Measures one photo, if nothing else is under way."""
        if not self._at_rest() or self._queue.running is not None or self._queue.waiting:
            return
        row = self.scores.next_to_measure(self._list.current)
        if row is not None:
            self._queue.add([self._make_job(row.photo, Purpose.MEASURE)])

    @Slot()
    def _on_list_changed(self) -> None:
        """A data set none of whose photos is open any more is put away, until they come back."""
        self.scores.set_list(self._list.photos)
        self.go_on()
