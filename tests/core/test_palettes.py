"""Colours of classes: told apart, read from files and written to them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fcn_studio import paths
from fcn_studio.core.errors import DataError, OutputError
from fcn_studio.core.labels import LabelSet, read_label_set
from fcn_studio.core.palettes import (
    MIN_DISTANCE,
    PALETTES,
    Colour,
    palette_colours,
    read_palette,
    save_palette,
    with_colours,
)

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


@pytest.fixture(scope="module")
def voc() -> LabelSet:
    return read_label_set(paths.resources() / "labels" / "voc.toml")


def many(classes: int, *, background: int | None = None) -> LabelSet:
    grey = tuple((index, index, index) for index in range(classes))
    return LabelSet("many", tuple(f"class {index}" for index in range(classes)), grey, background=background)


def lab(colours: Sequence[Colour]) -> NDArray[np.float64]:
    """(N, 3) CIELAB by LittleCMS, to about one unit."""
    image = Image.fromarray(np.array([colours], np.uint8))
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    found = ImageCms.applyTransform(image, to_lab)
    assert found is not None
    raw = np.frombuffer(found.tobytes(), np.uint8).reshape(-1, 3)
    return np.stack([raw[:, 0] / 2.55, *raw[:, 1:].view(np.int8).T], axis=1).astype(np.float64)


def nearest_pair(colours: Sequence[Colour]) -> float:
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(lab(colours), 2))


def as_deuteranope(colours: Sequence[Colour]) -> list[Colour]:
    encoded = np.array(colours) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = (linear @ DEUTERANOPIA.T).clip(0, 1)
    back = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    return [(int(red), int(green), int(blue)) for red, green, blue in (back * 255).round()]


def test_the_data_sets_colours_are_its_own(camvid: LabelSet) -> None:
    assert palette_colours("dataset", camvid) == camvid.colours


def test_the_published_colours_come_first() -> None:
    white = replace(many(8), void_colour=(255, 255, 255))
    listed = "#e69f00 #56b4e9 #009e73 #f0e442 #0072b2 #d55e00 #cc79a7 #000000"  # as palette.colors() of R has them
    assert ["#" + bytes(colour).hex() for colour in palette_colours("okabe-ito", white)] == listed.split()
    muted = "#CC6677 #332288 #DDCC77 #117733 #88CCEE #882255 #44AA99 #999933 #AA4499 #DDDDDD"  # of Tol's tol_colors.py
    found = palette_colours("tol", many(12))[:10]
    assert ["#" + bytes(colour).hex() for colour in found] == muted.lower().split()


def test_a_deuteranope_can_tell_the_published_colours_apart() -> None:
    white = replace(many(8), void_colour=(255, 255, 255))
    assert nearest_pair(as_deuteranope([(255, 0, 0), (176, 136, 0)])) < 5  # red and ochre look alike
    assert nearest_pair(as_deuteranope(palette_colours("okabe-ito", white))) > 15


@pytest.mark.parametrize("name", ["okabe-ito", "tol"])
@pytest.mark.parametrize("classes", [1, 8, 11, 21, 255])
def test_any_number_of_classes_can_be_told_apart_from_each_other_and_void(name: str, classes: int) -> None:
    labels = many(classes)
    colours = palette_colours(name, labels)
    assert len(colours) == classes
    assert nearest_pair([*colours, labels.void_colour]) > MIN_DISTANCE - 1.5  # eight bits round both ends


@pytest.mark.parametrize("name", ["okabe-ito", "tol"])
def test_more_classes_leave_the_first_ones_as_they_are(name: str) -> None:
    assert palette_colours(name, many(200))[:30] == palette_colours(name, many(30))


@pytest.mark.parametrize("name", PALETTES)
def test_background_keeps_its_colour(name: str, voc: LabelSet) -> None:
    assert palette_colours(name, voc)[0] == (0, 0, 0)
    moved = many(21, background=20)
    assert palette_colours(name, moved)[20] == (20, 20, 20)
    assert len(set(palette_colours(name, moved))) == 21


def test_it_is_quick() -> None:
    labels = replace(many(255), void_colour=(1, 2, 3))  # of no other test, so not remembered
    start = time.perf_counter()
    palette_colours("tol", labels)
    assert time.perf_counter() - start < 0.5  # 0.02 s as a rule; a busy machine gets time


def test_an_unknown_palette_is_refused(camvid: LabelSet) -> None:
    with pytest.raises(ValueError, match=r"'viridis'.*okabe-ito"):
        palette_colours("viridis", camvid)


def test_other_colours_change_nothing_else(camvid: LabelSet) -> None:
    colours = tuple((index, 0, 0) for index in range(11))
    changed = with_colours(camvid, colours)
    assert changed.colours == colours
    assert replace(changed, colours=camvid.colours) == camvid
    with pytest.raises(DataError, match="names 11 classes but 2 colours"):
        with_colours(camvid, colours[:2])


@pytest.mark.parametrize("name", PALETTES)
def test_a_saved_palette_is_read_again(tmp_path: Path, camvid: LabelSet, name: str) -> None:
    colours = palette_colours(name, camvid)
    save_palette(tmp_path / "new" / "mine.toml", with_colours(camvid, colours))
    assert read_palette(tmp_path / "new" / "mine.toml", camvid) == colours
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine.toml"]


def test_names_of_any_kind_survive_the_file(tmp_path: Path) -> None:
    names = ('say "hi"', "back\\slash", "line\nbreak", "äöü 树", "a.b", "tab\t", "\x7f", "", "# none", "'single'")
    labels = LabelSet("odd\nname", names, tuple((index, 2, 3) for index in range(len(names))))
    save_palette(tmp_path / "odd.toml", labels)
    plain = with_colours(labels, ((9, 9, 9),) * len(names))
    assert read_palette(tmp_path / "odd.toml", plain) == labels.colours


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.toml", 'Sky = "#0102fF"\nCar = [7, 8, 255]\n'),
        ("a.TOML", '\ufeffsky = "#0102ff"\r\n"CAR" = [7, 8, 255]\r\n'),
        ("a.json", '{"Sky": [1, 2, 255], "Car": "#0708ff"}'),
    ],
)
def test_classes_that_are_not_named_keep_their_colour(tmp_path: Path, camvid: LabelSet, file: str, text: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8", newline="")
    expected = list(camvid.colours)
    expected[0], expected[8] = (1, 2, 255), (7, 8, 255)
    assert read_palette(tmp_path / file, camvid) == tuple(expected)


def test_gimp_palettes_go_by_the_order_of_the_classes(tmp_path: Path, camvid: LabelSet) -> None:
    head = "GIMP Palette\nName: streets\nColumns: 3\n#\n"
    (tmp_path / "few.gpl").write_text(head + "  1   2   3\tSky\n255 0 9\n\n# the rest is missing\n")
    assert read_palette(tmp_path / "few.gpl", camvid) == ((1, 2, 3), (255, 0, 9), *camvid.colours[2:])
    (tmp_path / "all.gpl").write_text(head + "".join(f"{number} 0 0 Index {number}\n" for number in range(256)))
    assert read_palette(tmp_path / "all.gpl", camvid) == tuple((number, 0, 0) for number in range(11))


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("a.toml", "Sky = ", "not a palette"),
        ("a.toml", 'Sky = "#12345"', "the colour of Sky is neither"),
        ("a.toml", 'Sky = "red"', "the colour of Sky is neither"),
        ("a.toml", "Sky = [1, 2]", "the colour of Sky is neither"),
        ("a.toml", "Sky = [1, 2, 256]", "the colour of Sky is neither"),
        ("a.json", '{"Sky": [1, 2, true]}', "the colour of Sky is neither"),
        ("a.json", '{"Sky": [1, 2, 3.5]}', "the colour of Sky is neither"),
        ("a.json", '{"Sky": null}', "the colour of Sky is neither"),
        ("a.json", "[[1, 2, 3]]", "it must map class names"),
        ("a.json", "{" * 3, "not a palette"),
        ("a.json", "[" * 500_000, "not a palette"),
        ("a.toml", "Sky = " + "[" * 500_000, "not a palette"),
        (
            "a.toml",
            'Cat = "#000000"\nSky = "#000000"\nDog = "#000000"',
            "camvid has no class Cat, Dog; its classes.*Sky",
        ),
        ("a.json", "{%s}" % ", ".join(f'"c{n}": 0' for n in range(12)), "c8, c9 and 2 more"),  # noqa: UP031
        ("a.gpl", "", "its first line must be"),
        ("a.gpl", "1 2 3\n", "its first line must be"),
        ("a.gpl", "GIMP Palette\n# none\n", "no colours"),
        ("a.gpl", "GIMP Palette\n1 2 3\n1 2 300\n", "line 3 is no colour"),
        ("a.gpl", "GIMP Palette\n1 2\n", "line 2 is no colour"),
        ("a.txt", "Sky = 1", r"a \.toml, \.json or \.gpl file"),
        ("a.toml", "#" * 1_000_001, "over 1 MB"),
        ("a.toml", "\udcff", "no UTF-8 text"),
    ],
)
def test_a_bad_file_is_named_with_its_reason(
    tmp_path: Path, camvid: LabelSet, file: str, text: str, reason: str
) -> None:
    path = tmp_path / file
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=rf"(?s){file}: .*{reason}") as caught:
        read_palette(path, camvid)
    assert len(str(caught.value)) < 600


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, camvid: LabelSet) -> None:
    (tmp_path / "folder.toml").mkdir()
    for name in ("none.gpl", "folder.toml"):
        with pytest.raises(DataError, match=f"{name}: the palette cannot be read"):
            read_palette(tmp_path / name, camvid)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, camvid: LabelSet) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=os.path.join("file", "a.toml").replace("\\", "\\\\")):
        save_palette(tmp_path / "file" / "a.toml", camvid)
