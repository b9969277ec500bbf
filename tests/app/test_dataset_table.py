"""The table of a data set's photos: its figures, its order, what is broken, and stopping."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from sklearn.metrics import accuracy_score, jaccard_score

from fcn_studio import load
from fcn_studio.app.compare.panel_contents import difference_content
from fcn_studio.app.dataset.dataset_columns import picks
from fcn_studio.app.values.panels import TRUTH_PANEL, PanelId
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.cli.main import main
from fcn_studio.core.judging.boundary import boundary_distance
from fcn_studio.core.labels import LabelSet
from tests.app.conftest import act, drag_and_drop, files, wait_until_done

CLASSES, VOID = 11, 11
NAMES = ("1.png", "2.png", "3.png", "10.png")
MakePhoto = Callable[..., Path]
Masks = dict[str, dict[str, NDArray[np.uint8]]]


@pytest.fixture
def folder(make_photo: MakePhoto, tmp_path: Path) -> Path:
    """Four small photos to look at, and one to train on; masks of blocks, some void."""
    root = tmp_path / "streets"
    root.mkdir()
    (root / "labels.json").write_text('{"name": "camvid"}', encoding="utf-8")
    for split in ("train", "val"):
        (root / split).mkdir(parents=True)
        (root / f"{split}annot").mkdir()
    for seed, name in enumerate((*(f"val/{name}" for name in NAMES), "train/0.png")):
        make_photo(f"streets/{name}", 96, 64, seed)
        rng = np.random.default_rng(seed)
        blocks = rng.integers(0, CLASSES + 1, (8, 12), dtype=np.uint8)
        mask = np.kron(blocks, np.ones((8, 8), dtype=np.uint8))
        split, _, file = name.partition("/")
        Image.fromarray(mask).save(root / f"{split}annot" / file)
    return root


def open_set(qtbot: QtBot, window: MainWindow, folder: Path, *, measured: bool = True) -> None:
    assert drag_and_drop(window, files(folder))
    wait_until_done(qtbot, window)
    if measured:
        wait_until_measured(qtbot, window)


def wait_until_measured(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.session.dataset.waiting == 0, timeout=20_000)


def cell(window: MainWindow, row: int, key: str) -> str:
    """What the table shows, by its rows as they are sorted."""
    panel = window.workspace.dataset
    keys = [column.key for column in panel.columns]
    return str(panel.grid.order.index(row, keys.index(key)).data())


def names(window: MainWindow) -> list[str]:
    return [row.photo.name for row in window.workspace.dataset.rows]


def expected(folder: Path, weights: Path) -> Masks:
    """By photo: its truth, and each variant's mask by the public interface."""
    model = load(str(weights), device="cpu", precision="fp32")
    found: Masks = {}
    for name in NAMES:
        trace = model.trace(folder / "val" / name)
        truth = np.asarray(Image.open(folder / "valannot" / name))
        found[name] = {"truth": truth, **{variant: trace.mask(variant) for variant in trace.variants}}
    return found


