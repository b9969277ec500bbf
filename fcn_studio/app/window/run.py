"""Starting the window: the application, its looks, the window, and only then the engine."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEventLoop, QMessageLogContext, QSettings, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from fcn_studio.app.session.net_choice import remembered
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import EngineChoice
from fcn_studio.app.widgets.language import Language
from fcn_studio.app.widgets.theme import Scheme, Theme
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.worker.garbage import WindowThreadCollector
from fcn_studio.app.worker.inference import Inference
from fcn_studio.core.catalog.embedded import DEFAULT
from fcn_studio.core.errors import ImageError, OutputError
from fcn_studio.core.files import whole_file

logger = logging.getLogger(__name__)

PICTURE_SIZE = (1440, 900)
SETTLE_MS = 100
POLL_MS = 20
QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def main(paths: list[Path], *, weights: str | None, device: str, precision: str, backend: str = "auto") -> int:
    """Opens the window on the photos, or on the samples if none are named; returns when it is closed.

    Without `weights` it takes the checkpoints that the user chose last.
    """
    application = _application()
    collector = WindowThreadCollector(application)
    settings = Settings()
    theme = Theme(application, settings.scheme)
    open_first = remembered(settings) if weights is None else (weights,)
    choice = EngineChoice(open_first, device, precision, backend=backend)
    window = MainWindow(Inference(), choice, settings, theme, Language(application, settings.language))
    window.session.engine_changed.connect(collector.forget_imports)
    signal.signal(signal.SIGINT, lambda *_: application.quit())  # the collector's timer lets Python hear it
    window.show()
    QTimer.singleShot(0, window, lambda: _begin(window, paths))  # once the window is on screen
    return application.exec()


def picture(
    paths: list[Path],
    output: Path,
    *,
    weights: str | None,
    device: str,
    precision: str,
    backend: str = "auto",
    size: tuple[int, int] = PICTURE_SIZE,
) -> str:
    """Saves a picture of the window with the first photo segmented, for machines without a display.

    Returns:
        Why a run that was opened has no photo to show, in words; its panel is on the picture. Empty where all is well.

    Raises:
        ImageError: There is no photo, or it cannot be segmented.
        OutputError: The picture cannot be written.
    """
    application = _application()
    with tempfile.TemporaryDirectory() as folder:
        # Fresh settings: the picture is the same everywhere and leaves no trace in the user's own.
        settings = Settings(QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat))
        theme = Theme(application, Scheme.LIGHT)
        choice = EngineChoice((weights or DEFAULT,), device, precision, backend=backend)
        window = MainWindow(Inference(), choice, settings, theme, Language(application, "en"))
        problems: list[str] = []
        window.session.problem_found.connect(problems.append)
        window.resize(*size)
        window.show()
        try:
            _begin(window, paths)
            loop = QEventLoop()
            done = QTimer(loop)
            done.timeout.connect(lambda: None if window.busy else loop.quit())
            done.start(POLL_MS)
            loop.exec()
            settled = QEventLoop()
            QTimer.singleShot(SETTLE_MS, settled, settled.quit)  # layouts follow their new texts
            settled.exec()
            shown, grab, lacking = window.session.shown, window.grab(), window.lacking
        finally:
            window.close()
        if (shown is None or shown.trace is None) and not lacking:
            raise ImageError(next((sentence for sentence in problems if sentence), "There is no photo to show."))
    with whole_file(output) as temporary:
        if not grab.save(str(temporary), "PNG"):
            raise OutputError(f"{output} could not be written; choose another folder or free some space.")
    return lacking


def _begin(window: MainWindow, paths: list[Path]) -> None:
    if paths:
        window.intake.open_paths(paths)
    elif window.intake.samples:
        window.open_samples()
    window.start()


def _application() -> QApplication:
    qInstallMessageHandler(_log_qt_message)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("fcn-studio")
    application.setApplicationDisplayName("FCN Studio")
    application.setOrganizationName("fcn-studio")
    return application


def _log_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Qt's own messages go where ours go."""
    level = logging.DEBUG if "propagateSizeHints" in message else QT_LEVELS.get(kind, logging.WARNING)
    logging.getLogger("qt").log(level, "%s", message)  # the one set apart: offscreen windows say it each time
