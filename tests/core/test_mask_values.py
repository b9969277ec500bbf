"""What the values of masks are taken for: palettes, grey colours, other ways to count, files of other tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.cli.labels_option import label_file
from fcn_studio.core.datasets.checks.data_check import DataReport, check_dataset
from fcn_studio.core.datasets.dataset import Dataset, open_dataset, read_example, read_mask
from fcn_studio.core.datasets.label_file import read_label_file
from fcn_studio.core.datasets.masks.mask_classes import classes_around, shows_colours_of
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet, built_in_label_sets, voc_colour

Values = NDArray[np.uint8]
SHAPES: dict[str, object] = {
    "name": "shapes",
    "classes": ["background", "disc", "box"],
    "colours": [[0, 0, 0], [250, 50, 80], [50, 220, 250]],
}


def shapes(seed: int, size: tuple[int, int] = (32, 48)) -> Values:
    """(H, W) with a disc (1) and a box (2) somewhere on 0."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    mask = np.zeros(size, np.uint8)
    mask[(y - rng.integers(8, 12)) ** 2 + (x - rng.integers(8, 12)) ** 2 < 49] = 1
    mask[20:30, rng.integers(20, 26) : 40] = 2
    return mask


def indexed(values: Values, palette: list[list[int]]) -> Image.Image:
    image = Image.fromarray(values)
    image.putpalette(np.array(palette, np.uint8).tobytes())
    return image


def reordered(values: Values, colours: list[list[int]], order: list[int]) -> Image.Image:
    """The colours as they were, each at another index: place i of the new palette holds colour `order[i]`."""
    place = np.zeros(256, np.uint8)
    place[order] = np.arange(len(order))
    return indexed(place[values], [colours[index] for index in order])


def make(folder: Path, masks: list[Image.Image], content: Mapping[str, object] | None = None) -> Path:
    """A plain data set with these masks."""
    for place in ("images", "masks"):
        (folder / place).mkdir(parents=True)
    for number, mask in enumerate(masks):
        noise = np.random.default_rng(number).integers(0, 255, (mask.height, mask.width, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "images" / f"{number}.png")
        mask.save(folder / "masks" / f"{number}.png")
    if content is not None:
        (folder / "labels.json").write_text(json.dumps(content))
    return folder


def truths(dataset: Dataset, split: str = "all") -> list[Values]:
    return [read_example(example, dataset.known_labels)[1] for example in dataset.examples(split)]


def check(folder: Path, labels: str | None = None) -> DataReport:
    return check_dataset(open_dataset(folder, label_file(labels) if labels else None))


def kinds(report: DataReport) -> set[str]:
    return {finding.kind for finding in report.findings} - {"one_split"}


@pytest.mark.parametrize("order", [[2, 1, 0], [1, 2, 0], [2, 0, 1]])
def test_a_palette_in_another_order_is_read_by_its_colours_and_said(tmp_path: Path, order: list[int]) -> None:
    drawn = [shapes(seed) for seed in range(3)]
    colours = SHAPES["colours"]
    assert isinstance(colours, list)
    folder = make(tmp_path / "set", [reordered(mask, colours, order) for mask in drawn], SHAPES)
    dataset = open_dataset(folder)
    for mask, truth in zip(drawn, truths(dataset), strict=True):
        np.testing.assert_array_equal(truth, mask)
    report = check(folder)
    assert report.clean
    assert kinds(report) == {"palette_order"}
    assert report.splits[0].class_pixels == tuple(np.bincount(np.concatenate(drawn).ravel(), minlength=3))
    assert any("read by colour, not by index" in note for note in dataset.reading_notes("all"))


def test_camvid_saved_by_an_optimiser_is_read_by_its_colours(tmp_path: Path, camvid: LabelSet) -> None:
    """Pillow's own quantiser, as a program that knows nothing of us: exact colours, in an order of its own."""
    rng = np.random.default_rng(3)
    mask = rng.integers(0, 12, (6, 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    coloured = Image.fromarray(np.array([*camvid.colours, camvid.void_colour], np.uint8)[mask])
    image = coloured.quantize(12, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), np.asarray(coloured), "the quantiser kept colours")
    image.save(tmp_path / "a.png")
    assert not np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), mask)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png", camvid), mask)


