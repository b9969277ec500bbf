"""Data sets of each layout: the pairs and the labels are those that torchvision's own classes and plain files give."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat
from torchvision.datasets import Cityscapes, SBDataset, VOCSegmentation

from fcn_studio.core.datasets.checks.class_presence import only_class_sentence
from fcn_studio.core.datasets.dataset import find_examples, open_dataset, read_example
from fcn_studio.core.datasets.masks.mask_file import read_mask
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet, built_in_label_sets, voc_colour

SIZE = (6, 8)


def photo(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*SIZE, 3)).astype(np.uint8)).save(path)


def mask(path: Path, values: NDArray[np.generic]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def numbers(seed: int, top: int) -> NDArray[np.uint8]:
    """(6, 8) values of 0 to top - 1."""
    return np.random.default_rng(seed).integers(0, top, SIZE).astype(np.uint8)


def write_list(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def labels_json(folder: Path, **content: object) -> None:
    (folder / "labels.json").write_text(json.dumps(content), encoding="utf-8")


def by_split(folder: Path) -> Mapping[str, list[str]]:
    found = open_dataset(folder)
    return {split: [example.photo.stem for example in found.examples(split)] for split in found.splits}


def known(folder: Path) -> LabelSet:
    labels = open_dataset(folder).labels
    assert labels is not None
    return labels


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """VOC2012 as torchvision unpacks it: a, b to learn from and c, d to measure on; masks have a palette and 255."""
    root = tmp_path / "VOCdevkit" / "VOC2012"
    palette = [value for index in range(256) for value in voc_colour(index)]
    for seed, name in enumerate("abcdef"):
        photo(root / "JPEGImages" / f"{name}.jpg", seed)
    for seed, name in enumerate("abcd"):
        values = numbers(seed, 21)
        values[0] = 255
        indexed = Image.fromarray(values).convert("P")
        indexed.putdata(values.ravel().tolist())
        indexed.putpalette(palette)
        for kind in ("SegmentationClass", "SegmentationObject"):
            (root / kind).mkdir(exist_ok=True)
            indexed.save(root / kind / f"{name}.png")
    for split, names in {"train": "ab", "val": "cd", "trainval": "abcd"}.items():
        write_list(root / "ImageSets" / "Segmentation" / f"{split}.txt", *names)
    return tmp_path


def add_sbd(folder: Path) -> None:
    """SBD's train has c of VOC's val; its val has b and f, which VOC's lists do not name."""
    for seed, name in enumerate("bcef"):
        photo(folder / "img" / f"{name}.jpg", seed)
        (folder / "cls").mkdir(exist_ok=True)
        content = {"Segmentation": numbers(10 + seed, 21), "CategoriesPresent": np.arange(3)}
        savemat(folder / "cls" / f"{name}.mat", {"GTcls": content})
    write_list(folder / "train.txt", "c", "e")
    write_list(folder / "val.txt", "b", "f")


@pytest.mark.parametrize("split", ["train", "val", "trainval"])
def test_voc_is_read_as_torchvision_reads_it(voc: Path, split: str) -> None:
    theirs = VOCSegmentation(voc, year="2012", image_set=split)
    ours = find_examples(voc, split)
    assert [str(example.photo) for example in ours] == theirs.images
    assert [str(example.mask) for example in ours] == theirs.masks
    labels = built_in_label_sets()["voc"]
    for example, (image, target) in zip(ours, theirs, strict=True):
        pixels, truth = read_example(example, labels)
        np.testing.assert_array_equal(pixels, np.asarray(image))
        np.testing.assert_array_equal(truth, np.asarray(target))
        assert (truth[0] == labels.void).all()


def test_a_years_folder_is_a_voc_data_set_too(voc: Path) -> None:
    found = open_dataset(voc / "VOCdevkit" / "VOC2012")
    assert (found.layout, found.splits) == ("voc", ("train", "val", "trainval"))
    assert found.labels == built_in_label_sets()["voc"]


def test_the_kit_of_2011_lies_where_its_archive_puts_it(voc: Path) -> None:
    moved = voc / "TrainVal"
    moved.mkdir()
    (voc / "VOCdevkit").rename(moved / "VOCdevkit")
    (moved / "VOCdevkit" / "VOC2012").rename(moved / "VOCdevkit" / "VOC2011")
    theirs = VOCSegmentation(voc, year="2011", image_set="val")
    assert [str(example.mask) for example in find_examples(voc, "val")] == theirs.masks


