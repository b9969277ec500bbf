"""The checkpoint doctor: which preprocessing a net was trained with, and what is wrong with its weights.

It tries the preprocessings that are in use on a small copy of a photo, in float32 on the CPU, and ranks them by the
rule of `core.diagnosis`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.judging.diagnosis import (
    Confidence,
    Diagnosis,
    Finding,
    InputRecipe,
    Severity,
    Trial,
    information,
    ranked,
    shared_information,
    worst_first,
)
from fcn_studio.core.labels import MAX_CLASSES, LabelSet
from fcn_studio.engine.checkpoints.native import Checkpoint, save_checkpoint
from fcn_studio.engine.doctor.score_checks import Evidence, evidence_of, score_findings
from fcn_studio.engine.doctor.weight_checks import trunk_is_random, weight_findings
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import CAFFE, IMAGENET_RGB, Preprocessing

LONGER_SIDE = 320  # pixels that photos are reduced to: ten passes are to take seconds

OnTrial = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Pass:
    """(2, classes, h, w) scores of each variant, of photo and mirrored photo, and what the score layers say."""

    scores: dict[str, Tensor]
    evidence: dict[str, Evidence]


def recipes() -> tuple[InputRecipe, ...]:
    """The preprocessings that are tried: both channel orders, with each scale and mean that is in use."""
    red, green, blue = reversed(CAFFE.mean)
    none, one, half = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.5, 0.5)
    rows = (
        ("0..255, Caffe mean", 1.0, (red, green, blue), one),
        ("0..255", 1.0, none, one),
        ("0..1", 1 / 255, none, one),
        ("0..1, ImageNet mean/std", 1 / 255, IMAGENET_RGB.mean, IMAGENET_RGB.std),
        ("-1..1", 1 / 255, half, half),
    )
    rgb = [InputRecipe(f"RGB, {name}", "rgb", scale, mean, std) for name, scale, mean, std in rows]
    bgr = [InputRecipe(f"BGR, {name}", "bgr", scale, mean[::-1], std[::-1]) for name, scale, mean, std in rows]
    return (*rgb, *bgr)


def recipe_of(preprocessing: Preprocessing) -> InputRecipe:
    """A preprocessing under its name, or described by its numbers where it has none."""
    order = preprocessing.order
    numbers = (order, preprocessing.scale, preprocessing.mean, preprocessing.std)
    described = InputRecipe(_description(preprocessing), *numbers)
    for known in recipes():
        if known.same_input(described):
            return InputRecipe(known.name, *numbers)
    return described


def reduced(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) to (h, w, 3) with the longer side at most LONGER_SIDE."""
    height, width = photo.shape[:2]
    scale = min(1.0, LONGER_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS, reducing_gap=3))


def diagnose(
    checkpoint: Checkpoint,
    photo: NDArray[np.uint8] | None = None,
    *,
    photo_name: str = "",
    of_its_kind: bool = True,
    on_trial: OnTrial = lambda name, share: None,
    cancel: CancelToken | None = None,
) -> Diagnosis:
    """Examines a checkpoint.

    Args:
        checkpoint: Any that can be opened.
        photo: (H, W, 3) uint8 RGB, best one of the kind that the net was trained on; None for the weights alone.
        photo_name: What to call it.
        of_its_kind: Whether it is of the kind that the net was trained on; if not, nothing is decided.
        on_trial: Hears each preprocessing's name when it has been tried, and the share of all that are done.
        cancel: Asked between two of them.

    Raises:
        Cancelled: It was stopped.
        CheckpointError: More classes than a mask can hold.
    """
    findings = weight_findings(checkpoint)
    if photo is None:
        return Diagnosis(checkpoint.name, checkpoint.digest, checkpoint.labels, worst_first(findings))
    if checkpoint.net.architecture.num_classes > MAX_CLASSES:
        raise CheckpointError(f"{checkpoint.name}: over {MAX_CLASSES} classes; only its weights can be examined.")
    small = reduced(photo)
    candidates = _candidates(checkpoint.preprocessing)
    trials: list[Trial] = []
    evidence: dict[int, dict[str, Evidence]] = {}
    for number, (recipe, stored) in enumerate(candidates, start=1):
        if cancel is not None:
            cancel.check()
        pixels = preprocessing_of(recipe).to_tensor(small)
        found = _run(checkpoint.net, torch.cat([pixels, pixels.flip(-1)]))
        trials.append(_trial(number, recipe, found.scores, checkpoint.labels, stored=stored))
        evidence[number] = found.evidence
        on_trial(recipe.name, number / len(candidates))
    order, confidence = ranked(trials)
    decidable = of_its_kind and order[0].telling and not trunk_is_random(checkpoint.net)
    diagnosis = Diagnosis(
        checkpoint.name,
        checkpoint.digest,
        checkpoint.labels,
        (),
        small,
        photo_name,
        order,
        confidence if decidable else Confidence.UNDECIDED,
        decidable,
    )
    best = diagnosis.proposed or order[0]
    findings += score_findings(checkpoint.net, evidence[best.number])
    findings += _trial_findings(diagnosis, best)
    return replace(diagnosis, findings=worst_first(findings))


