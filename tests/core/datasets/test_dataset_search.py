"""Looking for a data set looks at a folder and at those in it, never through a whole disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fcn_studio.core.datasets.dataset import inner_datasets, open_dataset
from fcn_studio.core.datasets.masks.mask_classes import classes_around
from fcn_studio.core.errors import DataError

listed: list[Path] | None = None


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("os.scandir", "os.listdir") and listed is not None and arguments[0] is not None:
        listed.append(Path(str(arguments[0])))


sys.addaudithook(_hear)  # Python's own word of each folder that is listed; a hook stays for good


@contextmanager
def listening() -> Iterator[list[Path]]:
    global listed
    heard: list[Path] = []
    listed = heard
    try:
        yield heard
    finally:
        listed = None


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Folders in folders, five deep, that are no data set, with a picture at the bottom."""
    deepest = tmp_path / "a" / "b" / "c" / "d" / "e"
    deepest.mkdir(parents=True)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(deepest / "x.png")
    for name in ("b2", "b3"):
        (tmp_path / "a" / name / "deep" / "deeper").mkdir(parents=True)
    return tmp_path / "a"


def depth_below(folder: Path, heard: list[Path]) -> int:
    return max(len(path.relative_to(folder).parts) for path in heard if path.is_relative_to(folder))


def test_a_folder_that_is_no_data_set_is_not_searched_to_its_bottom(tree: Path) -> None:
    with listening() as heard, pytest.raises(DataError, match="no data set's layout fits"):
        open_dataset(tree)
    assert depth_below(tree, heard) <= 2  # the folders in it, and what these have in them
    with listening() as heard:
        assert inner_datasets(tree) == ()
    assert depth_below(tree, heard) <= 2


def test_what_a_mask_shows_is_asked_of_the_folders_above_it_alone(tree: Path) -> None:
    with listening() as heard:
        assert classes_around(tree / "b" / "c" / "d" / "e" / "x.png") is None
    assert not [path for path in heard if "deeper" in path.parts]
    assert len(heard) < 100
