"""Embedded colour profiles against colorimetry by hand; those of sRGB leave every bit as it is."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fcn_studio.core.images.image import read_image, read_photo, read_small

D50 = (0.9642, 1.0, 0.8249)  # ICC.1:2010, 7.2.16
# Of the sRGB primaries in XYZ, adapted to D50 (IEC 61966-2-1 with Bradford's matrix), a column each
SRGB = ((0.4360, 0.3851, 0.1431), (0.2225, 0.7169, 0.0606), (0.0139, 0.0971, 0.7141))
ADOBE_RGB = ((0.6097, 0.2053, 0.1492), (0.3111, 0.6257, 0.0632), (0.0195, 0.0609, 0.7446))
GAMMA = 563 / 256


def _s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_s15, values))


def icc(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A version 2 display profile (ICC.1:2001-04)."""
    text = b"test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(D50),
        **tags,
    }
    table, data, place = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", place + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", place + len(data), b"\0" * 4, 0x02400000, b"mntr", space, b"XYZ ") + bytes(12)
    head += b"acsp" + bytes(28) + b"".join(map(_s15, D50))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def matrix_profile(primaries: tuple[tuple[float, ...], ...], gamma: float = GAMMA) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    columns = zip(*primaries, strict=True)
    return icc(
        b"RGB ",
        {name + b"XYZ": _xyz(column) for name, column in zip((b"r", b"g", b"b"), columns, strict=True)}
        | {name + b"TRC": curve for name in (b"r", b"g", b"b")},
    )


def swapped() -> bytes:
    return matrix_profile(tuple((row[2], row[1], row[0]) for row in SRGB), 2.2)


def srgb_of(pixels: NDArray[np.uint8], primaries: tuple[tuple[float, ...], ...], gamma: float) -> NDArray[np.float64]:
    """By matrices in float64, out of gamut clipped (IEC 61966-2-1)."""
    linear = (pixels / 255) ** gamma @ np.array(primaries).T @ np.linalg.inv(np.array(SRGB)).T
    linear = linear.clip(0, 1)
    found: NDArray[np.float64] = 255 * np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return found


def random_pixels(shape: tuple[int, ...] = (40, 50, 3)) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def saved(path: Path, picture: Image.Image, profile: bytes) -> Path:
    picture.save(path, icc_profile=profile)
    return path


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_a_profile_that_swaps_red_and_blue_does(tmp_path: Path, suffix: str) -> None:
    picture = Image.new("RGB", (40, 30), "red")
    path = tmp_path / f"swapped{suffix}"
    picture.save(path, icc_profile=swapped(), lossless=True)
    red, green, blue = read_image(path)[10, 10].tolist()
    assert (red, green) < (6, 6)
    assert blue > 250
    assert read_small(path, (20, 20), 10**6)[5, 5].tolist() == [red, green, blue]


def test_a_wide_gamut_is_brought_to_srgb_as_colorimetry_has_it(tmp_path: Path) -> None:
    pixels = random_pixels()
    path = saved(tmp_path / "adobe.png", Image.fromarray(pixels), matrix_profile(ADOBE_RGB))
    found = read_image(path)
    assert np.abs(found - srgb_of(pixels, ADOBE_RGB, GAMMA)).max() <= 2
    assert np.abs(found.astype(int) - pixels).max() > 40
    in_memory = Image.open(path)
    assert (read_image(in_memory) == found).all()


def test_srgb_by_any_maker_changes_no_bit(tmp_path: Path) -> None:
    pixels = random_pixels()
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    read = read_photo(saved(tmp_path / "own.png", Image.fromarray(pixels), own))
    assert (read.pixels == pixels).all()
    assert not read.notes


def test_transparency_stays_beside_the_converted_colours(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (4, 2), (255, 0, 0, 255))
    picture.putpixel((0, 0), (255, 0, 0, 0))
    found = read_image(saved(tmp_path / "clear.png", picture, swapped()))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[1, 1, 2] > 250
    assert found[1, 1, 0] < 6


def test_palettes_and_turned_photos_are_converted(tmp_path: Path) -> None:
    picture = Image.new("RGB", (30, 20), "red")
    path = saved(tmp_path / "palette.png", picture.convert("P", palette=Image.Palette.ADAPTIVE), swapped())
    assert read_image(path)[0, 0, 2] > 250
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif, icc_profile=swapped(), quality=95)
    found = read_image(tmp_path / "turned.jpg")
    assert found.shape == (30, 20, 3)
    assert found[5, 5, 2] > 245


def test_a_grey_profile_brightens_as_its_gamma_says(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    profile = icc(b"GRAY", {b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, 256)})  # linear
    found = read_image(saved(tmp_path / "grey.png", Image.fromarray(grey), profile))[..., 0]
    linear = grey / 255
    expected = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(found - expected).max() <= 2
    deep = (grey.astype(np.uint16) * 257).astype(np.uint16)
    found = read_image(saved(tmp_path / "deep.png", Image.fromarray(deep), profile))[..., 0]
    assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_profile_that_is_no_use_is_ignored_and_told(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(random_pixels()).convert(mode)
    plain = tmp_path / "plain.tif"
    picture.save(plain)
    read = read_photo(saved(tmp_path / "damaged.tif", picture, b"no profile at all" * 20))
    assert (read.pixels == read_image(plain)).all()
    assert read.notes == ("The embedded colour profile is damaged, and is ignored.",)
    other = matrix_profile(ADOBE_RGB) if mode == "CMYK" else b""
    if other:
        (note,) = read_photo(saved(tmp_path / "other.tif", picture, other)).notes
        assert "one of RGB pictures" in note


def test_a_cut_profile_does_no_harm(tmp_path: Path) -> None:
    picture = Image.fromarray(random_pixels())
    for length in (60, 130, 200, 400):
        read = read_photo(saved(tmp_path / "cut.png", picture, matrix_profile(ADOBE_RGB)[:length]))
        assert read.pixels.shape == (40, 50, 3)


def test_a_photo_as_a_phone_saves_it(tmp_path: Path) -> None:
    """HEIC with Display P3, whose red is beyond sRGB's."""
    pillow_heif = pytest.importorskip("pillow_heif")
    p3 = ((0.5151, 0.2920, 0.1571), (0.2412, 0.6922, 0.0666), (-0.0011, 0.0419, 0.7841))  # Apple's Display P3 profile
    pixels = np.full((64, 64, 3), (200, 60, 60), np.uint8)
    buffer = io.BytesIO()
    pillow_heif.from_bytes("RGB", (64, 64), pixels.tobytes()).save(
        buffer, quality=-1, icc_profile=matrix_profile(p3, 2.2)
    )
    (tmp_path / "IMG_0001.HEIC").write_bytes(buffer.getvalue())
    found = read_image(tmp_path / "IMG_0001.HEIC")[32, 32]
    assert np.abs(found - srgb_of(pixels[:1, :1], p3, 2.2)).max() <= 4
