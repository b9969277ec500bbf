"""All figures of an evaluation as plain values, with what they mean and where they come from."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.judging.metrics import Metrics
from fcn_studio.core.judging.photo_metrics import PhotoMetrics
from fcn_studio.core.maps.changes import Verdicts
from fcn_studio.core.report.facts import DEFINITIONS, Facts

LISTED = 5  # photos of each list of where the skips help and harm most


def metrics_values(found: Metrics, classes: tuple[str, ...]) -> dict[str, Any]:
    """The four metrics and each class's IU and accuracy."""
    return {
        "pixel_accuracy": or_null(found.pixel_accuracy),
        "mean_accuracy": or_null(found.mean_accuracy),
        "mean_iu": or_null(found.mean_iu),
        "frequency_weighted_iu": or_null(found.frequency_weighted_iu),
        "class_iu": {name: or_null(share) for name, share in zip(classes, found.class_iu, strict=True)},
        "class_accuracy": {name: or_null(share) for name, share in zip(classes, found.class_accuracy, strict=True)},
    }


def boundary_values(evaluation: Evaluation) -> dict[str, Any]:
    """Boundary bands, stride ceilings, and what the skips change."""
    bands = {
        key: {
            "mean_iu": [or_null(value.mean_iu) for value in values],
            "pixel_accuracy": [or_null(value.pixel_accuracy) for value in values],
        }
        for key, values in evaluation.boundary.items()
    }
    ceiling = {
        str(stride): {"mean_iu": or_null(value.mean_iu), "pixel_accuracy": or_null(value.pixel_accuracy)}
        for stride, value in evaluation.ceilings.items()
    }
    steps = {
        f"{before}->{after}": {
            **{name: or_null(share) for name, share in verdict_shares(change).items()},
            "class_pixels": {
                name: {
                    "labelled": int(change.labelled[index]),
                    "rescued": int(change.rescued[index]),
                    "harmed": int(change.harmed[index]),
                    "both_wrong": int(change.both_wrong[index]),
                }
                for index, name in enumerate(evaluation.labels.classes)
            },
        }
        for (before, after), change in evaluation.skips.items()
    }
    return {
        "boundary": {"widths": list(TRIMAP_WIDTHS), "variants": bands},
        "ceiling": ceiling,
        "skips": {
            "steps": steps,
            "helped_most": [_net(evaluation, row) for row in evaluation.gained_most(LISTED)],
            "harmed_most": [_net(evaluation, row) for row in evaluation.lost_most(LISTED)],
        },
    }


def summary(evaluation: Evaluation, facts: Facts) -> dict[str, Any]:
    """Everything but the photos' rows."""
    classes = evaluation.labels.classes
    return {
        "data": {"name": facts.data, "folder": str(facts.folder), "split": facts.split, "licence": facts.licence},
        "command": facts.command,
        "version": facts.version,
        "date": facts.date,
        "photos": len(evaluation.records),
        "labelled_pixels": evaluation.labelled,
        "classes": list(classes),
        "classes_guessed": evaluation.labels.guessed,
        "counted_in_mean_iu": [name for name, counts in zip(classes, evaluation.counted, strict=True) if counts],
        "notes": list(facts.notes),
        "failures": list(facts.failures),
        "contenders": {entry.key: asdict(entry) for entry in evaluation.contenders},
        "variants": {key: metrics_values(found, classes) for key, found in evaluation.variants.items()},
        **boundary_values(evaluation),
        "confusion": {key: matrix.tolist() for key, matrix in evaluation.confusion.items()},
        "definitions": dict(DEFINITIONS),
    }


def verdict_shares(change: Verdicts) -> dict[str, float]:
    """Shares of labelled pixels: set right, spoilt, and changed from wrong to wrong."""
    labelled = int(change.labelled.sum())
    counts = {"rescued": change.rescued, "harmed": change.harmed, "both_wrong": change.both_wrong}
    return {name: int(count.sum()) / labelled if labelled else math.nan for name, count in counts.items()}


def or_null(value: float) -> float | None:
    """The value; None for nan, which JSON does not have."""
    return None if math.isnan(value) else value


def _net(evaluation: Evaluation, row: PhotoMetrics) -> dict[str, Any]:
    assert evaluation.widest is not None  # else nothing is ranked
    pixels = row.gain(*evaluation.widest).pixels
    return {"photo": row.photo.name, "net_pixels": pixels, "labelled_pixels": row.labelled}
