"""The nets that come with the program, side by side: which one is in use, and another in one click."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

LONGEST_OWN = 24  # characters of an own checkpoint's name
LEAST = 20  # pixels, for the sign of a menu
SIGN = 36  # around a name, for padding and that sign


class NetBar(QWidget):
    """Buttons of actions; where there is no room for them, one button with a menu of them.

    Args:
        nets: An action for each net, checkable, one of them checked.
        own: Opens a checkpoint of the user's own.
    """

    def __init__(self, nets: list[QAction], own: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("net_bar")
        self.setAccessibleName(self.tr("Which net"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._nets, self._name = nets, ""
        self._row = QWidget(self)
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._buttons = [self._button(action, f"net_{action.objectName().partition('.')[2]}") for action in nets]
        self._own = self._own_button(own)
        for button in (*self._buttons, self._own):
            row.addWidget(button)
        self._all = QToolButton(self)
        self._all.setObjectName("net_menu")
        self._all.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(self._all)
        menu.setToolTipsVisible(True)
        menu.addActions(nets)
        menu.addSeparator()
        menu.addAction(own)
        self._all.setMenu(menu)
        self.set_own("")

    @Slot(str)
    def set_own(self, name: str) -> None:
        """Names a checkpoint of the user's own that is in use; empty where one of the nets is."""
        words = f"{name[:LONGEST_OWN]}\N{HORIZONTAL ELLIPSIS}" if len(name) > LONGEST_OWN else name
        self._own.setText(words or self.tr("Own…"))
        self._own.setChecked(bool(name))
        checked = next((action for action in self._nets if action.isChecked()), None)
        self._name = words or (checked.iconText() if checked is not None else self.tr("Which net"))
        self._all.setAccessibleName(self.tr("Which net: {0}").format(self._name))
        self._all.setToolTip(self._all.accessibleName())
        self.updateGeometry()
        self._arrange()

    def _button(self, action: QAction, name: str) -> QToolButton:
        button = QToolButton(self._row)
        button.setObjectName(name)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleDescription(action.toolTip())
        return button

    def _own_button(self, action: QAction) -> QToolButton:
        button = QToolButton(self._row)
        button.setObjectName("net_own")
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(action.toolTip())

        def press() -> None:
            button.setChecked(not button.isChecked())  # it shows what is in use, whatever is clicked
            action.trigger()

        button.clicked.connect(press)
        return button

    def sizeHint(self) -> QSize:
        """Room for all buttons."""
        return self._row.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Room for the one with the menu, its name left out."""
        return QSize(LEAST, self._all.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows as much as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        roomy = self.width() >= self._row.sizeHint().width()
        shortened = self._all.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, self.width() - SIGN)
        self._all.setText(shortened)
        self._row.setVisible(roomy)
        self._all.setVisible(not roomy)
        for widget in (self._row, self._all):
            size = widget.sizeHint().boundedTo(self.size())
            widget.setGeometry(self.width() - size.width(), (self.height() - size.height()) // 2, *size.toTuple())
