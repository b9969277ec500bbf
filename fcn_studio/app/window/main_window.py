"""The main window: puts its parts together, takes drops, and is built anew in another language."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QMenuBar, QStatusBar, QStyle, QToolBar

from fcn_studio.app.canvas.view_transform import ViewTransform
from fcn_studio.app.checkpoints.catalog_menu import CatalogMenu
from fcn_studio.app.checkpoints.palette_menu import PaletteMenu
from fcn_studio.app.compare.compare_view import CompareView
from fcn_studio.app.compare.opacity_slider import OpacitySlider
from fcn_studio.app.intake.incoming import can_take
from fcn_studio.app.intake.intake import Intake
from fcn_studio.app.intake.thumbnails import Thumbnails
from fcn_studio.app.output.output_menu import OutputMenu
from fcn_studio.app.run_watch.run_watch import RunWatch
from fcn_studio.app.session.net_choice import OFFERED, Hint, NetChoice, title_of
from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import EngineChoice
from fcn_studio.app.widgets.language import Language
from fcn_studio.app.widgets.net_bar import NetBar
from fcn_studio.app.widgets.theme import Theme
from fcn_studio.app.window.action_states import ActionStates
from fcn_studio.app.window.actions import build_actions
from fcn_studio.app.window.command_palette import CommandPalette
from fcn_studio.app.window.dataset_place import DatasetPlace
from fcn_studio.app.window.dialogs import Dialogs
from fcn_studio.app.window.drop_overlay import DropOverlay
from fcn_studio.app.window.handlers import GIGABYTE, Handlers, Parts, build_handlers
from fcn_studio.app.window.menus import build_menus, build_tool_bar, layout_button, set_icons
from fcn_studio.app.window.recent_menu import RecentMenu
from fcn_studio.app.window.run_watch_tab import RunTab
from fcn_studio.app.window.shortcut_sheet import ShortcutSheet
from fcn_studio.app.window.status_line import StatusLine
from fcn_studio.app.window.tour import Tour
from fcn_studio.app.window.workspace import Workspace
from fcn_studio.app.worker.background import Background
from fcn_studio.app.worker.inference import Inference

FIRST_SIZE = QSize(1440, 900)  # where the screen has the room
FRAME = QSize(16, 48)  # about what window managers add: borders and title


class MainWindow(QMainWindow):
    """The window.

    Attributes:
        session: What is shown in it.
        intake: How photos come in.
        output: How results go out.
        palettes: Colours of classes.
        run_watch: The training run that is watched.
        dialogs: What stands over the window for a while.
        catalog: Published checkpoints.
        nets: Which of the program's nets is in use.
        background: Answers questions to a trace.
        transform: The zoom and pan of all panels.
        workspace: The middle of the window.
        actions_by_id: Every action.
    """

    def __init__(
        self, inference: Inference, choice: EngineChoice, settings: Settings, theme: Theme, language: Language
    ) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("FCN Studio")
        self.setAcceptDrops(True)
        self._inference, self._settings, self._theme, self._language = inference, settings, theme, language
        self.session = Session(inference, choice, self)
        self.intake = Intake(self.session, settings, self)
        self.background = Background(self)
        self.background.failed.connect(self.session.tell)
        self.output = OutputMenu(self.session, settings, self.background, lambda: language.code, self)
        self.palettes = PaletteMenu(self.session, settings, self)
        self.catalog = CatalogMenu(self.session, self.intake.use_checkpoint, theme, self)
        self.nets = NetChoice(self.session, settings, self)
        self.run_watch = RunWatch(self.session, self.background, settings, self)
        self.intake.run_found.connect(self.run_watch.open)
        self.run_watch.stages_requested.connect(self.intake.use_set)
        self.dialogs = Dialogs(self.session, self.intake, self.background, self)
        self.transform = ViewTransform(self)
        self._thumbnails = Thumbnails(self)
        self._restore_presentation()
        self._overlay = DropOverlay(self)
        self._parts = QObject(self)  # owns what is built anew in another language
        self._tool_bar: QToolBar | None = None
        self._build()
        theme.dress()
        self._tour_wanted = False
        self.session.shown_changed.connect(self._show_title)
        self.session.shown_changed.connect(self._on_shown)
        self.session.presentation.appearance_changed.connect(self._show_opacity)
        self.transform.changed.connect(self._show_zoom)
        self.intake.busy_changed.connect(self._on_intake_busy)
        self.nets.changed.connect(self._show_net)
        self.nets.hint_changed.connect(self._show_hint)
        theme.changed.connect(self._dress)
        language.changed.connect(self._rebuild)
        self.setGeometry(self._first_place(self.screen().availableGeometry()))
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        if settings.splitter is not None:
            self.workspace.splitter.restoreState(settings.splitter)
        if settings.table_splitter is not None:
            self.workspace.upright.restoreState(settings.table_splitter)
        self.setFocus()  # not the first button of the tool bar

    @property
    def compare(self) -> CompareView:
        """The panels."""
        return self.workspace.compare

    @property
    def busy(self) -> bool:
        """Whether something that was opened is still on its way to the screen."""
        return self.intake.busy or self.session.running or self.session.loading or self.background.busy

    @property
    def lacking(self) -> str:
        """Why the run that is watched has nothing to show, in words; empty where it has, or none is watched."""
        watch = self.run_watch
        return self._run_tab.panel.sentence if watch.folder is not None and not watch.has_checkpoint else ""

    @staticmethod
    def _first_place(free: QRect) -> QRect:
        """In the middle of what panels and docks leave of the screen, and no larger."""
        size = FIRST_SIZE.boundedTo(free.size() - FRAME)
        return QStyle.alignedRect(Qt.LayoutDirection.LeftToRight, Qt.AlignmentFlag.AlignCenter, size, free)

    def start(self) -> None:
        """Has the engine loaded in the background; the window is used meanwhile."""
        # A job loads it too, but reads its photo first, so that there is something to see.
        if not (self.busy or self.session.engine):
            self.session.set_engine(self.session.choice)

    def _restore_presentation(self) -> None:
        settings, presentation = self._settings, self.session.presentation
        self.session.set_memory_limit(settings.memory * GIGABYTE or None)
        presentation.set_opacity(settings.opacity)
        presentation.set_palette(settings.palette)
        presentation.set_arrangement(settings.arrangement)
        presentation.set_shown(settings.panel_kinds)

    def _build(self) -> None:
        self.setMenuBar(QMenuBar(self))
        self.setStatusBar(QStatusBar(self))
        self.workspace = Workspace(self.session, self.intake, self._thumbnails, self.transform, self.background)
        self.setCentralWidget(self.workspace)
        parts = Parts(
            self.session,
            self.intake,
            self.output,
            self.palettes,
            self.catalog,
            self.nets,
            self.transform,
            self.workspace,
            self._settings,
            self._theme,
            self._language,
        )
        self.actions_by_id: dict[str, QAction] = build_actions(
            self._parts, {**build_handlers(parts), **self._own_handlers()}
        )
        samples = QMenu(self.tr("Open &Sample"), self.menuBar())
        for path in self.intake.samples:
            samples.addAction(path.stem.replace("-", " ").title(), partial(self.open_samples, path))
        samples.setEnabled(bool(self.intake.samples))
        build_menus(self, self.actions_by_id, RecentMenu(self.intake, self._settings, self.menuBar()), samples)
        self._net_bar = self._build_net_bar()
        self.workspace.set_net_bar(self._net_bar)
        self._opacity, self._zoom = OpacitySlider(), QLabel()
        self._opacity.opacity_requested.connect(self.session.presentation.set_opacity)
        self._zoom.setMinimumWidth(self._zoom.fontMetrics().horizontalAdvance("6400 %") + 8)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._zoom.setAccessibleName(self.tr("Zoom"))
        layouts = layout_button(self, self.actions_by_id)
        widgets = {"opacity": self._opacity, "zoom": self._zoom, "layout": layouts}
        self._tool_bar = build_tool_bar(self, self.actions_by_id, widgets)
        self._status = StatusLine(self.session, self.intake, self.output.exporter, self.statusBar())
        self.workspace.colour_requested.connect(self.palettes.ask_for_colour)
        self.workspace.truth_requested.connect(self.intake.ask_for_truth)
        self.workspace.path_requested.connect(self.output.copy_path)
        self.output.happened.connect(self.workspace.show_word)
        self.catalog.happened.connect(self.workspace.show_word)
        self.workspace.channels_requested.connect(self.dialogs.show_channels)
        self._table = DatasetPlace(
            self.session, self.intake, self.workspace, self._settings, self.actions_by_id, self._parts
        )
        self._table.side_wanted.connect(self._show_side)
        self._run_tab = RunTab(self.run_watch, self.workspace, self.actions_by_id, self.statusBar(), self._parts)
        self._run_tab.side_wanted.connect(self._show_side)
        self._run_tab.nothing_came.connect(self.start)
        self._tour = Tour(self.session, self.workspace, self._parts)
        self._tour.step_changed.connect(self.workspace.tour.show_step)
        self.workspace.tour.forward_requested.connect(self._tour.forward)
        self.workspace.tour.back_requested.connect(self._tour.back)
        self.workspace.tour.stop_requested.connect(self._tour.stop)
        self.actions_by_id["view.legend"].setChecked(self._settings.legend_shown)
        self.actions_by_id["view.strip"].setChecked(self._settings.strip_shown)
        self.actions_by_id[f"memory.{self._settings.memory}"].setChecked(True)
        self._states = ActionStates(self.actions_by_id, layouts, self.session, self._theme, self._language, self._parts)
        self._dress()
        self._show_legend()
        self._show_strip()
        self._show_opacity()
        self._show_zoom()
        self._show_net()
        self.nets.on_shown()

    @Slot()
    def _rebuild(self) -> None:
        """The same window in another language."""
        splitter, upright = self.workspace.splitter.saveState(), self.workspace.upright.saveState()
        side = self.workspace.side.currentIndex()
        for action in self.actions():  # gone later, but their keys are the new ones' from now on
            self.removeAction(action)
        self._parts.deleteLater()
        self._parts = QObject(self)
        if self._tool_bar is not None:
            self.removeToolBar(self._tool_bar)
            self._tool_bar.deleteLater()
        self._build()
        self.workspace.splitter.restoreState(splitter)
        self.workspace.upright.restoreState(upright)
        self.workspace.side.setCurrentIndex(side)
        self.setFocus()

    def _build_net_bar(self) -> NetBar:
        actions = []
        for name in OFFERED:
            action = self.actions_by_id[f"net.{name}"]
            net = next((net for net in self.nets.nets if net.name == name), None)
            action.setVisible(net is not None)
            if net is not None:
                action.setToolTip(f"{self.nets.sentence(net)} ({action.shortcut().toString()})")
                action.setIconText(title_of(net))
                actions.append(action)
        return NetBar(actions, self.actions_by_id["net.open"])

    @Slot()
    def _show_net(self) -> None:
        now = self.nets.net
        for name in OFFERED:
            self.actions_by_id[f"net.{name}"].setChecked(now is not None and now.name == name)
        self._net_bar.set_own(self.nets.own)

    @Slot(object)
    def _show_hint(self, hint: Hint | None) -> None:
        if hint is None:
            self.workspace.net_hint.show_hint("")
            return
        actions = [(title_of(net), self.nets.sentence(net), partial(self.nets.choose, net.name)) for net in hint.nets]
        self.workspace.net_hint.show_hint(hint.text, actions)

    def open_samples(self, first: Path | None = None) -> None:
        """Opens the samples: `first`, with the net that fits it, or the one that the net in use fits."""
        if first is not None:
            self.nets.open_sample(first)
        self.intake.open_samples(first or self.nets.first_sample())

    def _own_handlers(self) -> Handlers:
        return {
            "file.quit": self._quit,
            "file.watch_run": self.run_watch.ask_for_run,
            "file.hold_run": lambda: self.run_watch.set_held(self.actions_by_id["file.hold_run"].isChecked()),
            "file.stop_run": self.run_watch.close,
            "view.table": lambda: self._table.toggle(),
            "table.below": lambda: self._table.move(),
            "table.arrange": lambda: self._table.arrange(),
            "table.pause": lambda: self._table.pause(),
            "table.again": self.session.measuring.again,
            "table.copy": lambda: self.workspace.dataset.copy_all(),
            "table.save": lambda: self._table.ask_where_to_save(),
            "go.cancel": self._cancel,
            "view.legend": self._show_legend,
            "view.probe": self._show_probe,
            "view.strip": self._show_strip,
            "view.full_screen": self._toggle_full_screen,
            "net.doctor": self.dialogs.show_doctor,
            "help.palette": self._find_command,
            "help.tour": self._start_tour,
            "help.keys": lambda: ShortcutSheet(self).show(),
            "help.about": self.dialogs.about,
        }

    @Slot()
    def _show_title(self) -> None:
        shown = self.session.shown
        self.setWindowTitle(f"{shown.photo.name} \N{EN DASH} FCN Studio" if shown else "FCN Studio")

    @Slot()
    def _show_legend(self) -> None:
        self._settings.legend_shown = self.actions_by_id["view.legend"].isChecked()
        self.workspace.set_legend_wanted(self._settings.legend_shown)

    @Slot()
    def _show_side(self) -> None:
        self.actions_by_id["view.legend"].setChecked(True)
        self._show_legend()

    def _show_probe(self) -> None:
        self._show_side()
        self.workspace.show_probe()

    @Slot()
    def _show_strip(self) -> None:
        self._settings.strip_shown = self.actions_by_id["view.strip"].isChecked()
        self.workspace.set_strip_wanted(self._settings.strip_shown)

    @Slot()
    def _show_opacity(self) -> None:
        self._opacity.set_opacity(self.session.presentation.appearance.opacity)

    @Slot()
    def _show_zoom(self) -> None:
        zoom = 100 * self.transform.zoom
        self._zoom.setText(f"{zoom:.0f} %" if zoom >= 10 else f"{zoom:.1f} %")

    @Slot(str)
    def _on_intake_busy(self, what_for: str) -> None:
        if not what_for:
            self.start()  # nothing came of it

    @Slot()
    def _dress(self) -> None:
        if self._tool_bar is not None:
            set_icons(self._theme, self.actions_by_id, self._tool_bar)
        self._states.show_theme()
        self.workspace.set_icons(self._theme.icon("warning"), self._theme.icon("close"))

    @Slot()
    def _cancel(self) -> None:
        if self.session.running:
            self._status.cancel()
        elif self.intake.busy:
            self.intake.stop()
        elif self._tour.running:
            self._tour.stop()
        else:
            self.workspace.banner.dismiss()
            self.workspace.notice.dismiss()

    def _quit(self) -> None:
        self.close()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _start_tour(self) -> None:
        """On the photo that is shown, else on the first sample once it is there."""
        self._tour_wanted = True
        if self.session.shown is None:
            self.open_samples()
        self._on_shown()

    @Slot()
    def _on_shown(self) -> None:
        shown = self.session.shown
        if self._tour_wanted and shown is not None and not shown.pending:
            self._tour_wanted = False
            self._tour.start()

    def _find_command(self) -> None:
        CommandPalette(list(self.actions_by_id.values()), self).show()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Ends blinking."""
        if event.key() in (Qt.Key.Key_B, Qt.Key.Key_Shift) and not event.isAutoRepeat():
            self.compare.blink(0)
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Ends blinking when the key is released elsewhere; shows whether the screen is filled."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.compare.blink(0)
        elif event.type() == QEvent.Type.WindowStateChange:
            self.actions_by_id["view.full_screen"].setChecked(self.isFullScreen())

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
        """Remembers, stops what runs, and ends the threads."""
        settings, presentation = self._settings, self.session.presentation
        settings.geometry, settings.splitter = self.saveGeometry(), self.workspace.splitter.saveState()
        settings.table_splitter = self.workspace.upright.saveState()
        settings.opacity = presentation.appearance.opacity
        settings.arrangement, settings.panel_kinds = presentation.layout.arrangement, presentation.layout.shown
        event.accept()
        self.hide()  # at once; the running job may need a moment to stop
        self.run_watch.close()
        self.session.close()
        self.intake.close()
        self.background.close()
        self.catalog.close()
        self._thumbnails.close()
        self._inference.close()
