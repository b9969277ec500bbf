"""The right end of the status bar: which photo, where, and what computed its masks in what time."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from fcn_studio.app.values.captions import device_text, size_policy_text
from fcn_studio.app.values.jobs import EngineInfo
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.widgets.elided_label import ElidedLabel
from fcn_studio.core.labels import guess_sentence

LONG = 10  # seconds, from which nobody wants them in milliseconds


class RunStatus(QWidget):
    """Small labels in a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = QLabel()
        self._size = QLabel()
        self._guess = QLabel()
        self._device = ElidedLabel()
        self._time = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(4)
        for name, label in (
            ("place", self._place),
            ("size", self._size),
            ("guess", self._guess),
            ("device", self._device),
            ("time", self._time),
        ):
            label.setObjectName(f"status_{name}")
            row.addWidget(label)

    def show_place(self, index: int, count: int) -> None:
        """Which photo of how many."""
        self._place.setText(self.tr("{0} of {1}").format(index + 1, count) if count > 1 else "")

    def show_engine(self, engine: tuple[EngineInfo, ...]) -> None:
        """What runs, and why there; and whether its classes are named for their number alone, in every room."""
        guesses = [found for info in engine if (found := guess_sentence(info.checkpoint, info.labels))]
        self._guess.setText(self.tr("classes guessed") if guesses else "")
        self._guess.setToolTip("\n".join(guesses))
        self._guess.setVisible(bool(guesses))
        if not engine:
            self._device.clear()
            return
        first = engine[0]
        self._device.setText(f"{device_text(first.device, first.precision, first.backend)} · {first.device_name}")
        names = ", ".join(info.checkpoint for info in engine)
        self._device.setToolTip(f"{first.reason}\n{self.tr('Checkpoint: {0}').format(names)}")

    def show_run(self, shown: Shown | None) -> None:
        """Size of the photo and time of its run."""
        self._size.clear()
        self._time.clear()
        if shown is None:
            return
        height, width = shown.size
        self._size.setText(f"{width} \N{MULTIPLICATION SIGN} {height}")
        if shown.trace is None or shown.pending:
            return
        seconds = shown.result.seconds
        self._time.setText(
            self.tr("{0} ms").format(round(1000 * seconds))
            if seconds < LONG
            else self.tr("{0} s").format(f"{seconds:.1f}")
        )
        lines = [f"{stage}: {1000 * taken:.1f} ms" for stage, taken in shown.trace.timings.items()]
        policy = shown.trace.provenance.size_policy
        self._time.setToolTip("\n".join((*lines, *((size_policy_text(policy),) if policy != "native" else ()))))
