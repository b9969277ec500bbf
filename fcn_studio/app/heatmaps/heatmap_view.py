"""Heat maps: every class's scores or probabilities at any node of the net, small ones of all and a large one of one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from fcn_studio.app.canvas.canvas import LEAST_PICTURE
from fcn_studio.app.canvas.heat_picture import HeatPlane, heat_colours, value_text
from fcn_studio.app.canvas.layers import Content
from fcn_studio.app.canvas.rendering import PhotoRenderer
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.heatmaps.heatmap_bar import HeatmapBar
from fcn_studio.app.heatmaps.heatmap_large import HeatCanvas, visible_pixels
from fcn_studio.app.heatmaps.heatmap_tile import HeatmapTiles, Tile
from fcn_studio.app.plots.colour_bar import ColourBar
from fcn_studio.app.values.appearance import Appearance
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.widgets.icons import swatch
from fcn_studio.app.widgets.labelled_slider import LabelledSlider
from fcn_studio.app.widgets.own_keys import keeps_key
from fcn_studio.app.worker.background import Background
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.maps.heat import DOUBT_KINDS, HeatKind, HeatMaps, HeatRange, NodeHeat, colour_table, heat_ranges
from fcn_studio.core.trace.trace import Trace

MAPS, DETAIL = "heatmaps", "heatmaps.detail"  # keys of the background's questions
OPACITY = 65  # percent, at first
PAUSE = 60  # milliseconds that the picture must stand still before a large photo's detail is computed


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The maps of all classes, and what they are maps of."""

    trace: Trace
    heat: NodeHeat
    kind: HeatKind
    cells: bool
    maps: HeatMaps
    peaks: tuple[float, ...]
    shared: tuple[HeatRange, ...]
    own: tuple[HeatRange, ...]


def _find(trace: Trace, known: NodeHeat | None, node: str, kind: HeatKind, cells: bool, token: CancelToken) -> _Found:
    heat = known or NodeHeat(trace, node)
    for dark in (False, True):
        colour_table(kind, dark=dark)  # read here the first time, for which the window must not wait
    token.check()
    maps = heat.cells(kind) if cells else heat.enlarged(kind, cancel=token)
    ranges = (heat_ranges(maps.values, kind, shared=shared, classes=len(trace.labels)) for shared in (True, False))
    return _Found(trace, heat, kind, cells, maps, tuple(float(peak) for peak in maps.peaks), *ranges)


