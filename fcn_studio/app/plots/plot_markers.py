"""The markers of variants in plots: a shape of its own for each, so that lines differ without their colours too."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPolygonF

from fcn_studio.core.graph.names import VARIANTS


def paint_marker(painter: QPainter, variant: str, point: QPointF, half: float) -> None:
    """Paints a square for 32s, a triangle for 16s, a diamond for 4s and a disc for all others.

    Args:
        painter: With the pen and brush to use.
        variant: Whose marker.
        point: Its middle.
        half: Half of its size, in pixels.
    """
    reach = half + 1
    corners = dict(
        zip(
            VARIANTS,
            (
                ((-half, -half), (half, -half), (half, half), (-half, half)),
                ((0, -reach), (-reach, half), (reach, half)),
                None,
                ((0, -reach), (reach, 0), (0, reach), (-reach, 0)),
            ),
            strict=True,
        )
    ).get(variant)
    if corners is not None:
        painter.drawPolygon(QPolygonF([point + QPointF(x, y) for x, y in corners]))
    else:
        painter.drawEllipse(point, half, half)
