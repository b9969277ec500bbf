"""Looks into a run's folder again and again: when it is told of a change, and from time to time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

from fcn_studio.app.run_watch.run_watch_files import RunFiles, looking
from fcn_studio.app.worker.background import Background
from fcn_studio.core.run_folder import LOG, RUN

SETTLE_MS = 250  # after a change, until it is looked at: changes come in flocks
POLL_MS = 2_000  # for network drives, which tell of no change
SLOW_POLL_MS = 10_000  # of a run that has ended


class RunFolder(QObject):
    """Follows one folder.

    Attributes:
        path: The folder; None while none is followed.
        files: What it held when it was looked at last; None before that.

    Signals:
        seen: It has been looked at. (whether it holds anything else than before)
    """

    seen = Signal(bool)

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self.look_soon)
        self._watcher.fileChanged.connect(self.look_soon)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLE_MS)
        self._settled.timeout.connect(self.look)
        self._poll = QTimer(self)
        self._poll.timeout.connect(self.look)
        self.path: Path | None = None
        self.files: RunFiles | None = None
        self._asked = False  # a look is under way
        self._again = False  # and another is wanted after it

    @property
    def running(self) -> bool:
        """Whether the run trains, as far as is known."""
        known = self.files.info if self.files is not None else None
        return self.path is not None and (known is None or known.state == "running")

    def start(self, path: Path) -> None:
        """Follows a folder from now on; `look` is for the caller to begin with."""
        self.path = path.resolve()
        self._poll.start(POLL_MS)

    def stop(self) -> None:
        """Follows none any more."""
        for timer in (self._poll, self._settled):
            timer.stop()
        watched = [*self._watcher.files(), *self._watcher.directories()]
        if watched:
            self._watcher.removePaths(watched)
        self._background.forget("run")
        self.path = self.files = None
        self._asked = self._again = False

    @Slot()
    def look_soon(self) -> None:
        """Looks once changes have settled."""
        if self.path is not None:
            self._settled.start()

    @Slot()
    def look(self) -> None:
        """Looks in the background, and again if it is asked to meanwhile."""
        if self.path is None:
            return
        if self._asked:
            self._again = True
            return
        self._asked = True
        self._background.ask("run", looking(self.path), self._on_seen)

    def _on_seen(self, found: object) -> None:
        self._asked = False
        if not isinstance(found, RunFiles) or found.folder != self.path:
            return
        before = self.files
        if found.info is None and before is not None:  # gone, or being written: what was known stays
            found = replace(found, info=before.info, rows=found.rows or before.rows, stages=before.stages)
        self.files = found
        self._follow(found.folder)
        if self._again:
            self._again = False
            self._settled.start()
        self.seen.emit(found != before)

    def _follow(self, path: Path) -> None:
        """Files that were replaced are no longer watched by themselves."""
        wanted = {str(file) for file in (path, path / RUN, path / LOG) if file.exists()}
        fresh = wanted - {*self._watcher.files(), *self._watcher.directories()}
        if fresh:
            self._watcher.addPaths(sorted(fresh))
        self._poll.setInterval(POLL_MS if self.running else SLOW_POLL_MS)
