"""Two masks in one place: swiped with a divider, or only the pixels where they differ."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout

from fcn_studio.app.canvas.rendering import PhotoRenderer
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.compare.panel_contents import difference_content, of_same_classes, panel_content, panel_look
from fcn_studio.app.compare.swipe_canvas import SwipeCanvas
from fcn_studio.app.values.appearance import Appearance
from fcn_studio.app.values.captions import class_under, origin_text, panel_title, score_text
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.widgets.choice_box import ChoiceBox


class PairPanel(QFrame):
    """A bar that chooses the two, and one canvas.

    Attributes:
        canvas: The picture.

    Signals:
        pair_requested: Two other panels are to be compared. (PanelId, PanelId)
    """

    pair_requested = Signal(object, object)  # PanelId, PanelId

    def __init__(self, transform: ViewTransform, renderer: PhotoRenderer) -> None:
        super().__init__()
        self.setObjectName("pair_panel")
        self.canvas = SwipeCanvas(transform, renderer)
        self.canvas.setObjectName("canvas_pair")
        self.canvas.setAccessibleName(self.tr("Two masks compared"))
        self._shown: Shown | None = None
        self._appearance = Appearance()
        self._panels: tuple[PanelId, ...] = ()
        self._pair: tuple[PanelId, PanelId] | None = None
        self._difference = False
        self._first, self._second = ChoiceBox(), ChoiceBox()
        self._first.setObjectName("pair_first")
        self._second.setObjectName("pair_second")
        self._swap = QToolButton()
        self._swap.setObjectName("pair_swap")
        self._swap.setText("\N{LEFT RIGHT ARROW}")
        self._swap.setToolTip(self.tr("Exchange the two"))
        self._swap.setAccessibleName(self._swap.toolTip())
        self._count = QLabel()
        self._count.setObjectName("pair_count")
        self._readout = QLabel()
        self._readout.setObjectName("pair_readout")
        self._origin = QLabel()
        self._origin.setObjectName("pair_origin")
        self._origin.setProperty("role", "small")
        self._origin.setTextFormat(Qt.TextFormat.PlainText)
        self._origin.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for box in (self._first, self._second):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(self._request)
        self._swap.clicked.connect(self._exchange)
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (self._first, self._swap, self._second, self._count):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self._readout)
        caption = QVBoxLayout()
        caption.setContentsMargins(8, 6, 8, 6)
        caption.setSpacing(4)
        caption.addLayout(head)
        caption.addWidget(self._origin)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(caption)
        column.addWidget(self.canvas, 1)

    def set_pair(
        self, pair: tuple[PanelId, PanelId], panels: tuple[PanelId, ...], *, difference: bool, divider: float
    ) -> None:
        """What is compared, out of what, and how."""
        if panels != self._panels:
            self._panels = panels
            self._name_panels()
        changed = (pair, difference) != (self._pair, self._difference)
        self._pair, self._difference = pair, difference
        for box, panel in zip((self._first, self._second), pair, strict=True):
            with QSignalBlocker(box):
                box.setCurrentIndex(panels.index(panel))
        self._first.setAccessibleName(self.tr("Older") if difference else self.tr("Left"))
        self._second.setAccessibleName(self.tr("Newer") if difference else self.tr("Right"))
        self.canvas.set_divider(None if difference else divider)
        if changed:
            self.show_picture(self._shown, self._appearance)

    def _name_panels(self) -> None:
        names = [panel_title(panel, self._shown) for panel in self._panels]
        for box in (self._first, self._second):
            if names == [box.itemText(index) for index in range(box.count())]:
                continue
            chosen = box.currentIndex()
            with QSignalBlocker(box):
                box.clear()
                box.addItems(names)
                box.setCurrentIndex(chosen)

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Shows the two masks of a photo."""
        self._shown, self._appearance = shown, appearance
        self._name_panels()
        if self._pair is None or self.isHidden():
            return
        first, second = self._pair
        if self._difference:
            self.canvas.set_content(difference_content(first, second, shown), self._missing())
        else:
            self.canvas.set_content(panel_content(second, shown, appearance), self._missing())
            self.canvas.before.set_content(panel_content(first, shown, appearance))
        self.set_appearance(appearance)
        self._count.setText(self._count_text())
        found = ((panel_title(panel, shown), score_text(panel, shown)) for panel in self._pair)
        scores = [f"{title}: {score}" for title, score in found if score]
        origins = dict.fromkeys(origin_text(panel, shown) for panel in self._pair)
        self._origin.setText("  |  ".join((*scores, *origins)))
        self._origin.setToolTip(self._origin.text())
        self.set_pointer(None)

    def set_appearance(self, appearance: Appearance) -> None:
        """Other colours."""
        rebuilt = appearance.errors != self._appearance.errors and not self._difference
        self._appearance = appearance
        if self._pair is None:
            return
        if rebuilt:
            self.show_picture(self._shown, appearance)
            return
        self.canvas.set_look(panel_look(self._pair[1], self._shown, appearance))
        self.canvas.before.set_look(panel_look(self._pair[0], self._shown, appearance))

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair and names what both have there."""
        self.canvas.set_crosshair(pixel)
        if pixel is None or self._shown is None or self._pair is None:
            self._readout.clear()
            return
        words = [class_under(panel, self._shown, pixel) for panel in self._pair]
        arrow = "  \N{RIGHTWARDS ARROW}  " if self._difference else "  |  "
        self._readout.setText(arrow.join(word[1] if word else "\N{EN DASH}" for word in words))

    def _missing(self) -> str:
        if self._shown is None or self._pair is None or not self._difference:
            return ""
        if all(self._shown.mask(panel) is not None for panel in self._pair):
            same = of_same_classes(*self._pair, self._shown)
            return "" if same else self.tr("These masks are of different classes")
        return self.tr("Segmenting…") if self._shown.pending else self.tr("Choose two masks to compare")

    def _count_text(self) -> str:
        if not self._difference or self._shown is None or self._pair is None:
            return ""
        first, second = (self._shown.mask(panel) for panel in self._pair)
        if first is None or second is None or not of_same_classes(*self._pair, self._shown):
            return ""
        content = difference_content(*self._pair, self._shown)
        changed = first != second
        if content.against_void is not None:
            changed &= first != content.against_void
        if second is not None and content.clear is not None:
            changed &= second != content.clear
        count = int(np.count_nonzero(changed))
        text = self.tr("{0} pixels differ ({1} %)")
        return text.format(f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"), f"{100 * count / first.size:.1f}")

    @Slot()
    def _request(self) -> None:
        first, second = self._first.currentIndex(), self._second.currentIndex()
        self.pair_requested.emit(self._panels[first], self._panels[second])

    @Slot()
    def _exchange(self) -> None:
        if self._pair is not None:
            self.pair_requested.emit(self._pair[1], self._pair[0])
