"""The kernel of an upsampling step, drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

SIZE = 72


class KernelPlot(QWidget):
    """A kernel's weights as bars over one axis: what one cell gives to the pixels around it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._line: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._stride = 1

    def set_kernel(self, line: NDArray[np.float32], stride: int) -> None:
        """(k,) weights along the middle of the kernel, and the step from cell to cell."""
        self._line, self._stride = line, stride
        words = self.tr("Kernel of {0} weights, stride {1}").format(len(line), stride)
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Small."""
        return QSize(2 * SIZE, SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        if not len(self._line):
            return
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()  # Qt does not survive a painter that outlives its event

    def _paint(self, painter: QPainter) -> None:
        height, width = self.height() - 8, self.width() - 8
        top, low = max(float(self._line.max()), 1e-9), min(float(self._line.min()), 0.0)
        unit = height / (top - low)
        zero = 4 + top * unit
        bar = width / len(self._line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().highlight())
        for number, value in enumerate(self._line.tolist()):
            edge = zero - value * unit
            painter.drawRect(QRectF(4 + number * bar, min(zero, edge), max(bar - 0.5, 0.5), abs(value) * unit))
        painter.setPen(QPen(self.palette().text().color(), 1))
        painter.drawLine(4, round(zero), 4 + width, round(zero))
