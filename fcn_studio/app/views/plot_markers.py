"""The markers of variants in plots: a shape of its own for each, so that lines differ without their colours too."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPolygonF


def paint_marker(painter: QPainter, variant: str, point: QPointF, half: float) -> None:
    """Paints a square for 32s, a triangle for 16s and a disc for all others.

    Args:
        painter: With the pen and brush to use.
        variant: Whose marker.
        point: Its middle.
        half: Half of its size, in pixels.
    """
    if variant == "32s":
        painter.drawRect(QRectF(point.x() - half, point.y() - half, 2 * half, 2 * half))
    elif variant == "16s":
        corners = ((0, -half - 1), (-half - 1, half), (half + 1, half))
        painter.drawPolygon(QPolygonF([point + QPointF(x, y) for x, y in corners]))
    else:
        painter.drawEllipse(point, half, half)
