"""What a check finds in data sets that are broken on purpose, and that its figures are those of the files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.datasets.checks.data_check import DataReport, Finding, Level, check_dataset
from fcn_studio.core.datasets.dataset import open_dataset
from fcn_studio.core.datasets.label_file import LabelFile
from fcn_studio.core.errors import Cancelled, DataError
from fcn_studio.core.labels import LabelSet, built_in_label_sets

NAMES = tuple(f"disc{number}" for number in range(8))


@pytest.fixture
def discs(tmp_path: Path) -> Path:
    """Eight photos of discs on noise, no two of one size, in the plain layout: five in train, three in val."""
    folder = tmp_path / "discs"
    for place in ("images", "masks"):
        (folder / place).mkdir(parents=True)
    rng = np.random.default_rng(1)
    for number, name in enumerate(NAMES):
        y, x = np.mgrid[: 24 + number, :32]
        disc = (y - rng.integers(8, 16)) ** 2 + (x - rng.integers(8, 24)) ** 2 < 30
        photo = rng.integers(0, 120, (*disc.shape, 3)) + 100 * disc[..., None]
        Image.fromarray(photo.astype(np.uint8)).save(folder / "images" / f"{name}.png")
        Image.fromarray(disc.astype(np.uint8)).save(folder / "masks" / f"{name}.png")
    (folder / "labels.json").write_text('{"name": "discs", "classes": ["background", "disc"]}', encoding="utf-8")
    (folder / "train.txt").write_text("\n".join(NAMES[:5]), encoding="utf-8")
    (folder / "val.txt").write_text("\n".join(NAMES[5:]), encoding="utf-8")
    return folder


def check(folder: Path, labels: LabelSet | None = None) -> DataReport:
    given = LabelFile(labels, None, {}, labels.name, has_colours=True) if labels is not None else None
    return check_dataset(open_dataset(folder, given))


def the(report: DataReport, kind: str) -> Finding:
    """The only finding of a kind."""
    (finding,) = (finding for finding in report.findings if finding.kind == kind)
    return finding


def kinds(report: DataReport) -> list[str]:
    return sorted(finding.kind for finding in report.findings)


def redraw(folder: Path, values: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    """Writes value i of `values`, a number or a colour, where masks hold i."""
    for path in (folder / "masks").iterdir():
        with Image.open(path) as image:
            old = np.asarray(image)
        Image.fromarray(values[old]).save(path)


def test_a_clean_set_has_the_figures_of_its_files(discs: Path) -> None:
    for path in (discs / "masks").iterdir():  # some void too
        values = np.array(Image.open(path))
        values[0] = 255
        Image.fromarray(values).save(path)
    report = check(discs)
    assert report.clean
    assert report.findings == ()
    for split, names in zip(report.splits, (NAMES[:5], NAMES[5:]), strict=True):
        masks = [np.asarray(Image.open(discs / "masks" / f"{name}.png")) for name in names]
        counts = np.sum([np.bincount(mask.ravel(), minlength=256) for mask in masks], axis=0)
        assert split.photos == len(names)
        assert split.class_pixels == tuple(counts[:2])
        assert split.void_pixels == counts[255]
        assert split.class_photos == tuple(sum(index in mask for mask in masks) for index in (0, 1))
        assert split.class_shares == pytest.approx(counts[:2] / counts[:2].sum())
        assert (split.smallest, split.largest) == (masks[0].shape[::-1], masks[-1].shape[::-1])


def test_every_problem_is_found_in_one_run(discs: Path) -> None:
    images, masks = discs / "images", discs / "masks"
    (masks / "disc0.png").unlink()
    (images / "disc1.png").unlink()
    (images / "disc2.png").write_bytes((images / "disc2.png").read_bytes()[:300])
    (masks / "disc3.png").write_bytes(b"no mask")
    Image.new("L", (5, 6), 255).save(masks / "disc4.png")
    shutil.copy(images / "disc4.png", images / "disc5.png")
    Image.open(images / "disc6.png").save(images / "disc6.bmp")
    (discs / "val.txt").write_text("disc5\ndisc6\nnobody\nnobody else\n")
    report = check(discs)
    assert kinds(report) == sorted(
        [
            "photo_without_mask",
            "mask_without_photo",
            "listed_without_photo",  # disc1 in train
            "listed_without_photo",  # in val
            "unreadable_photo",
            "unreadable_mask",
            "size_mismatch",  # disc4 in train
            "size_mismatch",  # disc5 in val, which has disc4's photo
            "all_void",
            "same_name",
            "photo_in_two_splits",
            "in_no_list",
        ]
    )
    assert the(report, "photo_without_mask").files == (images / "disc0.png",)
    assert the(report, "mask_without_photo").files == (masks / "disc1.png",)
    assert the(report, "unreadable_photo").files == (images / "disc2.png",)
    assert the(report, "unreadable_mask").files == (masks / "disc3.png",)
    assert the(report, "all_void").files == (masks / "disc4.png",)
    assert set(the(report, "same_name").files) == {images / "disc6.png", images / "disc6.bmp"}
    assert the(report, "photo_in_two_splits").files == (images / "disc4.png", images / "disc5.png")
    assert the(report, "in_no_list").files == (images / "disc7.png",)
    assert any("val.txt, line 3: no photo nobody in images (1 other" in finding.message for finding in report.findings)
    assert all(finding.mend for finding in report.findings)
    assert [finding.level for finding in report.findings] == [Level.PROBLEM] * 11 + [Level.NOTE]


def test_values_that_begin_at_1_are_told_and_void_0_mends_them(discs: Path) -> None:
    redraw(discs, np.array([1, 2], np.uint8))
    report = check(discs)
    assert kinds(report) == ["illegal_values"] * 2
    assert "value 2" in report.findings[0].message
    assert 'Values 1..2 look as if they began at 1: add "void": 0' in report.findings[0].mend
    assert len(report.findings[0].files) == 5
    (discs / "labels.json").write_text('{"classes": ["background", "disc"], "void": 0}')
    assert check(discs).findings == ()


def test_twelve_values_for_twelve_classes_that_begin_at_1(discs: Path, camvid: LabelSet) -> None:
    (discs / "labels.json").unlink()
    redraw(discs, np.array([1, 11], np.uint8))
    report = check(discs, LabelSet("eleven", camvid.classes, camvid.colours))
    assert "Values 1..11 look as if they began at 1" in report.findings[0].mend


def test_0_and_255_in_a_two_class_set_is_told_and_values_mends_it(discs: Path) -> None:
    redraw(discs, np.array([0, 255], np.uint8))
    report = check(discs)
    assert kinds(report) == ["binary_255", "binary_255"]  # and no word of a class that never occurs
    assert "Write 0 and 1" in report.findings[0].mend
    (discs / "labels.json").write_text('{"classes": ["background", "disc"], "values": [0, 255]}')
    mended = check(discs)
    assert mended.findings == ()
    assert all(split.class_photos[1] == split.photos for split in mended.splits)


@pytest.mark.parametrize("coloured", [False, True])
def test_a_jpeg_compressed_mask_is_told(discs: Path, coloured: bool) -> None:
    path = discs / "masks" / "disc0.png"
    disc = np.asarray(Image.open(path))
    rng = np.random.default_rng(0)
    noisy = rng.integers(0, 200, disc.shape).astype(np.uint8) * disc + disc  # as edges of many classes would be
    path.unlink()
    picture = Image.fromarray(np.stack([noisy, disc * 90, disc * 7], -1) if coloured else noisy)
    picture.save(path.with_suffix(".jpg"), quality=60)
    assert "1 mask looks JPEG-compressed: disc0.jpg holds" in the(check(discs), "spoilt_mask").message
    Image.open(path.with_suffix(".jpg")).save(path)  # saved as PNG afterwards, it is spoilt all the same
    path.with_suffix(".jpg").unlink()
    distinct = len(np.unique(np.asarray(Image.open(path)).reshape(disc.size, -1), axis=0))
    message = the(check(discs), "spoilt_mask").message
    assert "JPEG-compressed" in message
    assert f"{distinct} distinct" in message


def shapes(folder: Path) -> None:
    """Draws masks of 0 and 255 large enough for JPEG and interpolation to show, with photos of their size."""
    y, x = np.mgrid[:96, :128]
    for number, name in enumerate(NAMES):
        ring = abs(np.hypot(y - 48, x - 50 - 3 * number) - 25) < 5
        Image.fromarray(np.where(ring, 255, 0).astype(np.uint8)).save(folder / "masks" / f"{name}.png")
        noise = np.random.default_rng(number).integers(0, 256, (96, 128, 3))
        Image.fromarray(noise.astype(np.uint8)).save(folder / "images" / f"{name}.png")


def to_jpeg(mask: Path) -> None:
    Image.open(mask).save(mask.with_suffix(".jpg"), quality=75)
    mask.unlink()


def test_each_fault_of_a_mask_is_told_apart(discs: Path) -> None:
    shapes(discs)
    (discs / "labels.json").write_text('{"name": "discs", "classes": ["background", "disc"], "values": [0, 255]}')
    assert check(discs).findings == ()
    masks = discs / "masks"
    to_jpeg(masks / "disc0.png")
    whole = Image.open(masks / "disc1.png")
    whole.resize((64, 48), Image.Resampling.BILINEAR).save(masks / "disc1.png")
    for name in ("disc2", "disc3"):
        Image.fromarray(np.asarray(Image.open(masks / f"{name}.png")) // 255).save(masks / f"{name}.png")
    report = check(discs)
    assert kinds(report) == ["indices_not_values", "size_mismatch", "spoilt_mask"]
    assert the(report, "spoilt_mask").files == (masks / "disc0.jpg", masks / "disc1.png")
    indices = the(report, "indices_not_values")
    assert indices.files == (masks / "disc2.png", masks / "disc3.png")
    assert "2 masks hold the class indices 0, 1, where the values 0, 255 are read" in indices.message
    assert 'take "values" out of labels.json' in indices.mend


def test_a_spoilt_mask_does_not_hide_0_and_255(discs: Path) -> None:
    shapes(discs)
    to_jpeg(discs / "masks" / "disc0.png")
    report = check(discs)
    assert sorted((finding.kind, finding.split, len(finding.files)) for finding in report.findings) == [
        ("binary_255", "train", 4),
        ("binary_255", "val", 3),
        ("spoilt_mask", "train", 1),
    ]


def test_one_odd_value_does_not_hide_that_classes_begin_at_1(discs: Path) -> None:
    redraw(discs, np.array([1, 2], np.uint8))
    Image.fromarray(np.full((24, 32), 77, np.uint8)).save(discs / "masks" / "disc0.png")
    train = [finding for finding in check(discs).findings if finding.split == "train"]
    assert [len(finding.files) for finding in train] == [4, 1]
    assert "began at 1" in train[0].mend
    assert "value 77" in train[1].message


def test_classes_along_thin_lines_are_not_taken_for_blends(discs: Path) -> None:
    for name in NAMES:
        values = np.repeat(np.arange(8, dtype=np.uint8), 4)[None].repeat(24, 0)
        values[5], values[9] = 8, 9  # lines of one pixel
        values[0, :9] = 44  # an illegal value
        Image.fromarray(values).save(discs / "masks" / f"{name}.png")
        Image.new("RGB", (32, 24), int(name[-1])).save(discs / "images" / f"{name}.png")
    (discs / "labels.json").write_text(json.dumps({"classes": [f"class {index}" for index in range(10)]}))
    assert kinds(check(discs)) == ["illegal_values"] * 2


def test_without_labels_a_spoilt_mask_spoils_no_advice(discs: Path) -> None:
    shapes(discs)
    to_jpeg(discs / "masks" / "disc0.png")
    (discs / "labels.json").unlink()
    report = check(discs)
    assert kinds(report) == ["no_labels", "spoilt_mask"]
    mend = the(report, "no_labels").mend
    proposed = json.loads(mend[mend.index("{") : mend.index("}") + 1])
    assert (len(proposed["classes"]), proposed["values"]) == (2, [0, 255])


@pytest.mark.parametrize(("values", "classes"), [((3, 90, 200), 3), (tuple(range(0, 200, 4)), 0)])
def test_the_advised_labels_are_never_long(discs: Path, values: tuple[int, ...], classes: int) -> None:
    (discs / "labels.json").unlink()
    for name in NAMES:
        blocks = np.array(values, np.uint8).repeat(4)[None].repeat(24, 0)
        Image.fromarray(blocks).save(discs / "masks" / f"{name}.png")
        Image.new("RGB", blocks.shape[::-1], int(name[-1])).save(discs / "images" / f"{name}.png")
    report = check(discs)
    assert kinds(report) == ["no_labels"]
    mend = report.findings[0].mend
    assert len(mend) < 400
    if classes:
        (discs / "labels.json").write_text(mend[mend.index("{") : mend.index("}") + 1])
        assert check(discs).clean
    else:
        assert "for the 50 values" in mend


def test_a_split_that_training_lacks_is_told(discs: Path) -> None:
    train = (discs / "train.txt").read_text()
    (discs / "train.txt").unlink()
    report = check(discs)
    assert report.clean
    assert "no train" in the(report, "no_train").message
    assert "into train.txt" in the(report, "no_train").mend
    (discs / "train.txt").write_text(train)
    (discs / "val.txt").rename(discs / "test.txt")
    report = check(discs)
    assert kinds(report) == ["no_val"]
    assert "into val.txt" in report.findings[0].mend
    assert "--split test" in report.findings[0].mend
    assert check_dataset(open_dataset(discs), splits=["train"]).findings == ()


def test_an_empty_list_is_told_as_one(discs: Path) -> None:
    (discs / "val.txt").write_text("# nothing yet\n")
    report = check(discs)
    assert kinds(report) == ["empty_list", "in_no_list"]
    assert "val.txt is empty" in report.findings[0].message
    with pytest.raises(DataError, match=r"val\.txt: the list is empty"):
        open_dataset(discs).examples("val")


def test_what_a_list_names_twice_is_told_with_its_lines(discs: Path) -> None:
    (discs / "train.txt").write_text("disc0\ndisc1\n\ndisc2\ndisc3\ndisc4\ndisc1.png\n")
    report = check(discs)
    assert kinds(report) == ["listed_twice"]  # and not that there are two files of one content
    assert report.findings[0].message == "train.txt names 1 photo more than once: disc1.png in lines 2 and 7."
    shutil.copy(discs / "images" / "disc0.png", discs / "images" / "disc2.png")
    shutil.copy(discs / "masks" / "disc0.png", discs / "masks" / "disc2.png")
    assert "repeated_photo" in kinds(check(discs))


def test_a_photo_in_two_lists_names_the_lists(discs: Path) -> None:
    (discs / "val.txt").write_text("\n".join(NAMES[4:]))
    finding = the(check(discs), "photo_in_two_splits")
    assert "1 photo is in both train.txt and val.txt" in finding.message
    assert "disc4.png is in both" in finding.message
    assert finding.files == (discs / "images" / "disc4.png",)
    assert finding.mend == "Take it out of train.txt, or out of val.txt."


def test_colours_of_no_class_are_told(discs: Path) -> None:
    redraw(discs, np.array([[10, 20, 30], [200, 0, 0]], np.uint8))
    report = check(discs)
    assert "colours (10, 20, 30), (200, 0, 0)" in report.findings[0].message
    assert '"colours"' in report.findings[0].mend
    content = {"classes": ["background", "disc"], "colours": [[10, 20, 30], [200, 0, 0]]}
    (discs / "labels.json").write_text(json.dumps(content))
    assert check(discs).findings == ()


def test_grey_rgb_that_no_class_has_is_told_as_a_number(discs: Path) -> None:
    redraw(discs, np.array([[0, 0, 0], [7, 7, 7]], np.uint8))
    assert "value 7, neither a class of discs nor void" in check(discs).findings[0].message


def test_values_above_the_classes_name_the_set_that_fits(discs: Path) -> None:
    redraw(discs, np.array([0, 18], np.uint8))
    mend = check(discs).findings[0].mend
    assert '"values": [0, 18]' in mend
    (discs / "labels.json").write_text('{"classes": ["a", "b", "c"]}')
    mend = check(discs).findings[0].mend
    assert "values to 18" in mend
    assert "cityscapes" in mend  # of 19 classes


def test_wide_values_are_told(discs: Path) -> None:
    Image.fromarray(np.full((24, 32), 26001, np.uint16)).save(discs / "masks" / "disc0.png")
    finding = the(check(discs), "illegal_values")
    assert "value 26001" in finding.message
    assert finding.files == (discs / "masks" / "disc0.png",)


def test_a_photo_that_exif_turns_is_explained(discs: Path) -> None:
    path = discs / "images" / "disc0.png"
    image = Image.open(path)
    image.load()
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    finding = the(check(discs), "size_mismatch")
    assert "disc0.png is 32x24, its photo 24x32" in finding.message
    assert "EXIF" in finding.mend


def test_a_class_that_never_occurs_matters_in_train_only(discs: Path) -> None:
    Image.fromarray(np.full((24, 32), 2, np.uint8)).save(discs / "masks" / "disc0.png")
    (discs / "labels.json").write_text('{"classes": ["background", "disc", "cross", "square"]}')
    report = check(discs)
    levels = {finding.split: (finding.level, finding.message) for finding in report.findings}
    assert levels["train"] == (Level.PROBLEM, "1 class never occurs: square.")
    assert levels["val"] == (Level.NOTE, "2 classes never occur: cross, square.")


def test_without_labels_a_file_is_proposed_that_works(discs: Path) -> None:
    (discs / "labels.json").unlink()
    report = check(discs)
    assert report.labels is None
    finding = the(report, "no_labels")
    assert "values 0, 1" in finding.message
    proposed = finding.mend[finding.mend.index("{") : finding.mend.index("}") + 1]
    assert json.loads(proposed) == {"name": "discs", "classes": ["class 0", "class 1"]}
    (discs / "labels.json").write_text(proposed)
    assert check(discs).clean


def test_a_list_that_leads_out_stops_its_split_only(discs: Path) -> None:
    (discs / "train.txt").write_text("../elsewhere/secret")
    report = check(discs)
    assert [(split.name, split.photos) for split in report.splits] == [("train", 0), ("val", 3)]
    assert "line 1: no photo ../elsewhere/secret" in the(report, "listed_without_photo").message


def test_one_split_is_a_note(discs: Path) -> None:
    for name in ("train.txt", "val.txt"):
        (discs / name).unlink()
    report = check(discs)
    assert (kinds(report), report.clean) == (["one_split"], True)


def test_a_labels_files_own_name_wins_over_the_layouts(discs: Path) -> None:
    report = check(discs, built_in_label_sets()["voc"])
    assert report.labels is not None
    assert report.labels.name == "voc"
    assert len(report.splits[0].class_pixels) == 21


def test_progress_is_heard_and_cancelling_stops(discs: Path) -> None:
    heard: list[tuple[int, int]] = []
    check_dataset(open_dataset(discs), on_pair=lambda done, total: heard.append((done, total)))
    assert heard == [(number, 8) for number in range(1, 9)]
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        check_dataset(open_dataset(discs), cancel=token)


def test_photos_of_fewer_bits_than_their_files_are_a_note(discs: Path) -> None:
    for name in NAMES[:2]:
        path = discs / "images" / f"{name}.png"
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L")).astype(np.uint16)
        Image.fromarray(grey * 15).save(path)  # 12 bits
    report = check(discs)
    found = the(report, "unusual_photo")
    assert [path.stem for path in found.files] == list(NAMES[:2])
    assert "12 bits" in found.message
    assert report.clean
