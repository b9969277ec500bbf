"""Masks are found where data sets put them, and are not taken for photos."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.catalog.imagenet import imagenet_labels
from fcn_studio.core.datasets.dataset import read_mask
from fcn_studio.core.datasets.ground_truth import find_mask, images_in, list_photos, looks_like_mask
from fcn_studio.core.errors import Cancelled, DataError
from fcn_studio.core.labels import LabelSet
from tests.core.datasets.files import write_mask, write_pairs, write_photo


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def listed(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in list_photos(folder)]


@pytest.mark.parametrize(
    ("photo", "mask"),
    [
        ("a.jpg", "a.png"),
        ("a.JPEG", "a.PNG"),
        ("a.png", "a_mask.png"),
        ("a.tif", "a_gt.png"),
        ("train/a.png", "trainannot/a.png"),
        ("train/a.png", "train_annot/a.png"),
        ("train/a.jpg", "train_labels/a.png"),
        ("images/a.png", "masks/a.png"),
        ("images/a.jpg", "labels/a.png"),
        ("images/a.jpg", "annotations/a.png"),
        ("JPEGImages/a.jpg", "SegmentationClass/a.png"),
        ("JPEGImages/a.jpg", "SegmentationClassAug/a.png"),
        ("street/a.png", "street/masks/a.png"),
        ("street/a.png", "street/labels/a.png"),
        ("a.jpg", "a.gif"),
        ("a.jpg", "a.tif"),
        ("a.png", "a_mask.gif"),
        ("a.jpg", "a.jpg.png"),
        ("a.jpg", "a-mask.png"),
        ("a.jpg", "a_GT.png"),
        ("a.jpg", "a_labels.tiff"),
        ("train/a.jpg", "train_masks/a_mask.gif"),
        ("images/a.jpg", "masks/a_mask.gif"),
        ("images/a.jpg", "masks/a.tif"),
        ("JPEGImages/a.jpg", "SegmentationClassPNG/a.png"),
        ("cafe\u0301.jpg", "caf\u00e9_mask.png"),
    ],
)
def test_a_mask_is_found_by_its_name(tmp_path: Path, photo: str, mask: str) -> None:
    make(tmp_path, photo, mask)
    assert find_mask(tmp_path / photo) == tmp_path / mask
    assert listed(tmp_path) == [photo]


@pytest.mark.parametrize(
    ("photo", "other"),
    [
        ("a.png", "b_mask.png"),
        ("a.jpg", "a.jpeg"),
        ("train/a.png", "valannot/a.png"),
        ("images/a.png", "masks/b.png"),
        ("masks/a.png", "other/a.png"),
        ("a.png", "a.tif"),
        ("a.jpg", "a_mask.jpg"),
        ("a.jpg", "a_L.png"),  # the left one of two photos
    ],
)
def test_nothing_else_is_a_mask(tmp_path: Path, photo: str, other: str) -> None:
    make(tmp_path, photo, other)
    assert find_mask(tmp_path / photo) is None


def test_a_picture_of_the_photos_name_is_no_mask(tmp_path: Path) -> None:
    for seed in range(30):
        write_photo(tmp_path / f"{seed}.jpg", seed)
        write_photo(tmp_path / f"{seed}.png", seed)
    write_mask(tmp_path / "7.png")
    assert find_mask(tmp_path / "6.jpg") is None
    assert find_mask(tmp_path / "7.jpg") == tmp_path / "7.png"
    write_mask(tmp_path / "0.png")  # so that those that are looked at first differ
    assert set(listed(tmp_path)) == {f"{seed}.{kind}" for seed in range(30) for kind in ("jpg", "png")} - {
        "0.png",
        "7.png",
    }


def test_masks_of_the_photos_names_are_all_left_out(tmp_path: Path) -> None:
    write_pairs(tmp_path, "{}.jpg", "{}.png", 30)
    images = images_in(tmp_path)
    assert [path.name for path in images.photos] == [f"{number}.jpg" for number in range(30)]
    assert {path.name for path in images.masks} == {f"{number}.png" for number in range(30)}


def test_a_photo_named_without_its_folder_has_a_mask_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "train/a.png", "trainannot/a.png")
    monkeypatch.chdir(tmp_path / "train")
    assert find_mask(Path("a.png")) == tmp_path / "trainannot" / "a.png"


def test_the_nearest_mask_wins(tmp_path: Path) -> None:
    make(tmp_path, "train/a.jpg", "train/a.png", "trainannot/a.png", "masks/a.png")
    assert find_mask(tmp_path / "train" / "a.jpg") == tmp_path / "train" / "a.png"


def test_photos_come_in_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "img10.jpg", "img2.jpg", "IMG1.jpg", "run10/a.png", "run9/b.PNG", "run9/a.webp", "notes.txt")
    make(tmp_path, ".hidden.jpg", ".cache/a.jpg", "run9/.a.jpg")
    assert listed(tmp_path) == ["IMG1.jpg", "img2.jpg", "img10.jpg", "run9/a.webp", "run9/b.PNG", "run10/a.png"]


def test_ground_truth_is_not_listed(tmp_path: Path) -> None:
    make(tmp_path, "camvid/train/1.png", "camvid/trainannot/1.png", "camvid/val/2.png", "camvid/val_labels/2.png")
    make(tmp_path, *(f"voc/{name}/3.png" for name in ("SegmentationClass", "SegmentationObject")))
    make(tmp_path, "voc/JPEGImages/3.jpg", "set/images/train/4.png", "set/masks/train/4.png")
    make(tmp_path, "mixed/5.png", "mixed/5_gt.png", "mixed/6.jpg", "mixed/6.png", "mixed/labels/6.png")
    assert listed(tmp_path) == [
        "camvid/train/1.png",
        "camvid/val/2.png",
        "mixed/5.png",
        "mixed/6.jpg",
        "set/images/train/4.png",
        "voc/JPEGImages/3.jpg",
    ]


def test_folders_without_photos_to_go_with_are_listed(tmp_path: Path) -> None:
    make(tmp_path, "masks/a.png", "labels/b.png", "trainannot/c.png", "empty/notes.txt", "d_mask.png/e.png")
    assert listed(tmp_path) == ["d_mask.png/e.png", "trainannot/c.png"]
    assert listed(tmp_path / "masks") == ["a.png"]
    assert listed(tmp_path / "trainannot") == ["c.png"]


def test_only_the_folder_itself_must_be_readable(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list_photos(tmp_path / "none")
    make(tmp_path, "a.png")
    with pytest.raises(NotADirectoryError):
        list_photos(tmp_path / "a.png")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_an_unreadable_folder_inside_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "closed/b.png", "open/c.png")
    (tmp_path / "closed").chmod(0)
    try:
        if (tmp_path / "closed" / "b.png").exists():
            pytest.skip("this user may read everything")
        assert listed(tmp_path) == ["a.png", "open/c.png"]
    finally:
        (tmp_path / "closed").chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_circle_end(tmp_path: Path) -> None:
    make(tmp_path, "in/a.png")
    (tmp_path / "in" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "in" / "b.png").symlink_to(tmp_path / "in" / "a.png")
    assert listed(tmp_path) == ["in/a.png", "in/b.png"]


def test_listing_stops_when_cancelled(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list_photos(tmp_path, cancel=token)


@pytest.fixture
def indices(camvid: LabelSet) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """(40, 30), every class and void."""
    return (np.arange(40 * 30).reshape(40, 30) % (len(camvid) + 1)).astype(np.uint8)


@pytest.mark.parametrize("mode", ["P", "L", "16 bit", "32 bit", "RGB", "RGBA"])
def test_every_kind_of_mask_file_is_read(
    tmp_path: Path, camvid: LabelSet, indices: np.ndarray[tuple[int, int], np.dtype[np.uint8]], mode: str
) -> None:
    path = tmp_path / "mask.png"
    coloured = np.array([*camvid.colours, camvid.void_colour], np.uint8)[indices]
    match mode:
        case "16 bit":
            Image.fromarray(indices.astype(np.uint16)).save(path)
        case "32 bit":
            path = tmp_path / "mask.tif"
            Image.fromarray(indices.astype(np.int32)).save(path)
        case "RGB" | "RGBA":
            Image.fromarray(coloured).convert(mode).save(path)
        case "P":
            image = Image.fromarray(indices)
            image.putpalette([7] * 768)  # the values count, not what they look like
            image.save(path)
        case _:
            Image.fromarray(indices).save(path)
    np.testing.assert_array_equal(read_mask(path, camvid), indices)
    assert looks_like_mask(path, (40, 30), camvid)
    assert not looks_like_mask(path, (30, 40), camvid)


def test_255_is_void(tmp_path: Path, camvid: LabelSet) -> None:
    Image.fromarray(np.array([[0, 255, 11, 10]], np.uint8)).save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png", camvid).tolist() == [[0, 11, 11, 10]]
    Image.fromarray(np.array([[0, 255]], np.uint16)).save(tmp_path / "b.png")
    assert read_mask(tmp_path / "b.png", camvid).tolist() == [[0, 11]]


def test_what_is_no_mask_says_why(tmp_path: Path, camvid: LabelSet) -> None:
    colours = np.array([[[128, 128, 128], [1, 2, 3]]], np.uint8)
    cases: dict[str, np.ndarray] = {
        "label 200 is neither": np.array([[0, 200]], np.uint8),
        "value 300 is no label": np.array([[0, 300]], np.uint16),
        r"colour \(1, 2, 3\) is not one of": colours,
    }
    for reason, values in cases.items():
        Image.fromarray(values).save(tmp_path / "a.png")
        with pytest.raises(DataError, match=reason):
            read_mask(tmp_path / "a.png", camvid)
        assert not looks_like_mask(tmp_path / "a.png", (1, 2), camvid)


def test_damaged_and_missing_files_are_no_masks(tmp_path: Path, camvid: LabelSet) -> None:
    noise = np.random.default_rng(0).integers(0, 11, (90, 90), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert looks_like_mask(tmp_path / "a.png", (90, 90), camvid)
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "b.png").write_text("no image")
    assert not any(looks_like_mask(tmp_path / name, (90, 90), camvid) for name in ("a.png", "b.png", "c.png"))


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_a_classifier_of_more_classes_than_a_mask_holds_has_no_masks(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "mask.png"
    Image.new(mode, (8, 6)).save(path)
    with pytest.raises(DataError, match=r"mask\.png: .*255 classes.* 1000 of imagenet"):
        read_mask(path, imagenet_labels())
    assert not looks_like_mask(path, (6, 8), imagenet_labels())
