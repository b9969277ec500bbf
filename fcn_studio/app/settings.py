"""What the window remembers, as typed properties over QSettings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from fcn_studio.app.theme import Scheme


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

    def _bytes(self, key: str) -> QByteArray | None:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else None
