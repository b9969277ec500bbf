"""Folders on a Ray cluster: which workers it is given, and the same files as on one machine."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.cli.main import main
from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.many.ray_cluster import cluster, knock
from fcn_studio.engine.many.ray_folders import Crew, crew

LONGEST = 240  # seconds for a cluster to start, work and end on a busy machine; some 20 on a quiet one

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs fcn-studio[ray]")


def node(cpus: float, gpus: float = 0.0, *, alive: bool = True) -> dict[str, Any]:
    return {"Alive": alive, "Resources": {"CPU": cpus, "memory": 1e9} | ({"GPU": gpus} if gpus else {})}


@pytest.mark.parametrize(
    ("nodes", "device", "cores", "jobs", "wanted"),
    [
        ([node(8, 2), node(8, 2), node(64)], "auto", None, 100, Crew(4, gpus=1, cores=1)),
        ([node(8, 2), node(8, 2, alive=False)], "cuda", None, 100, Crew(2, gpus=1, cores=1)),
        ([node(8, 2)], "auto", None, 1, Crew(1, gpus=1, cores=1)),
        ([node(8, 2), node(6)], "cpu", None, 100, Crew(3, gpus=0, cores=4)),  # two groups of 8 cores, one of 6
        ([node(2)], "auto", None, 100, Crew(1, gpus=0, cores=2)),
        ([node(2)], "auto", 1, 100, Crew(2, gpus=0, cores=1)),
        ([node(2), node(0), node(16)], "auto", 8, 100, Crew(2, gpus=0, cores=8)),
    ],
)
def test_a_worker_for_each_gpu_or_group_of_cores(
    nodes: list[dict[str, Any]], device: str, cores: int | None, jobs: int, wanted: Crew
) -> None:
    assert crew(nodes, device, cores, jobs) == wanted


@pytest.mark.parametrize(
    ("nodes", "device", "cores", "words"),
    [
        ([node(8)], "cuda", None, "no GPUs"),
        ([node(8)], "cuda:1", None, "--device cuda:1"),
        ([node(8), node(4)], "cpu", 9, "no machine of 9 cores; its largest has 8"),
        ([], "auto", None, "no machine"),
    ],
)
def test_what_a_cluster_has_not_is_said(
    nodes: list[dict[str, Any]], device: str, cores: int | None, words: str
) -> None:
    with pytest.raises(DeviceError, match=words):
        crew(nodes, device, cores, 100)


@needs_ray
@pytest.mark.slow
@pytest.mark.timeout(LONGEST + 30)
def test_two_workers_write_the_files_of_one_machine(
    tiny_checkpoint: Path, photo: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a user runs it: six photos, of which one is damaged, one is done already, and one is half done."""
    (tmp_path / "photos").mkdir()
    for number in range(6):
        Image.fromarray(np.roll(photo, 13 * number, axis=1)).save(tmp_path / "photos" / f"{number}.png")
    damaged = tmp_path / "photos" / "3.png"
    damaged.write_bytes(damaged.read_bytes()[:700])
    monkeypatch.chdir(tmp_path)
    options = ["--weights", str(tiny_checkpoint), "--precision", "fp32", "--device", "cpu", "--save", "mask,scores"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as many as a worker has
    try:
        assert main(["segment", "photos", "-o", "here", *options]) == 1
    finally:
        torch.set_num_threads(threads)
    Path("there").mkdir()
    for done in ("0_32s.png", "0_16s.png", "0_8s.png", "0_scores.npz", "1_32s.png"):
        shutil.copy(f"here/{done}", "there")
    stamp = Path("there/0_8s.png").stat().st_mtime_ns

    command = ["segment", "photos", "-o", "there", *options, "--json", "--ray", "local", "--ray-cores", "1"]
    status, out, err = run_and_end_all([sys.executable, "-m", "fcn_studio", *command])
    assert status == 1, err
    summary = json.loads(out)
    assert [result["input"] for result in summary["results"]] == [f"photos/{number}.png" for number in (1, 2, 4, 5)]
    assert summary["skipped"] == ["photos/0.png"]
    assert [failed["input"] for failed in summary["failed"]] == ["photos/3.png"]
    assert "fcn-studio: photos/3.png: the image is damaged or cut off" in err
    if (os.cpu_count() or 1) > 1:
        assert len({result["worker"] for result in summary["results"]}) > 1

    assert Path("there/0_8s.png").stat().st_mtime_ns == stamp
    names = sorted(path.name for path in Path("here").iterdir())
    assert sorted(path.name for path in Path("there").iterdir()) == names
    assert len(names) == 5 * 4
    for name in names:
        if name.endswith(".png"):
            assert Path("there", name).read_bytes() == Path("here", name).read_bytes(), name
            continue
        with np.load(f"here/{name}") as here, np.load(f"there/{name}") as there:
            assert sorted(here) == sorted(there)
            for array in here:
                np.testing.assert_array_equal(there[array], here[array], err_msg=f"{name} {array}")


def run_and_end_all(command: list[str]) -> tuple[int, str, str]:
    """Status, stdout and stderr of a program; if it takes too long, it and all that it started are ended."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            out, err = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            for child in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
                child.kill()
            raise
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("address", "words"),
    [("127.0.0.1:1", "refused"), ("ray://127.0.0.1:1", "refused"), ("somewhere", "neither"), ("host:port", "neither")],
)
def test_nobody_at_an_address_is_noticed_at_once(address: str, words: str) -> None:
    with pytest.raises((OSError, ValueError), match=words):
        knock(address)


@needs_ray
def test_a_cluster_that_is_not_there_is_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """In a process of its own: Ray changes Python's warnings and logs when it is imported."""
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    command = ["segment", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--weights", str(tiny_checkpoint)]
    found = subprocess.run(
        [sys.executable, "-m", "fcn_studio", *command, "--ray", "127.0.0.1:1"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 2
    assert len(found.stderr.splitlines()) == 1
    assert "No Ray cluster answers at 127.0.0.1:1" in found.stderr


@needs_ray
@pytest.mark.slow
@pytest.mark.timeout(LONGEST + 30)
def test_a_process_that_has_joined_a_cluster_is_told_so() -> None:
    program = (
        "import ray\n"
        "from fcn_studio.core.errors import DeviceError\n"
        "from fcn_studio.engine.many.ray_cluster import cluster\n"
        "ray.init(address='local', num_cpus=1, include_dashboard=False, object_store_memory=100 << 20)\n"
        "try:\n"
        "    with cluster('local'): pass\n"
        "except DeviceError as error: print(error, ray.is_initialized())\n"
        "ray.shutdown()\n"
    )
    status, out, err = run_and_end_all([sys.executable, "-c", program])
    assert status == 0, err
    assert "has joined a Ray cluster already" in out
    assert out.strip().endswith("True")  # and it is still there


def test_without_ray_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # what Python itself does to forbid an import
    with pytest.raises(DeviceError, match=r"pip install 'fcn-studio\[ray\]'"), cluster("local"):
        pass
    assert not [name for name in os.environ if name.startswith("RAY_USAGE")]
