"""Results to files: indexed masks, overlays, the comparison figure, scores, animations; each whole or not at all."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fcn_studio.core.errors import OutputError
from fcn_studio.core.figures.animation import save_animation
from fcn_studio.core.figures.fusion_figure import fusion_figure
from fcn_studio.core.figures.heatmap_figure import heatmap_figures
from fcn_studio.core.figures.pictures import OPACITY, figure, indexed_image, overlay
from fcn_studio.core.files import whole_file
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.contributions import decider_image, save_contributions
from fcn_studio.core.trace.trace import Trace

KINDS = ("mask", "overlay", "figure", "scores", "gif", "webp", "heatmaps", "fusion", "contributions")


def planned_files(folder: Path, stem: str, *, kinds: Sequence[str], variants: Sequence[str]) -> list[Path]:
    """The files that `save_results` writes for the same arguments, in the same order."""
    return [path for _, _, path in _plan(folder, stem, kinds, variants)]


def _plan(
    folder: Path, stem: str, kinds: Sequence[str], variants: Sequence[str]
) -> Iterator[tuple[str, str | None, Path]]:
    """Kind, variant (None where all are in one file) and path of every file."""
    for variant in variants:
        for kind, name in (("mask", f"{stem}_{variant}.png"), ("overlay", f"{stem}_{variant}_overlay.png")):
            if kind in kinds:
                yield kind, variant, folder / name
    for kind, name in (
        ("figure", f"{stem}_figure.png"),
        ("scores", f"{stem}_scores.npz"),
        ("gif", f"{stem}.gif"),
        ("webp", f"{stem}.webp"),
        ("heatmaps", f"{stem}_heatmaps.png"),
        ("fusion", f"{stem}_fusion.png"),
        ("contributions", f"{stem}_contributions.npz"),
        ("contributions", f"{stem}_decider.png"),
    ):
        if kind in kinds:
            yield kind, None, folder / name


def save_results(
    trace: Trace,
    folder: Path,
    stem: str,
    *,
    kinds: Sequence[str],
    variants: Sequence[str],
    labels: LabelSet | None = None,
    opacity: float = OPACITY,
) -> list[Path]:
    """Writes the asked-for results of one photo.

    Args:
        trace: Of the photo.
        folder: Made if need be.
        stem: Files are `<stem>_<variant>.png`, `<stem>_<variant>_overlay.png`, `<stem>_figure.png`,
            `<stem>_scores.npz`, `<stem>.gif`, `<stem>.webp`, `<stem>_heatmaps.png`, `<stem>_fusion.png`,
            `<stem>_contributions.npz` and, with these, `<stem>_decider.png`.
        kinds: Some of KINDS.
        variants: Those to write; the figure and the animations always show all.
        labels: The trace's classes in the colours to draw them in; None takes the trace's own.
        opacity: Of masks over the photo, 0 (photo only) to 1 (mask only).

    Returns:
        The files written.

    Raises:
        OutputError: A file could not be written; it is not left half-written.
    """
    labels = trace.labels if labels is None else labels
    if "contributions" in kinds and not trace.fuses_scores:
        raise OutputError(
            f"{trace.title(trace.variants[0])} does not add scores of several layers, so there are no contributions; "
            "leave them out."
        )
    per_variant = "mask" in kinds or "overlay" in kinds
    masks = {variant: trace.mask(variant) for variant in variants if per_variant}
    written = []
    for kind, variant, path in _plan(folder, stem, kinds, variants):
        if variant is not None and kind == "mask":
            _save_mask(indexed_image(masks[variant], labels), path)
        elif variant is not None:
            _save_png(Image.fromarray(overlay(trace.image, masks[variant], labels, opacity=opacity)), path)
        elif kind == "figure":
            _save_png(figure(trace, title=stem, labels=labels, opacity=opacity), path)
        elif kind == "scores":
            save_scores(trace, path)
        elif kind == "heatmaps":
            _save_png(heatmap_figures(trace, title=stem), path)
        elif kind == "fusion":
            _save_png(fusion_figure(trace, title=stem, labels=labels), path)
        elif kind == "contributions" and path.suffix == ".npz":
            save_contributions(trace, path)
        elif kind == "contributions":
            _save_png(decider_image(trace), path)
        else:
            save_animation(trace, path, labels=labels, opacity=opacity)
        written.append(path)
    return written


def _save_png(image: Image.Image, path: Path) -> None:
    with whole_file(path) as temporary:
        image.save(temporary, format="PNG")


def _save_mask(image: Image.Image, path: Path) -> None:
    with whole_file(path) as temporary:
        # Runs are what masks consist of: a quarter of the time of a search for longer repeats, for a tenth more bytes.
        image.save(temporary, format="PNG", compress_type=zlib.Z_RLE)


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
