"""Mean IU near the true boundaries against the width of the band: one line for each variant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPageSize,
    QPainter,
    QPaintEvent,
    QPalette,
    QPdfWriter,
    QPen,
    QPolygonF,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QSizePolicy, QWidget

from fcn_studio.app.canvas.plot_colours import line_colour
from fcn_studio.app.plots.plot_markers import paint_marker
from fcn_studio.app.plots.read_plot import ReadPlot
from fcn_studio.core.files import whole_file
from fcn_studio.core.graph.names import variant_title

TICK_STEPS = (1.0, 2.0, 5.0, 10.0, 20.0)  # percent, between two marks of the upright axis
MOST_TICKS = 7
MARKER = 4.0  # half of a marker's size
REACH = 24.0  # within which the pointer finds a point
GAP = 8.0
SAVED = QSize(640, 420)  # of a saved plot, in points at 72 to the inch
SAVED_DPI = 72
PAPER = {
    QPalette.ColorRole.Base: "#ffffff",
    QPalette.ColorRole.Text: "#1d1e20",
    QPalette.ColorRole.PlaceholderText: "#55575b",
    QPalette.ColorRole.Mid: "#d2d2cf",
}


class TrimapAxes:
    """Where values lie in a frame: widths in doublings from left to right, percent upwards.

    Attributes:
        widths: Of the bands, pixels, ascending.
        ticks: Marks of the upright axis, in percent; the first and last are its ends.
    """

    def __init__(self, widths: Sequence[int], values: Sequence[float], frame: QRectF) -> None:
        self.widths = tuple(widths)
        self.frame = frame
        known = [value for value in values if math.isfinite(value)] or [0.0, 100.0]
        low, high = min(known), max(known)
        for step in TICK_STEPS:
            first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
            if last - first < MOST_TICKS:
                break
        self.ticks = tuple(step * number for number in range(first, last + 1))

    def to_view(self, width: float, percent: float) -> QPointF:
        """Where a value is drawn."""
        across = math.log2(width / self.widths[0]) / max(math.log2(self.widths[-1] / self.widths[0]), 1e-9)
        up = (percent - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])
        return QPointF(self.frame.left() + across * self.frame.width(), self.frame.bottom() - up * self.frame.height())

    def to_data(self, point: QPointF) -> tuple[float, float]:
        """The width in pixels and the percent that are drawn at a point."""
        across = (point.x() - self.frame.left()) / self.frame.width()
        up = (self.frame.bottom() - point.y()) / self.frame.height()
        width = self.widths[0] * (self.widths[-1] / self.widths[0]) ** across
        return width, self.ticks[0] + up * (self.ticks[-1] - self.ticks[0])


class TrimapPlot(ReadPlot):
    """The curves; the pointer or the arrow keys name their values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widths: tuple[int, ...] = ()
        self._curves: dict[str, tuple[float, ...]] = {}
        self._marked: tuple[str, int] | None = None  # variant, place in widths
        self.setObjectName("trimap_plot")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Trimap curve"))

    def set_curves(self, widths: Sequence[int], curves: Mapping[str, Sequence[float]]) -> None:
        """The lines to draw.

        Args:
            widths: Of the bands, pixels on each side of a boundary, ascending.
            curves: Mean IU from 0 to 1 by variant, one for each width; nan is left out.
        """
        self._widths = tuple(widths)
        self._curves = {variant: tuple(100 * value for value in values) for variant, values in curves.items()}
        self._mark(None)
        self.update()

    @property
    def marked_text(self) -> str:
        """What the pointer or the keys are at; empty for nothing."""
        if self._marked is None:
            return ""
        variant, place = self._marked
        text = self.tr("{0}, up to {1} px: mean IU {2} %")
        return text.format(variant_title(variant), self._widths[place], f"{self._curves[variant][place]:.1f}")

    def axes(self, size: QSizeF | None = None, font: QFont | None = None) -> TrimapAxes:
        """Where values lie on this widget, or on paper of a size."""
        whole = size or QSizeF(self.size())
        metrics = QFontMetricsF(font or self.font())
        line = metrics.height()
        left = 2 * line + metrics.horizontalAdvance("100") + 2 * GAP
        right = metrics.horizontalAdvance("FCN-32s 100.0") + 3 * GAP
        frame = QRectF(left, line + 2 * GAP, whole.width() - left - right, whole.height() - 4 * line - 5 * GAP)
        values = [value for curve in self._curves.values() for value in curve]
        return TrimapAxes(self._widths or (1, 2), values, frame)

    def save(self, path: Path) -> None:
        """Writes the plot, in dark ink on white: SVG, or PDF where the file's name ends so.

        Raises:
            OutputError: The file cannot be written.
        """
        palette = QPalette(self.palette())
        for role, colour in PAPER.items():
            palette.setColor(role, QColor(colour))
        font = QFont(self.font())
        font.setPixelSize(13)
        with whole_file(path) as temporary:
            device = self._pdf(temporary) if path.suffix.lower() == ".pdf" else self._svg(temporary)
            painter = QPainter()
            if not painter.begin(device):
                raise OSError(self.tr("the plot could not be drawn"))
            painter.setFont(font)
            self._paint(painter, QSizeF(SAVED), palette, marked=False)
            painter.end()

    def _pdf(self, path: Path) -> QPdfWriter:
        writer = QPdfWriter(str(path))
        writer.setResolution(SAVED_DPI)
        writer.setPageSize(QPageSize(QSizeF(SAVED), QPageSize.Unit.Point))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        writer.setTitle(self.tr("Trimap curve"))
        return writer

    def _svg(self, path: Path) -> QSvgGenerator:
        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setResolution(SAVED_DPI)
        generator.setSize(SAVED)
        generator.setViewBox(QRectF(0, 0, SAVED.width(), SAVED.height()))
        generator.setTitle(self.tr("Trimap curve"))
        return generator

    def _paint(self, painter: QPainter, size: QSizeF, palette: QPalette, *, marked: bool) -> None:
        painter.fillRect(QRectF(QPointF(0, 0), size), palette.color(QPalette.ColorRole.Base))
        if not self._curves:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        axes = self.axes(size, painter.font())
        self._paint_axes(painter, axes, palette)
        for variant, values in self._curves.items():
            self._paint_line(painter, axes, variant, values, palette)
        self._paint_labels(painter, axes, palette)
        if marked and self._marked is not None:
            self._paint_mark(painter, axes, palette)

    def _paint_axes(self, painter: QPainter, axes: TrimapAxes, palette: QPalette) -> None:
        frame, line = axes.frame, QFontMetricsF(painter.font()).height()
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        ruled = QPen(palette.color(QPalette.ColorRole.Mid), 1)
        for percent in axes.ticks:
            y = axes.to_view(axes.widths[0], percent).y()
            painter.setPen(ruled)
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.setPen(quiet)
            box = QRectF(0, y - line, frame.left() - GAP, 2 * line)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{percent:g}")
        for width in axes.widths:
            x = axes.to_view(width, axes.ticks[0]).x()
            painter.setPen(QPen(quiet, 1))
            painter.drawLine(QPointF(x, frame.bottom()), QPointF(x, frame.bottom() + 4))
            box = QRectF(x - 4 * line, frame.bottom() + GAP, 8 * line, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(width))
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        below = QRectF(0, frame.bottom() + line + 2 * GAP, frame.left() + frame.right(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self.tr("Width of the band around true boundaries, px"))
        painter.save()
        painter.translate(line, frame.center().y())
        painter.rotate(-90)
        beside = QRectF(-frame.height(), -line / 2, 2 * frame.height(), line)
        painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, self.tr("Mean IU, %"))
        painter.restore()

    def _paint_line(
        self, painter: QPainter, axes: TrimapAxes, variant: str, values: Sequence[float], palette: QPalette
    ) -> None:
        points = [
            axes.to_view(width, value) for width, value in zip(axes.widths, values, strict=True) if math.isfinite(value)
        ]
        colour = line_colour(variant, palette)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(colour)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Base), 1))
        for point in points:
            paint_marker(painter, variant, point, MARKER)

    def _paint_labels(self, painter: QPainter, axes: TrimapAxes, palette: QPalette) -> None:
        """Names at the lines' right ends, moved apart where they would meet."""
        metrics = QFontMetricsF(painter.font())
        ends = sorted(
            (axes.to_view(axes.widths[-1], values[-1]).y(), variant, values[-1])
            for variant, values in self._curves.items()
            if math.isfinite(values[-1])
        )
        bottom = axes.frame.bottom() + metrics.height() / 2
        places = [y for y, _, _ in ends]
        for index in range(1, len(places)):
            places[index] = max(places[index], places[index - 1] + metrics.height())
        for index in range(len(places) - 1, -1, -1):
            places[index] = min(places[index], bottom - metrics.height() * (len(places) - index - 0.5))
        for place, (_, variant, value) in zip(places, ends, strict=True):
            left = axes.frame.right() + 2 * GAP
            painter.setBrush(line_colour(variant, palette))
            painter.setPen(Qt.PenStyle.NoPen)
            paint_marker(painter, variant, QPointF(left, place), MARKER)
            painter.setPen(palette.color(QPalette.ColorRole.Text))
            text = f"{variant_title(variant)} {value:.1f}"
            painter.drawText(QPointF(left + GAP, place + (metrics.ascent() - metrics.descent()) / 2), text)

    def _paint_mark(self, painter: QPainter, axes: TrimapAxes, palette: QPalette) -> None:
        if self._marked is None:
            return
        variant, place = self._marked
        point = axes.to_view(self._widths[place], self._curves[variant][place])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1.5))
        painter.drawEllipse(point, 2 * MARKER, 2 * MARKER)
        metrics = QFontMetricsF(painter.font())
        room = QRectF(0, 0, metrics.horizontalAdvance(self.marked_text) + 2 * GAP, metrics.height() + GAP)
        room.moveBottomLeft(point + QPointF(-room.width() / 2, -3 * MARKER))
        room.moveLeft(min(max(room.left(), axes.frame.left()), axes.frame.right() - room.width() + 6 * GAP))
        room.moveTop(max(room.top(), 0.0))
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(room, 4, 4)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.marked_text)

    def _mark(self, marked: tuple[str, int] | None) -> None:
        self._marked = marked
        self.setAccessibleDescription(self.marked_text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws, with a frame while it has the focus."""
        painter = QPainter(self)
        painter.setFont(self.font())
        self._paint(painter, QSizeF(self.size()), self.palette(), marked=True)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Names the nearest point."""
        axes = self.axes()
        near = []
        for variant, values in self._curves.items():
            for place, (width, value) in enumerate(zip(self._widths, values, strict=True)):
                if math.isfinite(value):
                    apart = axes.to_view(width, value) - event.position()
                    near.append((math.hypot(apart.x(), apart.y()), (variant, place)))
        distance, nearest = min(near, default=(math.inf, None))
        self._mark(nearest if distance <= REACH else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right step along a line, up and down from line to line."""
        step = self._step(event)
        if step is None or not self._curves:
            super().keyPressEvent(event)
            return
        variants = list(self._curves)
        variant, place = self._marked or (variants[-1], -1)
        variant = variants[(variants.index(variant) + step[1]) % len(variants)]
        place = min(max(place + step[0], 0), len(self._widths) - 1)
        if math.isfinite(self._curves[variant][place]):
            self._mark((variant, place))

    def _step(self, event: QKeyEvent) -> tuple[int, int] | None:
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        return steps.get(Qt.Key(event.key()))

    def sizeHint(self) -> QSize:
        """As it is saved."""
        return SAVED