def test_a_palette_in_the_sets_order_is_read_by_index_and_nothing_is_said(tmp_path: Path, camvid: LabelSet) -> None:
    mask = (np.arange(48 * 12) % 12).reshape(12, 48).astype(np.uint8)
    indexed(mask, [*map(list, camvid.colours), [255, 255, 255]]).save(tmp_path / "a.png")  # void is drawn as one likes
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png", camvid), mask)
    folder = make(tmp_path / "set", [Image.open(tmp_path / "a.png")], {"name": "camvid"})
    assert kinds(check(folder)) == set()


@pytest.mark.parametrize(
    "palette",
    [[list(voc_colour(index)) for index in range(256)], [[9, 9, 200], [200, 9, 9], [9, 200, 9]]],
    ids=["VOC's map", "others"],
)
def test_a_palette_of_other_colours_is_read_by_index_and_named(tmp_path: Path, palette: list[list[int]]) -> None:
    drawn = shapes(1)
    folder = make(tmp_path / "set", [indexed(drawn, palette)], SHAPES)
    np.testing.assert_array_equal(truths(open_dataset(folder))[0], drawn)
    report = check(folder)
    assert report.clean
    assert kinds(report) == {"other_palette"}
    without = {key: value for key, value in SHAPES.items() if key != "colours"}
    (folder / "labels.json").write_text(json.dumps(without))  # nobody said which colours are the set's
    assert kinds(check(folder)) == set()


def test_the_map_of_voc_says_nothing_of_camvids_colours(tmp_path: Path, camvid: LabelSet) -> None:
    """(128, 0, 0) is Building and (128, 128, 0) is Tree, but this map gives them to 1 and 3, whatever these are."""
    mask = np.array([[0, 1, 3]], np.uint8).repeat(4, 0).repeat(4, 1)
    indexed(mask, [list(voc_colour(index)) for index in range(256)]).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png", camvid), mask)


def test_a_reordered_palette_with_a_foreign_colour_is_refused(tmp_path: Path) -> None:
    drawn = shapes(1)
    drawn[:3] = 3
    palette = [[50, 220, 250], [250, 50, 80], [0, 0, 0], [1, 2, 3]]
    folder = make(tmp_path / "set", [indexed(drawn, palette)], SHAPES)
    with pytest.raises(DataError, match=r"in another order, and \(1, 2, 3\), which is none of them"):
        truths(open_dataset(folder))
    assert "illegal_values" in kinds(check(folder))


def test_a_palette_of_grey_levels_that_are_labels_is_read_by_them(tmp_path: Path, camvid: LabelSet) -> None:
    """As optimisers save a greyscale mask that has few values."""
    image = indexed(np.array([[0, 1, 2, 1]], np.uint8), [[7, 7, 7], [0, 0, 0], [10, 10, 10]])
    image.save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png", camvid).tolist() == [[7, 0, 10, 0]]
    two = LabelSet("two", ("background", "crack"), ((0, 0, 0), (128, 0, 0)))
    indexed(np.array([[0, 1, 1]], np.uint8), [[0, 0, 0], [255, 255, 255]]).save(tmp_path / "b.png")
    assert read_mask(tmp_path / "b.png", two).tolist() == [[0, 1, 1]], "black and white is a picture of 0 and 1"


@pytest.mark.parametrize("content", [SHAPES, {"classes": ["wall", "disc", "box"]}, {"name": "camvid"}])
def test_numbers_saved_as_grey_rgb_are_read(tmp_path: Path, content: dict[str, object]) -> None:
    drawn = [shapes(seed) for seed in range(2)]
    folder = make(tmp_path / "set", [Image.fromarray(mask).convert("RGB") for mask in drawn], content)
    for mask, truth in zip(drawn, truths(open_dataset(folder)), strict=True):
        np.testing.assert_array_equal(truth, mask)
    report = check(folder)
    assert report.splits[0].class_pixels[:3] == tuple(np.bincount(np.concatenate(drawn).ravel(), minlength=3))
    assert kinds(report) <= {"class_never_occurs"}


