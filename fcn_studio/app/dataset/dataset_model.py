"""The data set table as Qt's model, and the order and choice of its rows."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Slot,
)
from PySide6.QtGui import QGuiApplication

from fcn_studio.app.dataset.dataset_columns import SHARES, Column, Figure, Pick, columns
from fcn_studio.app.session.dataset_scores import DatasetScores, ScoredPhoto

GAIN = Qt.ItemDataRole.UserRole  # float from -1 to 1 of the largest gain of the table: the length of a bar
PROBLEM = Qt.ItemDataRole.UserRole + 1  # str
STALE = Qt.ItemDataRole.UserRole + 2  # bool

ARROW, MINUS, DASH = "\N{RIGHTWARDS ARROW}", "\N{MINUS SIGN}", "\N{EN DASH}"
SMALLEST_SCALE = 0.01  # a bar of full length is a point of mean IU at least

Index = QModelIndex | QPersistentModelIndex


class DatasetModel(QAbstractTableModel):
    """A row for each photo.

    Attributes:
        columns: What is shown of it.
    """

    def __init__(self, dataset: DatasetScores, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dataset = dataset
        self._scales: dict[Figure, float] = {}
        self.columns: tuple[Column, ...] = columns(None)
        self._count = 0

    @property
    def rows(self) -> tuple[ScoredPhoto, ...]:
        """The photos, in the data set's order."""
        return self._dataset.rows

    def reset(self, pick: Pick | None) -> None:
        """Other photos or other checkpoints."""
        self.beginResetModel()
        self.columns, self._count = columns(pick), len(self._dataset.rows)
        self._scales = {}
        for row in self._dataset.rows:
            self._widen(row)
        self.endResetModel()

    @Slot(int)
    def refresh_row(self, row: int) -> None:
        """A photo has been measured."""
        if row >= self._count:
            return
        if self._widen(self._dataset.rows[row]):
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(self.columns) - 1), [GAIN])
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))

    def value(self, row: int, column: int) -> float | str | None:
        """What a cell is sorted by; None for what is not known."""
        found, shown = self._dataset.rows[row], self.columns[column]
        return found.photo.name.casefold() if shown.figure is Figure.NAME else shown.value(found.metrics)

    def rowCount(self, parent: Index | None = None) -> int:
        """How many photos there are."""
        return 0 if parent is not None and parent.isValid() else self._count

    def columnCount(self, parent: Index | None = None) -> int:
        """How many figures are shown of each."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a role of a cell is."""
        if not index.isValid() or index.row() >= self._count:
            return None
        row, column = self._dataset.rows[index.row()], self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignLeft if self._is_words(row, column) else Qt.AlignmentFlag.AlignRight
                return side | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.ForegroundRole:
                faint = row.stale or (row.metrics is None and column.figure is not Figure.NAME)
                return QGuiApplication.palette().placeholderText() if faint else None
            case Qt.ItemDataRole.ToolTipRole:
                return self._tool_tip(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self.words(index.column())}: {self._text(row, column)}"
            case _ if role == GAIN:
                return self._share_of_scale(row, column)
            case _ if role == PROBLEM:
                return row.problem
            case _ if role == STALE:
                return row.stale
            case _:
                return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A column's title; figures are sorted from the largest down first."""
        if orientation is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        is_name = column.figure is Figure.NAME
        match role:
            case Qt.ItemDataRole.DisplayRole:
                titles = {
                    Figure.NAME: self.tr("Photo"),
                    Figure.MEAN_IU: self.tr("Mean IU"),
                    Figure.GAIN: self.tr("Gain"),
                    Figure.PIXELS: self.tr("Net pixels"),
                    Figure.PIXEL_ACCURACY: self.tr("Pixel acc."),
                    Figure.BOUNDARY: self.tr("Bound. IU"),
                }
                return titles[column.figure] if is_name else f"{titles[column.figure]}\n{ARROW.join(column.variants)}"
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self.words(section)
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignLeft if is_name else Qt.AlignmentFlag.AlignRight
                return side | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.InitialSortOrderRole:
                return Qt.SortOrder.AscendingOrder if is_name else Qt.SortOrder.DescendingOrder
            case _:
                return None

    def name_of(self, row: ScoredPhoto) -> str:
        """A photo's name without its suffix."""
        return row.photo.name.rpartition(".")[0] or row.photo.name

    def words(self, section: int) -> str:
        """What a column says, in full."""
        column = self.columns[section]
        texts = {
            Figure.NAME: self.tr("Name of the photo"),
            Figure.MEAN_IU: self.tr("Mean IU of {0} over the classes of this photo, in percent"),
            Figure.GAIN: self.tr("Gain in mean IU from {0} to {1}, in points"),
            Figure.PIXELS: self.tr("Labelled pixels that {1} has right less those that {0} has right"),
            Figure.PIXEL_ACCURACY: self.tr("Labelled pixels that {0} has right, in percent"),
            Figure.BOUNDARY: self.tr("Mean IU of {0} within 4 pixels of the true boundaries, in percent"),
        }
        return texts[column.figure].format(*column.variants)

    def _text(self, row: ScoredPhoto, column: Column) -> str:
        if column.figure is Figure.NAME:
            return self.name_of(row)
        if row.problem:
            return _short(row)
        value = column.value(row.metrics)
        if value is None:
            return DASH if row.metrics is not None else ""
        if column.figure in SHARES:
            return f"{100 * value:.1f}"
        if column.figure is Figure.GAIN:
            return signed(f"{100 * value:+.1f}")
        return signed(f"{'+' if value > 0 else ''}{QLocale().toString(round(value))}")

    def _is_words(self, row: ScoredPhoto, column: Column) -> bool:
        return column.figure is Figure.NAME or bool(row.problem)

    def _tool_tip(self, row: ScoredPhoto) -> str:
        lines = [str(row.photo.path or row.photo.name)]
        if row.problem:
            lines.append(row.problem)
        elif row.stale:
            lines.append(self.tr("Figures of {0}; not measured anew yet.").format(self._dataset.before))
        elif row.metrics is None:
            lines.append(self.tr("Not measured yet."))
        return "<qt>" + "<br>".join(escape(line) for line in lines) + "</qt>"  # file names are not markup

    def _share_of_scale(self, row: ScoredPhoto, column: Column) -> float | None:
        if column.figure not in (Figure.GAIN, Figure.PIXELS):
            return None
        value = column.value(row.metrics)
        return None if value is None else value / self._scales.get(column.figure, 1.0)

    def _widen(self, row: ScoredPhoto) -> bool:
        """Whether bars have become shorter, because one is longer than all before."""
        wider = False
        for column in self.columns:
            value = column.value(row.metrics) if column.figure in (Figure.GAIN, Figure.PIXELS) else None
            smallest = SMALLEST_SCALE if column.figure is Figure.GAIN else 1.0
            if value is not None and abs(value) > self._scales.get(column.figure, 0.0):
                self._scales[column.figure] = max(abs(value), smallest)
                wider = True
        return wider


