"""Mean IU over the gains of both skips, as filled contours with value lines."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fcn_studio.app.canvas.plot_colours import sequential
from fcn_studio.app.canvas.rendering import indexed_image
from fcn_studio.app.plots.read_plot import ReadPlot

STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # percent, between two value lines
MOST_BANDS = 9
LINE, NOTHING = 254, 255  # codes of the picture, beside those of the bands
GAP = 8.0
BAR = 14.0  # width of the colour bar


def enlarged(values: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """(n, m) values at the corners of a (height, width) picture and evenly between them, bilinearly."""
    down = np.linspace(0, values.shape[0] - 1, height)
    across = np.linspace(0, values.shape[1] - 1, width)
    columns = np.stack([np.interp(down, np.arange(values.shape[0]), column) for column in values.T], axis=1)
    return np.stack([np.interp(across, np.arange(values.shape[1]), row) for row in columns])


class GainPadPlot(ReadPlot):
    """Gain of score_pool3 to the right, of score_pool4 upwards; the pointer or the arrow keys name the values.

    Signals:
        gains_chosen: A click, or Enter, wants the mask with these. (gain of score_pool4, gain of score_pool3)
    """

    gains_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gains: tuple[float, ...] = ()
        self._percent: NDArray[np.float64] = np.zeros((0, 0))
        self._marked: tuple[int, int] | None = None  # row, column
        self.setObjectName("gain_pad_plot")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Mean IU over the gains of both skips"))

    def set_surface(self, gains: tuple[float, ...], mean_iu: NDArray[np.float64]) -> None:
        """What to draw: (n, n) mean IU from 0 to 1, rows for gains of score_pool4, columns for score_pool3."""
        self._gains, self._percent = gains, 100 * mean_iu
        self._mark(None)

    @property
    def best(self) -> tuple[int, int] | None:
        """Row and column of the highest mean IU; None where there is none."""
        if not np.isfinite(self._percent).any():
            return None
        row, column = np.unravel_index(int(np.nanargmax(self._percent)), self._percent.shape)
        return int(row), int(column)

    @property
    def own(self) -> tuple[int, int] | None:
        """Row and column of the net as it is."""
        if 1.0 not in self._gains:
            return None
        return self._gains.index(1.0), self._gains.index(1.0)

    @property
    def marked_text(self) -> str:
        """What the pointer or the keys are at; empty for nothing."""
        if self._marked is None:
            return ""
        row, column = self._marked
        text = self.tr("pool4 x {0}, pool3 x {1}: mean IU {2} %")
        return text.format(f"{self._gains[row]:g}", f"{self._gains[column]:g}", f"{self._percent[row, column]:.1f}")

    def frame(self) -> QRectF:
        """The square that the gains span."""
        metrics = QFontMetricsF(self.font())
        line = metrics.height()
        left, right = 3 * line + 2 * GAP, BAR + 4 * GAP + metrics.horizontalAdvance("100.0")
        side = max(min(self.width() - left - right, self.height() - 4 * line - 3 * GAP), 1.0)
        return QRectF(
            left + (self.width() - left - right - side) / 2, (self.height() - side - 2 * line - GAP) / 2, side, side
        )

    def to_view(self, row: int, column: int) -> QPointF:
        """Where the gains of a row and column lie."""
        frame, last = self.frame(), max(len(self._gains) - 1, 1)
        return QPointF(frame.left() + frame.width() * column / last, frame.bottom() - frame.height() * row / last)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws, with a frame while it has the focus."""
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.best is not None:
            lowest, step = self._bands()
            self._paint_contours(painter, lowest, step)
            self._paint_axes(painter)
            self._paint_bar(painter, lowest, step)
            self._paint_marks(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _bands(self) -> tuple[float, float]:
        """The lowest value line and the step from line to line, in percent."""
        low, high = float(np.nanmin(self._percent)), float(np.nanmax(self._percent))
        step = next((step for step in STEPS if (high - low) / step < MOST_BANDS - 1), STEPS[-1])
        return math.floor(low / step) * step, step

    def _count(self, lowest: float, step: float) -> int:
        return max(math.floor((float(np.nanmax(self._percent)) - lowest) / step) + 1, 1)

    def _colour(self, band: int, lowest: float, step: float) -> QColor:
        return QColor(*sequential(band / max(self._count(lowest, step) - 1, 1)))

    def _paint_contours(self, painter: QPainter, lowest: float, step: float) -> None:
        frame, ratio = self.frame(), self.devicePixelRatioF()
        side = max(round(frame.width() * ratio), 2)
        values = enlarged(self._percent[::-1], side, side)
        bands = np.full(values.shape, NOTHING, dtype=np.uint8)
        known = np.isfinite(values)
        bands[known] = np.clip((values[known] - lowest) // step, 0, LINE - 1).astype(np.uint8)
        lines = np.zeros(values.shape, dtype=np.bool_)
        lines[:, 1:] |= bands[:, 1:] != bands[:, :-1]
        lines[1:] |= bands[1:] != bands[:-1]
        bands[lines] = LINE
        image = indexed_image(bands)
        if image is None:
            return
        colours = [0] * 256
        for band in range(self._count(lowest, step)):
            colours[band] = self._colour(band, lowest, step).rgba()
        colours[LINE] = QColor(255, 255, 255, 200).rgba()
        image.setColorTable(colours)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(frame.topLeft(), image)

    def _paint_axes(self, painter: QPainter) -> None:
        frame, palette = self.frame(), self.palette()
        line = QFontMetricsF(painter.font()).height()
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        for place, gain in enumerate(self._gains):
            if place % 2:
                continue
            x, y = self.to_view(0, place).x(), self.to_view(place, 0).y()
            painter.setPen(QPen(quiet, 1))
            painter.drawLine(QPointF(x, frame.bottom()), QPointF(x, frame.bottom() + 4))
            painter.drawLine(QPointF(frame.left() - 4, y), QPointF(frame.left(), y))
            below = QRectF(x - 2 * line, frame.bottom() + GAP, 4 * line, line)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{gain:g}")
            beside = QRectF(frame.left() - 4 * line - GAP, y - line, 4 * line, 2 * line)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{gain:g}")
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        below = QRectF(frame.left(), frame.bottom() + line + GAP + 4, frame.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self.tr("Gain of score_pool3"))
        painter.save()
        painter.translate(frame.left() - 2.5 * line - GAP, frame.center().y())
        painter.rotate(-90)
        along = QRectF(-frame.height() / 2, -line / 2, frame.height(), line)
        painter.drawText(along, Qt.AlignmentFlag.AlignCenter, self.tr("Gain of score_pool4"))
        painter.restore()

    def _paint_bar(self, painter: QPainter, lowest: float, step: float) -> None:
        """The colours, with the value of the line between each two; above it, the unit."""
        frame, line = self.frame(), QFontMetricsF(painter.font()).height()
        count = self._count(lowest, step)
        high = min(frame.height() / count, 2.5 * line)
        bottom = frame.center().y() + high * count / 2
        left = frame.right() + 2 * GAP
        digits = 1 if step < 1 else 0
        for band in range(count):
            cell = QRectF(left, bottom - high * (band + 1), BAR, high)
            painter.fillRect(cell, self._colour(band, lowest, step))
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            if band:
                text = QRectF(left + BAR + GAP, cell.bottom() - line, 5 * line, 2 * line)
                value = f"{lowest + band * step:.{digits}f}"
                painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, value)

    def _paint_marks(self, painter: QPainter) -> None:
        """The net as it is, a ring; the best, a cross; and what the pointer is at."""
        best, own = self.best, self.own
        marks = []
        if own is not None:
            name = self.tr("the net: {0} %") if own != best else self.tr("the net, and best: {0} %")
            marks.append((own, name.format(f"{self._percent[own]:.1f}"), own == best))
        if best is not None and best != own:
            marks.append((best, self.tr("best: {0} %").format(f"{self._percent[best]:.1f}"), True))
        boxes: list[QRectF] = []
        for place, text, cross in marks:
            point = self.to_view(*place)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for colour, width in ((QColor(0, 0, 0), 4.0), (QColor(255, 255, 255), 2.0)):
                painter.setPen(QPen(colour, width))
                if place == own:
                    painter.drawEllipse(point, 6, 6)
                if cross:
                    painter.drawLine(point + QPointF(-5, -5), point + QPointF(5, 5))
                    painter.drawLine(point + QPointF(-5, 5), point + QPointF(5, -5))
            boxes.append(self._paint_flag(painter, point, text, boxes))
        if self._marked is not None:
            point = self.to_view(*self._marked)
            painter.setPen(QPen(QColor(255, 255, 255), 2))
            painter.drawRect(QRectF(point.x() - 4, point.y() - 4, 8, 8))
            self._paint_flag(painter, point, self.marked_text, [])

    def _paint_flag(self, painter: QPainter, point: QPointF, text: str, taken: list[QRectF]) -> QRectF:
        """Words above a point, or below it where others stand or the square ends; returns where."""
        metrics, frame = QFontMetricsF(painter.font()), self.frame()
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 12, metrics.height() + 4)
        box.moveCenter(point)
        box.moveBottom(point.y() - 10)
        box.moveLeft(min(max(box.left(), frame.left() + 2), frame.right() - box.width() - 2))
        if box.top() < frame.top() or any(box.intersects(other) for other in taken):
            box.moveTop(point.y() + 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 190))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return box

    def _mark(self, marked: tuple[int, int] | None) -> None:
        self._marked = marked
        self.setAccessibleDescription(self.marked_text)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Names the nearest pair of gains that was tried."""
        frame, last = self.frame(), len(self._gains) - 1
        if self.best is None or not frame.adjusted(-GAP, -GAP, GAP, GAP).contains(event.position()):
            self._mark(None)
            return
        row = round((frame.bottom() - event.position().y()) / frame.height() * last)
        column = round((event.position().x() - frame.left()) / frame.width() * last)
        self._mark((min(max(row, 0), last), min(max(column, 0), last)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Asks for the mask with the gains under the pointer."""
        frame = self.frame()
        if event.button() != Qt.MouseButton.LeftButton or self.best is None or not frame.contains(event.position()):
            return
        most = self._gains[-1]
        pool4 = (frame.bottom() - event.position().y()) / frame.height() * most
        pool3 = (event.position().x() - frame.left()) / frame.width() * most
        self.gains_chosen.emit(round(pool4, 2), round(pool3, 2))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Steps from gain to gain, from the net's own."""
        step = self._step(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._marked is not None:
            self.gains_chosen.emit(*(self._gains[place] for place in self._marked))
            return
        if step is None or self.best is None:
            super().keyPressEvent(event)
            return
        row, column = self._marked or self.own or (0, 0)
        last = len(self._gains) - 1
        self._mark((min(max(row + step[0], 0), last), min(max(column + step[1], 0), last)))

    def _step(self, event: QKeyEvent) -> tuple[int, int] | None:
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (1, 0), Qt.Key.Key_Down: (-1, 0)}
        return steps.get(Qt.Key(event.key()))

    def sizeHint(self) -> QSize:
        """Room for the square and its words."""
        return QSize(520, 480)
