"""The Changes view without the window: figures against plain counts, colours pixel by pixel, and when it computes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from fcn_studio import load
from fcn_studio.app.canvas.plot_colours import VARIANT_COLOURS, VERDICT_COLOURS
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.changes.changes_map import MAPS, NEVER, Kind, MapId, gain_codes
from fcn_studio.app.changes.changes_view import ChangesView
from fcn_studio.app.changes.map_canvas import edges
from fcn_studio.app.changes.map_figures import FigureTable, SwatchRows
from fcn_studio.app.changes.transition_table import OLD, PAIR, TransitionTable
from fcn_studio.app.values.appearance import Appearance
from fcn_studio.app.values.jobs import Photo, Result, Truth
from fcn_studio.app.values.pyramid import build_levels
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.worker.background import Background
from fcn_studio.core.maps.answers import decider, tipping_point
from fcn_studio.core.maps.changes import Verdict
from fcn_studio.core.maps.contributions import LAYER_COLOURS
from fcn_studio.core.trace.trace import Trace

ALL = MapId(Kind.CHANGES, "32s", "8s")
JUDGED = MapId(Kind.VERDICTS, "16s", "8s")


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


@pytest.fixture
def trace(tiny_checkpoint: Path) -> Trace:
    rng = np.random.default_rng(2)
    blocks = np.kron(rng.integers(0, 256, (12, 16, 3)), np.ones((16, 16, 1)))
    pixels = (blocks * 0.8 + rng.integers(0, 50, blocks.shape)).clip(0, 255).astype(np.uint8)
    return load(tiny_checkpoint, device="cpu", precision="fp32").trace(pixels)


@pytest.fixture
def truth(trace: Trace) -> Truth:
    mask = np.roll(trace.mask("8s"), (3, 4), axis=(0, 1))
    mask[40:60, 100:140] = trace.labels.void
    return Truth(Path("mask.png"), mask, trace.labels, {}, ())


def shown_of(trace: Trace | None, truth: Truth | None, image: NDArray[np.uint8] | None = None) -> Shown:
    pixels = trace.image if trace is not None else image
    assert pixels is not None
    return Shown(
        Photo("photo.png", Path("photo.png")), Result(build_levels(pixels), (trace,), truth), pending=trace is None
    )


@pytest.fixture
def view(qtbot: QtBot, background: Background) -> ChangesView:
    made = ChangesView(ViewTransform(), background)
    qtbot.addWidget(made)
    made.resize(1000, 600)
    return made


@pytest.fixture
def see(qtbot: QtBot, view: ChangesView, background: Background) -> Callable[[MapId], None]:
    def choose(which: MapId) -> None:
        view.show()
        view.choose(which)
        qtbot.waitUntil(lambda: not background.busy)
        assert view.map == which

    return choose


W = TypeVar("W", bound=QWidget)


def find(view: ChangesView, kind: type[W], name: str = "") -> W:
    found = [child for child in view.findChildren(kind) if child.isVisible() and name in ("", child.objectName())]
    assert len(found) == 1, name
    return found[0]


def drawn(view: ChangesView) -> NDArray[np.uint8]:
    """(H, W, 3) of the photo as the canvas shows it at 100 %."""
    view._transform.set_zoom(1 / view.canvas.devicePixelRatioF())
    view.canvas.set_crosshair(None)
    left, top, right, bottom = view.canvas.placement().visible()
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    seen: NDArray[np.uint8] = qimage2ndarray.rgb_view(image)[top:bottom, left:right].copy()
    return seen


def coloured(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a picture is not grey."""
    found: NDArray[np.bool_] = pixels.max(axis=2) != pixels.min(axis=2)
    return found


def click(table: TransitionTable, row: int) -> None:
    item = table.topLevelItem(row)
    assert item is not None
    QTest.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, table.visualItemRect(item).center()
    )


@pytest.mark.parametrize("which", MAPS[:3])
def test_the_table_counts_what_the_masks_say(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace, which: MapId
) -> None:
    view.show_picture(shown_of(trace, None), Appearance())
    see(which)
    before, after = trace.mask(which.first), trace.mask(which.second)
    table = find(view, TransitionTable)
    rows = [table.topLevelItem(place) for place in range(table.topLevelItemCount())]
    listed = [row.data(OLD, PAIR) for row in rows if row is not None]
    assert listed
    for old, new, count in listed:
        assert count == int(((before == old) & (after == new)).sum())
        assert old != new
    assert sum(count for _, _, count in listed) == int((before != after).sum())
    assert [count for _, _, count in listed] == sorted((count for _, _, count in listed), reverse=True)
    first = rows[0]
    assert first is not None
    assert first.text(0) == trace.labels.classes[listed[0][0]]
    assert first.text(3) == f"{100 * listed[0][2] / before.size:.2f}"


