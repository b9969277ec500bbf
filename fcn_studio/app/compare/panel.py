"""A panel: a caption that says what is shown, and the canvas below it."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from fcn_studio.app.canvas.canvas import Canvas
from fcn_studio.app.canvas.rendering import PhotoRenderer
from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.compare.panel_contents import panel_content, panel_look
from fcn_studio.app.values.appearance import Appearance
from fcn_studio.app.values.captions import class_under, origin_text, panel_title, score_text
from fcn_studio.app.values.panels import PHOTO, PanelId
from fcn_studio.app.values.shown import Shown
from fcn_studio.app.widgets.icons import swatch

SIDE = 8  # pixels beside a caption
FRAME = 1


class Panel(QFrame):
    """The photo, its ground truth, or one variant's mask over it.

    Attributes:
        panel: What it shows when nothing else is held in its place.
        canvas: The picture.
    """

    def __init__(self, panel: PanelId, transform: ViewTransform, renderer: PhotoRenderer) -> None:
        super().__init__()
        self.panel = panel
        self._in_place: PanelId | None = None
        self._shown: Shown | None = None
        self._appearance = Appearance()
        self.setObjectName(f"panel_{panel}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.canvas = Canvas(transform, renderer)
        self.canvas.setObjectName(f"canvas_{panel}")
        self._title = QLabel()
        self._title.setObjectName(f"title_{panel}")
        self._title.setProperty("role", "title")
        self._swatch = QLabel()
        self._readout = QLabel()
        self._readout.setObjectName(f"readout_{panel}")
        self._score = QLabel()
        self._score.setObjectName(f"score_{panel}")
        self._score.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._origin = QLabel()
        self._origin.setObjectName(f"origin_{panel}")
        self._origin.setProperty("role", "small")
        self._origin.setWordWrap(True)
        self._origin.setTextFormat(Qt.TextFormat.PlainText)
        self._origin.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._origin.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._head = head = QHBoxLayout()
        head.setSpacing(6)
        for widget, stretch in ((self._title, 1), (self._swatch, 0), (self._readout, 0)):
            head.addWidget(widget, stretch)
        self._caption = caption = QVBoxLayout()
        caption.setContentsMargins(SIDE, 4, SIDE, 6)
        caption.setSpacing(0)
        caption.addLayout(head)
        caption.addWidget(self._score)
        caption.addWidget(self._origin)
        column = QVBoxLayout(self)
        column.setContentsMargins(FRAME, FRAME, FRAME, FRAME)
        column.setSpacing(0)
        column.addLayout(caption)
        column.addWidget(self.canvas, 1)
        self.show_picture(None, Appearance())

    @property
    def seen(self) -> PanelId:
        """What is seen here now."""
        return self._in_place or self.panel

    def show_picture(self, shown: Shown | None, appearance: Appearance) -> None:
        """Shows the photo, with this panel's mask if there is one."""
        self._shown, self._appearance = shown, appearance
        panel = self.seen
        message = ""
        if shown is not None and panel.kind != PHOTO and shown.mask(panel) is None:
            message = self.tr("Segmenting…") if shown.pending else self.tr("No mask")
        self.canvas.set_content(panel_content(panel, shown, appearance), message)
        self.canvas.set_look(panel_look(panel, shown, appearance))
        self._title.setText(panel_title(panel, shown))
        self._show_score()
        self._score.setVisible(shown is not None and shown.result.truth is not None)
        self._origin.setText(origin_text(panel, shown))
        self._origin.setToolTip(self._origin.text())
        self.set_pointer(None)
        words = (self._title.text(), self._score.toolTip(), self._origin.text())
        self.setAccessibleName(", ".join(word for word in words if word))

    def set_appearance(self, appearance: Appearance) -> None:
        """Other colours; the masks stay as they are, but for what wrong pixels leave of them."""
        rebuilt = appearance.errors != self._appearance.errors
        self._appearance = appearance
        if rebuilt:
            self.canvas.set_content(panel_content(self.seen, self._shown, appearance))
        self.canvas.set_look(panel_look(self.seen, self._shown, appearance))

    def hold(self, panel: PanelId | None) -> None:
        """Shows another panel's picture here while a key is held; None shows its own again."""
        if panel != self._in_place:
            self._in_place = panel
            self.setProperty("blinking", panel is not None)
            self.style().polish(self)
            self.show_picture(self._shown, self._appearance)

    def set_pointer(self, pixel: tuple[int, int] | None) -> None:
        """Moves the cross-hair and names what is under it."""
        self.canvas.set_crosshair(pixel)
        under = class_under(self.seen, self._shown, pixel) if pixel and self._shown else None
        self._swatch.setVisible(under is not None)
        labels = self._shown.labels(self.seen) if self._shown else None
        if pixel is None:
            self._readout.clear()
        elif self.seen.kind == PHOTO:
            self._readout.setText(f"x {pixel[0]}, y {pixel[1]}")
        elif under is not None and labels is not None:
            colour = self._appearance.dressed(labels).palette()[under[0]].tolist()
            self._swatch.setPixmap(swatch(colour).pixmap(12, 12))
            self._readout.setText(under[1])
        self.setAccessibleDescription(self._readout.text())

    def _show_score(self) -> None:
        """As much of it as there is room for, and all of it in the tool tip."""
        whole = score_text(self.seen, self._shown)
        room = self.width() - 2 * SIDE - 2
        fits = self._score.fontMetrics().horizontalAdvance(whole) <= room
        text = whole if fits else whole.partition(" \N{MIDDLE DOT} ")[0]
        text = self._score.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        self._score.setText(text or "\N{NO-BREAK SPACE}")  # an empty label is less high
        self._score.setToolTip(whole)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for other words."""
        super().resizeEvent(event)
        self._show_score()

    def canvas_size(self, width: float, height: float) -> tuple[float, float]:
        """(width, height) that the picture would have in a panel of this size, in pixels."""
        margins = self._caption.contentsMargins()
        score = 0 if self._score.isHidden() else self._score.sizeHint().height()
        above = margins.top() + self._head.sizeHint().height() + score + self.caption_height(width) + margins.bottom()
        return width - 2 * FRAME, height - 2 * FRAME - above

    def caption_height(self, width: float) -> int:
        """The height that the last line of the caption needs in a panel of this width."""
        room = QRect(0, 0, max(int(width) - 2 * (SIDE + FRAME), 1), 10_000)
        return (
            self._origin.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self._origin.text() or "X").height()
        )

    def set_caption_height(self, height: int) -> None:
        """Makes captions of one row equally high, so that pictures line up."""
        if self._origin.height() != height:
            self._origin.setFixedHeight(height)
