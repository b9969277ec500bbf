"""The published checkpoints: the dialog, the download behind it, and a word when it ends and nobody looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from fcn_studio.app.session.session import Session
from fcn_studio.app.values.word import Word
from fcn_studio.app.widgets.theme import Theme
from fcn_studio.core.errors import FcnStudioError

if TYPE_CHECKING:
    from fcn_studio.app.checkpoints.catalog_dialog import CatalogDialog
    from fcn_studio.app.checkpoints.catalog_download import CatalogDownload, Outcome


class CatalogMenu(QObject):
    """Net > Checkpoints. What it is made of is imported when it is asked for: the window's start needs none of it.

    Signals:
        happened: A download ended. (Word)
    """

    happened = Signal(object)  # Word

    def __init__(self, session: Session, use_checkpoint: Callable[[Path], None], theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._use_checkpoint, self._theme, self._window = session, use_checkpoint, theme, window

    @cached_property
    def download(self) -> CatalogDownload:
        """What is being fetched."""
        from fcn_studio.app.checkpoints.catalog_download import CatalogDownload

        download = CatalogDownload(self)
        download.ended.connect(self.on_ended)
        return download

    @property
    def dialog(self) -> CatalogDialog | None:
        """The dialog, if it is open."""
        from fcn_studio.app.checkpoints.catalog_dialog import CatalogDialog

        found = self._window.findChildren(CatalogDialog)
        return next((dialog for dialog in found if dialog.isVisible()), None)

    @Slot()
    def show(self) -> None:
        """Opens the dialog, or brings it to the front."""
        from fcn_studio.app.checkpoints.catalog_dialog import CatalogDialog
        from fcn_studio.core.catalog.catalog import entries

        dialog = self.dialog
        if dialog is None:
            try:
                dialog = CatalogDialog(entries(), self.download, self._theme, self._window)
            except FcnStudioError as error:
                self._session.tell(str(error))
                return
            dialog.open_requested.connect(self.open)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    @Slot(object)
    def open(self, path: Path) -> None:
        """Loads a checkpoint, as if it had been opened or dropped."""
        self._use_checkpoint(path)

    def close(self) -> None:
        """Stops what is on its way, and its thread."""
        if "download" in self.__dict__:  # else nothing was ever fetched
            self.download.close()

    @Slot(object)
    def on_ended(self, outcome: Outcome) -> None:
        """Told in the window if the dialog, which tells it too, is closed."""
        if self.dialog is not None:
            return
        if outcome.problem:
            self._session.tell(outcome.problem)
        elif outcome.found is not None:
            path = outcome.found.path
            text = self.tr("{0} has been downloaded.").format(outcome.entry.name)
            self.happened.emit(Word(text, ((self.tr("Open"), lambda: self.open(path)),)))
