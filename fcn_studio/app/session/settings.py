"""What the window remembers, as typed properties over QSettings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from fcn_studio.app.values.appearance import Arrangement
from fcn_studio.app.values.panels import KINDS, LATER
from fcn_studio.app.widgets.language import LANGUAGES, SYSTEM
from fcn_studio.app.widgets.theme import Scheme
from fcn_studio.core.palettes import PALETTES

MEMORIES = (0, 2, 4, 8, 16)  # GB for the net; 0 stands for what is free
RECENT = 10  # files and folders that are remembered


class Settings:
    """Reads and writes the user's settings; a value that makes no sense reads as its default."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store or QSettings()

    @property
    def geometry(self) -> QByteArray | None:
        """Place and size of the window."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def splitter(self) -> QByteArray | None:
        """Widths of pictures and legend."""
        return self._bytes("window/splitter")

    @splitter.setter
    def splitter(self, value: QByteArray) -> None:
        self._store.setValue("window/splitter", value)

    @property
    def opacity(self) -> int:
        """Of masks, in percent."""
        value = str(self._store.value("masks/opacity", "60"))
        return min(int(value), 100) if value.isdigit() else 60

    @opacity.setter
    def opacity(self, value: int) -> None:
        self._store.setValue("masks/opacity", value)

    @property
    def scheme(self) -> Scheme:
        """Light, dark, or as the system is."""
        value = str(self._store.value("window/theme", Scheme.SYSTEM.value))
        return Scheme(value) if value in set(Scheme) else Scheme.SYSTEM

    @scheme.setter
    def scheme(self, value: Scheme) -> None:
        self._store.setValue("window/theme", value.value)

    @property
    def last_folder(self) -> Path:
        """Where a photo was last opened from."""
        folder = Path(str(self._store.value("files/last_folder", "")))
        return folder if folder.is_dir() else Path.home()

    @last_folder.setter
    def last_folder(self, value: Path) -> None:
        self._store.setValue("files/last_folder", str(value))

    @property
    def language(self) -> str:
        """One of LANGUAGES, or SYSTEM."""
        value = str(self._store.value("window/language", SYSTEM))
        return value if value in LANGUAGES else SYSTEM

    @language.setter
    def language(self, value: str) -> None:
        self._store.setValue("window/language", value)

    @property
    def arrangement(self) -> Arrangement:
        """How panels are laid out."""
        value = str(self._store.value("panels/arrangement", Arrangement.AUTOMATIC.value))
        return Arrangement(value) if value in set(Arrangement) else Arrangement.AUTOMATIC

    @arrangement.setter
    def arrangement(self, value: Arrangement) -> None:
        self._store.setValue("panels/arrangement", value.value)

    @property
    def panel_kinds(self) -> frozenset[str]:
        """The kinds of panels that are switched on."""
        stored = str(self._store.value("panels/shown", ",".join(KINDS))).split(",")
        # Settings may be older than a kind: it is on until it was switched off.
        value = frozenset(kind for kind in KINDS if kind in stored or (kind in LATER and f"-{kind}" not in stored))
        return value or frozenset(KINDS)

    @panel_kinds.setter
    def panel_kinds(self, value: frozenset[str]) -> None:
        self._store.setValue(
            "panels/shown",
            ",".join(
                [*(kind for kind in KINDS if kind in value), *(f"-{kind}" for kind in LATER if kind not in value)]
            ),
        )

    @property
    def palette(self) -> str:
        """One of PALETTES."""
        value = str(self._store.value("masks/palette", PALETTES[0]))
        return value if value in PALETTES else PALETTES[0]

    @palette.setter
    def palette(self, value: str) -> None:
        self._store.setValue("masks/palette", value)

    @property
    def memory(self) -> int:
        """GB that the net may take at work, one of MEMORIES; 0 for what is free."""
        value = str(self._store.value("net/memory", "0"))
        return int(value) if value in map(str, MEMORIES) else 0

    @memory.setter
    def memory(self, value: int) -> None:
        self._store.setValue("net/memory", value)

    @property
    def weights(self) -> tuple[str, ...]:
        """Names or paths of the checkpoints that the user chose last; empty if that never happened."""
        found = str(self._store.value("net/weights", ""))
        return tuple(line for line in found.split("\n") if line)

    @weights.setter
    def weights(self, value: tuple[str, ...]) -> None:
        self._store.setValue("net/weights", "\n".join(value))

    @property
    def legend_shown(self) -> bool:
        """Whether the legend is seen."""
        return str(self._store.value("window/legend", "1")) == "1"

    @legend_shown.setter
    def legend_shown(self, value: bool) -> None:
        self._store.setValue("window/legend", "1" if value else "0")

    @property
    def strip_shown(self) -> bool:
        """Whether the film strip is seen."""
        return str(self._store.value("window/strip", "1")) == "1"

    @strip_shown.setter
    def strip_shown(self, value: bool) -> None:
        self._store.setValue("window/strip", "1" if value else "0")

    @property
    def table_shown(self) -> bool:
        """Whether the table of a data set comes to the front when one is opened."""
        return str(self._store.value("table/shown", "1")) == "1"

    @table_shown.setter
    def table_shown(self, value: bool) -> None:
        self._store.setValue("table/shown", "1" if value else "0")

    @property
    def table_below(self) -> bool:
        """Whether it stands below the pictures, not beside them."""
        return str(self._store.value("table/below", "0")) == "1"

    @table_below.setter
    def table_below(self, value: bool) -> None:
        self._store.setValue("table/below", "1" if value else "0")

    @property
    def table_sorting(self) -> tuple[str, bool]:
        """The key of the column that it is sorted by, empty for none, and whether it falls."""
        key, _, way = str(self._store.value("table/sorting", "")).partition(":")
        return key, way == "falling"

    @table_sorting.setter
    def table_sorting(self, value: tuple[str, bool]) -> None:
        self._store.setValue("table/sorting", f"{value[0]}:{'falling' if value[1] else 'rising'}")

    @property
    def table_splitter(self) -> QByteArray | None:
        """Heights of the pictures and of a table below them."""
        return self._bytes("table/splitter")

    @table_splitter.setter
    def table_splitter(self, value: QByteArray) -> None:
        self._store.setValue("table/splitter", value)

    @property
    def export_folder(self) -> Path:
        """Where results were last written."""
        value = str(self._store.value("files/export_folder", ""))
        return Path(value) if value else Path.home()

    @export_folder.setter
    def export_folder(self, value: Path) -> None:
        self._store.setValue("files/export_folder", str(value))

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files and folders that were opened, the last first; some may be gone."""
        found = str(self._store.value("files/recent", ""))
        return tuple(Path(line) for line in found.split("\n") if line)[:RECENT]

    def add_recent(self, opened: Iterable[Path]) -> None:
        """Remembers what was opened; of many files at once, the folders that they lie in."""
        given = [path.absolute() for path in opened]
        if len(given) > RECENT // 2:
            given = [path if path.is_dir() else path.parent for path in given]
        kept = dict.fromkeys((*given, *self.recent))
        self._store.setValue("files/recent", "\n".join(str(path) for path in list(kept)[:RECENT]))

    def clear_recent(self) -> None:
        """Forgets them."""
        self._store.remove("files/recent")

    def _bytes(self, key: str) -> QByteArray | None:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else None
