"""The animation: which frames, for how long, in which colours; whole or not at all."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from fcn_studio import load
from fcn_studio.core.errors import OutputError
from fcn_studio.core.figures.animation import save_animation
from fcn_studio.core.palettes import with_colours
from fcn_studio.core.trace.trace import Trace


@pytest.fixture
def trace(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> Trace:
    return load(tiny_checkpoint, device="cpu", precision="fp32").trace(photo)


def frames(path: Path) -> list[NDArray[np.int16]]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")).astype(np.int16) for frame in ImageSequence.Iterator(image)]


def pictures(path: Path, height: int, width: int) -> list[NDArray[np.int16]]:
    """The frames without strip and paper."""
    found = frames(path)
    left = (found[0].shape[1] - width) // 2
    return [frame[:height, left : left + width] for frame in found]


@pytest.mark.parametrize("ending", ["gif", "webp", "GIF"])
def test_photo_and_variants_follow_each_other_for_ever(trace: Trace, tmp_path: Path, ending: str) -> None:
    path = save_animation(trace, tmp_path / "new" / f"a.{ending}", seconds=0.4)
    assert [file.name for file in path.parent.iterdir()] == [f"a.{ending}"]
    with Image.open(path) as image:
        assert image.format == ending.upper()
        assert image.info["loop"] == 0
        durations = []
        for frame in ImageSequence.Iterator(image):
            frame.load()
            durations.append(frame.info["duration"])
    assert durations == [400] * 4


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_frames_are_the_photo_then_overlays_coarse_to_fine(trace: Trace, tmp_path: Path, ending: str) -> None:
    path = save_animation(trace, tmp_path / f"a.{ending}", opacity=0.5)
    colours = np.array(trace.labels.palette(), np.float64)
    expected = [trace.image.astype(np.float64)]
    expected += [(trace.image + colours[trace.mask(variant)]) / 2 for variant in ("32s", "16s", "8s")]
    for number, picture in enumerate(pictures(path, 61, 83)):
        distances = [float(np.abs(picture - other).mean()) for other in expected]
        assert np.argmin(distances) == number
        assert distances[number] < 16  # of 255: this photo is mostly noise, of which both kinds of file lose some


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_chosen_colours_are_drawn(trace: Trace, tmp_path: Path, ending: str) -> None:
    red = with_colours(trace.labels, ((200, 10, 20),) * 11)
    photo, *overlays = pictures(save_animation(trace, tmp_path / f"a.{ending}", labels=red, opacity=1.0), 61, 83)
    assert np.abs(photo - trace.image).mean() < 16
    for picture in overlays:
        assert np.abs(picture - (200, 10, 20)).mean() < 6


def test_every_gif_frame_has_the_same_palette(trace: Trace, tmp_path: Path) -> None:
    found = np.concatenate([frame.reshape(-1, 3) for frame in frames(save_animation(trace, tmp_path / "a.gif"))])
    assert 64 < len(np.unique(found, axis=0)) <= 256


@pytest.mark.parametrize(
    ("size", "drawn"),
    [((500, 2000), (240, 960)), ((1400, 700), (960, 480)), ((61, 300), (61, 300)), ((9600, 300), (960, 30))],
)
def test_large_photos_are_drawn_smaller(
    tiny_checkpoint: Path, tmp_path: Path, size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    image = np.zeros((*size, 3), np.uint8)
    image[:, size[1] // 2 :] = 200
    path = save_animation(load(tiny_checkpoint, device="cpu").trace(image), tmp_path / "a.webp")
    first = frames(path)[0]
    assert first.shape[1] == max(drawn[1], 240)
    assert drawn[0] < first.shape[0] < drawn[0] + 60  # the strip
    photo = pictures(path, *drawn)[0]
    assert photo[:, : drawn[1] // 2 - 4].max() < 30
    assert photo[:, drawn[1] // 2 + 4 :].min() > 170


def test_masks_are_made_smaller_without_mixing_classes(trace: Trace, tmp_path: Path) -> None:
    two = with_colours(trace.labels, tuple((255, 0, 0) if index % 2 else (0, 0, 255) for index in range(11)))
    path = save_animation(trace, tmp_path / "a.gif", labels=two, opacity=1.0, longest=40)
    for picture in pictures(path, 29, 40)[1:]:
        assert np.abs(picture[..., 0] + picture[..., 2] - 255).max() < 40
        assert ((picture[..., 0] < 40) | (picture[..., 0] > 215)).all()


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_the_strip_names_the_frame_and_the_checkpoint(trace: Trace, tmp_path: Path, ending: str) -> None:
    own = [frame[61:] for frame in frames(save_animation(trace, tmp_path / f"a.{ending}"))]
    assert all(strip.min() < 100 < 200 < np.median(strip) for strip in own)  # ink on paper
    left = [strip[:, :80] for strip in own]
    assert all(np.abs(left[a] - left[b]).max() > 60 for a in range(4) for b in range(a))
    renamed = replace(trace, provenance=replace(trace.provenance, checkpoint="other " * 30))
    other = [frame[61:] for frame in frames(save_animation(renamed, tmp_path / f"b.{ending}"))]
    for before, after in zip(own, other, strict=True):
        assert np.abs(before[:, 90:] - after[:, 90:]).max() > 60
        assert np.abs(before[:, :70] - after[:, :70]).max() < 60  # the long name leaves the caption alone


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 3000)])
def test_odd_sizes(tiny_checkpoint: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    trace = load(tiny_checkpoint, device="cpu").trace(np.full((*size, 3), 90, np.uint8))
    for ending in ("gif", "webp"):
        assert len(frames(save_animation(trace, tmp_path / f"a.{ending}"))) == 4


def test_other_endings_are_refused(trace: Trace, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.mp4: an animation is a \.gif or \.webp file"):
        save_animation(trace, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0.0}, {"seconds": float("nan")}, {"opacity": 1.5}, {"longest": 0.0}, {"longest": 1e6}]
)
def test_values_out_of_range_are_refused(trace: Trace, tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        save_animation(trace, tmp_path / "a.gif", **wrong)  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(trace: Trace, tmp_path: Path, ending: str) -> None:
    import resource

    (tmp_path / f"a.{ending}").write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OutputError, match=rf"a\.{ending} could not be written"):
            save_animation(trace, tmp_path / f"a.{ending}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(f"a.{ending}", "old")]
