"""The middle of the window: pictures, legend, film strip, and bars that say what happened. It follows the session."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from fcn_studio.app.intake import Intake, Word
from fcn_studio.app.jobs import Photo
from fcn_studio.app.photo_status import PhotoStatus
from fcn_studio.app.session import Session
from fcn_studio.app.thumbnails import Thumbnails
from fcn_studio.app.views.compare_view import CompareView
from fcn_studio.app.views.empty_state import EmptyState
from fcn_studio.app.views.view_transform import ViewTransform
from fcn_studio.app.widgets.class_legend import ClassLegend
from fcn_studio.app.widgets.error_banner import ErrorBanner
from fcn_studio.app.widgets.film_strip import FilmStrip
from fcn_studio.app.widgets.notice import Notice

LEGEND_WIDTH = 336


class Workspace(QWidget):
    """Puts views together and connects them to the session.

    Attributes:
        compare: The panels.
        legend: The classes.
        strip: The photos that are open.
        banner: What went wrong.
        notice: What happened.
        splitter: Between pictures and legend.

    Signals:
        colour_requested: A class is to get another colour. (its name)
        truth_requested: A photo's ground truth is to be chosen. (Photo)
        path_requested: A photo's path is to be copied. (Photo)
    """

    colour_requested = Signal(str)
    truth_requested = Signal(object)  # Photo
    path_requested = Signal(object)  # Photo

    def __init__(self, session: Session, intake: Intake, thumbnails: Thumbnails, transform: ViewTransform) -> None:
        super().__init__()
        self.setObjectName("workspace")
        self._session = session
        self._legend_wanted = self._strip_wanted = True
        self.compare = CompareView(transform)
        self.legend = ClassLegend()
        self.strip = FilmStrip(thumbnails)
        self.banner = ErrorBanner()
        self.notice = Notice()
        self._empty = EmptyState(has_samples=bool(intake.samples))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.compare)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self._stack)
        self.splitter.addWidget(self.legend)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setCollapsible(0, False)
        self.splitter.setHandleWidth(4)
        self.legend.setMinimumWidth(LEGEND_WIDTH)
        self.splitter.setSizes([10_000, LEGEND_WIDTH])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.banner, self.notice):
            column.addWidget(widget)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.strip)
        self._connect(intake)
        self._show_list()
        self._show_picture()

    def _connect(self, intake: Intake) -> None:
        session, presentation = self._session, self._session.presentation
        session.shown_changed.connect(self._show_picture)
        session.engine_changed.connect(self._show_layout)
        session.problem_found.connect(self.banner.show_problem)
        session.pointer_changed.connect(self.compare.set_pointer)
        session.list.changed.connect(self._show_list)
        session.list.current_changed.connect(self.strip.set_current)
        session.list.status_changed.connect(self._show_status)
        presentation.appearance_changed.connect(self._show_appearance)
        presentation.layout_changed.connect(self._show_layout)
        self.compare.pointer_moved.connect(session.set_pointer)
        self.compare.pair_requested.connect(presentation.set_pair)
        self.legend.class_toggled.connect(presentation.toggle_class)
        self.legend.class_soloed.connect(self._solo)
        self.legend.all_requested.connect(presentation.show_all_classes)
        self.legend.cutoff_requested.connect(presentation.set_cutoff)
        self.legend.colour_requested.connect(self.colour_requested)
        self.strip.photo_requested.connect(session.list.go_to)
        self.strip.removal_requested.connect(self.remove)
        self.strip.clear_requested.connect(self.clear)
        self.strip.truth_requested.connect(self._choose_truth)
        self.strip.reveal_requested.connect(self._copy_path)
        self._empty.open_requested.connect(intake.ask_for_files)
        self._empty.sample_requested.connect(intake.open_samples)
        intake.happened.connect(self.show_word)

    def set_legend_wanted(self, wanted: bool) -> None:
        """Shows or hides the legend; while nothing is open there is none."""
        self._legend_wanted = wanted
        self.legend.setVisible(wanted and self._session.shown is not None)

    def set_strip_wanted(self, wanted: bool) -> None:
        """Shows or hides the film strip; one photo alone needs none."""
        self._strip_wanted = wanted
        self.strip.setVisible(wanted and len(self._session.list.photos) > 1)

    def set_icons(self, sign: QIcon, close: QIcon) -> None:
        """Icons in the theme's colours."""
        self.banner.set_icons(sign, close)
        self.notice.set_icons(close)
        self.legend.refresh()

    @Slot(object)
    def show_word(self, word: Word) -> None:
        """Says what happened."""
        self.notice.show_notice(word.text, word.actions)

    @Slot(object)
    def remove(self, places: tuple[int, ...]) -> None:
        """Takes photos off the list and offers to undo it."""
        if not places:
            return
        photos = self._session.list.photos
        if len(places) == 1:
            text = self.tr("{0} was removed from the list.").format(photos[places[0]].name)
        else:
            text = self.tr("{0} photos were removed from the list.").format(len(places))
        self._session.list.remove(places, text)
        self.show_word(Word(text, ((self.tr("Undo"), self._session.undo.undo),)))

    @Slot()
    def clear(self) -> None:
        """Takes all photos off the list."""
        self.remove(tuple(range(len(self._session.list.photos))))

    @Slot(str)
    def _solo(self, name: str) -> None:
        labels = self.legend.labels
        self._session.presentation.solo_class(name, labels.classes if labels else ())

    @Slot(int)
    def _choose_truth(self, place: int) -> None:
        self.truth_requested.emit(self._session.list.photos[place])

    @Slot(int)
    def _copy_path(self, place: int) -> None:
        self.path_requested.emit(self._session.list.photos[place])

    @Slot()
    def _show_picture(self) -> None:
        shown, presentation = self._session.shown, self._session.presentation
        self._stack.setCurrentWidget(self._empty if shown is None else self.compare)
        self.compare.set_layout(presentation.layout, self._session.panels)
        self.compare.show_picture(shown, presentation.appearance)
        self.legend.show_result(shown.result if shown else None)
        self.legend.set_appearance(presentation.appearance)
        self.set_legend_wanted(self._legend_wanted)

    @Slot()
    def _show_appearance(self) -> None:
        appearance = self._session.presentation.appearance
        self.compare.set_appearance(appearance)
        self.legend.set_appearance(appearance)

    @Slot()
    def _show_layout(self) -> None:
        self.compare.set_layout(self._session.presentation.layout, self._session.panels)

    @Slot()
    def _show_list(self) -> None:
        self.strip.set_photos(self._session.list.photos, self._session.list.statuses)
        self.strip.set_current(self._session.list.index)
        self.set_strip_wanted(self._strip_wanted)

    @Slot(object, object)
    def _show_status(self, photo: Photo, status: PhotoStatus) -> None:
        self.strip.set_status(photo, status)
