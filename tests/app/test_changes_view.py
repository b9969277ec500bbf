"""Changes: counts equal those of the masks, a row shows its pixels alone, and ground truth judges each skip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QTreeWidget
from pytestqt.qtbot import QtBot

from fcn_studio.app.canvas.plot_colours import VERDICT_COLOURS
from fcn_studio.app.changes.changes_view import ChangesView
from fcn_studio.app.changes.transition_table import TransitionTable
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.judging.metrics import confusion_matrix, metrics
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.changes import Verdict
from fcn_studio.core.trace.trace import Trace
from tests.app.conftest import act, open_files, wait_until_done


@pytest.fixture
def changed(qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path], tmp_path: Path) -> MainWindow:
    """With a ground truth of bands."""
    photo = make_photo("street.jpg", 320, 240)
    truth = np.repeat(np.arange(240) // 22, 320).reshape(240, 320).astype(np.uint8)
    truth[:8] = 11
    Image.fromarray(truth).save(tmp_path / "street.png")
    open_files(qtbot, window, photo)
    act(window, "room.changes")
    settle(qtbot, window)
    return window


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.wait(60)
    wait_until_done(qtbot, window)
    qtbot.wait(20)


def view(window: MainWindow) -> ChangesView:
    return window.workspace.changes


def choose(qtbot: QtBot, window: MainWindow, name: str) -> None:
    box = view(window).choice
    index = box.findText(name)
    assert index >= 0, [box.itemText(number) for number in range(box.count())]
    box.setCurrentIndex(index)
    box.activated.emit(index)
    settle(qtbot, window)


def trace_of(window: MainWindow) -> Trace:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace


def truth_of(window: MainWindow) -> NDArray[np.uint8]:
    assert window.session.shown is not None
    assert window.session.shown.result.truth is not None
    return window.session.shown.result.truth.mask


def seen(window: MainWindow) -> NDArray[np.int64]:
    """The photo's pixels on the canvas at actual size, as far as they are seen."""
    act(window, "view.actual")
    window.session.set_pointer(None)
    canvas = view(window).canvas
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    left, top = canvas.placement().left, canvas.placement().top
    assert left >= 0
    assert top >= 0
    return np.array(qimage2ndarray.rgb_view(image)[top : top + 240, left : left + 320]).astype(np.int64)


