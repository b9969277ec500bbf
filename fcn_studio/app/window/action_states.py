"""Which actions can be used, and which are on: they follow the session."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton

from fcn_studio.app.session.session import Session
from fcn_studio.app.values.appearance import PAIRED, Arrangement
from fcn_studio.app.values.panels import KINDS, LATER, TRUTH
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.widgets.language import Language
from fcn_studio.app.widgets.theme import Theme
from fcn_studio.app.window.actions import plain

MORE_THAN_ONE = 2


class ActionStates(QObject):
    """Keeps actions, and the button that wears the layout's icon, in step with the session."""

    def __init__(
        self,
        actions: Mapping[str, QAction],
        layout_button: QToolButton,
        session: Session,
        theme: Theme,
        language: Language,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._actions, self._layout_button = actions, layout_button
        self._session, self._theme, self._language = session, theme, language
        session.list.changed.connect(self.show_list)
        session.list.current_changed.connect(self.show_list)
        session.list.returned.connect(self.show_list)
        session.shown_changed.connect(self.show_layout)
        session.engine_changed.connect(self.show_engine)
        session.engine_refused.connect(self.show_engine)
        session.presentation.appearance_changed.connect(self.show_appearance)
        session.presentation.layout_changed.connect(self.show_layout)
        session.presentation.room_changed.connect(self.show_layout)
        session.probed_changed.connect(self.show_layout)
        session.undo.indexChanged.connect(self.show_undo)
        for show in (self.show_list, self.show_engine, self.show_appearance, self.show_undo):
            show()

    @Slot()
    def show_list(self) -> None:
        """Where in the list we are."""
        photos, index = self._session.list.photos, self._session.list.index
        self._enable(index > 0, "go.previous", "go.first")
        self._enable(0 <= index < len(photos) - 1, "go.next", "go.last")
        current = self._session.list.current
        self._enable(current is not None, "edit.remove", "file.truth", "masks.solo")
        self._enable(bool(photos), "edit.clear")
        self._enable(current is not None and current.path is not None, "file.copy_path")
        self._enable(current in self._session.list.truths, "file.forget_truth")

    @Slot()
    def show_layout(self) -> None:
        """Panels and how they are laid out."""
        layout, available = self._session.presentation.layout, self._session.panels
        seen = {panel.kind for panel in layout.panels(available)}
        there = {panel.kind for panel in available}
        for kind in KINDS:
            self._actions[f"view.{kind}"].setChecked(kind in seen)
            self._actions[f"view.{kind}"].setEnabled(kind in there)
            self._actions[f"view.{kind}"].setVisible(kind in there or kind not in LATER)
        chosen = self._actions[f"layout.{layout.arrangement}"]
        chosen.setChecked(True)
        self._layout_button.setIcon(chosen.icon())
        self._layout_button.setText(plain(chosen.text()))
        shown, room = self._session.shown, self._session.presentation.room
        self._actions[f"room.{room}"].setChecked(True)
        self._enable(shown is not None, *(f"room.{other}" for other in Room), "view.probe", "help.lesson")
        self._enable(self._session.probed.pinned, "view.unpin")
        self._enable(shown is not None, "file.copy_view", "file.save_view", "view.blink_next", "view.blink_back")
        self._enable(shown is not None and bool(self._session.engine), "file.export")
        self._enable(shown is not None and shown.trace is not None, "file.save_trace")
        self._enable(TRUTH in there and layout.arrangement is not Arrangement.DIFFERENCE, "masks.errors")
        self._enable(layout.arrangement not in PAIRED or shown is not None, "masks.outlines")
        self.show_list()

    @Slot()
    def show_engine(self) -> None:
        """Checkpoints, device and precision."""
        choice = self._session.choice
        self._actions[f"device.{choice.device.partition(':')[0]}"].setChecked(True)
        self._actions[f"precision.{choice.precision}"].setChecked(True)
        self._enable(len(choice.weights) >= MORE_THAN_ONE, "net.close_last")
        self._enable(bool(self._session.engine), "palette.open", "palette.save")
        self.show_layout()

    @Slot()
    def show_appearance(self) -> None:
        """How masks look."""
        appearance = self._session.presentation.appearance
        self._actions["masks.shown"].setChecked(appearance.masks_shown)
        self._actions["masks.outlines"].setChecked(appearance.outlines)
        self._actions["masks.errors"].setChecked(appearance.errors)
        self._actions[f"palette.{appearance.palette}"].setChecked(True)
        self._enable(bool(appearance.hidden), "masks.all_classes")

    @Slot()
    def show_undo(self) -> None:
        """What can be undone."""
        undo = self._session.undo
        self._enable(undo.canUndo(), "edit.undo")
        self._enable(undo.canRedo(), "edit.redo")

    @Slot()
    def show_theme(self) -> None:
        """Theme and language, and the icon of the layout in the theme's colours."""
        self._actions[f"theme.{self._theme.scheme}"].setChecked(True)
        self._actions[f"language.{self._language.choice}"].setChecked(True)
        self.show_layout()

    def _enable(self, enabled: bool, *names: str) -> None:
        for name in names:
            self._actions[name].setEnabled(enabled)
