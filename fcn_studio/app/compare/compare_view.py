"""Panels beside each other, or two in one place, with one zoom, pan and cross-hair."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSize, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from fcn_studio.app.canvas.canvas import Canvas
from fcn_studio.app.canvas.marks import Marks
from fcn_studio.app.canvas.rendering import PhotoRenderer
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.compare.pair_panel import PairPanel
from fcn_studio.app.compare.panel import Panel
from fcn_studio.app.values.appearance import PAIRED, Appearance, Arrangement, Layout
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.shown import Shown

GAP = 8


class CompareView(QWidget):
    """Lays panels out and keeps them in step.

    Attributes:
        transform: The zoom and pan of all panels.
        panels: Those that have been needed so far.
        pair: Where two are swiped or their difference is shown.

    Signals:
        pointer_moved: The pointer is over another pixel. ((x, y) on the photo, or None)
        pair_requested: Two other panels are to be compared. (PanelId, PanelId)
        pixel_clicked: A pixel was clicked. ((x, y) on the photo)
        region_chosen: A rectangle was drawn with Shift. (rows, columns)
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None
    pair_requested = Signal(object, object)  # PanelId, PanelId
    pixel_clicked = Signal(object)  # tuple[int, int]
    region_chosen = Signal(object, object)  # range, range

    def __init__(self, transform: ViewTransform, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_view")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.transform = transform
        self._renderer = PhotoRenderer()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(GAP, GAP, GAP, GAP)
        self._grid.setSpacing(GAP)
        self._shown: Shown | None = None
        self._appearance = Appearance()
        self._layout = Layout()
        self._available: tuple[PanelId, ...] = ()
        self._visible: tuple[PanelId, ...] = ()
        self._arranged: tuple[tuple[PanelId, ...], int] | None = None
        self._divider = 0.5
        self.panels: dict[PanelId, Panel] = {}
        self.pair = PairPanel(self.transform, self._renderer)
        self.pair.setParent(self)
        self.pair.hide()
        self._marks = Marks()
        self._follow(self.pair.canvas)
        self.pair.canvas.divider_moved.connect(self._on_divider_moved)
        self.pair.pair_requested.connect(self.pair_requested)

    @property
    def visible_panels(self) -> tuple[PanelId, ...]:
        """The panels that are laid out; two of them in one place while they are swiped or their difference is shown."""
        return self._visible

    @property
    def paired(self) -> bool:
        """Whether two panels share one place."""
        return self._layout.arrangement in PAIRED

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Shows a photo with its masks in all panels."""
        self._shown, self._appearance = shown, appearance
        if shown is not None:
            self.transform.set_image_size(shown.size[1], shown.size[0])
        for panel in self._laid_out():
            panel.show_picture(shown, appearance)
        self._arranged = None
        self._arrange()

    def set_appearance(self, appearance: Appearance) -> None:
        """Gives the masks new colours; the masks stay as they are."""
        self._appearance = appearance
        for panel in self._laid_out():
            panel.set_appearance(appearance)

    def set_layout(self, layout: Layout, available: tuple[PanelId, ...]) -> None:
        """Shows other panels, or the same ones in another arrangement."""
        self._layout, self._available, self._visible = layout, available, layout.panels(available)
        self._arrange()

    @Slot(object)
    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair of all panels."""
        for panel in self._laid_out():
            panel.set_pointer(pixel)

    @Slot(object)
    def set_marks(self, marks: Marks) -> None:
        """What the probe marks, on all panels."""
        self._marks = marks
        for canvas in (*(panel.canvas for panel in self.panels.values()), self.pair.canvas):
            canvas.set_marks(marks)

    def _follow(self, canvas: Canvas) -> None:
        canvas.pointer_moved.connect(self.pointer_moved)
        canvas.clicked.connect(self.pixel_clicked)
        canvas.region_chosen.connect(self.region_chosen)

    def blink(self, by: int) -> None:
        """Shows the next (1) or previous (-1) mask in the panel under the pointer, else in the last one; 0 ends it."""
        if self.paired:
            self._blink_pair(by)
            return
        panels = [self.panels[name] for name in self._visible]
        masks = [name for name in self._available if name.is_variant]
        under = next((panel for panel in panels if panel.underMouse()), panels[-1] if panels else None)
        for panel in panels:
            if by == 0 or panel is not under or len(masks) < 2:
                panel.hold(None)
            elif panel.panel in masks:
                panel.hold(masks[(masks.index(panel.panel) + by) % len(masks)])
            else:
                panel.hold(masks[0 if by > 0 else -1])

    def _blink_pair(self, by: int) -> None:
        swipe = self._layout.arrangement is Arrangement.SWIPE
        self.pair.canvas.set_divider(None if not swipe else self._divider if by == 0 else 1.0 if by > 0 else 0.0)

    def _laid_out(self) -> list[Panel | PairPanel]:
        if self.paired:
            return [self.pair]
        return [self.panels[name] for name in self._visible if name in self.panels]

    def _panel(self, name: PanelId) -> Panel:
        if name not in self.panels:
            panel = Panel(name, self.transform, self._renderer)
            panel.setParent(self)
            self._follow(panel.canvas)
            panel.canvas.set_marks(self._marks)
            self.panels[name] = panel
        return self.panels[name]

    def _arrange(self) -> None:
        columns = self._best_columns()
        wanted = (self._visible, columns)
        if self.paired:
            difference = self._layout.arrangement is Arrangement.DIFFERENCE
            first, second = self._visible
            self.pair.set_pair((first, second), self._available, difference=difference, divider=self._divider)
        if wanted != self._arranged or self.pair.isHidden() is self.paired:
            self._place(columns)
            if (better := self._best_columns()) != columns:  # captions of new panels have their words only now
                self._place(better)
            self._arranged = (self._visible, better)
        self._match_sizes()

    def _place(self, columns: int) -> None:
        for index in range(max(self._grid.columnCount(), self._grid.rowCount())):
            self._grid.setColumnStretch(index, 0)
            self._grid.setRowStretch(index, 0)
        for panel in (*self.panels.values(), self.pair):
            self._grid.removeWidget(panel)
        widgets: list[Panel | PairPanel] = [self.pair] if self.paired else [self._panel(name) for name in self._visible]
        for panel in (*self.panels.values(), self.pair):
            if panel not in widgets:
                panel.hide()
        for place, widget in enumerate(widgets):
            row, column = divmod(place, columns)
            self._grid.addWidget(widget, row, column)
            self._grid.setColumnStretch(column, 1)
            self._grid.setRowStretch(row, 1)
            if widget.isHidden():
                widget.show()
                widget.show_picture(self._shown, self._appearance)
        self._grid.activate()

    def _best_columns(self) -> int:
        count = 1 if self.paired else max(len(self._visible), 1)
        arrangement = self._layout.arrangement
        if count == 1 or arrangement is Arrangement.SINGLE:
            return 1
        if arrangement is Arrangement.ROW:
            return count
        if arrangement is Arrangement.GRID:
            return math.ceil(math.sqrt(count))
        height, width = self._shown.size if self._shown else (3, 4)

        panels = [self._panel(name) for name in self._visible]

        def worth(columns: int) -> tuple[float, int]:
            """How large the photo is seen; of equals the one with fewer holes in its last row."""
            rows = math.ceil(count / columns)
            across = (self.width() - GAP * (columns + 1)) / columns
            down = (self.height() - GAP * (rows + 1)) / rows
            sizes = [panel.canvas_size(across, down) for panel in panels]
            return min(min(room[0] / width, room[1] / height) for room in sizes), -(-count % columns)

        return max(range(count, 0, -1), key=worth)

    def _match_sizes(self) -> None:
        """Captions of one height, and a fit that suits the smallest canvas."""
        panels = [] if self.paired else [self.panels[name] for name in self._visible if name in self.panels]
        if not self.isVisible():
            return  # another view says what fits
        canvases: list[Canvas] = [self.pair.canvas] if self.paired else [panel.canvas for panel in panels]
        if not canvases:
            return
        height = max((panel.caption_height(panel.width()) for panel in panels), default=0)
        for panel in panels:
            panel.set_caption_height(height)
        self._grid.activate()
        for widget in (*panels, *([self.pair] if self.paired else [])):
            if (column := widget.layout()) is not None:
                column.activate()
        ratio = self.devicePixelRatioF()
        self.transform.set_viewport(
            round(min(canvas.width() for canvas in canvases) * ratio),
            round(min(canvas.height() for canvas in canvases) * ratio),
        )

    @Slot(float)
    def _on_divider_moved(self, share: float) -> None:
        self._divider = share

    def sizeHint(self) -> QSize:
        """Room for four panels."""
        return QSize(960, 640)

    def minimumSizeHint(self) -> QSize:
        """Small enough for any screen, with a table below."""
        return QSize(320, 220)

    def showEvent(self, event: QShowEvent) -> None:
        """What fits is for these panels to say again."""
        super().showEvent(event)
        self._match_sizes()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays out for the new size."""
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        """A screen of another density has other pixels to fill."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._match_sizes()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Captions have another height in another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._match_sizes()
