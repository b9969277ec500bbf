"""The panel of a training run: how it goes, its curves, which checkpoint is shown, and a slider back through epochs."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.run_watch.run_watch import MOST_PHOTOS, RunWatch
from fcn_studio.app.run_watch.run_watch_files import RunFiles
from fcn_studio.app.run_watch.run_watch_plot import RunPlot
from fcn_studio.app.widgets.labelled_slider import KeySlider
from fcn_studio.app.widgets.segments import Segments
from fcn_studio.core.run_folder import RunInfo

FRAME_MS = 400  # of an epoch while the time-lapse plays
MINUTE, HOUR = 60, 3600


class RunPanel(QWidget):
    """Follows a `RunWatch`, and sends it the user's wishes.

    Attributes:
        plot: The curves.
    """

    def __init__(self, watch: RunWatch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run_panel")
        self.setAccessibleName(self.tr("Training run"))
        self._watch = watch
        self.plot = RunPlot()
        self.plot.epoch_chosen.connect(self._scrub_near)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._next_frame)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 6)
        column.setSpacing(4)
        column.addLayout(self._head())
        column.addLayout(self._figures())
        column.addWidget(self._message())
        column.addWidget(self.plot, 1)
        column.addLayout(self._past_row())
        column.addLayout(self._choices())
        column.addWidget(self._stages_button(), 0, Qt.AlignmentFlag.AlignLeft)
        watch.changed.connect(self.refresh)
        self.refresh()

    def _head(self) -> QGridLayout:
        self._state, self._name = QLabel(), QLabel()
        self._state.setObjectName("run_state")
        self._state.setProperty("role", "title")
        self._state.setWordWrap(True)
        self._name.setObjectName("run_name")
        self._name.setProperty("role", "small")
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._close = QToolButton()
        self._close.setObjectName("run_close")
        self._close.setText("\N{MULTIPLICATION SIGN}")
        self._close.setAccessibleName(self.tr("Stop watching"))
        self._close.setToolTip(self.tr("Stops watching; photos and checkpoint stay open"))
        self._close.clicked.connect(self._watch.close)
        grid = QGridLayout()
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self._state, 0, 0)
        grid.addWidget(self._name, 1, 0)
        grid.addWidget(self._close, 0, 1, 2, 1, Qt.AlignmentFlag.AlignTop)
        return grid

    def _figures(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        self._values: dict[str, QLabel] = {}
        words = {
            "loss": self.tr("Loss"),
            "rate": self.tr("Images/s"),
            "left": self.tr("Time left"),
            "shown": self.tr("On screen"),
        }
        for place, (name, word) in enumerate(words.items()):
            title, value = QLabel(word), QLabel()
            title.setProperty("role", "small")
            value.setObjectName(f"run_{name}")
            value.setAccessibleName(word)
            grid.addWidget(title, 0, place)
            grid.addWidget(value, 1, place)
            grid.setColumnStretch(place, 1)
            self._values[name] = value
        return grid

    def _message(self) -> QLabel:
        self._problem = QLabel()
        self._problem.setObjectName("run_problem")
        self._problem.setWordWrap(True)
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._problem.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return self._problem

    def _past_row(self) -> QHBoxLayout:
        self._play = QToolButton()
        self._play.setObjectName("run_play")
        self._play.setText("\N{BLACK RIGHT-POINTING TRIANGLE}")
        self._play.setCheckable(True)
        self._play.setAccessibleName(self.tr("Play the epochs"))
        self._play.setToolTip(self.tr("Plays the masks of this photo through the epochs seen so far"))
        self._play.toggled.connect(self._on_play)
        self._slider = KeySlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("run_epochs")
        self._slider.setAccessibleName(self.tr("Epoch on screen"))
        self._slider.setToolTip(self.tr("Masks of this photo after earlier epochs, as far as they were seen here"))
        self._slider.setPageStep(1)
        self._slider.valueChanged.connect(self._on_slider)
        self._epoch = QLabel()
        self._epoch.setObjectName("run_epoch")
        self._epoch.setMinimumWidth(self._epoch.fontMetrics().horizontalAdvance(self.tr("epoch {0}").format(8888)))
        self._hint = QLabel(self.tr("Once a second epoch was seen here, a slider leads back to the first."))
        self._hint.setObjectName("run_hint")
        self._hint.setProperty("role", "small")
        self._hint.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._hint, 1)
        row.addWidget(self._play)
        row.addWidget(self._slider, 1)
        row.addWidget(self._epoch)
        return row

    def _choices(self) -> QHBoxLayout:
        self._which = Segments(
            "run_which",
            self.tr("Checkpoint"),
            (
                (self.tr("Newest"), self.tr("The checkpoint of the last evaluation")),
                (self.tr("Best"), self.tr("The checkpoint with the highest mean IU so far")),
            ),
        )
        self._which.chosen.connect(lambda number: self._watch.set_best(number == 1))
        self._hold = QCheckBox(self.tr("Hold"))
        self._hold.setObjectName("run_hold")
        self._hold.setToolTip(self.tr("Leaves newer checkpoints alone, until this is off again (H)"))
        self._hold.toggled.connect(self._watch.set_held)
        self._count = QSpinBox()
        self._count.setObjectName("run_photos")
        self._count.setRange(1, MOST_PHOTOS)
        self._count.setKeyboardTracking(False)
        self._count.setAccessibleName(self.tr("Photos"))
        self._count.setToolTip(self.tr("How many photos of the judged split are in the film strip, evenly spaced"))
        self._count.valueChanged.connect(self._watch.set_count)
        photos = QLabel(self.tr("Photos"))
        photos.setProperty("role", "quiet")
        photos.setBuddy(self._count)
        row = QHBoxLayout()
        row.addWidget(self._which)
        row.addWidget(self._hold)
        row.addStretch(1)
        row.addWidget(photos)
        row.addWidget(self._count)
        return row

    def _stages_button(self) -> QPushButton:
        self._stages = QPushButton(self.tr("Open All Stages"))
        self._stages.setObjectName("run_stages")
        self._stages.setToolTip(self.tr("Opens the best checkpoint of each stage, such as 32s, 16s and 8s, together"))
        self._stages.clicked.connect(self._watch.open_stages)
        return self._stages

    # What is seen

    @Slot()
    def refresh(self) -> None:
        """Shows what the watch knows."""
        watch = self._watch
        files = watch.files
        info = files.info if files is not None else None
        on_screen = watch.history.on_screen
        self._state.setText(self._state_text(files, info))
        folder = watch.folder.name if watch.folder is not None else ""
        words = (folder, str(info.recipe.get("name", "")), info.data.name) if info is not None else (folder,)
        self._name.setText(" · ".join(word for word in words if word))
        for label in (self._state, self._name):
            label.setToolTip(self._about(info))
        self._show_figures(files, on_screen)
        self._problem.setText(self.sentence)
        self._problem.setVisible(bool(self.sentence))
        self._stages.setVisible(files is not None and len(files.stages) > 1)
        self.plot.set_run(files, on_screen)
        with QSignalBlocker(self._which), QSignalBlocker(self._hold), QSignalBlocker(self._count):
            self._which.choose(int(watch.best))
            self._hold.setChecked(watch.held)
            self._count.setValue(watch.count)
        self._show_past(on_screen)

    def _state_text(self, files: RunFiles | None, info: RunInfo | None) -> str:
        if info is None or files is None:
            return self.tr("Training run")
        words = {
            "running": self.tr("Running: epoch {0} of {1}"),
            "stopped": self.tr("Stopped: epoch {0} of {1}"),
            "finished": self.tr("Finished: epoch {0} of {1}"),
            "failed": self.tr("Failed: epoch {0} of {1}"),
        }
        return words[info.state].format(files.epoch, info.epochs)

    def _about(self, info: RunInfo | None) -> str:
        parts = [str(self._watch.folder)]
        if info is not None:
            name = str(info.recipe.get("name", ""))
            parts += [
                *([self.tr("Recipe: {0}").format(name)] if name else []),
                self.tr("Data: {0}").format(info.data),
                f"{info.device} {info.precision}",
                self.tr("Started: {0}").format(info.started),
            ]
        return "\n".join(parts)

    def _show_figures(self, files: RunFiles | None, on_screen: int | None) -> None:
        last = files.rows[-1] if files is not None and files.rows else None
        left = files.seconds_left if files is not None else None
        self._values["loss"].setText(f"{last.loss:.4g}" if last is not None else "\N{EN DASH}")
        rate = last.images_per_second if last is not None else math.nan
        self._values["rate"].setText(f"{rate:.3g}" if math.isfinite(rate) else "\N{EN DASH}")
        self._values["left"].setText(self._duration(left) if left is not None else "\N{EN DASH}")
        self._values["shown"].setText(
            self.tr("epoch {0}").format(on_screen) if on_screen is not None else "\N{EN DASH}"
        )

    def _duration(self, seconds: float) -> str:
        if seconds >= HOUR:
            return self.tr("{0} h {1} min").format(int(seconds // HOUR), int(seconds % HOUR // MINUTE))
        if seconds >= MINUTE:
            return self.tr("{0} min").format(round(seconds / MINUTE))
        return self.tr("{0} s").format(max(round(seconds), 1))

    @property
    def sentence(self) -> str:
        """What there is to say beside the figures; empty if nothing."""
        watch = self._watch
        info = watch.files.info if watch.files is not None else None
        parts = [info.reason] if info is not None and info.reason else []
        if info is not None and not watch.has_checkpoint:
            if info.state == "running":
                told = self.tr("No checkpoint yet: the first one comes with epoch {0}.")
                parts.append(told.format(min(info.val_every, info.epochs)))
            else:
                parts.append(self.tr("This run has written no checkpoint."))
        if watch.detached:
            parts.append(
                self.tr("Another checkpoint was opened in this one's place; switch Hold off to go on watching.")
            )
        if watch.waits:
            parts.append(self.tr("A newer checkpoint waits until the data set table is measured."))
        if watch.problem:
            parts.append(watch.problem)
        return " ".join(parts)

    # Back through the epochs

    def _show_past(self, on_screen: int | None) -> None:
        seen = self._watch.history.epochs_seen
        some = len(seen) > 1
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, max(len(seen) - 1, 0))
            self._slider.setValue(seen.index(on_screen) if on_screen in seen else len(seen) - 1)
        for widget in (self._slider, self._play, self._epoch):
            widget.setVisible(some)
        self._hint.setVisible(not some and self._watch.has_checkpoint and not self._watch.detached)
        if not some and self._play.isChecked():
            self._play.setChecked(False)
        self._epoch.setText(self.tr("epoch {0}").format(on_screen) if on_screen is not None else "")

    @Slot(int)
    def _on_slider(self, place: int) -> None:
        seen = self._watch.history.epochs_seen
        if place < len(seen):
            self._watch.history.scrub(seen[place])

    @Slot(int)
    def _scrub_near(self, epoch: int) -> None:
        seen = self._watch.history.epochs_seen
        if seen:
            self._watch.history.scrub(min(seen, key=lambda other: abs(other - epoch)))

    @Slot(bool)
    def _on_play(self, playing: bool) -> None:
        if playing:
            self._watch.history.scrub(next(iter(self._watch.history.epochs_seen), None))
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _next_frame(self) -> None:
        seen = self._watch.history.epochs_seen
        now = self._watch.history.scrubbed
        later = [epoch for epoch in seen if now is not None and epoch > now]
        self._watch.history.scrub(later[0] if later else None)
        if not later:
            self._play.setChecked(False)
