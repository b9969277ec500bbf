"""What the probe marks on every picture: the pinned pixel or region, and the receptive fields of its score cells."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from fcn_studio.app.canvas.rendering import indexed_image, sample
from fcn_studio.app.canvas.view_transform import Placement
from fcn_studio.core.maps.contributions import LAYER_COLOURS as RGB_OF_LAYERS

Box = tuple[float, float, float, float]  # left, top, right, bottom on the photo, edges of pixels
OTHER = "#c8c8c8"  # of the only layer of a net that does not fuse scores
LAYER_COLOURS = {layer: "#{:02x}{:02x}{:02x}".format(*colour) for layer, colour in RGB_OF_LAYERS.items()}
HEAT = [min(value * 2, 230) << 24 | 0xFFE14D for value in range(256)]  # nothing, then ever more yellow


@dataclass(frozen=True, slots=True)
class Marks:
    """On the photo's coordinates.

    Attributes:
        pin: A pixel (x, y), or None.
        region: A rectangle instead of a pixel, or None.
        fields: Receptive fields by score layer.
        heat: (H, W) uint8 over the photo, or None: how much each pixel matters.
        heat_of: What the heat is of, by which it is known again.
    """

    pin: tuple[int, int] | None = None
    region: Box | None = None
    fields: tuple[tuple[str, Box], ...] = ()
    heat: NDArray[np.uint8] | None = field(default=None, compare=False)
    heat_of: object = None

    def paint(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        """Draws into a viewport whose screen has `ratio` pixels for one of Qt's."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.heat is not None:
            image = indexed_image(sample(self.heat, placement))
            if image is not None:
                image.setColorTable(HEAT)
                image.setDevicePixelRatio(ratio)
                left, top, _, _ = placement.visible()
                painter.drawImage(QPointF(left / ratio, top / ratio), image)
        for layer, box in self.fields:
            self._frame(painter, _on_view(box, placement, ratio), QColor(LAYER_COLOURS.get(layer, OTHER)))
        if self.region is not None:
            self._frame(painter, _on_view(self.region, placement, ratio), QColor(255, 255, 255))
        if self.pin is not None:
            x, y = placement.to_view(self.pin[0] + 0.5, self.pin[1] + 0.5)
            middle = QPointF(x / ratio, y / ratio)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for colour, width in ((QColor(0, 0, 0, 180), 4.0), (QColor(255, 255, 255), 2.0)):
                painter.setPen(QPen(colour, width))
                painter.drawEllipse(middle, 6, 6)

    @staticmethod
    def _frame(painter: QPainter, place: QRectF, colour: QColor) -> None:
        for line, width in ((QColor(0, 0, 0, 150), 4.0), (colour, 2.0)):
            painter.setPen(QPen(line, width))
            painter.drawRect(place)


def _on_view(box: Box, placement: Placement, ratio: float) -> QRectF:
    left, top = placement.to_view(box[0], box[1])
    right, bottom = placement.to_view(box[2], box[3])
    return QRectF(left / ratio, top / ratio, (right - left) / ratio, (bottom - top) / ratio)
