"""What to say of a mask of another size than its photo."""

from __future__ import annotations

from pathlib import Path

from PIL import UnidentifiedImageError

from fcn_studio.core.images.image import ORIENTATION, TURNED, opened

TURN_TOO = "The photo's EXIF orientation turns it: turn the masks too, or save the photos without it."


def exif_orientation(photo: Path) -> int:
    """1 to 8, as EXIF counts, or 1 where the file says nothing.

    Raises:
        OSError: The photo cannot be read.
    """
    try:
        with opened(photo) as image:
            return int(image.getexif().get(ORIENTATION, 1) or 1)
    except UnidentifiedImageError:
        return 1  # a TIFF of bands or numbers that Pillow does not know: none of a camera's


def is_turned(photo: Path, size: tuple[int, int], mask: tuple[int, int]) -> bool:
    """Whether a photo that EXIF turns would fit its mask as it is stored.

    Args:
        photo: Its file.
        size: (height, width) as it is shown.
        mask: (height, width) of the mask.
    """
    if size != mask[::-1]:
        return False
    try:
        return exif_orientation(photo) in TURNED
    except (OSError, SyntaxError, ValueError):
        return False


def differing_sizes(photo: Path | None, mask: Path, size: tuple[int, int], mask_size: tuple[int, ...]) -> str:
    """A sentence, and another one where EXIF is the reason; sizes are (height, width)."""
    sentence = f"{mask}: the mask is {mask_size[1]}x{mask_size[0]} but its photo {size[1]}x{size[0]}."
    turned = photo is not None and is_turned(photo, size, (mask_size[0], mask_size[1]))
    return f"{sentence} {TURN_TOO}" if turned else sentence
