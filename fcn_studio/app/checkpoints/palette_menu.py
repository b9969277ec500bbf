"""Colours of classes: a picker for one of them, palette files to and from; each change can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor, QUndoCommand
from PySide6.QtWidgets import QColorDialog, QFileDialog, QWidget

from fcn_studio.app.session.presentation import Presentation
from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.appearance import Appearance, Colour
from fcn_studio.core.errors import FcnStudioError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.palettes import read_palette, save_palette


class PaletteMenu(QObject):
    """Asks and applies."""

    def __init__(self, session: Session, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._window = window

    @property
    def _labels(self) -> LabelSet | None:
        return self._session.engine[0].labels if self._session.engine else None

    def choose(self, name: str) -> None:
        """A palette by its name."""
        self._change(self.tr("change of palette"), name, {})
        self._settings.palette = name

    @Slot(str)
    def ask_for_colour(self, class_name: str) -> None:
        """The colour picker for one class."""
        dressed = self._session.presentation.appearance.dressed(self._labels) if self._labels else None
        if dressed is None or class_name not in dressed.classes:
            return
        now = QColor(*dressed.colours[dressed.classes.index(class_name)])
        chosen = QColorDialog.getColor(now, self._window, self.tr("Colour of {0}").format(class_name))
        if chosen.isValid():
            self.set_colour(class_name, (chosen.red(), chosen.green(), chosen.blue()))

    def set_colour(self, class_name: str, colour: Colour) -> None:
        """Another colour for one class."""
        appearance = self._session.presentation.appearance
        self._change(
            self.tr("colour of {0}").format(class_name),
            appearance.palette,
            {**appearance.colours, class_name: colour},
        )

    def ask_for_file(self) -> None:
        """Masks > Palette > Open."""
        file, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a palette"),
            str(self._settings.last_folder),
            ";;".join((self.tr("Palettes (*.toml *.json *.gpl)"), self.tr("All files (*)"))),
        )
        if file:
            self.open(Path(file))

    def open(self, path: Path) -> None:
        """Colours from a file; what is wrong with it is told."""
        labels = self._labels
        if labels is None:
            self._session.tell(self.tr("Wait until the checkpoint is loaded: its classes are not known yet."))
            return
        try:
            colours = read_palette(path, labels)
        except FcnStudioError as error:
            self._session.tell(str(error))
            return
        chosen = dict(zip(labels.classes, colours, strict=True))
        self._change(self.tr("palette {0}").format(path.name), self._session.presentation.appearance.palette, chosen)

    def ask_where_to_save(self) -> None:
        """Masks > Palette > Save."""
        labels = self._labels
        if labels is None:
            return
        file, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save the palette"),
            str(self._settings.last_folder / f"{labels.name}-colours.toml"),
            self.tr("Palettes (*.toml)"),
        )
        if file:
            self.save(Path(file))

    def save(self, path: Path) -> None:
        """The colours that are seen, to a file."""
        if self._labels is None:
            return
        try:
            save_palette(path, self._session.presentation.appearance.dressed(self._labels))
        except FcnStudioError as error:
            self._session.tell(str(error))

    def _change(self, text: str, palette: str, colours: Mapping[str, Colour]) -> None:
        presentation = self._session.presentation
        if (palette, dict(colours)) != (presentation.appearance.palette, dict(presentation.appearance.colours)):
            self._session.undo.push(_ColourChange(text, presentation, palette, colours))
        else:
            presentation.restore_colours(palette, colours)


class _ColourChange(QUndoCommand):
    """Other colours instead of these."""

    def __init__(self, text: str, presentation: Presentation, palette: str, colours: Mapping[str, Colour]) -> None:
        super().__init__(text)
        self._presentation = presentation
        self._before: Appearance = presentation.appearance
        self._palette, self._colours = palette, colours

    def undo(self) -> None:
        self._presentation.restore_colours(self._before.palette, self._before.colours)

    def redo(self) -> None:
        self._presentation.restore_colours(self._palette, self._colours)