def test_the_voc_test_split_has_no_labels(voc: Path) -> None:
    write_list(voc / "VOCdevkit" / "VOC2012" / "ImageSets" / "Segmentation" / "test.txt", "e")
    assert "test" not in open_dataset(voc).splits
    with pytest.raises(DataError, match="not public"):
        find_examples(voc, "test")


def test_sbd_beside_voc_adds_splits_that_leave_out_what_overlaps(voc: Path) -> None:
    add_sbd(voc / "SBD")
    splits = by_split(voc)
    assert splits["trainaug"] == ["a", "b", "e", "f"]  # neither c nor d of VOC's val
    assert splits["seg12valid"] == ["d"]  # c is in SBD's train
    assert splits["val"] == ["c", "d"]
    masks = {example.photo.stem: example.mask for example in find_examples(voc, "trainaug")}
    assert masks["b"].suffix == ".png"  # both label it, and VOC's mask is the finer one
    np.testing.assert_array_equal(read_mask(masks["f"], known(voc)), numbers(13, 21))


def test_augmented_masks_give_trainaug(voc: Path) -> None:
    for seed, name in enumerate("abcdef"):
        mask(voc / "VOCdevkit" / "VOC2012" / "SegmentationClassAug" / f"{name}.png", numbers(seed, 21))
    assert by_split(voc)["trainaug"] == ["a", "b", "e", "f"]


@pytest.mark.parametrize("split", ["train", "val"])
def test_sbd_is_read_as_torchvision_reads_it(tmp_path: Path, split: str) -> None:
    add_sbd(tmp_path)
    theirs = SBDataset(tmp_path, image_set=split, mode="segmentation")
    ours = find_examples(tmp_path, split)
    assert [str(example.photo) for example in ours] == theirs.images
    for example, (_, target) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(read_example(example, known(tmp_path))[1], np.asarray(target))


def test_without_scipy_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_sbd(tmp_path)
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(DataError, match=r'pip install "fcn-studio\[sbd\]"'):
        read_example(find_examples(tmp_path, "val")[0], known(tmp_path))


def test_a_damaged_matlab_file_is_a_data_error(tmp_path: Path) -> None:
    add_sbd(tmp_path)
    whole = (tmp_path / "cls" / "b.mat").read_bytes()
    for content in (b"", b"MATLAB", whole[:200], whole[:-20], b"\0" * 300):
        (tmp_path / "cls" / "b.mat").write_bytes(content)
        with pytest.raises(DataError, match=r"b\.mat"):
            read_mask(tmp_path / "cls" / "b.mat", known(tmp_path))