def test_grey_rgb_without_labels_is_proposed_as_numbers(tmp_path: Path) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(shapes(0)).convert("RGB")])
    (finding,) = (found for found in check(folder).findings if found.kind == "no_labels")
    assert "values 0..2" in finding.message
    proposed = finding.mend.partition("{")[2].partition("}")[0]
    (folder / "labels.json").write_text("{" + proposed + "}")
    np.testing.assert_array_equal(truths(open_dataset(folder))[0], shapes(0))


def test_thin_lines_are_no_blends_and_blends_are(tmp_path: Path) -> None:
    lines = np.zeros((32, 48), np.uint8)
    for number in range(1, 5):
        lines[4 * number], lines[:, 8 * number] = number, number
    assert kinds(check(make(tmp_path / "lines", [Image.fromarray(lines)]))) == {"no_labels"}
    steps = np.zeros((32, 48), np.uint8)
    steps[8:24, 12:36] = 40
    blended = (
        Image.fromarray(steps).resize((47, 31), Image.Resampling.BILINEAR).resize((96, 64), Image.Resampling.BILINEAR)
    )
    assert "spoilt_mask" in kinds(check(make(tmp_path / "blends", [blended])))


@pytest.mark.parametrize("name", ["ade20k", "nyud", "siftflow", "siftflow-geometric"])
@pytest.mark.parametrize("by", ["option", "labels.json"])
def test_sets_whose_files_begin_at_1_are_read_so_outside_their_layout(tmp_path: Path, name: str, by: str) -> None:
    """Value n of the data set's own files is class n - 1, and 0 is unlabelled: objectInfo150.txt, nyud_layers.py."""
    count = len(built_in_label_sets()[name])
    values = np.arange(count + 1, dtype=np.uint8)[None].repeat(3, 0)
    folder = make(tmp_path / "own", [Image.fromarray(values)], {"name": name} if by == "labels.json" else None)
    dataset = open_dataset(folder, label_file(name) if by == "option" else None)
    assert truths(dataset)[0][0].tolist() == [255, *range(count)]
    assert "0 is unlabelled" in dataset.notes[0]
    shifted = np.array([[*range(count), 255]], np.uint8)
    folder = make(tmp_path / "from 0", [Image.fromarray(shifted)], {"name": name} if by == "labels.json" else None)
    dataset = open_dataset(folder, label_file(name) if by == "option" else None)
    assert truths(dataset)[0].tolist() == shifted.tolist(), "255 is in no file of theirs: these begin at 0"
    assert check(folder, name if by == "option" else None).findings[-1].kind in ("counting", "one_split")


def test_ades_files_without_their_last_class_are_ades_and_a_labels_file_says_otherwise(tmp_path: Path) -> None:
    folder = make(tmp_path / "flat", [Image.fromarray(np.array([[0, 3, 7]], np.uint8))])
    assert truths(open_dataset(folder, label_file("ade20k")))[0].tolist() == [[255, 2, 6]]
    (folder / "labels.json").write_text('{"name": "ade20k", "void": 255}')
    assert truths(open_dataset(folder))[0].tolist() == [[0, 3, 7]]


def test_one_way_of_counting_holds_for_all_splits(tmp_path: Path) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(np.array([[0, 3], [7, last]], np.uint8)) for last in (7, 255)])
    (folder / "train.txt").write_text("0")
    (folder / "val.txt").write_text("1")
    dataset = open_dataset(folder, label_file("ade20k"))
    assert truths(dataset, "train")[0].tolist() == [[0, 3], [7, 7]]
    assert truths(dataset, "val")[0].tolist() == [[0, 3], [7, 255]]


