"""The animation: photo, then each variant's overlay coarse to fine, over and over, as a GIF or WebP file."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from fcn_studio.core.errors import OutputError
from fcn_studio.core.figures.pictures import FAINT, INK, OPACITY, PAPER, fitted, panels
from fcn_studio.core.files import whole_file
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace

STRIP = 32  # pixels under the picture for the caption
MARGIN = 8
CAPTION_WIDTH = 80  # of the widest caption and a space after it
LEAST_WIDTH = 240  # narrower photos are centred on paper, so that the caption can be read
MOST_SECONDS = 600.0  # GIF counts a frame's time in hundredths, up to 65535
MOST_PIXELS = 16_000  # of a side; WebP ends at 16383, caption included
WEBP_QUALITY = 90


def save_animation(
    trace: Trace,
    path: Path,
    *,
    labels: LabelSet | None = None,
    opacity: float = OPACITY,
    seconds: float = 1.0,
    longest: int = 960,
) -> Path:
    """Writes the animation, which repeats without end.

    Args:
        trace: What to show.
        path: Its ending, .gif or .webp, says which kind of file.
        labels: The trace's classes in other colours; None takes the trace's own.
        opacity: Of the masks, 0 (photo only) to 1 (mask only).
        seconds: Each frame's time, above 0 to MOST_SECONDS.
        longest: The most pixels of the photo's longer side, to MOST_PIXELS; larger photos are drawn smaller.

    Returns:
        The path.

    Raises:
        OutputError: Neither .gif nor .webp, or the file could not be written; it is not left half-written.
        ValueError: `seconds`, `opacity` or `longest` is out of range.
    """
    if not (0 < seconds <= MOST_SECONDS and 0 <= opacity <= 1 and 1 <= longest <= MOST_PIXELS):
        raise ValueError(f"seconds {seconds}, opacity {opacity} or longest {longest} is out of range")
    kind = path.suffix.lower()
    if kind not in (".gif", ".webp"):
        raise OutputError(f"{path}: an animation is a .gif or .webp file; give the name one of these endings.")
    frames = _frames(trace, trace.labels if labels is None else labels, opacity, longest)
    milliseconds = max(10, round(seconds * 1000))
    with whole_file(path) as temporary:
        if kind == ".gif":
            first, *others = _in_one_palette(frames)
            first.save(
                temporary,
                format="GIF",
                save_all=True,
                append_images=others,
                duration=milliseconds,
                loop=0,
                optimize=False,  # it would give frames palettes of their own
            )
        else:
            first, *others = frames
            first.save(
                temporary,
                format="WEBP",
                save_all=True,
                append_images=others,
                duration=milliseconds,
                loop=0,
                quality=WEBP_QUALITY,
            )
    return path


def _frames(trace: Trace, labels: LabelSet, opacity: float, longest: int) -> list[Image.Image]:
    height, width = trace.size
    scale = min(1.0, longest / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    full = (max(size[0], LEAST_WIDTH), size[1] + STRIP)
    body, small = ImageFont.load_default(15), ImageFont.load_default(13)
    name = fitted(trace.provenance.checkpoint, small, full[0] - CAPTION_WIDTH - 2 * MARGIN)
    frames = []
    for caption, picture in panels(trace, size, labels=labels, opacity=opacity):
        frame = Image.new("RGB", full, PAPER)
        frame.paste(picture, ((full[0] - size[0]) // 2, 0))
        draw = ImageDraw.Draw(frame)
        middle = size[1] + STRIP // 2
        draw.text((MARGIN, middle), caption, fill=INK, font=body, anchor="lm")
        draw.text((full[0] - MARGIN, middle), name, fill=FAINT, font=small, anchor="rm")
        frames.append(frame)
    return frames


def _in_one_palette(frames: list[Image.Image]) -> list[Image.Image]:
    """Mode P frames that share the 256 colours which suit them all: with one palette each, the photo would flicker."""
    width, height = frames[0].size
    columns = math.ceil(math.sqrt(len(frames)))
    sheet = Image.new("RGB", (columns * width, math.ceil(len(frames) / columns) * height), PAPER)
    for number, frame in enumerate(frames):
        sheet.paste(frame, (number % columns * width, number // columns * height))
    palette = sheet.quantize(colors=256, method=Image.Quantize.MEDIANCUT)
    return [frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
