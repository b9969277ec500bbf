"""The question what to export, of which variants and photos, and to where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.output.export_request import ExportRequest

WIDTH = 520  # pixels


class ExportDialog(QDialog):
    """Asks; the Export button is there once the answer is whole.

    Args:
        variants: That the first checkpoint has, coarsest first.
        count: Photos in the list.
        folder: That is proposed.
        parent: The window.
        last: What was exported before, which is proposed again.
    """

    def __init__(
        self,
        variants: tuple[str, ...],
        count: int,
        folder: Path,
        parent: QWidget,
        *,
        last: ExportRequest | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle(self.tr("Export"))
        self.setMinimumWidth(WIDTH)
        self._kinds = self._kind_boxes()
        self._variants = {variant: QCheckBox(f"FCN-{variant}") for variant in variants}
        self._this = QRadioButton(self.tr("&This photo"))
        self._all = QRadioButton(self.tr("A&ll {0} photos of the list").format(count))
        self._folder = QLineEdit(str(folder))
        self._hint = QLabel()
        self._hint.setObjectName("export_hint")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = self._buttons.addButton(self.tr("E&xport"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setProperty("role", "primary")
        self._export.setDefault(True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._propose(last)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(_group(self.tr("What"), [*self._kinds.values()], columns=2))
        column.addWidget(_group(self.tr("Variants"), [*self._variants.values()], columns=len(variants)))
        photos = _group(self.tr("Photos"), [self._this, self._all], columns=2)
        photos.setVisible(count > 1)
        column.addWidget(photos)
        column.addLayout(self._folder_row())
        column.addWidget(self._hint)
        column.addWidget(self._buttons)
        for box in (*self._kinds.values(), *self._variants.values()):
            box.toggled.connect(self._check)
        self._folder.textChanged.connect(self._check)
        self._check()

    def request(self) -> ExportRequest:
        """What was chosen."""
        return ExportRequest(
            Path(self._folder.text().strip()).expanduser(),
            tuple(kind for kind, box in self._kinds.items() if box.isChecked()),
            tuple(variant for variant, box in self._variants.items() if box.isChecked()),
            everything=self._all.isChecked(),
        )

    def _kind_boxes(self) -> dict[str, QCheckBox]:
        words = {
            "mask": (self.tr("&Masks"), self.tr("Indexed PNG: each pixel is its class, with the palette")),
            "overlay": (self.tr("&Overlays"), self.tr("PNG: the masks over the photo")),
            "figure": (self.tr("Comparison &figure"), self.tr("PNG: photo and all variants beside each other")),
            "scores": (self.tr("&Scores"), self.tr("NPZ: the score maps on their own grids")),
            "gif": (self.tr("Animation as &GIF"), self.tr("Photo, then each variant, coarse to fine")),
            "webp": (self.tr("Animation as &WebP"), self.tr("The same in all colours")),
            "heatmaps": (self.tr("&Heat maps"), self.tr("PNG: every class at each score layer, on its own grid")),
            "fusion": (self.tr("F&usion graph"), self.tr("PNG: the winning classes at every node of the net")),
            "contributions": (
                self.tr("&Contributions"),
                self.tr("NPZ: each score layer's part of the winning score; PNG: which layer decides each pixel"),
            ),
        }
        boxes = {}
        for kind, (name, explained) in words.items():
            boxes[kind] = QCheckBox(name)
            boxes[kind].setObjectName(f"export_{kind}")
            boxes[kind].setToolTip(explained)
            boxes[kind].setAccessibleDescription(explained)
        return boxes

    def _propose(self, last: ExportRequest | None) -> None:
        for kind, box in self._kinds.items():
            box.setChecked(kind in last.kinds if last else kind == "mask")
        known = last is not None and any(variant in self._variants for variant in last.variants)
        for variant, box in self._variants.items():
            box.setChecked(variant in last.variants if last is not None and known else True)
        (self._all if last is not None and last.everything else self._this).setChecked(True)

    def _folder_row(self) -> QHBoxLayout:
        label = QLabel(self.tr("Fol&der"))
        label.setBuddy(self._folder)
        self._folder.setObjectName("export_folder")
        browse = QPushButton(self.tr("&Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self._folder, 1)
        row.addWidget(browse)
        return row

    @Slot()
    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Export to"), self._folder.text())
        if chosen:
            self._folder.setText(chosen)

    @Slot()
    def _check(self) -> None:
        request = self.request()
        if not request.kinds:
            hint = self.tr("Choose what to export.")
        elif not request.variants:
            hint = self.tr("Choose at least one variant.")
        elif not self._folder.text().strip():
            hint = self.tr("Choose a folder.")
        else:
            hint = ""
        self._hint.setText(hint or self.tr("Files that are there already are not replaced without asking."))
        self._export.setEnabled(not hint)


def _group(title: str, widgets: Sequence[QWidget], *, columns: int) -> QGroupBox:
    group = QGroupBox(title)
    grid = QGridLayout(group)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    for place, widget in enumerate(widgets):
        grid.addWidget(widget, *divmod(place, max(columns, 1)))
    for column in range(columns):
        grid.setColumnStretch(column, 1)
    return group
