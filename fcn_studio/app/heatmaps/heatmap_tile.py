"""Small multiples: one tile for each class, with its colour, its name, its heat map and a value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fcn_studio.app.canvas.heat_picture import HeatPlane
from fcn_studio.app.canvas.view_transform import Placement
from fcn_studio.app.values.appearance import ColourTable
from fcn_studio.app.widgets.own_keys import LeavesLetters, keeps_key

MARGIN = 6  # between tiles' frames and what is in them
GAP = 4  # between caption and picture
SWATCH = 10
SMALLEST, LARGEST = 140, 420  # a picture's width
CROSS = 5  # half the size of the cross-hair
CLASS = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """What a tile shows.

    Attributes:
        index: Of the class.
        name: Of the class.
        colour: Of the class, (R, G, B).
        plane: Its map.
        value: What to write beside the name.
    """

    index: int
    name: str
    colour: tuple[int, int, int]
    plane: HeatPlane
    value: str


def tile_size(room: QSize, count: int, caption: int, aspect: float) -> tuple[QSize, bool]:
    """The size of cells with the largest pictures that leave no tile out of sight, and whether all are in sight.

    Where pictures would be narrower than SMALLEST, they are that wide and the tiles scroll.

    Args:
        room: Of all tiles.
        count: How many there are.
        caption: Height of what is not picture.
        aspect: Height of a picture for each of its width.
    """
    best, found = 0.0, QSize()
    for columns in range(1, max(count, 1) + 1):
        rows = -(-count // columns)
        cell = QSize(room.width() // columns, room.height() // max(rows, 1))
        picture = min(cell.width() - 2 * MARGIN, (cell.height() - caption) / aspect, LARGEST)
        if picture > best:
            best, found = picture, QSize(cell.width(), caption + math.floor(picture * aspect))
    if best >= SMALLEST:
        return found, True
    columns = max(room.width() // (SMALLEST + 2 * MARGIN), 1)
    width = max(room.width() // columns, 2 * MARGIN + 1)
    return QSize(width, caption + round((width - 2 * MARGIN) * aspect)), False


class _TileDelegate(QStyledItemDelegate):
    """Draws a tile."""

    def __init__(self, tiles: HeatmapTiles) -> None:
        super().__init__(tiles)
        self._tiles = tiles

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All tiles are of one size."""
        return self._tiles.gridSize()

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draws one tile."""
        tile = self._tiles.tiles.get(index.data(CLASS))
        if tile is None:
            return
        painter.save()
        palette = option.palette
        place = self._tiles.picture_rect(option.rect.topLeft())
        line = self._tiles.line_rect(option.rect.topLeft())
        cell = line.united(place).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        over = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = palette.highlight().color() if focus else palette.mid().color()
        painter.setPen(QPen(edge, 2 if focus else 1))
        ground = QColor(palette.text().color())
        ground.setAlpha(16 if over else 0)
        painter.setBrush(ground)
        if over or focus:
            painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), 5, 5)
        swatch = QRectF(line.x(), line.center().y() - SWATCH / 2, SWATCH, SWATCH)
        painter.setPen(QPen(QColor(128, 128, 128), 0.5))
        painter.setBrush(QColor(*tile.colour))
        painter.drawRoundedRect(swatch, 2, 2)
        metrics = QFontMetrics(option.font)
        value = self._tiles.value_of(tile)
        wide = metrics.horizontalAdvance(value)
        painter.setPen(palette.placeholderText().color())
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)
        name = line.adjusted(SWATCH + 6, 0, -wide - 8, 0)
        painter.setPen(palette.text().color())
        words = metrics.elidedText(tile.name, Qt.TextElideMode.ElideRight, max(int(name.width()), 0))
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._tiles.paint_picture(painter, tile, place)
        painter.restore()


class HeatmapTiles(LeavesLetters, QListView):
    """A grid of tiles that scrolls where it must.

    Signals:
        chosen: A tile was clicked, or Enter pressed on it. (index of the class)
        pointer_moved: The pointer is over another pixel. ((x, y) of the photo, or None; index of the class, or -1)
    """

    chosen = Signal(int)
    pointer_moved = Signal(object, int)

    OWN = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Return, Qt.Key.Key_Enter)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("heatmap_tiles")
        self.tiles: dict[int, Tile] = {}
        self._order: tuple[int, ...] = ()
        self._colours: ColourTable = ()
        self._values: dict[int, str] = {}
        self._pixel: tuple[int, int] | None = None
        self._photo = (1, 1)  # height, width
        self._images: dict[int, QImage] = {}
        self._images_for: tuple[Placement, float] | None = None
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_TileDelegate(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.clicked.connect(self._on_clicked)

    @property
    def order(self) -> tuple[int, ...]:
        """The classes' indices as they are laid out."""
        return self._order

    @property
    def line_height(self) -> int:
        """Of a caption."""
        return self.fontMetrics().height() + 2

    def set_tiles(self, tiles: tuple[Tile, ...], photo: tuple[int, int]) -> None:
        """Other maps, in the order in which they are laid out; `photo` is its (height, width)."""
        order = tuple(tile.index for tile in tiles)
        self.tiles = {tile.index: tile for tile in tiles}
        self._photo = photo
        self._images.clear()
        if order != self._order:
            current = self.current_class
            self._order = order
            self._model.clear()
            for tile in tiles:
                item = QStandardItem(tile.name)
                item.setData(tile.index, CLASS)
                self._model.appendRow(item)
            if order:
                self.set_current(current if current in self.tiles else order[0])
        for row, tile in enumerate(tiles):
            item = self._model.item(row)
            item.setData(f"{tile.name}, {tile.value}", Qt.ItemDataRole.AccessibleTextRole)
        self._lay_out()
        self.viewport().update()

    def set_colours(self, colours: ColourTable) -> None:
        """Other colours of the maps: the indices stay as they are."""
        self._colours = colours
        for image in self._images.values():
            image.setColorTable(colours)
        self.viewport().update()

    def set_pointer(self, pixel: tuple[int, int] | None, values: dict[int, str]) -> None:
        """Marks a pixel in every tile, and writes the classes' values there in place of their own."""
        if (pixel, values) != (self._pixel, self._values):
            self._pixel, self._values = pixel, values
            self.viewport().update()

    @property
    def current_class(self) -> int:
        """Index of the class that the keys stand on; -1 for none."""
        found = self.currentIndex().data(CLASS)
        return -1 if found is None else int(found)

    def set_current(self, index: int) -> None:
        """Puts the keys on a class."""
        if index in self._order:
            self.setCurrentIndex(self._model.index(self._order.index(index), 0))

    def value_of(self, tile: Tile) -> str:
        """What stands beside the tile's name."""
        return self._values.get(tile.index, tile.value)

    def picture_rect(self, corner: QPoint) -> QRectF:
        """Where the map lies in a tile with this top left corner."""
        width = self.gridSize().width() - 2 * MARGIN
        top = MARGIN + self.line_height + GAP
        height = self.gridSize().height() - top - MARGIN
        scale = min(width / self._photo[1], height / self._photo[0])
        size = (max(round(self._photo[1] * scale), 1), max(round(self._photo[0] * scale), 1))
        return QRectF(corner.x() + MARGIN, corner.y() + top, *size)

    def line_rect(self, corner: QPoint) -> QRectF:
        """Where the caption lies in a tile with this top left corner: as wide as the map, but for narrow ones."""
        room = self.gridSize().width() - 2 * MARGIN
        width = min(max(self.picture_rect(corner).width(), SMALLEST), room)
        return QRectF(corner.x() + MARGIN, corner.y() + MARGIN, width, self.line_height)

    def paint_picture(self, painter: QPainter, tile: Tile, place: QRectF) -> None:
        """Draws a tile's map and the cross-hair in it."""
        ratio = self.devicePixelRatioF()
        placement = self._placement(place, ratio)
        if self._images_for != (placement, ratio):
            self._images.clear()
            self._images_for = (placement, ratio)
        if tile.index not in self._images:
            image = tile.plane.image(placement, self._colours)
            if image is None:
                return
            image.setDevicePixelRatio(ratio)
            self._images[tile.index] = image
        painter.drawImage(place.topLeft(), self._images[tile.index])
        if self._pixel is None:
            return
        zoom = placement.zoom / ratio
        x, y = round(place.x() + (self._pixel[0] + 0.5) * zoom), round(place.y() + (self._pixel[1] + 0.5) * zoom)
        painter.setClipRect(place)
        for colour, width in ((QColor(0, 0, 0, 170), 3.0), (QColor(255, 255, 255), 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x - CROSS, y), QPointF(x + CROSS, y))
            painter.drawLine(QPointF(x, y - CROSS), QPointF(x, y + CROSS))
        painter.setClipping(False)

    def _placement(self, place: QRectF, ratio: float) -> Placement:
        width, height = round(place.width() * ratio), round(place.height() * ratio)
        # Rather a little too large: each screen pixel of the tile is to have one of the photo's.
        zoom = max(width / self._photo[1], height / self._photo[0])
        return Placement(zoom, 0, 0, width, height, self._photo[1], self._photo[0])

    def pixel_at(self, position: QPointF) -> tuple[tuple[int, int] | None, int]:
        """The photo's pixel at a place of the viewport, and the class of the tile there; None and -1 for none."""
        index = self.indexAt(position.toPoint())
        tile = self.tiles.get(index.data(CLASS)) if index.isValid() else None
        if tile is None:
            return None, -1
        place = self.picture_rect(self.visualRect(index).topLeft())
        if not place.contains(position):
            return None, tile.index
        x = int((position.x() - place.x()) / place.width() * self._photo[1])
        y = int((position.y() - place.y()) / place.height() * self._photo[0])
        return (min(x, self._photo[1] - 1), min(y, self._photo[0] - 1)), tile.index

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tells what is under the pointer."""
        super().mouseMoveEvent(event)
        self.pointer_moved.emit(*self.pixel_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Takes the cross-hair away."""
        super().leaveEvent(event)
        self.pointer_moved.emit(None, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens a tile."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.current_class >= 0:
            self.chosen.emit(self.current_class)
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keeps the keys that move between tiles for itself while it has the focus."""
        return keeps_key(event, lambda pressed: pressed.key() in self.OWN) or super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tiles as large as fit."""
        self._lay_out()
        super().resizeEvent(event)

    def _lay_out(self) -> None:
        caption = 2 * MARGIN + self.line_height + GAP
        aspect = min(max(self._photo[0] / self._photo[1], 0.3), 1.6)
        room = QSize(self.width() - 4, self.height() - 4)
        size, fits = tile_size(room, len(self._order), caption, aspect)
        if not fits:
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
            size = tile_size(room, len(self._order), caption, aspect)[0]
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if fits else Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        self.setVerticalScrollBarPolicy(policy)
        if self.gridSize() != size:
            self.setGridSize(size)

    def _on_clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(int(index.data(CLASS)))
