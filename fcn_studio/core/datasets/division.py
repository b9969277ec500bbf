"""A data set of one split, divided into photos to learn from and photos to measure on."""

from __future__ import annotations

from dataclasses import replace

from fcn_studio.core.datasets.layouts.layout import Listing
from fcn_studio.core.errors import DataError

EVERY = 5  # one photo in so many is measured on


def divided(listing: Listing, split: str) -> Listing:
    """`val`, every fifth pair of a listing, or `train`, the others; the same ones each time.

    Raises:
        DataError: There is but one pair, which cannot be both.
    """
    if len(listing.pairs) < 2:
        raise DataError(
            f"{listing.photo_folder}: {len(listing.pairs)} photos with masks cannot be divided into train and val."
        )
    step = min(EVERY, len(listing.pairs))
    measured = listing.pairs[step - 1 :: step]
    learnt = tuple(pair for place, pair in enumerate(listing.pairs, start=1) if place % step)
    return replace(listing, pairs=measured if split == "val" else learnt)
