"""How a photo of the film strip is drawn: its thumbnail with a badge for its state, and its name."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fcn_studio.app.intake.film_strip_model import IS_CURRENT, STATUS
from fcn_studio.app.values.photo_status import PhotoState, PhotoStatus
from fcn_studio.app.widgets.theme import DARK, LIGHT, TYPE_SCALE

PICTURE = QSizeF(84, 56)  # logical pixels that the thumbnail fits in
MARGIN = 5.0  # around picture and name; the focus frame lies in it
GAP = 3.0  # between picture and name
RADIUS = 4.0
BADGE = 15.0
DONE = {False: QColor("#2c7a3f"), True: QColor("#7bd08d")}  # by whether the theme is dark


class FilmStripDelegate(QStyledItemDelegate):
    """Cells of one size; colours are those of the view's palette."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All cells are of one size."""
        return cell_size(option.font)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draws a photo's cell."""
        cell = QRectF(QPointF(option.rect.topLeft()), QSizeF(cell_size(option.font)))
        cell.moveCenter(QRectF(option.rect).center())  # the view stretches cells while it has no scroll bar
        palette = option.palette
        status = index.data(STATUS)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        _draw_ground(painter, cell.adjusted(1, 1, -1, -1), option.state, palette)
        picture = QRectF(cell.x() + MARGIN, cell.y() + MARGIN, cell.width() - 2 * MARGIN, PICTURE.height())
        frame = _draw_picture(painter, picture, index.data(Qt.ItemDataRole.DecorationRole), palette)
        if index.data(IS_CURRENT):
            painter.setPen(QPen(palette.highlight().color(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(-1, -1, 1, 1), RADIUS + 1, RADIUS + 1)
        if isinstance(status, PhotoStatus):
            corner = QPointF(frame.right() - BADGE - 2, frame.top() + 2)
            _draw_badge(painter, QRectF(corner, QSizeF(BADGE, BADGE)), status.state, palette)
        _draw_name(painter, cell, index.data(Qt.ItemDataRole.DisplayRole), option.font, palette)
        painter.restore()


def cell_size(font: QFont) -> QSize:
    """The size of every cell, in logical pixels, for the view's font."""
    height = 2 * MARGIN + PICTURE.height() + GAP + QFontMetrics(_small(font)).height()
    return QSize(round(PICTURE.width() + 2 * MARGIN), round(height))


def _small(font: QFont) -> QFont:
    small = QFont(font)
    if font.pointSizeF() > 0:  # a font may be given in pixels
        small.setPointSizeF(font.pointSizeF() * TYPE_SCALE["small"])
    return small


def _dark(palette: QPalette) -> bool:
    return palette.text().color().lightness() > palette.base().color().lightness()


def _draw_ground(painter: QPainter, cell: QRectF, state: QStyle.StateFlag, palette: QPalette) -> None:
    fill = None
    if state & QStyle.StateFlag.State_Selected:
        fill = QColor(palette.highlight().color())
        fill.setAlpha(90 if _dark(palette) else 50)
    elif state & QStyle.StateFlag.State_MouseOver:
        fill = QColor(palette.text().color())
        fill.setAlpha(24)
    focus = bool(state & QStyle.StateFlag.State_HasFocus)
    painter.setPen(QPen(palette.text().color(), 1, Qt.PenStyle.DotLine) if focus else Qt.PenStyle.NoPen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(cell.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


def _draw_picture(painter: QPainter, place: QRectF, image: object, palette: QPalette) -> QRectF:
    """Draws the thumbnail, or a grey field while there is none; returns where it lies."""
    size = QSizeF(image.size()) if isinstance(image, QImage) else QSizeF(PICTURE)
    size.scale(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    frame = QRectF(QPointF(), size)
    frame.moveCenter(place.center())
    outline = QPainterPath()
    outline.addRoundedRect(frame, RADIUS, RADIUS)
    if isinstance(image, QImage):
        painter.save()
        painter.setClipPath(outline)
        painter.drawImage(frame, image)
        painter.restore()
    else:
        painter.fillPath(outline, palette.mid())
    return frame


def _draw_name(painter: QPainter, cell: QRectF, name: object, font: QFont, palette: QPalette) -> None:
    small = _small(font)
    metrics = QFontMetrics(small)
    line = QRectF(cell.left() + 2, cell.bottom() - MARGIN - metrics.height(), cell.width() - 4, metrics.height())
    text = metrics.elidedText(str(name), Qt.TextElideMode.ElideMiddle, int(line.width()))
    painter.setFont(small)
    painter.setPen(palette.text().color())
    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)


def _draw_badge(painter: QPainter, place: QRectF, state: PhotoState, palette: QPalette) -> None:
    """Each state has a shape of its own; a disc under it keeps it apart from the photo."""
    dark = _dark(palette)
    base = palette.base().color()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(base)
    painter.drawEllipse(place)
    middle = place.center()
    ring = QRectF(0, 0, BADGE - 6, BADGE - 6)
    ring.moveCenter(middle)
    match state:
        case PhotoState.WAITING:
            painter.setPen(QPen(palette.placeholderText().color(), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(ring.adjusted(1, 1, -1, -1))
        case PhotoState.RUNNING:
            accent = palette.highlight().color()
            painter.setBrush(accent)
            painter.drawPie(ring, 90 * 16, -180 * 16)
            painter.setPen(QPen(accent, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(ring)
        case PhotoState.DONE:
            pen = QPen(DONE[dark], 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            points = [middle + QPointF(-3.5, 0.25), middle + QPointF(-1, 2.75), middle + QPointF(3.75, -2.75)]
            painter.drawPolyline(QPolygonF(points))
        case PhotoState.FAILED:
            alarm = QColor((DARK if dark else LIGHT)["alarm_edge"])
            painter.setBrush(alarm)
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(QPen(base, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QLineF(middle + QPointF(0, -4), middle + QPointF(0, 0.75)))
            painter.drawPoint(middle + QPointF(0, 4))
