"""What was dropped or pasted, as photos: files and folders first, then picture data, then a path as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QMimeData, Qt
from PySide6.QtGui import QImage, QPainter

from fcn_studio import paths
from fcn_studio.app.jobs import Photo
from fcn_studio.core.image import list_images


@dataclass(frozen=True, slots=True)
class Incoming:
    """Photos to open.

    Attributes:
        photos: In the order given; folders by name.
        refused: A sentence for each thing that holds no photo.
    """

    photos: tuple[Photo, ...] = ()
    refused: tuple[str, ...] = ()


def can_take(mime: QMimeData) -> bool:
    """Whether something here can be opened."""
    return bool(_local_paths(mime)) or mime.hasImage()


def from_mime(mime: QMimeData, name: str) -> Incoming:
    """What a drop or the clipboard holds; `name` is for pixels that have none."""
    if found := _local_paths(mime):
        return from_paths(found)
    if mime.hasImage():
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return Incoming((Photo(name=name, pixels=to_pixels(image)),))
    return Incoming()


def from_paths(given: Iterable[Path]) -> Incoming:
    """Files as they are, folders as the images in them; one file by two spellings is one photo."""
    files: dict[Path, Path] = {}
    refused = []
    for path in given:
        found = [path]
        if path.is_dir():
            try:
                found = list_images(path) or list_images(path, recursive=True)
            except OSError as error:
                refused.append(_text("{0}: the folder cannot be read ({1}).").format(path, error.strerror))
                continue
            if not found:
                refused.append(_text("{0}: no images in this folder.").format(path))
        for file in found:
            files.setdefault(file.resolve(), file)
    return Incoming(tuple(Photo.from_path(path) for path in files.values()), tuple(refused))


def samples() -> list[Path]:
    """The sample photos that come with the program."""
    folder = paths.resources() / "samples"
    return list_images(folder) if folder.is_dir() else []


def to_pixels(image: QImage) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a Qt image; transparency is laid on white, as for files."""
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
        if text and "\n" not in text and len(text) < 4096 and Path(text).is_absolute() and Path(text).exists():
            found = [Path(text)]
    return found


def _text(source: str) -> str:
    return QCoreApplication.translate("Incoming", source)
