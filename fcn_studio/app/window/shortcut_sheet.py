"""The keys of all actions, on one page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.window.actions import ACTIONS, key_texts, plain, translated

ROW_HEIGHT = 26


class ShortcutSheet(QDialog):
    """Reads the table of actions, so it cannot be out of date."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcut_sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        rows = [(plain(translated(entry.text)), key_texts(entry)) for entry in ACTIONS]
        rows = [
            *((text, keys) for text, keys in rows if keys),
            (self.tr("Zoom at the pointer"), [self.tr("wheel")]),
            (self.tr("Move the picture"), [self.tr("drag")]),
            (self.tr("Fit"), [self.tr("double click")]),
            (self.tr("Move the divider of a swipe"), [self.tr("drag"), ",", "."]),
            (self.tr("Hide a class, show it alone"), [self.tr("click, Alt+click in the legend")]),
        ]
        table = QTableWidget(len(rows), 2)
        table.setHorizontalHeaderLabels([self.tr("Action"), self.tr("Keys")])
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        for row, (text, keys) in enumerate(rows):
            table.setItem(row, 0, QTableWidgetItem(text))
            table.setItem(row, 1, QTableWidgetItem(", ".join(keys)))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.addWidget(table)
        self.resize(480, 640)
