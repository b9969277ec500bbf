"""Which kind of upsampling is chosen, and whether max-unpooling can be had: at once, after another trace, or not."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from fcn_studio.app.values.jobs import Photo
from fcn_studio.core.trace.trace import Trace, UpsamplingKind
from fcn_studio.core.trace.trace_file import SUFFIX

POOLS_OF_2 = ("FCN-VGG16", "VGG16 classifier", "")  # nets whose pools do not overlap; older traces name no net


class UnpoolingChoice(QObject):
    """The user's choice stays from photo to photo; where it cannot be had, the net's own kernels take its place.

    Attributes:
        chosen: The user's choice.
        kind: What is shown: the choice, or the net's own while indices are missing.
        refusal: Why max-unpooling cannot be had for this trace; empty if it can.
        hint: What is to be said beside the choice.

    Signals:
        taps_wanted: The photo is to be traced again, with its taps.
    """

    taps_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.chosen: UpsamplingKind = "learned"
        self.kind: UpsamplingKind = "learned"
        self.refusal = self.hint = ""
        self._asked_for: Photo | None = None
        # Later, since the session is still busy with the report that brought the trace.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.taps_wanted)

    def choose(self, kind: UpsamplingKind) -> None:
        """Another kind; `take` tells what comes of it."""
        self.chosen = kind
        self._asked_for = None

    def take(self, trace: Trace, photo: Photo | None) -> None:
        """Another trace of a photo, which is None while more of it is still to come."""
        self.kind, self.hint, self.refusal = self.chosen, "", self._refusal(trace, photo)
        if not trace.fuses_scores:
            self.kind = "learned"
            return
        if self.chosen != "max_unpooling":
            return
        if trace.switches:
            self.hint = self.tr(
                "Each score goes back to one pixel: where the features of the pool, summed over channels, are "
                "largest. All others have no score and are black. Nets that unpool convolve next, to fill them."
            )
            return
        self.kind = "learned"
        if self.refusal:
            self.hint = self.tr("Shown with the net's own kernels. {0}").format(self.refusal)
        elif photo is not None and photo is self._asked_for:
            self.refusal = self.tr("The photo could not be traced with the indices of its pools.")
            self.hint = self.tr("Shown with the net's own kernels. {0}").format(self.refusal)
        else:
            self.hint = self.tr("Tracing the photo again, with the indices of its pools…")
            if photo is not None:
                self._asked_for = photo
                self._later.start()

    def _refusal(self, trace: Trace, photo: Photo | None) -> str:
        if trace.switches:
            return ""
        if not trace.fuses_scores:
            return self.tr("This net does not fuse scores, so its upsampling cannot be exchanged.")
        if trace.provenance.net not in POOLS_OF_2:
            return self.tr("The pools of {0} overlap, so their indices cannot be undone.").format(trace.provenance.net)
        # A trace without taps says nothing yet: with them, large photos that fit are done in one piece.
        if trace.taps and trace.provenance.size_policy != "native":
            return self.tr("This photo was done in strips, which keep no indices of the pools.")
        path = photo.path if photo is not None else None
        if isinstance(path, Path) and path.suffix.lower() == SUFFIX:
            return self.tr("This trace file was saved without the indices of the pools; open the photo itself.")
        return ""
