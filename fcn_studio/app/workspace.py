"""The middle of the window: pictures, legend, film strip, and bars that say what happened. It follows the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSplitter,
    QTabBar,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.background import Background
from fcn_studio.app.intake import Intake, Word
from fcn_studio.app.jobs import Photo
from fcn_studio.app.lessons import lesson
from fcn_studio.app.own_keys import set_visible
from fcn_studio.app.panels import PanelId
from fcn_studio.app.photo_status import PhotoStatus
from fcn_studio.app.room_views import RoomViews, follow_in_tab_order
from fcn_studio.app.rooms import Room
from fcn_studio.app.session import Session
from fcn_studio.app.thumbnails import Thumbnails
from fcn_studio.app.views.compare_view import CompareView
from fcn_studio.app.views.dataset_panel import DatasetPanel
from fcn_studio.app.views.empty_state import EmptyState
from fcn_studio.app.views.marks import Marks
from fcn_studio.app.views.probe import ProbeView
from fcn_studio.app.views.view_transform import ViewTransform
from fcn_studio.app.widgets.class_legend import ClassLegend
from fcn_studio.app.widgets.error_banner import ErrorBanner
from fcn_studio.app.widgets.film_strip import FilmStrip
from fcn_studio.app.widgets.lesson_sheet import LessonSheet
from fcn_studio.app.widgets.low_room import Pages, UprightArea
from fcn_studio.app.widgets.net_hint import NetHint
from fcn_studio.app.widgets.notice import Notice
from fcn_studio.app.widgets.tour_bar import TourBar
from fcn_studio.core.gain_pad import PAD_SKIPS
from fcn_studio.core.graph.names import SCORE_LAYERS
from fcn_studio.core.live_fusion import Gains

if TYPE_CHECKING:
    from fcn_studio.app.room_views import RoomView
    from fcn_studio.app.views.changes_view import ChangesView
    from fcn_studio.app.views.fusion_view import FusionView, Mixed
    from fcn_studio.app.views.heatmap_view import HeatmapView

LEGEND_WIDTH = 336
SIDE_LEAST = 256  # where the window has no more


class Workspace(QWidget):
    """Puts views together and connects them to the session.

    Attributes:
        compare: The panels.
        rooms: The tabs above them.
        side: Legend and probe.
        legend: The classes.
        probe: Why a pixel has its class.
        strip: The photos that are open.
        banner: What went wrong.
        notice: What happened.
        net_hint: That the net in use has little to say of the photo.
        tour: The guided tour's words.
        splitter: Between pictures and legend.
        dataset: The table of a data set's photos.
        upright: Between all that and a table below it.

    Signals:
        colour_requested: A class is to get another colour. (its name)
        truth_requested: A photo's ground truth is to be chosen. (Photo)
        path_requested: A photo's path is to be copied. (Photo)
        channels_requested: The channels behind the pinned pixel are asked for.
    """

    colour_requested = Signal(str)
    truth_requested = Signal(object)  # Photo
    path_requested = Signal(object)  # Photo
    channels_requested = Signal()

    def __init__(
        self,
        session: Session,
        intake: Intake,
        thumbnails: Thumbnails,
        transform: ViewTransform,
        background: Background,
    ) -> None:
        super().__init__()
        self.setObjectName("workspace")
        self._session = session
        self._legend_wanted = self._strip_wanted = True
        self._run_watched = False
        self._noticed: int | None = None  # place in the undo stack of what the notice offers to undo
        self._marks = Marks()
        self.compare = CompareView(transform)
        self._room_views = RoomViews(transform, background, self)
        self.legend = ClassLegend()
        self.probe = ProbeView(background)
        self.strip = FilmStrip(thumbnails)
        self.dataset = DatasetPanel(session.dataset)
        self.banner = ErrorBanner()
        self.notice = Notice()
        self.net_hint = NetHint()
        self.tour = TourBar()
        self._empty = EmptyState(has_samples=bool(intake.samples))
        self._stack = Pages()
        self._stack.add_page(self._empty)
        self._stack.add_page(self.compare)
        self.rooms = self._room_tabs()
        self.side = QTabWidget()
        self.side.setObjectName("side")
        self.side.setDocumentMode(True)
        self.side.tabBar().setDrawBase(False)
        self._legend_area = UprightArea("legend_area", self.legend)
        self.side.addTab(self._legend_area, self.tr("Classes"))
        self._probe_area = UprightArea("probe_area", self.probe)
        self.side.addTab(self._probe_area, self.tr("Probe"))
        middle = QWidget()
        pictures = QVBoxLayout(middle)
        pictures.setContentsMargins(0, 0, 0, 0)
        pictures.setSpacing(0)
        pictures.addLayout(self._room_row())
        pictures.addWidget(self.net_hint)
        pictures.addWidget(self._stack, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(middle)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setCollapsible(0, False)
        self.splitter.setHandleWidth(4)
        self.side.setMinimumWidth(SIDE_LEAST)
        self.splitter.setSizes([10_000, LEGEND_WIDTH])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.banner, self.notice):
            column.addWidget(widget)
        self.upright = QSplitter(Qt.Orientation.Vertical)
        self.upright.addWidget(self.splitter)
        self.upright.setCollapsible(0, False)
        self.upright.setHandleWidth(4)
        column.addWidget(self.upright, 1)
        column.addWidget(self.tour)
        column.addWidget(self.strip)
        self._connect(intake)
        self._show_list()
        self._show_picture()

    def _connect(self, intake: Intake) -> None:
        session, presentation = self._session, self._session.presentation
        session.shown_changed.connect(self._show_picture)
        session.engine_changed.connect(self._show_layout)
        session.problem_found.connect(self.banner.show_problem)
        session.probed_changed.connect(self.probe.set_probed)
        presentation.room_changed.connect(self._show_room)
        session.pointer_changed.connect(self.compare.set_pointer)
        self.compare.pointer_moved.connect(session.set_pointer)
        self.compare.pixel_clicked.connect(self._pin)
        self.compare.region_chosen.connect(self._pin_region)
        self.probe.marks_changed.connect(self._show_marks)
        self._room_views.view_made.connect(self._add_room)
        self.probe.unpin_requested.connect(lambda: session.pin(None))
        self.probe.channels_requested.connect(self.channels_requested)
        self.probe.field_requested.connect(session.ask_field)
        session.field_found.connect(self.probe.show_field)
        self._room_views.gains_chosen.connect(self._show_gains)
        self._room_views.problem_found.connect(session.tell)
        self._room_views.mixed.connect(self._show_mixed)
        self._room_views.node_chosen.connect(self._open_node)
        self._room_views.taps_wanted.connect(session.keep_taps)
        self._room_views.variant_chosen.connect(self._open_variant)
        session.list.changed.connect(self._show_list)
        session.list.status_changed.connect(self._show_status)
        presentation.appearance_changed.connect(self._show_appearance)
        presentation.layout_changed.connect(self._show_layout)
        self.compare.pair_requested.connect(presentation.set_pair)
        self.legend.class_toggled.connect(presentation.toggle_class)
        self.legend.class_soloed.connect(self._solo)
        self.legend.map_requested.connect(self._show_map)
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
        session.undo.indexChanged.connect(self._on_undo_index)

    @property
    def heatmaps(self) -> HeatmapView:
        """Classes at the nodes of the net."""
        return self._room_views.heatmaps

    @property
    def fusion(self) -> FusionView:
        """The net after its trunk."""
        return self._room_views.fusion

    @property
    def changes(self) -> ChangesView:
        """Where fusion changed its mind."""
        return self._room_views.changes

    @Slot(object)
    def _add_room(self, view: RoomView) -> None:
        session, canvas = self._session, view.canvas
        self._stack.add_page(view)
        follow_in_tab_order(self._explain, view)
        session.pointer_changed.connect(view.set_pointer)
        view.pointer_moved.connect(session.set_pointer)
        canvas.clicked.connect(self._pin)
        canvas.region_chosen.connect(self._pin_region)
        canvas.resized.connect(self._fit)
        canvas.set_marks(self._marks)
        view.show_picture(session.shown, session.presentation.appearance)

    def set_legend_wanted(self, wanted: bool) -> None:
        """Shows or hides the legend; while nothing is open there is none."""
        self._legend_wanted = wanted
        set_visible(self.side, wanted and (self._session.shown is not None or self._run_watched))

    def show_run(self, panel: QWidget, *, watched: bool) -> None:
        """A tab for the training run that is watched, in front when it comes; while there is none, no tab."""
        place = self.side.indexOf(panel)
        if watched and place < 0:
            self.side.addTab(panel, self.tr("Run"))
            self.side.setCurrentWidget(panel)
        elif not watched and place >= 0:
            self.side.removeTab(place)
        self._run_watched = watched
        self.set_legend_wanted(self._legend_wanted)

    def place_dataset(self, *, below: bool) -> None:
        """Puts the table of a data set below the pictures, or in a tab beside them."""
        place = self.side.indexOf(self.dataset)
        if below:
            if place >= 0:
                self.show_legend()
                self.side.removeTab(place)
            self.upright.addWidget(self.dataset)
            self.upright.setCollapsible(1, False)
            self.upright.setStretchFactor(0, 1)
            self.upright.setStretchFactor(1, 0)
        elif place < 0:
            self.side.insertTab(2, self.dataset, self.tr("Data set"))

    def set_strip_wanted(self, wanted: bool) -> None:
        """Shows or hides the film strip; one photo alone needs none."""
        self._strip_wanted = wanted
        set_visible(self.strip, wanted and len(self._session.list.photos) > 1)

    def set_icons(self, sign: QIcon, close: QIcon) -> None:
        """Icons in the theme's colours."""
        self.banner.set_icons(sign, close)
        self.notice.set_icons(close)
        self.dataset.set_icons(sign)
        self.legend.refresh()

    @Slot(object)
    def show_word(self, word: Word) -> None:
        """Says what happened."""
        self._noticed = None
        self.notice.show_notice(word.text, word.actions)

    def show_undoable(self, text: str) -> None:
        """Says what happened last, until that is undone or something else can be."""
        self.show_word(Word(text, ((self.tr("Undo"), self._session.undo.undo),)))
        self._noticed = self._session.undo.index()

    @Slot(int)
    def _on_undo_index(self, index: int) -> None:
        if self._noticed is not None and index != self._noticed:
            self._noticed = None
            self.notice.dismiss()

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
        self.show_undoable(text)

    @Slot()
    def clear(self) -> None:
        """Takes all photos off the list."""
        self.remove(tuple(range(len(self._session.list.photos))))

    @Slot(str)
    def _solo(self, name: str) -> None:
        labels = self.legend.labels
        self._session.presentation.solo_class(name, labels.classes if labels else ())

    @Slot(str)
    def _show_map(self, name: str) -> None:
        self._session.presentation.set_room(Room.HEATMAPS)
        self.heatmaps.show_node(SCORE_LAYERS[0], name)

    @Slot(int)
    def _choose_truth(self, place: int) -> None:
        self.truth_requested.emit(self._session.list.photos[place])

    @Slot(int)
    def _copy_path(self, place: int) -> None:
        self.path_requested.emit(self._session.list.photos[place])

    @Slot()
    def _show_picture(self) -> None:
        shown, presentation = self._session.shown, self._session.presentation
        self.strip.set_current(self._session.place)
        self._show_room()
        self.compare.set_layout(presentation.layout, self._session.panels)
        for view in (self.compare, *self._room_views.made):
            view.show_picture(shown, presentation.appearance)
        self.probe.show_picture(shown, self._session.panels, presentation.appearance)
        self.legend.show_result(shown.result if shown else None)
        self.legend.set_appearance(presentation.appearance)
        self.set_legend_wanted(self._legend_wanted)

    def _room_row(self) -> QHBoxLayout:
        self._explain = QToolButton()
        self._explain.setObjectName("explain_room")
        self._explain.setText("i")
        self._explain.setToolTip(self.tr("What this view shows (I)"))
        self._explain.setAccessibleName(self._explain.toolTip())
        self._explain.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._explain.clicked.connect(self.explain_room)
        self._sheet = LessonSheet(self)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 8, 0)
        row.addWidget(self.rooms)
        row.addStretch(1)
        row.addWidget(self._explain)
        self._nets_row = row
        return row

    def set_net_bar(self, bar: QWidget) -> None:
        """Puts the choice of the net beside the names of the views, where it is always seen."""
        self._nets_row.insertWidget(2, bar)

    @Slot()
    def explain_room(self) -> None:
        """Says in a paragraph what is shown."""
        title, text = lesson(self._session.presentation.room)
        self._sheet.show_lesson(title, text, self._explain)

    def _room_tabs(self) -> QTabBar:
        tabs = QTabBar()
        tabs.setObjectName("rooms")
        tabs.setDrawBase(False)
        tabs.setExpanding(False)
        tabs.setUsesScrollButtons(False)  # all of them are seen in the smallest window
        tabs.setElideMode(Qt.TextElideMode.ElideNone)
        tabs.setAccessibleName(self.tr("Views"))
        words = {
            Room.COMPARE: (self.tr("Compare"), self.tr("Photo and masks beside each other (F2)")),
            Room.HEATMAPS: (self.tr("Heat maps"), self.tr("What each node of the net says of each class (F3)")),
            Room.FUSION: (self.tr("Fusion"), self.tr("The skips, drawn and made stronger and weaker (F4)")),
            Room.CHANGES: (self.tr("Changes"), self.tr("Where the skips changed the mask, and whether for good (F5)")),
        }
        for number, room in enumerate(Room):
            tabs.addTab(words[room][0])
            tabs.setTabToolTip(number, words[room][1])
        tabs.currentChanged.connect(lambda index: self._session.presentation.set_room(tuple(Room)[index]))
        return tabs

    @Slot()
    def _show_room(self) -> None:
        shown, room = self._session.shown, self._session.presentation.room
        self.rooms.setVisible(shown is not None)
        self._explain.setVisible(shown is not None)
        self.rooms.setCurrentIndex(tuple(Room).index(room))
        self._stack.show_page(self._empty if shown is None else self.view)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """What fits is for the picture to say that is seen; the panels say it themselves."""
        for view in self._room_views.made:
            if view.canvas.isVisible():
                view.canvas.fit_view()

    @Slot(object)
    def _pin(self, pixel: tuple[int, int]) -> None:
        """A click pins where the probe is seen; elsewhere it means nothing."""
        if self.probe.isVisible():
            self._session.pin(pixel)

    @Slot(object, object)
    def _pin_region(self, rows: range, columns: range) -> None:
        self.show_probe()
        self._session.pin_region(rows, columns)

    @property
    def view(self) -> QWidget:
        """What the middle shows now."""
        room = self._session.presentation.room
        return self.compare if room is Room.COMPARE else self._room_views.of(room)

    def show_probe(self) -> None:
        """Brings the probe to the front."""
        self.side.setCurrentWidget(self._probe_area)

    def show_legend(self) -> None:
        """Brings the classes to the front."""
        self.side.setCurrentWidget(self._legend_area)

    @Slot(object)
    def _show_marks(self, marks: Marks) -> None:
        self._marks = marks
        self.compare.set_marks(marks)
        for view in self._room_views.made:
            view.canvas.set_marks(marks)

    @Slot(str)
    def _open_node(self, name: str) -> None:
        self._session.presentation.set_room(Room.HEATMAPS)
        self.heatmaps.show_node(name)

    @Slot(float, float)
    def _show_gains(self, pool4: float, pool3: float) -> None:
        self._session.presentation.set_room(Room.FUSION)
        self.fusion.set_gains(Gains(**dict(zip(PAD_SKIPS, (pool4, pool3), strict=True))))

    @Slot(object)
    def _show_mixed(self, mixed: Mixed | None) -> None:
        trace, shares = mixed if mixed is not None else (None, None)
        self.legend.show_live(shares)
        self.probe.show_live(trace)

    @Slot(str)
    def _open_variant(self, variant: str) -> None:
        self._session.presentation.show_single(PanelId(variant))
        self._session.presentation.set_room(Room.COMPARE)

    @Slot()
    def _show_appearance(self) -> None:
        appearance = self._session.presentation.appearance
        for view in (self.compare, *self._room_views.made):
            view.set_appearance(appearance)
        self.probe.set_appearance(appearance)
        self.legend.set_appearance(appearance)

    @Slot()
    def _show_layout(self) -> None:
        self.compare.set_layout(self._session.presentation.layout, self._session.panels)

    @Slot()
    def _show_list(self) -> None:
        self.strip.set_photos(self._session.list.photos, self._session.list.statuses)
        self.strip.set_current(self._session.place)
        self.set_strip_wanted(self._strip_wanted)

    @Slot(object, object)
    def _show_status(self, photo: Photo, status: PhotoStatus) -> None:
        self.strip.set_status(photo, status)
