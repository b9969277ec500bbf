"""Every action, once: its words, keys, menu, icon and place on the tool bar. Menus, shortcuts and help read this."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence

Key = QKeySequence.StandardKey


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """Marks a text for lupdate, which knows this name; PySide's own function is typed as giving `object`."""
    return text


class Menu(StrEnum):
    """Menus, in order."""

    FILE = QT_TRANSLATE_NOOP("Actions", "&File")
    EDIT = QT_TRANSLATE_NOOP("Actions", "&Edit")
    GO = QT_TRANSLATE_NOOP("Actions", "&Go")
    VIEW = QT_TRANSLATE_NOOP("Actions", "&View")
    MASKS = QT_TRANSLATE_NOOP("Actions", "&Masks")
    NET = QT_TRANSLATE_NOOP("Actions", "&Net")
    HELP = QT_TRANSLATE_NOOP("Actions", "&Help")


@dataclass(frozen=True, slots=True)
class Entry:
    """One action.

    Attributes:
        id: Dotted name, by which code and tests find it.
        text: As the menu shows it.
        menu: Where it is.
        keys: Standard keys or key sequences; the first is shown.
        icon: Name of its icon, if it has one.
        checkable: Whether it is on or off.
        group: Actions of one group exclude each other.
        submenu: Title of the menu inside `menu` that holds it.
        ends_section: Whether a line follows.
        repeats: Whether a held key triggers it again and again.
        hint: What its words do not say, seen while the pointer rests on it.
    """

    id: str
    text: str
    menu: Menu
    keys: tuple[Key | str, ...] = ()
    icon: str = ""
    checkable: bool = False
    group: str = ""
    submenu: str = ""
    ends_section: bool = False
    repeats: bool = True
    hint: str = ""


LAYOUT = QT_TRANSLATE_NOOP("Actions", "&Layout")
TABLE = QT_TRANSLATE_NOOP("Actions", "&Data Set")
MOVE = QT_TRANSLATE_NOOP("Actions", "&Move")
THEME = QT_TRANSLATE_NOOP("Actions", "T&heme")
LANGUAGE = QT_TRANSLATE_NOOP("Actions", "Lan&guage")
PALETTE = QT_TRANSLATE_NOOP("Actions", "&Palette")
DEVICE = QT_TRANSLATE_NOOP("Actions", "&Device")
PRECISION = QT_TRANSLATE_NOOP("Actions", "&Precision")
MEMORY = QT_TRANSLATE_NOOP("Actions", "&Memory for a Photo")
MEMORY_HINT = QT_TRANSLATE_NOOP(
    "Actions",
    "What the net may take while it works. A photo that needs more is done in strips, with the same masks; photo and "
    "masks come on top. Automatic: what is free.",
)
MEMORY_TEXTS = (
    (0, QT_TRANSLATE_NOOP("Actions", "&Automatic")),
    (2, QT_TRANSLATE_NOOP("Actions", "&2 GB")),
    (4, QT_TRANSLATE_NOOP("Actions", "&4 GB")),
    (8, QT_TRANSLATE_NOOP("Actions", "&8 GB")),
    (16, QT_TRANSLATE_NOOP("Actions", "&16 GB")),
)

