"""Below the data set table: the paper's four metrics of the whole set, over what is measured so far."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from fcn_studio.app.dataset.dataset_columns import Pick
from fcn_studio.core.judging.metrics import Metrics

DASH = "\N{EN DASH}"
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class DatasetTotals(QFrame):
    """A small table: a line for each metric, a column for each variant."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset_totals")
        self.setAccessibleName(self.tr("Metrics of the whole set"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 6, 12, 8)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(0, 1)
        self._cells: dict[tuple[int, int], QLabel] = {}

    def show_totals(self, pick: Pick | None, totals: Mapping[str, Metrics], photos: int) -> None:
        """The figures of a choice of checkpoints over so many photos, in percent."""
        names = {
            "pixel_accuracy": self.tr("Pixel accuracy"),
            "mean_accuracy": self.tr("Mean accuracy"),
            "mean_iu": self.tr("Mean IU"),
            "frequency_weighted_iu": self.tr("Frequency weighted IU"),
        }
        panels = pick.panels if pick is not None else {}
        self._set(0, 0, self.tr("Percent; photos: {0}").format(photos))
        for row, name in enumerate(names.values(), start=1):
            self._set(row, 0, name)
        for column, (variant, panel) in enumerate(panels.items(), start=1):
            self._set(0, column, variant)
            found = totals.get(panel)
            for row, attribute in enumerate(names, start=1):
                value = float(getattr(found, attribute)) if found is not None else float("nan")
                self._set(row, column, f"{100 * value:.1f}" if value == value else DASH)
        for (_, column), label in self._cells.items():
            label.setVisible(column <= len(panels))

    def text(self, row: int, column: int) -> str:
        """What a cell says: row 0 names the variants, column 0 the metrics."""
        return self._cells[row, column].text()

    def _set(self, row: int, column: int, text: str) -> None:
        label = self._cells.get((row, column))
        if label is None:
            label = self._cells[row, column] = QLabel()
            label.setProperty("role", "small")
            if column:
                label.setAlignment(RIGHT)
                font = QFont(label.font())
                font.setFeature(QFont.Tag("tnum"), 1)
                label.setFont(font)
            self._grid.addWidget(label, row, column)
        label.setText(text)
