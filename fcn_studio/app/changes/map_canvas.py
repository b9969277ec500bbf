"""The canvas of the Changes view: a map over the photo, or boundaries as lines one screen pixel wide."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QResizeEvent, QShowEvent

from fcn_studio.app.canvas.canvas import Canvas
from fcn_studio.app.canvas.layers import Layers, Mask
from fcn_studio.app.canvas.plot_colours import VARIANT_COLOURS
from fcn_studio.app.canvas.rendering import PhotoRenderer, indexed_image, sample
from fcn_studio.app.canvas.view_transform import Placement, ViewTransform
from fcn_studio.app.values.pyramid import Levels

FADED = QColor(205, 205, 205, 120)  # over the grey photo, for dark classes to stand out as bright ones do
DIMMED = QColor(0, 0, 0, 150)  # over the faded photo, for lines to stand out


class FadedRenderer(PhotoRenderer):
    """Grey photos with less contrast, as a ground for maps."""

    def __init__(self) -> None:
        super().__init__()
        self._faded: tuple[Levels, Placement, QImage | None] | None = None

    def render(self, levels: Levels, placement: Placement, *, grey: bool = False) -> QImage | None:
        """As `PhotoRenderer` does; in grey, faded."""
        if not grey:
            return super().render(levels, placement)
        if self._faded is None or self._faded[0] is not levels or self._faded[1] != placement:
            image = super().render(levels, placement, grey=True)
            if image is not None:
                image = image.convertToFormat(QImage.Format.Format_RGB32)
                image.setDevicePixelRatio(1)
                painter = QPainter(image)
                painter.fillRect(image.rect(), FADED)
                painter.end()
            self._faded = levels, placement, image
        return self._faded[2]


class _MapLayers(Layers):
    """Codes of a map are no class indices, and are not printed in its pixels."""

    def _paint_indices(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        return


def edges(indices: NDArray[np.uint8], void: int, width: int = 1) -> NDArray[np.bool_]:
    """(h, w) bool: where two classes meet, a line `width` pixels wide on the lower right side of the border.

    Void meets nothing.
    """
    found = np.zeros(indices.shape, dtype=np.bool_)
    labelled = indices != void
    across = (indices[:, 1:] != indices[:, :-1]) & labelled[:, 1:] & labelled[:, :-1]
    down = (indices[1:] != indices[:-1]) & labelled[1:] & labelled[:-1]
    for shift in range(width):
        end_x, end_y = across.shape[1] - shift, down.shape[0] - shift
        found[:, 1 + shift :] |= across[:, :end_x] if end_x > 0 else False
        found[1 + shift :] |= down[:end_y] if end_y > 0 else False
    return found


class MapCanvas(Canvas):
    """A canvas whose size is the one that photos are fitted into, while it is seen."""

    def __init__(self, transform: ViewTransform) -> None:
        renderer = FadedRenderer()
        super().__init__(transform, renderer)
        self.layers = _MapLayers(renderer)
        self._masks: dict[str, Mask] = {}
        self._void = 255
        self._on: tuple[str, ...] = ()
        self._lines: QImage | None = None
        self._lines_at: Placement | None = None

    def set_boundaries(self, masks: Mapping[str, Mask], void: int, on: tuple[str, ...]) -> None:
        """Draws the class boundaries of masks over the dimmed photo.

        Args:
            masks: (H, W) by panel kind, in the order in which they are drawn; empty for no lines.
            void: The value that makes no boundary.
            on: Those that are switched on.
        """
        self._masks, self._void, self._on = dict(masks), void, on
        self._lines_at = None
        self.update()

    def _paint_layers(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        super()._paint_layers(painter, placement, ratio)
        if not self._masks:
            return
        corner = QPointF(placement.visible()[0] / ratio, placement.visible()[1] / ratio)
        if placement != self._lines_at:
            self._lines, self._lines_at = self._line_image(placement, max(round(ratio), 1)), placement
        if self._lines is not None:
            self._lines.setDevicePixelRatio(ratio)
            painter.drawImage(corner, self._lines)

    def _line_image(self, placement: Placement, width: int) -> QImage | None:
        codes: NDArray[np.uint8] | None = None
        for number, (kind, mask) in enumerate(self._masks.items(), start=1):
            if kind not in self._on:
                continue
            seen = sample(mask, placement)
            codes = np.zeros(seen.shape, dtype=np.uint8) if codes is None else codes
            codes[edges(seen, self._void, width)] = number
        if codes is None:
            left, top, right, bottom = placement.visible()
            codes = np.zeros((max(bottom - top, 0), max(right - left, 0)), dtype=np.uint8)
        image = indexed_image(codes)
        if image is not None:
            image.setColorTable([DIMMED.rgba(), *(QColor(*VARIANT_COLOURS[kind]).rgba() for kind in self._masks)])
        return image

    def _claim(self) -> None:
        if self.isVisible():
            ratio = self.devicePixelRatioF()
            self._transform.set_viewport(round(self.width() * ratio), round(self.height() * ratio))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A fitted photo follows."""
        super().resizeEvent(event)
        self._claim()

    def showEvent(self, event: QShowEvent) -> None:
        """A fitted photo follows."""
        super().showEvent(event)
        self._claim()
