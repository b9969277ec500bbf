"""The catalog in the window: what is published, what is here, and having it here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fcn_studio.app.checkpoints.catalog_details import details
from fcn_studio.app.checkpoints.catalog_download import CatalogDownload, Outcome
from fcn_studio.app.widgets.error_banner import ErrorBanner
from fcn_studio.app.widgets.theme import Theme
from fcn_studio.core.catalog.catalog import Entry, State, here, state

ENTRY = Qt.ItemDataRole.UserRole
NAME, VARIANTS, LABELS, SIZE, FIGURE, LICENCE, STATE = range(7)
THOUSANDTHS = 1000  # of the progress bar; a file's bytes are more than it can count
MB = 1e6
MINUTE = 60.0


class CatalogDialog(QDialog):
    """A list, what is known of the chosen one, and its download.

    Args:
        entries: In order; those of one group beside each other.
        download: Does the work, and goes on when this is closed.
        theme: For icons.
        parent: The window.

    Signals:
        open_requested: A checkpoint is to be opened. (Path)
    """

    open_requested = Signal(object)  # Path

    def __init__(self, entries: Sequence[Entry], download: CatalogDownload, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("catalog_dialog")
        self.setWindowTitle(self.tr("Checkpoints"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._download, self._theme = download, theme
        self._hint = QLabel(
            self.tr(
                "Published nets that open here. A download is checked against its published digest, is gone on with "
                "where it broke off, and goes on when you close this."
            )
        )
        self._hint.setProperty("role", "small")
        self._hint.setWordWrap(True)
        self._list = self._make_list()
        self._details = QTextBrowser()
        self._details.setObjectName("catalog_details")
        self._details.setAccessibleName(self.tr("About the chosen checkpoint"))
        self._details.setOpenExternalLinks(True)
        self._bar, self._words = QProgressBar(), QLabel()
        self._bar.setObjectName("catalog_progress")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, THOUSANDTHS)
        self._bar.setAccessibleName(self.tr("Progress of the download"))
        self._words.setObjectName("catalog_words")
        self._words.setProperty("role", "small")
        self._banner = ErrorBanner()
        text = self._banner.findChild(QLabel, "error_text")
        if isinstance(text, QLabel):
            text.setObjectName("catalog_error")  # the window has a banner too
        self._fetch, self._stop, self._open = (QPushButton(), QPushButton(), QPushButton())
        self._lay_out()
        self._fill(entries)
        self._list.currentItemChanged.connect(self._on_chosen)
        self._list.itemActivated.connect(self._on_activated)
        self._fetch.clicked.connect(self._start)
        self._stop.clicked.connect(download.stop)
        self._open.clicked.connect(self._request_open)
        download.progressed.connect(self._show_progress)
        download.ended.connect(self.on_ended)
        theme.changed.connect(self._dress)
        self._dress()
        self._show_progress()
        self._choose_first()

    @property
    def chosen(self) -> Entry | None:
        """The entry of the current row."""
        item = self._list.currentItem()
        found = item.data(NAME, ENTRY) if item is not None else None
        return found if isinstance(found, Entry) else None

    def choose(self, name: str) -> None:
        """Makes an entry's row the current one."""
        for item in self._items():
            if item.data(NAME, ENTRY).name == name:
                self._list.setCurrentItem(item)

    def _make_list(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setObjectName("catalog_list")
        tree.setAccessibleName(self.tr("Checkpoints"))
        tree.setHeaderLabels(
            [
                self.tr("Name"),
                self.tr("Variants"),
                self.tr("Labels"),
                self.tr("Size"),
                self.tr("Figure, %"),
                self.tr("Licence"),
                self.tr("State"),
            ]
        )
        tree.headerItem().setTextAlignment(SIZE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setIndentation(14)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionsClickable(False)
        return tree

    def _lay_out(self) -> None:
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        words = (self.tr("&Download"), self.tr("&Cancel Download"), self.tr("&Open"))
        names = ("catalog_fetch", "catalog_stop", "catalog_open")
        buttons.addStretch(1)
        for button, word, name in zip((self._fetch, self._stop, self._open), words, names, strict=True):
            button.setText(word)
            button.setObjectName(name)
            button.setAutoDefault(False)
            buttons.addWidget(button)
        close.setAutoDefault(False)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self._hint)
        column.addWidget(self._list, 5)
        column.addWidget(self._details, 3)
        column.addWidget(self._banner)
        column.addWidget(self._bar)
        column.addWidget(self._words)
        column.addLayout(buttons)
        self.resize(1200, 760)

    def _fill(self, entries: Sequence[Entry]) -> None:
        for group, members in groupby(entries, key=lambda entry: entry.group):
            heading = QTreeWidgetItem([group or self.tr("Comes with FCN Studio")])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = heading.font(NAME)
            font.setBold(True)
            heading.setFont(NAME, font)
            self._list.addTopLevelItem(heading)
            heading.setFirstColumnSpanned(True)
            heading.setExpanded(True)
            for entry in members:
                heading.addChild(self._row(entry))
        header = self._list.header()
        for column in range(self._list.columnCount()):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(LABELS, QHeaderView.ResizeMode.Stretch)

    def _row(self, entry: Entry) -> QTreeWidgetItem:
        row = QTreeWidgetItem(
            [
                entry.name,
                ", ".join(entry.variants) or self.tr("classifier"),
                ", ".join(entry.labels),
                entry.size_text,
                entry.figures_in_short or self.tr("not stated"),
                entry.licence_in_short,
                self._state_text(entry),
            ]
        )
        row.setData(NAME, ENTRY, entry)
        row.setToolTip(NAME, entry.title)
        row.setToolTip(LABELS, ", ".join(entry.labels))
        row.setToolTip(LICENCE, entry.licence)
        row.setTextAlignment(SIZE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return row

    def _state_text(self, entry: Entry) -> str:
        if self._download.entry is not None and self._download.entry.name == entry.name:
            return self.tr("being downloaded")
        return {
            State.EMBEDDED: self.tr("here"),
            State.DOWNLOADED: self.tr("downloaded"),
            State.ABSENT: self.tr("not here"),
        }[state(entry)]

    def _items(self) -> list[QTreeWidgetItem]:
        headings = [self._list.topLevelItem(row) for row in range(self._list.topLevelItemCount())]
        rows = [
            heading.child(row) for heading in headings if heading is not None for row in range(heading.childCount())
        ]
        return [row for row in rows if row is not None]

    def _choose_first(self) -> None:
        running = self._download.entry
        if running is not None:
            self.choose(running.name)
        elif items := self._items():
            self._list.setCurrentItem(items[0])
        self._list.setFocus()

    @Slot()
    def _on_chosen(self) -> None:
        entry = self.chosen
        self._details.setHtml(details(entry) if entry is not None else "")
        self._show_buttons()

    def _on_activated(self) -> None:
        if self._open.isEnabled():
            self._request_open()
        elif self._fetch.isEnabled():
            self._start()

    def _show_buttons(self) -> None:
        entry, running = self.chosen, self._download.entry is not None
        is_here = entry is not None and here(entry) is not None
        focused = self.focusWidget()
        self._fetch.setEnabled(entry is not None and not is_here and not running)
        self._stop.setEnabled(running)
        self._open.setEnabled(is_here)
        for button, primary in ((self._fetch, not is_here), (self._open, is_here)):
            button.setProperty("role", "primary" if primary and button.isEnabled() else "")
            button.style().unpolish(button)
            button.style().polish(button)
        if focused in (self._fetch, self._stop, self._open) and not focused.isEnabled():
            following = (self._stop, self._open, self._fetch)  # a disabled button would pass it on to Close
            next((button for button in following if button.isEnabled()), self._list).setFocus()

    @Slot()
    def _start(self) -> None:
        if self.chosen is not None:
            self._banner.show_problem("")
            self._download.start(self.chosen)

    @Slot()
    def _request_open(self) -> None:
        path = here(self.chosen) if self.chosen is not None else None
        if path is not None:
            self.open_requested.emit(path)
            self.close()

    @Slot()
    def _show_progress(self) -> None:
        """The download is further, has begun or is over."""
        entry, step = self._download.entry, self._download.step
        if entry is not None and not self._bar.isVisible():
            QTimer.singleShot(0, self._list, self._keep_in_sight)  # the list gets lower
        self._bar.setVisible(entry is not None)
        self._words.setVisible(entry is not None)
        if entry is not None:
            known = step.total or 0
            self._bar.setRange(0, THOUSANDTHS if known else 0)
            self._bar.setValue(int(THOUSANDTHS * step.done / known) if known else 0)
            self._words.setText(self._progress_text(entry))
        for item in self._items():
            item.setText(STATE, self._state_text(item.data(NAME, ENTRY)))
        self._show_buttons()

    def _keep_in_sight(self) -> None:
        self._list.scrollTo(self._list.currentIndex())

    def _progress_text(self, entry: Entry) -> str:
        step, rate = self._download.step, self._download.rate
        if step.total is None:
            return self.tr("{0}: {1} MB").format(entry.name, f"{step.done / MB:.1f}")
        so_far = (entry.name, f"{step.done / MB:.1f}", f"{step.total / MB:.1f}")
        if step.checking:
            return self.tr("Checking {0}: {1} of {2} MB").format(*so_far)
        if not rate:
            return self.tr("{0}: {1} of {2} MB").format(*so_far)
        left = (step.total - step.done) / rate
        if left < MINUTE:
            text = self.tr("{0}: {1} of {2} MB, {3} MB/s, {4} s left")
        else:
            text, left = self.tr("{0}: {1} of {2} MB, {3} MB/s, {4} min left"), left / MINUTE
        return text.format(*so_far, f"{rate / MB:.1f}", f"{left:.0f}")

    @Slot(object)
    def on_ended(self, outcome: Outcome) -> None:
        """A download is over."""
        self._banner.show_problem(outcome.problem)
        self._show_progress()
        self._on_chosen()

    @Slot()
    def _dress(self) -> None:
        self._banner.set_icons(self._theme.icon("warning"), self._theme.icon("close"))

    def changeEvent(self, event: QEvent) -> None:
        """Closes in another language: it is made anew when it is asked for again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.close()
