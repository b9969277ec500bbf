"""What the figures of a net's inside share: fonts, the note of origin, and where the photo lies on a grid."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from fcn_studio.core.figures.pictures import FAINT, GAP, INK, fitted
from fcn_studio.core.graph.geometry import CoordMap
from fcn_studio.core.trace.trace import Trace

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box = tuple[float, float, float, float]  # left, top, right, bottom

HEADING, BODY, SMALL = 20, 15, 13  # pixels
HEAD = 3 * GAP + 36  # height of heading and note above the pictures
RULE = (200, 200, 206)


def font(size: int) -> Font:
    """The typeface of all figures."""
    return ImageFont.load_default(size)


def origin(trace: Trace) -> str:
    """Checkpoint, alignment, photo size and arithmetic in one line: what a figure that is quoted must carry."""
    made_by = trace.provenance
    height, width = trace.size
    return (
        f"{made_by.checkpoint} ({made_by.digest[:8]}), {made_by.layout}, photo {width} x {height}, "
        f"{made_by.device} {made_by.arithmetic}, FCN Studio {made_by.version}"
    )


def draw_head(canvas: Image.Image, title: str, note: str) -> None:
    """Heading and note in the top HEAD pixels, cut where they are too long."""
    draw, room = ImageDraw.Draw(canvas), canvas.width - 2 * GAP
    draw.text((GAP, GAP), fitted(title, font(HEADING), room), fill=INK, font=font(HEADING))
    draw.text((GAP, GAP + 30), fitted(note, font(SMALL), room), fill=FAINT, font=font(SMALL))


def photo_box(trace: Trace, coords: CoordMap) -> Box:
    """The photo's edges in cells of a grid, whose own first cell reaches from 0 to 1."""
    height, width = trace.size
    first = float((-coords.offset) / coords.scale) + 0.5 - 0.5 / float(coords.scale)
    return first, first, first + width / float(coords.scale), first + height / float(coords.scale)


def overhangs(box: Box, rows: int, columns: int) -> bool:
    """Whether a grid reaches a whole cell or more beyond the photo at its start: the zeros of caffe alignment."""
    return min(box[0], box[1]) >= 1 or columns - box[2] >= 2 or rows - box[3] >= 2
