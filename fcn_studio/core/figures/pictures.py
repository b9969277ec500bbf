"""Pictures of a trace: masks in class colours, overlays, and the side-by-side figure with its legend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace

Rgb = NDArray[np.uint8]  # (H, W, 3)

OPACITY = 0.6
PAPER, INK, FAINT = (250, 250, 250), (24, 24, 27), (96, 96, 104)
GAP = 16  # pixels of the figure's spacing scale; margins and legend rows are multiples of its half
FIGURE_PANEL_WIDTH = 640  # wider photos are drawn smaller in the figure, masks by nearest neighbour
LEGEND_COLUMN = 210


def indexed_image(mask: NDArray[np.uint8], labels: LabelSet) -> Image.Image:
    """A mode P image whose pixel values are the class indices and whose palette is the label set's."""
    image = Image.fromarray(mask)
    image.putpalette(labels.palette().tobytes())
    return image


def colourise(mask: NDArray[np.uint8], labels: LabelSet) -> Rgb:
    """(H, W) class indices to (H, W, 3) class colours."""
    return labels.palette()[mask]


def overlay(image: Rgb, mask: NDArray[np.uint8], labels: LabelSet, *, opacity: float = OPACITY) -> Rgb:
    """The mask's colours over the photo; background and void stay clear.

    Args:
        image: (H, W, 3) photo.
        mask: (H, W) class indices.
        labels: Whose colours to use.
        opacity: 0 (photo only) to 1 (mask only).
    """
    # Weights in 1/256: integer arithmetic, since the float one takes four times the memory of a large photo.
    alpha = np.full(256, round(opacity * 256), dtype=np.uint16)
    alpha[labels.void] = 0
    if labels.background is not None:
        alpha[labels.background] = 0
    table = (labels.palette().astype(np.uint16) * alpha[:, None] + 128).astype(np.uint16)
    out = np.empty_like(image)
    for row in range(0, image.shape[0], 256):
        rows = slice(row, row + 256)
        keep = (256 - alpha)[mask[rows]][:, :, None]
        out[rows] = ((image[rows].astype(np.uint16) * keep + table[mask[rows]]) >> 8).astype(np.uint8)
    return out


def panels(
    trace: Trace, size: tuple[int, int], *, labels: LabelSet, opacity: float = OPACITY
) -> list[tuple[str, Image.Image]]:
    """Caption and picture of the photo and of each variant's overlay, coarse to fine.

    Args:
        trace: What to show.
        size: (width, height) that every picture is scaled to, in pixels.
        labels: Whose colours to use.
        opacity: As in `overlay`.
    """
    photo = Image.fromarray(trace.image).resize(size, Image.Resampling.LANCZOS)
    base = np.asarray(photo)
    found = [("Photo", photo)]
    for variant in trace.variants:
        # Nearest: an averaged palette colour would be a class that nobody predicted.
        small = np.asarray(Image.fromarray(trace.mask(variant)).resize(size, Image.Resampling.NEAREST))
        found.append((trace.title(variant), Image.fromarray(overlay(base, small, labels, opacity=opacity))))
    return found


def figure(trace: Trace, *, title: str, labels: LabelSet | None = None, opacity: float = OPACITY) -> Image.Image:
    """The comparison: photo and each variant's overlay side by side, with captions, shares and provenance.

    Args:
        trace: What to show.
        title: The heading, cut where it is too long.
        labels: The trace's classes in other colours; None takes the trace's own.
        opacity: As in `overlay`.
    """
    labels = trace.labels if labels is None else labels
    height, width = trace.size
    scale = min(1.0, FIGURE_PANEL_WIDTH / width, 2 * FIGURE_PANEL_WIDTH / height)
    panel = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = panels(trace, panel, labels=labels, opacity=opacity)

    heading, body, small_type = (ImageFont.load_default(size) for size in (20, 15, 13))
    column = max(panel[0], 150)
    total_width = max(len(shown) * (column + GAP) + GAP, LEGEND_COLUMN * 3 + 2 * GAP)
    entries = _legend_entries(trace, labels)
    columns = max(1, (total_width - 2 * GAP) // LEGEND_COLUMN)
    legend_rows = -(-len(entries) // columns)
    top = 3 * GAP + 24
    legend_top = top + panel[1] + GAP
    total_height = legend_top + 24 + legend_rows * 24 + 2 * GAP + 12
    canvas = Image.new("RGB", (total_width, total_height), PAPER)
    draw = ImageDraw.Draw(canvas)
    draw.text((GAP, GAP), fitted(title, heading, total_width - 2 * GAP), fill=INK, font=heading)
    for number, (caption, picture) in enumerate(shown):
        left = GAP + number * (column + GAP)
        draw.text((left, top - 22), caption, fill=INK, font=body)
        canvas.paste(picture, (left, top))
    names = " / ".join(trace.variants)
    draw.text((GAP, legend_top), f"Share of pixels in % ({names})", fill=FAINT, font=small_type)
    for number, (colour, text) in enumerate(entries):
        left = GAP + (number % columns) * LEGEND_COLUMN
        y = legend_top + 24 + (number // columns) * 24
        draw.rectangle((left, y, left + 15, y + 15), fill=colour, outline=FAINT)
        draw.text((left + 24, y - 1), text, fill=INK, font=small_type)
    made_by = trace.provenance
    exits = "exits of one checkpoint, " if len(trace.variants) > 1 else ""
    note = (
        f"{made_by.checkpoint} ({made_by.digest[:8]}), {made_by.layout}, {exits}"
        f"{width}x{height}, {made_by.device} {made_by.arithmetic}, FCN Studio {made_by.version}"
    )
    draw.text(
        (GAP, total_height - GAP - 14), fitted(note, small_type, total_width - 2 * GAP), fill=FAINT, font=small_type
    )
    return canvas


def _legend_entries(trace: Trace, labels: LabelSet) -> list[tuple[tuple[int, int, int], str]]:
    """Colour and text of every class that some variant shows, the largest first."""
    shares = {variant: trace.class_shares(variant) for variant in trace.variants}
    order = np.argsort(-shares[trace.variants[-1]], kind="stable")
    entries = []
    for index in order:
        values = [float(share[index]) * 100 for share in shares.values()]
        if any(values):
            text = " / ".join(f"{value:.1f}" for value in values)
            entries.append((labels.colours[index], f"{labels.classes[index]}  {text}"))
    return entries


def fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, its end cut to an ellipsis where it is wider than `width` pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
