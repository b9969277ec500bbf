"""What the window shows before there is a photo: what to do, and buttons that do it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget


class EmptyState(QWidget):
    """An invitation.

    Signals:
        open_requested: The user wants to choose a photo.
        sample_requested: The user wants to see a sample.
    """

    open_requested = Signal()
    sample_requested = Signal()

    def __init__(self, *, has_samples: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("empty_state")
        title = QLabel(self.tr("Drop a photo here"))
        title.setProperty("role", "display")
        text = QLabel(
            self.tr(
                "Files, folders and pictures from a browser can be dropped anywhere on this window.\n"
                "Or open one with Ctrl+O, a folder with Ctrl+Shift+O, or paste with Ctrl+V."
            )
        )
        text.setProperty("role", "quiet")
        open_button = QPushButton(self.tr("Open a photo…"))
        open_button.setObjectName("empty_open")
        open_button.setProperty("role", "primary")
        open_button.clicked.connect(self.open_requested)
        sample_button = QPushButton(self.tr("Show a sample"))
        sample_button.setObjectName("empty_sample")
        sample_button.clicked.connect(self.sample_requested)
        sample_button.setVisible(has_samples)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch()
        buttons.addWidget(open_button)
        buttons.addWidget(sample_button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setSpacing(16)
        column.addStretch()
        for label in (title, text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addLayout(buttons)
        column.addStretch()
