"""Light and dark: one set of named colours and sizes each, put into the palette and the style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from fcn_studio import paths
from fcn_studio.app.widgets.icons import icon

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "window": "#f4f4f3",
        "panel": "#ffffff",
        "control": "#ffffff",
        "hover": "#e6e6e4",
        "line": "#d2d2cf",
        "edge": "#85857f",
        "text": "#1d1e20",
        "quiet": "#55575b",
        "faint": "#9a9c9f",
        "accent": "#1f62c0",
        "accent_soft": "#dbe7f8",
        "on_accent": "#ffffff",
        "alarm": "#fbe9e6",
        "alarm_edge": "#c43d2b",
        "alarm_text": "#7d1d10",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "window": "#232427",
        "panel": "#2b2c30",
        "control": "#34363a",
        "hover": "#3d3f44",
        "line": "#3f4146",
        "edge": "#85888f",
        "text": "#ececec",
        "quiet": "#b3b5ba",
        "faint": "#75787e",
        "accent": "#7fb0f5",
        "accent_soft": "#2f4667",
        "on_accent": "#10151d",
        "alarm": "#45231f",
        "alarm_edge": "#f0806f",
        "alarm_text": "#ffd9d2",
    }
)
TYPE_SCALE = MappingProxyType({"small": 0.9, "base": 1.0, "title": 1.15, "display": 1.9})  # of the system's font
SMALLEST_FONT = 9.5  # points; below it the small step is hard to read


class Scheme(StrEnum):
    """What the user chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Dresses the application and follows the system while it is asked to.

    It begins without the style sheet, for which `dress` is called once the window is built: under a style sheet Qt
    works out the looks of all that a widget holds whenever that finds its parent, which doubles the time of a start.

    Signals:
        changed: Colours have; icons must be asked for again.
    """

    changed = Signal()

    def __init__(self, application: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self.scheme = scheme
        application.setStyle(QStyleFactory.create("Fusion"))
        font = application.font()
        font.setPointSizeF(max(font.pointSizeF(), SMALLEST_FONT))
        application.setFont(font)
        self._base = font.pointSizeF()
        application.styleHints().colorSchemeChanged.connect(self.on_system_changed)
        application.setPalette(_palette(self.tokens))

    @property
    def dark(self) -> bool:
        """Whether the colours are the dark ones."""
        if self.scheme is Scheme.SYSTEM:
            return self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self.scheme is Scheme.DARK

    @property
    def tokens(self) -> Mapping[str, str]:
        """Colours by name."""
        return DARK if self.dark else LIGHT

    def choose(self, scheme: Scheme) -> None:
        """Changes to another scheme at once."""
        if scheme is not self.scheme:
            self.scheme = scheme
            self.dress()

    def icon(self, name: str) -> QIcon:
        """A tool icon in the theme's colours."""
        return icon(name, QColor(self.tokens["text"]), QColor(self.tokens["faint"]))

    @Slot()
    def on_system_changed(self) -> None:
        """The system went light or dark."""
        if self.scheme is Scheme.SYSTEM:
            self.dress()

    def dress(self) -> None:
        """Puts colours and style sheet on."""
        self._application.setPalette(_palette(self.tokens))
        self._application.setStyleSheet(style_sheet(self.tokens, self._base))
        self.changed.emit()


def style_sheet(tokens: Mapping[str, str], base: float) -> str:
    """The style sheet with `@name` replaced by the theme's colours and by type sizes from `base` points."""
    folder = paths.resources() / "style"
    text = (folder / "studio.qss").read_text(encoding="utf-8")
    tick = folder / f"tick-{tokens['on_accent'].removeprefix('#')}.svg"  # Qt's style sheets cannot colour a picture
    sizes = {f"type_{name}": f"{base * factor:.1f}pt" for name, factor in TYPE_SCALE.items()}
    values = {**tokens, **sizes, "tick": tick.as_posix()}
    for name in sorted(values, key=len, reverse=True):  # accent_soft before accent
        text = text.replace(f"@{name}", values[name])
    return text


def _palette(tokens: Mapping[str, str]) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for entry, name in {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "panel",
        role.AlternateBase: "window",
        role.Text: "text",
        role.Button: "control",
        role.ButtonText: "text",
        role.ToolTipBase: "panel",
        role.ToolTipText: "text",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.PlaceholderText: "quiet",
        role.Link: "accent",
        role.Mid: "line",
    }.items():
        palette.setColor(entry, QColor(tokens[name]))
    for entry in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, entry, QColor(tokens["faint"]))
    return palette
