"""The epochs of a watched run that were seen: their masks are kept, and shown again in place of the present."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from fcn_studio.app.run_watch.run_watch_masks import Past, PastMasks, as_past
from fcn_studio.app.session.session import Session
from fcn_studio.app.values.jobs import Cancelled, Finished, Job, Photo, Purpose, Report
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.worker.worker import TRACE_SUFFIX

FOLLOWED = 24  # of the run's photos, at most, that each checkpoint segments though they are not on screen


class RunHistory(QObject):
    """Listens to what the session segments by the run's checkpoint.

    Attributes:
        masks: Of the epochs seen so far.
        epoch: Of the checkpoint that is loaded, where it says so.
        scrubbed: The epoch whose masks are shown in place of the loaded one's.
        photos: The run's, which are followed while nobody waits.

    Signals:
        changed: Any of these has.
    """

    changed = Signal()

    def __init__(self, session: Session, is_free: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._is_free = session, is_free
        self.masks = PastMasks()
        session.shown_changed.connect(self._on_shown)
        session.queue.reported.connect(self._on_report)
        session.queue.idle.connect(self._fill)
        self._watching = False
        self._forget()

    def _forget(self) -> None:
        self.epoch: int | None = None
        self.scrubbed: int | None = None
        self.photos: tuple[Photo, ...] = ()
        self.masks.clear()
        self._weights = ""  # the path of the run's checkpoint
        self._in_use = False
        self._present: Shown | None = None
        self._epochs: dict[str, int] = {}  # by stamp
        self._tried: set[tuple[Photo, int]] = set()

    def start(self) -> None:
        """A run is watched from now on."""
        self._watching = True

    def stop(self) -> None:
        """None is any more; what is on screen is the present."""
        if self.scrubbed is not None:
            self.scrub(None)
        self._watching = False
        self._forget()

    def set_loaded(self, weights: str, stamp: str, epoch: int | None) -> None:
        """The run's checkpoint that is in use from now on."""
        self._weights, self.epoch, self._in_use = weights, epoch, True
        if epoch is not None:
            self._epochs[stamp] = epoch

    def set_unloaded(self) -> None:
        """The run's checkpoint is no longer in use."""
        self._in_use = False

    @property
    def epochs_seen(self) -> tuple[int, ...]:
        """Of the photo on screen."""
        return self.masks.epochs(self._present.photo if self._present is not None else None)

    @property
    def on_screen(self) -> int | None:
        """The epoch whose masks are shown."""
        return self.scrubbed if self.scrubbed is not None else self.epoch if self._in_use else None

    def scrub(self, epoch: int | None) -> None:
        """Shows an earlier epoch's masks of the photo on screen; None, or the loaded epoch, shows the present."""
        present = self._present
        past = self.masks.get(present.photo, epoch) if present is not None and epoch is not None else None
        if past is None or epoch == self.epoch:
            epoch = None
        if epoch == self.scrubbed:
            return
        self.scrubbed = epoch
        shown = None
        if present is not None and past is not None and epoch is not None:
            shown = as_past(present, past, self._slot or 0, self.tr("epoch {0}").format(epoch))
        self._session.show_past(shown)
        self.changed.emit()

    @Slot()
    def _on_shown(self) -> None:
        shown = self._session.shown
        if not self._watching or shown is None or shown.pending or shown.note:
            return
        same = self._present is not None and self._present.photo is shown.photo
        self._present = shown
        if self.scrubbed is not None and same:
            scrubbed, self.scrubbed = self.scrubbed, None
            self.scrub(scrubbed)  # what the user looks at stays, though the present has moved on
        else:
            self.scrubbed = None
        self.changed.emit()

    @property
    def _slot(self) -> int | None:
        weights = self._session.choice.weights
        return weights.index(self._weights) if self._weights in weights else None

    @Slot(object, object)
    def _on_report(self, job: Job, report: Report) -> None:
        """Keeps the masks of what the run's checkpoint has segmented, whatever it was done for."""
        if isinstance(report, Cancelled) and self.epoch is not None:
            self._tried.discard((job.photo, self.epoch))  # for something that someone waits for
        if not self._watching or not isinstance(report, Finished) or self._weights not in job.engine.weights:
            return
        slot, path = job.engine.weights.index(self._weights), job.photo.path
        epoch = self._epochs.get(job.engine.stamp(self._weights))
        trace = report.result.traces[slot] if slot < len(report.result.traces) else None
        if epoch is None or trace is None or (path is not None and path.suffix.lower() == TRACE_SUFFIX):
            return  # a saved trace is of the net that made it
        metrics = report.result.truth.metrics if report.result.truth is not None else {}
        of_net = {panel.kind: found for panel, found in metrics.items() if panel.slot == slot}
        self.masks.keep(job.photo, epoch, Past({kind: trace.mask(kind) for kind in trace.variants}, of_net))
        if self._present is not None and self._present.photo is job.photo:
            self.changed.emit()

    @Slot()
    def _fill(self) -> None:
        """While nobody waits: the run's other photos, so that each can be followed through the epochs."""
        epoch, queue = self.epoch, self._session.queue
        if not self._watching or not self._in_use or epoch is None or queue.running is not None or not self._is_free():
            return
        for photo in self.photos[:FOLLOWED]:
            done = epoch in self.masks.epochs(photo) or (photo, epoch) in self._tried
            if not done and photo in self._session.list.photos:
                self._tried.add((photo, epoch))
                queue.add([self._session.make_job(photo, Purpose.PREFETCH)])
                return
