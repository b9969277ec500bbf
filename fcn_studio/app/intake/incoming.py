"""What a drop or the clipboard holds: files and folders first, then pixels, then links to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColorSpace, QImage, QPainter

SCHEMES = ("http", "https", "data")
LONGEST_PATH = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """Things to open; of the three only one is filled.

    Attributes:
        paths: Files and folders.
        pixels: (H, W, 3) uint8 RGB of a picture that has no file, or None.
        links: To pictures on the web, best first.
    """

    paths: tuple[Path, ...] = ()
    pixels: NDArray[np.uint8] | None = None
    links: tuple[QUrl, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.paths or self.links) or self.pixels is not None


def can_take(mime: QMimeData) -> bool:
    """Whether something here can be opened; asked for each drag, so pixels are not looked at."""
    return bool(_local_paths(mime)) or mime.hasImage() or bool(_links(mime))


def from_mime(mime: QMimeData) -> Incoming:
    """What can be opened of it. Pixels win over links: they are what the person saw, and need no network."""
    if found := _local_paths(mime):
        return Incoming(paths=tuple(found))
    if mime.hasImage():
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return Incoming(pixels=to_pixels(image))
    return Incoming(links=_links(mime))


def to_pixels(image: QImage) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB of a Qt image; transparency is laid on white, as for files."""
    space, usual = image.colorSpace(), QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    if space.isValid() and space != usual:
        image = image.convertedToColorSpace(usual, QImage.Format.Format_ARGB32)
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(Qt.GlobalColor.white)
    painter = QPainter(flat)
    image.setDevicePixelRatio(1)
    painter.drawImage(0, 0, image)
    painter.end()
    return np.ascontiguousarray(qimage2ndarray.rgb_view(flat))


def _local_paths(mime: QMimeData) -> list[Path]:
    found = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if not found and mime.hasText() and not mime.hasImage():
        text = mime.text().strip()
        if text and "\n" not in text and len(text) < LONGEST_PATH and Path(text).is_absolute() and Path(text).exists():
            found = [Path(text)]
    return found


def _links(mime: QMimeData) -> tuple[QUrl, ...]:
    """A picture's own address, from the page's markup, before the address of the page that it links to."""
    given: list[QUrl] = []
    if mime.hasHtml():
        sources = _Sources()
        sources.feed(mime.html())
        given += [QUrl(source) for source in sources.found]
    given += mime.urls()
    if not given and mime.hasText():
        text = mime.text().strip()
        if " " not in text and "\n" not in text:
            given = [QUrl(text)]
    return _distinct([url for url in given if url.isValid() and url.scheme() in SCHEMES])


def _distinct(urls: Sequence[QUrl]) -> tuple[QUrl, ...]:
    return tuple({url.toString(): url for url in urls}.values())


class _Sources(HTMLParser):
    """Collects what `img` elements show."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src")
        if tag == "img" and source:
            self.found.append(source)
