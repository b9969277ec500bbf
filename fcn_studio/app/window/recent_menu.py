"""Files and folders that were opened lately."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QMenu, QWidget

from fcn_studio.app.intake.intake import Intake
from fcn_studio.app.session.settings import Settings


class RecentMenu(QMenu):
    """Filled each time it opens, since files come and go; what is gone is grey."""

    def __init__(self, intake: Intake, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("recent_menu")
        self.setTitle(self.tr("Open &Recent"))
        self.setToolTipsVisible(True)
        self._intake, self._settings = intake, settings
        self.aboutToShow.connect(self.fill)
        intake.recent_changed.connect(self.fill)
        self.fill()

    @Slot()
    def fill(self) -> None:
        """Lists them."""
        self.clear()
        recent = self._settings.recent
        for number, path in enumerate(recent, start=1):
            name = path.name.replace("&", "&&") or str(path)
            action = self.addAction(f"&{number % 10}  {name}", partial(self._intake.open_paths, [path]))
            action.setToolTip(str(path))
            action.setEnabled(path.exists())
        self.addSeparator()
        forget = self.addAction(self.tr("&Clear This List"), self._forget)
        forget.setEnabled(bool(recent))
        self.menuAction().setEnabled(bool(recent))

    def _forget(self) -> None:
        self._settings.clear_recent()
        self.fill()
