"""Which masks go with which photos: whatever the names end in, are composed of or capitalised as."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from fcn_studio.core.datasets.checks.data_check import check_dataset
from fcn_studio.core.datasets.dataset import open_dataset, read_example
from fcn_studio.core.errors import DataError
from tests.core.datasets.files import class_indices, picture, write_labels, write_mask, write_pairs, write_photo


def pairs(folder: Path, split: str = "all") -> dict[str, str]:
    return {
        str(example.photo.relative_to(folder).as_posix()): str(example.mask.relative_to(folder).as_posix())
        for example in open_dataset(folder).examples(split)
    }


def notes(folder: Path) -> list[str]:
    report = check_dataset(open_dataset(folder))
    assert report.clean, report.findings
    return [finding.message for finding in report.findings if finding.kind == "how_found"]


@pytest.mark.parametrize(
    ("photo", "mask", "said"),
    [
        ("images/a{}.jpg", "masks/a{}_L.png", "the ending _L: a0_L.png goes with a0.jpg"),
        ("images/a{}.jpg", "labels/a{}_label.png", "the ending _label"),
        ("images/a{}.jpg", "labels/a{}_labels.png", "the ending _labels"),
        ("images/a{}.jpg", "masks/a{}_seg.png", "the ending _seg"),
        ("images/a{}.jpg", "masks/a{}-mask.png", "the ending -mask"),
        ("images/a{}.jpg", "masks/a{}.jpg.png", "the ending .jpg"),
        ("images/a{}.jpg", "masks/a{}_Segmentation1stHD.png", "the ending _Segmentation1stHD"),
        ("images/a{}.jpg", "masks/mask_a{}.png", "the beginning mask_"),
        ("images/{}1_training.tif", "masks/{}1_manual1.gif", "NAME_training and NAME_manual1"),
        ("images/img_{}.jpg", "masks/lbl_{}.png", "img_NAME and lbl_NAME"),
        ("images/city/a{}.jpg", "masks/city/a{}_L.png", "the ending _L"),
        ("images/a{}.jpg", "masks/a{}_GT.png", ""),
        ("images/a{}.jpg", "masks/a{}_MASK.png", ""),
        ("images/A{}.JPG", "masks/a{}.png", ""),
        ("train/a{}.jpg", "train_masks/a{}_mask.gif", ""),
    ],
)
def test_masks_are_found_whatever_their_names_end_in(tmp_path: Path, photo: str, mask: str, said: str) -> None:
    write_pairs(tmp_path, photo, mask)
    write_labels(tmp_path)
    split = "train" if photo.startswith("train") else "all"
    assert pairs(tmp_path, split) == {photo.format(number): mask.format(number) for number in range(4)}
    told = notes(tmp_path)
    assert len(told) == bool(said)
    assert said in "".join(told)
    dataset = open_dataset(tmp_path)
    assert dataset.labels is not None
    for number, example in enumerate(dataset.examples(split)):
        np.testing.assert_array_equal(read_example(example, dataset.labels)[1], class_indices(number))


@pytest.mark.parametrize(("ours", "theirs"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_composed_and_decomposed_names_are_the_same(
    tmp_path: Path, ours: Literal["NFC", "NFD"], theirs: Literal["NFC", "NFD"]
) -> None:
    names = ["사진1", "café", "が"]
    for seed, name in enumerate(names):
        write_photo(tmp_path / "images" / f"{unicodedata.normalize(ours, name)}.jpg", seed)
        write_mask(tmp_path / "masks" / f"{unicodedata.normalize(theirs, name)}.png", seed)
    (tmp_path / "train.txt").write_text(unicodedata.normalize(theirs, "\n".join(names)), encoding="utf-8")
    assert len(open_dataset(tmp_path).examples("train")) == 3


def test_names_that_differ_in_case_only_stay_apart(tmp_path: Path) -> None:
    for seed, name in enumerate(("a", "A")):
        write_photo(tmp_path / "images" / f"{name}.jpg", seed)
        write_mask(tmp_path / "masks" / f"{name}.png", seed)
    if len(list((tmp_path / "images").iterdir())) == 1:
        pytest.skip("a file system that does not tell them apart")
    assert pairs(tmp_path) == {"images/a.jpg": "masks/a.png", "images/A.jpg": "masks/A.png"}


def test_a_number_is_no_ending(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write_photo(tmp_path / "images" / f"p{number}.jpg", number)
        write_mask(tmp_path / "masks" / f"p{number}0.png", number)
    listing = open_dataset(tmp_path).listing("all")
    assert not listing.pairs
    assert (len(listing.photos_alone), len(listing.masks_alone)) == (3, 3)


def test_a_few_stray_masks_make_no_rule(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/a{}.jpg", "masks/a{}.png")
    write_photo(tmp_path / "images" / "b.jpg", 9)
    write_mask(tmp_path / "masks" / "b_old.png")
    listing = open_dataset(tmp_path).listing("all")
    assert [path.name for path in listing.photos_alone] == ["b.jpg"]
    assert [path.name for path in listing.masks_alone] == ["b_old.png"]


def test_of_two_endings_one_is_taken_and_the_other_named(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/a{}.jpg", "masks/a{}_x.png")
    for number in range(4):
        write_mask(tmp_path / "masks" / f"a{number}_y.png", number + 1)
    write_labels(tmp_path)
    (said,) = notes(tmp_path)
    assert '"ending": "_y"' in said
    write_labels(tmp_path, ending="_y")
    assert notes(tmp_path) == []
    assert pairs(tmp_path)["images/a1.jpg"] == "masks/a1_y.png"


def test_the_masks_of_classes_win_over_other_kinds(tmp_path: Path) -> None:
    for kind in ("_color", "_label", "_instance"):
        write_pairs(tmp_path, "images/a{}.jpg", f"masks/a{{}}{kind}.png")
    assert pairs(tmp_path)["images/a0.jpg"] == "masks/a0_label.png"


def test_numbers_that_count_from_0_and_from_1_are_not_the_same_ones(tmp_path: Path) -> None:
    for number in range(6):
        write_photo(tmp_path / "images" / f"img_{number}.jpg", number)
        write_mask(tmp_path / "masks" / f"lbl_{number + 1}.png", number)
    assert not open_dataset(tmp_path).listing("all").pairs


@pytest.mark.parametrize("split", ["train", "valid", ""])
def test_masks_beside_their_photos_are_a_data_set(tmp_path: Path, split: str) -> None:
    write_pairs(tmp_path / split, "p{}_jpg.rf.0a1b.jpg", "p{}_jpg.rf.0a1b_mask.png")
    write_labels(tmp_path)
    dataset = open_dataset(tmp_path)
    assert (dataset.layout, dataset.splits) == ("beside", ({"train": "train", "valid": "val"}.get(split, "all"),))
    place = f"{split}/" if split else ""
    assert pairs(tmp_path, dataset.splits[0]) == {
        f"{place}p{number}_jpg.rf.0a1b.jpg": f"{place}p{number}_jpg.rf.0a1b_mask.png" for number in range(4)
    }
    assert notes(tmp_path) == []


def test_photos_of_which_few_have_masks_beside_them_are_no_data_set(tmp_path: Path) -> None:
    for number in range(9):
        write_photo(tmp_path / f"{number}.jpg", number)
    write_mask(tmp_path / "3_mask.png")
    with pytest.raises(DataError, match="no data set's layout fits"):
        open_dataset(tmp_path)


def test_two_formats_of_one_photo_are_no_data_set(tmp_path: Path) -> None:
    for number in range(3):
        write_photo(tmp_path / f"{number}.jpg", number)
        write_photo(tmp_path / f"{number}.png", number)
    with pytest.raises(DataError, match="no data set's layout fits"):
        open_dataset(tmp_path)


def test_of_two_mask_folders_the_one_that_holds_masks_is_read(tmp_path: Path) -> None:
    """As labelme's converter writes them."""
    write_pairs(tmp_path, "JPEGImages/a{}.jpg", "SegmentationClassPNG/a{}.png")
    (tmp_path / "SegmentationClass").mkdir()
    for number in range(4):
        np.save(tmp_path / "SegmentationClass" / f"a{number}.npy", class_indices(number))
        write_photo(tmp_path / "SegmentationClassVisualization" / f"a{number}.jpg", number)
    write_labels(tmp_path)
    assert pairs(tmp_path)["JPEGImages/a2.jpg"] == "SegmentationClassPNG/a2.png"
    assert notes(tmp_path) == []


