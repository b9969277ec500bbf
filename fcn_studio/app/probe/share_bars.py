"""Signed bars: what each score layer adds to a score, its bias apart from its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

ROW = 20
HEAD = 22
NAME_WIDTH = 84
VALUE_WIDTH = 52


@dataclass(frozen=True, slots=True)
class Bar:
    """One layer's share.

    Attributes:
        name: The score layer.
        colour: As `#rrggbb`.
        evidence: Signed.
        bias: Signed.
    """

    name: str
    colour: str
    evidence: float
    bias: float

    @property
    def total(self) -> float:
        """Both."""
        return self.evidence + self.bias


@dataclass(frozen=True, slots=True)
class BarGroup:
    """The bars that add up to one number.

    Attributes:
        title: What is explained.
        bars: By layer.
    """

    title: str
    bars: tuple[Bar, ...]

    @property
    def total(self) -> float:
        """What the bars sum to."""
        return sum(bar.total for bar in self.bars)


class ShareBars(QWidget):
    """Groups of bars on one scale, zero in the middle; solid is evidence, hatched is bias."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: tuple[BarGroup, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def groups(self) -> tuple[BarGroup, ...]:
        """What is drawn."""
        return self._groups

    def set_groups(self, groups: tuple[BarGroup, ...]) -> None:
        """Draws other numbers."""
        if len(groups) != len(self._groups) or sum(len(group.bars) for group in groups) != sum(
            len(group.bars) for group in self._groups
        ):
            self._groups = groups
            self.updateGeometry()
        self._groups = groups
        lines = [
            f"{group.title} {group.total:+.2f}: " + ", ".join(f"{bar.name} {bar.total:+.2f}" for bar in group.bars)
            for group in groups
        ]
        self.setAccessibleDescription("; ".join(lines))
        self.update()

    def sizeHint(self) -> QSize:
        """Room for all bars."""
        return QSize(280, sum(HEAD + ROW * len(group.bars) + 6 for group in self._groups))

    def minimumSizeHint(self) -> QSize:
        """As high as it is."""
        return QSize(240, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()  # Qt does not survive a painter that outlives its event

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bars = [bar for group in self._groups for bar in group.bars]
        # Evidence and bias may pull apart, so that the longest end is not the total's.
        reach = max(
            (max(abs(bar.total), abs(bar.evidence), abs(bar.bias)) for bar in bars),
            default=1.0,
        )
        left, right = NAME_WIDTH, max(self.width() - VALUE_WIDTH, NAME_WIDTH + 20)
        middle, unit = (left + right) / 2, (right - left) / 2 / max(reach, 1e-9)
        y = 0.0
        for group in self._groups:
            self._paint_head(painter, group, y)
            y += HEAD
            painter.setPen(QPen(self.palette().mid().color(), 1))
            painter.drawLine(round(middle), round(y), round(middle), round(y + ROW * len(group.bars)))
            for bar in group.bars:
                self._paint_bar(painter, bar, y, middle, unit)
                y += ROW
            y += 6

    def _paint_head(self, painter: QPainter, group: BarGroup, y: float) -> None:
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self.palette().text().color())
        area = QRectF(0, y, self.width(), HEAD)
        value = f"{group.total:+.2f}"
        room = self.width() - painter.fontMetrics().horizontalAdvance(value) - 8
        title = painter.fontMetrics().elidedText(group.title, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)
        font.setBold(False)
        painter.setFont(font)

    def _paint_bar(self, painter: QPainter, bar: Bar, y: float, middle: float, unit: float) -> None:
        colour = QColor(bar.colour)
        painter.setPen(self.palette().text().color())
        line = QRectF(0, y, NAME_WIDTH - 6, ROW)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, bar.name)
        painter.setPen(Qt.PenStyle.NoPen)
        start = middle
        for value, brush in ((bar.evidence, QBrush(colour)), (bar.bias, QBrush(colour, Qt.BrushStyle.Dense4Pattern))):
            # One after the other where they pull the same way, else both from the middle line.
            same = bar.evidence * bar.bias >= 0
            begin = start if same else middle
            end = begin + value * unit
            half = ROW - 8 if same else (ROW - 8) / 2
            top = y + 4 + (half if not same and brush.style() == Qt.BrushStyle.Dense4Pattern else 0)
            painter.setBrush(brush)
            painter.drawRect(QRectF(min(begin, end), top, abs(end - begin), half))
            start = end
        painter.setPen(self.palette().text().color())
        area = QRectF(self.width() - VALUE_WIDTH, y, VALUE_WIDTH, ROW)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{bar.total:+.2f}")
