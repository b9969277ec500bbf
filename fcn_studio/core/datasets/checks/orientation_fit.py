"""Whether a mask fits its photo as it is shown, or as it is stored before EXIF turns it, where no size tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.images.image import as_stored

PIXELS = 40_000  # that are looked at; a photo has more than it takes to tell


@dataclass(frozen=True, slots=True)
class OrientationFit:
    """The share of the variance of a photo's colours, 0 to 1, that the mask's labels explain.

    Attributes:
        shown: Where the photo lies under the mask as EXIF turns it.
        stored: Where it lies there as it is in the file.
    """

    shown: float
    stored: float


def orientation_fit(photo: NDArray[np.uint8], mask: NDArray[np.generic], orientation: int) -> OrientationFit | None:
    """How a mask fits a photo that EXIF turns or flips; None where it does neither, or the sizes tell.

    Args:
        photo: (H, W, 3) as it is shown.
        mask: (H, W) numbers or (H, W, 3) colours, as they are stored.
        orientation: EXIF's, 1 to 8.
    """
    stored = as_stored(photo, orientation)
    if orientation == 1 or stored.shape[:2] != photo.shape[:2] or mask.shape[:2] != photo.shape[:2]:
        return None
    step = max(1, round((mask.shape[0] * mask.shape[1] / PIXELS) ** 0.5))
    labels = mask[::step, ::step].reshape(-1, *mask.shape[2:])
    _, places = np.unique(labels, axis=0, return_inverse=True)
    shown, other = (_explained(pixels[::step, ::step].reshape(-1, 3), places.reshape(-1)) for pixels in (photo, stored))
    return OrientationFit(shown, other)


def _explained(colours: NDArray[np.uint8], places: NDArray[np.intp]) -> float:
    """The correlation ratio (eta squared): variance between the labels' mean colours, of all variance."""
    values = colours.astype(np.float64) - colours.mean(axis=0)
    total = float((values**2).sum())
    counts = np.bincount(places)
    sums = np.stack([np.bincount(places, weights=values[:, channel]) for channel in range(3)], axis=1)
    between = float((sums**2 / np.maximum(counts, 1)[:, np.newaxis]).sum())
    return between / total if total else 0.0
