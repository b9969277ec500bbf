"""Lists as editors and other machines write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fcn_studio.core.datasets.checks.data_check import check_dataset
from fcn_studio.core.datasets.dataset import find_examples, open_dataset
from fcn_studio.core.errors import DataError
from tests.core.datasets.files import write_labels, write_mask, write_pairs, write_photo


def names(folder: Path, split: str = "train") -> list[tuple[str, str]]:
    return [(example.photo.name, example.mask.name) for example in find_examples(folder, split)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949"])
def test_every_encoding_of_an_editor_is_read(tmp_path: Path, encoding: str) -> None:
    write_pairs(tmp_path, "images/사진{}.jpg", "masks/사진{}.png")
    write_labels(tmp_path)
    (tmp_path / "train.txt").write_bytes("사진1\r\nimages/사진3.jpg\r\n".encode(encoding))
    assert names(tmp_path) == [("사진1.jpg", "사진1.png"), ("사진3.jpg", "사진3.png")]
    said = [
        finding.message for finding in check_dataset(open_dataset(tmp_path)).findings if finding.kind == "how_found"
    ]
    assert said == (
        ["train.txt is in the code page cp949 and was read as such; saved as UTF-8 it is read everywhere."]
        if encoding == "cp949"
        else []
    )


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp932", "写真表"), ("gb18030", "图片"), ("cp1252", "Straße"), ("cp1251", "фото")]
)
def test_the_code_page_is_the_one_that_names_files_that_are_there(tmp_path: Path, encoding: str, name: str) -> None:
    write_pairs(tmp_path, f"images/{name}{{}}.jpg", f"masks/{name}{{}}.png")
    (tmp_path / "train.txt").write_bytes(f"{name}0\n{name}2.jpg\n".encode(encoding))
    assert names(tmp_path) == [(f"{name}0.jpg", f"{name}0.png"), (f"{name}2.jpg", f"{name}2.png")]


def test_a_code_page_that_cannot_be_told_is_explained(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/a{}.jpg", "masks/a{}.png")
    (tmp_path / "train.txt").write_bytes("a0\n사진\n".encode("cp949"))
    with pytest.raises(DataError, match=r"train\.txt, line 2: neither UTF-8 nor UTF-16.*cp949.*save it as UTF-8"):
        find_examples(tmp_path, "train")


@pytest.mark.parametrize(
    "line",
    [
        "D:\\data\\old set\\images\\a b{}.jpg",
        "/home/someone/old/images/a b{}.jpg",
        "\\\\server\\share\\images\\a b{}",
        "../../old/images/a b{}.jpg",
        "D:\\old\\images\\a b{0}.jpg D:\\old\\masks\\a b{0}.png",
    ],
)
def test_another_machines_paths_are_found_by_their_last_parts(tmp_path: Path, line: str) -> None:
    write_pairs(tmp_path, "images/a b{}.jpg", "masks/a b{}.png")
    write_labels(tmp_path)
    (tmp_path / "train.txt").write_text("".join(f"{line.format(number)}\n" for number in (0, 2)), encoding="utf-8")
    assert names(tmp_path) == [("a b0.jpg", "a b0.png"), ("a b2.jpg", "a b2.png")]
    (said,) = (finding for finding in check_dataset(open_dataset(tmp_path)).findings if finding.kind == "how_found")
    assert line.format(0) in said.message
    assert "2 were found by the last parts of the path" in said.message


def test_this_machines_own_paths_need_no_word(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/a{}.jpg", "masks/a{}.png")
    (tmp_path / "train.txt").write_text(f"{tmp_path / 'images' / 'a0.jpg'}\n/images/a1.jpg\n./images/a2.jpg\na3\n")
    assert len(names(tmp_path)) == 4
    assert open_dataset(tmp_path).listing("train").notes == ()


@pytest.mark.parametrize("between", [" ", "\t", ",", ", ", ";"])
def test_a_line_may_name_the_mask_too_and_names_may_hold_spaces(tmp_path: Path, between: str) -> None:
    write_pairs(tmp_path, "rgb/my photo {}.jpg", "seg/my mask {}.png")
    for split, wanted in {"train": (0, 1), "val": (3,)}.items():
        lines = (f"rgb/my photo {number}.jpg{between}seg/my mask {number}.png" for number in wanted)
        (tmp_path / f"{split}.txt").write_text("\n".join(lines))
    dataset = open_dataset(tmp_path)
    assert (dataset.layout, dataset.splits) == ("listed", ("train", "val"))
    assert names(tmp_path) == [("my photo 0.jpg", "my mask 0.png"), ("my photo 1.jpg", "my mask 1.png")]
    assert names(tmp_path, "val") == [("my photo 3.jpg", "my mask 3.png")]


def test_the_mask_that_a_line_names_wins_over_the_one_of_the_photos_name(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/a{}.jpg", "masks/a{}.png")
    write_mask(tmp_path / "masks" / "better.png")
    (tmp_path / "train.txt").write_text("images/a0.jpg masks/better.png\na1.jpg\n")
    assert names(tmp_path) == [("a0.jpg", "better.png"), ("a1.jpg", "a1.png")]
    (tmp_path / "train.txt").write_text("images/a0.jpg masks/gone.png\n")
    with pytest.raises(DataError, match=r"train\.txt, line 1: no mask masks/gone\.png"):
        find_examples(tmp_path, "train")


def test_a_name_may_begin_with_a_number_sign(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/#{}.jpg", "masks/#{}.png")
    (tmp_path / "train.txt").write_text("# of the first day\n#0.jpg\n#\n#2\n#7\n")
    assert names(tmp_path) == [("#0.jpg", "#0.png"), ("#2.jpg", "#2.png")]


def test_a_bare_name_may_lie_in_a_folder_of_the_photos(tmp_path: Path) -> None:
    write_pairs(tmp_path, "images/day/a{}.jpg", "masks/day/a{}.png")
    write_photo(tmp_path / "images" / "night" / "a1.jpg", 8)
    (tmp_path / "train.txt").write_text("a0\nday/a1\n")
    assert names(tmp_path) == [("a0.jpg", "a0.png"), ("a1.jpg", "a1.png")]
