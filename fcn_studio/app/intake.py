"""How photos come in: dialogs, drops, the clipboard, samples. Ends in `Session.open_photos` or a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from fcn_studio.app.incoming import Incoming, can_take, from_mime, from_paths, samples
from fcn_studio.app.session import Session
from fcn_studio.app.settings import Settings
from fcn_studio.core.image import SUFFIXES


class Intake(QObject):
    """Brings photos to the session.

    Attributes:
        samples: Photos that come with the program.
    """

    def __init__(self, session: Session, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._window = window
        self.samples = samples()

    def ask_for_files(self) -> None:
        """File > Open."""
        patterns = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        files, _ = QFileDialog.getOpenFileNames(
            self._window,
            self.tr("Open photos"),
            str(self._settings.last_folder),
            ";;".join((self.tr("Images ({0})").format(patterns), self.tr("All files (*)"))),
        )
        if files:
            self._settings.last_folder = Path(files[0]).parent
            self.open_paths(Path(file) for file in files)

    def ask_for_folder(self) -> None:
        """File > Open Folder."""
        folder = QFileDialog.getExistingDirectory(
            self._window, self.tr("Open a folder of photos"), str(self._settings.last_folder)
        )
        if folder:
            self._settings.last_folder = Path(folder)
            self.open_paths([Path(folder)])

    def paste(self) -> None:
        """File > Paste."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is None or not can_take(mime):
            self._session.tell(self.tr("The clipboard holds neither a picture nor a file; copy one and paste again."))
            return
        self._open(from_mime(mime, self.tr("pasted picture")))

    def drop(self, mime: QMimeData) -> None:
        """Something was dropped on the window."""
        self._open(from_mime(mime, self.tr("dropped picture")))

    def open_paths(self, given: Iterable[Path]) -> None:
        """Opens files and folders."""
        self._open(from_paths(given))

    def open_samples(self, first: Path | None = None) -> None:
        """Opens the samples, all in the list, `first` on screen."""
        ordered = [first, *(path for path in self.samples if path != first)] if first else self.samples
        self.open_paths(ordered)

    def _open(self, incoming: Incoming) -> None:
        self._session.open_photos(incoming.photos)
        if incoming.refused:
            self._session.tell(" ".join(incoming.refused))
        elif not incoming.photos:
            self._session.tell(self.tr("There is no picture in what was dropped or pasted."))
