"""labels.json says where photos and masks are, whatever their folders and names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fcn_studio.core.datasets.dataset import open_dataset
from fcn_studio.core.errors import DataError
from tests.core.datasets.files import write_labels, write_mask, write_pairs


@pytest.mark.parametrize(
    ("photo", "mask", "said"),
    [
        ("rgb/a{}.jpg", "seg/a{}.png", {"photos": "rgb", "masks": "seg"}),
        ("rgb/a{}.jpg", "seg/a{}_y.png", {"photos": "rgb", "masks": "seg", "ending": "_y"}),
        ("left/raw/a{}.jpg", "left/gt/a{}.png", {"photos": "left/raw", "masks": "left\\gt"}),
        ("a{}.jpg", "a{}@.png", {"ending": "@"}),
        ("pics/a{}.png", "pics/a{}-S.png", {"photos": "pics", "ending": "-S"}),
        ("images/a{}.jpg", "masks/a{}_y.png", {"ending": "_y"}),
    ],
)
def test_files_are_found_where_it_says(tmp_path: Path, photo: str, mask: str, said: dict[str, str]) -> None:
    write_pairs(tmp_path, photo, mask)
    if "_y" in mask:
        for number in range(4):
            write_mask(tmp_path / mask.format(number).replace("_y", "_x"), number)
    write_labels(tmp_path, **said)
    listing = open_dataset(tmp_path).listing("all")
    assert [(example.photo, example.mask) for example in listing.pairs] == [
        (tmp_path / photo.format(number), tmp_path / mask.format(number)) for number in range(4)
    ]
    assert not listing.photos_alone
    assert not listing.masks_alone


@pytest.mark.parametrize(
    "place", ["{split}/rgb/a{{}}.jpg {split}/seg/a{{}}.png", "rgb/{split}/a{{}}.jpg seg/{split}/a{{}}.png"]
)
def test_splits_are_folders_there_too(tmp_path: Path, place: str) -> None:
    for split in ("train", "valid"):
        photo, mask = place.format(split=split).split()
        write_pairs(tmp_path, photo, mask)
    write_labels(tmp_path, photos="rgb", masks="seg")
    dataset = open_dataset(tmp_path)
    assert dataset.splits == ("train", "val")
    assert [len(dataset.examples(split)) for split in dataset.splits] == [4, 4]


def test_lists_name_the_splits_there_too(tmp_path: Path) -> None:
    write_pairs(tmp_path, "rgb/a{}.jpg", "seg/a{}_y.png")
    write_labels(tmp_path, photos="rgb", masks="seg", ending="_y")
    (tmp_path / "train.txt").write_text("a2\nrgb/a0.jpg")
    assert [example.mask.name for example in open_dataset(tmp_path).examples("train")] == ["a2_y.png", "a0_y.png"]


def test_it_need_not_name_classes(tmp_path: Path) -> None:
    write_pairs(tmp_path, "rgb/a{}.jpg", "seg/a{}.png")
    (tmp_path / "labels.json").write_text('{"photos": "rgb", "masks": "seg"}')
    dataset = open_dataset(tmp_path)
    assert dataset.labels is None
    assert len(dataset.examples("all")) == 4


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"photos": "rgbx"}, 'says "photos": "rgbx", but there are no such folders'),
        ({"photos": "../other"}, "photos leads out of the data set's folder"),
        ({"masks": "/etc"}, "masks leads out"),
        ({"masks": "C:\\seg"}, "masks leads out"),
        ({"ending": 3}, "ending is to be a text"),
        ({"photos": ""}, "photos is to be a text"),
    ],
)
def test_what_cannot_be_is_explained(tmp_path: Path, said: dict[str, object], says: str) -> None:
    write_pairs(tmp_path, "images/a{}.jpg", "masks/a{}.png")
    (tmp_path / "labels.json").write_text(json.dumps({"name": "s", "classes": ["a", "b"], **said}))
    with pytest.raises(DataError) as caught:
        open_dataset(tmp_path)
    assert says in str(caught.value)
