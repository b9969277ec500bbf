"""Icons: SVGs of one line weight, tinted with the theme's text colour; and colour swatches."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer

from fcn_studio import paths

SIZES = (16, 20, 24, 32, 40, 48)
INK = "#000000"  # the colour that the files are drawn in


def icon(name: str, ink: QColor, faint: QColor) -> QIcon:
    """The icon `resources/icons/<name>.svg` in the theme's ink; `faint` when it is disabled."""
    source = (paths.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for mode, colour in ((QIcon.Mode.Normal, ink), (QIcon.Mode.Disabled, faint)):
        renderer = QSvgRenderer(QByteArray(source.replace(INK, colour.name()).encode()))
        for size in SIZES:
            pixmap = QPixmap(size, size)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, size, size))
            painter.end()
            result.addPixmap(pixmap, mode)
    return result


def swatch(colour: Sequence[int], *, shown: bool = True) -> QIcon:
    """A class's colour; hollow when the class is hidden."""
    result = QIcon()
    fill = QColor(*colour)
    for size in (12, 16, 24, 32):
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        weight = size / 8
        edge = QColor(128, 128, 128)
        painter.setPen(QPen(edge if shown else fill, weight / 2 if shown else weight))
        painter.setBrush(fill if shown else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(weight, weight, size - 2 * weight, size - 2 * weight), weight, weight)
        painter.end()
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # Qt would tint the colour in a selected row
            result.addPixmap(pixmap, mode)
    return result
