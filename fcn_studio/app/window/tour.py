"""A guided tour in six steps, from the blurry 32s to the sharp 8s and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from fcn_studio.app.session.session import Session
from fcn_studio.app.values.appearance import Arrangement
from fcn_studio.app.values.panels import COARSEST_PANEL, FINEST_PANEL, PanelId
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.window.workspace import Workspace
from fcn_studio.core.graph.names import COARSEST, PUBLISHED
from fcn_studio.core.maps.answers import decider
from fcn_studio.core.trace.live_fusion import Gains
from fcn_studio.core.trace.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One stop.

    Attributes:
        text: What is to be seen.
        show: Makes it seen.
    """

    text: str
    show: Callable[[], None]


class Tour(QObject):
    """Goes from step to step; each sets the window up for what it tells.

    Signals:
        step_changed: Another step is shown. (number from 0, how many, text); -1 when the tour is over
    """

    step_changed = Signal(int, int, str)

    def __init__(self, session: Session, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._workspace = session, workspace
        self._number = -1
        self._steps: tuple[Step, ...] = ()

    @property
    def running(self) -> bool:
        """Whether a step is shown."""
        return self._number >= 0

    @Slot()
    def start(self) -> None:
        """Begins on the photo that is shown."""
        self._steps = self._made()
        self._go(0)

    @Slot()
    def forward(self) -> None:
        """The next step, or the end."""
        self._go(self._number + 1)

    @Slot()
    def back(self) -> None:
        """The step before."""
        self._go(max(self._number - 1, 0))

    @Slot()
    def stop(self) -> None:
        """The end, with the window left as it is."""
        if self.running:
            self._number = -1
            self.step_changed.emit(-1, len(self._steps), "")

    def _go(self, number: int) -> None:
        if number >= len(self._steps):
            self.stop()
            return
        self._number = number
        self._steps[number].show()
        self.step_changed.emit(number, len(self._steps), self._steps[number].text)

    def _made(self) -> tuple[Step, ...]:
        presentation, workspace = self._session.presentation, self._workspace
        trace = self._session.shown.trace if self._session.shown is not None else None
        if trace is None or trace.variants != PUBLISHED:
            return ()
        x, y = telling_pixel(trace)

        def compare(variant: str) -> None:
            presentation.set_room(Room.COMPARE)
            presentation.set_arrangement(Arrangement.SINGLE)
            presentation.show_single(PanelId(variant))

        def heat() -> None:
            presentation.set_room(Room.HEATMAPS)
            workspace.heatmaps.show_node(COARSEST.layer)

        def fuse(gains: Gains) -> None:
            presentation.set_room(Room.FUSION)
            workspace.fusion.set_gains(gains)

        def side_by_side() -> None:
            presentation.set_room(Room.COMPARE)
            presentation.set_pair(COARSEST_PANEL, FINEST_PANEL)
            presentation.set_arrangement(Arrangement.DIFFERENCE)

        def probe() -> None:
            presentation.set_room(Room.COMPARE)
            presentation.set_arrangement(Arrangement.AUTOMATIC)
            workspace.show_probe()
            self._session.pin((x, y))

        return (
            Step(
                self.tr("FCN-32s decides on a grid of 32 pixels. Things are found, but their borders are blurred."),
                lambda: compare(PUBLISHED[0]),
            ),
            Step(
                self.tr("These are its scores, a map for each class. Each block is one cell: no border can be finer."),
                heat,
            ),
            Step(
                self.tr("score_pool4 speaks for every 16 pixels. It is added here, score_pool3 is still left out."),
                lambda: fuse(Gains(1, 1, 0)),
            ),
            Step(
                self.tr(
                    "With score_pool3, for every 8 pixels, the sum is FCN-8s. Move a slider and watch the borders."
                ),
                lambda: fuse(Gains()),
            ),
            Step(
                self.tr("The pixels that the skips have changed: they lie along borders and on thin things."),
                side_by_side,
            ),
            Step(
                self.tr("Why? The probe splits the score of the marked pixel: the bars say which layer decided it."),
                probe,
            ),
        )


def telling_pixel(trace: Trace) -> tuple[int, int]:
    """(x, y) of a pixel that FCN-32s has otherwise and that a skip decides, if there is one."""
    coarsest, finest = trace.variants[0], trace.variants[-1]
    changed = trace.mask(coarsest) != trace.mask(finest)
    by_skip = decider(trace, finest) > 0
    for chosen in (changed & by_skip, changed, np.ones(trace.size, dtype=bool)):
        places = np.flatnonzero(chosen)
        if places.size:
            y, x = divmod(int(places[places.size // 2]), trace.size[1])
            return x, y
    return 0, 0
