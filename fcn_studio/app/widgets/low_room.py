"""For small windows: content that scrolls where it has not the room, so that nothing is cut and no window grows."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from fcn_studio.app.widgets.own_keys import leave_focus


class UprightArea(QScrollArea):
    """Scrolls its content up and down only."""

    def __init__(self, name: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """All of the content; Qt keeps the hint that it had before its parts came."""
        content = self.widget()
        return content.sizeHint() if content is not None else super().sizeHint()


class Pages(QStackedWidget):
    """Needs the same room whatever page is seen: a page that needs more scrolls."""

    LEAST = QSize(320, 96)

    def add_page(self, page: QWidget) -> None:
        """One more; the first is seen."""
        area = QScrollArea()
        area.setObjectName("page_area")
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.addWidget(area)

    def show_page(self, page: QWidget) -> None:
        """Brings a page to the front; the focus goes with it, not to whatever comes next in the window."""
        for area in self.findChildren(QScrollArea, "page_area", Qt.FindChildOption.FindDirectChildrenOnly):
            if area.widget() is page and area is not self.currentWidget():
                leave_focus(self)
                self.setCurrentWidget(area)

    def minimumSizeHint(self) -> QSize:
        """As little as can be scrolled in."""
        return self.LEAST
