"""The views of all rooms but the first, each made when its room is first entered: the window's start is the quicker."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.worker.background import Background

if TYPE_CHECKING:
    from fcn_studio.app.changes.changes_view import ChangesView
    from fcn_studio.app.fusion.fusion_view import FusionView
    from fcn_studio.app.heatmaps.heatmap_view import HeatmapView

    RoomView = HeatmapView | FusionView | ChangesView


class RoomViews(QObject):
    """Makes them, and passes on what they ask for.

    Attributes:
        made: Those that there are.

    Signals:
        view_made: One is there, and has no place yet. (RoomView)
        node_chosen: A node of the fusion graph is to be seen in full. (its name)
        taps_wanted: Max-unpooling asks for the pools' switches.
        variant_chosen: A variant's mask is to be seen in full. (the variant)
        gains_chosen: The mask at other gains is to be seen. (of score_pool4, of score_pool3)
        problem_found: One sentence.
        mixed: Another live mask is seen. (a trace and its classes' shares of pixels, or None for none)
    """

    view_made = Signal(object)  # RoomView
    node_chosen = Signal(str)
    taps_wanted = Signal()
    variant_chosen = Signal(str)
    gains_chosen = Signal(float, float)
    problem_found = Signal(str)
    mixed = Signal(object)  # Mixed | None

    def __init__(self, transform: ViewTransform, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._transform, self._background = transform, background
        self.made: list[RoomView] = []

    @cached_property
    def heatmaps(self) -> HeatmapView:
        """Classes at the nodes of the net."""
        from fcn_studio.app.heatmaps.heatmap_view import HeatmapView

        view = HeatmapView(self._transform, self._background)
        self._add(view)
        return view

    @cached_property
    def fusion(self) -> FusionView:
        """The net after its trunk."""
        from fcn_studio.app.fusion.fusion_view import FusionView

        view = FusionView(self._transform, self._background)
        view.node_chosen.connect(self.node_chosen)
        view.taps_wanted.connect(self.taps_wanted)
        view.mixed.connect(self.mixed)
        view.variant_chosen.connect(self.variant_chosen)
        self._add(view)
        return view

    @cached_property
    def changes(self) -> ChangesView:
        """Where fusion changed its mind."""
        from fcn_studio.app.changes.changes_view import ChangesView

        view = ChangesView(self._transform, self._background)
        view.pad.gains_chosen.connect(self.gains_chosen)
        view.problem_found.connect(self.problem_found)
        self._add(view)
        return view

    def of(self, room: Room) -> RoomView:
        """The view of a room other than Room.COMPARE."""
        match room:
            case Room.HEATMAPS:
                return self.heatmaps
            case Room.FUSION:
                return self.fusion
            case Room.CHANGES:
                return self.changes
            case _:
                raise ValueError(f"no view of its own: {room}")

    def _add(self, view: RoomView) -> None:
        self.made.append(view)
        self.view_made.emit(view)


def follow_in_tab_order(before: QWidget, view: QWidget) -> None:
    """Has the Tab key go from one widget to all that is in a view, as if the view had been made right after it."""
    found: list[QWidget] = []
    here = view.nextInFocusChain()
    while here is not None and view.isAncestorOf(here):
        found.append(here)
        here = here.nextInFocusChain()
    for widget in found:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:  # Qt takes no others
            QWidget.setTabOrder(before, widget)
            before = widget