def test_cityscapes_label_ids_and_train_ids_are_told_by_their_values(tmp_path: Path) -> None:
    """7 is road, 26 is car by label ids (labels.py of cityscapesScripts); 0 and 13 by train ids."""
    folder = make(tmp_path / "ids", [Image.fromarray(np.array([[7, 26, 3]], np.uint8))])
    assert truths(open_dataset(folder, label_file("cityscapes")))[0].tolist() == [[0, 13, 255]]
    folder = make(tmp_path / "train ids", [Image.fromarray(np.array([[0, 13, 255]], np.uint8))])
    dataset = open_dataset(folder, label_file("cityscapes"))
    assert truths(dataset)[0].tolist() == [[0, 13, 255]]
    chosen = dataset.notes[0].partition("labels.json ")[2].rpartition(" if ")[0]  # what the note says to write
    (folder / "labels.json").write_text(chosen)
    assert truths(open_dataset(folder))[0].tolist() == [[255, 4, 255]], "13 is fence by label ids, as was asked"


def test_void_may_be_several_values(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('{"classes": ["a", "b"], "values": [3, 4], "void": [0, 9]}')
    given = read_label_file(tmp_path / "labels.json")
    assert given.encoding is not None
    indices, legal = given.encoding.table(given.labels)
    assert [int(value) for value in np.flatnonzero(legal)] == [0, 3, 4, 9, 255]
    void = given.labels.void
    assert indices[[0, 3, 4, 9, 255]].tolist() == [void, 0, 1, void, void]


FILES = {
    "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ndisc:250,50,83::\nbox:51,221,255::\n",
    "class_dict.csv": "name,r,g,b\nbackground,0,0,0\ndisc,250,50,83\nbox,51,221,255\n",
    "class_dict_seg.csv": "name, r, g, b\nbackground, 0, 0, 0\ndisc, 250, 50, 83\nbox, 51, 221, 255\n",
    "label_colors.txt": "0 0 0\tbackground\n250 50 83\t\tdisc\n51 221 255\tbox\n",
    "_classes.csv": "Pixel Value, Class\n0, background\n1, disc\n2, box\n",
    "classes.txt": "background\ndisc\nbox\n",
    "codes.txt": "background\r\ndisc\r\nbox",
    "class_names.txt": "_background_\ndisc\nbox\n",
}


@pytest.mark.parametrize("name", FILES)
def test_other_tools_files_name_the_classes(tmp_path: Path, name: str) -> None:
    has_colours = "250" in FILES[name]
    palette = np.array([[0, 0, 0], [250, 50, 83], [51, 221, 255]], np.uint8)
    drawn = [shapes(seed) for seed in range(2)]
    masks = [Image.fromarray(palette[mask] if has_colours else mask) for mask in drawn]
    folder = make(tmp_path / "set", masks)
    (folder / name).write_text(FILES[name])
    dataset = open_dataset(folder)
    assert dataset.known_labels.classes == ("background", "disc", "box")
    assert dataset.known_labels.background == 0
    assert dataset.source == name
    for mask, truth in zip(drawn, truths(dataset), strict=True):
        np.testing.assert_array_equal(truth, mask)
    assert kinds(check(folder)) == set()
    given = label_file(str(folder / name))
    assert given.labels.classes == ("background", "disc", "box")


def test_a_labels_json_wins_over_other_tools_files(tmp_path: Path) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(shapes(0))], SHAPES)
    (folder / "classes.txt").write_text("a\nb\nc")
    assert open_dataset(folder).known_labels.classes == ("background", "disc", "box")


def test_void_among_the_codes_is_no_class(tmp_path: Path) -> None:
    """CamVid of fast.ai: Void is one of the codes, and left out of its accuracy."""
    folder = make(tmp_path / "set", [Image.fromarray(np.array([[0, 1, 2]], np.uint8))])
    (folder / "codes.txt").write_text("Animal\nVoid\nWall")
    dataset = open_dataset(folder)
    assert dataset.known_labels.classes == ("Animal", "Wall")
    assert truths(dataset)[0].tolist() == [[0, 255, 1]]


def test_numbered_names_give_their_values(tmp_path: Path) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(np.array([[0, 5, 9]], np.uint8))])
    (folder / "classes.txt").write_text("0: sky\n5: 2 lane road\n9: car")
    dataset = open_dataset(folder)
    assert dataset.known_labels.classes == ("sky", "2 lane road", "car")
    assert truths(dataset)[0].tolist() == [[0, 1, 2]]


