"""Image files to (H, W, 3) uint8 RGB arrays, whatever they hold, within bounds."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from fcn_studio.core.errors import ImageError

MAX_PIXELS = 500_000_000  # above 20000x20000, below what a header of a few bytes could otherwise ask for
STRIP_ROWS = 256
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".avif"}
)

ORIENTATION = 0x0112  # EXIF's tag

_pillow_bound = threading.Lock()  # Pillow's bound is a global of its module

ImageSource = str | os.PathLike[str] | Image.Image | NDArray[np.uint8]


def list_images(folder: Path, *, recursive: bool = False) -> list[Path]:
    """The image files of a folder, by name; hidden ones are left out."""
    found = folder.rglob("*") if recursive else folder.iterdir()
    return sorted(
        path for path in found if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def read_image(source: ImageSource) -> NDArray[np.uint8]:
    """A photo as the person sees it: (H, W, 3) uint8 RGB, read-only.

    EXIF orientation is applied, transparency laid on white, 16-bit scaled to 8, palettes, greyscale and CMYK
    converted; of an animation the first picture is taken.

    Raises:
        ImageError: Missing, empty, truncated, no image, or over MAX_PIXELS.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _frozen(_to_rgb(source, "this image"))
    path = Path(source)
    try:
        if path.is_dir():
            raise ImageError(f"{path}: a folder, not an image.")
        if path.stat().st_size == 0:
            raise ImageError(f"{path}: the file is empty; copy it again.")
        with opened(path) as image:
            return _frozen(_to_rgb(image, str(path)))
    except FileNotFoundError as error:
        raise ImageError(f"{path}: no such file; check the name.") from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: not an image that can be read; PNG, JPEG, WebP, TIFF, BMP and GIF can.") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path}: over {MAX_PIXELS // 1_000_000} megapixels; make it smaller first.") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise ImageError(f"{path}: the image is damaged or cut off; open another copy of it.") from error
    except MemoryError as error:
        raise ImageError(f"{path}: too large for this machine's memory; make it smaller first.") from error


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
                return Image.open(path)
        except Image.DecompressionBombWarning as error:
            raise Image.DecompressionBombError(str(error)) from error
        finally:
            Image.MAX_IMAGE_PIXELS = before


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


def _to_rgb(image: Image.Image, name: str) -> NDArray[np.uint8]:
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(
            f"{name}: {image.width}x{image.height} is over {MAX_PIXELS // 1_000_000} megapixels; make it smaller first."
        )
    if image.width == 0 or image.height == 0:
        raise ImageError(f"{name}: the image has no pixels.")
    if image.getexif().get(ORIENTATION, 1) != 1:  # each conversion is a copy, and photos can be large
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_to_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        image = Image.alpha_composite(white, layer)
    if image.mode != "RGB":
        image = image.convert("RGB")
    return _pixels(image)


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    """(H, W, 3) of an RGB image, in strips: in one piece, other threads would wait for Python's lock."""
    pixels = np.empty((image.height, image.width, 3), dtype=np.uint8)
    for top in range(0, image.height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, image.height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return pixels


def _to_eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """16-bit files fill 0..65535 and floating ones 0..1; wider integers are taken by their own largest value."""
    numbers = np.nan_to_num(values.astype(np.float64))
    if np.issubdtype(values.dtype, np.floating):
        top = 1.0 if numbers.max() <= 1.0 else 255.0
    else:
        top = 65535.0 if numbers.max() <= 65535 else float(numbers.max())
    return (np.clip(numbers / top, 0, 1) * 255).round().astype(np.uint8)
