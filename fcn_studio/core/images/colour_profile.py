"""Embedded colour profiles: what turns a picture's colours into sRGB's."""

from __future__ import annotations

import io
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageCms

# By a profile's colour space, the mode of the pictures that it speaks of.
MODES = MappingProxyType({"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"})
GREY = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"})
SAME = 3  # of 255: profiles of sRGB by different makers round differently, and no other colour space is as near
LEVELS = 9  # of each colour, that are tried


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """From a profile's colours to sRGB's.

    Attributes:
        mode: Pillow's, of what is converted.
        transform: Of littlecms.
        tables: Of grey pictures, what each of the 256 values becomes, for red, green and blue; none of others.
    """

    mode: str
    transform: ImageCms.ImageCmsTransform
    tables: tuple[list[int], ...] = ()

    def apply(self, image: Image.Image) -> Image.Image:
        """The picture in RGB; transparency is left out."""
        fitting = image if image.mode == self.mode else image.convert(self.mode)
        if self.tables:
            return Image.merge("RGB", [fitting.point(table) for table in self.tables])
        return _applied(self.transform, fitting)


def _applied(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    found = ImageCms.applyTransform(image, transform)
    assert found is not None  # it is None only for a transform in place
    return found


def conversion(profile: bytes | None, mode: str) -> tuple[Conversion | None, str]:
    """What brings a picture with an embedded ICC profile to sRGB: relative colorimetric, with black for black.

    None where there is no profile, or it is sRGB's, so that nothing is to be done; and where it cannot be used, with a
    sentence that says so.

    Args:
        profile: The ICC file.
        mode: Pillow's, of the picture.
    """
    if not profile:
        return None, ""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        wanted = MODES.get(space)
        if wanted is None or (mode == "CMYK") != (space == "CMYK") or (space == "GRAY" and mode not in GREY):
            return None, f"The embedded colour profile is one of {space} pictures, which this is not; it is ignored."
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        if wanted == "L":
            flags |= ImageCms.Flags.NOOPTIMIZE  # which is too coarse for dark greys
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            wanted,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags,
        )
        found = Conversion(wanted, transform, _tables(transform) if wanted == "L" else ())
        return (None, "") if _changes_nothing(found) else (found, "")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None, "The embedded colour profile is damaged, and is ignored."


def _tables(transform: ImageCms.ImageCmsTransform) -> tuple[list[int], ...]:
    values = np.asarray(_applied(transform, Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])))
    return tuple(values[0].T.tolist())


def _changes_nothing(found: Conversion) -> bool:
    """Tried on colours all over the cube: a profile's name may say anything."""
    if found.mode == "CMYK":
        return False
    steps = np.linspace(0, 255, LEVELS).round().astype(np.uint8)
    if found.mode == "L":
        steps = np.arange(256, dtype=np.uint8)
        before = steps[np.newaxis]
        expected = np.repeat(before[..., np.newaxis], 3, axis=-1)
    else:
        before = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
        expected = before
    after = np.asarray(found.apply(Image.fromarray(before)))
    return int(np.abs(after.astype(int) - expected).max()) <= SAME
