"""Draws a run's strips: rules, curves, and heads that are legend and read-out in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF

from fcn_studio.app.canvas.plot_colours import line_colour
from fcn_studio.app.plots.plot_markers import paint_marker
from fcn_studio.app.run_watch.run_watch_strips import Line, Strip, tick_texts
from fcn_studio.core.run_folder import EpochRow

GAP = 6.0
MARKER = 3.5  # half of a marker's size
MOST_MARKERS = 40  # on a line; more are a smear
MOST_TICKS = 4
TICK_LINES = 1.4  # lines of text from one tick to the next, at least
DASH = "\N{EN DASH}"
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def most_ticks(height: float, line_height: float) -> int:
    """How many a strip of this height has room for."""
    return max(min(MOST_TICKS, int(height / (TICK_LINES * line_height))), 1)


class RunDrawing:
    """One picture of the strips.

    Args:
        painter: With the font of the texts.
        palette: Of the widget.
        x_of: Where an epoch lies.
        marked: The epoch whose values are read; None reads the last ones.
        best: The best epoch so far, which has a ring.
    """

    def __init__(
        self,
        painter: QPainter,
        palette: QPalette,
        x_of: Callable[[int], float],
        marked: int | None,
        best: EpochRow | None,
    ) -> None:
        self._painter, self._palette, self._x_of = painter, palette, x_of
        self._marked, self._best = marked, best
        self._metrics = QFontMetricsF(painter.font())
        self._text = palette.color(QPalette.ColorRole.Text)
        self._quiet = palette.color(QPalette.ColorRole.PlaceholderText)

    def paint_strip(self, strip: Strip, frame: QRectF) -> None:
        """A strip's rules, curves and head; `frame` is for the curves, the head stands on it."""
        painter, line_height = self._painter, self._metrics.height()
        ticks = strip.ticks(most_ticks(frame.height(), line_height))
        for tick, text in zip(ticks, tick_texts(ticks), strict=True):
            y = self._y_of(strip, frame, tick)
            painter.setPen(QPen(self._palette.color(QPalette.ColorRole.Mid), 1))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.setPen(self._quiet)
            box = QRectF(0, y - line_height / 2, frame.left() - GAP, line_height)
            painter.drawText(box, RIGHT, text)
        for line in strip.lines:
            self._paint_line(strip, line, frame)
        self._paint_head(strip, frame)

    def paint_epochs(self, frames: Sequence[QRectF], ends: tuple[int, int], shown: int | None) -> None:
        """The axis that all strips share, and the epochs that are marked on it.

        Args:
            frames: Of the strips.
            ends: First and last epoch of the axis.
            shown: The epoch whose masks are on screen.
        """
        painter = self._painter
        if shown is not None and shown >= ends[0]:
            painter.setPen(QPen(self._palette.color(QPalette.ColorRole.Highlight), 1.5))
            self._paint_upright(frames, min(shown, ends[1]))
        if self._marked is not None:
            painter.setPen(QPen(self._quiet, 1, Qt.PenStyle.DashLine))
            self._paint_upright(frames, self._marked)
        painter.setPen(self._quiet)
        whole = QRectF(frames[0].left(), frames[-1].bottom() + GAP / 2, frames[0].width(), self._metrics.height())
        painter.drawText(whole, Qt.AlignmentFlag.AlignLeft, str(ends[0]))
        painter.drawText(whole, Qt.AlignmentFlag.AlignRight, str(ends[1]))
        painter.setPen(self._text if self._marked is not None else self._quiet)
        text = QCoreApplication.translate("RunPlot", "epoch")
        if self._marked is not None:
            text = QCoreApplication.translate("RunPlot", "epoch {0}").format(self._marked)
        painter.drawText(whole, Qt.AlignmentFlag.AlignHCenter, text)

    def _paint_upright(self, frames: Sequence[QRectF], epoch: int) -> None:
        x = self._x_of(epoch)
        for frame in frames:  # not across the heads, where the numbers are
            self._painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))

    def _y_of(self, strip: Strip, frame: QRectF, value: float) -> float:
        """Where a value lies; rings and lines at the ends stay clear of the heads."""
        clear = 2 * MARKER + 1 if strip.lines and strip.lines[0].variant else MARKER
        return frame.bottom() - clear - strip.up(value) * (frame.height() - 2 * clear)

    def _ink(self, line: Line) -> QColor:
        return line_colour(line.variant, self._palette) if line.variant else self._text

    def _paint_line(self, strip: Strip, line: Line, frame: QRectF) -> None:
        painter = self._painter
        points = [QPointF(self._x_of(epoch), self._y_of(strip, frame, value)) for epoch, value in line.points]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._ink(line), 1.8))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(self._ink(line))
        painter.setPen(Qt.PenStyle.NoPen)
        alone = len(points) == 1
        for point in points if (line.variant and len(points) <= MOST_MARKERS) or alone else ():
            paint_marker(painter, line.variant, point, MARKER)
        if self._marked is not None:
            painter.setBrush(self._palette.color(QPalette.ColorRole.Base))
            self._paint_ring(strip, line, frame, self._marked, MARKER + 0.5, QPen(self._ink(line), 2))
        if self._best is not None and line.variant and line is strip.lines[-1]:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            self._paint_ring(strip, line, frame, self._best.epoch, 2 * MARKER, QPen(self._text, 1.5))

    def _paint_ring(self, strip: Strip, line: Line, frame: QRectF, epoch: int, radius: float, pen: QPen) -> None:
        value = line.at(epoch)
        if value is not None:
            self._painter.setPen(pen)
            self._painter.drawEllipse(QPointF(self._x_of(epoch), self._y_of(strip, frame, value)), radius, radius)

    def _paint_head(self, strip: Strip, frame: QRectF) -> None:
        """The title, and of each line its name and value."""
        painter, height = self._painter, self._metrics.height()
        rows = 2 if len(strip.lines) > 1 else 1
        whole = QRectF(frame.left(), frame.top() - rows * height - GAP / 2, frame.width(), height)
        right = self._value(strip, strip.lines[0]) if rows == 1 and strip.lines else ""
        if rows > 1 and self._best is not None:
            ring = "\N{LARGE CIRCLE}"
            right = QCoreApplication.translate("RunPlot", "{0} best: epoch {1}").format(ring, self._best.epoch)
        painter.setPen(self._text)
        room = frame.width() - self._metrics.horizontalAdvance(right) - 2 * GAP
        painter.drawText(whole, LEFT, self._metrics.elidedText(strip.title, Qt.TextElideMode.ElideRight, room))
        painter.setPen(self._quiet if rows > 1 else self._text)
        painter.drawText(whole, RIGHT, right)
        if rows == 1:
            return
        x, middle, step = frame.left() + MARKER + 1, whole.top() + 1.5 * height, frame.width() / len(strip.lines)
        for line in strip.lines:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._ink(line))
            paint_marker(painter, line.variant, QPointF(x, middle), MARKER)
            painter.setPen(self._text)
            box = QRectF(x + 2 * MARKER, whole.bottom(), step, height)
            painter.drawText(box, LEFT, f"{line.name} {self._value(strip, line)}")
            x += step

    def _value(self, strip: Strip, line: Line) -> str:
        value = line.read(self._marked)
        return f"{value:{strip.form}}" if value is not None else DASH
