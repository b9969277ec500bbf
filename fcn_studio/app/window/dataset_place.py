"""Where the data set table is: a tab beside the pictures, or below them at full width; or out of sight."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from fcn_studio.app.intake.intake import Intake
from fcn_studio.app.session.dataset_scores import ScoredPhoto
from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.word import Word
from fcn_studio.app.window.workspace import Workspace
from fcn_studio.core.errors import FcnStudioError
from fcn_studio.core.files import whole_file

MENU = ("table.arrange", "table.below", "table.pause", "table.again", "table.copy", "table.save")


class DatasetPlace(QObject):
    """Connects the table to the session and to its actions, and keeps it where the user wants it.

    Signals:
        side_wanted: What stands beside the pictures is to be shown.
    """

    side_wanted = Signal()

    def __init__(
        self,
        session: Session,
        intake: Intake,
        workspace: Workspace,
        settings: Settings,
        actions: Mapping[str, QAction],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._intake, self._settings = session, intake, settings
        self._workspace, self._actions = workspace, actions
        self._panel = workspace.dataset
        self._panel.set_actions([actions[name] for name in MENU])
        self._panel.photo_requested.connect(session.show_photo)
        self._panel.split_requested.connect(self._open_split)
        self._panel.pause_requested.connect(session.measuring.pause)
        self._panel.folder_requested.connect(intake.ask_for_folder)
        self._panel.copy_requested.connect(self.copy)
        key, falling = settings.table_sorting
        self._panel.grid.sort_by(key, falling=falling)
        self._panel.grid.sorting_changed.connect(self._keep_sorting)
        session.list.current_changed.connect(self._mark)
        session.list.changed.connect(self._mark)
        session.dataset.opened.connect(self._on_opened)
        session.dataset.state_changed.connect(self._show_actions)
        workspace.side.currentChanged.connect(self._show_actions)
        actions["table.below"].setChecked(settings.table_below)
        self._put()
        self._mark()

    @property
    def _there(self) -> bool:
        dataset = self._session.dataset
        return dataset.split is not None and dataset.listed

    @property
    def shown(self) -> bool:
        """Whether the table is in front."""
        if self._settings.table_below:
            return not self._panel.isHidden()
        return self._workspace.side.currentWidget() is self._panel

    def toggle(self) -> None:
        """Shows or hides the table."""
        self._settings.table_shown = self._actions["view.table"].isChecked()
        self._show(self._settings.table_shown)

    def move(self) -> None:
        """From beside the pictures to below them, or back; it is shown there."""
        self._settings.table_below = self._actions["table.below"].isChecked()
        self._settings.table_shown = True
        self._put()

    def pause(self) -> None:
        """Stops measuring, or goes on."""
        self._session.measuring.pause(not self._session.dataset.resting)

    def arrange(self) -> None:
        """The film strip takes the table's order."""
        photos = [row.photo for row in self._panel.rows]
        text = self.tr("The film strip is in the table's order.")
        self._session.list.arrange(photos, text)
        self._workspace.show_undoable(text)

    @Slot(object)
    def copy(self, rows: tuple[ScoredPhoto, ...]) -> None:
        """Rows go to the clipboard as CSV."""
        QGuiApplication.clipboard().setText(self._panel.csv(rows))
        self._workspace.show_word(Word(self.tr("{0} rows were copied as CSV.").format(len(rows))))

    def ask_where_to_save(self) -> None:
        """File dialog for the table."""
        split = self._session.dataset.split
        if split is None:
            return
        file, _ = QFileDialog.getSaveFileName(
            self._workspace.window(),
            self.tr("Save the table"),
            str(self._settings.export_folder / f"{split.name}_{split.split}.csv"),
            self.tr("Tables (*.csv)"),
        )
        if file:
            self._settings.export_folder = Path(file).parent
            self.save(Path(file))

    def save(self, path: Path) -> None:
        """All rows that the table shows, in its order."""
        try:
            with whole_file(path) as temporary:
                temporary.write_text(self._panel.csv(self._panel.rows), encoding="utf-8", newline="")
        except FcnStudioError as error:
            self._session.tell(str(error))
            return
        self._workspace.show_word(Word(self.tr("The table was saved as {0}.").format(path)))

    @Slot()
    def _on_opened(self) -> None:
        if self._there and self._settings.table_shown:
            self._show(True)
        elif not self._there and self._settings.table_below:
            self._panel.hide()
        self._mark()
        self._show_actions()

    def _put(self) -> None:
        below = self._settings.table_below
        self._panel.set_beside(not below)
        self._workspace.place_dataset(below=below)
        self._show(self._settings.table_shown and self._there)

    def _show(self, shown: bool) -> None:
        if self._settings.table_below:
            self._panel.setVisible(shown)
        elif shown:
            self.side_wanted.emit()
            self._workspace.side.setCurrentWidget(self._panel)
        elif self.shown:
            self._workspace.show_legend()
        self._show_actions()

    @Slot()
    def _mark(self) -> None:
        self._panel.set_current(self._session.list.current)

    @Slot(str)
    def _open_split(self, name: str) -> None:
        split = self._session.dataset.split
        if split is not None:
            self._intake.open_split(split.folder, name)

    @Slot()
    def _keep_sorting(self) -> None:
        self._settings.table_sorting = self._panel.grid.sorting

    @Slot()
    def _show_actions(self) -> None:
        dataset = self._session.dataset
        there = self._there
        self._actions["view.table"].setChecked(self.shown)
        self._actions["table.pause"].setChecked(dataset.resting)
        self._actions["table.pause"].setEnabled(there and dataset.waiting > 0 and not dataset.mismatch)
        for name in ("table.arrange", "table.again", "table.copy", "table.save"):
            self._actions[name].setEnabled(there)
