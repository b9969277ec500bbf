"""The question that is asked before files are replaced."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

NAMED = 5  # files that the question names; more are counted


class Overwrite(StrEnum):
    """What becomes of files that are in the way."""

    REPLACE = "replace"
    KEEP_BOTH = "keep_both"
    CANCEL = "cancel"


def ask_to_overwrite(parent: QWidget, existing: Sequence[Path]) -> Overwrite:
    """Asks what to do about files that are there already; closing the question cancels.

    Args:
        parent: The window that the question belongs to.
        existing: The files, at least one, all of one folder.
    """
    box = QMessageBox(parent)
    box.setObjectName("overwrite")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(QCoreApplication.translate("Overwrite", "Replace files?"))
    box.setTextFormat(Qt.TextFormat.PlainText)  # file names are not markup
    box.setText(_question(existing))
    box.setInformativeText(_names(existing))
    replace = box.addButton(QCoreApplication.translate("Overwrite", "&Replace"), QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(QCoreApplication.translate("Overwrite", "&Keep Both"), QMessageBox.ButtonRole.AcceptRole)
    cancel = box.addButton(QCoreApplication.translate("Overwrite", "Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(cancel)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    if clicked is replace:
        return Overwrite.REPLACE
    return Overwrite.KEEP_BOTH if clicked is keep else Overwrite.CANCEL


def _question(existing: Sequence[Path]) -> str:
    folder = existing[0].parent
    if len(existing) == 1:
        return QCoreApplication.translate("Overwrite", "A file of this name is already in {0}.").format(folder)
    return QCoreApplication.translate("Overwrite", "{0} files of these names are already in {1}.").format(
        len(existing), folder
    )


def _names(existing: Sequence[Path]) -> str:
    lines = [path.name for path in existing[:NAMED]]
    if len(existing) > NAMED:
        lines.append(QCoreApplication.translate("Overwrite", "and {0} more").format(len(existing) - NAMED))
    return "\n".join(lines)
