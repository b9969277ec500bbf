"""Whether an image is a picture rather than a mask, by what it shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.images.image import opened

MOST_COLOURS = 256  # of a mask in RGB, or in more than 8 bits
MOST_GREYS = 64  # of a mask; ADE20K's 150 classes never meet in one photo
FEWEST_COLOURS = 3  # by which a mask is told from a drawing: of two, one may well be where the photo is bright
SIDE = 64  # pixels, at which an image and a photo are compared
ALIKE = 0.9  # share of the photo's variance that the image explains; of one picture in two formats, nearly all


def is_picture(path: Path, photo: Path) -> bool:
    """Whether an image that has a photo's name is a picture itself, such as the same photo in another format.

    A mask has few values or a palette, and does not look like its photo. What cannot be read is taken by its name.

    Args:
        path: Of the image.
        photo: Whose mask it would be.
    """
    try:
        with opened(path) as image:
            if getattr(image, "n_frames", 1) > 1 and image.format == "GIF":
                return True  # an animation
            colours = _colours(image)
            if colours is None:
                return True
            with opened(photo) as other:
                return colours >= FEWEST_COLOURS and _explained(image, other) > ALIKE
    except (OSError, SyntaxError, ValueError, MemoryError, Image.DecompressionBombError):
        return False


def _colours(image: Image.Image) -> int | None:
    """How many colours or values there are; None where they are more than a mask has."""
    if image.mode in ("1", "P"):
        return len(image.getcolors() or ())
    if image.mode in ("L", "LA"):
        grey = image.getchannel(0).getcolors()
        return len(grey) if grey is not None and len(grey) <= MOST_GREYS else None
    if image.mode in ("RGB", "RGBA"):
        found = image.convert("RGB").getcolors(MOST_COLOURS)
        return len(found) if found is not None else None
    if image.mode.startswith("I"):
        values = np.unique(np.asarray(image))
        return len(values) if len(values) <= MOST_COLOURS else None
    return None  # floats, CMYK and the like


def _explained(image: Image.Image, photo: Image.Image) -> float:
    """The share of the photo's variance that the image explains, 1 for the same picture; at most 1."""
    ours, theirs = _small(image), _small(photo)
    spread = float(((theirs - theirs.mean(axis=(0, 1))) ** 2).sum())
    return 1 - float(((ours - theirs) ** 2).sum()) / spread if spread else 0.0


def _small(image: Image.Image) -> NDArray[np.float64]:
    image.draft("RGB", (2 * SIDE, 2 * SIDE))  # of a JPEG, decodes no more than that
    return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
