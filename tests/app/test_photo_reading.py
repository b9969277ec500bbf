"""Unusual photos in the window: seen as they are meant, and told quietly; what is not read is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QColorSpace, QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fcn_studio.app.intake.incoming import to_pixels
from fcn_studio.app.intake.thumbnails import Thumbnails
from fcn_studio.app.values.captions import origin_text
from fcn_studio.app.values.panels import PHOTO, PanelId
from fcn_studio.app.window.main_window import MainWindow
from tests.app.conftest import drag_and_drop, open_files, wait_until_done
from tests.app.test_intake import names, problem
from tests.core.test_colour_profile import swapped


def reading(window: MainWindow) -> QLabel:
    found = window.findChild(QLabel, "status_reading")
    assert isinstance(found, QLabel)
    return found


def test_a_deep_photo_is_bright_and_its_white_is_told(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    values = np.tile(np.linspace(0, 3000, 96), (64, 1)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "microscope.tif", values, photometric="minisblack")
    Image.new("RGB", (96, 64), "green").save(tmp_path / "plain.png")
    open_files(qtbot, window, tmp_path / "microscope.tif")
    shown = window.session.shown
    assert shown is not None
    assert abs(int(shown.result.levels[0].max()) - 187) <= 1  # 3000 of 4095
    label = reading(window)
    assert label.isVisible()
    assert "4095 (12 bits) for white" in label.toolTip()
    assert label.text()
    assert "4095 (12 bits) for white" in origin_text(PanelId(PHOTO), shown)
    assert problem(window) == "", "nothing is wrong"
    open_files(qtbot, window, tmp_path / "plain.png")
    assert reading(window).toolTip() == ""
    window.session.list.go_to(0)
    wait_until_done(qtbot, window)
    assert "12 bits" in label.toolTip(), "from what was kept, too"


def test_the_profile_of_a_photo_is_followed_on_screen_and_in_the_strip(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    Image.new("RGB", (96, 64), "red").save(tmp_path / "swapped.png", icc_profile=swapped())
    open_files(qtbot, window, tmp_path / "swapped.png")
    shown = window.session.shown
    assert shown is not None
    assert shown.result.levels[0][5, 5, 2] > 250
    assert reading(window).toolTip() == ""
    thumbnails = window.findChild(Thumbnails)
    assert thumbnails is not None
    thumbnails.request(shown.photo)
    qtbot.waitUntil(lambda: thumbnails.get(shown.photo) is not None)
    small = thumbnails.get(shown.photo)
    assert small is not None
    assert small.pixelColor(5, 5).blue() > 250
    assert small.pixelColor(5, 5).red() < 6


def test_a_folder_tells_what_is_left_out(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "camera"
    folder.mkdir()
    Image.new("RGB", (96, 64), "green").save(folder / "a.jfif", format="JPEG")
    Image.new("RGB", (96, 64), "blue").save(folder / "b.JP2")
    for name in ("c.CR2", "d.cr2", "notes.txt"):
        (folder / name).write_bytes(b"II*\0")
    open_files(qtbot, window, folder)
    assert names(window) == ["a.jfif", "b.JP2"]
    assert window.workspace.notice.isVisible()
    assert "c.CR2 and 1 more left out: a camera's raw file" in window.workspace.notice.text


def test_a_pasted_picture_of_other_colours_is_brought_to_srgb(qtbot: QtBot, window: MainWindow) -> None:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0xFF_C8_3C_3C)
    image.setColorSpace(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3))
    red, green, blue = (int(value) for value in to_pixels(image)[3, 3])
    # (200, 60, 60) of Display P3, whose curve is sRGB's, by the matrix of the two sets of primaries (SMPTE EG 432-1).
    assert np.abs(np.array([red, green, blue]) - (217, 42, 52)).max() <= 3
    mime = QMimeData()
    mime.setImageData(image)
    assert drag_and_drop(window, mime)
    wait_until_done(qtbot, window)
    shown = window.session.shown
    assert shown is not None
    assert shown.result.levels[0][3, 3].tolist() == [red, green, blue]


def test_a_raw_file_beside_its_photo_is_no_mask(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    Image.new("RGB", (96, 64), "green").save(tmp_path / "IMG_1.JPG")
    Image.new("RGB", (16, 12), "green").save(tmp_path / "IMG_1.CR2", format="TIFF")
    open_files(qtbot, window, tmp_path / "IMG_1.JPG")
    open_files(qtbot, window, tmp_path / "IMG_1.CR2")
    assert "IMG_1.CR2: a camera's raw file; develop it" in problem(window)