@pytest.fixture
def cityscapes(tmp_path: Path) -> Path:
    for split, city, count in (("train", "aachen", 2), ("train", "ulm", 1), ("val", "lindau", 1), ("test", "bonn", 1)):
        for number in range(count):
            name = f"{city}_00000{number}_000019"
            photo(tmp_path / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png")
            truth = tmp_path / "gtFine" / split / city
            mask(truth / f"{name}_gtFine_labelIds.png", np.resize(np.arange(34, dtype=np.uint8), SIZE))
            mask(truth / f"{name}_gtFine_instanceIds.png", np.full(SIZE, 26001, np.uint16))
            mask(truth / f"{name}_gtFine_color.png", np.zeros((*SIZE, 3), np.uint8))
            (truth / f"{name}_gtFine_polygons.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize("split", ["train", "val"])
def test_cityscapes_is_read_as_torchvision_reads_it(cityscapes: Path, split: str) -> None:
    theirs = Cityscapes(cityscapes, split=split, target_type="semantic")
    ours = find_examples(cityscapes, split)
    pairs = {(image, targets[0]) for image, targets in zip(theirs.images, theirs.targets, strict=True)}
    assert {(str(example.photo), str(example.mask)) for example in ours} == pairs
    train_ids = np.full(256, 255)
    for entry in Cityscapes.classes:
        if entry.id >= 0:
            train_ids[entry.id] = entry.train_id
    for example in ours:
        truth = read_example(example, known(cityscapes))[1]
        np.testing.assert_array_equal(truth, train_ids[np.asarray(Image.open(example.mask))])
        assert len(np.unique(truth)) == 20  # all 19 classes and void were there


def test_cityscapes_train_ids_are_read_where_label_ids_are_missing(cityscapes: Path) -> None:
    folder = cityscapes / "gtFine" / "val" / "lindau"
    values = numbers(0, 19)
    values[0] = 255
    (folder / "lindau_000000_000019_gtFine_labelIds.png").unlink()
    mask(folder / "lindau_000000_000019_gtFine_labelTrainIds.png", values)
    (example,) = find_examples(cityscapes, "val")
    np.testing.assert_array_equal(read_example(example, known(cityscapes))[1], values)


def test_cityscapes_test_has_no_labels(cityscapes: Path) -> None:
    assert open_dataset(cityscapes).splits == ("train", "val")
    with pytest.raises(DataError, match="not public"):
        find_examples(cityscapes, "test")


@pytest.mark.parametrize("below", ["", "ADEChallengeData2016"])
def test_ade20k_counts_from_1_and_0_is_void(tmp_path: Path, below: str) -> None:
    values = np.resize(np.arange(151, dtype=np.uint8)[::-1], SIZE)
    for split in ("training", "validation"):
        photo(tmp_path / below / "images" / split / f"ADE_{split}.jpg")
        mask(tmp_path / below / "annotations" / split / f"ADE_{split}.png", values)
    mask(tmp_path / below / "annotations" / "training" / "ADE_training.png", numbers(0, 151))
    assert by_split(tmp_path) == {"train": ["ADE_training"], "val": ["ADE_validation"]}
    labels = known(tmp_path)
    assert (open_dataset(tmp_path).layout, len(labels), labels.classes[0]) == ("ade20k", 150, "wall")
    truth = read_example(find_examples(tmp_path, "validation")[0], labels)[1]  # the folder's own name does as well
    np.testing.assert_array_equal(truth, np.where(values == 0, labels.void, values.astype(int) - 1))


def test_nyud_of_the_caffe_nets_has_matlab_labels(tmp_path: Path) -> None:
    values = numbers(0, 41)
    for number in (5001, 5002):
        photo(tmp_path / "data" / "images" / f"img_{number}.png")
    (tmp_path / "segmentation").mkdir()
    savemat(tmp_path / "segmentation" / "img_5001.mat", {"segmentation": values.astype(np.float64)})
    savemat(tmp_path / "segmentation" / "img_5002.mat", {"segmentation": values})
    write_list(tmp_path / "train.txt", "5001")
    write_list(tmp_path / "test.txt", "5002")
    assert by_split(tmp_path) == {"train": ["img_5001"], "test": ["img_5002"]}
    for split in ("train", "test"):
        truth = read_example(find_examples(tmp_path, split)[0], known(tmp_path))[1]
        np.testing.assert_array_equal(truth, values - np.uint8(1))  # which wraps 0 to 255, as nyud_layers.py does


def test_nyud_that_was_shifted_already_says_so(tmp_path: Path) -> None:
    values = numbers(0, 40)
    photo(tmp_path / "RGB" / "1.jpg")
    mask(tmp_path / "Label" / "1.png", values)
    write_list(tmp_path / "train.txt", "RGB/1.jpg Label/1.png")
    (example,) = find_examples(tmp_path, "train")
    np.testing.assert_array_equal(read_mask(example.mask, known(tmp_path), example.encoding), values - np.uint8(1))
    labels_json(tmp_path, name="nyud", void=255)
    (example,) = find_examples(tmp_path, "train")
    np.testing.assert_array_equal(read_mask(example.mask, known(tmp_path), example.encoding), values)
    assert open_dataset(tmp_path).card["name"].startswith("NYUDv2")


def segnet(folder: Path, *names: str) -> None:
    for split in ("train", "val"):
        for seed, name in enumerate(names):
            photo(folder / split / f"{name}.png")
            mask(folder / f"{split}annot" / f"{name}.png", numbers(seed, 12))


def test_camvid_is_known_by_its_file_names(tmp_path: Path) -> None:
    segnet(tmp_path, "0001TP_006690", "0016E5_00390", "Seq05VD_f00000")
    found = open_dataset(tmp_path)
    assert (found.layout, found.splits, found.card["licence"][:8]) == ("segnet", ("train", "val"), "CC BY-NC")
    assert found.labels == built_in_label_sets()["camvid"]
    assert [example.mask.parent.name for example in found.examples("val")] == ["valannot"] * 3


def test_another_set_in_that_layout_is_not_taken_for_camvid(tmp_path: Path) -> None:
    segnet(tmp_path, "0001TP_006690", "crack")
    assert open_dataset(tmp_path).labels is None
    labels_json(tmp_path, name="mine", classes=[f"class {index}" for index in range(11)], void=11)
    labels = known(tmp_path)
    assert (labels.name, len(labels), labels.void) == ("mine", 11, 11)
    read_example(find_examples(tmp_path, "train")[0], labels)


def plain(folder: Path) -> None:
    for seed, (name, ending) in enumerate({"a.jpg": "", "b.png": "_mask", "c.tif": "_gt", "d.1.webp": ""}.items()):
        photo(folder / "images" / name, seed)
        stem = name.rsplit(".", 1)[0]
        mask(folder / "masks" / f"{stem}{ending}.png", numbers(seed, 2))
    labels_json(folder, name="cracks", classes=["background", "crack"], licence="CC0")


def test_a_plain_folder_is_one_split(tmp_path: Path) -> None:
    plain(tmp_path)
    found = open_dataset(tmp_path)
    assert (found.layout, found.splits, found.card) == ("plain", ("all",), {"name": "cracks", "licence": "CC0"})
    assert by_split(tmp_path) == {"all": ["a", "b", "c", "d.1"]}
    for seed, example in enumerate(found.examples("all")):
        np.testing.assert_array_equal(read_example(example, known(tmp_path))[1], numbers(seed, 2))


def test_lists_name_the_splits_of_a_plain_folder(tmp_path: Path) -> None:
    plain(tmp_path)
    write_list(tmp_path / "train.txt", "# these", "c.tif", "", "images/a.jpg", "d.1")
    write_list(tmp_path / "validation.txt", "b")
    assert by_split(tmp_path) == {"train": ["c", "a", "d.1"], "val": ["b"]}


@pytest.mark.parametrize("name", ["images/{split}/{kind}", "{split}/images/{kind}"])
def test_folders_are_the_splits_of_a_plain_folder(tmp_path: Path, name: str) -> None:
    for split in ("train", "val", "test"):
        place = name.format(split=split, kind="far/x")
        photo(tmp_path / f"{place}.jpg")
        mask(tmp_path / f"{place.replace('images', 'labels')}.png", numbers(0, 2))
    assert by_split(tmp_path) == {"train": ["x"], "val": ["x"], "test": ["x"]}
    assert open_dataset(tmp_path).labels is None


@pytest.mark.parametrize(
    ("more", "values", "truth"),
    [
        ({}, [0, 1, 255], [0, 1, 255]),
        ({"void": 7}, [0, 1, 7, 255], [0, 1, 7, 7]),
        ({"void": 0}, [0, 1, 2, 255], [255, 0, 1, 255]),
        ({"values": [0, 255]}, [0, 255], [0, 1]),
        ({"values": [30, 200], "void": 0}, [0, 30, 200], [255, 0, 1]),
    ],
)
def test_labels_json_says_what_the_values_are(
    tmp_path: Path, more: Mapping[str, object], values: list[int], truth: list[int]
) -> None:
    photo(tmp_path / "images" / "a.png")
    mask(tmp_path / "masks" / "a.png", np.resize(np.array(values, np.uint8), SIZE))
    labels_json(tmp_path, classes=["background", "crack"], **more)
    (example,) = find_examples(tmp_path, "all")
    found = read_example(example, known(tmp_path))[1]
    np.testing.assert_array_equal(found, np.resize(np.array(truth, np.uint8), SIZE))


def test_masks_may_be_drawn_in_the_colours_of_labels_json(tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a.png")
    values = numbers(3, 2)
    mask(tmp_path / "masks" / "a.png", np.array([[9, 9, 9], [200, 0, 7]], np.uint8)[values])
    labels_json(tmp_path, classes=["background", "crack"], colors=[[9, 9, 9], [200, 0, 7]])
    (example,) = find_examples(tmp_path, "all")
    np.testing.assert_array_equal(read_example(example, known(tmp_path))[1], values)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"classes": ["a"],\n "void": }', "line 2"),
        ('{"classes": []}', "classes"),
        ('{"classes": ["a", "A"]}', "two classes"),
        ('{"classes": ["a", "b"], "void": 1}', "void 1"),
        ('{"classes": ["a", "b"], "values": [3, 3]}', "values"),
        ('{"classes": ["a", "b"], "values": [0, 256]}', "0 to 255"),
        ('{"classes": ["a", "b"], "colours": [[1, 2, 3]]}', "2 classes but 1 colours"),
        ('{"classes": ["a"], "colours": [[1, 2]]}', "red, green, blue"),
        ('{"classes": ["a"], "clases": 1}', "clases"),
        ('{"name": "no such set"}', "camvid"),
        ('{"name": 3, "classes": ["a"]}', "name"),
        ('"text"', "not a label set"),
        ("[" * 100_000, "labels.json"),
        ('{"classes": ["' + "a" * 1_000_000 + '"]}', "over 1_000_000 bytes"),
    ],
)
def test_a_malformed_labels_json_is_explained(tmp_path: Path, content: str, says: str) -> None:
    plain(tmp_path)
    (tmp_path / "labels.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"labels\.json") as caught:
        open_dataset(tmp_path)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../out", "/etc/passwd", "a/../../out", "C:\\out", "..\\out", "\\\\host\\out", "images/../../out"]
)
def test_a_list_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    plain(tmp_path / "data")
    photo(tmp_path / "out.png")
    write_list(tmp_path / "data" / "train.txt", "a", name)
    with pytest.raises(DataError, match=r"train\.txt, line 2: no photo .*(out|passwd) in "):
        find_examples(tmp_path / "data", "train")


