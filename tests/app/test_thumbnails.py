"""Thumbnails: what real files become, in which order they are served, and that the thread survives and ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QThread
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from fcn_studio.app.intake import thumbnails as module
from fcn_studio.app.intake.thumbnails import PENDING, Thumbnails
from fcn_studio.app.values.jobs import Photo
from fcn_studio.core.images.image import read_small


@pytest.fixture
def thumbnails(qtbot: QtBot) -> Iterator[Thumbnails]:
    made = Thumbnails()
    yield made
    made.close()
    assert not made.running


def made(qtbot: QtBot, thumbnails: Thumbnails, photo: Photo) -> QImage | None:
    """What the thread makes of a photo."""
    with qtbot.waitSignal(thumbnails.ready, timeout=10_000) as blocker:
        thumbnails.request(photo)
    assert blocker.args is not None
    assert blocker.args[0] is photo
    image = blocker.args[1]
    assert image is thumbnails.get(photo)
    return image if isinstance(image, QImage) else None


def colour(image: QImage, x: float, y: float) -> tuple[int, int, int]:
    """RGB at a place given in shares of width and height."""
    pixel = image.pixelColor(int(x * image.width()), int(y * image.height()))
    return pixel.red(), pixel.green(), pixel.blue()


def close_to(found: tuple[int, int, int], wanted: tuple[int, int, int], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def test_a_wide_photo_fits_the_box_and_keeps_its_shape(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    path = tmp_path / "wide.jpg"
    Image.new("RGB", (1920, 640), (200, 30, 30)).save(path)
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert (image.width(), image.height()) == (192, 64)  # a third as high as it is wide
    assert close_to(colour(image, 0.5, 0.5), (200, 30, 30))


def test_a_tall_photo_is_bound_by_the_height(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    path = tmp_path / "tall.png"
    Image.new("RGB", (500, 1000), "white").save(path)
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert (image.width(), image.height()) == (64, 128)


def test_a_photo_that_is_smaller_is_not_blown_up(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    Image.new("RGB", (30, 20), "white").save(path)
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert (image.width(), image.height()) == (30, 20)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_photo_taken_sideways_is_upright(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path, suffix: str) -> None:
    """Orientation 6: the camera was turned, the first row of pixels is the right edge."""
    pixels = np.zeros((400, 800, 3), np.uint8)
    pixels[:200] = (255, 0, 0)
    pixels[200:] = (0, 0, 255)
    stored = Image.fromarray(pixels)
    exif = stored.getexif()
    exif[0x0112] = 6
    path = tmp_path / f"turned.{suffix}"
    stored.save(path, exif=exif)
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert (image.width(), image.height()) == (64, 128)
    assert close_to(colour(image, 0.9, 0.5), (255, 0, 0))
    assert close_to(colour(image, 0.1, 0.5), (0, 0, 255))


def test_cmyk_becomes_rgb(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    path = tmp_path / "cmyk.jpg"
    Image.new("CMYK", (300, 200), (0, 255, 255, 0)).save(path)  # no cyan, all magenta and yellow: red
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert close_to(colour(image, 0.5, 0.5), (255, 0, 0))


def test_sixteen_bits_are_scaled_not_clipped(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((200, 300), 32768, np.uint16)).save(path)
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert close_to(colour(image, 0.5, 0.5), (128, 128, 128), by=1)


def test_transparency_lies_on_white(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (300, 200), (0, 0, 0, 0)).save(path)
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert colour(image, 0.5, 0.5) == (255, 255, 255)


def test_a_palette_is_looked_up(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    path = tmp_path / "indexed.png"
    indexed = Image.new("P", (300, 200), 1)
    indexed.putpalette([0, 0, 0, 10, 200, 90])
    indexed.save(path)
    image = made(qtbot, thumbnails, Photo.from_path(path))
    assert image is not None
    assert colour(image, 0.5, 0.5) == (10, 200, 90)


def test_pixels_need_no_file(qtbot: QtBot, thumbnails: Thumbnails) -> None:
    pixels = np.zeros((640, 960, 3), np.uint8)
    pixels[:, :480] = (0, 255, 0)
    pixels.setflags(write=False)
    image = made(qtbot, thumbnails, Photo(name="pasted", pixels=pixels))
    assert image is not None
    assert (image.width(), image.height()) == (192, 128)
    assert close_to(colour(image, 0.25, 0.5), (0, 255, 0))
    assert close_to(colour(image, 0.75, 0.5), (0, 0, 0))


def test_bad_files_give_nothing_and_the_next_photo_is_still_read(
    qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    good = tmp_path / "good.jpg"
    noise = np.random.default_rng(3).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(good)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(good.read_bytes()[:3000])
    text = tmp_path / "text.jpg"
    text.write_text("not a picture", encoding="utf-8")
    empty = tmp_path / "empty.png"
    empty.touch()
    for path in (cut, text, empty, tmp_path / "missing.png", tmp_path):
        assert made(qtbot, thumbnails, Photo.from_path(path)) is None
    assert made(qtbot, thumbnails, Photo.from_path(good)) is not None


def test_a_file_that_cannot_be_read_is_tried_once(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    photo = Photo.from_path(tmp_path / "missing.png")
    assert made(qtbot, thumbnails, photo) is None
    with qtbot.assertNotEmitted(thumbnails.ready, wait=100):
        thumbnails.request(photo)


def test_the_newest_request_is_served_first(qtbot: QtBot, thumbnails: Thumbnails) -> None:
    photos = photos_of_noise(20)
    served: list[Photo] = []
    thumbnails.ready.connect(lambda photo, image: served.append(photo))
    for photo in photos:
        thumbnails.request(photo)
    qtbot.waitUntil(lambda: len(served) == len(photos), timeout=20_000)
    assert served[0] is photos[0]  # under way before the others came
    assert served[1:] == photos[:0:-1]


def test_asking_twice_serves_once_and_moves_ahead(qtbot: QtBot, thumbnails: Thumbnails) -> None:
    photos = photos_of_noise(5)
    served: list[Photo] = []
    thumbnails.ready.connect(lambda photo, image: served.append(photo))
    for photo in (*photos, photos[1], photos[0]):
        thumbnails.request(photo)
    qtbot.waitUntil(lambda: len(served) == len(photos), timeout=20_000)
    qtbot.wait(100)
    assert served == [photos[0], photos[1], photos[4], photos[3], photos[2]]


def test_too_many_requests_drop_the_oldest_which_may_be_asked_again(qtbot: QtBot, thumbnails: Thumbnails) -> None:
    photos = photos_of_noise(PENDING + 11)
    served: list[Photo] = []
    thumbnails.ready.connect(lambda photo, image: served.append(photo))
    for photo in photos:
        thumbnails.request(photo)  # the first is under way at once, then the ten after it fall out
    qtbot.waitUntil(lambda: len(served) == PENDING + 1, timeout=30_000)
    qtbot.wait(100)
    assert set(served) == {photos[0], *photos[11:]}
    assert made(qtbot, thumbnails, photos[5]) is not None


def test_old_thumbnails_are_forgotten_but_not_those_in_use(
    qtbot: QtBot, thumbnails: Thumbnails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    first, second, third, fourth = photos_of_noise(4)
    for photo in (first, second, third):
        made(qtbot, thumbnails, photo)
    assert thumbnails.get(first) is not None  # now the most recently used
    made(qtbot, thumbnails, fourth)
    assert thumbnails.get(second) is None
    assert all(thumbnails.get(photo) is not None for photo in (first, third, fourth))
    assert made(qtbot, thumbnails, second) is not None


def test_pillow_runs_in_the_thread_only(
    qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (300, 200)).save(path)
    threads: list[QThread] = []

    def spied(place: Path, box: tuple[int, int], most_pixels: int) -> NDArray[np.uint8]:
        threads.append(QThread.currentThread())
        return read_small(place, box, most_pixels)

    monkeypatch.setattr(module, "read_small", spied)
    assert made(qtbot, thumbnails, Photo.from_path(path)) is not None
    assert [thread is QThread.currentThread() for thread in threads] == [False]


def test_closing_ends_the_thread_with_requests_still_waiting(qtbot: QtBot) -> None:
    thumbnails = Thumbnails()
    assert thumbnails.running
    for photo in photos_of_noise(50):
        thumbnails.request(photo)
    thumbnails.close()
    assert not thumbnails.running
    with qtbot.assertNotEmitted(thumbnails.ready, wait=100):
        thumbnails.request(photos_of_noise(1)[0])
    thumbnails.close()  # twice does no harm


def photos_of_noise(count: int) -> list[Photo]:
    pixels = np.random.default_rng(7).integers(0, 256, (300, 450, 3), dtype=np.uint8)
    return [Photo(name=f"photo {number}", pixels=pixels) for number in range(count)]
