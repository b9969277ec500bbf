"""The status bar: what runs on the left, with ways to stop it; which photo and what computed it on the right."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QStatusBar

from fcn_studio.app.intake.intake import Intake
from fcn_studio.app.output.exporter import Exporter
from fcn_studio.app.session.net_choice import title_of
from fcn_studio.app.session.session import Session
from fcn_studio.app.values.jobs import EngineChoice
from fcn_studio.app.widgets.elided_label import ElidedLabel
from fcn_studio.app.window.run_status import RunStatus
from fcn_studio.app.window.stage_progress import StageProgress
from fcn_studio.core.catalog.embedded import NETS


class StatusLine(QObject):
    """Follows session, intake and export.

    Attributes:
        progress: Of the photo that is waited for.
        export_progress: Of results that are written.
        gathering: Of folders and links that are looked through.
    """

    def __init__(self, session: Session, intake: Intake, exporter: Exporter, bar: QStatusBar) -> None:
        super().__init__(bar)
        self._session, self._intake, self._exporter = session, intake, exporter
        self.progress, self.export_progress, self.gathering = StageProgress(), StageProgress(), StageProgress()
        self.progress.setObjectName("stage_progress")
        self.export_progress.setObjectName("export_progress")
        self.gathering.setObjectName("gathering_progress")
        self._status = RunStatus()
        self._reading = ElidedLabel()
        self._reading.setObjectName("status_reading")
        for widget in (self.progress, self.gathering, self.export_progress):
            bar.addWidget(widget)
        bar.addWidget(self._reading, 1)
        bar.addPermanentWidget(self._status)
        session.shown_changed.connect(self.show_picture)
        session.list.changed.connect(self.show_place)
        session.list.returned.connect(self.show_place)
        session.list.current_changed.connect(self.show_place)
        session.engine_changed.connect(self.show_engine)
        session.engine_loading.connect(self.show_loading)
        session.engine_refused.connect(self.show_engine)
        session.running_changed.connect(self.show_running)
        session.stage_changed.connect(self.progress.set_stage)
        session.problem_found.connect(self.on_problem)
        intake.busy_changed.connect(self.show_gathering)
        exporter.progressed.connect(self.show_export)
        exporter.finished.connect(self.export_progress.stop)
        self.progress.cancel_requested.connect(self.cancel)
        self.gathering.cancel_requested.connect(intake.stop)
        self.export_progress.cancel_requested.connect(exporter.stop)
        self.show_picture()
        self.show_place()
        self.show_engine()
        if session.running:
            self.show_running(True)

    @Slot()
    def cancel(self) -> None:
        """Stops the job that is waited for."""
        self._session.cancel()
        self.progress.stopping()

    @Slot()
    def show_picture(self) -> None:
        """Size and time of what is shown, and what is unusual in how it was read."""
        shown = self._session.shown
        self._status.show_run(shown)
        words = shown.trace.provenance.reading if shown is not None and shown.trace is not None else ""
        self._reading.setText(words)
        self._reading.setToolTip(words)

    @Slot()
    def show_place(self) -> None:
        """Which photo of how many."""
        self._status.show_place(self._session.list.index, len(self._session.list.photos))

    @Slot()
    def show_engine(self) -> None:
        """What computes."""
        self._status.show_engine(self._session.engine)
        if not self._session.running:
            self.progress.stop()
        elif self._session.engine and not self._session.loading:
            self.progress.start(self.tr("Segmenting…"))

    @Slot(object)
    def show_loading(self, choice: EngineChoice) -> None:
        """Checkpoints are being loaded, and PyTorch with the first."""
        if self._session.engine:
            titles = {net.name: title_of(net) for net in NETS}
            names = (titles.get(weights, Path(weights).name) for weights in choice.weights)
            text = self.tr("Loading {0}…").format(", ".join(names))
        else:
            text = self.tr("Loading PyTorch…")
        self.progress.start(text, can_cancel=False, at_once=True)

    @Slot(bool)
    def show_running(self, running: bool) -> None:
        """A job has started or ended."""
        if not running:
            self.progress.stop()
        elif not self._session.engine:
            self.progress.start(self.tr("Loading PyTorch…"), at_once=True)
        else:
            self.progress.start(self.tr("Segmenting…"))

    @Slot(str)
    def on_problem(self, sentence: str) -> None:
        """Nothing is under way after one."""
        if sentence and not self._session.running:
            self.progress.stop()

    @Slot(str)
    def show_gathering(self, text: str) -> None:
        """Folders are looked through, or a link is fetched."""
        if text:
            self.gathering.start(text)
        else:
            self.gathering.stop()

    @Slot(int, int)
    def show_export(self, done: int, total: int) -> None:
        """How many photos have been written."""
        text = self.tr("Exporting: {0} of {1} photos").format(done, total)
        self.export_progress.set_share(text, done / max(total, 1))
