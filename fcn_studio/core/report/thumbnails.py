"""Small pictures of photos and masks for a report, errors outlined."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.labels import LabelSet

LONGEST = 480  # pixels: twice what a column of the report has, for screens of high density
OUTLINE = (255, 255, 255)

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """A file's name and content, and its size in pixels."""

    name: str
    content: bytes
    width: int
    height: int

    @property
    def address(self) -> str:
        """The content as a data URL."""
        kind = "jpeg" if self.name.endswith(".jpg") else "png"
        return f"data:image/{kind};base64,{base64.b64encode(self.content).decode('ascii')}"


def photo_picture(photo: NDArray[np.uint8], name: str) -> Picture:
    """A JPEG of an (H, W, 3) photo."""
    picture = Image.fromarray(photo)
    picture = picture.resize(_size(photo.shape[:2]), Image.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82)
    return Picture(name, file.getvalue(), picture.width, picture.height)


def mask_picture(mask: Mask, labels: LabelSet, name: str, *, truth: Mask | None = None) -> Picture:
    """A PNG of an (H, W) mask in class colours; where a truth is given, wrong pixels have a white outline."""
    wrong = None if truth is None else (mask != truth) & (truth != labels.void)
    return _png(mask, labels, name, wrong)


def confusion_picture(mask: Mask, where: NDArray[np.bool_], labels: LabelSet, name: str) -> Picture:
    """A PNG of an (H, W) mask, only the pixels of one confusion, (H, W) bool, outlined."""
    return _png(mask, labels, name, where, dimmed=True)


def outline(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) bool: the pixels of an area with a neighbour above, below, left or right that is outside it."""
    padded = np.pad(area, 1, constant_values=True)  # the picture's edge is no outline
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return area & ~inside


def _png(mask: Mask, labels: LabelSet, name: str, wrong: NDArray[np.bool_] | None, *, dimmed: bool = False) -> Picture:
    size = _size(mask.shape)
    rows, columns = ((2 * np.arange(m) + 1) * n // (2 * m) for n, m in zip(mask.shape, size[::-1], strict=True))
    small = mask[np.ix_(rows, columns)]
    colours = labels.palette()[small]
    if wrong is not None:
        area = wrong[np.ix_(rows, columns)]
        if dimmed:
            colours[~area] //= 3
        colours[outline(area)] = OUTLINE
    file = io.BytesIO()
    # A few flat colours: a palette makes the file a third of the size, and nothing is lost.
    picture = Image.fromarray(colours)
    if (found := picture.getcolors(256)) is not None:
        picture = picture.quantize(len(found), dither=Image.Dither.NONE)
    picture.save(file, "PNG", optimize=True)
    return Picture(name, file.getvalue(), size[0], size[1])


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    """(width, height) of the picture of (H, W) pixels."""
    shrink = min(1.0, LONGEST / max(shape[:2]))
    return max(1, round(shape[1] * shrink)), max(1, round(shape[0] * shrink))
