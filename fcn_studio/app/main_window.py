"""The main window: puts views, menus and status bar together and connects them to the session. No logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QMessageBox, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from fcn_studio import __version__
from fcn_studio.app.actions import build_actions
from fcn_studio.app.appearance import PANELS, Arrangement
from fcn_studio.app.incoming import can_take
from fcn_studio.app.intake import Intake
from fcn_studio.app.menus import build_menus, build_tool_bar, set_icons
from fcn_studio.app.session import Session
from fcn_studio.app.settings import Settings
from fcn_studio.app.shortcut_sheet import ShortcutSheet
from fcn_studio.app.theme import Scheme, Theme
from fcn_studio.app.views.compare_view import CompareView
from fcn_studio.app.views.drop_overlay import DropOverlay
from fcn_studio.app.views.empty_state import EmptyState
from fcn_studio.app.views.view_transform import STEP
from fcn_studio.app.widgets.class_legend import ClassLegend
from fcn_studio.app.widgets.error_banner import ErrorBanner
from fcn_studio.app.widgets.opacity_slider import STEP as OPACITY_STEP
from fcn_studio.app.widgets.opacity_slider import OpacitySlider
from fcn_studio.app.widgets.run_status import RunStatus
from fcn_studio.app.widgets.stage_progress import StageProgress
from fcn_studio.app.worker import Inference

LEGEND_WIDTH = 304
FIRST_SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """The window.

    Attributes:
        session: What is shown in it.
        intake: How photos come in.
        compare: The panels.
    """

    def __init__(self, inference: Inference, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("FCN Studio")
        self.setAcceptDrops(True)
        self._inference, self._settings, self._theme = inference, settings, theme
        self.session = Session(inference, self)
        self.intake = Intake(self.session, settings, self)
        self.compare = CompareView()
        self._empty = EmptyState(has_samples=bool(self.intake.samples))
        self._banner = ErrorBanner()
        self._legend = ClassLegend()
        self._opacity = OpacitySlider()
        self._zoom = QLabel("100 %")
        self._progress = StageProgress()
        self._status = RunStatus()
        self._actions = build_actions(self, self._handlers())
        self._actions["view.legend"].setChecked(True)
        self._assemble()
        self._overlay = DropOverlay(self)
        self._connect()
        self._dress()
        self._show_layout()
        self._show_place()
        self._show_legend()
        self.session.set_opacity(settings.opacity)
        self._show_appearance()
        self.resize(FIRST_SIZE)
        self.setFocus()  # not the first button of the tool bar
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        if settings.splitter is not None:
            self._splitter.restoreState(settings.splitter)

    def start(self) -> None:
        """Has the engine loaded in the background; the window is used meanwhile."""
        if not self.session.running:  # a job loads it too, but reads its photo first
            self._progress.start(self.tr("Loading PyTorch…"), can_cancel=False, at_once=True)
            self._inference.warm_up()

    def _handlers(self) -> dict[str, Callable[[], None]]:
        session, intake, transform = self.session, self.intake, self.compare.transform
        return {
            "file.open": intake.ask_for_files,
            "file.open_folder": intake.ask_for_folder,
            "file.paste": intake.paste,
            "file.quit": self._quit,
            "go.previous": partial(session.step, -1),
            "go.next": partial(session.step, 1),
            "go.first": lambda: session.go_to(0),
            "go.last": lambda: session.go_to(len(session.photos) - 1),
            "go.cancel": self._cancel,
            **{f"view.{name}": partial(session.toggle_panel, name) for name in PANELS},
            "view.zoom_in": lambda: transform.zoom_at(STEP, 0, 0),
            "view.zoom_out": lambda: transform.zoom_at(1 / STEP, 0, 0),
            "view.fit": transform.fit,
            "view.actual": lambda: transform.set_zoom(1.0),
            **{f"layout.{way}": partial(session.set_arrangement, way) for way in Arrangement},
            **{f"theme.{scheme}": partial(self._choose_theme, scheme) for scheme in Scheme},
            "view.legend": self._show_legend,
            "view.full_screen": self._toggle_full_screen,
            "masks.shown": lambda: session.set_masks_shown(not session.appearance.masks_shown),
            "masks.more": lambda: session.set_opacity(session.appearance.opacity + OPACITY_STEP),
            "masks.less": lambda: session.set_opacity(session.appearance.opacity - OPACITY_STEP),
            "masks.all_classes": session.show_all_classes,
            "help.keys": lambda: ShortcutSheet(self).show(),
            "help.about": self._about,
        }

    def _assemble(self) -> None:
        self._samples = QMenu(self.tr("Open &Sample"), self)
        for path in self.intake.samples:
            self._samples.addAction(path.stem.replace("-", " ").title(), partial(self.intake.open_samples, path))
        self._samples.setEnabled(bool(self.intake.samples))
        build_menus(self, self._actions, self._samples)
        self._zoom.setMinimumWidth(self._zoom.fontMetrics().horizontalAdvance("6400 %") + 8)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        build_tool_bar(self, self._actions, {"opacity": self._opacity, "zoom": self._zoom})
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.compare)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(self._stack)
        self._splitter.addWidget(self._legend)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setCollapsible(0, False)
        self._splitter.setSizes([FIRST_SIZE.width() - LEGEND_WIDTH, LEGEND_WIDTH])
        self._splitter.setHandleWidth(4)
        self._legend.setMinimumWidth(LEGEND_WIDTH)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._banner)
        column.addWidget(self._splitter, 1)
        self.setCentralWidget(centre)
        self.statusBar().addWidget(self._progress)
        self.statusBar().addPermanentWidget(self._status)

    def _connect(self) -> None:
        session = self.session
        session.shown_changed.connect(self._show_picture)
        session.photos_changed.connect(self._show_place)
        session.engine_changed.connect(self._show_engine)
        session.running_changed.connect(self._show_running)
        session.stage_changed.connect(self._progress.set_stage)
        session.problem_found.connect(self._show_problem)
        session.appearance_changed.connect(self._show_appearance)
        session.layout_changed.connect(self._show_layout)
        session.pointer_changed.connect(self.compare.set_pointer)
        self.compare.pointer_moved.connect(session.set_pointer)
        self.compare.transform.changed.connect(self._show_zoom)
        self._progress.cancel_requested.connect(self._cancel)
        self._opacity.opacity_requested.connect(session.set_opacity)
        self._legend.class_toggled.connect(session.toggle_class)
        self._legend.class_soloed.connect(session.solo_class)
        self._legend.all_requested.connect(session.show_all_classes)
        self._empty.open_requested.connect(self.intake.ask_for_files)
        self._empty.sample_requested.connect(self.intake.open_samples)
        self._theme.changed.connect(self._dress)

    @Slot()
    def _show_picture(self) -> None:
        shown = self.session.shown
        self._stack.setCurrentWidget(self._empty if shown is None else self.compare)
        self.compare.show_picture(shown, self.session.appearance)
        self._legend.show_trace(shown.trace if shown else None)
        self._legend.set_hidden(self.session.appearance.hidden)
        self._show_legend()
        self._status.show_run(shown)
        self.setWindowTitle(f"{shown.photo.name} \N{EN DASH} FCN Studio" if shown else "FCN Studio")
        self._show_layout()

    @Slot()
    def _show_legend(self) -> None:
        self._legend.setVisible(self._actions["view.legend"].isChecked() and self.session.shown is not None)

    @Slot()
    def _show_place(self) -> None:
        count, index = len(self.session.photos), self.session.index
        self._status.show_place(index, count)
        for name in ("go.previous", "go.first"):
            self._actions[name].setEnabled(index > 0)
        for name in ("go.next", "go.last"):
            self._actions[name].setEnabled(index < count - 1)

    @Slot()
    def _show_engine(self) -> None:
        if self.session.engine is not None:
            self._status.show_engine(self.session.engine)
        if not self.session.running:
            self._progress.stop()
        self._show_layout()

    @Slot(bool)
    def _show_running(self, running: bool) -> None:
        self._show_place()
        self._actions["go.cancel"].setEnabled(True)
        if not running:
            self._progress.stop()
        elif self.session.engine is None:
            self._progress.start(self.tr("Loading PyTorch…"), at_once=True)
        else:
            self._progress.start(self.tr("Segmenting…"))

    @Slot(str)
    def _show_problem(self, sentence: str) -> None:
        self._banner.show_problem(sentence)
        if sentence and not self.session.running:
            self._progress.stop()

    @Slot()
    def _show_appearance(self) -> None:
        appearance = self.session.appearance
        self.compare.set_appearance(appearance)
        self._opacity.set_opacity(appearance.opacity)
        self._legend.set_hidden(appearance.hidden)
        self._actions["masks.shown"].setChecked(appearance.masks_shown)
        self._actions["masks.all_classes"].setEnabled(bool(appearance.hidden))

    @Slot()
    def _show_layout(self) -> None:
        layout, available = self.session.layout, self.session.panels
        self.compare.set_layout(layout, available)
        seen = layout.panels(available)
        for name in PANELS:
            self._actions[f"view.{name}"].setChecked(name in seen)
            self._actions[f"view.{name}"].setEnabled(name in available)
        self._actions[f"layout.{layout.arrangement}"].setChecked(True)

    @Slot()
    def _show_zoom(self) -> None:
        zoom = 100 * self.compare.transform.zoom
        self._zoom.setText(f"{zoom:.0f} %" if zoom >= 10 else f"{zoom:.1f} %")

    @Slot()
    def _dress(self) -> None:
        set_icons(self._theme, self._actions)
        self._banner.set_icons(self._theme.icon("warning"), self._theme.icon("close"))
        self._actions[f"theme.{self._theme.scheme}"].setChecked(True)
        self._legend.refresh()

    @Slot()
    def _cancel(self) -> None:
        if self.session.running:
            self.session.cancel()
            self._progress.stopping()
        else:
            self._banner.dismiss()

    def _choose_theme(self, scheme: Scheme) -> None:
        self._settings.scheme = scheme
        self._theme.choose(scheme)

    def _quit(self) -> None:
        self.close()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _about(self) -> None:
        text = self.tr("Shows what FCN-32s, FCN-16s and FCN-8s make of a photo, from one pass of one net.")
        QMessageBox.about(self, self.tr("About FCN Studio"), f"<b>FCN Studio {__version__}</b><p>{text}</p>")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes what can be opened, and shows the target."""
        if can_take(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)  # never a move: the user's file stays where it is
            event.accept()
            self._overlay.cover()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Takes the target away."""
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped."""
        self._overlay.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.intake.drop(event.mimeData())
        self.activateWindow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays out for the new size."""
        super().resizeEvent(event)
        if self._overlay.isVisible():
            self._overlay.cover()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remembers, stops the running job, and ends the thread."""
        self._settings.geometry = self.saveGeometry()
        self._settings.splitter = self._splitter.saveState()
        self._settings.opacity = self.session.appearance.opacity
        event.accept()
        self.hide()  # at once; the running job may need a moment to stop
        self.session.cancel()
        self._inference.close()
