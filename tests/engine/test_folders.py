"""Many photos at once: the same files as one by one, in order, within a bound of memory, and whole when stopped."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, features

from fcn_studio.core.errors import Cancelled
from fcn_studio.core.figures.export import save_results
from fcn_studio.core.images.image import ReadPhoto, read_photo
from fcn_studio.core.photo_jobs import Job, Order, Outcome, find_jobs
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.many import folders
from fcn_studio.engine.many.folders import Gate, segmented
from fcn_studio.engine.tracing.model import load
from fcn_studio.engine.tracing.tracer import Tracer

PATIENCE = 20.0  # seconds to wait for what must come


@pytest.fixture(scope="module")
def tracer(tiny_checkpoint: Path) -> Tracer:
    return load(tiny_checkpoint, device="cpu", precision="fp32", backend="torch")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Seven photos of different sizes, the third one cut off."""
    rng = np.random.default_rng(1)
    (tmp_path / "photos").mkdir()
    for number in range(7):
        pixels = rng.integers(0, 256, (40 + 9 * number, 60 + 5 * number, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    cut = tmp_path / "photos" / "2.png"
    cut.write_bytes(cut.read_bytes()[:900])
    return tmp_path / "photos"


def jobs_of(photos: Path, out: Path) -> list[Job]:
    return list(find_jobs([photos], out, lambda source, error: pytest.fail(str(error))))


def with_trace(tracer: Tracer, trace: Callable[..., Trace]) -> Tracer:
    """The tracer with something done before or after each trace."""
    return cast(
        Tracer, SimpleNamespace(trace=trace, variants=tracer.variants, labels=tracer.labels, choice=tracer.choice)
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("bound", [folders.UNDER_WAY, 1])
def test_the_files_are_those_of_one_photo_after_another(
    tracer: Tracer, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: int
) -> None:
    monkeypatch.setattr(folders, "UNDER_WAY", bound)
    jobs, order = jobs_of(photos, tmp_path / "out"), Order(("mask", "overlay"), ("32s", "8s"))
    outcomes = list(segmented(tracer, jobs, order))
    assert [outcome.job for outcome in outcomes] == jobs
    assert [outcome.job.stem for outcome in outcomes if outcome.error] == ["2"]
    assert "2.png" in str(outcomes[2].error)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.record is None:
            continue
        trace = tracer.trace(job.source)
        save_results(trace, tmp_path / "single", job.stem, kinds=order.kinds, variants=order.variants)
        assert outcome.record["size"] == {"width": trace.size[1], "height": trace.size[0]}
        assert outcome.record["files"] == [str(path) for path in order.files(job)]
        assert outcome.record["seconds"]["read"] > 0
    assert contents(tmp_path / "out") == contents(tmp_path / "single")
    assert len(contents(tmp_path / "out")) == 6 * 4


def test_the_next_photo_is_read_and_the_last_one_written_during_a_trace(
    tracer: Tracer, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each trace waits for the next photo to have been read, and for the files of the one before."""
    jobs, order = jobs_of(photos, tmp_path / "out"), Order(("mask",), ("8s",))
    jobs = [job for job in jobs if job.stem != "2"]
    was_read = {job.source: threading.Event() for job in jobs}
    at: list[Job] = []

    def noted(source: Path) -> ReadPhoto:
        read = read_photo(source)
        was_read[source].set()
        return read

    def trace(photo: ReadPhoto, **options: Any) -> Trace:
        number = len(at)
        at.append(jobs[number])
        if number + 1 < len(jobs):
            assert was_read[jobs[number + 1].source].wait(PATIENCE), "the next photo waits for this one"
        if number:
            until = time.monotonic() + PATIENCE
            while not order.is_done(jobs[number - 1]):
                assert time.monotonic() < until, "the last photo's files wait for this one"
                time.sleep(0.01)
        return tracer.trace(photo, **options)

    monkeypatch.setattr(folders, "read_photo", noted)
    outcomes = list(segmented(with_trace(tracer, trace), jobs, order))
    assert [outcome.error for outcome in outcomes] == [None] * len(jobs)


def test_stopping_leaves_what_was_traced_and_no_half_of_a_file(tracer: Tracer, photos: Path, tmp_path: Path) -> None:
    jobs, order = jobs_of(photos, tmp_path / "out"), Order(("mask", "scores"), tracer.variants)
    begun: list[str] = []

    def trace(photo: NDArray[np.uint8], **options: Any) -> Trace:
        begun.append("photo")
        return tracer.trace(photo, **options)

    told: list[Outcome] = []
    with pytest.raises(Cancelled):
        told.extend(segmented(with_trace(tracer, trace), jobs, order, stop=lambda: len(begun) == 4))
    assert [outcome.job.stem for outcome in told] == ["0", "1", "2", "3"]  # the fourth trace, of photo 4, was stopped
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        path.name for job in jobs[:4] if job.stem != "2" for path in order.files(job)
    }


def test_a_fault_of_ours_comes_out_and_ends_all_threads(tracer: Tracer, photos: Path, tmp_path: Path) -> None:
    def trace(photo: NDArray[np.uint8], **options: Any) -> Trace:
        raise ZeroDivisionError

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        list(segmented(with_trace(tracer, trace), jobs_of(photos, tmp_path / "out"), Order(("mask",), ("8s",))))
    assert threading.active_count() == before


def test_leaving_early_ends_all_threads(tracer: Tracer, photos: Path, tmp_path: Path) -> None:
    before = threading.active_count()
    outcomes = segmented(tracer, jobs_of(photos, tmp_path / "out"), Order(("mask",), ("8s",)))
    assert next(outcomes).error is None
    outcomes.close()
    assert threading.active_count() == before


@pytest.mark.skipif(not features.check("avif"), reason="needs Pillow with AVIF")
def test_a_decoder_that_raises_what_it_likes_fails_one_photo(tracer: Tracer, photos: Path, tmp_path: Path) -> None:
    broken = photos / "1b.avif"
    Image.effect_noise((60, 40), 50).convert("RGB").save(broken)
    content = broken.read_bytes()
    begin = content.index(b"mdat") + 4
    broken.write_bytes(content[:begin] + bytes(len(content) - begin))
    with Image.open(broken) as image, pytest.raises(RuntimeError):  # neither OSError nor ValueError
        image.load()
    outcomes = list(segmented(tracer, jobs_of(photos, tmp_path / "out"), Order(("mask",), ("8s",))))
    assert [outcome.job.stem for outcome in outcomes if outcome.error] == ["1b", "2"]
    assert str(broken) in str(outcomes[2].error)


@pytest.mark.parametrize("step", ["read_photo", "save_results"])
def test_a_fault_in_reading_or_writing_is_one_photos_failure(
    tracer: Tracer, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    jobs, whole, calls = jobs_of(photos, tmp_path / "out"), getattr(folders, step), []

    def at_times_wrong(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise TypeError("not what it should be")
        return whole(*arguments, **options)

    monkeypatch.setattr(folders, step, at_times_wrong)
    monkeypatch.setattr(folders, "UNDER_WAY", 1)  # nothing is let in unless a failed photo's room is given back
    outcomes = list(segmented(tracer, jobs, Order(("mask",), ("8s",))))
    assert [outcome.job.stem for outcome in outcomes if outcome.error] == ["1", "2"]
    assert f"{photos / '1.png'}: " in str(outcomes[1].error)
    assert "TypeError: not what it should be" in str(outcomes[1].error)


def test_what_is_under_way_is_reckoned_with_maps_and_pictures(tracer: Tracer, photo: NDArray[np.uint8]) -> None:
    """Against the bytes of a real trace, whose canvas is wider than the photo."""
    trace = tracer.trace(np.tile(photo, (16, 16, 1)))
    pixels = trace.size[0] * trace.size[1]
    held = trace.image.nbytes + sum(trace.mask(variant).nbytes for variant in trace.variants)
    maps = sum(layer.evidence.nbytes for layer in trace.score_maps.values())
    for kinds, made in ((("mask",), pixels), (("mask", "overlay"), 7 * pixels), (("figure", "mask"), 4 * pixels)):
        reckoned = folders._bytes_a_pixel(tracer, Order(kinds, tracer.variants)) * pixels
        assert reckoned == pytest.approx(held + maps + made, rel=0.1), kinds


def test_equal_names_get_numbers_that_no_photo_has(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "more").mkdir()
    for name in ("a-2.jpg", "a.jpg", "a.png", "a.webp", "B.png", "b.jpg", "more/a.png"):
        Image.effect_noise((40, 30), 50).save(tmp_path / "in" / name)  # pictures, so that none is another's mask
    jobs = jobs_of(tmp_path / "in", tmp_path / "out")
    stems = {str(job.source.relative_to(tmp_path / "in")): job.stem for job in jobs}
    assert stems == {
        "a-2.jpg": "a-2",
        "a.jpg": "a",
        "a.png": "a-3",
        "a.webp": "a-4",
        "B.png": "B",
        "b.jpg": "b-2",
        str(Path("more", "a.png")): "a",
    }
    again = list(find_jobs([tmp_path / "in" / "a.jpg"] * 3, tmp_path / "out", lambda source, error: None))
    assert [job.stem for job in again] == ["a", "a-2", "a-3"]


def test_the_gate_keeps_order_and_bound() -> None:
    """Sizes at random, arrivals in any order: the sum inside never passes the bound, but for one alone."""
    rng = random.Random(3)
    bound, sizes = 100, [rng.choice((10, 30, 60, 250)) for _ in range(60)]
    gate = Gate(bound)
    inside: dict[int, int] = {}
    entered: list[int] = []
    wrong: list[dict[int, int]] = []
    lock = threading.Lock()

    def pass_through(number: int) -> None:
        assert gate.enter(number, sizes[number])
        with lock:
            entered.append(number)
            inside[number] = sizes[number]
            if len(inside) > 1 and sum(inside.values()) > bound:
                wrong.append(dict(inside))
        time.sleep(0.001)
        with lock:
            del inside[number]
        gate.leave(sizes[number])

    threads = [threading.Thread(target=pass_through, args=(number,)) for number in range(len(sizes))]
    rng.shuffle(threads)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert sorted(entered) == list(range(len(sizes)))
    assert not wrong
    # Threads note themselves a moment after they are let in, so that neighbours may change places, and only those.
    assert max(abs(number - place) for place, number in enumerate(entered)) < 12


def test_a_closed_gate_lets_nobody_in() -> None:
    gate = Gate(10)
    assert gate.enter(0, 10)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(gate.enter(1, 1)))
    waiting.start()
    gate.close()
    waiting.join(PATIENCE)
    assert answers == [False]
