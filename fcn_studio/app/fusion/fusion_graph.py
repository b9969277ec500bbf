"""The net after its trunk, drawn: a picture in every node, and on the arrows what happens between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

LEAST_COLUMNS = 3  # small graphs are not drawn any larger
GAP_X, GAP_Y = 34, 26  # room for arrows
WIDE_GAP_X, FEW_COLUMNS = 110, 4  # graphs of few nodes have room for words on their arrows
CAPTION = 32  # below each picture: name and grid
MARGIN = 8


@dataclass(frozen=True, slots=True)
class Node:
    """One picture of the graph.

    Attributes:
        name: As `Trace.node` has it, a variant, or a stage of a decoder.
        column: Place, from the left.
        row: 0 is the road from the coarsest scores to the mask, 1 the skips.
        caption: Grid size and stride.
        title: What it is called; empty for its name.
        empty: What is said in place of a picture that there never will be.
    """

    name: str
    column: int
    row: int
    caption: str
    title: str = ""
    empty: str = ""

    @property
    def words(self) -> str:
        """What it is called."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one node to another.

    Attributes:
        start: Name of a node.
        end: Name of a node.
        label: What happens, such as `x2`.
        colour: As `#rrggbb`, or empty for the text's own.
        strength: 0 to 2, drawn as width.
    """

    start: str
    end: str
    label: str
    colour: str = ""
    strength: float = 1.0


class FusionGraph(QWidget):
    """Draws nodes and arrows; a click or Enter asks for a node.

    Signals:
        node_chosen: A node is to be opened. (its name)
    """

    node_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fusion_graph")
        self.setAccessibleName(self.tr("Fusion graph"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._nodes: tuple[Node, ...] = ()
        self._arrows: tuple[Arrow, ...] = ()
        self._pictures: dict[str, QImage] = {}
        self._aspect = 4 / 3
        self._tip = ""
        self._chosen = 0
        self._hovered: str | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """What is drawn."""
        return self._nodes

    def set_graph(
        self, nodes: tuple[Node, ...], arrows: tuple[Arrow, ...], aspect: float, tip: str | None = None
    ) -> None:
        """Another net or photo; pictures come later.

        Args:
            nodes: From left to right.
            arrows: Between them.
            aspect: Width of the photo over its height.
            tip: What a click on a node does, with {0} for its name.
        """
        self._nodes, self._arrows, self._aspect = nodes, arrows, aspect
        self._tip = self.tr("Open {0} as heat maps") if tip is None else tip
        self._chosen = min(self._chosen, max(len(nodes) - 1, 0))
        self._pictures = {name: image for name, image in self._pictures.items() if any(n.name == name for n in nodes)}
        self._describe()
        self.update()

    def set_arrows(self, arrows: tuple[Arrow, ...]) -> None:
        """Other strengths."""
        self._arrows = arrows
        self.update()

    def set_pictures(self, pictures: Mapping[str, QImage]) -> None:
        """Pictures of some nodes; the others' stay."""
        self._pictures.update(pictures)
        self.update()

    def has_picture(self, name: str) -> bool:
        """Whether a node has one."""
        return name in self._pictures

    def drop_pictures(self) -> None:
        """All of them."""
        self._pictures.clear()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for small pictures."""
        return QSize(900, 300)

    def minimumSizeHint(self) -> QSize:
        """Room for tiny ones."""
        return QSize(600, 170)

    def place(self, node: Node) -> QRectF:
        """The picture of a node."""
        columns, rows, gap = self._measures()
        width = (self.width() - 2 * MARGIN - (columns - 1) * gap) / columns
        height = (self.height() - 2 * MARGIN - (rows - 1) * GAP_Y) / rows - CAPTION
        size_x = max(min(width, height * self._aspect), 8.0)
        size_y = size_x / self._aspect
        left = MARGIN + node.column * (width + gap) + (width - size_x) / 2
        top = MARGIN + node.row * (height + CAPTION + GAP_Y) + (height - size_y) / 2
        return QRectF(left, top, size_x, size_y)

    def _measures(self) -> tuple[int, int, int]:
        """Columns, rows and the pixels between columns."""
        columns = max([LEAST_COLUMNS, *(node.column + 1 for node in self._nodes)])
        rows = max([1, *(node.row + 1 for node in self._nodes)])
        return columns, rows, WIDE_GAP_X if columns <= FEW_COLUMNS else GAP_X

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws."""
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()  # Qt does not survive a painter that outlives its event

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        by_name = {node.name: node for node in self._nodes}
        for arrow in self._arrows:
            if arrow.start in by_name and arrow.end in by_name:
                self._paint_arrow(painter, arrow, by_name[arrow.start], by_name[arrow.end])
        for number, node in enumerate(self._nodes):
            self._paint_node(painter, node, chosen=self.hasFocus() and number == self._chosen)

    def _paint_node(self, painter: QPainter, node: Node, *, chosen: bool) -> None:
        place = self.place(node)
        image = self._pictures.get(node.name)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # cells are to be seen
        if image is None:
            painter.fillRect(place, self.palette().mid())
        else:
            # Enlarged here, by nearest neighbour: programs that show a saved SVG would blend the cells.
            size = (place.size() * 2).toSize()
            fast = Qt.TransformationMode.FastTransformation
            painter.drawImage(place, image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, fast))
        if image is None and node.empty:
            painter.setPen(self.palette().text().color())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, node.empty)
        lit = chosen or node.name == self._hovered
        painter.setPen(
            QPen(self.palette().highlight().color() if lit else self.palette().mid().color(), 2 if lit else 1)
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place)
        # Captions may be wider than a picture that is narrow because it is tall.
        columns, _, gap = self._measures()
        column = (self.width() - 2 * MARGIN + gap) / columns
        line = QRectF(place.center().x() - column / 2, place.bottom() + 2, column, CAPTION / 2)
        metrics = painter.fontMetrics()
        texts = (node.words, self.palette().text()), (node.caption, self.palette().placeholderText())
        for text, brush in texts:
            painter.setPen(brush.color())
            # Shortened at its end where there is no room: Qt would cut both ends of what is centred.
            short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(line.width()))
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, short)
            line.translate(0, CAPTION / 2 - 1)

    def _paint_arrow(self, painter: QPainter, arrow: Arrow, start: Node, end: Node) -> None:
        colour = QColor(arrow.colour) if arrow.colour else self.palette().text().color()
        if arrow.strength <= 0:
            colour.setAlpha(70)
        painter.setPen(QPen(colour, 1 + 2 * min(max(arrow.strength, 0.0), 2.0), Qt.PenStyle.SolidLine))
        points = self._road(start, end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        self._paint_tip(painter, points[-2], points[-1], colour)
        painter.setPen(self.palette().text().color())
        begin, tip = points[0], points[-1]
        if start.row == end.row:
            area = QRectF(min(begin.x(), tip.x()) - 12, begin.y() - 20, abs(tip.x() - begin.x()) + 24, 16)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, arrow.label)
        elif start.column == end.column:
            area = QRectF(begin.x() + 8, (begin.y() + tip.y()) / 2 - 8, 120, 16)
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, arrow.label)
        else:
            area = QRectF(begin.x() + 6, begin.y() - 20, max(tip.x() - begin.x() - 8, 40), 16)
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, arrow.label)

    def _road(self, start: Node, end: Node) -> list[QPointF]:
        """The corners of an arrow: along a row, up a column, or sideways and then up to the node that is meant."""
        first, last = self.place(start), self.place(end)
        forwards = end.column > start.column
        begin = QPointF(first.right() + 3 if forwards else first.left() - 3, first.center().y())
        if start.row == end.row:
            return [begin, QPointF(last.left() - 4 if forwards else last.right() + 4, last.center().y())]
        tip = QPointF(last.center().x(), last.bottom() + CAPTION + 4)
        if start.column == end.column:
            return [QPointF(tip.x(), first.top() - 3), tip]
        return [begin, QPointF(tip.x(), begin.y()), tip]

    @staticmethod
    def _paint_tip(painter: QPainter, before: QPointF, tip: QPointF, colour: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        if abs(tip.x() - before.x()) > abs(tip.y() - before.y()):
            way = 1 if tip.x() > before.x() else -1
            corners = [tip + QPointF(3 * way, 0), tip + QPointF(-5 * way, -5), tip + QPointF(-5 * way, 5)]
        else:
            corners = [tip + QPointF(0, -3), tip + QPointF(-5, 5), tip + QPointF(5, 5)]
        painter.drawPolygon(QPolygonF(corners))

    def _node_at(self, position: QPointF) -> Node | None:
        return next((node for node in self._nodes if self.place(node).contains(position)), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Lights up the node under the pointer."""
        node = self._node_at(event.position())
        name = node.name if node else None
        if name != self._hovered:
            self._hovered = name
            self.setCursor(Qt.CursorShape.PointingHandCursor if node else Qt.CursorShape.ArrowCursor)
            if node is not None:
                QToolTip.showText(event.globalPosition().toPoint(), self._tip.format(node.words))
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """No node is under the pointer."""
        self._hovered = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Asks for a node."""
        node = self._node_at(event.position())
        if node is not None and event.button() == Qt.MouseButton.LeftButton:
            self._chosen = self._nodes.index(node)
            self.node_chosen.emit(node.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tab leaves; arrows of the key pad step from node to node, Enter asks for it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._nodes:
            self.node_chosen.emit(self._nodes[self._chosen].name)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._nodes:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._chosen = (self._chosen + step) % len(self._nodes)
            self._describe()
            self.update()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The chosen node is lit."""
        super().focusInEvent(event)
        self.update()

    def _describe(self) -> None:
        if self._nodes:
            node = self._nodes[self._chosen]
            self.setAccessibleDescription(f"{node.words}, {node.caption}")