def mean_iu(truth: NDArray[np.uint8], mask: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    there = np.union1d(truth[where], mask[where])
    return float(jaccard_score(truth[where], mask[where], labels=there, average="macro"))


def test_figures_are_those_that_scikit_learn_gives_from_the_masks(
    qtbot: QtBot, window: MainWindow, folder: Path, tiny_weights: Path
) -> None:
    open_set(qtbot, window, folder)
    assert names(window) == list(NAMES), "val first, in natural order"
    assert [photo.name for photo in window.session.list.photos] == list(NAMES)
    assert window.workspace.side.currentWidget() is window.workspace.dataset
    masks = expected(folder, tiny_weights)
    for row, name in enumerate(NAMES):
        found = masks[name]
        truth, labelled = found["truth"], found["truth"] != VOID
        near = labelled & (boundary_distance(truth, VOID) < 4)
        shares = {}
        for variant in ("32s", "16s", "8s"):
            shares[variant] = mean_iu(truth, found[variant], labelled)
            accuracy = accuracy_score(truth[labelled], found[variant][labelled])
            assert cell(window, row, f"mean_iu_{variant}") == f"{100 * shares[variant]:.1f}"
            assert cell(window, row, f"pixel_accuracy_{variant}") == f"{100 * accuracy:.1f}"
            assert (
                cell(window, row, f"boundary_mean_iu_{variant}") == f"{100 * mean_iu(truth, found[variant], near):.1f}"
            )
        gain = f"{100 * (shares['8s'] - shares['32s']):+.1f}".replace("-", "\N{MINUS SIGN}")
        assert cell(window, row, "gain_32s_8s") == gain
        right = {variant: int((truth == found[variant])[labelled].sum()) for variant in ("32s", "8s")}
        pixels = cell(window, row, "net_pixels_32s_8s").replace("\N{MINUS SIGN}", "-").replace(",", "")
        assert int(pixels) == right["8s"] - right["32s"]
    # The whole set: all pixels together.
    truths = np.concatenate([found["truth"].ravel() for found in masks.values()])
    guesses = np.concatenate([found["8s"].ravel() for found in masks.values()])
    labelled = truths != VOID
    totals = window.workspace.dataset.totals
    assert totals.text(0, 3) == "8s"
    assert totals.text(1, 3) == f"{100 * accuracy_score(truths[labelled], guesses[labelled]):.1f}"
    assert totals.text(3, 3) == f"{100 * mean_iu(truths, guesses, labelled):.1f}"
    assert window.workspace.dataset.status == "All 4 photos are measured."


def test_sorting_by_gain_going_through_and_the_film_strips_order(
    qtbot: QtBot, window: MainWindow, folder: Path
) -> None:
    open_set(qtbot, window, folder)
    panel = window.workspace.dataset
    keys = [column.key for column in panel.columns]
    head, place = panel.grid.horizontalHeader(), keys.index("gain_32s_8s")
    middle = head.sectionViewportPosition(place) + 5
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle, 10))
    values = [panel.columns[place].value(row.metrics) for row in panel.rows]
    known = [value for value in values if value is not None]
    assert len(known) == 4
    assert known == sorted(known, reverse=True)
    ordered = names(window)
    assert ordered != list(NAMES), "these photos gain in another order than their names'"
    panel.grid.setFocus()
    QTest.keyClick(panel.grid, Qt.Key.Key_Home)
    QTest.keyClick(panel.grid, Qt.Key.Key_Down)
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.photo.name == ordered[1]
    window.session.list.go_to(2)
    assert panel.grid.chosen[0].photo is window.session.list.current, "the photo on screen is marked"
    act(window, "table.arrange")
    assert [photo.name for photo in window.session.list.photos] == ordered
    act(window, "edit.undo")
    assert [photo.name for photo in window.session.list.photos] == list(NAMES)


def test_a_broken_photo_and_a_broken_mask_say_why_and_the_others_are_measured(
    qtbot: QtBot, window: MainWindow, folder: Path
) -> None:
    (folder / "val" / "2.png").write_bytes(b"no picture")
    Image.fromarray(np.full((64, 96), 200, dtype=np.uint8)).save(folder / "valannot" / "3.png")
    (folder / "valannot" / "10.png").unlink()
    open_set(qtbot, window, folder)
    problems = {row.photo.name: row.problem for row in window.workspace.dataset.rows}
    assert problems["1.png"] == ""
    assert "2.png" in problems["2.png"]
    assert "label 200" in problems["3.png"]
    assert "no mask" in problems["10.png"]
    assert cell(window, 0, "mean_iu_8s") != ""
    assert cell(window, 2, "mean_iu_32s").startswith("Label 200"), "the sentence stands in the row, without its path"
    assert window.workspace.dataset.status == "1 of 4 photos measured. 3 cannot be."
    grid = window.workspace.dataset.grid
    for falling in (False, True):
        grid.sort_by("mean_iu_8s", falling=falling)
        assert names(window)[0] == "1.png", "what is not known comes last either way"


def test_measuring_stops_goes_on_and_starts_anew_with_another_checkpoint(
    qtbot: QtBot, window: MainWindow, folder: Path, tiny_weights: Path, tiny_checkpoint: Path
) -> None:
    dataset, panel = window.session.dataset, window.workspace.dataset

    def stop_after_one() -> None:
        if dataset.measured == 1:
            window.session.measuring.pause(True)

    dataset.row_changed.connect(stop_after_one)
    open_set(qtbot, window, folder, measured=False)
    qtbot.waitUntil(lambda: dataset.measured == 1 and window.session.queue.running is None, timeout=20_000)
    assert panel.status == "Stopped. 1 of 4 photos measured."
    qtbot.wait(100)
    assert dataset.measured == 1
    dataset.row_changed.disconnect(stop_after_one)
    button = panel.findChild(QPushButton, "dataset_pause")
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_until_measured(qtbot, window)
    before = [cell(window, row, "mean_iu_8s") for row in range(4)]
    window.session.measuring.pause(True)
    window.intake.use_checkpoint(tiny_checkpoint)
    wait_until_done(qtbot, window)
    assert dataset.stale == 4
    assert "4 still show" in panel.status
    assert [cell(window, row, "mean_iu_8s") for row in range(4)] == before, "old figures stay, and say so"
    assert not dataset.totals
    window.session.measuring.pause(False)
    wait_until_measured(qtbot, window)
    assert dataset.stale == 0
    assert [cell(window, row, "mean_iu_8s") for row in range(4)] != before
    act(window, "table.again")
    assert dataset.measured == 0
    wait_until_measured(qtbot, window)


