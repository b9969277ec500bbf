"""Every kind of image file as a person sees it, and every kind of broken one as a sentence."""

from __future__ import annotations

import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from fcn_studio.core.errors import ImageError
from fcn_studio.core.images import photo_pixels
from fcn_studio.core.images.image import list_images, read_image


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (30, 20), "blue")
    image.paste("red", (0, 0, 30, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    found = read_image(tmp_path / "turned.jpg")
    assert found.shape == (30, 20, 3)
    assert found[15, 18, 0] > 200  # the red top row is now at the right
    assert found[15, 2, 2] > 200


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_pillows(
    tmp_path: Path, orientation: int, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"turned{suffix}"
    monkeypatch.setattr(photo_pixels, "STRIP_PIXELS", 23 * 10)
    pixels = np.random.default_rng(orientation).integers(0, 256, (41, 23, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    with Image.open(path) as turned:
        expected = np.asarray(ImageOps.exif_transpose(turned))
    found = read_image(path)
    assert found.flags.c_contiguous
    assert (found == expected).all()


@pytest.mark.parametrize("suffix", [".avif", ".tiff", ".png", ".gif", ".webp", ".jpg", ".bmp", ".jp2"])
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, suffix: str) -> None:
    """Decoders raise many kinds of errors; whoever reads a folder of photos hears of one."""
    path, rng = tmp_path / f"damaged{suffix}", np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    whole = path.read_bytes()
    refusals: list[str] = []
    for _ in range(150):
        content = bytearray(whole)
        for place in rng.integers(0, min(len(content), 300), 4):
            content[place] = rng.integers(0, 256)
        path.write_bytes(bytes(content))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's, on what it makes of such files
                read_image(path)
        except ImageError as error:
            refusals.append(str(error))
    assert all(str(path) in refusal for refusal in refusals)
    assert refusals or suffix == ".bmp"  # in which any bytes are pixels


def test_a_damaged_file_of_numbers_is_refused_with_its_name(tmp_path: Path) -> None:
    path, rng = tmp_path / "damaged.tif", np.random.default_rng(0)
    tifffile.imwrite(path, rng.random((20, 30, 5), dtype=np.float32), photometric="rgb", compression="zlib")
    whole = path.read_bytes()
    refusals: list[str] = []
    for _ in range(150):
        content = bytearray(whole)
        for place in rng.integers(0, min(len(content), 300), 4):
            content[place] = rng.integers(0, 256)
        path.write_bytes(bytes(content))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read_image(path)
        except ImageError as error:
            refusals.append(str(error))
    assert refusals
    assert all(str(path) in refusal for refusal in refusals)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK", "I", "F"])
def test_a_large_photo_is_held_by_pillow_and_once_more(tmp_path: Path, mode: str) -> None:
    """Pillow holds four bytes a pixel, or one of palettes and grey; the array three. A copy would be that once more."""
    path = tmp_path / "large.tif"
    Image.new("RGB", (3000, 3000), "red").convert(mode).save(path)
    code = (
        "import sys; from fcn_studio.core.images.image import read_image; "
        "from fcn_studio.core.memory import peak_memory; "
        "import PIL.TiffImagePlugin, numpy as np; from PIL import Image; Image.init(); before = peak_memory(); "
        "assert read_image(sys.argv[1]).shape == (3000, 3000, 3); print(peak_memory() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    held = 9e6 * (3 + (1 if mode in ("P", "L") else 4))
    assert int(done.stdout) < held + 24e6  # strips in float64, and what Pillow needs to read


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (255, 0, 0, 255)
    pixels[0, 1] = (0, 0, 0, 0)
    pixels[1, 0] = (0, 0, 0, 128)
    Image.fromarray(pixels).save(tmp_path / "alpha.png")
    found = read_image(tmp_path / "alpha.png")
    assert found[0, 0].tolist() == [255, 0, 0]
    assert found[0, 1].tolist() == [255, 255, 255]
    assert 125 <= found[1, 0, 0] <= 129


def test_sixteen_bit_grey_keeps_its_range(tmp_path: Path) -> None:
    values = np.array([[0, 65535], [32768, 257]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    found = read_image(tmp_path / "deep.png")
    assert found[:, :, 0].tolist() == [[0, 255], [128, 1]]
    assert (found[:, :, 0] == found[:, :, 2]).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "PA", "YCbCr"])
def test_other_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGB", (9, 7), (255, 255, 255)).convert(mode)
    path = tmp_path / ("white.tif" if mode in ("CMYK", "YCbCr", "PA") else "white.png")
    try:
        image.save(path)
    except OSError:
        pytest.skip(f"Pillow writes no file of mode {mode}")
    found = read_image(path)
    assert found.shape == (7, 9, 3)
    assert int(found.min()) >= 253


def test_an_animation_gives_its_first_picture(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:], duration=100)
    assert read_image(tmp_path / "moving.gif")[0, 0].tolist() == [255, 0, 0]


def test_the_result_cannot_be_changed(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="read-only"):
        read_image(tmp_path / "a.png")[0, 0] = 1


def broken_files(folder: Path) -> dict[str, Path]:
    whole = folder / "whole.jpg"
    Image.effect_noise((300, 200), 80).convert("RGB").save(whole)
    files = {name: folder / name for name in ("empty.png", "truncated.jpg", "text.jpg", "headless.png")}
    files["empty.png"].write_bytes(b"")
    files["truncated.jpg"].write_bytes(whole.read_bytes()[:4000])
    files["text.jpg"].write_text("this is no image")
    files["headless.png"].write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    return files


@pytest.mark.parametrize("name", ["empty.png", "truncated.jpg", "text.jpg", "headless.png", "missing.png"])
def test_a_broken_file_is_named_in_one_sentence(tmp_path: Path, name: str) -> None:
    path = {**broken_files(tmp_path), "missing.png": tmp_path / "missing.png"}[name]
    with pytest.raises(ImageError, match=name) as caught:
        read_image(path)
    assert "\n" not in str(caught.value)


def test_a_small_file_that_claims_to_be_huge_is_refused_before_decoding(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    data = struct.pack(">I", 1000) + b"IDAT" + b"\0" * 1000
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + data)
    with pytest.raises(ImageError, match=r"bomb\.png.*500 megapixels"):
        read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize(("array", "word"), [(np.zeros((4, 4), np.uint8), "shape"), (np.zeros((4, 4, 3)), "float64")])
def test_arrays_of_another_kind_are_refused(array: np.ndarray, word: str) -> None:
    with pytest.raises(ImageError, match=word):
        read_image(array)


def test_a_folder_lists_its_images_only(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "inner/c.webp"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in list_images(tmp_path)] == ["a.jpg", "b.PNG"]
    assert [path.name for path in list_images(tmp_path, recursive=True)] == ["a.jpg", "b.PNG", "c.webp"]
