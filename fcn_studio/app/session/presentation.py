"""How what is open is shown: the one writer of appearance and layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from fcn_studio.app.values.appearance import PAIRED, Appearance, Arrangement, Colour, Layout
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.rooms import Room


class Presentation(QObject):
    """Values that views follow.

    Attributes:
        appearance: How masks look.
        layout: Which panels are seen.
        room: What the middle of the window shows.

    Signals:
        appearance_changed: `appearance` has.
        room_changed: `room` has.
        layout_changed: `layout` has, or a control that was moved in vain has to be set back.
    """

    appearance_changed = Signal()
    room_changed = Signal()
    layout_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.appearance = Appearance()
        self.layout = Layout()
        self.room = Room.COMPARE

    def set_room(self, room: Room) -> None:
        """What the middle of the window shows."""
        if room is not self.room:
            self.room = room
            self.room_changed.emit()

    def set_opacity(self, percent: int) -> None:
        """Opacity of masks over the photo, 0 to 100."""
        self._set_appearance(replace(self.appearance, opacity=min(max(percent, 0), 100)))

    def set_cutoff(self, percent: int) -> None:
        """Pixels below this probability are hatched, 0 to 99; 0 hatches none."""
        self._set_appearance(replace(self.appearance, cutoff=min(max(percent, 0), 99)))

    def toggle_masks(self) -> None:
        """Shows or hides all masks."""
        self._set_appearance(replace(self.appearance, masks_shown=not self.appearance.masks_shown))

    def toggle_outlines(self) -> None:
        """Borders of classes only, or whole areas."""
        self._set_appearance(replace(self.appearance, outlines=not self.appearance.outlines))

    def toggle_errors(self) -> None:
        """Wrong pixels only, or all."""
        self._set_appearance(replace(self.appearance, errors=not self.appearance.errors))

    def set_palette(self, name: str) -> None:
        """Other colours for all classes; single chosen ones are given up."""
        self._set_appearance(replace(self.appearance, palette=name, colours={}))

    def set_colours(self, colours: Mapping[str, Colour]) -> None:
        """Colours of single classes, by name."""
        self._set_appearance(replace(self.appearance, colours={**self.appearance.colours, **colours}))

    def restore_colours(self, palette: str, colours: Mapping[str, Colour]) -> None:
        """The palette and chosen colours of an earlier moment."""
        self._set_appearance(replace(self.appearance, palette=palette, colours=dict(colours)))

    def toggle_class(self, name: str) -> None:
        """Shows or hides a class."""
        self._set_appearance(replace(self.appearance, hidden=self.appearance.hidden ^ {name}))

    def solo_class(self, name: str, among: tuple[str, ...]) -> None:
        """Shows one class only, or all again if it is alone already."""
        others = frozenset(among) - {name}
        hidden = frozenset[str]() if self.appearance.hidden == others else others
        self._set_appearance(replace(self.appearance, hidden=hidden))

    def solo_next(self, among: tuple[str, ...]) -> None:
        """Shows the next class alone; after the last one, all."""
        if not among:
            return
        alone = [name for name in among if name not in self.appearance.hidden]
        place = among.index(alone[0]) + 1 if len(alone) == 1 else 0
        if place == len(among):
            self.show_all_classes()
        else:
            self._set_appearance(replace(self.appearance, hidden=frozenset(among) - {among[place]}))

    def show_all_classes(self) -> None:
        """Hides no class."""
        self._set_appearance(replace(self.appearance, hidden=frozenset()))

    def toggle_panel(self, kind: str, available: tuple[PanelId, ...]) -> None:
        """Shows or hides panels of a kind, never the last ones; where one panel is seen, shows that kind instead."""
        arrangement = self.layout.arrangement
        if arrangement is Arrangement.SINGLE:
            self._set_layout(replace(self.layout, single=PanelId(kind, self.layout.single.slot)))
        elif arrangement in PAIRED:
            self._set_layout(replace(self.layout, pair=(self.layout.pair[0], PanelId(kind, self.layout.pair[1].slot))))
        else:
            shown = self.layout.shown ^ {kind}
            if shown & {panel.kind for panel in available}:
                self._set_layout(replace(self.layout, shown=shown))
            else:
                self.layout_changed.emit()  # a button that was switched off goes back on

    def show_single(self, panel: PanelId) -> None:
        """One panel alone."""
        self._set_layout(replace(self.layout, arrangement=Arrangement.SINGLE, single=panel))

    def set_pair(self, first: PanelId, second: PanelId) -> None:
        """What swipe and difference compare, the older first."""
        self._set_layout(replace(self.layout, pair=(first, second)))

    def set_arrangement(self, arrangement: Arrangement) -> None:
        """How panels are laid out."""
        self._set_layout(replace(self.layout, arrangement=arrangement))

    def set_shown(self, kinds: frozenset[str]) -> None:
        """The kinds of panels that are switched on."""
        self._set_layout(replace(self.layout, shown=kinds))

    def _set_appearance(self, appearance: Appearance) -> None:
        if appearance != self.appearance:
            self.appearance = appearance
            self.appearance_changed.emit()

    def _set_layout(self, layout: Layout) -> None:
        self.layout = layout
        self.layout_changed.emit()  # though nothing changed: a checkable button may have, by its click