def test_a_row_leaves_exactly_its_pixels_coloured(
    qtbot: QtBot, view: ChangesView, see: Callable[[MapId], None], trace: Trace, background: Background
) -> None:
    vivid = {name: (200, 10 + 20 * place, 30) for place, name in enumerate(trace.labels.classes)}
    view.show_picture(shown_of(trace, None), Appearance(colours=vivid))
    see(ALL)
    before, after = trace.mask("32s"), trace.mask("8s")
    picture = drawn(view)
    np.testing.assert_array_equal(coloured(picture), before != after)
    palette = np.array([vivid[name] for name in trace.labels.classes], dtype=np.uint8)
    np.testing.assert_array_equal(picture[before != after], palette[after[before != after]])

    table = find(view, TransitionTable)
    item = table.topLevelItem(1)
    assert item is not None
    old, new, _ = item.data(OLD, PAIR)
    for by_key in (False, True):
        if by_key:
            table.setCurrentItem(item)
            QTest.keyClick(table, Qt.Key.Key_Space)
        else:
            click(table, 1)
        qtbot.waitUntil(lambda: not background.busy)
        assert table.only == (old, new)
        np.testing.assert_array_equal(coloured(drawn(view)), (before == old) & (after == new))
        if by_key:
            QTest.keyClick(table, Qt.Key.Key_Return)
        else:
            click(table, 1)
        assert table.only is None
        np.testing.assert_array_equal(coloured(drawn(view)), before != after)


def test_moving_through_the_table_by_keys_chooses_nothing(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace
) -> None:
    view.show_picture(shown_of(trace, None), Appearance())
    see(ALL)
    table = find(view, TransitionTable)
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.only is None
    assert not table.selectedItems()


def test_other_colours_reach_the_map_and_keep_the_chosen_row(
    qtbot: QtBot, view: ChangesView, see: Callable[[MapId], None], trace: Trace, background: Background
) -> None:
    view.show_picture(shown_of(trace, None), Appearance())
    see(ALL)
    table = find(view, TransitionTable)
    click(table, 0)
    qtbot.waitUntil(lambda: not background.busy)
    chosen = table.only
    assert chosen is not None
    view.set_appearance(Appearance(colours={trace.labels.classes[chosen[1]]: (1, 250, 2)}))
    assert table.only == chosen
    there = (trace.mask("32s") == chosen[0]) & (trace.mask("8s") == chosen[1])
    assert (drawn(view)[there] == (1, 250, 2)).all()
    item = table.topLevelItem(0)
    assert item is not None
    swatch = item.icon(1).pixmap(QSize(12, 12)).toImage().pixelColor(6, 6)
    assert (swatch.red(), swatch.green(), swatch.blue()) == (1, 250, 2)


def test_verdicts_have_their_colours_and_counts(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace, truth: Truth
) -> None:
    view.show_picture(shown_of(trace, truth), Appearance())
    see(JUDGED)
    before, after, known = trace.mask("16s"), trace.mask("8s"), truth.mask
    changed = (before != after) & (known != trace.labels.void)
    expected = {
        Verdict.RESCUED: changed & (after == known),
        Verdict.HARMED: changed & (before == known),
        Verdict.BOTH_WRONG: changed & (after != known) & (before != known),
    }
    picture = drawn(view)
    np.testing.assert_array_equal(coloured(picture), changed)
    for kind, where in expected.items():
        assert where.any()
        assert (picture[where] == VERDICT_COLOURS[kind]).all()
    rows = find(view, SwatchRows).rows
    assert [figure for _, figure in rows] == [view.locale().toString(int(where.sum())) for where in expected.values()]
    table = find(view, FigureTable)
    for place in range(table.topLevelItemCount()):
        row = table.topLevelItem(place)
        assert row is not None
        of_class = known == trace.labels.index(row.text(0))
        rescued, harmed = (int((expected[kind] & of_class).sum()) for kind in (Verdict.RESCUED, Verdict.HARMED))
        assert [row.text(1), row.text(2)] == [view.locale().toString(number) for number in (rescued, harmed)]


def test_the_deciders_shares_are_those_of_the_map(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace
) -> None:
    view.show_picture(shown_of(trace, None), Appearance(opacity=100))
    see(MapId(Kind.DECIDER))
    picture, codes = drawn(view), decider(trace, "8s")
    rows = find(view, SwatchRows).rows
    assert [name for name, _ in rows] == list(trace.score_maps)
    for place, (layer, share) in enumerate(rows):
        assert (picture[codes == place] == LAYER_COLOURS[layer]).all()
        assert share == f"{100 * float((codes == place).mean()):.1f} %"


