"""The tab that a watched run has in the window, its actions, and its word in the status bar."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QStatusBar

from fcn_studio.app.run_watch.run_watch import RunWatch
from fcn_studio.app.run_watch.run_watch_panel import RunPanel
from fcn_studio.app.widgets.low_room import UprightArea
from fcn_studio.app.window.workspace import Workspace


class RunTab(QObject):
    """Comes and goes with the run.

    Attributes:
        panel: What the tab holds.

    Signals:
        side_wanted: The side of the window must be seen.
        nothing_came: There is no checkpoint to load yet, so that the window's own is to be.
    """

    side_wanted = Signal()
    nothing_came = Signal()

    def __init__(
        self, watch: RunWatch, workspace: Workspace, actions: Mapping[str, QAction], bar: QStatusBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._watch, self._workspace, self._actions = watch, workspace, actions
        self.panel = RunPanel(watch)
        self._area = UprightArea("run_area", self.panel, workspace)
        self._area.hide()
        self._word = QLabel()
        self._word.setObjectName("status_run")
        self._word.hide()
        bar.addWidget(self._word)
        watch.changed.connect(self.refresh)
        watch.opened.connect(self.side_wanted)
        watch.loaded.connect(self._say)
        watch.happened.connect(workspace.show_word)
        if watch.loaded_text:
            self._say(watch.loaded_text)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Follows the watch."""
        watched = self._watch.folder is not None
        if watched != (self._workspace.side.indexOf(self._area) >= 0):
            self._workspace.show_run(self._area, watched=watched)
        self._actions["file.hold_run"].setEnabled(watched)
        self._actions["file.hold_run"].setChecked(self._watch.held)
        self._actions["file.stop_run"].setEnabled(watched)
        if not watched or self._watch.detached:
            self._word.hide()
        elif self._watch.loaded_text:
            self._say(self._watch.loaded_text)
        if watched and self._watch.files is not None and not self._watch.has_checkpoint:
            self.nothing_came.emit()

    @Slot(str)
    def _say(self, text: str) -> None:
        self._word.setText(text)
        self._word.show()