def test_names_in_the_folder_of_a_split_are_found(tmp_path: Path) -> None:
    """Roboflow writes a table into each split's folder."""
    for split in ("train", "valid"):
        make(tmp_path / split, [Image.fromarray(shapes(1))])
        (tmp_path / split / "_classes.csv").write_text(FILES["_classes.csv"])
    assert open_dataset(tmp_path).known_labels.classes == ("background", "disc", "box")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("labelmap.txt", "background:0,0,0::\ndisc:red::", "line 2: 'red' is not red, green and blue"),
        ("class_dict.csv", "name,r,g,b\nbackground,0,0", "line 2: 3 columns, where line 1 names 4"),
        ("_classes.csv", "Value\n0", "line 1: no column of names"),
        ("classes.txt", "disc\nDisc", "two classes are named 'Disc'"),
        ("classes.txt", "", "not a list of 1 to 255 class names"),
    ],
)
def test_a_malformed_file_is_one_sentence(tmp_path: Path, name: str, content: str, words: str) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(shapes(0))])
    (folder / name).write_text(content)
    with pytest.raises(DataError) as caught:
        open_dataset(folder)
    assert words in str(caught.value)
    assert name in str(caught.value)


def cvat(folder: Path, count: int) -> list[Values]:
    """CVAT's "Segmentation mask 1.1": VOC's folders, colours of its own, one list."""
    palette = np.array([[0, 0, 0], [250, 50, 83], [51, 221, 255]], np.uint8)
    for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / name).mkdir(parents=True)
    drawn = [shapes(seed) for seed in range(count)]
    for number, mask in enumerate(drawn):
        Image.fromarray(palette[mask]).save(folder / "JPEGImages" / f"p{number:02}.jpg")
        Image.fromarray(palette[mask]).save(folder / "SegmentationClass" / f"p{number:02}.png")
    (folder / "ImageSets/Segmentation/default.txt").write_text("\n".join(f"p{number:02}" for number in range(count)))
    (folder / "labelmap.txt").write_text(FILES["labelmap.txt"])
    return drawn


def test_cvats_export_is_read_by_its_labelmap_and_its_only_split_is_divided(tmp_path: Path) -> None:
    drawn = cvat(tmp_path / "set", 11)
    dataset = open_dataset(tmp_path / "set")
    assert (dataset.layout, dataset.splits, dataset.only_split) == ("voc", ("default",), "default")
    for mask, truth in zip(drawn, truths(dataset, "default"), strict=True):
        np.testing.assert_array_equal(truth, mask)
    train, val = ({example.photo.stem for example in dataset.examples(split)} for split in ("train", "val"))
    assert val == {"p04", "p09"}
    assert train | val == {f"p{number:02}" for number in range(11)}
    assert not train & val
    assert check(tmp_path / "set").clean


def test_a_single_photo_cannot_be_divided(tmp_path: Path) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(shapes(0))], SHAPES)
    with pytest.raises(DataError, match="cannot be divided into train and val"):
        open_dataset(folder).examples("val")


def test_vocs_folders_with_vocs_names_keep_vocs_colours(tmp_path: Path) -> None:
    cvat(tmp_path / "set", 2)
    (tmp_path / "set" / "labelmap.txt").unlink()
    names = built_in_label_sets()["voc"].classes
    (tmp_path / "set" / "classes.txt").write_text("\n".join(names[1:]))  # as boxes are trained on, without background
    assert open_dataset(tmp_path / "set").known_labels.classes == names


