"""A panel: a caption that says what is shown, and the canvas below it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from fcn_studio.app.appearance import PHOTO
from fcn_studio.app.icons import swatch
from fcn_studio.app.session import Shown
from fcn_studio.app.views.canvas import Canvas
from fcn_studio.app.views.rendering import PhotoRenderer
from fcn_studio.app.views.view_transform import ViewTransform

SIDE = 8  # pixels beside a caption
DEVICES = {"cpu": "CPU", "cuda": "GPU", "mps": "Apple GPU"}


def device_text(device: str, precision: str) -> str:
    """How captions and the status bar name a device: `CPU bf16`, `GPU 1 fp16`."""
    kind, _, number = device.partition(":")
    name = DEVICES.get(kind, device)
    words = (name, number, precision) if number not in ("", "0") else (name, precision)
    return "\N{NO-BREAK SPACE}".join(words)


class Panel(QFrame):
    """The photo, or one variant's mask over it.

    Attributes:
        name: `photo`, `32s`, `16s` or `8s`.
        canvas: The picture.
        class_mask: The variant's mask, or None.
    """

    def __init__(self, name: str, transform: ViewTransform, renderer: PhotoRenderer) -> None:
        super().__init__()
        self.name = name
        self.class_mask: NDArray[np.uint8] | None = None
        self._shown: Shown | None = None
        self.setObjectName(f"panel_{name}")
        self.canvas = Canvas(transform, renderer)
        self.canvas.setObjectName(f"canvas_{name}")
        self._title = QLabel(self.tr("Photo") if name == PHOTO else f"FCN-{name}")
        self._title.setProperty("role", "title")
        self._swatch = QLabel()
        self._readout = QLabel()
        self._readout.setObjectName(f"readout_{name}")
        self._origin = QLabel()
        self._origin.setObjectName(f"origin_{name}")
        self._origin.setProperty("role", "small")
        self._origin.setWordWrap(True)
        self._origin.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._origin.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        head = QHBoxLayout()
        head.setSpacing(6)
        for widget, stretch in ((self._title, 1), (self._swatch, 0), (self._readout, 0)):
            head.addWidget(widget, stretch)
        caption = QVBoxLayout()
        caption.setContentsMargins(SIDE, 4, SIDE, 6)
        caption.setSpacing(0)
        caption.addLayout(head)
        caption.addWidget(self._origin)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)  # the frame
        column.setSpacing(0)
        column.addLayout(caption)
        column.addWidget(self.canvas, 1)
        self.show_picture(None)

    def show_picture(self, shown: Shown | None) -> None:
        """Shows the photo, with this panel's mask if there is one."""
        self._shown = shown
        trace = shown.trace if shown else None
        self.class_mask = trace.mask(self.name) if trace and self.name in trace.variants else None
        message = ""
        if shown is not None and self.class_mask is None and self.name != PHOTO:
            message = self.tr("Segmenting…") if shown.pending else self.tr("No mask")
        self.canvas.set_picture(shown.levels if shown else None, self.class_mask, message)
        self._origin.setText(self._origin_text())
        self._origin.setToolTip(self._origin.text())
        self.set_pointer(None)
        self.setAccessibleName(f"{self._title.text()}, {self._origin.text()}" if shown else self._title.text())

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair and names what is under it."""
        self.canvas.set_crosshair(pixel)
        trace = self._shown.trace if self._shown else None
        self._swatch.setVisible(self.class_mask is not None and pixel is not None)
        if pixel is None:
            self._readout.clear()
        elif self.name == PHOTO:
            self._readout.setText(f"x {pixel[0]}, y {pixel[1]}")
        elif trace is not None and self.class_mask is not None:
            index = int(self.class_mask[pixel[1], pixel[0]])
            self._swatch.setPixmap(swatch(trace.labels.palette()[index].tolist()).pixmap(12, 12))
            self._readout.setText(trace.labels.classes[index])
        self.setAccessibleDescription(self._readout.text())

    def caption_height(self) -> int:
        """The height that the second line of the caption needs at this panel's width."""
        room = QRect(0, 0, max(self.width() - 2 * SIDE - 2, 1), 10_000)
        return (
            self._origin.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self._origin.text() or "X").height()
        )

    def set_caption_height(self, height: int) -> None:
        """Makes captions of one row equally high, so that pictures line up."""
        if self._origin.height() != height:
            self._origin.setFixedHeight(height)

    def _origin_text(self) -> str:
        if self._shown is None:
            return ""
        trace = self._shown.trace
        if self.name == PHOTO:
            height, width = self._shown.size
            return f"{self._shown.photo.name} · {width} \N{MULTIPLICATION SIGN} {height}"
        if trace is None:
            return self.tr("waiting for its mask") if self._shown.pending else self.tr("without a mask")
        origin = trace.provenance
        exits = len(trace.variants) > 1  # exits of one checkpoint are not nets of their own
        where = self.tr("exit of {0}") if exits else "{0}"
        return f"{where.format(origin.checkpoint)} · {device_text(origin.device, origin.precision)}"
