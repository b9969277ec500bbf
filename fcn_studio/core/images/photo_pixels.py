"""A picture of any mode, depth and number of bands to (H, W, 3) uint8 RGB in sRGB, upright, strip by strip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.errors import ImageError
from fcn_studio.core.images import band_file
from fcn_studio.core.images.band_file import Bands
from fcn_studio.core.images.colour_profile import Conversion, conversion
from fcn_studio.core.images.value_range import Declared, Extent, ValueRange, full_scale, value_range

MAX_PIXELS = 500_000_000  # above 20000x20000, below what a header of a few bytes could otherwise ask for
STRIP_PIXELS = 1 << 18  # converted at a time
DARK = 64  # an upper byte that no number of 14 bits and fewer has, where a file holds 16 bits

ORIENTATION = 0x0112  # EXIF's tag
# By its value: whether rows and columns are in the opposite order, and where they have changed places before that.
FLIPPED = MappingProxyType(
    {2: (False, True), 3: (True, True), 4: (True, False), 6: (True, False), 7: (True, True), 8: (False, True)}
)
TURNED = frozenset({5, 6, 7, 8})
FULL_RANGE = frozenset({"JPEG2000", "PPM"})  # decoded to 16 bits by the largest number that the file declares


@dataclass(frozen=True, slots=True, eq=False)
class ReadPhoto:
    """A photo as it was read.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, read-only.
        notes: A sentence for each thing that a person would not expect of it: how its values were scaled, which of
            its bands are shown, a colour profile that is of no use.
    """

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def from_pillow(image: Image.Image, name: str, path: Path | None = None) -> ReadPhoto:
    """Of Pillow's picture.

    In strips: so Pillow's copy and the array are all that is held of a large photo, whatever it is converted from, and
    other threads need not wait for Python's lock until it is done.

    Args:
        image: May be unread yet; it is read.
        name: For errors.
        path: Its file, where Pillow has not all that the file holds; None for a picture without one.

    Raises:
        ImageError: Over MAX_PIXELS, or without any.
    """
    _check_size(image, name)
    profile: bytes | None = image.info.get("icc_profile")
    tags: Any = getattr(image, "tag_v2", {})
    if path is not None and band_file.pillow_lacks(image):
        return from_bands(band_file.read_tiff(path, MAX_PIXELS))
    image.load()  # of TIFFs, Pillow turns what it loads; and a crop out of an unread file would read it each time
    orientation = image.getexif().get(ORIENTATION, 1)
    if image.mode.startswith(("I", "F")):
        return _from_numbers(image, profile, orientation, path)
    if path is not None and image.mode in ("RGB", "RGBA") and band_file.bits_of(image, path) > 8 and _is_dark(image):
        is_png = image.format == "PNG"
        found = band_file.read_png(path) if is_png else band_file.read_tiff(path, MAX_PIXELS)
        return from_bands(replace(found, orientation=orientation, profile=profile) if is_png else found)
    strips: Iterable[Image.Image] = _strips(image)
    notes = []
    bands = int(tags.get(band_file.SAMPLES, 1)) if image.mode in ("RGB", "RGBA") else 1
    if bands > band_file.COLOURS and not (image.mode == "RGBA" and _is_transparent(image)):
        notes.append(band_file.infrared_note(bands))
        strips = (strip.convert("RGB") for strip in strips)
    colours, note = conversion(profile, image.mode)
    pixels = _upright(strips, image.size, orientation, colours)
    return ReadPhoto(pixels, tuple(filter(None, (*notes, note))))


def from_bands(bands: Bands) -> ReadPhoto:
    """Of the numbers of a file."""
    height, width, count = bands.values.shape
    rows = max(1, STRIP_PIXELS // width)
    parts = [bands.values[row : row + rows] for row in range(0, height, rows)]
    colours = count - 1 if count in (2, 4) else count
    levels = ValueRange(0, 255)
    if bands.values.dtype != np.uint8:
        extent = Extent.of(part[..., :colours] for part in parts)
        levels = value_range(extent, floating=bands.floating, declared=bands.declared)
    if bands.inverted:
        levels = replace(levels, black=levels.white, white=levels.black)
    mode = "L" if colours == 1 else "RGB"

    def picture(part: NDArray[np.generic]) -> Image.Image:
        seen = part[..., :colours]
        scaled = seen if seen.dtype == np.uint8 and not bands.inverted else levels.to_bytes(seen)
        layer = Image.fromarray(np.ascontiguousarray(scaled[..., 0] if colours == 1 else scaled))
        if count > colours:
            alpha = ValueRange(0, full_scale(bands.values.dtype)).to_bytes(part[..., -1])
            layer.putalpha(Image.fromarray(alpha))
        return layer

    converted, note = conversion(bands.profile, mode)
    pixels = _upright(map(picture, parts), (width, height), bands.orientation, converted)
    return ReadPhoto(pixels, tuple(filter(None, (bands.note, levels.note, note))))


def _from_numbers(image: Image.Image, profile: bytes | None, orientation: int, path: Path | None) -> ReadPhoto:
    """Of one band of integers or floating numbers."""
    declared = None
    if image.format in FULL_RANGE and image.mode != "F":
        declared = Declared(65535, exact=True)
    elif path is not None and image.format == "PNG":
        declared = band_file.declared_by_png(path)
    extent = Extent.of(np.asarray(strip) for strip in _strips(image))
    levels = value_range(extent, floating=image.mode == "F", declared=declared)
    colours, note = conversion(profile, "L")
    strips = (Image.fromarray(levels.to_bytes(np.asarray(strip))) for strip in _strips(image))
    return ReadPhoto(_upright(strips, image.size, orientation, colours), tuple(filter(None, (levels.note, note))))


def _check_size(image: Image.Image, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(
            f"{name}: {image.width}x{image.height} is over {MAX_PIXELS // 1_000_000} megapixels; make it smaller first."
        )
    if image.width == 0 or image.height == 0:
        raise ImageError(f"{name}: the image has no pixels.")


def _is_transparent(image: Image.Image) -> bool:
    alpha = image.histogram()[-256:]
    pixels = sum(alpha)
    return band_file.is_transparency(alpha[0] + alpha[255], pixels, even=max(alpha) == pixels)


def _is_dark(image: Image.Image) -> bool:
    """Whether the upper bytes of a picture of 16 bits are those of fewer."""
    extrema: Any = image.getextrema()
    return all(high < DARK for _, high in extrema[: band_file.COLOURS])


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    rows = max(1, STRIP_PIXELS // image.width)
    for row in range(0, image.height, rows):
        yield image.crop((0, row, image.width, min(row + rows, image.height)))


def _upright(
    strips: Iterable[Image.Image], size: tuple[int, int], orientation: int, colours: Conversion | None
) -> NDArray[np.uint8]:
    """Read-only (H, W, 3) of strips of 8-bit pictures from top to bottom, by their EXIF orientation."""
    width, height = size
    turned = orientation in TURNED
    pixels = np.empty((width, height, 3) if turned else (height, width, 3), dtype=np.uint8)
    stored = as_stored(pixels, orientation)
    row = 0
    for strip in strips:
        stored[row : row + strip.height] = np.asarray(_on_white(strip, colours))
        row += strip.height
    pixels.setflags(write=False)
    return pixels


def as_stored(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of an upright (H, W, 3) photo as the file has it that EXIF's `orientation`, 1 to 8, turns upright."""
    backwards = [slice(None, None, -1) if flip else slice(None) for flip in FLIPPED.get(orientation, (False, False))]
    return (pixels.transpose(1, 0, 2) if orientation in TURNED else pixels)[tuple(backwards)]


def _on_white(strip: Image.Image, colours: Conversion | None) -> Image.Image:
    """What is seen of a strip, in RGB."""
    seen = colours.apply(strip) if colours else strip
    if strip.has_transparency_data:
        layer = seen.convert("RGBA")
        if colours:
            layer.putalpha(strip.convert("RGBA").getchannel("A"))
        seen = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return seen if seen.mode == "RGB" else seen.convert("RGB")