def test_labelmes_pngs_are_taken_where_its_arrays_lie_beside_them(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    for name in ("JPEGImages", "SegmentationClass", "SegmentationClassPNG"):
        (folder / name).mkdir(parents=True)
    mask = shapes(2)
    Image.fromarray(np.zeros((*mask.shape, 3), np.uint8)).save(folder / "JPEGImages" / "a.jpg")
    np.save(folder / "SegmentationClass" / "a.npy", mask.astype(np.int32))
    indexed(mask, [list(voc_colour(index)) for index in range(256)]).save(folder / "SegmentationClassPNG" / "a.png")
    (folder / "class_names.txt").write_text(FILES["class_names.txt"])
    np.testing.assert_array_equal(truths(open_dataset(folder))[0], mask)
    assert kinds(check(folder)) == set()


def turned_set(folder: Path, orientation: int, *, masks_too: bool, noise: bool = False) -> Path:
    """Square photos with an EXIF orientation, of which masks were drawn as stored or as shown."""
    folder = make(folder, [Image.fromarray(shapes(seed, (48, 48))) for seed in range(3)], SHAPES)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for number in range(3):
        photo = np.array([[90, 120, 90], [220, 40, 60], [40, 60, 220]], np.uint8)[shapes(number, (48, 48))]
        if noise:
            photo = np.random.default_rng(number).integers(0, 255, photo.shape, dtype=np.uint8)
        Image.fromarray(photo).save(folder / "images" / f"{number}.png", exif=exif)
        if masks_too:
            operations = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
            mask = Image.fromarray(shapes(number, (48, 48))).transpose(operations[orientation])
            mask.save(folder / "masks" / f"{number}.png")
    return folder


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_square_photos_that_exif_turns_are_named_where_the_masks_are_not_turned(
    tmp_path: Path, orientation: int
) -> None:
    (found,) = check(turned_set(tmp_path / "stored", orientation, masks_too=False)).findings[:1]
    assert (found.kind, found.level.value, len(found.files)) == ("turned_photo", "problem", 3)
    assert kinds(check(turned_set(tmp_path / "shown", orientation, masks_too=True))) == set()
    report = check(turned_set(tmp_path / "unclear", orientation, masks_too=False, noise=True))
    assert report.clean
    assert kinds(report) == {"turned_photo"}, "nothing tells, and that is said"


def test_a_mask_of_another_size_says_that_exif_is_why(tmp_path: Path) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(shapes(0))], SHAPES)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((32, 48, 3), np.uint8)).save(folder / "images" / "0.png", exif=exif)
    with pytest.raises(DataError, match="EXIF orientation turns it"):
        truths(open_dataset(folder))


def test_nothing_names_the_classes_and_no_net_does(tmp_path: Path) -> None:
    folder = make(tmp_path / "set", [Image.fromarray(shapes(0))])
    with pytest.raises(DataError, match=r"nothing says what the classes .* are; put a labels\.json .* --labels"):
        _ = open_dataset(folder).known_labels


def test_the_classes_of_a_single_mask_are_those_of_the_folders_around_it(tmp_path: Path, camvid: LabelSet) -> None:
    folder = make(tmp_path / "ade", [Image.fromarray(np.array([[0, 3, 150]], np.uint8))], {"name": "ade20k"})
    found = classes_around(folder / "masks" / "0.png")
    assert found is not None
    assert read_mask(folder / "masks" / "0.png", found.labels, found.encoding).tolist() == [[255, 2, 149]]
    lone = tmp_path / "lone"
    lone.mkdir()
    Image.fromarray(shapes(0)).save(lone / "a_mask.png")
    assert classes_around(lone / "a_mask.png") is None
    (lone / "labelmap.txt").write_text(FILES["labelmap.txt"])
    found = classes_around(lone / "a_mask.png")
    assert found is not None
    assert found.labels.classes == ("background", "disc", "box")


def test_a_masks_colours_tell_a_set_of_its_own_colours(tmp_path: Path, camvid: LabelSet) -> None:
    Image.fromarray(np.array(camvid.colours, np.uint8)[shapes(0)]).save(tmp_path / "rgb.png")
    assert shows_colours_of(tmp_path / "rgb.png", camvid)
    indexed(shapes(0), [*map(list, camvid.colours)]).save(tmp_path / "p.png")
    assert shows_colours_of(tmp_path / "p.png", camvid)
    Image.fromarray(shapes(0)).save(tmp_path / "grey.png")
    assert not shows_colours_of(tmp_path / "grey.png", camvid)
    voc = built_in_label_sets()["voc"]
    indexed(shapes(0), [*map(list, voc.colours)]).save(tmp_path / "map.png")
    assert not shows_colours_of(tmp_path / "map.png", voc), "this map colours the masks of any classes"