class HeatmapView(QWidget):
    """Tiles of all classes; one class large over the photo once it is chosen.

    Nothing is computed while the view is hidden.

    Signals:
        pointer_moved: The pointer is over another place. ((x, y) of a pixel of the photo, or None)
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None

    def __init__(self, transform: ViewTransform, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("heatmap_view")
        self._transform, self._background = transform, background
        self._shown: Shown | None = None
        self._appearance = Appearance()
        self._found: _Found | None = None
        self._stale = True
        self._pixel: tuple[int, int] | None = None
        self._hovered = -1  # the class of the tile under the pointer
        self._class_name: str | None = None  # of the large map; a name, so that another net can have it too
        self.bar = HeatmapBar()
        self.tiles = HeatmapTiles()
        self.tiles.setAccessibleName(self.tr("Heat maps of all classes"))
        self.canvas = HeatCanvas(transform, PhotoRenderer())
        self.canvas.setObjectName("heatmap_canvas")
        self.canvas.setAccessibleName(self.tr("Heat map over the photo"))
        self.colour_bar = ColourBar()
        self.colour_bar.setAccessibleName(self.tr("Colour bar"))
        self._back = QPushButton(self.tr("All classes"))
        self._back.setObjectName("heatmap_back")
        self._back.setProperty("role", "inline")
        self._back.setToolTip(self.tr("Back to the maps of all classes (Esc)"))
        self._swatch = QLabel()
        self._title = QLabel()
        self._title.setObjectName("heatmap_title")
        self._title.setProperty("role", "title")
        self._readout = QLabel()
        self._readout.setObjectName("heatmap_readout")
        self._readout.setTextFormat(Qt.TextFormat.PlainText)
        self._opacity = LabelledSlider("heatmap_opacity", self.tr("Opacity"), top=100)
        self._opacity.describe(
            self.tr("Opacity of the heat map"), self.tr("How much of the photo is seen through the map")
        )
        self._opacity.setFixedWidth(220)
        self._percent = OPACITY
        self._opacity.set_value(OPACITY)
        self._message = QLabel()
        self._message.setObjectName("heatmap_message")
        self._message.setProperty("role", "quiet")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._pages.setMinimumSize(LEAST_PICTURE)
        for page in (self._message, self.tiles, self.canvas):
            self._pages.addWidget(page)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._build()
        self._connect()
        self._show_page()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (self._back, self._swatch, self._title):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self._readout)
        head.addSpacing(8)
        head.addWidget(self._opacity)
        self._opacity.setMinimumHeight(self._back.sizeHint().height())
        body = QHBoxLayout()
        body.setSpacing(8)
        body.addWidget(self._pages, 1)
        body.addWidget(self.colour_bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addWidget(self.bar)
        column.addLayout(head)
        column.addLayout(body, 1)

    def _connect(self) -> None:
        self.bar.maps_changed.connect(self._on_maps_wanted)
        self.bar.look_changed.connect(self._on_look)
        self.tiles.chosen.connect(self._on_chosen)
        self.tiles.pointer_moved.connect(self._on_tile_pointer)
        self.canvas.pointer_moved.connect(self._on_canvas_pointer)
        self.canvas.left.connect(self.show_all)
        self._back.clicked.connect(self.show_all)
        self._opacity.moved.connect(self._on_opacity)
        self._transform.changed.connect(self._on_transform)
        self._pause.timeout.connect(self._ask_detail)

    # What the window wants

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Shows the first checkpoint's maps of a photo; computed once the view is seen."""
        before = self._shown
        self._shown, self._appearance = shown, appearance
        if before is None or shown is None or before.deepest is not shown.deepest:
            self._forget()
        if self.isVisible():
            self._refresh()

    def set_appearance(self, appearance: Appearance) -> None:
        """Other colours of the classes; the maps stay as they are."""
        self._appearance = appearance
        if self.isVisible():
            self._dress()

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair, and tells the values under it."""
        self._pixel = pixel
        self.canvas.set_crosshair(pixel)
        if self.isVisible():
            self._read()

    def show_node(self, node: str, class_name: str | None = None) -> None:
        """Shows a node's maps; one class large if it is named, else all.

        A node or class that the photo's net does not have is left out.
        """
        self._class_name = class_name
        self.bar.choose_node(node)
        if self.isVisible():
            self._dress()

    @Slot()
    def show_all(self) -> None:
        """Goes from one class back to all."""
        name, self._class_name = self._class_name, None
        if self._found is not None and name in self._found.trace.labels.classes:
            self.tiles.set_current(self._found.trace.labels.index(name))
        self._dress()
        self.tiles.setFocus()

    # State

    @property
    def _single(self) -> bool:
        """Whether one map is shown alone."""
        found = self._found
        return found is not None and (found.kind in DOUBT_KINDS or self._class_name in found.trace.labels.classes)

    @property
    def _class(self) -> int:
        """Index of the map that is shown alone."""
        found = self._found
        if found is None or found.kind in DOUBT_KINDS or self._class_name is None:
            return 0
        return found.trace.labels.index(self._class_name)

    @property
    def _dark(self) -> bool:
        return self.palette().color(QPalette.ColorRole.Window).lightness() < 128

    def _forget(self) -> None:
        """What is known is of another photo, or another net."""
        self._found, self._stale = None, True
        for key in (MAPS, DETAIL):
            self._background.forget(key)
        self._pause.stop()
        self._show_page()

    def _refresh(self) -> None:
        trace = self._shown.deepest if self._shown else None
        if not self._stale or trace is None:
            self._dress()
            return
        self.bar.set_trace(trace)
        self._ask()

    def _ask(self) -> None:
        trace = self._shown.deepest if self._shown else None
        if trace is None or not self.isVisible():
            self._stale = True
            return
        self._stale = False
        node, kind, cells = self.bar.node, self.bar.kind, self.bar.cells
        found = self._found
        known = found.heat if found is not None and found.trace is trace and found.heat.node == node else None
        self._background.ask(MAPS, lambda token: _find(trace, known, node, kind, cells, token), self._on_found)

    def _on_found(self, found: object) -> None:
        assert isinstance(found, _Found)
        trace = self._shown.deepest if self._shown else None
        if found.trace is trace:
            self._found = found
            self._dress()

    # Drawing

    def _show_page(self) -> None:
        """The page that fits what is known, and what stands above it."""
        found, single = self._found, self._single
        page = self._message if found is None else self.canvas if single else self.tiles
        if self._pages.currentWidget() is not page:
            focused = self._pages.isAncestorOf(self.focusWidget()) if self.focusWidget() else False
            self._pages.setCurrentWidget(page)
            if focused and page is not self._message:
                page.setFocus()
        if self._shown is None:
            text = self.tr("Open a photo to see the heat maps of its classes.")
        elif self._shown.deepest is None:
            text = self.tr("Segmenting…") if self._shown.pending else self.tr("There are no scores of this photo.")
        else:
            text = self.tr("Computing heat maps…")
        self._message.setText(text)
        doubt = found is not None and found.kind in DOUBT_KINDS
        self.bar.setEnabled(self._shown is not None and self._shown.deepest is not None)
        self.bar.set_large(single)
        self._back.setVisible(single and not doubt)
        self._swatch.setVisible(single and not doubt)
        self._opacity.setVisible(single)
        self.colour_bar.setVisible(found is not None)
        self._title.setVisible(found is not None)
        if found is None:
            self.canvas.set_content(Content())
            self.canvas.set_planes()
            self.tiles.set_tiles((), (1, 1))
            self._readout.clear()

    def _dress(self) -> None:
        """Draws what is known as it is wanted now."""
        self._show_page()
        found = self._found
        if found is None or self._shown is None:
            return
        if self._single:
            self._dress_large(found, self._shown)
        else:
            self._dress_tiles(found)
        self._read()

    def _dress_tiles(self, found: _Found) -> None:
        labels = self._appearance.dressed(found.trace.labels)
        ranges = found.shared if self.bar.shared else found.own
        if self.bar.by_peak:
            order = sorted(range(len(labels)), key=lambda index: (-_sortable(found.peaks[index]), index))
        else:
            order = sorted(range(len(labels)), key=lambda index: labels.classes[index].casefold())
        text = self.tr("max {0}") if found.maps.complete else self.tr("max about {0}")
        tiles = tuple(
            Tile(
                index,
                labels.classes[index],
                labels.colours[index],
                HeatPlane(found.maps, index, ranges[index]),
                text.format(value_text(found.peaks[index], found.kind)),
            )
            for index in order
        )
        colours = heat_colours(found.kind, dark=self._dark)
        self.tiles.set_colours(colours)
        self.tiles.set_tiles(tiles, found.trace.size)
        count = self.tr("{0} classes, names guessed") if labels.guessed else self.tr("{0} classes")
        self._title.setText(count.format(len(labels)))
        words: tuple[str, ...] = ()
        if not self.bar.shared:
            peak = self.tr("peak")
            words = (f"\N{MINUS SIGN}{peak}", "0", peak) if found.kind == "score" else ("0", peak)
        self.colour_bar.set_scale(colours, ranges[0], words=words)

    def _dress_large(self, found: _Found, shown: Shown) -> None:
        labels, number = self._appearance.dressed(found.trace.labels), self._class
        ranges = found.shared if self.bar.shared else found.own
        if found.kind in DOUBT_KINDS:
            title = self.tr("Entropy") if found.kind == "entropy" else self.tr("Margin")
        else:
            title = labels.classes[number]
            self._swatch.setPixmap(swatch(labels.colours[number]).pixmap(16, 16))
        self._title.setText(title)
        if self.canvas.layers.content.levels is not shown.result.levels:
            self.canvas.set_content(Content(shown.result.levels))
        self._transform.set_image_size(shown.size[1], shown.size[0])
        self.canvas.set_colours(heat_colours(found.kind, dark=self._dark, opacity=self._percent))
        self.canvas.set_planes(HeatPlane(found.maps, number, ranges[number]))
        self.canvas.set_crosshair(self._pixel)
        unit = self.tr("bits") if found.kind == "entropy" else ""
        self.colour_bar.set_scale(heat_colours(found.kind, dark=self._dark), ranges[number], unit)
        self._offer_viewport()
        self._on_transform()

    def _offer_viewport(self) -> None:
        if self.isVisible() and self._single:
            ratio = self.devicePixelRatioF()
            self._transform.set_viewport(round(self.canvas.width() * ratio), round(self.canvas.height() * ratio))

    # Large photos: the part that is seen, as fine as the screen

    @Slot()
    def _on_transform(self) -> None:
        found = self._found
        if found is not None and self._single and not found.maps.complete and self.isVisible():
            self._pause.start()

    @Slot()
    def _ask_detail(self) -> None:
        found = self._found
        if found is None or not self._single or not self.isVisible():
            return
        heat, kind, number = found.heat, found.kind, self._class
        if found.cells:
            self._background.ask(
                DETAIL, lambda token: (found, number, heat.cells(kind, number, side=1 << 30)), self._on_detail
            )
            return
        rows, columns, step = visible_pixels(self.canvas.placement())
        if not (len(rows) and len(columns)) or step >= found.maps.step:
            return

        def question(token: CancelToken) -> object:
            values = heat.at(rows, columns, kind, number if kind not in DOUBT_KINDS else None, cancel=token)
            return found, number, HeatMaps(values, float(rows[0]), float(columns[0]), float(step), True)

        self._background.ask(DETAIL, question, self._on_detail)

    def _on_detail(self, answer: object) -> None:
        assert isinstance(answer, tuple)
        found, number, maps = answer
        if isinstance(found, _Found) and found is self._found and self._single and number == self._class:
            span = (found.shared if self.bar.shared else found.own)[number]
            self.canvas.set_planes(HeatPlane(found.maps, number, span), HeatPlane(maps, 0, span))

    # Values under the pointer

    def _read(self) -> None:
        """Writes the values under the cross-hair."""
        found, pixel = self._found, self._pixel
        height, width = found.trace.size if found else (0, 0)
        if found is None or pixel is None or not (0 <= pixel[0] < width and 0 <= pixel[1] < height):
            self._readout.clear()
            self.colour_bar.set_value(None)
            self.tiles.set_pointer(None, {})
            return
        place = found.heat.cell_at(*pixel) if found.cells else None
        if found.cells:
            values = found.heat.cell(*place, found.kind) if place else None
        else:
            values = found.heat.pixel(*pixel, found.kind)
        number = self._class if self._single else self._hovered
        value = float(values[number]) if values is not None and 0 <= number < len(values) else None
        if not self._single:
            missing = "\N{EN DASH}"
            self.tiles.set_pointer(
                pixel,
                {
                    index: value_text(float(values[index]), found.kind) if values is not None else missing
                    for index in self.tiles.order
                },
            )
        self._readout.setText(self._words(found, number, value, pixel, place))
        relative = not self._single and not self.bar.shared
        self.colour_bar.set_value(None if relative else value)

    def _words(
        self, found: _Found, number: int, value: float | None, pixel: tuple[int, int], place: tuple[int, int] | None
    ) -> str:
        if value is None:
            name = text = ""
        else:
            name = self._title.text() if self._single else found.trace.labels.classes[number]
            text = value_text(value, found.kind)
        if not found.cells:
            return self.tr("{0}  {1} at x {2}, y {3}").format(name, text, *pixel).strip()
        if place is None:
            return self.tr("no cell at x {0}, y {1}").format(*pixel)
        words = self.tr("{0}  {1} at cell (row {2}, column {3}) of {4} x {5}")
        return words.format(name, text, *place, found.heat.columns, found.heat.rows).strip()

    # What the user does

    @Slot()
    def _on_maps_wanted(self) -> None:
        self._ask()

    @Slot()
    def _on_look(self) -> None:
        self._dress()

    @Slot(int)
    def _on_chosen(self, number: int) -> None:
        if self._found is not None:
            self._class_name = self._found.trace.labels.classes[number]
            self._hovered = -1
            self._dress()
            self.canvas.setFocus()

    @Slot(object, int)
    def _on_tile_pointer(self, pixel: tuple[int, int] | None, number: int) -> None:
        self._hovered = number
        self.set_pointer(pixel)
        self.pointer_moved.emit(pixel)

    @Slot(object)
    def _on_canvas_pointer(self, pixel: tuple[int, int] | None) -> None:
        self.set_pointer(pixel)
        self.pointer_moved.emit(pixel)

    @Slot(int)
    def _on_opacity(self, percent: int) -> None:
        self._percent = percent
        self._opacity.set_value(percent)
        if self._found is not None:
            self.canvas.set_colours(heat_colours(self._found.kind, dark=self._dark, opacity=percent))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to all classes."""
        if self._escapes(event):
            self.show_all()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keeps Esc for itself while it has somewhere to go back to."""
        return keeps_key(event, self._escapes) or super().event(event)

    def _escapes(self, event: QKeyEvent) -> bool:
        return event.key() == Qt.Key.Key_Escape and self._back.isVisible()

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        """Computes what has been left while the view was hidden."""
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stops what nobody sees."""
        super().hideEvent(event)
        self._background.forget(DETAIL)
        self._background.forget(MAPS)
        self._pause.stop()
        found, trace = self._found, self._shown.deepest if self._shown else None
        wanted = (self.bar.node, self.bar.kind, self.bar.cells)
        known = (found.heat.node, found.kind, found.cells) if found is not None and found.trace is trace else None
        self._stale = wanted != known

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The shared view fits the picture that is seen."""
        super().resizeEvent(event)
        self._offer_viewport()
        self._on_transform()

    def changeEvent(self, event: QEvent) -> None:
        """Light and dark have colours of their own."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.isVisible():
            self._dress()


def _sortable(value: float) -> float:
    return -math.inf if math.isnan(value) else value
