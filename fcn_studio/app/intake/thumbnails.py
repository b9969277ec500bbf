"""Small pictures of photos, read by a thread of their own: the newest wish first, and the last ones kept."""

from __future__ import annotations

import logging
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QObject, QThread, Signal, Slot
from PySide6.QtGui import QImage

from fcn_studio.app.values.jobs import Photo
from fcn_studio.core.images.image import read_small
from fcn_studio.core.trace.trace_file import SUFFIX as TRACE
from fcn_studio.core.trace.trace_file import load_trace

logger = logging.getLogger(__name__)

THUMBNAIL = (192, 128)  # device pixels that a thumbnail fits in: width, height
PENDING = 200  # requests that wait; there are never more items on a screen
KEPT = 1000  # thumbnails, of 73 KB at most
LARGEST = 100_000_000  # pixels that are unpacked for a thumbnail


class Thumbnails(QObject):
    """Owns the thread. All methods are for the window's thread.

    Signals:
        ready: A request has ended. (Photo, QImage, or None if the photo cannot be read)
    """

    ready = Signal(object, object)  # Photo, QImage | None
    _wished = Signal(object)  # Photo

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pending: OrderedDict[Photo, None] = OrderedDict()  # oldest first
        self._made: OrderedDict[Photo, QImage | None] = OrderedDict()  # least recently used first
        self._reading: Photo | None = None
        self._closed = False
        self._thread = QThread()
        self._thread.setObjectName("thumbnails")
        self._reader = _Reader()
        self._reader.moveToThread(self._thread)
        self._wished.connect(self._reader.read)
        self._reader.done.connect(self.on_done)
        self._thread.start(QThread.Priority.LowPriority)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.isRunning()

    def get(self, photo: Photo) -> QImage | None:
        """The thumbnail, if it is there: RGB, of at most THUMBNAIL, upright."""
        if photo in self._made:
            self._made.move_to_end(photo)
        return self._made.get(photo)

    def request(self, photo: Photo) -> None:
        """Has a thumbnail made, unless it is there, or could not be; ends in `ready`.

        The newest request is served first; asking again for one that waits makes it the newest. Of more than PENDING
        the oldest are dropped without a word, and may be asked for again.
        """
        if self._closed or photo in self._made or photo is self._reading:
            return
        self._pending[photo] = None
        self._pending.move_to_end(photo)
        if len(self._pending) > PENDING:
            self._pending.popitem(last=False)
        self._next()

    def close(self) -> None:
        """Ends the thread; waits for the photo that is being read."""
        self._closed = True
        self._pending.clear()
        self._thread.quit()
        self._thread.wait()

    @Slot(object, object)
    def on_done(self, photo: Photo, image: QImage | None) -> None:
        """From the thread."""
        self._reading = None
        if self._closed:
            return
        self._made[photo] = image
        if len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.ready.emit(photo, image)
        self._next()

    def _next(self) -> None:
        if self._reading is None and self._pending:
            self._reading, _ = self._pending.popitem()
            self._wished.emit(self._reading)


class _Reader(QObject):
    """Lives in the thread; has one photo at a time, so that a newer wish never waits behind more than that."""

    done = Signal(object, object)  # Photo, QImage | None

    @Slot(object)
    def read(self, photo: Photo) -> None:
        image: QImage | None = None
        try:
            image = _to_qimage(_thumbnail(photo))
        except Exception:  # Pillow's plugins raise all kinds of errors, and the queue must go on
            logger.debug("no thumbnail of %s", photo.name, exc_info=True)
        self.done.emit(photo, image)


def _thumbnail(photo: Photo) -> Image.Image:
    if photo.pixels is not None:
        return _shrunk(photo.pixels)
    if photo.path is None:
        raise ValueError("neither a file nor pixels")
    if photo.path.suffix.lower() == TRACE:
        return _shrunk(load_trace(photo.path).image)
    return Image.fromarray(read_small(photo.path, THUMBNAIL, LARGEST))


def _shrunk(pixels: NDArray[np.uint8]) -> Image.Image:
    small = Image.fromarray(pixels)
    small.thumbnail(THUMBNAIL)
    return small


def _to_qimage(image: Image.Image) -> QImage:
    rgb = image.convert("RGB")
    data = rgb.tobytes()
    return QImage(data, rgb.width, rgb.height, 3 * rgb.width, QImage.Format.Format_RGB888).copy()
