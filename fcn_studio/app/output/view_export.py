"""The view as it is on screen, to a file or the clipboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QPoint, QSizeF
from PySide6.QtGui import QGuiApplication, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from fcn_studio.core.errors import OutputError
from fcn_studio.core.files import whole_file

SUFFIXES = (".png", ".svg", ".pdf")
PDF_RESOLUTION = 300  # dots per inch
SCREEN_RESOLUTION = 96


def save_view(widget: QWidget, path: Path) -> None:
    """Writes what a widget shows: PNG in the screen's own pixels, SVG and PDF with text as text.

    Raises:
        OutputError: Another kind of file, or it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError(f"{path.name}: the view is saved as PNG, SVG or PDF; give the name one of these endings.")
    with whole_file(path) as temporary:
        if suffix == ".png":
            done = widget.grab().save(str(temporary), "PNG")
        elif suffix == ".svg":
            done = _save_svg(widget, temporary)
        else:
            done = _save_pdf(widget, temporary)
        if not done:
            raise OutputError(f"{path} could not be written; choose another folder or free some space.")


def copy_view(widget: QWidget) -> None:
    """Puts what a widget shows on the clipboard."""
    QGuiApplication.clipboard().setPixmap(widget.grab())


def _save_svg(widget: QWidget, path: Path) -> bool:
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    generator.setTitle("FCN Studio")
    return _paint(widget, QPainter(generator))


def _save_pdf(widget: QWidget, path: Path) -> bool:
    writer = QPdfWriter(str(path))
    writer.setCreator("FCN Studio")
    writer.setResolution(PDF_RESOLUTION)
    points = QSizeF(widget.width(), widget.height()) * (72 / SCREEN_RESOLUTION)
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(writer)
    painter.scale(PDF_RESOLUTION / SCREEN_RESOLUTION, PDF_RESOLUTION / SCREEN_RESOLUTION)
    return _paint(widget, painter)


def _paint(widget: QWidget, painter: QPainter) -> bool:
    active = painter.isActive()
    if active:
        widget.render(painter, QPoint())
        painter.end()
    return active