ACTIONS: tuple[Entry, ...] = (
    Entry("file.open", QT_TRANSLATE_NOOP("Actions", "&Open…"), Menu.FILE, (Key.Open,), icon="open"),
    Entry(
        "file.open_folder", QT_TRANSLATE_NOOP("Actions", "Open &Folder…"), Menu.FILE, ("Ctrl+Shift+O",), icon="folder"
    ),
    Entry("file.watch_run", QT_TRANSLATE_NOOP("Actions", "&Watch a Run…"), Menu.FILE, ("Ctrl+Shift+W",)),
    Entry(
        "file.hold_run", QT_TRANSLATE_NOOP("Actions", "&Hold the Run's Checkpoint"), Menu.FILE, ("H",), checkable=True
    ),
    Entry("file.stop_run", QT_TRANSLATE_NOOP("Actions", "Stop Watching the &Run"), Menu.FILE),
    Entry("file.paste", QT_TRANSLATE_NOOP("Actions", "&Paste"), Menu.FILE, (Key.Paste,), ends_section=True),
    Entry("file.truth", QT_TRANSLATE_NOOP("Actions", "&Ground Truth…"), Menu.FILE, ("Ctrl+T",)),
    Entry(
        "file.forget_truth", QT_TRANSLATE_NOOP("Actions", "&Forget Chosen Ground Truth"), Menu.FILE, ends_section=True
    ),
    Entry("file.export", QT_TRANSLATE_NOOP("Actions", "&Export…"), Menu.FILE, (Key.Save,), icon="export"),
    Entry("file.save_trace", QT_TRANSLATE_NOOP("Actions", "Save &Trace…"), Menu.FILE, ("Ctrl+Alt+S",)),
    Entry("file.save_view", QT_TRANSLATE_NOOP("Actions", "Save &View…"), Menu.FILE, ("Ctrl+Shift+S",)),
    Entry("file.copy_view", QT_TRANSLATE_NOOP("Actions", "&Copy View"), Menu.FILE, (Key.Copy,), icon="copy"),
    Entry(
        "file.copy_path", QT_TRANSLATE_NOOP("Actions", "Copy Pat&h"), Menu.FILE, ("Ctrl+Shift+C",), ends_section=True
    ),
    Entry("file.quit", QT_TRANSLATE_NOOP("Actions", "&Quit"), Menu.FILE, (Key.Quit, "Ctrl+Q")),
    Entry("edit.undo", QT_TRANSLATE_NOOP("Actions", "&Undo"), Menu.EDIT, (Key.Undo,)),
    Entry("edit.redo", QT_TRANSLATE_NOOP("Actions", "&Redo"), Menu.EDIT, (Key.Redo,), ends_section=True),
    Entry(
        "edit.remove", QT_TRANSLATE_NOOP("Actions", "Re&move Photo from List"), Menu.EDIT, (Key.Delete,), icon="remove"
    ),
    Entry("edit.clear", QT_TRANSLATE_NOOP("Actions", "&Clear List"), Menu.EDIT),
    Entry("go.previous", QT_TRANSLATE_NOOP("Actions", "&Previous Photo"), Menu.GO, ("Left", "A"), icon="previous"),
    Entry("go.next", QT_TRANSLATE_NOOP("Actions", "&Next Photo"), Menu.GO, ("Right", "D"), icon="next"),
    Entry("go.first", QT_TRANSLATE_NOOP("Actions", "&First Photo"), Menu.GO, ("Home",)),
    Entry("go.last", QT_TRANSLATE_NOOP("Actions", "&Last Photo"), Menu.GO, ("End",), ends_section=True),
    Entry("go.cancel", QT_TRANSLATE_NOOP("Actions", "&Cancel"), Menu.GO, ("Esc",)),
    Entry(
        "room.compare",
        QT_TRANSLATE_NOOP("Actions", "&Compare"),
        Menu.VIEW,
        ("F2",),
        checkable=True,
        group="room",
    ),
    Entry(
        "room.heatmaps",
        QT_TRANSLATE_NOOP("Actions", "&Heat Maps"),
        Menu.VIEW,
        ("F3",),
        checkable=True,
        group="room",
    ),
    Entry(
        "room.fusion",
        QT_TRANSLATE_NOOP("Actions", "&Fusion"),
        Menu.VIEW,
        ("F4",),
        checkable=True,
        group="room",
    ),
    Entry(
        "room.changes",
        QT_TRANSLATE_NOOP("Actions", "C&hanges"),
        Menu.VIEW,
        ("F5",),
        checkable=True,
        group="room",
        ends_section=True,
    ),
    Entry("view.photo", QT_TRANSLATE_NOOP("Actions", "&Photo"), Menu.VIEW, ("0",), checkable=True),
    Entry("view.truth", QT_TRANSLATE_NOOP("Actions", "Ground &Truth"), Menu.VIEW, ("T",), icon="truth", checkable=True),
    Entry("view.32s", QT_TRANSLATE_NOOP("Actions", "FCN-&32s"), Menu.VIEW, ("1",), checkable=True),
    Entry("view.16s", QT_TRANSLATE_NOOP("Actions", "FCN-&16s"), Menu.VIEW, ("2",), checkable=True),
    Entry("view.8s", QT_TRANSLATE_NOOP("Actions", "FCN-&8s"), Menu.VIEW, ("3",), checkable=True),
    Entry("view.4s", QT_TRANSLATE_NOOP("Actions", "FCN-&4s"), Menu.VIEW, ("4",), checkable=True, ends_section=True),
    Entry(
        "layout.automatic",
        QT_TRANSLATE_NOOP("Actions", "&Automatic"),
        Menu.VIEW,
        ("Ctrl+1",),
        icon="layout-automatic",
        checkable=True,
        group="layout",
        submenu=LAYOUT,
    ),
    Entry(
        "layout.row",
        QT_TRANSLATE_NOOP("Actions", "&Side by Side"),
        Menu.VIEW,
        ("Ctrl+2",),
        icon="layout-row",
        checkable=True,
        group="layout",
        submenu=LAYOUT,
    ),
    Entry(
        "layout.grid",
        QT_TRANSLATE_NOOP("Actions", "&Grid"),
        Menu.VIEW,
        ("Ctrl+3",),
        icon="layout-grid",
        checkable=True,
        group="layout",
        submenu=LAYOUT,
    ),
    Entry(
        "layout.single",
        QT_TRANSLATE_NOOP("Actions", "S&ingle"),
        Menu.VIEW,
        ("Ctrl+4",),
        icon="layout-single",
        checkable=True,
        group="layout",
        submenu=LAYOUT,
    ),
    Entry(
        "layout.swipe",
        QT_TRANSLATE_NOOP("Actions", "S&wipe"),
        Menu.VIEW,
        ("Ctrl+5",),
        icon="layout-swipe",
        checkable=True,
        group="layout",
        submenu=LAYOUT,
    ),
    Entry(
        "layout.difference",
        QT_TRANSLATE_NOOP("Actions", "&Difference"),
        Menu.VIEW,
        ("Ctrl+6",),
        icon="layout-difference",
        checkable=True,
        group="layout",
        submenu=LAYOUT,
    ),
    Entry("view.blink_next", QT_TRANSLATE_NOOP("Actions", "&Blink Next Mask (hold)"), Menu.VIEW, ("B",), repeats=False),
    Entry(
        "view.blink_back",
        QT_TRANSLATE_NOOP("Actions", "Blink P&revious Mask (hold)"),
        Menu.VIEW,
        ("Shift+B",),
        ends_section=True,
        repeats=False,
    ),
    Entry("view.zoom_in", QT_TRANSLATE_NOOP("Actions", "Zoom &In"), Menu.VIEW, ("+", "=", Key.ZoomIn), icon="zoom-in"),
    Entry("view.zoom_out", QT_TRANSLATE_NOOP("Actions", "Zoom &Out"), Menu.VIEW, ("-", Key.ZoomOut), icon="zoom-out"),
    Entry("view.fit", QT_TRANSLATE_NOOP("Actions", "&Fit"), Menu.VIEW, ("F",), icon="fit"),
    Entry("view.actual", QT_TRANSLATE_NOOP("Actions", "&Actual Size"), Menu.VIEW, ("Ctrl+0",), icon="actual"),
    Entry("move.left", QT_TRANSLATE_NOOP("Actions", "Move Left"), Menu.VIEW, ("Shift+Left",), submenu=MOVE),
    Entry("move.right", QT_TRANSLATE_NOOP("Actions", "Move Right"), Menu.VIEW, ("Shift+Right",), submenu=MOVE),
    Entry("move.up", QT_TRANSLATE_NOOP("Actions", "Move Up"), Menu.VIEW, ("Shift+Up",), submenu=MOVE),
    Entry(
        "move.down",
        QT_TRANSLATE_NOOP("Actions", "Move Down"),
        Menu.VIEW,
        ("Shift+Down",),
        submenu=MOVE,
        ends_section=True,
    ),
    Entry(
        "theme.system",
        QT_TRANSLATE_NOOP("Actions", "As the S&ystem"),
        Menu.VIEW,
        checkable=True,
        group="theme",
        submenu=THEME,
    ),
    Entry(
        "theme.light", QT_TRANSLATE_NOOP("Actions", "&Light"), Menu.VIEW, checkable=True, group="theme", submenu=THEME
    ),
    Entry("theme.dark", QT_TRANSLATE_NOOP("Actions", "&Dark"), Menu.VIEW, checkable=True, group="theme", submenu=THEME),
    Entry(
        "theme.other",
        QT_TRANSLATE_NOOP("Actions", "S&witch Light and Dark"),
        Menu.VIEW,
        ("Ctrl+Shift+T",),
        submenu=THEME,
    ),
    Entry(
        "language.system",
        QT_TRANSLATE_NOOP("Actions", "As the S&ystem"),
        Menu.VIEW,
        checkable=True,
        group="language",
        submenu=LANGUAGE,
    ),
    Entry(
        "language.en",
        QT_TRANSLATE_NOOP("Actions", "English"),
        Menu.VIEW,
        checkable=True,
        group="language",
        submenu=LANGUAGE,
    ),
    Entry(
        "language.ko",
        QT_TRANSLATE_NOOP("Actions", "한국어"),
        Menu.VIEW,
        checkable=True,
        group="language",
        submenu=LANGUAGE,
    ),
    Entry(
        "view.strip", QT_TRANSLATE_NOOP("Actions", "Film S&trip"), Menu.VIEW, ("Shift+L",), icon="strip", checkable=True
    ),
    Entry("view.probe", QT_TRANSLATE_NOOP("Actions", "P&robe"), Menu.VIEW, ("P",)),
    Entry("view.unpin", QT_TRANSLATE_NOOP("Actions", "Unpin the Pro&be"), Menu.VIEW, ("U",)),
    Entry("view.legend", QT_TRANSLATE_NOOP("Actions", "L&egend"), Menu.VIEW, ("L",), icon="legend", checkable=True),
    Entry(
        "view.table",
        QT_TRANSLATE_NOOP("Actions", "&Data Set Table"),
        Menu.VIEW,
        ("Ctrl+D",),
        icon="table",
        checkable=True,
        submenu=TABLE,
    ),
    Entry(
        "table.below",
        QT_TRANSLATE_NOOP("Actions", "Table &Below the Pictures"),
        Menu.VIEW,
        ("Ctrl+Alt+D",),
        checkable=True,
        submenu=TABLE,
        ends_section=True,
    ),
    Entry("table.arrange", QT_TRANSLATE_NOOP("Actions", "&Order Film Strip Like Table"), Menu.VIEW, submenu=TABLE),
    Entry(
        "table.pause",
        QT_TRANSLATE_NOOP("Actions", "S&top Measuring"),
        Menu.VIEW,
        checkable=True,
        submenu=TABLE,
    ),
    Entry("table.again", QT_TRANSLATE_NOOP("Actions", "&Measure Anew"), Menu.VIEW, submenu=TABLE, ends_section=True),
    Entry("table.copy", QT_TRANSLATE_NOOP("Actions", "&Copy Table as CSV"), Menu.VIEW, submenu=TABLE),
    Entry("table.save", QT_TRANSLATE_NOOP("Actions", "&Save Table…"), Menu.VIEW, submenu=TABLE),
    Entry("view.full_screen", QT_TRANSLATE_NOOP("Actions", "F&ull Screen"), Menu.VIEW, ("F11",), checkable=True),
    Entry(
        "masks.shown", QT_TRANSLATE_NOOP("Actions", "&Show Masks"), Menu.MASKS, ("X", "M"), icon="masks", checkable=True
    ),
    Entry(
        "masks.outlines",
        QT_TRANSLATE_NOOP("Actions", "&Outlines Only"),
        Menu.MASKS,
        ("Z",),
        icon="outlines",
        checkable=True,
    ),
    Entry(
        "masks.errors",
        QT_TRANSLATE_NOOP("Actions", "&Wrong Pixels Only"),
        Menu.MASKS,
        ("E",),
        icon="errors",
        checkable=True,
        ends_section=True,
    ),
    Entry("masks.more", QT_TRANSLATE_NOOP("Actions", "&More Opaque"), Menu.MASKS, ("]",)),
    Entry("masks.less", QT_TRANSLATE_NOOP("Actions", "&Less Opaque"), Menu.MASKS, ("[",)),
    Entry("masks.surer", QT_TRANSLATE_NOOP("Actions", "Hatch M&ore Unsure Pixels"), Menu.MASKS, ("}",)),
    Entry(
        "masks.unsurer",
        QT_TRANSLATE_NOOP("Actions", "Hatch &Fewer Unsure Pixels"),
        Menu.MASKS,
        ("{",),
        ends_section=True,
    ),
    Entry("masks.solo", QT_TRANSLATE_NOOP("Actions", "Next Class A&lone"), Menu.MASKS, ("S",)),
    Entry(
        "masks.all_classes",
        QT_TRANSLATE_NOOP("Actions", "Show &All Classes"),
        Menu.MASKS,
        ("Shift+S",),
        ends_section=True,
    ),
    Entry(
        "palette.dataset",
        QT_TRANSLATE_NOOP("Actions", "The &Data Set's Own"),
        Menu.MASKS,
        checkable=True,
        group="palette",
        submenu=PALETTE,
    ),
    Entry(
        "palette.okabe-ito",
        QT_TRANSLATE_NOOP("Actions", "&Okabe-Ito, Extended (colour-blind safe)"),
        Menu.MASKS,
        checkable=True,
        group="palette",
        submenu=PALETTE,
    ),
    Entry(
        "palette.tol",
        QT_TRANSLATE_NOOP("Actions", "&Tol Muted, Extended (colour-blind safe)"),
        Menu.MASKS,
        checkable=True,
        group="palette",
        submenu=PALETTE,
        ends_section=True,
    ),
    Entry("palette.open", QT_TRANSLATE_NOOP("Actions", "Open &Palette…"), Menu.MASKS, submenu=PALETTE),
    Entry("palette.save", QT_TRANSLATE_NOOP("Actions", "&Save Palette…"), Menu.MASKS, submenu=PALETTE),
    Entry("net.default", QT_TRANSLATE_NOOP("Actions", "&Everyday Photos"), Menu.NET, ("Ctrl+7",), checkable=True),
    Entry("net.streets", QT_TRANSLATE_NOOP("Actions", "&Streets"), Menu.NET, ("Ctrl+8",), checkable=True),
    Entry("net.imagenet", QT_TRANSLATE_NOOP("Actions", "&What Is in It?"), Menu.NET, ("Ctrl+9",), checkable=True),
    Entry("net.next", QT_TRANSLATE_NOOP("Actions", "Ne&xt Net"), Menu.NET, ("N",), ends_section=True),
    Entry("net.open", QT_TRANSLATE_NOOP("Actions", "&Open Checkpoint…"), Menu.NET, ("Ctrl+K",), icon="checkpoint"),
    Entry("net.add", QT_TRANSLATE_NOOP("Actions", "&Compare with Checkpoint…"), Menu.NET, ("Ctrl+Shift+K",)),
    Entry("net.catalog", QT_TRANSLATE_NOOP("Actions", "Chec&kpoints…"), Menu.NET, ("Ctrl+Alt+K",)),
    Entry("net.close_last", QT_TRANSLATE_NOOP("Actions", "C&lose Last Checkpoint"), Menu.NET, ends_section=True),
    Entry(
        "net.doctor",
        QT_TRANSLATE_NOOP("Actions", "Checkpoint Doc&tor…"),
        Menu.NET,
        ("Ctrl+Shift+D",),
        ends_section=True,
    ),
    Entry(
        "device.auto",
        QT_TRANSLATE_NOOP("Actions", "&Automatic"),
        Menu.NET,
        checkable=True,
        group="device",
        submenu=DEVICE,
    ),
    Entry("device.cpu", QT_TRANSLATE_NOOP("Actions", "&CPU"), Menu.NET, checkable=True, group="device", submenu=DEVICE),
    Entry(
        "device.cuda", QT_TRANSLATE_NOOP("Actions", "C&UDA"), Menu.NET, checkable=True, group="device", submenu=DEVICE
    ),
    Entry(
        "device.mps",
        QT_TRANSLATE_NOOP("Actions", "Apple &GPU (MPS)"),
        Menu.NET,
        checkable=True,
        group="device",
        submenu=DEVICE,
    ),
    Entry(
        "precision.auto",
        QT_TRANSLATE_NOOP("Actions", "&Automatic"),
        Menu.NET,
        checkable=True,
        group="precision",
        submenu=PRECISION,
    ),
    Entry(
        "precision.fp32",
        QT_TRANSLATE_NOOP("Actions", "fp&32"),
        Menu.NET,
        checkable=True,
        group="precision",
        submenu=PRECISION,
    ),
    Entry(
        "precision.bf16",
        QT_TRANSLATE_NOOP("Actions", "&bf16"),
        Menu.NET,
        checkable=True,
        group="precision",
        submenu=PRECISION,
    ),
    Entry(
        "precision.fp16",
        QT_TRANSLATE_NOOP("Actions", "&fp16"),
        Menu.NET,
        checkable=True,
        group="precision",
        submenu=PRECISION,
    ),
    *(
        Entry(f"memory.{gigabytes}", text, Menu.NET, checkable=True, group="memory", submenu=MEMORY, hint=MEMORY_HINT)
        for gigabytes, text in MEMORY_TEXTS
    ),
    Entry("help.palette", QT_TRANSLATE_NOOP("Actions", "&Find a Command…"), Menu.HELP, ("Ctrl+Shift+P",)),
    Entry("help.tour", QT_TRANSLATE_NOOP("Actions", "Guided &Tour"), Menu.HELP),
    Entry("help.lesson", QT_TRANSLATE_NOOP("Actions", "Explain This &View"), Menu.HELP, ("I",), ends_section=True),
    Entry("help.keys", QT_TRANSLATE_NOOP("Actions", "&Keyboard Shortcuts"), Menu.HELP, ("F1", "?")),
    Entry("help.about", QT_TRANSLATE_NOOP("Actions", "&About FCN Studio"), Menu.HELP),
)

