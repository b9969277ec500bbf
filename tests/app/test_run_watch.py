"""A real window on a real run's folder, whose files are replaced while it watches."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QSlider, QSpinBox
from pytestqt.qtbot import QtBot

from fcn_studio.app.run_watch.run_watch_files import evenly, look
from fcn_studio.app.run_watch.run_watch_masks import Past, PastMasks
from fcn_studio.app.run_watch.run_watch_strips import Line, Strip, tick_texts
from fcn_studio.app.values.jobs import Photo, Purpose
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.window.run import picture
from fcn_studio.core.datasets.dataset import Example
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import (
    BEST,
    LOG,
    NEWEST,
    EpochRow,
    RunInfo,
    Scores,
    append_row,
    best_of,
    write_log,
    write_run,
)
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.tracing.model import load
from tests.app.conftest import act, drag_and_drop, files, grabbed, wait_until_done
from tests.conftest import random_net

VARIANTS = ("32s", "16s", "8s")
FAST_MS = 30  # for changes to settle
WHILE_MS = 8 * FAST_MS  # in which a newer checkpoint would have been loaded
SIZE = (64, 96)  # height, width


class Run:
    """Writes what training writes, by the same functions."""

    def __init__(self, folder: Path, labels: LabelSet, photos: int = 4) -> None:
        self.folder, self.labels, self.data = folder / "run", labels, folder / "data"
        self.folder.mkdir()
        rng = np.random.default_rng(0)
        for name in ("val", "valannot"):
            (self.data / name).mkdir(parents=True)
        (self.data / "labels.json").write_text('{"name": "camvid"}', encoding="utf-8")
        for number in range(photos):
            blocks = rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)
            Image.fromarray(np.kron(blocks, np.ones((8, 8, 1), np.uint8))).save(self.data / f"val/p{number}.png")
            Image.fromarray(rng.integers(0, 11, SIZE, dtype=np.uint8)).save(self.data / f"valannot/p{number}.png")
        self.info = RunInfo(
            recipe={"name": "tiny"},
            data=self.data,
            label_set=labels.to_dict(),
            variants=VARIANTS,
            epochs=10,
            started="2030-01-02T03:04:05+00:00",
            device="cpu",
            val_every=1,
        )
        write_run(self.folder, self.info)
        self.rows: list[EpochRow] = []
        write_log(self.folder, VARIANTS, self.rows)

    def checkpoint(self, epoch: int, name: str = NEWEST) -> Path:
        """Random weights of a seed of their own."""
        net = random_net(Architecture(11, alignment="same", channels=(4, 4, 4, 4, 4), fc_channels=8), seed=epoch)
        path = self.folder / name
        save_checkpoint(path, net, labels=self.labels, preprocessing=IMAGENET_RGB, card={"epoch": epoch})
        return path

    def epoch(self, epoch: int, mean_iu: float, *, loss: float = 1.0) -> None:
        """A row of the log, and the checkpoint that comes with it."""
        val = {name: Scores(mean_iu - 0.02 * (2 - place), 0.5) for place, name in enumerate(VARIANTS)}
        row = EpochRow(epoch, 10 * epoch, 30.0 * epoch, loss, 12.5, 1e-3 / epoch, val)
        self.rows.append(row)
        append_row(self.folder, VARIANTS, row)
        self.checkpoint(epoch)


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    made = make_window()
    made.run_watch.follower._settled.setInterval(FAST_MS)
    return made


@pytest.fixture
def run(tmp_path: Path, camvid: LabelSet) -> Run:
    return Run(tmp_path, camvid)


@pytest.fixture
def wait_for_epoch(qtbot: QtBot) -> Callable[[MainWindow, int], None]:
    def wait(window: MainWindow, epoch: int) -> None:
        qtbot.waitUntil(lambda: window.run_watch.epoch == epoch, timeout=10_000)
        wait_until_done(qtbot, window)

    return wait


def mask_on_screen(window: MainWindow, variant: str = "8s") -> np.ndarray:
    assert window.session.shown is not None
    mask = window.session.shown.mask(PanelId(variant))
    assert mask is not None
    return mask


def mask_of(path: Path, photo: Path, variant: str = "8s") -> np.ndarray:
    return load(path, device="cpu", precision="fp32").trace(np.asarray(Image.open(photo).convert("RGB"))).mask(variant)


def word(window: MainWindow, name: str) -> str:
    label = window.findChild(QLabel, name)
    assert label is not None
    return label.text()


def test_a_newer_checkpoint_takes_the_older_ones_place_and_nothing_else_moves(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.2)
    assert drag_and_drop(window, files(run.folder))
    wait_for_epoch(window, 1)
    photos = [photo.path for photo in window.session.list.photos]
    assert photos == [run.data / f"val/p{number}.png" for number in range(4)]
    assert "truth" in {panel.kind for panel in window.session.panels}

    window.session.list.go_to(2)
    wait_until_done(qtbot, window)
    act(window, "view.actual")
    window.transform.zoom_at(2.0, 5, 5)
    window.session.presentation.solo_class("Road", window.session.class_names)
    act(window, "view.16s")
    zoom, centre = window.transform.zoom, window.transform.centre
    layout, hidden = window.session.presentation.layout, window.session.presentation.appearance.hidden
    old = mask_on_screen(window).copy()
    assert (old == mask_of(run.folder / NEWEST, run.data / "val/p2.png")).all()

    seen: list[bool] = []
    window.session.shown_changed.connect(
        lambda: seen.append(window.session.shown is not None and window.session.shown.pending)
    )
    run.epoch(2, 0.3)
    wait_for_epoch(window, 2)
    assert (mask_on_screen(window) == mask_of(run.folder / NEWEST, run.data / "val/p2.png")).all()
    assert (mask_on_screen(window) != old).any()
    assert seen
    assert not any(seen)
    assert window.session.list.index == 2
    assert (window.transform.zoom, window.transform.centre) == (zoom, centre)
    assert window.session.presentation.layout == layout
    assert window.session.presentation.appearance.hidden == hidden
    assert "epoch 2" in word(window, "status_run")
    assert word(window, "run_state") == "Running: epoch 2 of 10"
    assert word(window, "run_left") == "4 min"  # eight epochs of 30 s
    # The photos that are not on screen are followed too, while nobody waits.
    qtbot.waitUntil(
        lambda: all(2 in window.run_watch.history.masks.epochs(photo) for photo in window.session.list.photos)
    )
    kept = window.run_watch.history.masks.get(window.session.list.photos[3], 2)
    assert kept is not None
    assert (kept.masks["16s"] == mask_of(run.folder / NEWEST, run.data / "val/p3.png", "16s")).all()
    # Nothing of the older net is kept, neither weights nor traces.
    worker = window._inference.worker
    assert len(worker._models) == 1
    assert {key.stamp for key in worker._cache._kept} == {window.session.choice.stamps[0][1]}


def test_curves_have_the_logs_points_and_the_slider_goes_back(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.25, loss=2.0)
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 1)
    first = mask_on_screen(window).copy()
    window.grab()
    run.epoch(2, 0.35, loss=0.1)
    wait_for_epoch(window, 2)
    with (run.folder / LOG).open("a") as file:
        file.write("3,30,90.0,0.0")  # a line that is still being written
    qtbot.wait(WHILE_MS)
    plot = window._run_tab.panel.plot
    assert [line.name for line in plot.strips[0].lines] == list(VARIANTS)
    assert dict(plot.strips[0].lines[2].points) == pytest.approx({1: 25.0, 2: 35.0})
    assert dict(plot.strips[0].lines[0].points) == pytest.approx({1: 21.0, 2: 31.0})
    assert plot.strips[1].lines[0].points == ((1, 2.0), (2, 0.1))
    assert plot.strips[1].log
    assert plot.strips[2].lines[0].points == ((1, 1e-3), (2, 5e-4))
    QTest.mouseMove(plot, QPoint(round(plot.x_of(1)), plot.height() // 2))
    assert plot.marked_text.startswith("epoch 1, ")
    assert "32s 21.0" in plot.marked_text

    now = mask_on_screen(window).copy()
    slider = window.findChild(QSlider, "run_epochs")
    assert slider is not None
    assert slider.maximum() == 1
    slider.setValue(0)
    assert (mask_on_screen(window) == first).all()
    assert (now != first).any()
    assert window.session.shown is not None
    assert window.session.shown.note == "epoch 1"
    write_log(run.folder, VARIANTS, run.rows)
    run.epoch(3, 0.36)
    wait_for_epoch(window, 3)
    assert (mask_on_screen(window) == first).all()  # the user still looks at epoch 1
    slider.setValue(slider.maximum())
    path = window.session.list.photos[0].path
    assert path is not None
    assert (mask_on_screen(window) == mask_of(run.folder / NEWEST, path)).all()


def test_damaged_and_vanished_files_are_survived(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.2)
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 1)
    good = mask_on_screen(window).copy()
    whole = run.checkpoint(2, "other.safetensors").read_bytes()
    (run.folder / "half").write_bytes(whole[: len(whole) // 2])
    (run.folder / "half").replace(run.folder / NEWEST)
    qtbot.waitUntil(lambda: "cannot be read yet" in word(window, "run_problem"), timeout=10_000)
    assert window.workspace.banner.isHidden()  # the panel says it; the picture does not jump
    window.session.list.go_to(1)
    wait_until_done(qtbot, window)
    window.session.list.go_to(0)
    wait_until_done(qtbot, window)
    assert (mask_on_screen(window) == good).all()
    assert window.workspace.banner.isHidden()

    shutil.move(run.folder, run.folder.with_name("away"))
    qtbot.waitUntil(lambda: window.run_watch.files is not None and not window.run_watch.files.stamps, timeout=10_000)
    assert word(window, "run_state") == "Running: epoch 1 of 10"
    shutil.move(run.folder.with_name("away"), run.folder)
    run.checkpoint(3)
    window.run_watch.follower.look()
    wait_for_epoch(window, 3)
    assert word(window, "run_problem") == ""


def test_holding_switching_and_stopping(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.4)
    run.checkpoint(1, BEST)
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 1)
    act(window, "file.hold_run")
    run.epoch(2, 0.3)
    qtbot.waitUntil(lambda: word(window, "run_state") == "Running: epoch 2 of 10", timeout=10_000)
    qtbot.wait(WHILE_MS)
    assert window.run_watch.epoch == 1
    box = window.findChild(QCheckBox, "run_hold")
    assert box is not None
    assert box.isChecked()
    box.click()
    wait_for_epoch(window, 2)
    window.run_watch.set_best(True)
    wait_for_epoch(window, 1)
    assert window.session.choice.weights == (str(run.folder / BEST),)
    count = window.findChild(QSpinBox, "run_photos")
    assert count is not None
    count.setValue(2)
    qtbot.waitUntil(lambda: len(window.session.list.photos) == 2, timeout=10_000)

    window.session.set_engine(replace(window.session.choice, weights=("default",)))
    qtbot.waitUntil(lambda: not window.busy, timeout=60_000)
    assert window.run_watch.held
    assert "another" in word(window, "run_problem").lower()
    act(window, "file.stop_run")
    assert window.run_watch.folder is None
    assert not window.actions_by_id["file.stop_run"].isEnabled()
    run.epoch(3, 0.5)
    qtbot.wait(WHILE_MS)
    assert window.session.choice.weights == ("default",)


def test_a_run_without_checkpoint_waits_and_one_without_data_shows_its_curves(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    window.intake.open_paths([run.folder])
    qtbot.waitUntil(lambda: "No checkpoint yet" in word(window, "run_problem"), timeout=10_000)
    assert window.workspace.side.isVisible()
    assert not window.session.list.photos
    run.data.rename(run.data.with_name("elsewhere"))
    write_run(run.folder, replace(run.info, state="failed", reason="The loss became nan."))
    run.epoch(1, 0.2)
    wait_for_epoch(window, 1)
    assert word(window, "run_state") == "Failed: epoch 1 of 10"
    assert "The loss became nan." in word(window, "run_problem")
    assert "not on this machine" in word(window, "run_problem")
    assert window._run_tab.panel.plot.strips[0].lines[0].points


def test_an_export_goes_before_a_newer_checkpoint_and_watching_can_be_undone(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.2)
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 1)
    before = window.run_watch._before
    window.session.queue.running = window.session.make_job(window.session.list.photos[0], Purpose.EXPORT)
    run.epoch(2, 0.3)
    qtbot.wait(WHILE_MS)
    assert window.run_watch.epoch == 1
    window.session.queue.running = None
    wait_for_epoch(window, 2)

    button = next(button for button in window.workspace.notice.findChildren(QPushButton) if button.text() == "Undo")
    button.click()
    qtbot.waitUntil(lambda: window.session.choice == before and not window.busy, timeout=10_000)
    assert window.run_watch.folder is None
    assert not window.session.list.photos


def test_a_data_sets_table_leaves_the_processor_to_the_training_unless_it_is_asked_to_measure(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.2)
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 1)
    window.intake.open_paths([run.data])
    dataset, panel = window.session.dataset, window.workspace.dataset
    qtbot.waitUntil(lambda: len(dataset.rows) == 4 and dataset.measured == 1, timeout=10_000)
    qtbot.wait(WHILE_MS)
    assert dataset.measured == 1  # only the photo on screen
    assert panel.status == "1 of 4 photos measured. The others wait while the run trains."
    button = panel.findChild(QPushButton, "dataset_pause")
    assert button is not None
    assert button.text() == "Measure"
    button.click()
    qtbot.waitUntil(lambda: dataset.measured == 4, timeout=10_000)

    run.epoch(2, 0.3)
    wait_for_epoch(window, 2)
    qtbot.waitUntil(lambda: dataset.measured == 1, timeout=10_000)
    qtbot.wait(WHILE_MS)
    assert (dataset.measured, dataset.stale) == (1, 3)
    assert "3 still show earlier weights" in panel.status
    row = dataset.rows[dataset.place_of(window.session.list.current)]
    assert row.photo.path is not None
    assert row.metrics is not None
    assert row.task is not None
    truth, mask = np.asarray(Image.open(row.task.example.mask)), mask_of(run.folder / NEWEST, row.photo.path)
    assert row.metrics.variants["8s"].correct == (truth == mask).sum()  # of the newer weights

    # Newer weights wait for what was asked for, and the panel says so.
    window.session.queue.running = window.session.make_job(window.session.list.photos[0], Purpose.MEASURE)
    button.click()
    run.epoch(3, 0.4)
    qtbot.waitUntil(lambda: "waits until the data set table" in word(window, "run_problem"), timeout=10_000)
    qtbot.wait(WHILE_MS)
    assert window.run_watch.epoch == 2
    window.session.queue.running = None
    window.session.measuring.go_on()
    wait_for_epoch(window, 3)
    assert word(window, "run_problem") == ""
    assert dataset.stale >= 3

    write_run(run.folder, replace(run.info, state="finished"))
    qtbot.waitUntil(lambda: dataset.waiting == 0, timeout=10_000)  # nobody needs the processor any more


def test_the_stages_of_a_run_are_opened_together_and_the_way_back_watches_on(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.2)
    run.checkpoint(2, best_of("32s"))
    write_run(run.folder, replace(run.info, state="finished"))
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 1)
    button = window.findChild(QPushButton, "run_stages")
    assert button is not None
    assert button.isHidden()  # one stage has nothing to stand beside
    run.checkpoint(3, best_of("8s"))
    qtbot.waitUntil(button.isVisible, timeout=10_000)
    button.click()
    qtbot.waitUntil(lambda: len(window.session.engine) == 2 and not window.busy, timeout=10_000)
    assert window.session.choice.weights == tuple(str(run.folder / best_of(name)) for name in ("32s", "8s"))
    photo = window.session.list.current
    assert photo is not None
    assert photo.path is not None
    shown = window.session.shown
    assert shown is not None
    for slot, name in enumerate(("32s", "8s")):
        mask = shown.mask(PanelId(name, slot))
        assert mask is not None
        np.testing.assert_array_equal(mask, mask_of(run.folder / best_of(name), photo.path, name))
    assert window.run_watch.detached
    status = window.findChild(QLabel, "status_run")
    assert status is not None
    assert status.isHidden()
    undo = next(one for one in window.workspace.notice.findChildren(QPushButton) if one.text() == "Undo")
    undo.click()
    qtbot.waitUntil(lambda: not window.run_watch.detached and not window.busy, timeout=10_000)
    assert not window.run_watch.held
    assert status.isVisible()
    assert "Another checkpoint" not in word(window, "run_problem")


def test_the_slider_comes_with_a_second_epoch(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    run.epoch(1, 0.2)
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 1)
    slider, hint = window.findChild(QSlider, "run_epochs"), window.findChild(QLabel, "run_hint")
    assert slider is not None
    assert hint is not None
    assert (slider.isVisible(), hint.isVisible()) == (False, True)
    run.epoch(2, 0.3)
    wait_for_epoch(window, 2)
    qtbot.waitUntil(slider.isVisible, timeout=10_000)
    assert hint.isHidden()
    assert slider.value() == slider.maximum() == 1


@pytest.mark.usefixtures("window")  # for its way with the collector of garbage
def test_a_picture_of_a_run_that_failed_early_has_its_panel_and_the_reason_is_told(
    run: Run, tiny_weights: Path, tmp_path: Path
) -> None:
    write_run(run.folder, replace(run.info, state="failed", reason="A weight became infinite."))
    output = tmp_path / "window.png"
    told = picture([run.folder], output, weights=str(tiny_weights), device="cpu", precision="fp32")
    assert told == "A weight became infinite. This run has written no checkpoint."
    with Image.open(output) as saved:
        assert saved.size == (1440, 900)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((46.48, 46.5, 46.52), ("46.48", "46.50", "46.52")),
        ((20.0, 40.0), ("20", "40")),
        ((0.0, 0.0005, 0.001), ("0.0000", "0.0005", "0.0010")),
        ((5e-10, 1e-9, 1.5e-9), ("5e-10", "1e-09", "1.5e-09")),
        ((10.0, 30.0, 100.0), ("10", "30", "100")),
        ((1e-6, 1e-4, 0.01), ("1e-06", "0.0001", "0.01")),
        ((8000.0, 10000.0), ("8000", "10000")),
        ((1.0,), ("1",)),
        ((10000.0,), ("10000",)),
        ((1000.0, 10000.0, 100000.0), ("1000", "10000", "100000")),
        ((), ()),
    ],
)
def test_ticks_are_written_with_as_many_places_as_tell_them_apart(
    values: tuple[float, ...], texts: tuple[str, ...]
) -> None:
    assert tick_texts(values) == texts


def test_the_longest_tick_has_room_beside_the_curves(
    qtbot: QtBot, window: MainWindow, run: Run, wait_for_epoch: Callable[[MainWindow, int], None]
) -> None:
    val = {"8s": Scores(0.4648, 0.9)}
    for epoch in (1, 2):
        append_row(run.folder, VARIANTS, EpochRow(epoch, epoch, 1.0, 6231.0 + epoch, 2.0, 1.4e-9, val))
    run.checkpoint(2)
    window.intake.open_paths([run.folder])
    wait_for_epoch(window, 2)
    plot = window._run_tab.panel.plot
    assert any("e-09" in text for text in tick_texts(plot.strips[-1].ticks(3)))
    plot.clearFocus()  # whose frame, where the window is active, runs along the plot's edge
    pixels = grabbed(plot)
    ground = pixels[0, 0]
    assert (pixels[:, :3] == ground).all(), "no number is cut at the left"
    assert (pixels[:, 4 : int(plot.frames()[0].left())] != ground).any()


def test_ticks_are_few_round_and_inside() -> None:
    for low, high in ((26.0, 55.0), (0.39, 1.6), (8e-9, 1.9e-3), (0.0, 100.0), (4.03, 4.53)):
        strip = Strip("", (Line("", "", ((1, low), (2, high))),), ".2g", 1.0)
        for most in (1, 2, 3, 4):
            found = strip.ticks(most)
            assert min(most, 2) <= len(found) <= most, (low, high, most)
            assert all(low <= tick <= high and f"{tick:.4g}" == f"{tick:.12g}" for tick in found)


def test_masks_are_packed_without_loss_and_bounded() -> None:
    rng = np.random.default_rng(1)
    mask = np.kron(rng.integers(0, 11, (30, 40), dtype=np.uint8), np.ones((8, 8), np.uint8))
    large = np.kron(mask, np.ones((8, 8), np.uint8))[:, :2001]
    kept = PastMasks()
    photo = Photo("a")
    kept.keep(photo, 3, Past({"8s": mask, "32s": large}, {}))
    found = kept.get(photo, 3)
    assert found is not None
    assert (found.masks["8s"] == mask).all()
    assert found.masks["32s"].shape == large.shape
    assert (found.masks["32s"] == large).mean() > 0.99  # of a large photo every second pixel is kept
    noise = [rng.integers(0, 11, (64, 64), dtype=np.uint8) for _ in range(40)]
    small = PastMasks(limit_bytes=30_000)
    for epoch, one in enumerate(noise):
        small.keep(photo, epoch, Past({"8s": one}, {}))
        assert small.size_bytes <= 30_000
    assert small.epochs(photo)[0] == 0
    assert small.epochs(photo)[-1] == 39
    small.keep(Photo("b"), 0, Past({"8s": noise[0]}, {}))
    assert small.size_bytes <= 30_000


def test_photos_are_evenly_spaced() -> None:
    examples = tuple(Example(Path(f"{number}.png"), Path(f"{number}m.png")) for number in range(101))
    numbers = [int(example.photo.stem) for example in evenly(examples, 12)]
    assert len(numbers) == 12
    assert numbers[0] == 0
    assert set(np.diff(numbers).tolist()) == {8, 9}
    assert evenly(examples, 200) == examples


def test_the_best_epoch_is_that_of_the_finest_variant(run: Run) -> None:
    for epoch, mean_iu in ((1, 0.2), (2, 0.5), (3, 0.4)):
        run.epoch(epoch, mean_iu)
    seen = look(run.folder)
    assert seen.best is not None
    assert seen.best.epoch == 2
    assert seen.epoch == 3
    os.remove(run.folder / NEWEST)
    assert look(run.folder).checkpoint(best=True) is None
