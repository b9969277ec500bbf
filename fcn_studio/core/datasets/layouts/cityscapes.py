"""Cityscapes: `leftImg8bit/SPLIT/CITY/*_leftImg8bit.png` with `gtFine/SPLIT/CITY/*_gtFine_labelIds.png`.

The table from label ids to the 19 train ids is that of cityscapesscripts/helpers/labels.py (mcordts/cityscapesScripts);
files of train ids (`_labelTrainIds.png`) are read where those of label ids are missing. A split that gtFine lacks, such
as `train_extra`, is read from gtCoarse.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.file_names import Names, folders_in, names_in
from fcn_studio.core.datasets.layouts.layout import Found, Layout, Listing
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.datasets.pairing import pair

PHOTO_ENDING = "_leftImg8bit"
PNG = frozenset({".png"})
# The label id of each of the 19 classes, in the order of their train ids.
LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
LAST_ID = 33  # bicycle; the ids between those of the classes are left out of evaluation
LABEL_ID_ENCODING = Encoding(LABEL_IDS, tuple(value for value in range(LAST_ID + 1) if value not in LABEL_IDS))
TRAIN_ID_ENCODING = Encoding(None, (255,))
NO_TEST = "the labels of Cityscapes' test split are not public, and the files there are all void; take val."


def recognise(folder: Path) -> Found | None:
    """leftImg8bit beside gtFine or gtCoarse."""
    photos = folder / "leftImg8bit"
    truths = [name for name in ("gtFine", "gtCoarse") if (folder / name).is_dir()]
    if not photos.is_dir() or not truths:
        return None
    splits = {}
    for split in folders_in(photos):
        kind = next((name for name in truths if (folder / name / split).is_dir()), None)
        if kind is not None and split != "test":
            splits[split] = partial(_listing, photos / split, folder / kind / split, kind)
    return Found(splits, "cityscapes", {"test": NO_TEST}) if splits else None


def _listing(photos: Path, truth: Path, kind: str) -> Listing:
    # By their endings, so that _instanceIds.png, 16 bits of instances, and _color.png are no masks.
    label_ids = names_in(truth, PNG, ending=f"_{kind}_labelIds")
    train_ids = names_in(truth, PNG, ending=f"_{kind}_labelTrainIds")
    only = {name: files for name, files in train_ids.files.items() if name not in label_ids.files}
    listing = pair(names_in(photos, ending=PHOTO_ENDING), [label_ids, Names(truth, only)])
    pairs = (
        replace(
            example,
            encoding=LABEL_ID_ENCODING if example.mask.stem.endswith("_labelIds") else TRAIN_ID_ENCODING,
        )
        for example in listing.pairs
    )
    return replace(listing, pairs=tuple(pairs), mask_folder=f"{truth} (ending in _{kind}_labelIds.png)")


LAYOUT = Layout("cityscapes", "leftImg8bit/ with gtFine/ (Cityscapes)", recognise)
