"""Ground truth in the window: found by name, dropped, chosen; what it says of each variant, and the wrong pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import qimage2ndarray
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fcn_studio.app.values.panels import TRUTH_PANEL, PanelId
from fcn_studio.app.window.main_window import MainWindow
from fcn_studio.core.graph.names import PUBLISHED as VARIANTS
from fcn_studio.core.labels import LabelSet
from tests.app.conftest import act, drag_and_drop, files, open_files, wait_until_done

MakePhoto = Callable[..., Path]


def bands(path: Path, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """A mask of bands of all 11 classes, with void above."""
    mask = np.repeat(np.arange(height) * 12 // height, width).reshape(height, width).astype(np.uint8)
    mask[mask == 11] = 0
    mask[:10] = 11
    Image.fromarray(mask).save(path)
    return mask


def shown_mask(window: MainWindow, variant: str) -> NDArray[np.uint8]:
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    return window.session.shown.trace.mask(variant)


def scores_by_hand(truth: NDArray[np.uint8], mask: NDArray[np.uint8]) -> tuple[str, str]:
    """Mean IU and pixel accuracy in percent, class by class with sets of pixels; void left out."""
    known = truth != 11
    shares = []
    for index in range(11):
        true, found = (truth == index) & known, (mask == index) & known
        if (true | found).any():
            shares.append((true & found).sum() / (true | found).sum())
    return f"{100 * np.mean(shares):.1f}", f"{100 * (truth == mask)[known].mean():.1f}"


def label(window: MainWindow, name: str) -> str:
    found = window.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def notice_button(window: MainWindow, text: str) -> QPushButton:
    return next(button for button in window.workspace.notice.findChildren(QPushButton) if button.text() == text)


@pytest.mark.parametrize("layout", ["beside", "masks"])
def test_a_mask_of_the_photos_name_is_found_and_counted(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, layout: str
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    photo = make_photo("images/street.jpg")
    truth = bands(tmp_path / ("images/street.png" if layout == "beside" else "masks/street.png"))
    open_files(qtbot, window, photo)
    assert [str(panel) for panel in window.compare.visible_panels] == ["photo", "truth", "32s", "16s", "8s"]
    found = window.compare.panels[TRUTH_PANEL].canvas.layers.content.mask
    np.testing.assert_array_equal(found, truth)
    for variant in VARIANTS:
        mean_iu, accuracy = scores_by_hand(truth, shown_mask(window, variant))
        text = label(window, f"score_{variant}")
        assert f"mean IU {mean_iu}" in text
        assert f"pixel accuracy {accuracy}" in text


def test_a_dropped_mask_becomes_the_truth_and_a_word_says_so(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    photo = make_photo("street.jpg")
    bands(tmp_path / "labels-of-it.png")
    open_files(qtbot, window, photo)
    assert TRUTH_PANEL not in window.compare.visible_panels
    open_files(qtbot, window, tmp_path / "labels-of-it.png")
    assert TRUTH_PANEL in window.compare.visible_panels
    assert len(window.session.list.photos) == 1
    assert window.workspace.notice.isVisible()
    notice_button(window, "Undo").click()
    wait_until_done(qtbot, window)
    assert TRUTH_PANEL not in window.compare.visible_panels


def test_a_dropped_mask_can_be_opened_as_a_photo_after_all(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    bands(tmp_path / "picture.png")
    open_files(qtbot, window, tmp_path / "picture.png")
    notice_button(window, "Open as Photo").click()
    wait_until_done(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["street.jpg", "picture.png"]
    assert window.session.shown is not None
    assert window.session.shown.photo.name == "picture.png"
    assert window.session.shown.result.truth is None


def test_a_picture_of_another_size_is_a_photo(qtbot: QtBot, window: MainWindow, make_photo: MakePhoto) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    open_files(qtbot, window, make_photo("other.png", width=100, height=90))
    assert [photo.name for photo in window.session.list.photos] == ["street.jpg", "other.png"]


@pytest.mark.parametrize("ending", ["gif", "tif", "bmp"])
def test_a_dropped_mask_need_not_be_a_png(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, ending: str
) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    truth = bands(tmp_path / "drawn.png")
    Image.fromarray(truth).save(tmp_path / f"drawn.{ending}")
    assert drag_and_drop(window, files(tmp_path / f"drawn.{ending}"))
    wait_until_done(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["street.jpg"]
    np.testing.assert_array_equal(window.compare.panels[TRUTH_PANEL].canvas.layers.content.mask, truth)


def test_a_dropped_mask_of_another_size_is_told_and_can_be_opened_as_a_photo(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    bands(tmp_path / "wider.png", width=321)
    assert drag_and_drop(window, files(tmp_path / "wider.png"))
    wait_until_done(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["street.jpg"]
    assert TRUTH_PANEL not in window.compare.visible_panels
    said = " ".join(label.text() for label in window.workspace.notice.findChildren(QLabel))
    assert "wider.png looks like a mask" in said
    assert "321x240" in said
    assert "320x240" in said
    assert "nearest neighbour" in said
    notice_button(window, "Open as Photo").click()
    wait_until_done(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["street.jpg", "wider.png"]


def test_a_dropped_mask_of_other_classes_that_is_named_after_the_photo_is_explained(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    truth = bands(tmp_path / "drawn.png")
    (tmp_path / "drawn").mkdir()
    Image.fromarray(truth + np.uint8(100)).save(tmp_path / "drawn" / "street_mask.png")
    assert drag_and_drop(window, files(tmp_path / "drawn" / "street_mask.png"))
    wait_until_done(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["street.jpg"]
    said = " ".join(label.text() for label in window.workspace.notice.findChildren(QLabel))
    assert "street_mask.png is named like a mask of street.jpg" in said
    assert "neither one of the 11 classes" in said


def test_a_chosen_mask_that_does_not_fit_is_explained_and_the_masks_are_shown(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    bands(tmp_path / "small.png", 100, 90)
    current = window.session.list.current
    assert current is not None
    window.intake.use_truth(current, tmp_path / "small.png")
    wait_until_done(qtbot, window)
    assert window.workspace.banner.isVisible()
    assert "100x90" in label(window, "error_text")
    assert window.session.shown is not None
    assert window.session.shown.trace is not None
    act(window, "file.forget_truth")
    wait_until_done(qtbot, window)
    assert not window.workspace.banner.isVisible()


def test_a_folder_with_masks_lists_photos_only_and_gives_each_its_truth(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    for name in ("val", "valannot"):
        (tmp_path / name).mkdir()
    for number in (1, 2, 10):
        make_photo(f"val/{number}.png", seed=number)
        bands(tmp_path / "valannot" / f"{number}.png")
    assert drag_and_drop(window, files(tmp_path))
    wait_until_done(qtbot, window)
    assert [photo.name for photo in window.session.list.photos] == ["1.png", "2.png", "10.png"]
    act(window, "go.last")
    wait_until_done(qtbot, window)
    assert TRUTH_PANEL in window.compare.visible_panels


def test_wrong_pixels_only(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, camvid: LabelSet
) -> None:
    photo = make_photo("street.jpg")
    truth = bands(tmp_path / "street.png")
    open_files(qtbot, window, photo)
    act(window, "layout.single")
    window.session.presentation.set_opacity(100)
    act(window, "view.actual")
    act(window, "masks.errors")
    canvas = window.compare.panels[PanelId("8s")].canvas
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = qimage2ndarray.rgb_view(image)
    left, top = canvas.placement().left, canvas.placement().top
    seen = pixels[top : top + 240, left : left + 320]
    mask = shown_mask(window, "8s")
    wrong = (mask != truth) & (truth != camvid.void)
    assert 0.2 < wrong.mean() < 1
    assert np.array_equal(seen[wrong], camvid.palette()[mask[wrong]])
    rest = seen[~wrong].astype(int)
    assert np.array_equal(rest.min(axis=1), rest.max(axis=1)), "right and void pixels show the photo in grey"


def unnamed(tmp_path: Path) -> None:
    """Nothing says any more what the classes of this folder's masks are."""
    (tmp_path / "labels.json").unlink()


