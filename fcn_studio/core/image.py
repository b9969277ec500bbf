"""Image files to (H, W, 3) uint8 RGB arrays, whatever they hold, within bounds."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fcn_studio.core.errors import ImageError

MAX_PIXELS = 500_000_000  # above 20000x20000, below what a header of a few bytes could otherwise ask for
STRIP_PIXELS = 1 << 18  # converted at a time
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".avif"}
)

ORIENTATION = 0x0112  # EXIF's tag
# By its value: whether rows and columns are in the opposite order, and where they have changed places before that.
FLIPPED = MappingProxyType(
    {2: (False, True), 3: (True, True), 4: (True, False), 6: (True, False), 7: (True, True), 8: (False, True)}
)
TURNED = frozenset({5, 6, 7, 8})

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
    except MemoryError as error:
        raise ImageError(f"{path}: too large for this machine's memory; make it smaller first.") from error
    except ImageError:
        raise
    except Exception as error:  # decoders raise what they like at damaged files: AVIF's RuntimeError, TIFF's TypeError
        raise ImageError(f"{path}: the image is damaged or cut off; open another copy of it.") from error


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
    image.load()  # of TIFFs, Pillow turns what it loads; and a crop out of an unread file would read it each time
    orientation = image.getexif().get(ORIENTATION, 1)
    turned = orientation in TURNED
    pixels = np.empty((image.width, image.height, 3) if turned else (image.height, image.width, 3), dtype=np.uint8)
    _fill(as_stored(pixels, orientation), image)
    return pixels


def as_stored(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of an upright (H, W, 3) photo as the file has it that EXIF's `orientation`, 1 to 8, turns upright."""
    backwards = [slice(None, None, -1) if flip else slice(None) for flip in FLIPPED.get(orientation, (False, False))]
    return (pixels.transpose(1, 0, 2) if orientation in TURNED else pixels)[tuple(backwards)]


def _fill(pixels: NDArray[np.uint8], image: Image.Image) -> None:
    """(H, W, 3) of an image in RGB.

    In strips: so Pillow's copy and this one are all that is held of a large photo, whatever it is converted from, and
    other threads need not wait for Python's lock until it is done.
    """
    top = max(_top(strip) for _, strip in _strips(image)) if image.mode.startswith(("I", "F")) else 0.0
    for row, strip in _strips(image):
        pixels[row : row + strip.height] = np.asarray(_to_rgb_strip(strip, top))


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    rows = max(1, STRIP_PIXELS // image.width)
    for row in range(0, image.height, rows):
        yield row, image.crop((0, row, image.width, min(row + rows, image.height)))


def _to_rgb_strip(strip: Image.Image, top: float) -> Image.Image:
    """What is seen of a strip; `top` is white in modes of more than 8 bits."""
    if strip.mode.startswith(("I", "F")):
        values = np.clip(_numbers(strip) / top, 0, 1) * 255
        strip = Image.fromarray(values.round().astype(np.uint8))
    if strip.has_transparency_data:
        layer = strip.convert("RGBA")
        strip = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return strip if strip.mode == "RGB" else strip.convert("RGB")


def _top(strip: Image.Image) -> float:
    """16-bit files fill 0..65535 and floating ones 0..1; wider integers are taken by their own largest value."""
    largest = float(_numbers(strip).max())
    if strip.mode.startswith("F"):
        return 1.0 if largest <= 1.0 else 255.0
    return max(65535.0, largest)


def _numbers(strip: Image.Image) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(strip).astype(np.float64), copy=False)