class DatasetOrder(QSortFilterProxyModel):
    """Sorts rows by their numbers, what is not known always last; those of one value stay in the data set's order."""

    def __init__(self, model: DatasetModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setSourceModel(model)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setDynamicSortFilter(True)

    def set_filter(self, text: str) -> None:
        """Only photos whose name holds this text."""
        self.setFilterFixedString(text.strip())

    @property
    def ordered(self) -> tuple[ScoredPhoto, ...]:
        """The photos as the table shows them."""
        return tuple(self.ordered_at(row) for row in range(self.rowCount()))

    def ordered_at(self, row: int) -> ScoredPhoto:
        """The photo in a row of the table."""
        return self._model.rows[self.mapToSource(self.index(row, 0)).row()]

    def lessThan(self, source_left: Index, source_right: Index) -> bool:
        """Qt asks the other way round for a falling order, so what is not known must turn with it."""
        left = self._model.value(source_left.row(), source_left.column())
        right = self._model.value(source_right.row(), source_right.column())
        falling = self.sortOrder() is Qt.SortOrder.DescendingOrder
        if left is None or right is None:
            return falling and right is not None if left is None else not falling
        if isinstance(left, str) or isinstance(right, str):
            return str(left) < str(right)
        return left < right


def signed(text: str) -> str:
    """A number with a minus sign as wide as its plus."""
    return text.replace("-", MINUS)


def _short(row: ScoredPhoto) -> str:
    """The problem without the path that the row is about."""
    mask = row.task.example.mask if row.task is not None else None
    text = row.problem
    for path in (row.photo.path, mask):
        if path is not None:
            text = text.removeprefix(f"{path}: ").replace(str(path), path.name)
    text = text.removeprefix(f"{row.photo.name}: ")
    return text[:1].upper() + text[1:]
