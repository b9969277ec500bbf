"""A colour bar: which colour stands for which value, with round numbers and a mark at the value under the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from fcn_studio.app.values.appearance import ColourTable
from fcn_studio.core.maps.heat import LEVELS, HeatRange, ticks

BAR = 14  # pixels across
TICK = 4
MARK = 6


class ColourBar(QWidget):
    """Upright, the high values on top."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("colour_bar")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._span = HeatRange(0, 1)
        self._labels: tuple[tuple[float, str], ...] = ()
        self._unit = ""
        self._value: float | None = None
        self._image: QImage | None = None

    @property
    def labels(self) -> tuple[tuple[float, str], ...]:
        """The numbers beside the bar, and where they stand."""
        return self._labels

    def set_scale(self, colours: ColourTable, span: HeatRange, unit: str = "", words: tuple[str, ...] = ()) -> None:
        """Other colours and values.

        Args:
            colours: Of which the first LEVELS are shown.
            span: What the ends stand for.
            unit: Written above the bar.
            words: In place of numbers, evenly from the low end to the high one.
        """
        column = np.array(colours[:LEVELS], dtype=np.uint32)[::-1] | np.uint32(0xFF000000)
        self._image = QImage(column.tobytes(), 1, LEVELS, 4, QImage.Format.Format_RGB32).copy()
        self._span, self._unit = span, unit
        numbers = tuple((tick, _number(tick)) for tick in ticks(span))
        places = np.linspace(span.low, span.high, len(words)).tolist() if words else []
        self._labels = tuple(zip(places, words, strict=True)) or numbers
        self.setAccessibleDescription(", ".join(text for _, text in self._labels))
        self.update()

    def set_value(self, value: float | None) -> None:
        """Marks a value; None takes the mark away."""
        if value != self._value:
            self._value = value
            self.update()

    def place(self, value: float) -> float:
        """The height in this widget at which a value stands; values beyond the ends stand at them."""
        bar = self._bar()
        share = (value - self._span.low) / ((self._span.high - self._span.low) or 1.0)
        return bar.bottom() - min(max(share, 0.0), 1.0) * bar.height()

    def sizeHint(self) -> QSize:
        """As wide as its numbers."""
        return QSize(MARK + BAR + TICK + 4 + self.fontMetrics().horizontalAdvance("\N{MINUS SIGN}00.00"), 200)

    def minimumSizeHint(self) -> QSize:
        """Room for a few numbers."""
        return QSize(self.sizeHint().width(), 80)

    def _bar(self) -> QRectF:
        line = self.fontMetrics().height()
        top = line * (1.75 if self._unit else 0.75)
        return QRectF(MARK + 1, top, BAR, max(self.height() - top - line * 0.75, 1.0))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        if self._image is None:
            return
        painter = QPainter(self)
        bar, line, palette = self._bar(), self.fontMetrics().height(), self.palette()
        painter.drawImage(bar, self._image)
        painter.setPen(QPen(QColor(128, 128, 128), 1))
        painter.drawRect(bar)
        quiet, text = palette.placeholderText().color(), palette.text().color()
        if self._unit:
            painter.setPen(quiet)
            painter.drawText(QPointF(MARK, self.fontMetrics().ascent()), self._unit)
        for value, words in self._labels:
            y = self.place(value)
            painter.setPen(text if value == 0 else quiet)
            if value == 0:
                painter.drawLine(QPointF(bar.left(), y), QPointF(bar.right() + TICK, y))  # zero runs across the bar
            else:
                painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + TICK, y))
            room = QRectF(bar.right() + TICK + 4, y - line / 2, self.width(), line)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        if self._value is not None and not np.isnan(self._value):
            y = self.place(self._value)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(text)
            tip = [QPointF(MARK, y), QPointF(0, y - MARK * 0.7), QPointF(0, y + MARK * 0.7)]
            painter.drawPolygon(QPolygonF(tip))
        painter.end()


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
