"""Ways out: export with its dialog, the view to a file, the clipboard; never over a file without asking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from fcn_studio.app.output.export_request import ExportRequest
from fcn_studio.app.output.exporter import Exporter, Outcome
from fcn_studio.app.output.overwrite import Overwrite, ask_to_overwrite
from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.values.word import Word
from fcn_studio.app.worker.background import Background
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import FcnStudioError


class OutputMenu(QObject):
    """Asks, then writes.

    Attributes:
        exporter: Writes in the background.

    Signals:
        happened: Something was written. (Word)
    """

    happened = Signal(object)  # Word

    def __init__(
        self,
        session: Session,
        settings: Settings,
        background: Background,
        language: Callable[[], str],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._background, self._language = background, language
        self._session = session
        self._settings = settings
        self._window = window
        self._last: ExportRequest | None = None
        self.exporter = Exporter(session, self)
        self.exporter.finished.connect(self.on_finished)

    def ask_what_to_export(self) -> None:
        """File > Export."""
        if self._session.list.current is None or not self._session.engine:
            return
        from fcn_studio.app.output.export_dialog import ExportDialog  # made when it is asked for

        dialog = ExportDialog(
            self._session.engine[0].variants,
            len(self._session.list.photos),
            self._settings.export_folder,
            self._window,
            last=self._last,
        )
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.export(dialog.request())
        dialog.deleteLater()

    def export(self, request: ExportRequest) -> None:
        """Writes results; asks before anything is replaced."""
        current = self._session.list.current
        photos = self._session.list.photos if request.everything else (current,) if current else ()
        planned = self.exporter.plan(request, photos)
        if not planned:
            return
        self._last, self._settings.export_folder = request, request.folder
        if existing := self.exporter.in_the_way(planned):
            answer = ask_to_overwrite(self._window, existing)
            if answer is Overwrite.CANCEL:
                return
            if answer is Overwrite.KEEP_BOTH:
                planned = self.exporter.beside(planned)
        self.exporter.start(planned)

    def ask_where_to_save_trace(self) -> None:
        """File > Save Trace: a file that this program opens again, or a page for any browser."""
        photo = self._session.list.current
        if photo is None:
            return
        file, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save the trace"),
            str(self._settings.export_folder / f"{Path(photo.name).stem}.fcntrace"),
            ";;".join((self.tr("Traces of FCN Studio (*.fcntrace)"), self.tr("Web pages (*.html)"))),
        )
        if file:
            self._settings.export_folder = Path(file).parent
            self.save_trace(Path(file))

    def save_trace(self, path: Path) -> None:
        """What is shown, with the colours that are seen: photo, score maps, masks."""
        shown = self._session.shown
        trace = shown.trace if shown is not None else None
        if trace is None or shown is None:
            return
        labels, name = self._session.presentation.appearance.dressed(trace.labels), shown.photo.name
        language = self._language()
        from fcn_studio.core.trace.trace_file import save_trace  # what writes files waits until one is asked for
        from fcn_studio.core.trace.trace_page import save_page

        def write(token: CancelToken) -> Path:
            if path.suffix.lower() in (".html", ".htm"):
                save_page(trace, path, labels=labels, title=name, language=language)
            else:
                save_trace(trace, path, labels=labels)
            return path

        self._background.ask(f"save {path}", write, self._on_trace_saved)

    def _on_trace_saved(self, path: object) -> None:
        self.happened.emit(Word(self.tr("The trace was saved as {0}.").format(path)))

    def ask_where_to_save_view(self, view: QWidget) -> None:
        """File > Save View."""
        photo = self._session.list.current
        name = f"{Path(photo.name).stem}_view.png" if photo else "view.png"
        file, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save the view"),
            str(self._settings.export_folder / name),
            ";;".join((self.tr("PNG (*.png)"), self.tr("SVG (*.svg)"), self.tr("PDF (*.pdf)"))),
        )
        if file:
            self._settings.export_folder = Path(file).parent
            self.save_view(view, Path(file))

    def save_view(self, view: QWidget, path: Path) -> None:
        """The panels as they are on screen."""
        from fcn_studio.app.output.view_export import save_view  # as above

        try:
            save_view(view, path)
        except FcnStudioError as error:
            self._session.tell(str(error))
            return
        self.happened.emit(Word(self.tr("The view was saved as {0}.").format(path)))

    def copy_view(self, view: QWidget) -> None:
        """File > Copy View."""
        from fcn_studio.app.output.view_export import copy_view  # as above

        copy_view(view)
        self.happened.emit(Word(self.tr("The view was copied.")))

    @Slot(object)
    def copy_path(self, photo: Photo | None) -> None:
        """File > Copy Path."""
        if photo is not None and photo.path is not None:
            QGuiApplication.clipboard().setText(str(photo.path))
            self.happened.emit(Word(self.tr("{0} was copied.").format(photo.path)))

    @Slot(object)
    def on_finished(self, outcome: Outcome) -> None:
        """An export has ended."""
        text = self.tr("{0} files written to {1}.").format(outcome.files, outcome.folder)
        if outcome.stopped:
            text = self.tr("Stopped. {0}").format(text)

        def open_folder() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(outcome.folder)))

        self.happened.emit(Word(text, ((self.tr("Open Folder"), open_folder),) if outcome.files else ()))
        if outcome.failures:
            more = len(outcome.failures) - 1
            first = outcome.failures[0]
            self._session.tell(self.tr("{0} And {1} more failed.").format(first, more) if more else first)
