"""Image files to (H, W, 3) uint8 RGB arrays in sRGB, whatever they hold, within bounds."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fcn_studio.core.errors import ImageError
from fcn_studio.core.images import band_file
from fcn_studio.core.images.image_formats import FORMATS, SUFFIXES, list_images, why_unread
from fcn_studio.core.images.photo_pixels import (
    MAX_PIXELS,
    ORIENTATION,
    TURNED,
    ReadPhoto,
    as_stored,
    from_bands,
    from_pillow,
)

__all__ = [
    "MAX_PIXELS",
    "ORIENTATION",
    "TURNED",
    "SUFFIXES",
    "ImageSource",
    "ReadPhoto",
    "as_stored",
    "image_size",
    "list_images",
    "opened",
    "read_image",
    "read_photo",
    "read_small",
]

HEIF = "HEIF"  # not Pillow's own; all others are
_pillow_bound = threading.Lock()  # Pillow's bound is a global of its module


ImageSource = str | os.PathLike[str] | Image.Image | NDArray[np.uint8] | ReadPhoto


def read_image(source: ImageSource) -> NDArray[np.uint8]:
    """The pixels of `read_photo`."""
    return read_photo(source).pixels


def read_photo(source: ImageSource) -> ReadPhoto:
    """A photo as the person sees it.

    EXIF orientation is applied, an embedded colour profile converted to sRGB, transparency laid on white, palettes,
    greyscale and CMYK converted; more than 8 bits are scaled (see `value_range`), of more than three bands the first
    three are taken, and of an animation the first picture. What has been read already is given back.

    Raises:
        ImageError: Missing, empty, truncated, no image, of a kind that is not read, or over MAX_PIXELS.
    """
    if isinstance(source, ReadPhoto):
        return source
    if isinstance(source, np.ndarray):
        return ReadPhoto(_from_array(source))
    if isinstance(source, Image.Image):
        return from_pillow(source, "this image")
    path = Path(source)
    with _explained(path):
        if path.is_dir():
            raise ImageError(f"{path}: a folder, not an image.")
        if path.stat().st_size == 0:
            raise ImageError(f"{path}: the file is empty; copy it again.")
        if reason := why_unread(path):
            raise ImageError(reason)
        try:
            image = opened(path)
        except UnidentifiedImageError:
            if band_file.is_tiff(path):
                return from_bands(band_file.read_tiff(path, MAX_PIXELS))
            raise
        with image:
            return from_pillow(image, str(path), path)


def read_small(path: Path, box: tuple[int, int], most_pixels: int) -> NDArray[np.uint8]:
    """A photo as `read_image` has it, made smaller: (h, w, 3) uint8 RGB that fits into (width, height) `box`.

    JPEGs are unpacked at a fraction of their size, and colours converted when the picture is small.

    Raises:
        ImageError: As `read_image`, or over `most_pixels`.
    """
    with _explained(path):
        try:
            image = opened(path)
        except UnidentifiedImageError:
            return _whole_made_small(path, box, most_pixels)
        with image:
            if band_file.bits_of(image, path) > 8 or image.mode.startswith(("I", "F")) or band_file.pillow_lacks(image):
                return _whole_made_small(path, box, most_pixels)
            image.draft(None, (2 * max(box), 2 * max(box)))
            _check_number(path, image.size, most_pixels)
            if image.mode in ("1", "P", "PA"):  # Pillow shrinks these without smoothing
                image = image.convert("RGBA" if image.has_transparency_data else "RGB")
            sideways = image.getexif().get(ORIENTATION, 1) in TURNED
            image.thumbnail((box[1], box[0]) if sideways else box)
            return from_pillow(image, str(path)).pixels


def _whole_made_small(path: Path, box: tuple[int, int], most_pixels: int) -> NDArray[np.uint8]:
    _check_number(path, image_size(path), most_pixels)
    small = Image.fromarray(read_image(path))
    small.thumbnail(box)
    return _frozen(np.array(small))


def _check_number(path: Path, size: tuple[int, int], most_pixels: int) -> None:
    if size[0] * size[1] > most_pixels:
        raise ImageError(f"{path}: {size[0]}x{size[1]} pixels are too many.")


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) of an image file as it is stored, by its header.

    Raises:
        OSError: No such file, or no image.
        Image.DecompressionBombError: Over MAX_PIXELS.
    """
    try:
        with opened(path) as image:
            return image.size
    except UnidentifiedImageError:
        if not band_file.is_tiff(path):
            raise
        return band_file.size_of_tiff(path)


def opened(path: Path) -> Image.Image:
    """Pillow's image of a file, unread, under our own bound on pixels, which lies above Pillow's.

    Raises:
        OSError: No such file, or no image.
        Image.DecompressionBombError: Over MAX_PIXELS.
    """
    with _pillow_bound:
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow warns above it and refuses above twice as many
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                return _opened(path)
        except Image.DecompressionBombWarning as error:
            raise Image.DecompressionBombError(str(error)) from error
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _opened(path: Path) -> Image.Image:
    try:
        image = Image.open(path, formats=[name for name in FORMATS if name != HEIF])
        if image.format == "TIFF":
            image.filename = ""  # or Pillow maps it into memory, where it takes the rows of a turned one for columns
        return image
    except UnidentifiedImageError:
        with path.open("rb") as file:
            if file.read(12)[4:8] != b"ftyp":
                raise
        import pillow_heif  # its libraries are large, and only needed for such files

        try:
            return pillow_heif.HeifImageFile(path)  # type: ignore[no-untyped-call]
        except SyntaxError as error:
            raise UnidentifiedImageError(f"cannot identify image file {path}") from error


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns what goes wrong with a file into one sentence that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise ImageError(f"{path}: no such file; check the name.") from error
    except UnidentifiedImageError as error:
        if path.suffix.lower() in FORMATS[HEIF]:
            raise ImageError(f"{path}: the image is damaged or cut off; open another copy of it.") from error
        raise ImageError(
            f"{path}: not an image that can be read; JPEG, PNG, HEIC, WebP, TIFF, AVIF, JPEG 2000, PSD and GIF can."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path}: over {MAX_PIXELS // 1_000_000} megapixels; make it smaller first.") from error
    except MemoryError as error:
        raise ImageError(f"{path}: too large for this machine's memory; make it smaller first.") from error
    except ImageError:
        raise
    except Exception as error:  # decoders raise what they like at damaged files: AVIF's RuntimeError, TIFF's TypeError
        raise ImageError(f"{path}: the image is damaged or cut off; open another copy of it.") from error


def _from_array(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ImageError(f"An image array is uint8 of shape (H, W, 3); this one is {array.dtype} {array.shape}.")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ImageError(f"This array is over {MAX_PIXELS // 1_000_000} megapixels; make it smaller first.")
    if array.flags.owndata and not array.flags.writeable:
        return array  # nobody can change it, so that there is no need of a copy
    return _frozen(array.copy())


def _frozen(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    array.setflags(write=False)
    return array
