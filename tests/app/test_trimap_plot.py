"""The trimap plot: its axes, its values under the pointer and the keys, and its files."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fcn_studio.app.changes.trimap_plot import SAVED, TrimapAxes, TrimapPlot
from fcn_studio.core.errors import OutputError
from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS

CURVES = {
    "32s": (0.21, 0.23, 0.28, 0.36, 0.44, 0.49),
    "16s": (0.27, 0.30, 0.36, 0.44, 0.50, 0.54),
    "8s": (0.33, 0.37, 0.44, 0.51, 0.55, 0.57),
}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plot(qtbot: QtBot) -> TrimapPlot:
    made = TrimapPlot()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.set_curves(TRIMAP_WIDTHS, CURVES)
    made.show()
    return made


@given(
    values=st.lists(st.floats(0, 100), min_size=1, max_size=8),
    width=st.floats(1, 32),
    place=st.floats(0, 1),
)
def test_a_point_maps_back_to_its_value(values: list[float], width: float, place: float) -> None:
    axes = TrimapAxes(TRIMAP_WIDTHS, values, QRectF(50, 20, 600, 400))
    assert axes.ticks[0] <= min(values)
    assert max(values) <= axes.ticks[-1]
    percent = min(values) + place * (max(values) - min(values))
    point = axes.to_view(width, percent)
    assert axes.frame.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(point)
    assert axes.to_data(point) == pytest.approx((width, percent), abs=1e-6)


def test_each_doubling_of_the_width_takes_the_same_room() -> None:
    axes = TrimapAxes(TRIMAP_WIDTHS, [20, 60], QRectF(0, 0, 500, 400))
    places = [axes.to_view(width, 40).x() for width in TRIMAP_WIDTHS]
    assert places == pytest.approx([0, 100, 200, 300, 400, 500])
    assert axes.to_view(1, 60).y() < axes.to_view(1, 20).y()


def test_values_that_are_not_there_leave_usable_axes() -> None:
    axes = TrimapAxes(TRIMAP_WIDTHS, [math.nan, math.nan], QRectF(0, 0, 500, 400))
    assert (axes.ticks[0], axes.ticks[-1]) == (0, 100)


def test_the_pointer_names_the_value_under_it(plot: TrimapPlot) -> None:
    point = plot.axes().to_view(8, 100 * CURVES["16s"][3])
    QTest.mouseMove(plot, point.toPoint())
    assert "16s" in plot.marked_text
    assert "8 px" in plot.marked_text
    assert "44.0" in plot.marked_text
    assert plot.accessibleDescription() == plot.marked_text
    QTest.mouseMove(plot, QPoint(1, 1))
    assert plot.marked_text == ""


def test_the_keys_step_along_a_line_and_from_line_to_line(plot: TrimapPlot) -> None:
    for key, expected in (
        (Qt.Key.Key_Right, "33.0"),
        (Qt.Key.Key_Right, "37.0"),
        (Qt.Key.Key_Up, "30.0"),
        (Qt.Key.Key_Left, "27.0"),
        (Qt.Key.Key_Left, "27.0"),
    ):
        QTest.keyClick(plot, key)
        assert expected in plot.marked_text


def test_a_saved_svg_holds_every_series(plot: TrimapPlot, tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    plot.save(path)
    root = ElementTree.parse(path).getroot()
    words = " ".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    for variant, values in CURVES.items():
        assert f"FCN-{variant} {100 * values[-1]:.1f}" in words
    font = QFont(plot.font())
    font.setPixelSize(13)
    axes = plot.axes(QSizeF(SAVED), font)
    drawn = [
        [axes.to_data(QPointF(*map(float, point.split(",")))) for point in element.attrib["points"].split()]
        for element in root.iter(f"{SVG}polyline")
    ]
    series = [line for line in drawn if len(line) == len(TRIMAP_WIDTHS)]
    assert len(series) == len(CURVES)
    for line, values in zip(series, CURVES.values(), strict=True):
        np.testing.assert_allclose([width for width, _ in line], TRIMAP_WIDTHS, rtol=5e-3)
        np.testing.assert_allclose([percent for _, percent in line], 100 * np.array(values), atol=0.1)


def test_a_saved_pdf_is_one_page_of_the_plots_size(plot: TrimapPlot, tmp_path: Path) -> None:
    path = tmp_path / "curve.PDF"
    plot.save(path)
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    boxes = re.findall(rb"/MediaBox \[([\d. ]+)\]", data)
    assert [[round(float(edge)) for edge in box.split()] for box in boxes] == [[0, 0, SAVED.width(), SAVED.height()]]


def test_a_file_that_cannot_be_written_is_named(plot: TrimapPlot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"curve\.svg"):
        plot.save(tmp_path / "file" / "curve.svg")


def test_bands_without_boundary_are_left_out(plot: TrimapPlot, tmp_path: Path) -> None:
    plot.set_curves(TRIMAP_WIDTHS, {"8s": (math.nan,) * len(TRIMAP_WIDTHS)})
    plot.grab()
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert plot.marked_text == ""
