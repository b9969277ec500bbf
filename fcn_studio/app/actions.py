"""Every action, once: its words, keys, menu, icon and place on the tool bar. Menus, shortcuts and help read this."""

from __future__ import annotations

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
    GO = QT_TRANSLATE_NOOP("Actions", "&Go")
    VIEW = QT_TRANSLATE_NOOP("Actions", "&View")
    MASKS = QT_TRANSLATE_NOOP("Actions", "&Masks")
    HELP = QT_TRANSLATE_NOOP("Actions", "&Help")


@dataclass(frozen=True, slots=True)
class Entry:
    """One action.

    Attributes:
        id: Dotted name, by which code and tests find it.
        text: As the menu shows it.
        menu: Where it is.
        keys: Standard keys or key sequences; the first is shown.
        icon: Name of its icon, if it is on the tool bar.
        checkable: Whether it is on or off.
        group: Actions of one group exclude each other.
        submenu: Title of the menu inside `menu` that holds it.
        ends_section: Whether a line follows.
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


LAYOUT = QT_TRANSLATE_NOOP("Actions", "&Layout")
THEME = QT_TRANSLATE_NOOP("Actions", "&Theme")

ACTIONS: tuple[Entry, ...] = (
    Entry("file.open", QT_TRANSLATE_NOOP("Actions", "&Open…"), Menu.FILE, (Key.Open,), icon="open"),
    Entry(
        "file.open_folder", QT_TRANSLATE_NOOP("Actions", "Open &Folder…"), Menu.FILE, ("Ctrl+Shift+O",), icon="folder"
    ),
    Entry("file.paste", QT_TRANSLATE_NOOP("Actions", "&Paste"), Menu.FILE, (Key.Paste,), ends_section=True),
    Entry("file.quit", QT_TRANSLATE_NOOP("Actions", "&Quit"), Menu.FILE, (Key.Quit, "Ctrl+Q")),
    Entry("go.previous", QT_TRANSLATE_NOOP("Actions", "&Previous Photo"), Menu.GO, ("Left", "A"), icon="previous"),
    Entry("go.next", QT_TRANSLATE_NOOP("Actions", "&Next Photo"), Menu.GO, ("Right", "D"), icon="next"),
    Entry("go.first", QT_TRANSLATE_NOOP("Actions", "&First Photo"), Menu.GO, ("Home",)),
    Entry("go.last", QT_TRANSLATE_NOOP("Actions", "&Last Photo"), Menu.GO, ("End",), ends_section=True),
    Entry("go.cancel", QT_TRANSLATE_NOOP("Actions", "&Cancel"), Menu.GO, ("Esc",)),
    Entry("view.photo", QT_TRANSLATE_NOOP("Actions", "&Photo"), Menu.VIEW, ("0",), checkable=True),
    Entry("view.32s", QT_TRANSLATE_NOOP("Actions", "FCN-&32s"), Menu.VIEW, ("1",), checkable=True),
    Entry("view.16s", QT_TRANSLATE_NOOP("Actions", "FCN-&16s"), Menu.VIEW, ("2",), checkable=True),
    Entry("view.8s", QT_TRANSLATE_NOOP("Actions", "FCN-&8s"), Menu.VIEW, ("3",), checkable=True, ends_section=True),
    Entry("view.zoom_in", QT_TRANSLATE_NOOP("Actions", "Zoom &In"), Menu.VIEW, ("+", "=", Key.ZoomIn), icon="zoom-in"),
    Entry("view.zoom_out", QT_TRANSLATE_NOOP("Actions", "Zoom &Out"), Menu.VIEW, ("-", Key.ZoomOut), icon="zoom-out"),
    Entry("view.fit", QT_TRANSLATE_NOOP("Actions", "&Fit"), Menu.VIEW, ("F",), icon="fit"),
    Entry(
        "view.actual", QT_TRANSLATE_NOOP("Actions", "&Actual Size"), Menu.VIEW, ("Ctrl+0",), "actual", ends_section=True
    ),
    Entry(
        "layout.automatic",
        QT_TRANSLATE_NOOP("Actions", "&Automatic"),
        Menu.VIEW,
        ("Ctrl+1",),
        "",
        True,
        "layout",
        LAYOUT,
    ),
    Entry(
        "layout.row", QT_TRANSLATE_NOOP("Actions", "&Side by Side"), Menu.VIEW, ("Ctrl+2",), "", True, "layout", LAYOUT
    ),
    Entry("layout.grid", QT_TRANSLATE_NOOP("Actions", "&Grid"), Menu.VIEW, ("Ctrl+3",), "", True, "layout", LAYOUT),
    Entry("layout.single", QT_TRANSLATE_NOOP("Actions", "S&ingle"), Menu.VIEW, ("Ctrl+4",), "", True, "layout", LAYOUT),
    Entry("theme.system", QT_TRANSLATE_NOOP("Actions", "As the S&ystem"), Menu.VIEW, (), "", True, "theme", THEME),
    Entry("theme.light", QT_TRANSLATE_NOOP("Actions", "&Light"), Menu.VIEW, (), "", True, "theme", THEME),
    Entry("theme.dark", QT_TRANSLATE_NOOP("Actions", "&Dark"), Menu.VIEW, (), "", True, "theme", THEME),
    Entry("view.legend", QT_TRANSLATE_NOOP("Actions", "L&egend"), Menu.VIEW, ("L",), icon="legend", checkable=True),
    Entry("view.full_screen", QT_TRANSLATE_NOOP("Actions", "F&ull Screen"), Menu.VIEW, ("F11",), checkable=True),
    Entry(
        "masks.shown", QT_TRANSLATE_NOOP("Actions", "&Show Masks"), Menu.MASKS, ("M", "X"), icon="masks", checkable=True
    ),
    Entry("masks.more", QT_TRANSLATE_NOOP("Actions", "&More Opaque"), Menu.MASKS, ("]",)),
    Entry("masks.less", QT_TRANSLATE_NOOP("Actions", "&Less Opaque"), Menu.MASKS, ("[",), ends_section=True),
    Entry("masks.all_classes", QT_TRANSLATE_NOOP("Actions", "Show &All Classes"), Menu.MASKS, ("Shift+S",)),
    Entry("help.keys", QT_TRANSLATE_NOOP("Actions", "&Keyboard Shortcuts"), Menu.HELP, ("F1", "?")),
    Entry("help.about", QT_TRANSLATE_NOOP("Actions", "&About FCN Studio"), Menu.HELP),
)

# Tool bar, left to right; None is a line, and a name in angle brackets a widget that the window puts there.
TOOL_BAR: tuple[str | None, ...] = (
    "file.open",
    "file.open_folder",
    None,
    "go.previous",
    "go.next",
    None,
    "view.photo",
    "view.32s",
    "view.16s",
    "view.8s",
    None,
    "masks.shown",
    "<opacity>",
    "<space>",
    "view.zoom_out",
    "<zoom>",
    "view.zoom_in",
    "view.fit",
    "view.actual",
    None,
    "view.legend",
)


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
        plain = action.text().replace("&", "").rstrip("…")
        keys = key_texts(entry)
        action.setToolTip(f"{plain} ({', '.join(keys[:2])})" if keys else plain)
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
