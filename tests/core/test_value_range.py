"""Deep, signed and floating pictures, and such of many bands: seen as a person expects, and told."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.images.image import image_size, read_image, read_photo, read_small


def ramp(most: float, kind: type = np.uint16, least: float = 0) -> NDArray[Any]:
    """(32, 48) numbers from `least` at the left to `most` at the right."""
    return np.tile(np.linspace(least, most, 48), (32, 1)).astype(kind)


def tiff(path: Path, values: NDArray[Any], **options: Any) -> Path:
    tifffile.imwrite(path, values, **{"photometric": "minisblack", **options})
    return path


@pytest.mark.parametrize(("most", "white"), [(60, 60), (200, 255), (900, 1023), (3000, 4095), (12000, 16383)])
@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_fewer_bits_in_a_file_of_16_are_brightened_and_told(tmp_path: Path, most: int, white: int, suffix: str) -> None:
    path = tmp_path / f"deep{suffix}"
    Image.fromarray(ramp(most)).save(path)
    read = read_photo(path)
    assert np.abs(read.pixels[..., 0] - ramp(most) * (255 / white)).max() <= 0.5
    (note,) = read.notes
    assert f"{most}" in note
    assert f"{white}" in note


@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_colours_of_12_bits_are_brightened_too(tmp_path: Path, suffix: str) -> None:
    values = np.stack([ramp(4000), ramp(2000), ramp(1000)], axis=-1)
    path = tmp_path / f"deep{suffix}"
    if suffix == ".tif":
        tiff(path, values, photometric="rgb", compression="lzw")
    else:
        path.write_bytes(imagecodecs.png_encode(values))
    read = read_photo(path)
    assert np.abs(read.pixels - values * (255 / 4095)).max() <= 0.5
    assert "12 bits" in read.notes[0]
    assert np.abs(read_small(path, (12, 8), 10**6).mean() - read.pixels.mean()) < 3
    full = values * 16
    tiff(tmp_path / "full.tif", full, photometric="rgb")
    read = read_photo(tmp_path / "full.tif")
    assert not read.notes
    assert (read.pixels == full >> 8).all()  # the upper byte, as Pillow has it


def test_16_bits_of_a_full_range_are_as_they_were(tmp_path: Path) -> None:
    read = read_photo(tiff(tmp_path / "full.tif", ramp(65535)))
    assert (read.pixels[..., 1] == (ramp(65535) / 257).round()).all()
    assert not read.notes


def test_what_the_file_says_of_white_counts(tmp_path: Path) -> None:
    path = tiff(tmp_path / "declared.tif", ramp(900), extratags=[(341, "H", 1, 4095, True), (340, "H", 1, 0, True)])
    read = read_photo(path)
    assert np.abs(read.pixels[..., 0] - ramp(900) * (255 / 4095)).max() <= 0.5
    assert "as the file says" in read.notes[0]
    path = tiff(tmp_path / "wrong.tif", ramp(3000), extratags=[(341, "H", 1, 500, True)])
    assert np.abs(read_photo(path).pixels[..., 0] - ramp(3000) * (255 / 4095)).max() <= 0.5, "the file is wrong"


def test_packed_bits_are_what_they_are(tmp_path: Path) -> None:
    path = tiff(tmp_path / "packed.tif", ramp(700), bitspersample=12)
    read = read_photo(path)
    assert np.abs(read.pixels[..., 0] - ramp(700) * (255 / 4095)).max() <= 0.5
    assert not read.notes


def test_the_significant_bits_of_a_png_count(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(ramp(900)).save(path)
    content = path.read_bytes()
    chunk = b"sBIT" + bytes([12])
    chunk = struct.pack(">I", 1) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(content[:33] + chunk + content[33:])  # behind IHDR
    assert np.abs(read_image(path)[..., 0] - ramp(900) * (255 / 4095)).max() <= 0.5


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (ramp(1.0, np.float32), 255),
        (ramp(0.5, np.float32), 127),
        (ramp(255.0, np.float32), 255),
        (ramp(60000.0, np.float32), 233),
        (ramp(40.0, np.float64), 255),
        (ramp(1e6, np.float32), 255),
        (ramp(3000, np.int32), 187),
        (ramp(5_000_000, np.int32), 255),
        (ramp(4_000_000_000, np.uint32), 255),
        (ramp(1000, np.int16, -1000), 255),
        (ramp(1.0, np.float32, -1.0), 255),
    ],
)
def test_other_numbers_fill_black_to_white(tmp_path: Path, values: NDArray[Any], expected: int) -> None:
    read = read_photo(tiff(tmp_path / "numbers.tif", values))
    row = read.pixels[0, :, 0].astype(int)
    assert row[0] == 0
    assert abs(row[-1] - expected) <= 1
    assert (np.diff(row) >= 0).all()
    usual = values.dtype.kind == "f" and values.min() >= 0 and values.max() <= 1
    assert bool(read.notes) != usual


def test_colours_of_floating_numbers_and_no_numbers(tmp_path: Path) -> None:
    values: NDArray[Any] = np.stack([ramp(300.0, np.float32)] * 3, axis=-1)
    values[0, 0] = np.nan
    values[1, 0] = np.inf
    values[2, 0] = -np.inf
    read = read_photo(tiff(tmp_path / "float.tif", values, photometric="rgb"))
    assert read.pixels[0, 0].tolist() == [0, 0, 0]
    assert read.pixels[1, 0].tolist() == [255, 255, 255]
    assert read.pixels[2, 0].tolist() == [0, 0, 0]
    assert abs(int(read.pixels[5, -1, 0]) - 75) <= 1  # 300 of 1023
    assert "9 values are no finite number" in read.notes[0]
    everything = np.full((4, 4), np.nan, np.float32)
    assert not read_image(tiff(tmp_path / "nan.tif", everything)).any()


def test_no_data_are_no_values(tmp_path: Path) -> None:
    values = ramp(1.0, np.float32)
    values[:3] = -9999
    path = tiff(tmp_path / "nodata.tif", values, extratags=[(42113, "s", 0, "-9999", True)])
    found = read_image(path)
    assert not found[:3].any()
    assert (found[5, :, 0] == (values[5] * 255).round()).all()


@pytest.mark.parametrize("bands", [4, 5, 8])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_of_many_bands_the_first_three_are_seen(tmp_path: Path, bands: int, planar: str, kind: type) -> None:
    values: NDArray[Any] = np.random.default_rng(0).integers(1, 255, (32, 48, bands)).astype(kind)
    if kind is np.uint16:
        values *= 257
    stored = values if planar == "contig" else np.ascontiguousarray(np.moveaxis(values, -1, 0))
    path = tiff(tmp_path / "bands.tif", stored, photometric="rgb", planarconfig=planar, compression="zlib")
    read = read_photo(path)
    expected = values[..., :3] >> (8 if kind is np.uint16 else 0)
    assert np.abs(read.pixels.astype(int) - expected).max() <= 1
    assert f"{bands} bands" in read.notes[0]
    assert image_size(path) == (48, 32)
    small = read_small(path, (24, 24), 10**6)
    assert small.shape == (16, 24, 3)
    assert abs(small.mean() - read.pixels.mean()) < 3


def test_infrared_tagged_as_transparency_is_told_from_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(10, 200, (32, 48, 4), dtype=np.uint8)
    path = tiff(tmp_path / "nir.tif", values, photometric="rgb", extrasamples=["unassalpha"])
    read = read_photo(path)
    assert (read.pixels == values[..., :3]).all()
    assert "infrared" in read.notes[0]
    assert "first three" in read.notes[0]
    values[..., 3] = 255
    values[:10, :, 3] = 0
    path = tiff(tmp_path / "alpha.tif", values, photometric="rgb", extrasamples=["unassalpha"])
    read = read_photo(path)
    assert (read.pixels[:10] == 255).all()
    assert (read.pixels[10:] == values[10:, :, :3]).all()
    assert not read.notes


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_are_turned_as_others(tmp_path: Path, orientation: int) -> None:
    values = np.arange(35, dtype=np.uint8).reshape(5, 7) * 7
    plain, deep = tmp_path / "plain.tif", tmp_path / "deep.tif"
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(values).save(plain, exif=exif)
    tiff(deep, values.astype(np.uint16) * 257, extratags=[(274, "H", 1, orientation, True)])
    assert (read_image(deep) == read_image(plain)).all()


def test_white_is_zero_where_the_file_says_so(tmp_path: Path) -> None:
    path = tiff(tmp_path / "inverted.tif", ramp(65535), photometric="miniswhite")
    assert read_image(path)[0, [0, -1], 0].tolist() == [255, 0]


def test_pictures_in_memory_are_scaled_alike() -> None:
    assert np.abs(read_image(Image.fromarray(ramp(3000)))[..., 0] - ramp(3000) * (255 / 4095)).max() <= 0.5
    found = read_image(Image.fromarray(ramp(500.0, np.float32)))[..., 0]
    assert np.abs(found - ramp(500.0, np.float32) * (255 / 1023)).max() <= 0.5
