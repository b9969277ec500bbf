"""Going back to a photo is instant, a changed file is read again, and the memory stays within its bound."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from fcn_studio import load
from fcn_studio.app.values.pyramid import build_levels
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.app.worker.trace_cache import CacheKey, FileState, Kept, TraceCache
from tests.app.conftest import drag_and_drop, files, wait_until_done


def test_going_back_shows_the_same_trace_and_a_changed_file_another(
    qtbot: QtBot, window: MainWindow, make_photo: Callable[..., Path]
) -> None:
    first, second = make_photo("a.png", seed=1), make_photo("b.png", seed=2)
    assert drag_and_drop(window, files(first, second))
    wait_until_done(qtbot, window)
    assert window.session.shown is not None
    trace = window.session.shown.trace
    for step in (1, -1):
        window.session.list.step(step)
        wait_until_done(qtbot, window)
    assert window.session.shown.trace is trace

    Image.new("RGB", (50, 40), "green").save(first)
    os.utime(first, ns=(1, 1))
    window.session.list.go_to(0)
    wait_until_done(qtbot, window)
    assert window.session.shown.trace is not None
    assert window.session.shown.trace.size == (40, 50)


def test_the_photos_used_longest_ago_are_forgotten_first(tmp_path: Path, tiny_weights: Path) -> None:
    model = load(tiny_weights, device="cpu", precision="fp32")
    kept, keys = [], []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.full((40, 60, 3), number, np.uint8)).save(path)
        trace = model.trace(path)
        kept.append(Kept(trace, build_levels(trace.image), 1.0))
        keys.append(CacheKey(FileState.of(path), "tiny", "cpu", "fp32"))
    assert kept[0].size_bytes >= 40 * 60 * (3 + 3)  # photo and three masks at least
    cache = TraceCache(2 * kept[0].size_bytes)
    cache.put(keys[0], kept[0])
    cache.put(keys[1], kept[1])
    assert cache.get(keys[0]) is kept[0]
    cache.put(keys[2], kept[2])
    assert cache.get(keys[1]) is None
    assert cache.get(keys[0]) is kept[0]
    assert cache.get(keys[2]) is kept[2]
    TraceCache(10).put(keys[0], kept[0])
    assert len(cache) == 2
