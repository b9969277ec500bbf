"""Masks come one by one: FCN-32s is on screen before FCN-8s is there; and how much memory the net may take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import (
    Cancelled,
    EngineChoice,
    Finished,
    Job,
    Partial,
    Photo,
    Purpose,
    Report,
    StageDone,
)
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.photo_status import PhotoState
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.worker.worker import InferenceWorker
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.tracing.model import load
from fcn_studio.engine.tracing.tracer import Tracer
from tests.app.conftest import act, drag_and_drop, files, open_files, wait_until_done
from tests.conftest import random_net

VARIANTS = ("32s", "16s", "8s")

MakePhoto = Callable[..., Path]


class Watched:
    """What the panels of a window showed, each time that something came: photo, panels with masks, whether more comes.

    Attributes:
        seen: Those.
        masks: The first mask that each panel showed.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.seen: list[tuple[str, tuple[str, ...], bool]] = []
        self.masks: dict[str, NDArray[np.uint8]] = {}
        window.session.shown_changed.connect(self.look)

    def look(self) -> None:
        shown = self._window.session.shown
        if shown is None:
            return
        filled = []
        for name in self._window.compare.visible_panels:
            mask = self._window.compare.panels[name].canvas.layers.content.mask
            if mask is not None:
                filled.append(str(name))
                self.masks.setdefault(str(name), mask)
        self.seen.append((shown.photo.name, tuple(filled), shown.pending))


