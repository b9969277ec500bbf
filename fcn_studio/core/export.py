"""Results to files: indexed masks, overlays, the comparison figure, scores; each whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fcn_studio.core.files import whole_file
from fcn_studio.core.pictures import figure, indexed_image, overlay
from fcn_studio.core.trace import Trace

KINDS = ("mask", "overlay", "figure", "scores")


def save_results(trace: Trace, folder: Path, stem: str, *, kinds: Sequence[str], variants: Sequence[str]) -> list[Path]:
    """Writes the asked-for results of one photo.

    Args:
        trace: Of the photo.
        folder: Made if need be.
        stem: Files are `<stem>_<variant>.png`, `<stem>_<variant>_overlay.png`, `<stem>_figure.png` and
            `<stem>_scores.npz`.
        kinds: Some of KINDS.
        variants: Those to write; the figure always shows all.

    Returns:
        The files written.

    Raises:
        OutputError: A file could not be written; it is not left half-written.
    """
    written = []
    for variant in variants:
        mask = trace.mask(variant)
        if "mask" in kinds:
            written.append(_save_png(indexed_image(mask, trace.labels), folder / f"{stem}_{variant}.png"))
        if "overlay" in kinds:
            picture = Image.fromarray(overlay(trace.image, mask, trace.labels))
            written.append(_save_png(picture, folder / f"{stem}_{variant}_overlay.png"))
    if "figure" in kinds:
        written.append(_save_png(figure(trace, title=stem), folder / f"{stem}_figure.png"))
    if "scores" in kinds:
        written.append(save_scores(trace, folder / f"{stem}_scores.npz"))
    return written


def _save_png(image: Image.Image, path: Path) -> Path:
    with whole_file(path) as temporary:
        image.save(temporary, format="PNG")
    return path


def save_scores(trace: Trace, path: Path) -> Path:
    """The score maps on their own grids, in an .npz without pickle.

    Arrays are score_fr, score_pool4 and score_pool3 (C, h, w) float32 with their `_bias` (C,), and `meta`, a JSON
    text with labels, grid geometry and provenance.
    """
    arrays: dict[str, Any] = {}
    geometry = {}
    for name, score_map in trace.score_maps.items():
        arrays[name] = score_map.scores
        arrays[f"{name}_bias"] = score_map.bias
        geometry[name] = {"stride": score_map.stride, "offset": float(score_map.coords.offset)}
    meta = {
        "labels": trace.labels.to_dict(),
        "grids": geometry,
        "size": list(trace.size),
        "provenance": asdict(trace.provenance),
    }
    with whole_file(path) as temporary:
        np.savez_compressed(temporary, meta=np.array(json.dumps(meta)), **arrays)
    return path
