"""What stands beside each map of the Changes view: its legend in words and numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QPushButton, QVBoxLayout, QWidget

from fcn_studio.app.canvas.plot_colours import VARIANT_COLOURS, VERDICT_COLOURS
from fcn_studio.app.changes.changes_map import ClassChanges, Curves, Decided, Judged, Surface, Tipped
from fcn_studio.app.changes.changes_words import line_name, verdict_name
from fcn_studio.app.changes.map_figures import ColourScale, FigureTable, SwatchRows, small_label
from fcn_studio.app.changes.transition_table import TransitionTable
from fcn_studio.app.widgets.icons import swatch
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.contributions import LAYER_COLOURS

ICON = QSize(12, 12)


class Page(QWidget):
    """A column of widgets."""

    def __init__(self, *, stretch: bool) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._stretch = stretch

    def _fill(self, *widgets: QWidget) -> None:
        """The last one takes the room that is left, or nothing does."""
        for widget in widgets:
            self._column.addWidget(widget, 1 if self._stretch and widget is widgets[-1] else 0)
        if not self._stretch:
            self._column.addStretch(1)


class ChangesPage(Page):
    """How much changed, and which class became which."""

    def __init__(self) -> None:
        super().__init__(stretch=True)
        self._summary = small_label("changes_summary")
        self._hint = small_label()
        self._hint.setText(
            self.tr("Click a row, or press the space bar on it, to see only its pixels; again, for all.")
        )
        self.table = TransitionTable()
        self._fill(self._summary, self._hint, self.table)

    def show_found(self, found: ClassChanges, labels: LabelSet) -> None:
        """Fills the table."""
        pixels = found.codes.size
        text = self.tr("{0} of {1} pixels changed their class, {2} % of the photo.")
        numbers = (self.locale().toString(number) for number in (found.changed, pixels))
        self._summary.setText(text.format(*numbers, f"{100 * found.changed / pixels:.1f}"))
        self.table.set_transitions(found.ranked, labels, pixels)


class BoundariesPage(Page):
    """Which lines are drawn.

    Signals:
        chosen: Other lines are to be drawn.
    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__(stretch=False)
        self.boxes: dict[str, QCheckBox] = {}
        for kind, colour in VARIANT_COLOURS.items():
            box = QCheckBox(line_name(kind))
            box.setObjectName(f"boundary_{kind}")
            box.setIcon(swatch(colour))
            box.setIconSize(ICON)
            box.setChecked(True)
            box.toggled.connect(self._on_toggled)
            self.boxes[kind] = box
        self._hint = small_label()
        self._hint.setText(self.tr("Lines are one pixel of the screen wide at every zoom; void makes none."))
        self._fill(*self.boxes.values(), self._hint)

    @property
    def on(self) -> tuple[str, ...]:
        """The kinds that are switched on."""
        return tuple(kind for kind, box in self.boxes.items() if box.isChecked())

    def show_kinds(self, kinds: Sequence[str]) -> None:
        """Only masks that there are can be switched."""
        for kind, box in self.boxes.items():
            box.setVisible(kind in kinds)

    @Slot(bool)
    def _on_toggled(self, checked: bool) -> None:
        self.chosen.emit()


class VerdictsPage(Page):
    """How many pixels were rescued and harmed, together and by class."""

    def __init__(self) -> None:
        super().__init__(stretch=True)
        self.rows = SwatchRows()
        self._summary = small_label("verdicts_summary")
        headings = (self.tr("Class"), self.tr("Rescued"), self.tr("Harmed"), self.tr("Net"))
        self.table = FigureTable("verdict_table", headings)
        self.table.setAccessibleName(self.tr("Rescued and harmed pixels by class of the ground truth"))
        self.table.headerItem().setToolTip(0, self.tr("Of the ground truth"))
        self.table.headerItem().setToolTip(3, self.tr("Rescued less harmed pixels"))
        self._fill(self.rows, self._summary, self.table)

    def show_found(self, found: Judged, labels: LabelSet) -> None:
        """Fills rows and table; classes that gained most come first."""
        counts, show = found.counts, self.locale().toString
        totals = counts.totals
        self.rows.set_rows(
            [(colour, verdict_name(kind), show(totals[kind])) for kind, colour in VERDICT_COLOURS.items()]
        )
        labelled = int(counts.labelled.sum())
        text = self.tr("Net gain of {0} pixels, {1} % of {2} labelled ones.")
        share = f"{100 * counts.net / labelled:+.1f}" if labelled else "0"
        self._summary.setText(text.format(_signed(counts.net, show(abs(counts.net))), share, show(labelled)))
        net = counts.rescued - counts.harmed
        seen = [index for index in range(len(labels)) if counts.rescued[index] or counts.harmed[index]]
        rows = []
        for index in sorted(seen, key=lambda place: -int(net[place])):
            figures = (
                show(int(counts.rescued[index])),
                show(int(counts.harmed[index])),
                _signed(int(net[index]), show(abs(int(net[index])))),
            )
            rows.append((labels.classes[index], figures, labels.colours[index]))
        self.table.set_rows(rows)