@pytest.mark.parametrize("layer", ["score_pool4", "score_pool3"])
def test_only_pixels_that_tip_are_coloured(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace, layer: str
) -> None:
    view.show_picture(shown_of(trace, None), Appearance())
    see(MapId(Kind.TIPPING, layer))
    gains = tipping_point(trace, layer)
    assert np.isnan(gains).any()
    np.testing.assert_array_equal(coloured(drawn(view)), ~np.isnan(gains))
    words = find(view, QLabel, "tipping_summary").text()
    assert f"{100 * float((~np.isnan(gains)).mean()):.1f} %" in words


def test_gains_are_rounded_down_to_codes_and_none_is_never() -> None:
    codes = gain_codes(np.array([0, 0.0039, 0.5, 0.999, np.nextafter(np.float32(1), 0), np.nan], dtype=np.float32))
    assert codes.tolist() == [0, 0, 125, 249, 249, NEVER]


def test_boundaries_are_thin_lines_that_can_be_switched(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace, truth: Truth
) -> None:
    view.show_picture(shown_of(trace, truth), Appearance())
    see(MapId(Kind.BOUNDARIES))
    colours = {kind: colour for kind, colour in VARIANT_COLOURS.items() if kind in ("truth", *trace.variants)}
    boxes = {kind: find(view, QCheckBox, f"boundary_{kind}") for kind in colours}
    for kind, colour in colours.items():
        for other, box in boxes.items():
            box.setChecked(other == kind)
        mask = truth.mask if kind == "truth" else trace.mask(kind)
        expected = np.zeros(mask.shape, dtype=bool)
        void = trace.labels.void
        for y, x in np.ndindex(mask.shape):
            before = [mask[y, x - 1]] if x else []
            before += [mask[y - 1, x]] if y else []
            expected[y, x] = mask[y, x] != void and any(value not in (mask[y, x], void) for value in before)
        np.testing.assert_array_equal((drawn(view) == colour).all(axis=2), expected)
    for box in boxes.values():
        box.setChecked(True)
    top = edges(trace.mask("8s"), trace.labels.void)
    assert (drawn(view)[top] == VARIANT_COLOURS["8s"]).all()


def test_lines_for_dense_screens_are_wider() -> None:
    mask = np.repeat(np.array([[0] * 5 + [1] * 5], dtype=np.uint8), 4, axis=0)
    assert edges(mask, 255, 2)[0].nonzero()[0].tolist() == [5, 6]
    assert edges(mask[:1, :1], 255, 3).tolist() == [[False]]


def test_curve_and_ceilings_come_with_a_ground_truth(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace, truth: Truth
) -> None:
    view.show_picture(shown_of(trace, truth), Appearance())
    see(MapId(Kind.TRIMAP))
    assert view.plot.isVisible()
    assert not view.canvas.isVisible()
    table = find(view, FigureTable)
    assert table.topLevelItemCount() == 3
    see(MapId(Kind.GAINS))
    assert view.pad.isVisible()
    assert view.pad.own == (4, 4)
    QTest.keyClick(view.pad, Qt.Key.Key_Right)
    assert "1.25" in view.pad.marked_text
    QTest.mouseMove(view.pad, view.pad.to_view(0, 8).toPoint())
    assert re.match(r"pool4 \S 0, pool3 \S 2:", view.pad.marked_text)


def test_a_plot_that_cannot_be_written_is_told(
    qtbot: QtBot, view: ChangesView, see: Callable[[MapId], None], trace: Trace, truth: Truth, tmp_path: Path
) -> None:
    view.show_picture(shown_of(trace, truth), Appearance())
    see(MapId(Kind.TRIMAP))
    view.save_plot(tmp_path / "curve")
    assert (tmp_path / "curve.svg").is_file()
    with qtbot.waitSignal(view.problem_found) as told:
        view.save_plot(tmp_path / "curve.svg" / "curve.svg")
    assert "curve.svg" in told.args[0]


def test_nothing_is_computed_while_hidden(
    qtbot: QtBot, view: ChangesView, trace: Trace, background: Background
) -> None:
    view.show_picture(shown_of(trace, None), Appearance())
    view.choose(ALL)
    view.set_appearance(Appearance(opacity=30))
    assert not background.busy
    view.show()
    assert background.busy
    view.hide()
    assert not background.busy
    view.show()
    qtbot.waitUntil(lambda: not background.busy)
    assert find(view, TransitionTable).topLevelItemCount() > 0
    view.hide()
    view.show()
    assert not background.busy  # it is still there


