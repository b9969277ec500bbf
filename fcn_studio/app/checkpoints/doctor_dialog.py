"""The checkpoint doctor: what is wrong with the weights, and the photo's masks by each preprocessing, to choose one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.canvas.rendering import rgb_image
from fcn_studio.app.session.session import Session
from fcn_studio.app.values.jobs import (
    Cancelled,
    Diagnosed,
    DoctorTask,
    Exported,
    Failed,
    Photo,
    Purpose,
    Report,
    StageDone,
)
from fcn_studio.core.figures.pictures import overlay
from fcn_studio.core.judging.diagnosis import Confidence, Diagnosis, Finding, Severity, Trial
from fcn_studio.core.labels import LabelSet

SUFFIX = ".safetensors"
FIRST_SIZE = QSize(1120, 760)
PICTURE = QSize(212, 160)
CAPTION_LINES = 4
LEFT_WIDTH = 340  # pixels
OPACITY = 0.75
NUMBER = Qt.ItemDataRole.UserRole
STEPS = 100


class DoctorDialog(QDialog):
    """Runs at once on the first open checkpoint; the window is used meanwhile.

    Signals:
        checkpoint_written: A copy with another preprocessing is there, to be opened. (Path)
    """

    checkpoint_written = Signal(Path)

    def __init__(self, session: Session, photo: Photo, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("doctor_dialog")
        self.setWindowTitle(self.tr("Checkpoint Doctor"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._photo = session, photo
        self._weights = session.choice.weights[0]
        self._job: int | None = None
        self.diagnosis: Diagnosis | None = None
        self._title, self._verdict = QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._verdict.setObjectName("doctor_verdict")
        for label in (self._title, self._verdict):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)  # names of files are not markup
        self._masks = self._mask_list()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, STEPS)
        self._bar.setAccessibleName(self.tr("Preprocessings tried"))
        self._run = QPushButton()
        self._run.setObjectName("doctor_run")
        self._run.setAutoDefault(False)
        self._run.clicked.connect(self._run_or_stop)
        self._use = QPushButton(self.tr("&Use This Preprocessing…"))
        self._use.setObjectName("doctor_use")
        self._use.setProperty("role", "primary")
        self._use.setToolTip(self.tr("Write a copy of the checkpoint with the chosen preprocessing, and open it"))
        self._use.clicked.connect(self._ask_where)
        close = QPushButton(self.tr("&Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        self._findings = QVBoxLayout()
        self._findings.setSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._bar, 1)
        buttons.addWidget(self._run)
        buttons.addStretch(1)
        for widget in (self._use, close):
            buttons.addWidget(widget)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self._left_side())
        middle.addWidget(self._masks, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(middle, 1)
        column.addLayout(buttons)
        self.resize(FIRST_SIZE)
        session.doctor_reported.connect(self._on_report)
        session.engine_loading.connect(self._on_stopped)  # which empties the queue
        self.finished.connect(self._stop)
        self._examine()

    @property
    def busy(self) -> bool:
        """Whether the worker has something to do for this dialog."""
        return self._job is not None

    @property
    def chosen(self) -> Trial | None:
        """The preprocessing that is chosen."""
        item = self._masks.currentItem()
        return self.diagnosis.trial(item.data(NUMBER)) if self.diagnosis is not None and item is not None else None

    def _left_side(self) -> QWidget:
        hint = QLabel(
            self.tr(
                "The net is tried on a small copy of this photo by each preprocessing that is in use. With the right "
                "one it names many classes, is sure of each, and says the same of the mirrored photo: that is the "
                "fit. A photo unlike those that it was trained on decides nothing."
            )
        )
        hint.setProperty("role", "small")
        hint.setWordWrap(True)
        inside = QWidget()
        inside.setObjectName("doctor_findings")
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(12)
        for widget in (self._title, self._verdict):
            rows.addWidget(widget)
        rows.addLayout(self._findings)
        rows.addWidget(hint)
        rows.addStretch(1)
        area = QScrollArea()
        area.setObjectName("doctor_area")
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(LEFT_WIDTH)
        return area

    def _mask_list(self) -> QListWidget:
        masks = QListWidget()
        masks.setObjectName("doctor_masks")
        masks.setAccessibleName(self.tr("Masks by preprocessing, the likeliest first"))
        masks.setViewMode(QListWidget.ViewMode.IconMode)
        masks.setMovement(QListWidget.Movement.Static)
        masks.setResizeMode(QListWidget.ResizeMode.Adjust)
        masks.setIconSize(PICTURE)
        masks.setWordWrap(True)
        masks.setSpacing(6)
        masks.currentItemChanged.connect(self._show_choice)
        return masks

    def _examine(self) -> None:
        self._clear()
        self._title.setText(self.tr("{0} on {1}").format(self._name(), self._photo.name))
        self._verdict.setText(self.tr("Being examined…"))
        self._start(DoctorTask(self._weights, of_its_kind=not self._photo.is_sample))

    def _name(self) -> str:
        return next((info.checkpoint for info in self._session.engine), Path(self._weights).stem)

    def _start(self, task: DoctorTask) -> None:
        self._bar.setValue(0)
        self._job = 0  # reports come by queued signals, but not before the number is known
        self._job = self._session.ask_doctor(self._photo, task)
        self._show_state()

    def _show_state(self) -> None:
        self._bar.setVisible(self.busy)
        self._run.setText(self.tr("&Stop") if self.busy else self.tr("&Examine Again"))
        self._show_choice()

    @Slot()
    def _show_choice(self) -> None:
        chosen = self.chosen
        self._use.setEnabled(not self.busy and chosen is not None and not chosen.stored and chosen.finite)

    @Slot()
    def _run_or_stop(self) -> None:
        if self.busy:
            self._stop()
            self._on_stopped()
        else:
            self._examine()

    @Slot()
    def _stop(self) -> None:
        if self.busy:
            self._session.queue.drop(Purpose.DOCTOR)

    @Slot()
    def _on_stopped(self) -> None:
        if self.busy:
            self._job = None
            if self.diagnosis is None:
                self._verdict.setText(self.tr("Stopped."))
            self._show_state()

    @Slot(object)
    def _on_report(self, report: Report) -> None:
        if report.job != self._job:
            return
        match report:
            case StageDone():
                self._bar.setValue(round(STEPS * report.share))
                return
            case Cancelled():
                self._on_stopped()
                return
            case Diagnosed():
                self._show(report.diagnosis)
            case Exported():
                self.checkpoint_written.emit(report.files[0])
            case Failed():
                self._verdict.setText(report.sentence)
        self._job = None
        self._show_state()
        if isinstance(report, Exported):
            self.close()

    def _clear(self) -> None:
        self.diagnosis = None
        self._masks.clear()
        while (item := self._findings.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()

    def _show(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self._verdict.setText(self._verdict_words(diagnosis))
        for finding in diagnosis.findings:
            self._findings.addWidget(self._finding(finding))
        if not diagnosis.findings:
            self._findings.addWidget(QLabel(self.tr("Nothing else was found.")))
        photo = diagnosis.photo
        if photo is None:
            return
        labels: LabelSet = self._session.presentation.appearance.dressed(diagnosis.labels)
        for trial in diagnosis.trials:
            picture = np.ascontiguousarray(overlay(photo, trial.mask, labels, opacity=OPACITY))
            pixmap = QPixmap.fromImage(rgb_image(picture)).scaled(
                PICTURE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            icon = QIcon(pixmap)
            icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints it, and colours are what is looked at
            item = QListWidgetItem(icon, self._caption(diagnosis, trial))
            item.setData(NUMBER, trial.number)
            item.setSizeHint(
                QSize(PICTURE.width() + 12, PICTURE.height() + 20 + CAPTION_LINES * self.fontMetrics().lineSpacing())
            )
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._masks.addItem(item)
            if trial is diagnosis.proposed:
                self._masks.setCurrentItem(item)
        self._masks.scrollToTop()

    def _caption(self, diagnosis: Diagnosis, trial: Trial) -> str:
        lines = [trial.recipe.name]
        marks = [
            text
            for text, holds in (
                (self.tr("proposed"), trial is diagnosis.proposed and diagnosis.confidence is not Confidence.UNDECIDED),
                (self.tr("stored"), trial.stored),
            )
            if holds
        ]
        if marks:
            lines.append("(" + ", ".join(marks) + ")")
        if not trial.finite:
            return "\n".join([*lines, self.tr("The scores are no numbers.")])
        lines.append(self.tr("fit {0}, entropy {1}").format(f"{trial.fit:.3f}", f"{trial.entropy:.3f}"))
        if trial.foreground is not None:
            lines.append(self.tr("foreground {0} %").format(f"{100 * trial.foreground:.0f}"))
        else:
            name = diagnosis.labels.classes[trial.dominant]
            lines.append(self.tr("most: {0}, {1} %").format(name, f"{100 * trial.dominant_share:.0f}"))
        return "\n".join(lines)

    def _verdict_words(self, diagnosis: Diagnosis) -> str:
        proposed, stored = diagnosis.proposed, diagnosis.stored
        if proposed is None:
            return ""
        if diagnosis.confidence is Confidence.UNDECIDED:
            if diagnosis.decidable and len(diagnosis.tied) > 1:
                names = "; ".join(trial.recipe.name for trial in diagnosis.tied)
                return self.tr("Undecided between: {0}.").format(names)
            if not self._photo.is_sample:
                return self.tr(
                    "Undecided. {0} comes first, but the net says too little of this photo, or other things of the "
                    "mirrored one. Try a photo of the kind that it was trained on."
                ).format(diagnosis.trials[0].recipe.name)
            return self.tr("Undecided. Try a photo of the kind that the net was trained on.")
        sure = self.tr("clearly") if diagnosis.confidence is Confidence.CLEAR else self.tr("likely")
        if proposed is stored:
            return self.tr("The checkpoint's own preprocessing fits best ({0}): {1}.").format(
                sure, proposed.recipe.name
            )
        return self.tr("Another preprocessing than the checkpoint's own fits best ({0}): {1}.").format(
            sure, proposed.recipe.name
        )

    def _finding(self, finding: Finding) -> QWidget:
        words = {
            Severity.FAULT: self.tr("Fault"),
            Severity.WARNING: self.tr("Warning"),
            Severity.NOTE: self.tr("Note"),
        }
        frame = QFrame()
        frame.setObjectName("doctor_finding")
        frame.setProperty("severity", str(finding.severity))
        head, text = QLabel(words[finding.severity]), QLabel(finding.sentence)
        head.setProperty("role", "small")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        frame.setAccessibleName(f"{head.text()}: {finding.sentence}")
        rows = QVBoxLayout(frame)
        rows.setContentsMargins(10, 6, 8, 6)
        rows.setSpacing(2)
        rows.addWidget(head)
        rows.addWidget(text)
        return frame

    @Slot()
    def _ask_where(self) -> None:
        file, _ = QFileDialog.getSaveFileName(
            self, self.tr("Write the checkpoint with this preprocessing"), str(self._proposed_path()), f"*{SUFFIX}"
        )
        if file:
            self.write(Path(file))

    def write(self, path: Path) -> None:
        """Has a copy with the chosen preprocessing written; it is then told of."""
        chosen = self.chosen
        if chosen is None or self.busy:
            return
        target = path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)
        self._start(DoctorTask(self._weights, recipe=chosen.recipe, target=target))

    def _proposed_path(self) -> Path:
        path, chosen = Path(self._weights), self.chosen
        folder = path.parent if path.is_file() else Path.home()
        order = chosen.recipe.order if chosen is not None else "copy"
        return folder / f"{path.stem}-{order}{SUFFIX}"