class DeciderPage(Page):
    """Each layer's share."""

    def __init__(self) -> None:
        super().__init__(stretch=False)
        self.rows = SwatchRows()
        self._hint = small_label()
        self._fill(self.rows, self._hint)

    def show_found(self, found: Decided) -> None:
        """Fills the rows."""
        self.rows.set_rows(
            [
                (LAYER_COLOURS[layer], layer, f"{100 * share:.1f} %")
                for layer, share in zip(found.layers, found.shares, strict=True)
            ]
        )
        self._hint.setText(self.tr("Share of all pixels of FCN-{0} that each layer decides.").format(found.variant))


class TippingPage(Page):
    """What the colours mean, and how many pixels tip."""

    def __init__(self) -> None:
        super().__init__(stretch=False)
        self._words, self._summary = small_label(), small_label("tipping_summary")
        self._words.setText(
            self.tr(
                "At this gain of the skip the pixel changes its class; where the bare photo shows, it never does. "
                "Bright pixels hang on the skip: a little less of it tips them."
            )
        )
        self._fill(ColourScale(), self._words, self._summary)

    def show_found(self, found: Tipped) -> None:
        """Fills the sentence."""
        if math.isnan(found.median):
            self._summary.setText(self.tr("No pixel of FCN-{0} changes its class.").format(found.variant))
            return
        text = self.tr("{0} % of the pixels of FCN-{1} change their class, half of them above a gain of {2}.")
        self._summary.setText(text.format(f"{100 * found.share:.1f}", found.variant, f"{found.median:.2f}"))


class TrimapPage(Page):
    """The best that a grid of each stride allows, and what the nets reach.

    Signals:
        save_requested: The plot is to be written to a file.
    """

    save_requested = Signal()

    def __init__(self) -> None:
        super().__init__(stretch=False)
        headings = (self.tr("Net and its grid"), self.tr("Best possible"), self.tr("Reached"))
        self.table = FigureTable("ceiling_table", headings)
        self.table.setAccessibleName(self.tr("Best possible and reached mean IU by stride, in percent"))
        self._hint = small_label()
        self._hint.setText(
            self.tr(
                "Mean IU of the whole photo, in percent. Best possible: the ground truth itself, with one class for "
                "each cell of the grid; it is no strict bound, for nets may draw edges inside a cell."
            )
        )
        self.save = QPushButton(self.tr("Save the plot…"))
        self.save.setObjectName("save_trimap")
        self.save.setToolTip(self.tr("Writes the plot as SVG or PDF"))
        self.save.clicked.connect(self.save_requested)
        self._fill(self.table, self._hint, self.save)

    def show_found(self, found: Curves) -> None:
        """Fills the table."""
        self.table.set_rows(
            [
                (
                    self.tr("FCN-{0}, {1} px").format(variant, stride),
                    (f"{100 * best:.1f}", f"{100 * found.reached[variant]:.1f}"),
                    None,
                )
                for stride, variant, best in found.ceilings
            ]
        )
        self.table.fit()


class GainsPage(Page):
    """The best pair of gains in words."""

    def __init__(self) -> None:
        super().__init__(stretch=False)
        self._summary, self._hint = small_label("gains_summary"), small_label()
        self._fill(self._summary, self._hint)

    def show_found(self, found: Surface, best: tuple[int, int] | None, own: tuple[int, int] | None) -> None:
        """Fills the sentences."""
        self._hint.setText(
            self.tr("Click the pad to see the mask with these gains.")
            + " "
            + self.tr("Every pixel of the photo counts.")
            if found.step == 1
            else self.tr("The photo is large: every {0}th row and column counts.").format(found.step)
        )
        if best is None or own is None:
            self._summary.setText(self.tr("No pixel of the ground truth is labelled."))
            return
        text = self.tr(
            "The net as it is reaches {0} %. The best of {1} pairs, pool4 x {2} and pool3 "
            "x {3}, reaches {4} %: {5} points more, on this photo."
        )
        here, there = (100 * float(found.mean_iu[place]) for place in (own, best))
        pool4, pool3 = (f"{found.gains[place]:g}" for place in best)
        self._summary.setText(
            text.format(f"{here:.1f}", found.mean_iu.size, pool4, pool3, f"{there:.1f}", f"{there - here:.1f}")
        )


def _signed(number: int, digits: str) -> str:
    """A number with a proper sign before its digits."""
    return ("+" if number > 0 else "\N{MINUS SIGN}" if number < 0 else "") + digits