def coloured(pixels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pixels that are not grey: the photo itself is drawn without colours."""
    spread: NDArray[np.bool_] = pixels.max(axis=2) - pixels.min(axis=2) > 0
    return spread


@pytest.mark.parametrize(("before", "after"), [("32s", "16s"), ("16s", "8s"), ("32s", "8s")])
def test_the_table_counts_what_the_masks_have(qtbot: QtBot, changed: MainWindow, before: str, after: str) -> None:
    choose(qtbot, changed, f"Changes from {before} to {after}")
    trace = trace_of(changed)
    first, second = trace.mask(before), trace.mask(after)
    table = view(changed).findChild(QTreeWidget, "transition_table")
    assert isinstance(table, QTreeWidget)
    counts = {}
    for row in range(table.topLevelItemCount()):
        item = table.topLevelItem(row)
        assert item is not None
        counts[item.text(0), item.text(1)] = int("".join(letter for letter in item.text(2) if letter.isdigit()))
    expected = {}
    for old in range(11):
        for new in range(11):
            number = int(np.count_nonzero((first == old) & (second == new)))
            if old != new and number:
                expected[trace.labels.classes[old], trace.labels.classes[new]] = number
    assert counts == expected
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


def test_a_row_shows_its_pixels_alone(qtbot: QtBot, changed: MainWindow) -> None:
    changed.session.presentation.set_opacity(100)
    choose(qtbot, changed, "Changes from 32s to 8s")
    trace = trace_of(changed)
    first, second = trace.mask("32s"), trace.mask("8s")
    table = view(changed).findChild(TransitionTable)
    assert isinstance(table, TransitionTable)
    assert table.topLevelItemCount() >= 2
    item = table.topLevelItem(1)
    assert item is not None
    old, new = (trace.labels.classes.index(item.text(column)) for column in (0, 1))
    whole = coloured(seen(changed))
    # Greys among the classes' own colours cannot be told from the photo.
    grey = {index for index, colour in enumerate(trace.labels.colours) if len(set(colour)) == 1}
    lively = ~np.isin(second, list(grey))
    np.testing.assert_array_equal(whole[lively], (first != second)[lively])
    table.chosen.emit((old, new))
    settle(qtbot, changed)
    if new not in grey:
        np.testing.assert_array_equal(coloured(seen(changed)), (first == old) & (second == new))
    table.chosen.emit(None)
    settle(qtbot, changed)
    np.testing.assert_array_equal(coloured(seen(changed))[lively], (first != second)[lively])


def test_rescue_and_harm_have_their_colours(qtbot: QtBot, changed: MainWindow, camvid: LabelSet) -> None:
    changed.session.presentation.set_opacity(100)
    choose(qtbot, changed, "Rescue and harm from 16s to 8s")
    trace, truth = trace_of(changed), truth_of(changed)
    first, second = trace.mask("16s"), trace.mask("8s")
    known = (truth != camvid.void) & (first != second)
    pixels = seen(changed)
    for verdict, where in (
        (Verdict.RESCUED, known & (second == truth)),
        (Verdict.HARMED, known & (first == truth)),
        (Verdict.BOTH_WRONG, known & (first != truth) & (second != truth)),
    ):
        hits = (pixels == VERDICT_COLOURS[verdict]).all(axis=2)
        np.testing.assert_array_equal(hits, where)


def test_the_gain_pad_says_the_nets_own_mean_iu(qtbot: QtBot, changed: MainWindow, camvid: LabelSet) -> None:
    choose(qtbot, changed, "Gain pad")
    trace = trace_of(changed)
    confusion = confusion_matrix(truth_of(changed), trace.mask("8s"), classes=11, void=camvid.void)
    words = " ".join(label.text() for label in view(changed).findChildren(QLabel) if label.isVisible())
    assert f"reaches {100 * metrics(confusion).mean_iu:.1f} %" in words


def test_the_trimap_plot_is_there_with_a_truth(qtbot: QtBot, changed: MainWindow) -> None:
    choose(qtbot, changed, "Trimap curve")
    assert view(changed).plot.isVisible()


def test_without_a_truth_its_maps_cannot_be_chosen(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    open_files(qtbot, window, make_photo("street.png"))
    act(window, "room.changes")
    settle(qtbot, window)
    box = view(window).choice
    model = box.model()
    assert isinstance(model, QStandardItemModel)
    for name in ("Trimap curve", "Gain pad", "Rescue and harm from 16s to 8s"):
        index = box.findText(name)
        item = model.item(index)
        assert index < 0 or not item.isEnabled()
        assert index < 0 or "ground truth" in item.toolTip()


def test_every_map_is_drawn_and_another_photo_replaces_it(
    qtbot: QtBot, changed: MainWindow, make_photo: Callable[..., Path]
) -> None:
    box = view(changed).choice
    names = [box.itemText(number) for number in range(box.count()) if box.itemText(number)]
    assert len(names) >= 10
    for name in names:
        choose(qtbot, changed, name)
    choose(qtbot, changed, "Decider")
    open_files(qtbot, changed, make_photo("next.png", 200, 150, seed=4))
    settle(qtbot, changed)
    levels = view(changed).canvas.layers.content.levels
    assert levels is not None
    assert levels[0].shape[:2] == (150, 200)


def test_a_click_on_the_gain_pad_shows_the_mask_with_these_gains(qtbot: QtBot, changed: MainWindow) -> None:
    choose(qtbot, changed, "Gain pad")
    pad = view(changed).pad
    frame = pad.frame()
    place = QPoint(round(frame.left() + 0.25 * frame.width()), round(frame.top() + 0.25 * frame.height()))
    QTest.mouseClick(pad, Qt.MouseButton.LeftButton, pos=place)
    settle(qtbot, changed)
    assert changed.session.presentation.room is Room.FUSION
    gains = changed.workspace.fusion.gains
    assert gains.of("score_pool4") == pytest.approx(1.5, abs=0.02)
    assert gains.of("score_pool3") == pytest.approx(0.5, abs=0.02)
