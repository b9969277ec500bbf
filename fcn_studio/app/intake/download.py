"""Pictures from the web, fetched into a temporary folder that goes with the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, QUrl, Signal, Slot
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkReply, QNetworkRequest

from fcn_studio.core.images.image_formats import MEDIA_SUFFIXES

MAX_BYTES = 200 << 20
TIMEOUT_MS = 30_000


class Download(QObject):
    """Fetches the first of some links that is a picture.

    Signals:
        started: The network is asked. (host name)
        fetched: It is here. (Path)
        failed: None of them is a picture, or none could be had. (one sentence)
    """

    started = Signal(str)
    fetched = Signal(object)  # Path
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._network = QNetworkAccessManager(self)
        self._folder: QTemporaryDir | None = None
        self._count = 0
        self._links: list[QUrl] = []
        self._reply: QNetworkReply | None = None
        self._problem = ""

    @property
    def busy(self) -> bool:
        """Whether the network is being asked."""
        return self._reply is not None

    def fetch(self, links: tuple[QUrl, ...]) -> None:
        """Fetches; what was being fetched is given up: the newest wish wins."""
        self.cancel()
        self._links, self._problem = list(links), ""
        self._next()

    def cancel(self) -> None:
        """Stops quietly."""
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.finished.disconnect(self._on_finished)
            reply.abort()
            reply.deleteLater()

    def _next(self) -> None:
        if not self._links:
            self.failed.emit(self._problem or self.tr("There is no picture behind this link."))
            return
        request = QNetworkRequest(self._links.pop(0))
        request.setTransferTimeout(TIMEOUT_MS)
        request.setAttribute(
            QNetworkRequest.Attribute.RedirectPolicyAttribute,
            QNetworkRequest.RedirectPolicy.NoLessSafeRedirectPolicy,
        )
        request.setHeader(QNetworkRequest.KnownHeaders.UserAgentHeader, "FCN Studio")
        self.started.emit(request.url().host())
        self._reply = self._network.get(request)
        self._reply.downloadProgress.connect(self._on_progress)
        self._reply.finished.connect(self._on_finished)

    @Slot("qint64", "qint64")
    def _on_progress(self, received: int, total: int) -> None:
        if max(received, total) > MAX_BYTES and self._reply is not None:
            self._problem = self.tr("{0}: over {1} MB; download it yourself and open the file.").format(
                self._reply.url().host(), MAX_BYTES >> 20
            )
            self._reply.abort()

    @Slot()
    def _on_finished(self) -> None:
        reply, self._reply = self._reply, None
        if reply is None:
            return
        name = reply.url().fileName() or reply.url().host() or "picture"
        kind = str(reply.header(QNetworkRequest.KnownHeaders.ContentTypeHeader) or "").partition(";")[0].strip().lower()
        if reply.error() is not QNetworkReply.NetworkError.NoError:
            where = reply.url().host()
            self._problem = self._problem or self.tr("{0}: the picture could not be fetched ({1}).").format(
                where, reply.errorString()
            )
        elif kind not in MEDIA_SUFFIXES:
            self._problem = self.tr("{0} is not a picture but {1}; drop the picture itself.").format(
                name, kind or self.tr("unknown")
            )
        else:
            self._keep(name, MEDIA_SUFFIXES[kind], reply)
            reply.deleteLater()
            return
        reply.deleteLater()
        self._next()

    def _keep(self, name: str, suffix: str, reply: QNetworkReply) -> None:
        if self._folder is None:
            self._folder = QTemporaryDir()
        self._count += 1
        folder = Path(self._folder.filePath(str(self._count)))  # one each, so that equal names do not meet
        safe = "".join(letter for letter in Path(name).stem if letter.isalnum() or letter in "-_. ")[:80] or "picture"
        path = folder / f"{safe}{suffix}"
        try:
            folder.mkdir(parents=True)
            path.write_bytes(reply.readAll().data())
        except OSError as error:
            self.failed.emit(self.tr("{0} could not be kept ({1}); free some space.").format(name, error.strerror))
            return
        self.fetched.emit(path)