def test_a_new_photo_replaces_all(
    qtbot: QtBot, view: ChangesView, see: Callable[[MapId], None], trace: Trace, truth: Truth, background: Background
) -> None:
    view.show_picture(shown_of(trace, truth), Appearance())
    see(JUDGED)
    assert coloured(drawn(view)).any()
    view.show_picture(shown_of(trace, None), Appearance())  # asked for, and overtaken by
    other = trace.image[:100, :180].copy()
    view.show_picture(shown_of(None, None, other), Appearance())
    assert not background.busy
    picture = drawn(view)
    assert picture.shape == other.shape
    assert not [table for table in view.findChildren(QTreeWidget) if table.isVisible()]
    small = replace(
        trace,
        image=other,
        masks={name: mask[:100, :180].copy() for name, mask in trace.masks.items()},
    )
    view.show_picture(shown_of(small, None), Appearance())
    qtbot.waitUntil(lambda: not background.busy)
    assert view.map == MAPS[0]  # it has no ground truth
    np.testing.assert_array_equal(
        coloured(drawn(view)) & ~np.isin(small.mask("16s"), [trace.labels.index("Sky")]),
        (small.mask("32s") != small.mask("16s")) & ~np.isin(small.mask("16s"), [trace.labels.index("Sky")]),
    )
    view.show_picture(shown_of(trace, truth), Appearance())
    assert view.map == JUDGED  # and this one has again
    view.show_picture(None, Appearance())
    assert not background.busy
    assert not view.canvas.isVisible()


def test_what_cannot_be_shown_says_why(view: ChangesView, see: Callable[[MapId], None], trace: Trace) -> None:
    view.show_picture(shown_of(trace, None), Appearance())
    see(MAPS[0])
    off = disabled(view)
    assert {which.kind for which in off} == {Kind.VERDICTS, Kind.TRIMAP, Kind.GAINS}
    assert all("ground truth" in reason for reason in off.values())


def test_a_net_of_one_variant_has_boundaries_alone(
    qtbot: QtBot, view: ChangesView, trace: Trace, truth: Truth, background: Background
) -> None:
    coarse = replace(
        trace,
        variants=("32s",),
        score_maps={"score_fr": trace.score_maps["score_fr"]},
        upsamplings={"upscore32": trace.upsamplings["upscore32"]},
        masks={"32s": trace.mask("32s")},
    )
    for known, expected in ((None, {Kind.BOUNDARIES}), (truth, {Kind.BOUNDARIES, Kind.TRIMAP})):
        view.show_picture(shown_of(coarse, known), Appearance())
        view.show()
        qtbot.waitUntil(lambda: not background.busy)
        assert view.map.kind is Kind.BOUNDARIES
        assert {which.kind for which in MAPS} - {which.kind for which in disabled(view)} == expected
    view.choose(MapId(Kind.TRIMAP))
    qtbot.waitUntil(lambda: not background.busy)
    assert find(view, FigureTable).topLevelItemCount() == 1


def test_a_ground_truth_of_other_classes_counts_as_none(
    view: ChangesView, see: Callable[[MapId], None], trace: Trace, truth: Truth
) -> None:
    other = replace(truth, labels=replace(trace.labels, void=200))
    view.show_picture(shown_of(trace, other), Appearance())
    see(MapId(Kind.BOUNDARIES))
    assert JUDGED in disabled(view)


def test_the_pointer_is_told_and_shown(
    qtbot: QtBot, view: ChangesView, see: Callable[[MapId], None], trace: Trace
) -> None:
    view.show_picture(shown_of(trace, None), Appearance())
    see(ALL)
    middle = QPointF(view.canvas.rect().center())
    with qtbot.waitSignal(view.pointer_moved) as told:
        QTest.mouseMove(view.canvas, middle.toPoint())
    assert told.args == [view.canvas.pixel_at(middle)]
    view.set_pointer((10, 20))
    shown = view.canvas.grab().toImage()
    view.set_pointer((10_000, 20))  # of another photo
    assert shown != view.canvas.grab().toImage()


def disabled(view: ChangesView) -> dict[MapId, str]:
    """Entries that cannot be chosen, with their reasons."""
    model = view.choice.model()
    assert isinstance(model, QStandardItemModel)
    return {
        view.choice.itemData(row): model.item(row).toolTip()
        for row in range(view.choice.count())
        if isinstance(view.choice.itemData(row), MapId) and not model.item(row).isEnabled()
    }
