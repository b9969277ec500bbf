"""Menu bar and tool bar, from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from fcn_studio.app.actions import ACTIONS, TOOL_BAR, Menu, translated
from fcn_studio.app.theme import Theme


def build_menus(window: QMainWindow, actions: Mapping[str, QAction], samples: QMenu) -> None:
    """Fills the menu bar; the samples come after Paste."""
    menus = {menu: window.menuBar().addMenu(translated(menu)) for menu in Menu}
    submenus: dict[str, QMenu] = {}
    groups: dict[str, QActionGroup] = {}
    for entry in ACTIONS:
        action = actions[entry.id]
        if entry.submenu:
            if entry.submenu not in submenus:
                submenus[entry.submenu] = menus[entry.menu].addMenu(translated(entry.submenu))
            submenus[entry.submenu].addAction(action)
        else:
            menus[entry.menu].addAction(action)
        if entry.group:
            groups.setdefault(entry.group, QActionGroup(window)).addAction(action)
        if entry.id == "file.paste":
            menus[entry.menu].addMenu(samples)
        if entry.ends_section:
            menus[entry.menu].addSeparator()
    window.addActions(list(actions.values()))  # so that keys work in full screen too, where the menu bar is hidden


def build_tool_bar(window: QMainWindow, actions: Mapping[str, QAction], widgets: Mapping[str, QWidget]) -> QToolBar:
    """Fills the tool bar; `widgets` go where the table has their names in angle brackets."""
    bar = QToolBar(window)
    bar.setObjectName("tool_bar")
    bar.setWindowTitle(window.tr("Tools"))
    bar.setMovable(False)
    bar.setIconSize(QSize(20, 20))
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
                button.setAccessibleName(actions[name].text().replace("&", ""))
    window.addToolBar(bar)
    return bar


def set_icons(theme: Theme, actions: Mapping[str, QAction]) -> None:
    """Gives actions their icons in the theme's colours."""
    for entry in ACTIONS:
        if entry.icon:
            actions[entry.id].setIcon(theme.icon(entry.icon))
            actions[entry.id].setIconVisibleInMenu(False)
