"""Lists of pairs: `train.txt` whose lines name a photo and its mask, wherever in the data set's folder they lie."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.chosen import chosen
from fcn_studio.core.datasets.file_names import names_in
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.lists import NameList, read_list
from fcn_studio.core.datasets.pairing import MASK_SUFFIXES
from fcn_studio.core.datasets.splits import lists_in


def recognise(folder: Path) -> Found | None:
    """Lists of which one names a pair of files in its first lines."""
    lists = lists_in(folder)
    if not any(_begins_with_pair(folder, path) for path in lists.values()):
        return None
    return Found({name: partial(_listing, folder, path) for name, path in lists.items()})


def _begins_with_pair(folder: Path, path: Path) -> bool:
    listed = _read(folder, path)
    return bool(_chosen(folder, NameList(path, listed.names[:1])).pairs)


def _listing(folder: Path, path: Path) -> Listing:
    return _chosen(folder, _read(folder, path))


def _read(folder: Path, path: Path) -> NameList:
    return read_list(path, names_in(folder).files)


def _chosen(folder: Path, listed: NameList) -> Listing:
    return chosen(names_in(folder), [names_in(folder, MASK_SUFFIXES)], listed, both=True)


LAYOUT = Layout("listed", "train.txt whose lines name a photo and its mask", recognise)
