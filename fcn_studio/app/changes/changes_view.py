"""Where fusion changed its mind: maps of what each skip changed, with their figures beside them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent, QStandardItemModel
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.canvas.canvas import LEAST_PICTURE
from fcn_studio.app.canvas.layers import Content, Look
from fcn_studio.app.canvas.plot_colours import VERDICT_COLOURS, Colour, sequential
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.changes.changes_map import (
    GAIN_STEPS,
    MAPS,
    ClassChanges,
    Curves,
    Decided,
    Found,
    Judged,
    Kind,
    MapId,
    Outlined,
    Selected,
    Surface,
    Tipped,
    answer,
    lack,
    maps_of,
    select,
)
from fcn_studio.app.changes.changes_pages import (
    BoundariesPage,
    ChangesPage,
    DeciderPage,
    GainsPage,
    TippingPage,
    TrimapPage,
    VerdictsPage,
)
from fcn_studio.app.changes.changes_words import explanation, lack_text, map_name
from fcn_studio.app.changes.gain_pad_plot import GainPadPlot
from fcn_studio.app.changes.map_canvas import MapCanvas
from fcn_studio.app.changes.trimap_plot import TrimapPlot
from fcn_studio.app.values.appearance import Appearance, ColourTable, clear_index
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.widgets.choice_box import ChoiceBox
from fcn_studio.app.worker.background import Background
from fcn_studio.core.errors import OutputError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.contributions import LAYER_COLOURS

KEY = "changes"  # of its questions to the background
SIDE = 300  # width of the legend, pixels
CHOICE_WIDTH = 250
LIGHT = (Kind.TRIMAP, Kind.GAINS)  # answers that take long and are small: kept while the photo stays


class ChangesView(QWidget):
    """One map at a time; nothing is computed while the view is hidden.

    Attributes:
        canvas: The photo with the map over it.
        choice: Which map.
        plot: The trimap curves.
        pad: The surface over gains.

    Signals:
        pointer_moved: The pointer is over another pixel. ((x, y) on the photo, or None)
        problem_found: A file could not be written. (one sentence)
    """

    pointer_moved = Signal(object)  # tuple[int, int] | None
    problem_found = Signal(str)

    def __init__(self, transform: ViewTransform, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("changes_view")
        self._transform, self._background = transform, background
        self._shown: Shown | None = None
        self._appearance = Appearance()
        self._wanted = MAPS[0]
        self._found: Found | None = None
        self._found_for: MapId | None = None
        self._selected: Selected | None = None
        self._kept: dict[MapId, Found] = {}
        self._dressed: LabelSet | None = None  # whose colours the tables have
        self.canvas = MapCanvas(transform)
        self.canvas.setObjectName("changes_canvas")
        self.canvas.pointer_moved.connect(self.pointer_moved)
        self.plot, self.pad = TrimapPlot(), GainPadPlot()
        self._note = QLabel()
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setWordWrap(True)
        self._note.setProperty("role", "quiet")
        self._middle = QStackedWidget()
        for widget in (self.canvas, self.plot, self.pad, self._note):
            self._middle.addWidget(widget)
        self._changes, self._boundaries, self._verdicts = ChangesPage(), BoundariesPage(), VerdictsPage()
        self._decider, self._tipping = DeciderPage(), TippingPage()
        self._trimap, self._gains = TrimapPage(), GainsPage()
        self._empty = QWidget()
        self._pages: dict[Kind, QWidget] = {
            Kind.CHANGES: self._changes,
            Kind.BOUNDARIES: self._boundaries,
            Kind.VERDICTS: self._verdicts,
            Kind.DECIDER: self._decider,
            Kind.TIPPING: self._tipping,
            Kind.TRIMAP: self._trimap,
            Kind.GAINS: self._gains,
        }
        self._side = QStackedWidget()
        for page in (*self._pages.values(), self._empty):
            self._side.addWidget(page)
        self.choice = ChoiceBox()
        self._build_choice()
        self._lay_out()
        self._changes.table.chosen.connect(self._on_transition_chosen)
        self._boundaries.chosen.connect(self._draw)
        self._trimap.save_requested.connect(self._on_save_requested)

    def _build_choice(self) -> None:
        self.choice.setObjectName("changes_choice")
        self.choice.setAccessibleName(self.tr("Map of changes"))
        self.choice.setMinimumWidth(CHOICE_WIDTH)
        self.choice.setMaxVisibleItems(len(MAPS) + 4)
        self._offer(MAPS)
        self.choice.activated.connect(self._on_chosen)

    def _offer(self, maps: tuple[MapId, ...]) -> None:
        """Fills the list."""
        self._maps = maps
        self.choice.clear()
        before = maps[0].kind
        for which in maps:
            if which.kind is not before and which.kind is not Kind.GAINS:
                self.choice.insertSeparator(self.choice.count())
            before = which.kind
            self.choice.addItem(map_name(which), which)

    def _lay_out(self) -> None:
        self._explanation = QLabel()
        self._explanation.setObjectName("changes_explanation")
        self._explanation.setProperty("role", "small")
        self._explanation.setWordWrap(True)
        self._explanation.setTextFormat(Qt.TextFormat.PlainText)
        self._explanation.setMinimumWidth(CHOICE_WIDTH)
        self._explanation.setMinimumHeight(2 * self._explanation.fontMetrics().height())  # the map must not jump
        name = QLabel(self.tr("Map"))
        name.setProperty("role", "quiet")
        name.setBuddy(self.choice)
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(name)
        bar.addWidget(self.choice)
        bar.addSpacing(4)
        bar.addWidget(self._explanation, 1)
        middle = QFrame()
        middle.setObjectName("changes_middle")
        middle.setMinimumSize(LEAST_PICTURE)
        inside = QVBoxLayout(middle)
        inside.setContentsMargins(1, 1, 1, 1)  # the frame
        inside.addWidget(self._middle)
        scroll = QScrollArea()
        scroll.setObjectName("changes_side")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(SIDE)
        scroll.setWidget(self._side)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(middle, 1)
        row.addWidget(scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(bar)
        column.addLayout(row, 1)

    # From outside

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Another photo, or more of it: answers of another trace or ground truth are dropped."""
        before = self._shown
        self._shown, self._appearance = shown, appearance
        if not _same(before, shown):
            self._background.forget(KEY)
            self._found = self._found_for = self._selected = None
            self._kept.clear()
            self.canvas.set_crosshair(None)
        if self.isVisible():
            self._refresh()

    def set_appearance(self, appearance: Appearance) -> None:
        """Other colours; the maps stay as they are."""
        self._appearance = appearance
        if self.isVisible():
            self._refresh()

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair."""
        size = self._shown.size if self._shown else (0, 0)
        self.canvas.set_crosshair(pixel if pixel and pixel[0] < size[1] and pixel[1] < size[0] else None)

    def choose(self, which: MapId) -> None:
        """Shows another map, once it can be."""
        self._wanted = which
        if self.isVisible():
            self._refresh()

    # The map

    @property
    def map(self) -> MapId:
        """The map that is seen: the one that was chosen, or the first that can be shown instead."""
        trace = self._shown.deepest if self._shown else None
        if self._shown is None or trace is None:
            return self._wanted
        truth = self._shown.result.truth
        if lack(self._wanted, trace, truth) is None:
            return self._wanted
        return next(
            which for which in maps_of(trace.variants) if lack(which, trace, truth) is None
        )  # boundaries need nothing

    def _refresh(self) -> None:
        shown, which = self._shown, self.map
        self._update_choice(which)
        self._explanation.setText(explanation(which))
        if shown is None:
            self._show_note(self.tr("Open a photo to see where fusion changes its class."))
            return
        self._transform.set_image_size(shown.size[1], shown.size[0])
        trace, truth = shown.trace, shown.result.truth
        if self._found_for != which:
            self._found, self._found_for, self._selected = self._kept.get(which), which, None
            if self._found is not None:
                self._background.forget(KEY)
                self._fill()
            elif trace is not None:
                self._background.ask(KEY, partial(answer, which, trace, truth), self._on_found)
        elif self._labels() != self._dressed:
            self._recolour()
        self._draw()

    def _update_choice(self, which: MapId) -> None:
        trace = self._shown.deepest if self._shown else None
        truth = self._shown.result.truth if self._shown else None
        model = self.choice.model()
        with QSignalBlocker(self.choice):
            if trace is not None and self._maps != maps_of(trace.variants):
                self._offer(maps_of(trace.variants))
            for row in range(self.choice.count()):
                entry = self.choice.itemData(row)
                if not isinstance(entry, MapId) or not isinstance(model, QStandardItemModel):
                    continue
                missing = lack(entry, trace, truth) if trace is not None else None
                model.item(row).setEnabled(missing is None)
                model.item(row).setToolTip(lack_text(entry, missing) if missing else explanation(entry))
                if entry == which:
                    self.choice.setCurrentIndex(row)

    def _show_note(self, text: str) -> None:
        self._note.setText(text)
        self._middle.setCurrentWidget(self._note)
        self._side.setCurrentWidget(self._empty)

    def _labels(self) -> LabelSet | None:
        trace = self._shown.deepest if self._shown else None
        return self._appearance.dressed(trace.labels) if trace else None

    @Slot(object)
    def _on_found(self, found: object) -> None:
        if not isinstance(found, Found) or self._found_for is None:
            return
        self._found = found
        if self._found_for.kind in LIGHT:
            self._kept[self._found_for] = found
        self._fill()
        self._draw()

    @Slot(object)
    def _on_selected(self, selected: object) -> None:
        if isinstance(selected, Selected):
            self._selected = selected
            self._draw()

    def _fill(self) -> None:
        """The figures beside the map."""
        found, labels = self._found, self._labels()
        if labels is None:
            return
        self._dressed = labels
        match found:
            case ClassChanges():
                self._changes.show_found(found, labels)
            case Outlined():
                self._boundaries.show_kinds(tuple(found.masks))
            case Judged():
                self._verdicts.show_found(found, labels)
            case Decided():
                self._decider.show_found(found)
            case Tipped():
                self._tipping.show_found(found)
            case Curves():
                self._trimap.show_found(found)
                self.plot.set_curves(found.widths, found.curves)
            case Surface():
                self.pad.set_surface(found.gains, found.mean_iu)
                self._gains.show_found(found, self.pad.best, self.pad.own)

    def _recolour(self) -> None:
        """The figures in other colours; a transition that was chosen stays so."""
        labels = self._labels()
        if isinstance(self._found, ClassChanges) and labels is not None:
            self._dressed = labels
            self._changes.table.set_colours(labels)
        else:
            self._fill()

    @Slot()
    def _draw(self) -> None:
        """The map as it is now, or what stands in its place while it is not there."""
        shown, found, which = self._shown, self._found, self.map
        if shown is None:
            return
        waiting = self._waiting_text(shown)
        if which.kind in LIGHT and waiting:
            self._show_note(waiting)
            return
        self._side.setCurrentWidget(self._pages[which.kind] if found is not None else self._empty)
        if which.kind in LIGHT:
            self._middle.setCurrentWidget(self.plot if which.kind is Kind.TRIMAP else self.pad)
            return
        self._middle.setCurrentWidget(self.canvas)
        mask, colours = None, self._colours()
        match found:
            case ClassChanges():
                mask = self._selected.codes if self._selected else found.codes
            case Judged() | Decided() | Tipped():
                mask = found.codes
        lines = found if isinstance(found, Outlined) else None
        self.canvas.set_boundaries(lines.masks if lines else {}, lines.void if lines else 255, self._boundaries.on)
        content = Content(levels=shown.result.levels, mask=mask, grey=True)
        self.canvas.set_content(content, waiting)
        self.canvas.set_look(Look(colours=colours))

    def _waiting_text(self, shown: Shown) -> str:
        if self._found is not None:
            return ""
        if shown.trace is None:
            return self.tr("Segmenting…") if shown.pending else self.tr("No mask")
        return self.tr("Computing…")

    def _colours(self) -> ColourTable:
        """Of the map's codes: those of the legend, but for a map that would hide the whole photo."""
        labels = self._labels()
        alpha = round(255 * self._appearance.opacity / 100) if isinstance(self._found, Decided) else 255
        colours: dict[int, Colour] = {}
        match self._found:
            case ClassChanges() if labels is not None:
                colours = dict(enumerate(labels.colours))
            case Judged():
                colours = {int(verdict): colour for verdict, colour in VERDICT_COLOURS.items()}
            case Decided(layers=layers):
                colours = {place: LAYER_COLOURS[layer] for place, layer in enumerate(layers)}
            case Tipped():
                colours = {code: sequential(code / (GAIN_STEPS - 1)) for code in range(GAIN_STEPS)}
        return tuple(
            alpha << 24 | colours[code][0] << 16 | colours[code][1] << 8 | colours[code][2] if code in colours else 0
            for code in range(256)
        )

    # From its parts

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        which = self.choice.itemData(row)
        if isinstance(which, MapId):
            self.choose(which)

    @Slot(object)
    def _on_transition_chosen(self, pair: tuple[int, int] | None) -> None:
        found, labels = self._found, self._labels()
        if not isinstance(found, ClassChanges) or labels is None:
            return
        self._background.forget(KEY)
        if pair is None:
            self._selected = None
            self._draw()
            return
        clear = clear_index(labels)
        self._background.ask(KEY, lambda token: select(found, *pair, clear), self._on_selected)

    @Slot()
    def _on_save_requested(self) -> None:
        stem = Path(self._shown.photo.name).stem if self._shown else "photo"
        kinds = self.tr("SVG pictures (*.svg);;PDF documents (*.pdf)")
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save the trimap curve"), f"{stem}_trimap.svg", kinds)
        if name:
            self.save_plot(Path(name))

    def save_plot(self, path: Path) -> None:
        """Writes the trimap curve as SVG or PDF; a failure is told by `problem_found`."""
        try:
            self.plot.save(path if path.suffix.lower() in (".svg", ".pdf") else path.with_name(path.name + ".svg"))
        except OutputError as error:
            self.problem_found.emit(str(error))

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with what happened while it was hidden."""
        super().showEvent(event)
        self._refresh()
        if self._changes.table.only is not None and self._selected is None:
            self._on_transition_chosen(self._changes.table.only)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody sees what is being computed."""
        super().hideEvent(event)
        self._background.forget(KEY)
        if self._found is None:
            self._found_for = None


def _same(before: Shown | None, after: Shown | None) -> bool:
    """Whether answers to one hold for the other."""
    if before is None or after is None:
        return before is after
    first, second = before.result, after.result
    return first.levels is second.levels and before.trace is after.trace and first.truth is second.truth
