"""The checkpoint doctor's figure: what the net makes of one photo by each preprocessing, the likeliest first."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from fcn_studio.core.figures.figures import BODY, HEAD, RULE, SMALL, draw_head, font
from fcn_studio.core.figures.pictures import FAINT, GAP, INK, PAPER, fitted, overlay
from fcn_studio.core.judging.diagnosis import Confidence, Diagnosis, Trial
from fcn_studio.core.labels import counted_classes

ACROSS = 4  # pictures side by side
LEAST_WIDTH = 250  # pixels of a column, for its caption
CAPTION = 58  # pixels above each picture
OPACITY = 0.75
ACCENT = (0, 92, 175)


def diagnosis_figure(diagnosis: Diagnosis) -> Image.Image:
    """The photo and an overlay for each trial, with captions; the proposal is framed.

    Raises:
        ValueError: No photo was tried.
    """
    photo = diagnosis.photo
    if photo is None:
        raise ValueError("no photo was tried")
    height, width = photo.shape[:2]
    column, row = max(width, LEAST_WIDTH) + GAP, height + CAPTION + GAP
    count = 1 + len(diagnosis.trials)
    across = min(ACROSS, count)
    canvas = Image.new("RGB", (across * column + GAP, HEAD + -(-count // across) * row + GAP), PAPER)
    note = (
        f"{diagnosis.photo_name}, reduced to {width} x {height}, float32 on the CPU; "
        f"the best fit first; proposal {diagnosis.confidence}"
    )
    draw_head(canvas, f"{diagnosis.checkpoint} ({diagnosis.digest[:8]}): which preprocessing?", note)
    for place, trial in enumerate((None, *diagnosis.trials)):
        left, top = GAP + place % across * column, HEAD + place // across * row + CAPTION
        picture = photo if trial is None else overlay(photo, trial.mask, diagnosis.labels, opacity=OPACITY)
        canvas.paste(Image.fromarray(np.ascontiguousarray(picture)), (left, top))
        chosen = trial is not None and _chosen(diagnosis, trial)
        edge = ACCENT if chosen else RULE
        ImageDraw.Draw(canvas).rectangle(
            (left - 3, top - 3, left + width + 2, top + height + 2)
            if chosen
            else (left - 1, top - 1, left + width, top + height),
            outline=edge,
            width=3 if chosen else 1,
        )
        _caption(canvas, (left, top - CAPTION), column - GAP, diagnosis, trial)
    return canvas


def trial_words(diagnosis: Diagnosis, trial: Trial) -> tuple[str, str]:
    """Two lines of figures: fit, entropy and consistency, then what wins."""
    if not trial.finite:
        return "The scores are no numbers.", ""
    share = (
        f"foreground {100 * trial.foreground:.0f} %"
        if trial.foreground is not None
        else f"{diagnosis.labels.classes[trial.dominant]} {100 * trial.dominant_share:.0f} %"
    )
    return (
        f"fit {trial.fit:.3f}, entropy {trial.entropy:.3f}, mirror {100 * trial.consistency:.0f} %",
        f"{trial.classes} of {counted_classes(len(diagnosis.labels))}, {share}",
    )


def _chosen(diagnosis: Diagnosis, trial: Trial) -> bool:
    return trial is diagnosis.proposed and diagnosis.confidence is not Confidence.UNDECIDED


def _caption(canvas: Image.Image, place: tuple[int, int], room: int, diagnosis: Diagnosis, trial: Trial | None) -> None:
    draw = ImageDraw.Draw(canvas)
    if trial is None:
        lines = ("Photo", "", "")
    else:
        first, second = trial_words(diagnosis, trial)
        marks = [word for word, is_so in (("proposed", _chosen(diagnosis, trial)), ("stored", trial.stored)) if is_so]
        lines = (f"{trial.number}  {trial.recipe.name}", first, "; ".join([second, *marks]))
    for line, (text, size, colour) in enumerate(zip(lines, (BODY, SMALL, SMALL), (INK, FAINT, FAINT), strict=True)):
        y = place[1] + (0, 20, 37)[line]
        draw.text((place[0], y), fitted(text, font(size), room), fill=colour, font=font(size))
