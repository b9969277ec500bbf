"""Every ending of the table is read by content, and every image of another kind is named with what to do."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from fcn_studio.core.datasets.dataset import find_examples
from fcn_studio.core.errors import ImageError
from fcn_studio.core.images.image import image_size, read_image, read_small
from fcn_studio.core.images.image_formats import SUFFIXES, UNREAD, list_images, list_unread, unread_in_words

PICTURE = Image.new("RGB", (64, 48), (200, 100, 50))


def by_pillow(form: str, **options: object) -> Callable[[Path], None]:
    return lambda path: PICTURE.save(path, format=form, **options)


def as_psd(path: Path) -> None:
    """Adobe's file format: header, three empty sections, planes without compression."""
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, PICTURE.height, PICTURE.width, 8, 3)
    planes = np.moveaxis(np.asarray(PICTURE), -1, 0).tobytes()
    path.write_bytes(head + struct.pack(">IIIH", 0, 0, 0, 0) + planes)


def as_heif(path: Path) -> None:
    pillow_heif.from_pillow(PICTURE).save(str(path.with_suffix(".heic")), quality=90)
    path.with_suffix(".heic").rename(path)


def as_mpo(path: Path) -> None:
    PICTURE.save(path, format="MPO", save_all=True, append_images=[Image.new("RGB", PICTURE.size, "blue")], quality=95)


def as_apng(path: Path) -> None:
    PICTURE.save(path, format="PNG", save_all=True, append_images=[Image.new("RGB", PICTURE.size, "blue")])


WRITERS = {
    "a.jfif": by_pillow("JPEG", quality=95),
    "b.JFIF": by_pillow("JPEG", quality=95),
    "c.jp2": by_pillow("JPEG2000"),
    "d.j2k": by_pillow("JPEG2000"),
    "e.MPO": as_mpo,
    "f.apng": as_apng,
    "g.psd": as_psd,
    "h.HEIC": as_heif,
    "i.heif": as_heif,
    "j.avif": by_pillow("AVIF", quality=90),
    "k.tga": by_pillow("TGA"),
    "l.pcx": by_pillow("PCX"),
    "m.sgi": by_pillow("SGI"),
    "n.qoi": by_pillow("QOI"),
    "o.dib": by_pillow("DIB"),
    "p.pnm": by_pillow("PPM"),
    "q.jpg": as_heif,  # a phone's photo under a name that it was given
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_kind_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    found = read_image(path)
    assert found.shape == (48, 64, 3)
    assert np.abs(found.reshape(-1, 3).mean(axis=0) - (200, 100, 50)).max() < 4
    assert image_size(path) == (64, 48)
    small = read_small(path, (16, 16), 10**6)
    assert small.shape == (12, 16, 3)
    assert np.abs(small[6, 8] - (200.0, 100, 50)).max() < 6
    assert list_images(tmp_path) == [path]
    assert not list_unread(tmp_path)


@pytest.mark.parametrize("name", ["IMG_1.CR2", "a.nef", "drawing.SVG", "layers.xcf", "scan.dcm", "photo.jxl"])
def test_other_kinds_are_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    PICTURE.save(path, format="TIFF")  # as raw files are, of a small preview
    assert list_unread(tmp_path) == [path]
    assert not list_images(tmp_path)
    with pytest.raises(ImageError, match=r"(export|save)") as caught:
        read_image(path)
    assert str(caught.value).startswith(str(path))


def test_many_are_told_in_a_sentence_for_each_kind(tmp_path: Path) -> None:
    for name in ("a.cr2", "b.CR2", "c.svg", ".hidden.cr2", "notes.txt", "clip.mp4"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash" / "d.cr2").write_bytes(b"x")
    raw, drawing = unread_in_words(list_unread(tmp_path, recursive=True))
    assert raw.startswith("a.cr2 and 1 more left out: a camera's raw file")
    assert drawing.startswith("c.svg left out: ")


def test_no_ending_is_in_two_kinds() -> None:
    assert SUFFIXES.isdisjoint(UNREAD)


def test_a_damaged_phone_photo_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "d.HEIC"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    with pytest.raises(ImageError, match=r"d\.HEIC: the image is damaged"):
        read_image(path)


def test_nothing_starts_a_program(tmp_path: Path) -> None:
    """Pillow has PostScript drawn by Ghostscript, whatever the file's name."""
    path = tmp_path / "picture.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n")
    with pytest.raises(ImageError, match="not an image that can be read"):
        read_image(path)


def test_photos_of_data_sets_have_any_ending(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for name in ("a.jfif", "h.HEIC", "c.jp2"):
        WRITERS[name](tmp_path / "images" / name)
        Image.new("L", PICTURE.size).save(tmp_path / "masks" / f"{Path(name).stem}.png")
    (tmp_path / "train.txt").write_text("a\nc\n")
    (tmp_path / "val.txt").write_text("h\n")
    found = find_examples(tmp_path, "train")
    assert [example.photo.name for example in found] == ["a.jfif", "c.jp2"]
    assert [example.photo.name for example in find_examples(tmp_path, "val")] == ["h.HEIC"]