def test_each_mask_is_shown_as_soon_as_it_is_there(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> None:
    watched = Watched(window)
    open_files(qtbot, window, make_photo("street.png"))
    assert [entry[1:] for entry in watched.seen] == [
        ((), True),
        (("32s",), True),
        (("32s", "16s"), True),
        (VARIANTS, False),
    ]
    shown = window.session.shown
    assert shown is not None
    assert shown.trace is not None
    assert not shown.result.early
    for variant in VARIANTS:
        np.testing.assert_array_equal(watched.masks[variant], shown.trace.mask(variant))


def test_panels_say_what_is_still_to_come(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> None:
    origins: list[dict[str, str]] = []
    tables: list[list[str]] = []

    def look() -> None:
        shown = window.session.shown
        if shown is not None and tuple(shown.result.early) == (0,) and shown.result.early[0].trace.variants == ("32s",):
            labels = {name: window.findChild(QLabel, f"origin_{name}") for name in VARIANTS}
            origins.append({name: label.text() for name, label in labels.items() if isinstance(label, QLabel)})
            tables.append([str(window.workspace.legend.labels.classes[0])] if window.workspace.legend.labels else [])

    window.session.shown_changed.connect(look)
    open_files(qtbot, window, make_photo("street.png"))
    (found,) = origins
    assert "exit of tiny" in found["32s"]  # one of three, though the other two are not there
    assert found["16s"] == found["8s"] == "waiting for its mask"
    assert tables[0], "the classes of the first mask are not named"


def test_of_two_checkpoints_each_begins_with_its_coarsest(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, camvid: LabelSet
) -> None:
    net = random_net(Architecture(num_classes=11, alignment="same", channels=(4,) * 5, fc_channels=8), seed=7)
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    window.intake.use_checkpoint(other, beside=True)
    wait_until_done(qtbot, window)
    watched = Watched(window)
    open_files(qtbot, window, make_photo("street.png"))
    first, second = VARIANTS, tuple(f"{variant}_2" for variant in VARIANTS)
    assert [entry[1:] for entry in watched.seen] == [
        ((), True),
        (first[:1], True),
        (first[:2], True),
        (first, True),
        ((*first, *second[:1]), True),
        ((*first, *second[:2]), True),
        ((*first, *second), False),
    ]


def test_a_newer_photo_leaves_no_trace_of_the_first_masks(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto
) -> None:
    window.start()
    wait_until_done(qtbot, window)
    watched = Watched(window)
    photos = [make_photo("a.png", 640, 480, seed=1), make_photo("b.png", 320, 240, seed=2)]
    gone = False

    def go_on() -> None:
        nonlocal gone
        if not gone and watched.seen[-1][1] == ("32s",):
            gone = True
            window.session.list.go_to(1)

    window.session.shown_changed.connect(go_on)
    drag_and_drop(window, files(*photos))
    qtbot.waitUntil(lambda: gone and not window.busy, timeout=60_000)
    last_of_first = max(place for place, entry in enumerate(watched.seen) if entry[0] == "a.png")
    assert watched.seen[last_of_first] == ("a.png", ("32s",), True)
    assert watched.seen[-1] == ("b.png", VARIANTS, False)
    assert {entry[0] for entry in watched.seen[last_of_first + 1 :]} == {"b.png"}


@pytest.fixture
def worker(qtbot: QtBot) -> InferenceWorker:
    """A worker in the test's own thread."""
    return InferenceWorker()


@pytest.fixture
def job(tiny_weights: Path, make_photo: MakePhoto) -> Callable[..., Job]:
    def make(purpose: Purpose = Purpose.SHOW, memory_limit: int | None = None) -> Job:
        photo = Photo.from_path(make_photo("photo.png", 640, 480))
        engine = EngineChoice((str(tiny_weights),), "cpu", "fp32")
        return Job(1, photo, engine, CancelToken(), purpose, memory_limit=memory_limit)

    return make


def test_a_job_that_is_stopped_at_its_first_mask_makes_no_other(
    worker: InferenceWorker, job: Callable[..., Job]
) -> None:
    reports: list[Report] = []
    asked = job()

    def hear(report: Report) -> None:
        reports.append(report)
        if isinstance(report, StageDone) and report.stage == "mask 32s":
            asked.token.cancel()

    worker.reported.connect(hear)
    worker.run(asked)
    assert isinstance(reports[-1], Cancelled)
    assert not [report for report in reports if isinstance(report, Partial) and report.result.early]
    assert [report.stage for report in reports if isinstance(report, StageDone)][-1] == "mask 32s"


def test_nobody_is_told_of_the_masks_of_a_photo_that_is_not_looked_at(
    worker: InferenceWorker, job: Callable[..., Job]
) -> None:
    reports: list[Report] = []
    worker.reported.connect(reports.append)
    worker.run(job(Purpose.PREFETCH))
    assert isinstance(reports[-1], Finished)
    assert not [report for report in reports if isinstance(report, Partial) and report.result.early]


@pytest.fixture(scope="session")
def tiny_model(tiny_weights: Path) -> Tracer:
    return load(tiny_weights, device="cpu", precision="fp32")


def test_a_limit_has_the_photo_done_in_strips_which_are_told(
    worker: InferenceWorker, job: Callable[..., Job], tiny_model: Tracer
) -> None:
    reports: list[Report] = []
    worker.reported.connect(reports.append)
    worker.run(job(memory_limit=tiny_model.memory_needed(480, 640) // 2))
    worker.run(job())
    limited, free = (report.result.traces[0] for report in reports if isinstance(report, Finished))
    assert limited is not None
    assert free is not None
    assert limited.provenance.size_policy.startswith("strips of ")
    assert free.provenance.size_policy == "native"
    np.testing.assert_allclose(
        limited.scores("8s"), free.scores("8s"), rtol=0, atol=1e-4 * np.abs(free.scores("8s")).max()
    )
    stages = [report.stage for report in reports if isinstance(report, StageDone)]
    assert "row 480 of 480" in stages


def test_the_memory_for_a_photo_is_chosen_kept_and_used(
    qtbot: QtBot,
    window: MainWindow,
    settings: Settings,
    make_window: Callable[..., MainWindow],
    make_photo: MakePhoto,
) -> None:
    assert window.actions_by_id["memory.0"].isChecked()
    act(window, "memory.4")
    assert window.session.memory_limit == 4_000_000_000
    assert window.session.make_job(Photo.from_path(make_photo("a.png")), Purpose.SHOW).memory_limit == 4_000_000_000
    assert settings.memory == 4
    again = make_window()
    assert again.actions_by_id["memory.4"].isChecked()
    assert again.session.memory_limit == 4_000_000_000
    act(again, "memory.0")
    assert again.session.memory_limit is None
    assert "strips" in again.actions_by_id["memory.2"].toolTip()


def test_a_photo_that_was_refused_is_tried_again_with_more_memory(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto
) -> None:
    window.session.set_memory_limit(1000)
    open_files(qtbot, window, make_photo("a.png"))
    photo = window.session.list.current
    assert photo is not None
    assert window.session.list.statuses[photo].state is PhotoState.FAILED
    told = window.findChild(QLabel, "error_text")
    assert isinstance(told, QLabel)
    assert "memory limit" in told.text()
    act(window, "memory.8")
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    canvas = window.compare.panels[PanelId("8s")].canvas
    assert canvas.layers.content.mask is not None


def test_strips_are_named_on_panels_and_in_the_status_bar(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tiny_model: Tracer
) -> None:
    window.session.set_memory_limit(tiny_model.memory_needed(480, 640) // 2)
    texts: list[str] = []
    bar = window.findChild(QLabel, "stage_text")
    assert isinstance(bar, QLabel)
    window.session.stage_changed.connect(lambda stage, share: texts.append(bar.text()))
    open_files(qtbot, window, make_photo("a.png", 640, 480))
    origin, time = window.findChild(QLabel, "origin_8s"), window.findChild(QLabel, "status_time")
    assert isinstance(origin, QLabel)
    assert isinstance(time, QLabel)
    assert "strips of" in origin.text()
    assert "strips of" in time.toolTip()
    assert any(text.startswith("Strips: 480 of 480 rows") for text in texts)