def test_names_with_dots_stay_inside(tmp_path: Path) -> None:
    photo(tmp_path / "images" / "a..b.png")
    mask(tmp_path / "masks" / "a..b.png", numbers(0, 2))
    write_list(tmp_path / "train.txt", "./a..b")
    assert by_split(tmp_path) == {"train": ["a..b"]}


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    plain(tmp_path)
    write_list(tmp_path / "train.txt", "a", "nobody")
    with pytest.raises(DataError, match=r"train\.txt, line 2: no photo nobody"):
        find_examples(tmp_path, "train")
    (tmp_path / "masks" / "a.png").unlink()
    write_list(tmp_path / "train.txt", "a")
    with pytest.raises(DataError, match=r"a\.jpg: no mask of this name in .*masks \(1 photos"):
        find_examples(tmp_path, "train")
    with pytest.raises(DataError, match=r"val: no such folder.*there is train"):
        find_examples(tmp_path, "val")


def test_a_folder_of_no_layout_says_how_to_arrange_files(tmp_path: Path) -> None:
    (tmp_path / "stuff").mkdir()
    with pytest.raises(DataError, match=r"looked for .*images/ with masks/.*there is stuff/; put photos into images/"):
        open_dataset(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        open_dataset(tmp_path / "nowhere")


def test_a_models_larger_label_set_does_not_turn_void_into_a_class(tmp_path: Path) -> None:
    plain(tmp_path)
    labels_json(tmp_path, classes=["background", "crack"], void=7)
    mask(tmp_path / "masks" / "a.png", np.resize(np.array([0, 1, 7], np.uint8), SIZE))
    voc = built_in_label_sets()["voc"]
    truth = read_example(find_examples(tmp_path, "all")[0], voc)[1]
    assert set(truth.ravel().tolist()) == {0, 1, voc.void}


def test_an_illegal_label_mentions_the_values_that_are_in_force(tmp_path: Path) -> None:
    plain(tmp_path)
    labels_json(tmp_path, classes=["background", "crack"], values=[0, 255])
    example = find_examples(tmp_path, "all")[0]
    with pytest.raises(DataError, match=r'values in the masks are 0, 255; labels\.json can change that with "values"'):
        read_mask(example.mask, known(tmp_path), example.encoding)
    labels_json(tmp_path, classes=["background"])
    with pytest.raises(DataError) as caught:
        read_mask(example.mask, known(tmp_path))
    assert '"values"' not in str(caught.value)


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        ([5, 1], None),
        ([9, 0], 'In train only background occurs: masks of 0 and 255 .*"values": \\[0, 255\\] in labels.json'),
        ([0, 9], "In train only crack occurs, of the 2 classes of cracks"),
        ([0, 0], "In train nothing is labelled"),
    ],
)
def test_fewer_than_two_classes_are_told(tmp_path: Path, pixels: list[int], says: str | None) -> None:
    plain(tmp_path)
    sentence = only_class_sentence(known(tmp_path), np.array(pixels, np.int64), "train")
    if says is None:
        assert sentence is None
    else:
        assert re.search(says, sentence or "")
