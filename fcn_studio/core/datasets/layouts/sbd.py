"""The Semantic Boundaries Dataset: `img/*.jpg`, `cls/*.mat`, and lists `train.txt` and `val.txt`.

As benchmark.tgz of Hariharan et al. (Semantic contours from inverse detectors, ICCV 2011) unpacks, and as
torchvision's SBDataset moves it. VOC's 20 classes and background, no void. Its train overlaps with VOC's val: to
measure on the latter, put both data sets into one folder and take the splits of `core.datasets.voc`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.chosen import chosen
from fcn_studio.core.datasets.file_names import names_in
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.lists import read_list
from fcn_studio.core.datasets.masks.mat_file import MAT_SUFFIX

PLACES = ("", "dataset", "benchmark_RELEASE/dataset", "SBD", "SBD/dataset", "sbd", "sbd/dataset")
LISTS = ("train", "val", "train_noval")  # the last is train less all that VOC 2012 has in a val list
MASKS = frozenset({MAT_SUFFIX, ".png"})


def recognise(folder: Path) -> Found | None:
    """Photos in img beside cls, here or where the archive puts them."""
    place = root(folder)
    if place is None:
        return None
    lists = [path for name in LISTS if (path := place / f"{name}.txt").is_file()]
    return Found({path.stem: partial(_listed, place, path) for path in lists}, "voc")


def root(folder: Path) -> Path | None:
    """Where img, cls and train.txt lie."""
    for name in PLACES:
        place = folder / name
        if (place / "img").is_dir() and (place / "cls").is_dir() and (place / "train.txt").is_file():
            return place
    return None


def _listed(place: Path, path: Path) -> Listing:
    return chosen(names_in(place / "img"), [names_in(place / "cls", MASKS)], read_list(path))


LAYOUT = Layout("sbd", "img/ with cls/ (SBD)", recognise)
