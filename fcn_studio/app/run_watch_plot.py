"""A run's curves over its epochs: mean IU of each variant, loss and learning rate, one under another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from fcn_studio.app.run_watch_files import RunFiles
from fcn_studio.app.run_watch_strips import Line, Strip
from fcn_studio.app.views.plot_colours import line_colour
from fcn_studio.core.run_folder import EpochRow
from fcn_studio.core.trace import OUTPUT

GAP = 6.0
MARKER = 3.5  # half of a marker's size
MOST_MARKERS = 40  # on a line; more are a smear
LOG_FROM = 8.0  # highest over lowest value from which on a loss is drawn by its logarithm
DASH = "\N{EN DASH}"


class RunPlot(QWidget):
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
            self.strips = self._made(rows, files)
        if self._marked is not None and self._marked not in [row.epoch for row in rows]:
            self._marked = None
        self.setAccessibleDescription(self.marked_text)
        self.update()

    def _made(self, rows: Sequence[EpochRow], files: RunFiles | None) -> tuple[Strip, ...]:
        known = dict.fromkeys(name for row in rows for name in row.val)
        order = files.info.variants if files is not None and files.info is not None else ()
        variants = [name for name in order if name in known] + [name for name in known if name not in order]
        curves = tuple(
            Line(
                name if name != OUTPUT else self.tr("Output"),
                name,
                tuple((row.epoch, 100 * row.val[name].mean_iu) for row in rows if _has(row, name)),
            )
            for name in variants
        )
        losses = tuple((row.epoch, row.loss) for row in rows if math.isfinite(row.loss))
        values = [value for _, value in losses]
        log = bool(values) and min(values) > 0 and max(values) / min(values) > LOG_FROM
        title = self.tr("Loss, logarithmic") if log else self.tr("Loss")
        rates = tuple((row.epoch, row.learning_rate) for row in rows if math.isfinite(row.learning_rate))
        split = files.info.split if files is not None and files.info is not None else "val"
        return (
            Strip(self.tr("Mean IU on {0}, %").format(split), curves, ".1f", 0.46),
            Strip(title, (Line("", "", losses),), ".4g", 0.31, log),
            Strip(self.tr("Learning rate"), (Line("", "", rates),), ".2g", 0.23),
        )

    @property
    def marked_text(self) -> str:
        """The values that the pointer or the keys are at; of the last epoch where they are nowhere."""
        if not self._rows:
            return ""
        epoch = self._read
        parts = [self.tr("epoch {0}").format(epoch)]
        for strip in self.strips:
            for line in strip.lines:
                value = self._value(line, epoch)
                if value is not None:
                    parts.append(f"{strip.title} {line.name}".strip() + f" {value:{strip.form}}")
        return ", ".join(parts)

    @property
    def _read(self) -> int:
        return self._marked if self._marked is not None else self._rows[-1].epoch

    def _value(self, line: Line, epoch: int) -> float | None:
        """Of an epoch; where nothing is pointed at, the last one there is."""
        if self._marked is None and line.points:
            return line.points[-1][1]
        return line.at(epoch)

    # Where things lie

    def frames(self) -> tuple[QRectF, ...]:
        """Of each strip, the rectangle that its curves are drawn in."""
        metrics = QFontMetricsF(self.font())
        line = metrics.height()
        left = metrics.horizontalAdvance("0.0000") + GAP
        heads = [(2 if len(strip.lines) > 1 else 1) * line + GAP for strip in self.strips]
        room = self.height() - sum(heads) - line - GAP * (len(heads) + 1.5)
        frames, top = [], GAP / 2
        for strip, head in zip(self.strips, heads, strict=True):
            top += head
            high = max(room * strip.share, 2 * line)
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
            for strip, frame in zip(self.strips, frames, strict=True):
                self._paint_strip(painter, strip, frame)
            self._paint_epochs(painter, frames)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(palette.ColorRole.Highlight), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_strip(self, painter: QPainter, strip: Strip, frame: QRectF) -> None:
        palette, metrics = self.palette(), QFontMetricsF(painter.font())
        quiet, ruled = palette.color(palette.ColorRole.PlaceholderText), palette.color(palette.ColorRole.Mid)
        for tick in strip.ticks():
            y = frame.bottom() - strip.up(tick) * frame.height()
            painter.setPen(QPen(ruled, 1))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.setPen(quiet)
            box = QRectF(0, y - metrics.height() / 2, frame.left() - GAP, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{tick:.2g}")
        for line in strip.lines:
            self._paint_line(painter, strip, line, frame)
        self._paint_head(painter, strip, frame)

    def _ink(self, line: Line) -> QColor:
        palette = self.palette()
        return line_colour(line.variant, palette) if line.variant else palette.color(palette.ColorRole.Text)

    def _paint_line(self, painter: QPainter, strip: Strip, line: Line, frame: QRectF) -> None:
        points = [
            QPointF(self.x_of(epoch), frame.bottom() - strip.up(value) * frame.height()) for epoch, value in line.points
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._ink(line), 1.8))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(self._ink(line))
        painter.setPen(Qt.PenStyle.NoPen)
        alone = len(points) == 1
        for point in points if (line.variant and len(points) <= MOST_MARKERS) or alone else ():
            _paint_marker(painter, line.variant, point)
        value = line.at(self._marked) if self._marked is not None else None
        if value is not None and self._marked is not None:
            point = QPointF(self.x_of(self._marked), frame.bottom() - strip.up(value) * frame.height())
            painter.setBrush(self.palette().color(self.palette().ColorRole.Base))
            painter.setPen(QPen(self._ink(line), 2))
            painter.drawEllipse(point, MARKER + 0.5, MARKER + 0.5)
        best = self._best
        if line is strip.lines[-1] and line.variant and best is not None:
            value = line.at(best.epoch)
            if value is not None:
                point = QPointF(self.x_of(best.epoch), frame.bottom() - strip.up(value) * frame.height())
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self.palette().color(self.palette().ColorRole.Text), 1.5))
                painter.drawEllipse(point, 2 * MARKER, 2 * MARKER)

    def _paint_head(self, painter: QPainter, strip: Strip, frame: QRectF) -> None:
        """The title, and of each line its name and value: what a legend and a read-out would say."""
        palette, metrics = self.palette(), QFontMetricsF(painter.font())
        line_height = metrics.height()
        rows = 2 if len(strip.lines) > 1 else 1
        top = frame.top() - rows * line_height - GAP / 2
        painter.setPen(palette.color(palette.ColorRole.Text))
        left_top = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        whole = QRectF(frame.left(), top, frame.width(), line_height)
        best = self.tr("\N{LARGE CIRCLE} best: epoch {0}").format(self._best.epoch) if self._best is not None else ""
        taken = metrics.horizontalAdvance(best) + 2 * GAP if rows > 1 else 0.0
        title = metrics.elidedText(strip.title, Qt.TextElideMode.ElideRight, frame.width() - taken)
        painter.drawText(whole, left_top, title)
        right_top = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        epoch = self._read
        if rows == 1 and not strip.lines:
            return
        if rows == 1:
            only = strip.lines[0]
            value = self._value(only, epoch)
            text = f"{value:{strip.form}}" if value is not None else DASH
            painter.drawText(whole, right_top, f"{only.name} {text}".strip())
            return
        painter.setPen(palette.color(palette.ColorRole.PlaceholderText))
        painter.drawText(whole, right_top, best)
        x, middle = frame.left() + MARKER + 1, top + 1.5 * line_height
        step = frame.width() / len(strip.lines)
        for line in strip.lines:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._ink(line))
            _paint_marker(painter, line.variant, QPointF(x, middle))
            painter.setPen(palette.color(palette.ColorRole.Text))
            value = self._value(line, epoch)
            text = f"{value:{strip.form}}" if value is not None else DASH
            box = QRectF(x + 2 * MARKER, top + line_height, step, line_height)
            painter.drawText(box, left_top, f"{line.name} {text}")
            x += step

    def _paint_epochs(self, painter: QPainter, frames: Sequence[QRectF]) -> None:
        """The axis that all strips share, and the epochs that are marked on it."""
        palette, metrics = self.palette(), QFontMetricsF(painter.font())
        quiet = palette.color(palette.ColorRole.PlaceholderText)
        below = frames[-1].bottom() + GAP / 2
        if self._shown is not None and self._shown >= self._epochs()[0]:
            x = self.x_of(min(self._shown, self._epochs()[1]))
            painter.setPen(QPen(palette.color(palette.ColorRole.Highlight), 1.5))
            for frame in frames:  # not across the heads, where the numbers are
                painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
        if self._marked is not None:
            x = self.x_of(self._marked)
            painter.setPen(QPen(quiet, 1, Qt.PenStyle.DashLine))
            for frame in frames:
                painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
        first, last = self._rows[0].epoch, self._rows[-1].epoch
        painter.setPen(quiet)
        whole = QRectF(frames[0].left(), below, frames[0].width(), metrics.height())
        painter.drawText(whole, Qt.AlignmentFlag.AlignLeft, str(first))
        painter.drawText(whole, Qt.AlignmentFlag.AlignRight, str(last))
        painter.setPen(palette.color(palette.ColorRole.Text) if self._marked is not None else quiet)
        text = self.tr("epoch {0}").format(self._marked) if self._marked is not None else self.tr("epoch")
        painter.drawText(whole, Qt.AlignmentFlag.AlignHCenter, text)

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

    def leaveEvent(self, event: QEvent) -> None:
        """Reads the last epoch again."""
        self._mark(None)

    def event(self, event: QEvent) -> bool:
        """Keeps the arrow keys, which leaf through photos elsewhere, while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._step(event):
            event.accept()
            return True
        return super().event(event)

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


def _has(row: EpochRow, variant: str) -> bool:
    return variant in row.val and math.isfinite(row.val[variant].mean_iu)


def _paint_marker(painter: QPainter, variant: str, point: QPointF) -> None:
    """A shape of its own for each variant, so that lines can be told apart without their colours."""
    up = QPointF(0, MARKER + 1)
    left, right = QPointF(-MARKER - 1, MARKER), QPointF(MARKER + 1, MARKER)
    if variant == "32s":
        painter.drawRect(QRectF(point.x() - MARKER, point.y() - MARKER, 2 * MARKER, 2 * MARKER))
    elif variant == "16s":
        painter.drawPolygon(QPolygonF([point - up, point + left, point + right]))
    else:
        painter.drawEllipse(point, MARKER, MARKER)
