"""The numbers of deep pictures and of many bands, of which Pillow has the upper bytes or nothing: TIFF and PNG."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.errors import ImageError
from fcn_studio.core.images.value_range import Declared, full_scale

MOST_BYTES = 4 << 30  # of one picture's numbers
COLOURS = 3
OPAQUE_OR_CLEAR = 0.5  # of the pixels of a transparency, at least, are one or the other; infrared is in between

# TIFF's tags and values (TIFF 6.0; GDAL_NODATA is GDAL's)
BITS, PHOTOMETRIC, SAMPLES, FORMAT, EXTRA, ORIENTATION, PROFILE = 258, 262, 277, 339, 338, 274, 34675
LEAST, MOST, SMIN, SMAX, GDAL_NODATA = 280, 281, 340, 341, 42113
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
SIGNED, FLOATING = 2, 3
ALPHA = (1, 2)  # associated and not
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_START, PNG_RGB = b"\x89PNG\r\n\x1a\n", (2, 6)


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """A picture's numbers.

    Attributes:
        values: (H, W, n), where n is 1 or 3, or 2 or 4 with transparency; of any real type.
        floating: Whether the file's numbers are.
        orientation: EXIF's.
        profile: The embedded ICC profile, or None.
        declared: What the file says of black and white.
        inverted: Whether small numbers are bright.
        note: A sentence on bands that are left out; empty if none are.
    """

    values: NDArray[np.generic]
    floating: bool = False
    orientation: int = 1
    profile: bytes | None = None
    declared: Declared | None = None
    inverted: bool = False
    note: str = ""


def is_tiff(path: Path) -> bool:
    """Whether a file begins like a TIFF."""
    with path.open("rb") as file:
        return file.read(4) in TIFF_STARTS


def pillow_lacks(image: Image.Image) -> bool:
    """Whether Pillow's picture of a TIFF, not yet loaded, has other numbers than the file, or fewer."""
    tags: Any = getattr(image, "tag_v2", None)
    if tags is None or tags.get(PHOTOMETRIC) not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
        return False
    if any(kind in (SIGNED, FLOATING) for kind in np.atleast_1d(tags.get(FORMAT, 1))):
        return True
    samples = int(tags.get(SAMPLES, 1))
    return samples > COLOURS + 1 or (tags.get(PHOTOMETRIC) != RGB and max(np.atleast_1d(tags.get(BITS, 1))) > 8)


def bits_of(image: Image.Image, path: Path) -> int:
    """Bits of a file's numbers, of a TIFF or of an RGB PNG; 8 for others."""
    if image.format == "TIFF":
        return int(max(np.atleast_1d(getattr(image, "tag_v2", {}).get(BITS, 8))))
    if image.format == "PNG":
        with path.open("rb") as file:
            head = file.read(26)
        if len(head) == 26 and head[25] in PNG_RGB:
            return head[24]
    return 8


def declared_by_png(path: Path) -> Declared | None:
    """White as PNG's sBIT chunk has it: the number of bits that count.

    A file whose numbers were scaled up to 16 bits, as PNG wants it, has larger ones, which contradicts it.
    """
    with path.open("rb") as file:
        if file.read(8) != PNG_START:
            return None
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"sBIT" and 0 < length <= 4:
                bits = max(file.read(length))
                return Declared(2.0**bits - 1) if 8 <= bits < 16 else None
            if kind in (b"IDAT", b"IEND"):
                return None
            file.seek(length + 4, 1)
    return None


def is_transparency(decided: int, pixels: int, *, even: bool) -> bool:
    """Whether a fourth band is one, or infrared: a transparency is opaque or clear almost everywhere, or the same.

    Args:
        decided: Pixels that would be opaque or clear.
        pixels: All.
        even: Whether they are all the same.
    """
    return even or decided >= OPAQUE_OR_CLEAR * pixels


def infrared_note(bands: int) -> str:
    """What to say of pictures of more bands than colours."""
    last = "the fourth is taken for infrared, not for transparency." if bands == COLOURS + 1 else "not the others."
    return f"Of its {bands} bands the first three are shown as red, green and blue, {last}"


def read_png(path: Path) -> Bands:
    """The numbers of a 16-bit RGB PNG."""
    import imagecodecs

    return Bands(imagecodecs.png_decode(path.read_bytes()), declared=declared_by_png(path))


