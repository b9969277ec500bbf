"""A run's folder: written and read back, also while it is being written."""

from __future__ import annotations

import csv
import json
import math
import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from fcn_studio.core.errors import DataError
from fcn_studio.core.run_folder import (
    GONE,
    LOG,
    RUN,
    EpochRow,
    RunInfo,
    Scores,
    append_row,
    is_run,
    read_log,
    read_run,
    write_log,
    write_run,
)

INFO = RunInfo(
    recipe={"name": "tiny", "stages": [{"epochs": 3}]},
    data=Path("/data/cracks"),
    label_set={"name": "cracks", "classes": ["background", "crack"], "colours": [[0, 0, 0], [255, 0, 0]]},
    variants=("32s", "8s"),
    epochs=3,
    started="2026-01-02T03:04:05+01:00",
    device="cpu",
)
ROWS = (
    EpochRow(1, 10, 4.0, 1.5, 20.0, 0.001),
    EpochRow(2, 20, 9.5, 1.25, 21.5, 0.0005, {"32s": Scores(0.25, 0.5), "8s": Scores(0.5, 0.75)}),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert not is_run(tmp_path)
    write_run(tmp_path, INFO)
    assert is_run(tmp_path)
    assert read_run(tmp_path) == INFO
    assert read_run(tmp_path).labels == "cracks"
    assert read_log(tmp_path) == ()
    write_log(tmp_path, INFO.variants, ROWS[:1])
    append_row(tmp_path, INFO.variants, ROWS[1])
    assert read_log(tmp_path) == ROWS
    with (tmp_path / LOG).open(newline="") as file:
        heading, first, second = csv.reader(file)
    assert heading[:6] == ["epoch", "step", "seconds", "loss", "images_per_second", "learning_rate"]
    assert dict(zip(heading, second, strict=True))["val_mean_iu_8s"] == "0.5000"
    assert first[6:] == [""] * 4


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_half_written_line_is_left_out(tmp_path: Path, cut: int) -> None:
    write_log(tmp_path, INFO.variants, ROWS)
    whole = (tmp_path / LOG).read_bytes()
    (tmp_path / LOG).write_bytes(whole[:-cut])
    assert read_log(tmp_path) == ROWS[:1]


def test_a_log_of_an_older_version_and_a_spoilt_line_can_be_read(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text(
        "epoch,loss,images_per_second,val_mean_iu_8s\n1,2.0,9.5,\nnonsense\n2,1.0,9.0,0.5\n2,0.9,9.0,0.625\n"
    )
    first, second = read_log(tmp_path)
    assert (first.epoch, first.loss, first.val) == (1, 2.0, {})
    assert math.isnan(first.learning_rate)
    assert second.val["8s"].mean_iu == 0.625  # the later of two


SPOILT = {
    "half a line that another one went on in": "2,20,9.5,1.2{row}",
    "half a line": "2,20,9.5,1.2\r\n{row}",
    "a quote": '2,20,"9.5,1.2\r\n{row}',
    "a field beyond all bounds": f"2,{'0' * 200_000}\r\n{{row}}",
    "zeros, as a file system leaves them": "\0" * 50 + "\r\n{row}",
    "an epoch beyond all bounds": "inf,20,9.5,1.25,21.5,0.0005,,,,\r\n{row}",
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_line_costs_no_other(tmp_path: Path, kind: str) -> None:
    third = replace(ROWS[1], epoch=3)
    write_log(tmp_path, INFO.variants, [ROWS[0], third, replace(third, epoch=4)])
    heading, first, row, last = (tmp_path / LOG).read_text().splitlines()
    lines = (heading, first, SPOILT[kind].format(row=row), last)
    (tmp_path / LOG).write_text("".join(f"{line}\r\n" for line in lines), newline="")
    found = [each.epoch for each in read_log(tmp_path)]
    assert found == ([1, 4] if kind == "half a line that another one went on in" else [1, 3, 4])


def test_a_run_whose_process_is_gone_has_stopped(tmp_path: Path) -> None:
    own = psutil.Process()
    alive = replace(INFO, process=(own.pid, own.create_time()), host=platform.node())
    write_run(tmp_path, alive)
    assert read_run(tmp_path).state == "running"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for process in ((ended.pid, 0.0), (os.getpid(), own.create_time() - 100)):
        write_run(tmp_path, replace(alive, process=process))
        assert (read_run(tmp_path).state, read_run(tmp_path).reason) == ("stopped", GONE)
        write_run(tmp_path, replace(alive, process=process, host="another-machine"))
        assert read_run(tmp_path).state == "running"  # not known here
    write_run(tmp_path, replace(alive, process=(ended.pid, 0.0), state="finished"))
    assert read_run(tmp_path).state == "finished"


@pytest.mark.parametrize(
    "values",
    [{"process": []}, {"process": [-1, 0.0]}, {"process": [1e400, 0.0]}, {"epochs": "many"}, {"val_every": 0}],
    ids=str,
)
def test_a_value_that_no_run_has_is_named(tmp_path: Path, values: dict[str, Any]) -> None:
    write_run(tmp_path, replace(INFO, host=platform.node()))
    plain = json.loads((tmp_path / RUN).read_text())
    (tmp_path / RUN).write_text(json.dumps({**plain, **values}))
    with pytest.raises(DataError, match=r"run\.json: this describes no training run"):
        read_run(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"state": "dancing"}', json.dumps({"state": "running"})])
def test_what_is_no_run_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"run\.json: cannot be read .*is .* the folder of a run"):
        read_run(tmp_path)
    (tmp_path / RUN).write_text(text)
    with pytest.raises(DataError, match=r"run\.json: this describes no training run"):
        read_run(tmp_path)
