"""Menu bar and tool bar, from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from fcn_studio.app.values.appearance import Arrangement
from fcn_studio.app.widgets.theme import Theme
from fcn_studio.app.window.actions import ACTIONS, LAYOUT, TOOL_BAR, Menu, plain, translated

ICON_SIZE = QSize(20, 20)


def build_menus(window: QMainWindow, actions: Mapping[str, QAction], opened: QMenu, samples: QMenu) -> None:
    """Fills the menu bar; recent files and samples come after Paste."""
    window.menuBar().clear()
    menus = {menu: window.menuBar().addMenu(translated(menu)) for menu in Menu}
    submenus: dict[str, QMenu] = {}
    groups: dict[str, QActionGroup] = {}
    for entry in ACTIONS:
        action = actions[entry.id]
        menu = menus[entry.menu]
        if entry.submenu:
            if entry.submenu not in submenus:
                submenus[entry.submenu] = menu.addMenu(translated(entry.submenu))
                submenus[entry.submenu].setToolTipsVisible(bool(entry.hint))
            menu = submenus[entry.submenu]
        menu.addAction(action)
        if entry.group:
            if entry.group not in groups:
                groups[entry.group] = QActionGroup(action)
            groups[entry.group].addAction(action)
        if entry.id == "file.open_folder":
            menus[entry.menu].addMenu(opened)
            menus[entry.menu].addMenu(samples)
        if entry.ends_section:
            menu.addSeparator()
    window.addActions(list(actions.values()))  # so that keys work in full screen too, where the menu bar is hidden


def build_tool_bar(window: QMainWindow, actions: Mapping[str, QAction], widgets: Mapping[str, QWidget]) -> QToolBar:
    """Fills the tool bar; `widgets` go where the table has their names in angle brackets."""
    bar = QToolBar(window)
    bar.setObjectName("tool_bar")
    bar.setWindowTitle(QCoreApplication.translate("Menus", "Tools"))
    bar.setMovable(False)
    bar.setIconSize(ICON_SIZE)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for name in TOOL_BAR:
        if name is None:
            bar.addSeparator()
        elif name == "<space>":
            spacer = QWidget()
            spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            bar.addWidget(spacer)
        elif name.startswith("<"):
            bar.addWidget(widgets[name.strip("<>")])
        else:
            bar.addAction(actions[name])
            button = bar.widgetForAction(actions[name])
            if isinstance(button, QToolButton):
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.setAccessibleName(plain(actions[name].text()))
    window.addToolBar(bar)
    return bar


def layout_button(window: QMainWindow, actions: Mapping[str, QAction]) -> QToolButton:
    """A button that opens the layouts and wears the icon of the one in use."""
    button = QToolButton(window)
    button.setObjectName("layout_button")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(plain(translated(LAYOUT)))
    button.setToolTip(plain(translated(LAYOUT)))
    menu = QMenu(button)
    for arrangement in Arrangement:
        menu.addAction(actions[f"layout.{arrangement}"])
    button.setMenu(menu)
    return button


def set_icons(theme: Theme, actions: Mapping[str, QAction], bar: QToolBar) -> None:
    """Gives actions, and the button for what a narrow tool bar has no room for, icons in the theme's colours."""
    more = bar.findChild(QToolButton, "qt_toolbar_ext_button")
    if more is not None:
        more.setIcon(theme.icon("more"))
        more.setAccessibleName(QCoreApplication.translate("Menus", "More tools"))
    for entry in ACTIONS:
        if entry.icon:
            actions[entry.id].setIcon(theme.icon(entry.icon))
            actions[entry.id].setIconVisibleInMenu(False)
