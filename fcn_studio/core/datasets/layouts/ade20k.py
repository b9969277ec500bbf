"""ADE20K's scene parsing challenge: `images/training/` with `annotations/training/`, and `validation/`.

As ADEChallengeData2016.zip of MIT's Scene Parsing Benchmark unpacks: 150 classes, file value 0 is unlabelled and class
n - 1 has value n (its objectInfo150.txt counts from 1). Its test photos have no labels.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.file_names import names_in
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.datasets.pairing import pair

ARCHIVE = "ADEChallengeData2016"  # the folder that the published archive unpacks to
ENCODING = Encoding(tuple(range(1, 151)), (0,))
SPLITS = {"train": "training", "val": "validation"}


def recognise(folder: Path) -> Found | None:
    """images/training beside annotations/training, here or in the archive's folder."""
    for root in (folder, folder / ARCHIVE):
        places = {name: (root / "images" / written, root / "annotations" / written) for name, written in SPLITS.items()}
        splits = {
            name: partial(_listing, photos, masks)
            for name, (photos, masks) in places.items()
            if photos.is_dir() and masks.is_dir()
        }
        if splits:
            return Found(splits, "ade20k")
    return None


def _listing(photos: Path, masks: Path) -> Listing:
    return pair(names_in(photos), [names_in(masks)], encoding=ENCODING)


LAYOUT = Layout("ade20k", "images/training/ with annotations/training/ (ADE20K)", recognise)