def preprocessing_of(recipe: InputRecipe) -> Preprocessing:
    """The engine's own form."""
    return Preprocessing(recipe.order, recipe.scale, recipe.mean, recipe.std)


def save_with(checkpoint: Checkpoint, recipe: InputRecipe, path: Path) -> None:
    """Writes the checkpoint with another preprocessing; its card says so.

    Raises:
        OutputError: The file cannot be written.
    """
    changed = {"by": "checkpoint doctor", "before": checkpoint.preprocessing.to_dict(), "source": checkpoint.digest}
    save_checkpoint(
        path,
        checkpoint.net,
        labels=checkpoint.labels,
        preprocessing=preprocessing_of(recipe),
        card={**checkpoint.card, "preprocessing_changed": changed},
        dtype=_exact_dtype(checkpoint.net),
    )


def _candidates(stored: Preprocessing) -> list[tuple[InputRecipe, bool]]:
    own = recipe_of(stored)
    found = [(own if recipe.same_input(own) else recipe, recipe.same_input(own)) for recipe in recipes()]
    return found if any(is_stored for _, is_stored in found) else [*found, (own, True)]


def _description(preprocessing: Preprocessing) -> str:
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (preprocessing.mean, preprocessing.std))
    top = preprocessing.scale * 255
    return f"{preprocessing.order.upper()}, 0..{top:g}, mean ({mean}), std ({std})"


def _run(net: Net, photos: Tensor) -> _Pass:
    with torch.inference_mode():
        if not isinstance(net, FCN):
            return _Pass({variant: scores.float() for variant, scores in net(photos).items()}, {})
        maps = net.score(net.taps(photos))
        size = (photos.shape[-2], photos.shape[-1])
        scores = {variant: net.scores(maps, variant, size) for variant in net.architecture.variants}
        return _Pass(scores, evidence_of(net, maps))


def _trial(number: int, recipe: InputRecipe, scores: dict[str, Tensor], labels: LabelSet, *, stored: bool) -> Trial:
    coarse, both = next(iter(scores.values()))[0], tuple(scores.values())[-1]
    finite = bool(torch.isfinite(both).all())
    fine = both[0]
    mask = torch.nan_to_num(fine).argmax(0)
    probabilities, mirrored = (values.double().softmax(0).flatten(1) for values in (fine, both[1].flip(-1)))
    entropy = float(torch.special.entr(probabilities).sum(0).mean()) if finite else 0.0
    told = information(probabilities.mean(1).numpy(), entropy) if finite else 0.0
    told_twice = shared_information((probabilities @ mirrored.T / mask.numel()).numpy()) if finite else 0.0
    shares = torch.bincount(mask.flatten(), minlength=len(fine)).double() / mask.numel()
    background = labels.background
    return Trial(
        number=number,
        recipe=recipe,
        stored=stored,
        mask=mask.to(torch.uint8).numpy(),
        finite=finite,
        information=told,
        consistency=min(told_twice / told, 1.0) if told else 0.0,
        entropy=entropy / math.log(max(len(fine), 2)),
        classes=int((shares > 0).sum()),
        dominant=int(shares.argmax()),
        dominant_share=float(shares.max()),
        foreground=None if background is None else float(1 - shares[background]),
        agreement=float((coarse.argmax(0) == mask).double().mean()) if len(scores) > 1 else None,
    )


def _trial_findings(diagnosis: Diagnosis, best: Trial) -> Iterator[Finding]:
    stored = diagnosis.stored
    broken = [trial for trial in diagnosis.trials if not trial.finite]
    if broken:
        sentence = f"The scores are no numbers with {broken[0].recipe.name} ({len(broken)} preprocessings in all)."
        yield Finding(Severity.FAULT if stored in broken else Severity.NOTE, "", sentence)
    if stored is not None and best is not stored:
        place = diagnosis.trials.index(stored) + 1
        sentence = (
            f"The checkpoint's preprocessing ({stored.recipe.name}) comes {_ordinal(place)} of "
            f"{len(diagnosis.trials)} on this photo; {best.recipe.name} fits better ({diagnosis.confidence})."
        )
        yield Finding(Severity.WARNING, "", sentence)
    names = diagnosis.labels.classes
    missing = [name for index, name in enumerate(names) if not bool((best.mask == index).any())]
    if best.dominant_share > 0.999:
        sentence = f"One class wins every pixel of this photo: {names[best.dominant]}."
        yield Finding(Severity.WARNING, "", sentence)
    elif missing:
        shown = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        yield Finding(Severity.NOTE, "", f"Never the winner on this photo, which need not have them: {shown}.")


def _ordinal(place: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(place, f"{place}th")


def _exact_dtype(net: Net) -> torch.dtype:
    """float16 if that loses nothing, as of weights that were stored so; else float32."""
    values = (value for value in net.state_dict().values() if value.is_floating_point())
    exact = all(bool((value.half().to(value.dtype) == value).all()) for value in values)
    return torch.float16 if exact else torch.float32
