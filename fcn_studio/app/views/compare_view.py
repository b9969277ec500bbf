"""Panels beside each other, with one zoom, pan and cross-hair."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSize, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from fcn_studio.app.appearance import PANELS, Appearance, Arrangement, Layout
from fcn_studio.app.session import Shown
from fcn_studio.app.views.panel import Panel
from fcn_studio.app.views.rendering import PhotoRenderer
from fcn_studio.app.views.view_transform import ViewTransform

GAP = 8
CAPTION = 48  # about; only for weighing arrangements


class CompareView(QWidget):
    """Lays panels out and keeps them in step.

    Attributes:
        transform: The zoom and pan of all panels.
        panels: By name: `photo`, `32s`, `16s`, `8s`.

    Signals:
        pointer_moved: The pointer is over another pixel. ((x, y) on the photo, or None)
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_view")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.transform = ViewTransform(self)
        renderer = PhotoRenderer()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(GAP, GAP, GAP, GAP)
        self._grid.setSpacing(GAP)
        self._shown: Shown | None = None
        self._visible: tuple[str, ...] = ()
        self._arrangement = Arrangement.AUTOMATIC
        self._columns = 0
        self.panels = {name: Panel(name, self.transform, renderer) for name in PANELS}
        for panel in self.panels.values():
            panel.setParent(self)
            panel.hide()
            panel.canvas.pointer_moved.connect(self.pointer_moved)

    @property
    def visible_panels(self) -> tuple[str, ...]:
        """Names of the panels that are laid out."""
        return self._visible

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Shows a photo with its masks in all panels."""
        self._shown = shown
        if shown is not None:
            self.transform.set_image_size(shown.size[1], shown.size[0])
        for panel in self.panels.values():
            panel.show_picture(shown)
        self.set_appearance(appearance)
        self._columns = 0
        self._arrange()

    def set_appearance(self, appearance: Appearance) -> None:
        """Gives the masks new colours; the masks stay as they are."""
        if self._shown is not None and self._shown.trace is not None:
            colours = appearance.colour_table(self._shown.trace.labels)
            for panel in self.panels.values():
                panel.canvas.set_colours(colours)

    def set_layout(self, layout: Layout, available: tuple[str, ...]) -> None:
        """Shows other panels, or the same ones in another arrangement."""
        self._visible, self._arrangement = layout.panels(available), layout.arrangement
        self._columns = 0
        self._arrange()

    @Slot(object)
    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair of all panels."""
        for panel in self.panels.values():
            panel.set_pointer(pixel)

    def _arrange(self) -> None:
        columns = self._best_columns()
        if columns != self._columns:
            self._columns = columns
            for index in range(max(self._grid.columnCount(), self._grid.rowCount())):
                self._grid.setColumnStretch(index, 0)
                self._grid.setRowStretch(index, 0)
            for name, panel in self.panels.items():
                self._grid.removeWidget(panel)
                panel.setVisible(name in self._visible)
            for place, name in enumerate(self._visible):
                row, column = divmod(place, columns)
                self._grid.addWidget(self.panels[name], row, column)
                self._grid.setColumnStretch(column, 1)
                self._grid.setRowStretch(row, 1)
            self._grid.activate()
        self._match_sizes()

    def _best_columns(self) -> int:
        count = max(len(self._visible), 1)
        if self._arrangement is Arrangement.SINGLE:
            return 1
        if self._arrangement is Arrangement.ROW:
            return count
        if self._arrangement is Arrangement.GRID:
            return math.ceil(math.sqrt(count))
        height, width = self._shown.size if self._shown else (3, 4)

        def zoom(columns: int) -> float:
            rows = math.ceil(count / columns)
            return min(
                (self.width() - GAP * (columns + 1)) / columns / width,
                (self.height() - (GAP + CAPTION) * (rows + 1)) / rows / height,
            )

        even = [columns for columns in range(count, 0, -1) if count % columns == 0]  # no hole in the last row
        return max(even, key=zoom)

    def _match_sizes(self) -> None:
        """Captions of one height, and a fit that suits the smallest canvas."""
        panels = [self.panels[name] for name in self._visible]
        if not panels:
            return
        height = max(panel.caption_height() for panel in panels)
        for panel in panels:
            panel.set_caption_height(height)
        self._grid.activate()
        for panel in panels:
            if (column := panel.layout()) is not None:
                column.activate()
        ratio = self.devicePixelRatioF()
        self.transform.set_viewport(
            round(min(panel.canvas.width() for panel in panels) * ratio),
            round(min(panel.canvas.height() for panel in panels) * ratio),
        )

    def sizeHint(self) -> QSize:
        """Room for four panels."""
        return QSize(960, 640)

    def minimumSizeHint(self) -> QSize:
        """Small enough for any screen."""
        return QSize(480, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays out for the new size."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Captions have another height in another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._match_sizes()