def test_label_studios_names_are_explained(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/p{}.jpg", "masks/task-{0}-annotation-3-by-1-tag-disc-0.png")
    report = check_dataset(open_dataset(tmp_path))
    (finding,) = (finding for finding in report.findings if finding.kind == "no_pairs")
    assert "Label Studio" in finding.mend
    # What it tells to do, done.
    lines = [f"images/p{number}.jpg masks/task-{number}-annotation-3-by-1-tag-disc-0.png" for number in (0, 1)]
    (tmp_path / "train.txt").write_text("\n".join(lines))
    assert pairs(tmp_path, "train")["images/p1.jpg"] == "masks/task-1-annotation-3-by-1-tag-disc-0.png"


@pytest.mark.parametrize(
    "address",
    [
        "/data/upload/1/3f2ab1c2-{}.jpg",
        "/data/local-files/?d=shots/{}.jpg",
        "https://example.org/a%20b/{}.jpg?x=1",
        "{}.jpg",
    ],
)
@pytest.mark.parametrize("is_minimal", [False, True])
def test_label_studios_tasks_are_read_from_its_json(tmp_path: Path, address: str, is_minimal: bool) -> None:
    # In another order than the photos', as tasks are where some were deleted and others imported later.
    photos = {31: "p2", 7: "p0", 12: "p1"}
    tasks: list[dict[str, object]] = []
    for task, name in photos.items():
        write_photo(tmp_path / "images" / f"{name}.jpg", task)
        write_mask(tmp_path / "masks" / f"task-{task}-annotation-{task + 5}-by-1-tag-disc-0.png", task % 9)
        image = {"image": address.format(name), "note": "of the roof"}
        tasks.append({"id": task, **image} if is_minimal else {"id": task, "data": image, "annotations": []})
    (tmp_path / "project-1-at-2024.json").write_text(json.dumps(tasks))
    write_labels(tmp_path)
    assert pairs(tmp_path) == {
        f"images/{name}.jpg": f"masks/task-{task}-annotation-{task + 5}-by-1-tag-disc-0.png"
        for task, name in sorted(photos.items(), key=lambda item: item[1])
    }
    assert "the tasks of project-1-at-2024.json" in notes(tmp_path)[0]
    # With a mask for each tag, no single one is the photo's.
    write_mask(tmp_path / "masks" / "task-7-annotation-12-by-1-tag-box-0.png")
    assert [path.name for path in open_dataset(tmp_path).listing("all").photos_alone] == ["p0.jpg"]


def test_a_set_one_folder_further_down_is_named(tmp_path: Path) -> None:
    write_pairs(tmp_path, "unpacked/images/a{}.jpg", "unpacked/masks/a{}.png")
    with pytest.raises(DataError, match=r"one folder further down; name .*unpacked\."):
        open_dataset(tmp_path)


def test_an_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"PK\5\6" + bytes(18))
    with pytest.raises(DataError, match=r"holds set\.zip, an archive; unpack it"):
        open_dataset(tmp_path)
    with pytest.raises(DataError, match=r"set\.zip: an archive; unpack it"):
        open_dataset(tmp_path / "set.zip")


def test_indexed_gifs_are_masks(tmp_path: Path) -> None:
    write_photo(tmp_path / "train" / "a.jpg")
    (tmp_path / "train_masks").mkdir()
    indexed = Image.fromarray(class_indices(0), "P")
    indexed.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    indexed.save(tmp_path / "train_masks" / "a_mask.gif")
    write_labels(tmp_path)
    dataset = open_dataset(tmp_path)
    assert dataset.labels is not None
    photo, mask = read_example(dataset.examples("train")[0], dataset.labels)
    np.testing.assert_array_equal(mask, class_indices(0))
    assert np.abs(photo.astype(int) - picture(0)).mean() < 20
