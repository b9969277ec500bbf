"""How far the measuring of a data set is, in words and as a bar, with the button that stops it or has it go on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from fcn_studio.app.session.dataset_scores import DatasetScores

MARGIN = 12


class DatasetProgress(QWidget):
    """Follows the scores.

    Signals:
        pause_requested: Measuring is to stop, or to go on. (whether to stop)
    """

    pause_requested = Signal(bool)

    def __init__(self, dataset: DatasetScores, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dataset = dataset
        self._status = QLabel()
        self._status.setObjectName("dataset_status")
        self._status.setProperty("role", "small")
        self._status.setWordWrap(True)
        self._status.setToolTip(
            self.tr(
                "Figures are of the checkpoint as it was loaded; the sliders of the Fusion view do not change them."
            )
        )
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Share of the photos that are measured"))
        self._pause = QPushButton()
        self._pause.setObjectName("dataset_pause")
        self._pause.setProperty("role", "inline")
        self._pause.clicked.connect(lambda: self.pause_requested.emit(not self._dataset.resting))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._status, 1)
        row.addWidget(self._pause)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(6)
        self._column.addWidget(self._bar)
        self._column.addLayout(row)

    @property
    def text(self) -> str:
        """What it says."""
        return self._status.text()

    def show_state(self, found: bool) -> None:
        """Reads the scores anew; `found` says whether any row passes the filter."""
        dataset = self._dataset
        underway = dataset.waiting > 0 and not dataset.mismatch
        below = 8 if dataset.mismatch else 0  # else the set's metrics follow
        self._column.setContentsMargins(MARGIN, 8, MARGIN, below)
        self._status.setText(self._words(found))
        self._bar.setMaximum(max(len(dataset.rows), 1))
        self._bar.setValue(dataset.measured + dataset.failed)
        self._bar.setVisible(underway and not dataset.resting)
        self._pause.setText(self._wish())
        self._pause.setVisible(underway)

    def _wish(self) -> str:
        if not self._dataset.resting:
            return self.tr("Stop")
        return self.tr("Go On") if self._dataset.paused else self.tr("Measure")

    def _words(self, found: bool) -> str:
        dataset = self._dataset
        if dataset.unnamed:
            return self.tr(
                "Nothing says what the classes of these masks are. Put a labels.json into the folder; this proposes "
                "one: fcn-studio data check"
            )
        if dataset.mismatch:
            return self.tr("No open checkpoint has the classes of this data set. Open one that was trained on them.")
        if dataset.rows and not found:
            return self.tr("No photo has this in its name.")
        total = len(dataset.rows)
        if dataset.only_class:
            return self.tr(
                "Only the class {0} occurs in the ground truth of this split, so the figures say nothing; look into "
                "the masks with: fcn-studio data check"
            ).format(dataset.only_class)
        if dataset.measured == total:
            return self.tr("All {0} photos are measured.").format(total)
        texts = [self.tr("{0} of {1} photos measured.").format(dataset.measured, total)]
        if dataset.failed:
            texts.append(self.tr("{0} cannot be.").format(dataset.failed))
        if dataset.stale and dataset.giving_way:
            texts.append(self.tr("{0} still show earlier weights.").format(dataset.stale))
        elif dataset.stale:
            texts.append(self.tr("{0} still show {1}.").format(dataset.stale, dataset.before))
        if dataset.paused and dataset.waiting:
            texts.insert(0, self.tr("Stopped."))
        elif dataset.insisting:
            texts.append(self.tr("Newer weights wait until all are."))
        elif dataset.resting and dataset.waiting:
            texts.append(self.tr("The others wait while the run trains."))
        return " ".join(texts)
