"""A picture is told from a mask by what it shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fcn_studio.core.datasets.masks.picture import is_picture
from tests.core.datasets.files import class_indices, picture

COLOURS = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0]], np.uint8)


def drawing() -> Image.Image:
    """Of three flat colours, as icons and screenshots have."""
    image = Image.new("RGB", (64, 48), (150, 160, 170))
    ImageDraw.Draw(image).ellipse((5, 5, 30, 35), fill=(200, 50, 60))
    ImageDraw.Draw(image).rectangle((40, 20, 60, 40), fill=(40, 60, 210))
    return image


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.tif", "a.bmp"])
@pytest.mark.parametrize("grey", [False, True])
def test_one_photo_in_two_formats_is_a_picture(tmp_path: Path, name: str, grey: bool) -> None:
    image = Image.fromarray(picture(0))
    image = image.convert("L") if grey else image
    image.save(tmp_path / "a.jpg")
    image.save(tmp_path / name)
    assert is_picture(tmp_path / name, tmp_path / "a.jpg")


def test_another_photo_is_a_picture(tmp_path: Path) -> None:
    Image.fromarray(picture(0)).save(tmp_path / "a.jpg")
    Image.fromarray(picture(1)).save(tmp_path / "a.png")
    assert is_picture(tmp_path / "a.png", tmp_path / "a.jpg")


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_drawing_of_few_colours_is_a_picture_beside_itself(tmp_path: Path, mode: str) -> None:
    drawing().save(tmp_path / "a.jpg")
    image = drawing() if mode == "RGB" else drawing().quantize(8)
    image.save(tmp_path / "a.png")
    assert is_picture(tmp_path / "a.png", tmp_path / "a.jpg")


@pytest.mark.parametrize("kind", ["L", "P", "RGB", "RGBA", "16 bit", "1", "0 and 255"])
def test_every_kind_of_mask_is_none(tmp_path: Path, kind: str) -> None:
    values = class_indices(0)
    # A photo as bright where the mask has classes: what it shows is what the mask was drawn after.
    photo = np.clip(values[..., None] * 90 + picture(0) // 4, 0, 255).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "a.jpg")
    image = Image.fromarray(values)
    match kind:
        case "P":
            image = Image.fromarray(values, "P")
            image.putpalette(COLOURS.ravel().tolist())
        case "RGB" | "RGBA":
            image = Image.fromarray(COLOURS[values]).convert(kind)
        case "16 bit":
            image = Image.fromarray(values.astype(np.uint16))
        case "1":
            image = Image.fromarray(values > 0)
        case "0 and 255":
            image = Image.fromarray((values > 0).astype(np.uint8) * np.uint8(255))
    image.save(tmp_path / "a.png")
    assert not is_picture(tmp_path / "a.png", tmp_path / "a.jpg")


def test_a_floating_tiff_and_an_animation_are_pictures(tmp_path: Path) -> None:
    Image.fromarray(picture(0)).save(tmp_path / "a.jpg")
    Image.fromarray(class_indices(0).astype(np.float32)).save(tmp_path / "a.tif")
    frames = [Image.fromarray(class_indices(seed), "P") for seed in (0, 9)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert is_picture(tmp_path / "a.tif", tmp_path / "a.jpg")
    assert is_picture(tmp_path / "a.gif", tmp_path / "a.jpg")


def test_what_cannot_be_read_is_taken_by_its_name(tmp_path: Path) -> None:
    Image.fromarray(picture(0)).save(tmp_path / "a.jpg")
    (tmp_path / "a.png").write_bytes(b"no image")
    assert not is_picture(tmp_path / "a.png", tmp_path / "a.jpg")