def test_filter_split_copy_save_and_hiding(qtbot: QtBot, window: MainWindow, folder: Path, tmp_path: Path) -> None:
    open_set(qtbot, window, folder / "val")
    panel = window.workspace.dataset
    assert names(window) == list(NAMES), "a split's own folder opens its data set"
    line = panel.findChild(QLineEdit, "dataset_filter")
    assert isinstance(line, QLineEdit)
    QTest.keyClicks(line, "1")
    assert names(window) == ["1.png", "10.png"]
    panel.grid.setFocus()
    QTest.keyClick(panel.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row["photo"] for row in rows] == ["val/1.png", "val/10.png"]
    found = panel.rows[0].metrics
    assert found is not None
    assert float(rows[0]["mean_iu_8s"]) == pytest.approx(found.variants["8s"].mean_iu, abs=1e-6)
    line.clear()
    window._table.save(tmp_path / "out" / "table.csv")
    assert len((tmp_path / "out" / "table.csv").read_text().splitlines()) == 5
    act(window, "table.below")
    assert panel.isVisible()
    assert window.workspace.side.indexOf(panel) < 0
    act(window, "view.table")
    assert not panel.isVisible()
    act(window, "view.table")
    assert panel.isVisible()
    act(window, "edit.clear")
    assert not panel.isVisible(), "nothing of the data set is open"
    act(window, "edit.undo")
    wait_until_done(qtbot, window)
    assert panel.isVisible()
    box = panel.findChild(QComboBox, "dataset_split")
    assert isinstance(box, QComboBox)
    assert [box.itemText(place) for place in range(box.count())] == ["train", "val"]
    box.setCurrentIndex(0)
    box.textActivated.emit("train")
    wait_until_done(qtbot, window)
    wait_until_measured(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["0.png"], "instead of the split before"


def test_the_saved_table_is_the_one_that_evaluate_writes(
    qtbot: QtBot, window: MainWindow, folder: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    open_set(qtbot, window, folder)
    window.workspace.dataset.grid.sort_by("gain_32s_8s", falling=True)
    window._table.save(tmp_path / "window.csv")
    command = ["evaluate", "--data", str(folder), "--split", "val", "--weights", str(tiny_weights)]
    as_the_window = ["--device", "cpu", "--precision", "fp32"]
    assert main([*command, *as_the_window, "--csv", str(tmp_path / "evaluate.csv")]) == 0
    head, *rows = (tmp_path / "window.csv").read_bytes().splitlines()
    other_head, *other_rows = (tmp_path / "evaluate.csv").read_bytes().splitlines()
    assert head == other_head
    assert rows != sorted(rows), "in the order of the table"
    assert sorted(rows) == sorted(other_rows)


@pytest.fixture
def cracks(make_photo: MakePhoto, tmp_path: Path) -> Path:
    """Two photos with masks of two classes, and a labels.json that says which."""
    root = tmp_path / "cracks"
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    labels = {"name": "cracks", "classes": ["background", "crack"], "values": [0, 255]}
    (root / "labels.json").write_text(json.dumps(labels))
    for seed, name in enumerate(("a.png", "b.png")):
        make_photo(f"cracks/images/{name}", 96, 64, seed)
        mask = np.zeros((64, 96), dtype=np.uint8)
        mask[20:30] = 255
        Image.fromarray(mask).save(root / "masks" / name)
    return root


def test_a_truth_of_other_classes_than_the_nets_gives_no_score(qtbot: QtBot, window: MainWindow, cracks: Path) -> None:
    open_set(qtbot, window, cracks, measured=False)
    shown, panel = window.session.shown, window.workspace.dataset
    assert shown is not None
    truth = shown.result.truth
    assert truth is not None
    assert truth.labels.classes == ("background", "crack")
    assert not truth.metrics
    np.testing.assert_array_equal(truth.mask[:, 0], [1 if 20 <= row < 30 else 0 for row in range(64)])
    for variant in ("32s", "16s", "8s"):
        score = window.findChild(QLabel, f"score_{variant}")
        assert score is not None
        assert score.toolTip() == "the ground truth has other classes"
    table = window.compare.panels[TRUTH_PANEL].canvas.layers.look.colours
    assert [table[index] >> 24 > 0 for index in (0, 1)] == [False, True], "no veil over the background"
    act(window, "masks.errors")
    assert window.compare.panels[PanelId("8s")].canvas.layers.content.against is None
    difference = difference_content(TRUTH_PANEL, PanelId("8s"), shown)
    assert difference.mask is None
    assert "No open checkpoint has the classes" in panel.status
    assert panel.totals.isHidden()


def test_a_truth_of_one_class_only_is_told_once_all_is_measured(
    qtbot: QtBot, window: MainWindow, folder: Path, camvid: LabelSet
) -> None:
    for name in NAMES:
        mask = np.full((64, 96), VOID, dtype=np.uint8)
        mask[:20] = 3
        Image.fromarray(mask).save(folder / "valannot" / name)
    open_set(qtbot, window, folder)
    panel = window.workspace.dataset
    assert camvid.classes[3] in panel.status
    assert "fcn-studio data check" in panel.status
    assert panel.totals.isVisible()
    mask[30:] = 4
    Image.fromarray(mask).save(folder / "valannot" / NAMES[-1])
    act(window, "table.again")
    assert "data check" not in panel.status
    wait_until_measured(qtbot, window)
    assert panel.status == "All 4 photos are measured."


def test_beside_the_pictures_name_finest_mean_iu_and_whole_gain_are_seen_without_scrolling(
    qtbot: QtBot, window: MainWindow, folder: Path, make_photo: MakePhoto
) -> None:
    long = "a-very-long-name-of-a-photo-that-nobody-would-type.png"
    make_photo(f"streets/val/{long}", 96, 64, 9)
    (folder / "valannot" / long).write_bytes((folder / "valannot" / "1.png").read_bytes())
    open_set(qtbot, window, folder, measured=False)
    panel = window.workspace.dataset
    assert [column.key for column in panel.columns[:3]] == ["photo", "mean_iu_8s", "gain_32s_8s"]
    for width, height in ((1280, 720), (1440, 900)):
        window.resize(width, height)
        qtbot.wait(50)
        head = panel.grid.horizontalHeader()
        assert head.sectionViewportPosition(2) + head.sectionSize(2) <= panel.grid.viewport().width()
        assert head.sectionSize(0) >= head.fontMetrics().horizontalAdvance("Photo") + 10


def test_checkpoints_that_complete_each_other_are_shown_together() -> None:
    one_each = picks([[PanelId("8s", 0)], [PanelId("32s", 1)], [PanelId("16s", 2)]])
    assert [pick.slot for pick in one_each] == [None, 0, 1, 2]
    assert dict(one_each[0].panels) == {"32s": "32s_2", "16s": "16s_3", "8s": "8s"}
    alike = picks([[PanelId("32s"), PanelId("8s")], [PanelId("32s", 1), PanelId("8s", 1)], []])
    assert [pick.slot for pick in alike] == [0, 1]


def test_a_set_whose_classes_nobody_names_is_not_measured_and_says_what_to_do(
    qtbot: QtBot, window: MainWindow, folder: Path
) -> None:
    (folder / "labels.json").unlink()
    (folder.parent / "labels.json").unlink()
    open_set(qtbot, window, folder, measured=False)
    assert "Put a labels.json into the folder" in window.workspace.dataset.status
    assert window.session.dataset.measured == 0
    assert TRUTH_PANEL in window.compare.visible_panels, "what there is can be looked at"
    score = window.findChild(QLabel, "score_8s")
    assert isinstance(score, QLabel)
    assert score.text() == "ground truth without class names"


def test_a_palette_in_another_order_is_measured_by_its_colours(
    qtbot: QtBot, window: MainWindow, folder: Path, camvid: LabelSet
) -> None:
    open_set(qtbot, window, folder)
    before = [cell(window, row, "mean_iu_8s") for row in range(len(NAMES))]
    colours = np.array([*camvid.colours, camvid.void_colour], np.uint8)
    for path in (folder / "valannot").iterdir():
        image = Image.fromarray(np.uint8(VOID) - np.asarray(Image.open(path)))
        image.putpalette(colours[::-1].tobytes())
        image.save(path)
    open_set(qtbot, window, folder)
    assert window.workspace.notice.isVisible()
    assert "read by colour, not by index" in window.workspace.notice.text
    act(window, "table.again")
    wait_until_measured(qtbot, window)
    assert [cell(window, row, "mean_iu_8s") for row in range(len(NAMES))] == before