def test_a_mask_of_classes_that_nobody_names_is_shown_and_compared_when_the_user_says_so(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    unnamed(tmp_path)
    truth = bands(tmp_path / "labels-of-it.png")
    open_files(qtbot, window, tmp_path / "labels-of-it.png")
    assert TRUTH_PANEL in window.compare.visible_panels
    assert "mean IU" not in label(window, "score_8s")
    assert label(window, "score_8s") == "ground truth without class names"
    assert not window.workspace.banner.isVisible()
    notice_button(window, "Read as camvid").click()
    wait_until_done(qtbot, window)
    assert f"mean IU {scores_by_hand(truth, shown_mask(window, '8s'))[0]}" in label(window, "score_8s")
    act(window, "file.forget_truth")
    wait_until_done(qtbot, window)
    assert TRUTH_PANEL not in window.compare.visible_panels


def test_a_dropped_mask_can_be_undone_where_it_is_asked_what_it_shows(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    open_files(qtbot, window, make_photo("street.jpg"))
    unnamed(tmp_path)
    bands(tmp_path / "labels-of-it.png")
    open_files(qtbot, window, tmp_path / "labels-of-it.png")
    notice_button(window, "Undo").click()
    wait_until_done(qtbot, window)
    assert TRUTH_PANEL not in window.compare.visible_panels


def test_a_mask_in_the_nets_colours_needs_no_name(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path, camvid: LabelSet
) -> None:
    photo = make_photo("street.jpg")
    unnamed(tmp_path)
    truth = bands(tmp_path / "street.png")
    order = np.random.default_rng(0).permutation(12)
    image = Image.fromarray(np.argsort(order)[truth].astype(np.uint8))
    image.putpalette(np.array([*camvid.colours, camvid.void_colour], np.uint8)[order].tobytes())
    image.save(tmp_path / "street.png")
    open_files(qtbot, window, photo)
    np.testing.assert_array_equal(window.compare.panels[TRUTH_PANEL].canvas.layers.content.mask, truth)
    assert f"mean IU {scores_by_hand(truth, shown_mask(window, '8s'))[0]}" in label(window, "score_8s")


def test_a_photo_that_exif_turns_says_why_its_mask_does_not_fit(
    qtbot: QtBot, window: MainWindow, make_photo: MakePhoto, tmp_path: Path
) -> None:
    photo = make_photo("street.jpg")
    with Image.open(photo) as image:
        exif = Image.Exif()
        exif[0x0112] = 6
        image.save(photo, exif=exif)
    bands(tmp_path / "street_mask.png")
    open_files(qtbot, window, photo)
    assert window.workspace.banner.isVisible()
    assert "EXIF orientation turns it: turn the masks too" in label(window, "error_text")