def size_of_tiff(path: Path) -> tuple[int, int]:
    """(width, height) of a TIFF's first picture."""
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        page = _first(tiff)
        return int(page.imagewidth), int(page.imagelength)


def read_tiff(path: Path, most_pixels: int) -> Bands:
    """A TIFF's first picture in full.

    Raises:
        ImageError: Too large.
    """
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        page = _first(tiff)
        if page.imagewidth * page.imagelength > most_pixels or page.nbytes > MOST_BYTES:
            raise ImageError(f"{path}: {page.imagewidth}x{page.imagelength} is too large; make it smaller first.")
        values: Any = page.asarray(maxworkers=1)
        axes = page.axes
        tags = {
            code: page.tags[code].value for code in (BITS, FORMAT, EXTRA, ORIENTATION, PROFILE) if code in page.tags
        }
        limits = {code: page.tags[code].value for code in (LEAST, MOST, SMIN, SMAX) if code in page.tags}
        nodata = page.tags[GDAL_NODATA].value if GDAL_NODATA in page.tags else None
        photometric = int(page.photometric)
    values = _rows_first(values, axes)
    if values.dtype.kind not in "uif" or photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
        raise ImageError(f"{path}: a TIFF of a kind that is not read; save it as 8-bit RGB.")
    values, note = _seen(values, photometric, np.atleast_1d(tags.get(EXTRA, ())))
    profile = tags.get(PROFILE)
    floating = values.dtype.kind == "f"
    return Bands(
        _without(values, nodata),
        floating=floating,
        orientation=int(tags.get(ORIENTATION, 1)),
        profile=bytes(profile) if profile is not None else None,
        declared=_declared(limits, tags, floating),
        inverted=photometric == WHITE_IS_ZERO,
        note=note,
    )


def _first(tiff: Any) -> Any:
    return tiff.pages[0]


def _rows_first(values: NDArray[np.generic], axes: str) -> NDArray[np.generic]:
    """(H, W, bands)."""
    if axes == "YX":
        return values[..., np.newaxis]
    if axes == "SYX":
        return np.moveaxis(values, 0, -1)
    if axes != "YXS":
        raise ValueError(f"axes {axes}")
    return values


def _seen(values: NDArray[np.generic], photometric: int, extra: NDArray[Any]) -> tuple[NDArray[np.generic], str]:
    """The bands that are shown, and what to say of the others."""
    bands = values.shape[2]
    colours = COLOURS if bands >= COLOURS else 1
    if bands == colours:
        return values, ""
    declared = len(extra) == 0 or int(extra[0]) in ALPHA
    if bands == colours + 1 and declared and (photometric == RGB or colours == 1):
        top = full_scale(values.dtype)
        alpha = values[..., -1]
        decided = int(np.count_nonzero(alpha == 0) + np.count_nonzero(alpha == top))
        if is_transparency(decided, alpha.size, even=bool(alpha.min() == alpha.max())):
            return values, ""
    note = infrared_note(bands) if colours == COLOURS else "Of its 2 bands the first is shown."
    return values[..., :colours], note


def _without(values: NDArray[np.generic], nodata: Any) -> NDArray[np.generic]:
    """With no numbers where the file says that there are no data."""
    try:
        empty = values == float(nodata)
    except (TypeError, ValueError):
        return values
    if not empty.any() or values.dtype == np.uint8:
        return values
    found = values.astype(np.float32)
    found[empty] = np.nan
    return found


def _declared(limits: dict[int, Any], tags: dict[int, Any], floating: bool) -> Declared | None:
    bits = int(max(np.atleast_1d(tags.get(BITS, 8))))
    is_unsigned = all(int(kind) not in (SIGNED, FLOATING) for kind in np.atleast_1d(tags.get(FORMAT, 1)))
    if is_unsigned and 8 < bits < 16:
        return Declared(2.0**bits - 1, exact=True)
    try:
        for least, most in ((SMIN, SMAX), (LEAST, MOST)):
            if most in limits and not (floating and most == MOST):
                white = float(np.max(limits[most]))
                black = float(np.min(limits.get(least, 0)))
                return Declared(white, black) if np.isfinite([white, black]).all() else None
    except (TypeError, ValueError):
        return None
    return None
