"""Label sets: what the packaged ones hold, and what a malformed one says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcn_studio import paths
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import (
    LabelSet,
    built_in_label_sets,
    label_sets_of_size,
    numbered_label_set,
    read_data_card,
    read_label_set,
)

# Sizes as the papers give them, and a few (index, class) as the official lists have them.
SIZES = {
    "ade20k": 150,
    "camvid": 11,
    "cityscapes": 19,
    "nyud": 40,
    "pascal-context": 60,
    "siftflow": 33,
    "siftflow-geometric": 3,
    "voc": 21,
}
PLACES = {
    "ade20k": {0: "wall", 2: "sky", 12: "person", 20: "car", 127: "bicycle", 149: "flag"},
    "cityscapes": {0: "road", 8: "vegetation", 11: "person", 13: "car", 18: "bicycle"},
    "nyud": {0: "wall", 19: "floor mat", 23: "refridgerator", 30: "person", 39: "otherprop"},
    "pascal-context": {0: "background", 15: "person", 20: "tvmonitor", 21: "bag", 52: "bedcloth", 59: "wood"},
    "siftflow": {0: "awning", 5: "building", 27: "sky", 31: "tree", 32: "window"},
    "siftflow-geometric": {0: "sky", 1: "horizontal", 2: "vertical"},
}


def interleaved(index: int) -> list[int]:
    """The VOC colour by text: the index's bits in groups of three, lowest group first, are the channels' bits."""
    bits = f"{index:09b}"[::-1]
    return [int((bits[channel::3] + "0" * 5)[:8], 2) for channel in range(3)]


def test_camvid_is_the_segnet_set(camvid: LabelSet) -> None:
    assert camvid.classes[0] == "Sky"
    assert camvid.classes[10] == "Bicyclist"
    assert camvid.void == 11
    assert camvid.background is None  # class 0 is a real one
    assert camvid.palette()[3].tolist() == [128, 64, 128]
    assert "CC BY-NC" in read_data_card(paths.resources() / "labels" / "camvid.toml")["licence"]


def test_voc_colours_interleave_the_bits_of_the_index() -> None:
    voc = read_label_set(paths.resources() / "labels" / "voc.toml")
    assert len(voc) == 21
    assert voc.background == 0
    assert voc.colours[1] == (128, 0, 0)
    assert voc.colours[15] == (192, 128, 128)
    assert voc.colours[20] == (0, 64, 128)
    assert voc.palette()[255].tolist() == [224, 224, 192]


def test_a_label_set_survives_its_plain_form(camvid: LabelSet) -> None:
    assert LabelSet.from_dict(camvid.to_dict()) == camvid
    np.testing.assert_array_equal(LabelSet.from_dict(camvid.to_dict()).palette(), camvid.palette())


def test_classes_are_found_by_name_whatever_their_case(camvid: LabelSet) -> None:
    assert camvid.index("car") == 8
    with pytest.raises(DataError, match=r"No class 'Cat' in camvid.*Sky"):
        camvid.index("Cat")


@pytest.mark.parametrize(
    "text",
    [
        "classes = [",
        'name = "x"',
        'name = "x"\nclasses = ["a"]\ncolours = []',
        'name = "x"\nclasses = ["a"]\ncolours = [[1, 2]]',
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.toml").write_text(text)
    with pytest.raises(DataError, match=r"odd\.toml"):
        read_label_set(tmp_path / "odd.toml")


def test_built_in_sets_are_of_the_published_sizes() -> None:
    sets = built_in_label_sets()
    assert {name: len(labels) for name, labels in sets.items()} == SIZES
    for name, labels in sets.items():
        folded = [label.casefold() for label in labels.classes]
        assert len(set(folded)) == len(folded), f"{name}: a class is named twice"
        assert labels.void not in range(len(labels))


@pytest.mark.parametrize("name", PLACES)
def test_classes_stand_where_the_data_set_has_them(name: str) -> None:
    labels = built_in_label_sets()[name]
    assert {index: labels.classes[index] for index in PLACES[name]} == PLACES[name]
    card = read_data_card(paths.resources() / "labels" / f"{name}.toml")
    assert card["name"]
    assert card["source"]


def test_only_background_is_transparent() -> None:
    found = {name: labels.background for name, labels in built_in_label_sets().items()}
    assert {name for name, background in found.items() if background == 0} == {"voc", "pascal-context"}
    assert set(found.values()) == {0, None}


@pytest.mark.parametrize(
    ("name", "first"), [("voc", 0), ("pascal-context", 0), ("siftflow", 1), ("siftflow-geometric", 1), ("nyud", 1)]
)
def test_sets_without_a_palette_have_the_voc_colour_map(name: str, first: int) -> None:
    labels = built_in_label_sets()[name]
    assert [list(colour) for colour in labels.colours] == [interleaved(first + i) for i in range(len(labels))]


def test_colours_tell_classes_apart() -> None:
    for name, labels in built_in_label_sets().items():
        shared = len(labels.colours) - len(set(labels.colours))
        # ADE20K's own palette has one colour twice: road and skyscraper.
        assert shared == (1 if name == "ade20k" else 0), name
        assert labels.void_colour not in labels.colours
    ade = built_in_label_sets()["ade20k"]
    assert ade.colours[ade.index("road")] == ade.colours[ade.index("skyscraper")]


def test_official_colours() -> None:
    cityscapes, ade = (built_in_label_sets()[name] for name in ("cityscapes", "ade20k"))
    assert cityscapes.colours[cityscapes.index("car")] == (0, 0, 142)
    assert cityscapes.colours[cityscapes.index("sky")] == (70, 130, 180)
    assert cityscapes.colours[cityscapes.index("bicycle")] == (119, 11, 32)
    assert ade.colours[ade.index("sky")] == (6, 230, 230)
    assert ade.colours[ade.index("tree")] == (4, 200, 3)
    assert ade.colours[ade.index("flag")] == (92, 0, 255)


def test_sets_are_found_by_their_size() -> None:
    assert [labels.name for labels in label_sets_of_size(60)] == ["pascal-context"]
    assert [labels.name for labels in label_sets_of_size(21)] == ["voc"]
    for unknown in (0, 12, 59, 1000):
        assert label_sets_of_size(unknown) == ()


@pytest.mark.parametrize("classes", [1, 2, 12, 59, 255])
def test_channels_of_unknown_meaning_are_numbered(classes: int) -> None:
    labels = numbered_label_set(classes)
    assert len(labels) == classes
    assert labels.classes[-1] == f"class {classes - 1}"
    assert labels.background is None
    assert [list(colour) for colour in labels.colours] == [interleaved(i + 1) for i in range(classes)]
    assert len({*labels.colours, labels.void_colour}) == classes + 1


@pytest.mark.parametrize("classes", [0, 8193])
def test_counts_of_no_net_are_refused(classes: int) -> None:
    with pytest.raises(DataError, match=f"{classes} classes"):
        numbered_label_set(classes)
