"""Masks in MATLAB files, as SBD and NYUDv2 give them; needs scipy, which is an extra."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.errors import DataError

MAT_SUFFIX = ".mat"
MAX_BYTES = 16_000_000  # of a file; SBD's largest are below 100 kB


def read_mat(path: Path) -> NDArray[np.uint8]:
    """(H, W) uint8 label values of SBD's `GTcls.Segmentation` or of NYUDv2's `segmentation`.

    The names are those that SBD's README and nyud_layers.py of shelhamer/fcn.berkeleyvision.org read.

    Raises:
        DataError: scipy is not installed, or the file holds neither.
    """
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ImportError as error:
        raise DataError(
            f'{path}: masks in MATLAB files need scipy; install it with pip install "fcn-studio[sbd]".'
        ) from error
    damage = (OSError, ValueError, TypeError, LookupError, NotImplementedError, MemoryError, MatReadError, zlib.error)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: over {MAX_BYTES // 1_000_000} MB, which is no mask.")
        content = loadmat(path, variable_names=["GTcls", "segmentation"], squeeze_me=True, struct_as_record=False)
    except damage as error:
        raise DataError(f"{path}: the MATLAB file cannot be read ({error}).") from error
    found = content.get("segmentation", getattr(content.get("GTcls"), "Segmentation", None))
    if not isinstance(found, np.ndarray) or found.ndim != 2 or found.dtype.kind not in "uif":
        raise DataError(
            f"{path}: holds neither GTcls.Segmentation (SBD) nor segmentation (NYUDv2), a matrix of labels."
        )
    values = found.astype(np.int64)
    if values.size and not 0 <= values.min() <= values.max() <= 255:
        raise DataError(f"{path}: holds labels outside 0 to 255.")
    return values.astype(np.uint8)