# Tool bar, left to right; None is a line, and a name in angle brackets a widget that the window puts there.
TOOL_BAR: tuple[str | None, ...] = (
    "file.open",
    "file.open_folder",
    "file.export",
    None,
    "go.previous",
    "go.next",
    None,
    "view.photo",
    "view.truth",
    "view.32s",
    "view.16s",
    "view.8s",
    "view.4s",
    None,
    "<layout>",
    None,
    "masks.shown",
    "masks.outlines",
    "masks.errors",
    "<opacity>",
    "<space>",
    "view.zoom_out",
    "<zoom>",
    "view.zoom_in",
    "view.fit",
    "view.actual",
    None,
    "view.strip",
    "view.table",
    "view.legend",
)


def plain(text: str) -> str:
    """A text of this table as it is read, without marks for keys and dialogs."""
    return re.sub(r"\(&\w\)|&", "", text).rstrip("…")  # in Korean the letter stands in parentheses


def translated(text: str) -> str:
    """A text of this table in the user's language."""
    return QCoreApplication.translate("Actions", text)


def key_texts(entry: Entry) -> list[str]:
    """The keys of an action as this system writes them, each once."""
    # Of a standard key the first binding: others are keys of rare keyboards.
    sequences = [QKeySequence(key) for key in entry.keys]
    found = [sequence.toString(QKeySequence.SequenceFormat.NativeText) for sequence in sequences]
    return list(dict.fromkeys(text for text in found if text))


def build_actions(parent: QObject, handlers: Mapping[str, Callable[[], None]]) -> dict[str, QAction]:
    """A QAction for each entry, calling the handler of its id; an entry without one is a mistake.

    Raises:
        KeyError: An entry has no handler.
    """
    actions = {}
    for entry in ACTIONS:
        action = QAction(translated(entry.text), parent)
        action.setObjectName(entry.id)
        action.setShortcuts(_sequences(entry))
        action.setCheckable(entry.checkable)
        action.setAutoRepeat(entry.repeats)
        words, keys = plain(action.text()), key_texts(entry)
        action.setIconText(words)
        action.setToolTip(f"{words} ({', '.join(keys[:2])})" if keys else words)
        if entry.hint:
            action.setToolTip(translated(entry.hint))
        handler = handlers[entry.id]
        action.triggered.connect(lambda checked=False, call=handler: call())
        actions[entry.id] = action
    return actions


def _sequences(entry: Entry) -> list[QKeySequence]:
    found: list[QKeySequence] = []
    for key in entry.keys:
        for sequence in [QKeySequence(key)] if isinstance(key, str) else QKeySequence.keyBindings(key):
            if sequence not in found and not sequence.isEmpty():
                found.append(sequence)
    return found
