"""What each action of the table does, but for what only the window itself can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtWidgets import QApplication

from fcn_studio.app.canvas.view_transform import STEP, ViewTransform
from fcn_studio.app.checkpoints.catalog_menu import CatalogMenu
from fcn_studio.app.checkpoints.palette_menu import PaletteMenu
from fcn_studio.app.intake.intake import Intake
from fcn_studio.app.output.output_menu import OutputMenu
from fcn_studio.app.session.net_choice import OFFERED, NetChoice
from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import MEMORIES, Settings
from fcn_studio.app.values.appearance import Arrangement
from fcn_studio.app.values.panels import KINDS
from fcn_studio.app.values.rooms import Room
from fcn_studio.app.widgets.labelled_slider import STEP as PERCENT_STEP
from fcn_studio.app.widgets.language import LANGUAGES, SYSTEM, Language
from fcn_studio.app.widgets.theme import Scheme, Theme
from fcn_studio.app.window.workspace import Workspace
from fcn_studio.core.palettes import PALETTES

MOVE = 96  # Qt's pixels for one key
GIGABYTE = 10**9
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")

Handlers = Mapping[str, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What actions act on."""

    session: Session
    intake: Intake
    output: OutputMenu
    palettes: PaletteMenu
    catalog: CatalogMenu
    nets: NetChoice
    transform: ViewTransform
    workspace: Workspace
    settings: Settings
    theme: Theme
    language: Language


def build_handlers(parts: Parts) -> dict[str, Callable[[], None]]:
    """A callable for each action id, less the window's own."""
    return {
        **_files(parts),
        **_list(parts),
        **_views(parts),
        **_masks(parts),
        **_net(parts),
        **_looks(parts),
    }


def _files(parts: Parts) -> Handlers:
    session, intake, output, workspace = parts.session, parts.intake, parts.output, parts.workspace

    def forget_truth() -> None:
        if session.list.current is not None:
            session.set_truth(session.list.current, None)

    return {
        "file.open": intake.ask_for_files,
        "file.open_folder": intake.ask_for_folder,
        "file.paste": intake.paste,
        "file.truth": lambda: intake.ask_for_truth(session.list.current),
        "file.forget_truth": forget_truth,
        "file.export": output.ask_what_to_export,
        "file.save_trace": output.ask_where_to_save_trace,
        "file.save_view": lambda: output.ask_where_to_save_view(workspace.view),
        "file.copy_view": lambda: output.copy_view(workspace.view),
        "file.copy_path": lambda: output.copy_path(session.list.current),
    }


def _list(parts: Parts) -> Handlers:
    session, workspace = parts.session, parts.workspace

    def remove() -> None:
        focus = QApplication.focusWidget()
        in_strip = focus is not None and workspace.strip.isAncestorOf(focus)
        current = (session.list.index,) if session.list.current is not None else ()
        workspace.remove((workspace.strip.selected if in_strip else ()) or current)

    return {
        "edit.undo": session.undo.undo,
        "edit.redo": session.undo.redo,
        "edit.remove": remove,
        "edit.clear": workspace.clear,
        "go.previous": partial(session.list.step, -1),
        "go.next": partial(session.list.step, 1),
        "go.first": lambda: session.list.go_to(0),
        "go.last": lambda: session.list.go_to(len(session.list.photos) - 1),
    }


def _views(parts: Parts) -> Handlers:
    session, presentation, transform = parts.session, parts.session.presentation, parts.transform
    compare = parts.workspace.compare

    def toggle_panel(kind: str) -> None:
        presentation.toggle_panel(kind, session.panels)

    def move(x: int, y: int) -> None:
        ratio = compare.devicePixelRatioF()
        transform.pan_by(x * ratio, y * ratio)

    return {
        **{f"view.{kind}": partial(toggle_panel, kind) for kind in KINDS},
        **{f"room.{room}": partial(presentation.set_room, room) for room in Room},
        "help.lesson": parts.workspace.explain_room,
        "view.unpin": lambda: session.pin(None),
        **{f"layout.{way}": partial(presentation.set_arrangement, way) for way in Arrangement},
        "view.blink_next": lambda: compare.blink(1),
        "view.blink_back": lambda: compare.blink(-1),
        "view.zoom_in": lambda: transform.zoom_at(STEP, 0, 0),
        "view.zoom_out": lambda: transform.zoom_at(1 / STEP, 0, 0),
        "view.fit": transform.fit,
        "view.actual": lambda: transform.set_zoom(1.0),
        "move.left": partial(move, MOVE, 0),
        "move.right": partial(move, -MOVE, 0),
        "move.up": partial(move, 0, MOVE),
        "move.down": partial(move, 0, -MOVE),
    }


def _masks(parts: Parts) -> Handlers:
    session, presentation = parts.session, parts.session.presentation
    return {
        "masks.shown": presentation.toggle_masks,
        "masks.outlines": presentation.toggle_outlines,
        "masks.errors": presentation.toggle_errors,
        "masks.more": lambda: presentation.set_opacity(presentation.appearance.opacity + PERCENT_STEP),
        "masks.less": lambda: presentation.set_opacity(presentation.appearance.opacity - PERCENT_STEP),
        "masks.surer": lambda: presentation.set_cutoff(presentation.appearance.cutoff + PERCENT_STEP),
        "masks.unsurer": lambda: presentation.set_cutoff(presentation.appearance.cutoff - PERCENT_STEP),
        "masks.solo": lambda: presentation.solo_next(session.class_names),
        "masks.all_classes": presentation.show_all_classes,
        **{f"palette.{name}": partial(parts.palettes.choose, name) for name in PALETTES},
        "palette.open": parts.palettes.ask_for_file,
        "palette.save": parts.palettes.ask_where_to_save,
    }


def _net(parts: Parts) -> Handlers:
    session, intake, settings = parts.session, parts.intake, parts.settings

    def close_last() -> None:
        if len(session.choice.weights) > 1:
            session.set_engine(replace(session.choice, weights=session.choice.weights[:-1]))

    def set_device(device: str) -> None:
        session.set_engine(replace(session.choice, device=device))

    def set_precision(precision: str) -> None:
        session.set_engine(replace(session.choice, precision=precision))

    def set_memory(gigabytes: int) -> None:
        settings.memory = gigabytes
        session.set_memory_limit(gigabytes * GIGABYTE or None)

    return {
        "net.open": lambda: intake.ask_for_checkpoint(beside=False),
        "net.add": lambda: intake.ask_for_checkpoint(beside=True),
        "net.catalog": parts.catalog.show,
        **{f"net.{name}": partial(parts.nets.choose, name) for name in OFFERED},
        "net.next": parts.nets.choose_next,
        "net.close_last": close_last,
        **{f"device.{device}": partial(set_device, device) for device in DEVICES},
        **{f"precision.{precision}": partial(set_precision, precision) for precision in PRECISIONS},
        **{f"memory.{gigabytes}": partial(set_memory, gigabytes) for gigabytes in MEMORIES},
    }


def _looks(parts: Parts) -> Handlers:
    settings, theme, language = parts.settings, parts.theme, parts.language

    def set_theme(scheme: Scheme) -> None:
        settings.scheme = scheme
        theme.choose(scheme)

    def set_language(code: str) -> None:
        settings.language = code
        language.choose(code)

    return {
        **{f"theme.{scheme}": partial(set_theme, scheme) for scheme in Scheme},
        "theme.other": lambda: set_theme(Scheme.LIGHT if theme.dark else Scheme.DARK),
        **{f"language.{code}": partial(set_language, code) for code in (SYSTEM, *LANGUAGES)},
    }
