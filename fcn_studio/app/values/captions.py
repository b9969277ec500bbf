"""What panels say of themselves: name, worth against the ground truth, and where the mask comes from."""

from __future__ import annotations

import re

import numpy as np
from PySide6.QtCore import QCoreApplication

from fcn_studio.app.values.panels import PHOTO, TRUTH, PanelId
from fcn_studio.app.values.shown import Shown
from fcn_studio.core.graph.names import variant_title
from fcn_studio.core.trace.trace import Trace, arithmetic

STRIPS = re.compile(r"strips of (\d+) rows(?: in (\d+) spans of columns)?")
DEVICES = {"cpu": "CPU", "cuda": "GPU", "mps": "Apple GPU"}


def device_text(device: str, precision: str, backend: str = "torch") -> str:
    """How captions and the status bar name a device: `CPU bf16`, `CPU bf16 (OpenVINO)`, `GPU 1 fp16`."""
    kind, _, number = device.partition(":")
    name, precision = DEVICES.get(kind, device), arithmetic(precision, backend).replace(" ", "\N{NO-BREAK SPACE}")
    words = (name, number, precision) if number not in ("", "0") else (name, precision)
    return "\N{NO-BREAK SPACE}".join(words)


def panel_title(panel: PanelId, shown: Shown | None = None) -> str:
    """The panel's name; a second checkpoint's variants carry its number."""
    if panel.kind == PHOTO:
        return QCoreApplication.translate("Captions", "Photo")
    if panel.kind == TRUTH:
        return QCoreApplication.translate("Captions", "Ground truth")
    trace = shown.trace_of(panel) if shown is not None else None
    title = trace.title(panel.kind) if trace is not None else variant_title(panel.kind)
    return title + (f" ({panel.slot + 1})" if panel.slot else "")


def score_text(panel: PanelId, shown: Shown | None) -> str:
    """Mean IU and pixel accuracy of this photo in percent, or why there are none; empty without a ground truth."""
    truth = shown.result.truth if shown else None
    if truth and panel.is_variant and not truth.is_named:
        return QCoreApplication.translate("Captions", "ground truth without class names")
    if shown and truth and panel.is_variant and shown.labels(panel) and not shown.is_comparable(panel):
        return QCoreApplication.translate("Captions", "the ground truth has other classes")
    found = truth.metrics.get(panel) if truth else None
    if found is None or np.isnan(found.pixel_accuracy):
        return ""
    text = QCoreApplication.translate("Captions", "mean IU {0} · pixel accuracy {1}")
    return text.format(f"{100 * found.mean_iu:.1f}", f"{100 * found.pixel_accuracy:.1f}")


def origin_text(panel: PanelId, shown: Shown | None) -> str:
    """Where the picture comes from."""
    if shown is None:
        return ""
    if panel.kind == PHOTO:
        height, width = shown.size
        reading = shown.trace.provenance.reading if shown.trace is not None else ""
        return " · ".join(filter(None, (f"{shown.photo.name} · {width} \N{MULTIPLICATION SIGN} {height}", reading)))
    if panel.kind == TRUTH:
        return shown.result.truth.path.name if shown.result.truth else ""
    trace = shown.trace_of(panel)
    if trace is None:
        waiting = QCoreApplication.translate("Captions", "waiting for its mask")
        return waiting if shown.pending else QCoreApplication.translate("Captions", "without a mask")
    text = trace_text(trace, exits=shown.exits(panel))
    return f"{shown.note} · {text}" if shown.note else text


def trace_text(trace: Trace, *, exits: int | None = None) -> str:
    """Checkpoint, device and precision; exits of one checkpoint are not nets of their own, and are said to be exits."""
    origin = trace.provenance
    name = origin.checkpoint
    if (len(trace.variants) if exits is None else exits) > 1:
        name = QCoreApplication.translate("Captions", "exit of {0}").format(name)
    words = [name, device_text(origin.device, origin.precision, origin.backend)]
    if origin.size_policy != "native":
        words.append(size_policy_text(origin.size_policy))
    return " · ".join(words)


def size_policy_text(policy: str) -> str:
    """How a photo went through the net (see `Provenance`), in the user's language."""
    found = STRIPS.fullmatch(policy)
    if found is None:
        return policy
    text = QCoreApplication.translate("Captions", "strips of {0} rows").format(found[1])
    if found[2]:
        text = QCoreApplication.translate("Captions", "{0} in {1} spans of columns").format(text, found[2])
    return text


def class_under(panel: PanelId, shown: Shown, pixel: tuple[int, int]) -> tuple[int, str] | None:
    """Index and name of the class that a panel's mask has at a pixel (x, y); void has a name too."""
    mask, labels = shown.mask(panel), shown.labels(panel)
    if mask is None or labels is None:
        return None
    index = int(mask[pixel[1], pixel[0]])
    if index < len(labels):
        return index, labels.classes[index]
    return index, QCoreApplication.translate("Captions", "void")
