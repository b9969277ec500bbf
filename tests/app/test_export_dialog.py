"""The export dialog: what it proposes, what it answers, and what it asks for when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QLabel, QLineEdit, QPushButton, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.output.export_dialog import ExportDialog
from fcn_studio.app.output.export_request import ExportRequest
from fcn_studio.core.figures.export import KINDS

VARIANTS = ("32s", "16s", "8s")


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def opened(qtbot: QtBot, parent: QWidget, count: int = 3, last: ExportRequest | None = None) -> ExportDialog:
    dialog = ExportDialog(VARIANTS, count, Path("/photos/out"), parent, last=last)
    dialog.open()
    qtbot.waitExposed(dialog)
    return dialog


def box(dialog: ExportDialog, text: str) -> QCheckBox:
    return next(found for found in dialog.findChildren(QCheckBox) if found.text().replace("&", "") == text)


def radio(dialog: ExportDialog, text: str) -> QRadioButton:
    return next(found for found in dialog.findChildren(QRadioButton) if text in found.text().replace("&", ""))


def button(dialog: ExportDialog) -> QPushButton:
    found = dialog.findChild(QDialogButtonBox)
    assert isinstance(found, QDialogButtonBox)
    return next(
        made
        for made in found.buttons()
        if isinstance(made, QPushButton) and found.buttonRole(made) is QDialogButtonBox.ButtonRole.AcceptRole
    )


def hint(dialog: ExportDialog) -> str:
    found = dialog.findChild(QLabel, "export_hint")
    assert isinstance(found, QLabel)
    return found.text()


def test_masks_of_all_variants_of_this_photo_are_proposed(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, parent)
    assert dialog.request() == ExportRequest(Path("/photos/out"), ("mask",), VARIANTS, everything=False)
    assert button(dialog).isEnabled()


def test_every_kind_can_be_chosen(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, parent)
    for found in dialog.findChildren(QCheckBox):
        found.setChecked(True)
    radio(dialog, "All 3 photos").setChecked(True)
    assert dialog.request() == ExportRequest(Path("/photos/out"), KINDS, VARIANTS, everything=True)


def test_what_is_missing_is_said_and_there_is_no_export_without_it(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, parent)
    folder = dialog.findChild(QLineEdit)
    assert isinstance(folder, QLineEdit)
    box(dialog, "Masks").setChecked(False)
    assert not button(dialog).isEnabled()
    assert hint(dialog) == "Choose what to export."
    box(dialog, "Scores").setChecked(True)
    for variant in VARIANTS:
        box(dialog, f"FCN-{variant}").setChecked(False)
    assert not button(dialog).isEnabled()
    assert "variant" in hint(dialog)
    box(dialog, "FCN-8s").setChecked(True)
    folder.setText("  ")
    assert not button(dialog).isEnabled()
    assert hint(dialog) == "Choose a folder."
    folder.setText("/elsewhere")
    assert button(dialog).isEnabled()
    assert dialog.request() == ExportRequest(Path("/elsewhere"), ("scores",), ("8s",))


def test_the_last_answer_is_proposed_again(qtbot: QtBot, parent: QWidget) -> None:
    last = ExportRequest(Path("/before"), ("gif", "overlay"), ("16s",), everything=True)
    request = opened(qtbot, parent, last=last).request()
    assert set(request.kinds) == {"gif", "overlay"}
    assert request.variants == ("16s",)
    assert request.everything
    assert request.folder == Path("/photos/out")


def test_one_photo_needs_no_choice_of_photos(qtbot: QtBot, parent: QWidget) -> None:
    assert not radio(opened(qtbot, parent, count=1), "This photo").isVisible()
    assert radio(opened(qtbot, parent, count=2), "This photo").isVisible()


def test_a_variant_of_before_that_is_gone_leaves_all_proposed(qtbot: QtBot, parent: QWidget) -> None:
    last = ExportRequest(Path("/before"), ("mask",), ("4s",))
    assert opened(qtbot, parent, last=last).request().variants == VARIANTS


def test_enter_exports_and_escape_does_not(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, parent)
    with qtbot.waitSignal(dialog.accepted):
        QTest.keyClick(dialog, Qt.Key.Key_Return)
    dialog = opened(qtbot, parent)
    with qtbot.waitSignal(dialog.rejected):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
