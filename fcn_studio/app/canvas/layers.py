"""What one canvas draws, layer by layer: photo, mask or what is left of it, hatching, grid and class indices.

Everything is sampled for the screen's own pixels: the work follows the size of the window and not of the photo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from fcn_studio.app.canvas.rendering import PhotoRenderer, hatch, indexed_image, outlined, places, sample, stripes
from fcn_studio.app.canvas.view_transform import Placement
from fcn_studio.app.values.appearance import ColourTable
from fcn_studio.app.values.pyramid import Levels

Mask = NDArray[np.uint8]
LiveMask = Callable[[NDArray[np.intp], NDArray[np.intp]], Mask]

GRID_FROM = 12.0  # zoom from which the photo's pixels are ruled off
INDICES_FROM = 32.0  # zoom from which class indices are printed in the mask's pixels


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What there is to draw.

    Attributes:
        levels: The photo, or None for nothing.
        mask: (H, W) class indices, or None for the photo alone.
        against: Another mask: only pixels where `mask` differs from it are drawn.
        against_void: Pixels of `against` with this value are left out.
        confidence: (H, W) winning probability of `mask`, 255 for 1.
        clear: The mask value that is never drawn.
        live: Gives the mask of some rows and columns of the photo, in place of `mask`, at the moment it is drawn.
        grey: Whether the photo is drawn without its colours, so that those of the mask stand out.
    """

    levels: Levels | None = None
    mask: Mask | None = None
    against: Mask | None = None
    against_void: int | None = None
    confidence: Mask | None = None
    clear: int = 255
    live: LiveMask | None = None
    grey: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How it is drawn.

    Attributes:
        colours: Of mask values.
        outlines: Whether only borders between classes are drawn.
        cutoff: Pixels with a probability below it are hatched; 0 to 1.
    """

    colours: ColourTable = field(default_factory=tuple)
    outlines: bool = False
    cutoff: float = 0.0


class Layers:
    """Draws a content; samples again only when content, place or the kind of drawing has changed."""

    def __init__(self, renderer: PhotoRenderer) -> None:
        self._renderer = renderer
        self.content = Content()
        self.look = Look()
        self._picture: QImage | None = None  # photo and mask, while neither they nor their place change
        self._picture_key: tuple[Placement, Look] | None = None
        self._mask_image: QImage | None = None
        self._mask_key: tuple[Placement, bool] | None = None
        self._confidence: Mask | None = None
        self._confidence_at: Placement | None = None
        self._stripes: Mask | None = None

    def set_content(self, content: Content) -> None:
        """Other pictures."""
        self.content = content
        self._mask_key = self._picture_key = self._confidence_at = None

    def set_look(self, look: Look) -> None:
        """Other colours or cut-off: the masks stay as they are."""
        self.look = look
        if self._mask_image is not None:
            self._mask_image.setColorTable(look.colours)

    def paint(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        """Draws into a viewport whose screen has `ratio` pixels for one of Qt's."""
        if self.content.levels is None:
            return
        corner = QPointF(placement.visible()[0] / ratio, placement.visible()[1] / ratio)
        for image in (self._photo_and_mask(placement), self._hatching(placement, ratio)):
            if image is not None:
                image.setDevicePixelRatio(ratio)
                painter.drawImage(corner, image)
        self._paint_grid(painter, placement, ratio)
        self._paint_indices(painter, placement, ratio)

    def _photo_and_mask(self, placement: Placement) -> QImage | None:
        levels = self.content.levels
        key = (placement, replace(self.look, cutoff=0.0))
        if levels is None or key == self._picture_key:
            return self._picture
        self._picture = self._renderer.render(levels, placement, grey=self.content.grey)
        self._picture_key = key
        mask = self.mask_image(placement)
        if self._picture is not None and mask is not None:
            self._picture = self._picture.convertToFormat(QImage.Format.Format_RGB32)
            self._picture.setDevicePixelRatio(1)
            mask.setDevicePixelRatio(1)
            painter = QPainter(self._picture)
            painter.drawImage(0, 0, mask)
            painter.end()
        return self._picture

    def mask_image(self, placement: Placement) -> QImage | None:
        """The visible part of the mask as an indexed image with the look's colours."""
        content = self.content
        if content.mask is None and content.live is None:
            return None
        key = (placement, self.look.outlines)
        if self._mask_key != key:
            indices = self._indices(placement)
            if content.against is not None:
                other = sample(content.against, placement)
                same = indices == other
                if content.against_void is not None:
                    same |= other == content.against_void
                indices = np.where(same, np.uint8(content.clear), indices)
            if self.look.outlines:
                indices = outlined(indices, content.clear)
            self._mask_image = indexed_image(indices)
            self._mask_key = key
            if self._mask_image is not None:
                self._mask_image.setColorTable(self.look.colours)
        return self._mask_image

    def _indices(self, placement: Placement) -> Mask:
        content = self.content
        if content.live is not None:
            return content.live(*places(placement))
        return sample(content.mask, placement) if content.mask is not None else np.empty((0, 0), np.uint8)

    def _hatching(self, placement: Placement, ratio: float) -> QImage | None:
        content = self.content
        if content.confidence is None or self.look.cutoff <= 0:
            return None
        if self._confidence is None or self._confidence_at != placement:
            self._confidence, self._confidence_at = sample(content.confidence, placement), placement
            self._stripes = stripes(self._confidence.shape, placement.visible()[:2], ratio)
        return None if self._stripes is None else hatch(self._confidence < self.look.cutoff * 255, self._stripes)

    def _paint_grid(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        if placement.zoom < GRID_FROM:
            return
        left, top, right, bottom = placement.visible()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(0, 0, 0, 60), 1 / ratio))
        first, last = (int(edge) for edge in (placement.to_image(left, 0)[0], placement.to_image(right, 0)[0]))
        for column in range(first + 1, last + 1):
            x = round(placement.to_view(column, 0)[0]) / ratio
            painter.drawLine(QPointF(x, top / ratio), QPointF(x, bottom / ratio))
        first, last = (int(edge) for edge in (placement.to_image(0, top)[1], placement.to_image(0, bottom)[1]))
        for row in range(first + 1, last + 1):
            y = round(placement.to_view(0, row)[1]) / ratio
            painter.drawLine(QPointF(left / ratio, y), QPointF(right / ratio, y))

    def _paint_indices(self, painter: QPainter, placement: Placement, ratio: float) -> None:
        """The class index in each pixel of the mask, once there is room for it."""
        zoom = placement.zoom / ratio
        if self.content.mask is None or zoom < INDICES_FROM:
            return
        left, top, right, bottom = placement.visible()
        first = placement.to_image(left, top)
        last = placement.to_image(right - 1, bottom - 1)
        for row in range(int(first[1]), int(last[1]) + 1):
            for column in range(int(first[0]), int(last[0]) + 1):
                x, y = (edge / ratio for edge in placement.to_view(column, row))
                text = str(self.content.mask[row, column])
                for shift, colour in ((1, QColor(0, 0, 0, 200)), (0, QColor(255, 255, 255))):
                    painter.setPen(colour)  # white on a dark shadow can be read on every class colour
                    cell = QRectF(x + shift, y + shift, zoom, zoom)
                    painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
