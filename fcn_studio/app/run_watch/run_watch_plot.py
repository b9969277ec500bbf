"""A run's curves over its epochs: mean IU of each variant, loss and learning rate, one under another."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fcn_studio.app.plots.read_plot import ReadPlot
from fcn_studio.app.run_watch.run_watch_drawing import GAP, RunDrawing, most_ticks
from fcn_studio.app.run_watch.run_watch_files import RunFiles
from fcn_studio.app.run_watch.run_watch_strips import Strip, run_strips, tick_texts
from fcn_studio.core.run_folder import EpochRow


class RunPlot(ReadPlot):
    """Painted here; the pointer or the arrow keys read the values of an epoch.

    Signals:
        epoch_chosen: An epoch was clicked. (number)
    """

    epoch_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strips: tuple[Strip, ...] = ()
        self._rows: tuple[EpochRow, ...] = ()
        self._best: EpochRow | None = None
        self._shown: int | None = None
        self._marked: int | None = None
        self._laid: tuple[tuple[QSize, str, tuple[Strip, ...]], tuple[QRectF, ...]] | None = None
        self.setObjectName("run_plot")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Curves of the run"))

    def set_run(self, files: RunFiles | None, shown: int | None) -> None:
        """The run to draw, and the epoch whose masks are on screen."""
        rows = files.rows if files is not None else ()
        self._best = files.best if files is not None else None
        self._shown = shown
        if rows != self._rows or not self.strips:
            self._rows = rows
            self.strips = run_strips(rows, files.info if files is not None else None)
        if self._marked is not None and self._marked not in [row.epoch for row in rows]:
            self._marked = None
        self.setAccessibleDescription(self.marked_text)
        self.update()

    @property
    def marked_text(self) -> str:
        """The values that the pointer or the keys are at; of the last epoch where they are nowhere."""
        if not self._rows:
            return ""
        epoch = self._read
        parts = [self.tr("epoch {0}").format(epoch)]
        for strip in self.strips:
            for line in strip.lines:
                value = line.read(self._marked)
                if value is not None:
                    parts.append(f"{strip.title} {line.name}".strip() + f" {value:{strip.form}}")
        return ", ".join(parts)

    @property
    def _read(self) -> int:
        return self._marked if self._marked is not None else self._rows[-1].epoch

    # Where things lie

    def frames(self) -> tuple[QRectF, ...]:
        """Of each strip, the rectangle that its curves are drawn in."""
        asked = (self.size(), self.font().key(), self.strips)
        if self._laid is None or self._laid[0] != asked:
            self._laid = (asked, self._lay_out())
        return self._laid[1]

    def _lay_out(self) -> tuple[QRectF, ...]:
        metrics = QFontMetricsF(self.font())
        line = metrics.height()
        heads = [(2 if len(strip.lines) > 1 else 1) * line + GAP for strip in self.strips]
        room = self.height() - sum(heads) - line - GAP * (len(heads) + 1.5)
        heights = [max(room * strip.share, 2 * line) for strip in self.strips]
        texts = [
            text
            for strip, high in zip(self.strips, heights, strict=True)
            for text in tick_texts(strip.ticks(most_ticks(high, line)))
        ]
        left = max(map(metrics.horizontalAdvance, texts), default=0.0) + 2 * GAP
        frames, top = [], GAP / 2
        for head, high in zip(heads, heights, strict=True):
            top += head
            frames.append(QRectF(left, top, self.width() - left - 2 * GAP, high))
            top += high + GAP
        return tuple(frames)

    def _epochs(self) -> tuple[int, int]:
        first = self._rows[0].epoch if self._rows else 1
        return first, max(self._rows[-1].epoch if self._rows else 2, first + 1)

    def x_of(self, epoch: int) -> float:
        """Where an epoch lies."""
        first, last = self._epochs()
        frame = self.frames()[0]
        return frame.left() + (epoch - first) / (last - first) * frame.width()

    def epoch_at(self, x: float) -> int | None:
        """The epoch nearest to a place."""
        if not self._rows:
            return None
        return min((row.epoch for row in self._rows), key=lambda epoch: abs(self.x_of(epoch) - x))

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws, with a frame while it has the focus."""
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        if not self._rows:
            painter.setPen(palette.color(palette.ColorRole.PlaceholderText))
            text = self.tr("The curves begin with the first epoch.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
        else:
            frames = self.frames()
            drawing = RunDrawing(painter, palette, self.x_of, self._marked, self._best)
            for strip, frame in zip(self.strips, frames, strict=True):
                drawing.paint_strip(strip, frame)
            drawing.paint_epochs(frames, self._epochs(), self._shown)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(palette.ColorRole.Highlight), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    # Pointer and keys

    def _mark(self, epoch: int | None) -> None:
        if epoch != self._marked:
            self._marked = epoch
            self.setAccessibleDescription(self.marked_text)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Reads the nearest epoch."""
        self._mark(self.epoch_at(event.position().x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses it."""
        epoch = self.epoch_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and epoch is not None:
            self.epoch_chosen.emit(epoch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right step through the epochs, Home and End go to the ends, Enter chooses."""
        step = self._step(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._marked is not None:
            self.epoch_chosen.emit(self._marked)
        elif step and self._rows:
            epochs = [row.epoch for row in self._rows]
            place = epochs.index(self._marked) + step if self._marked is not None else len(epochs) - 1
            self._mark(epochs[min(max(place, 0), len(epochs) - 1)])
        else:
            super().keyPressEvent(event)

    def _step(self, event: QKeyEvent) -> int:
        far = len(self._rows)
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -far, Qt.Key.Key_End: far}
        return steps.get(Qt.Key(event.key()), 0)

    def sizeHint(self) -> QSize:
        """Room for three strips."""
        return QSize(320, 240)  # and all that is left

    def minimumSizeHint(self) -> QSize:
        """Small enough for a low window."""
        return QSize(220, 240)
