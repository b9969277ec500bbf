"""Running models over a data set's split, photo by photo at the photos' own sizes, and counting what they get right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.catalog.checkpoint_names import numbered
from fcn_studio.core.datasets.dataset import Dataset, Example, open_dataset, read_example
from fcn_studio.core.datasets.label_match import LabelMatch, match_labels
from fcn_studio.core.errors import DataError, ImageError
from fcn_studio.core.graph.names import OUTPUT, VARIANTS, variant_title
from fcn_studio.core.judging.evaluation import Contender, Evaluation, Step, Tally
from fcn_studio.core.judging.metrics import Metrics
from fcn_studio.engine.tracing.tracer import Tracer

OnImage = Callable[[int, int], None]
OnFailure = Callable[[Example, Exception], None]
OnMasks = Callable[[Path, NDArray[np.uint8], Mapping[str, NDArray[np.uint8]]], None]


def evaluate(
    model: Tracer, folder: Path, split: str, *, on_image: OnImage = lambda done, total: None
) -> Mapping[str, Metrics]:
    """The metrics of each variant, from one confusion matrix over the whole split.

    Args:
        model: What to evaluate.
        folder: A data set folder.
        split: Such as `val`.
        on_image: Hears (images done, images in all).

    Raises:
        DataError: The split is missing, a photo cannot be read, or a mask does not fit the model's labels.
    """
    return evaluate_models([model], open_dataset(folder), split, on_image=on_image).variants


def evaluate_models(
    models: Sequence[Tracer],
    dataset: Dataset,
    split: str,
    *,
    names: Sequence[str] | None = None,
    on_image: OnImage = lambda done, total: None,
    on_failure: OnFailure | None = None,
    on_masks: OnMasks | None = None,
) -> Evaluation:
    """All that `Evaluation` holds, of one or several models with the same classes, in one pass over the split.

    Args:
        models: Each is run on each photo.
        dataset: Whose masks are the truth; its classes are matched with the models' by name.
        split: Such as `val`.
        names: What to call the models, all different (`core.checkpoint_names`); without them, their own names.
        on_image: Hears (images done, images in all).
        on_failure: Hears of a photo or mask that cannot be used, which is then left out; without it, it is an error.
        on_masks: Hears (photo, truth, masks by contender) of each photo that was counted.

    Raises:
        DataError: The split is missing, no photo could be used, or the classes are not known or differ beyond matching.
    """
    labels, match = models[0].labels, label_match(models, dataset, names=names)
    reading = dataset.known_labels
    places = contenders(models, names=names)
    chain, widest = _chain(places)
    tally = Tally(tuple(entry for entry, _ in places), labels, match.counted, chain, widest)
    examples = dataset.examples(split)
    for number, example in enumerate(examples, start=1):
        try:
            photo, found = read_example(example, reading)
            truth = (
                found if match.same and reading.void == labels.void else in_model_classes(found, reading.void, match)
            )
            traces = [model.trace(photo) for model in models]
        except (DataError, ImageError) as error:
            if on_failure is None:
                raise
            on_failure(example, error)
        else:
            masks = {entry.key: traces[place].mask(entry.variant) for entry, place in places}
            tally.add(example.photo, truth, masks)
            if on_masks:
                on_masks(example.photo, truth, masks)
        on_image(number, len(examples))
    result = tally.result()
    if not result.records:
        raise DataError(f"{dataset.folder}: none of the {len(examples)} photos of {split} could be used.")
    return result


def label_match(models: Sequence[Tracer], dataset: Dataset, *, names: Sequence[str] | None = None) -> LabelMatch:
    """How the data set's classes are read in the models'.

    Raises:
        DataError: The models have different classes, too many for a mask, or none in common with the data set, or
            nothing says what the data set's are.
    """
    first, names = models[0].labels, names or [model.name for model in models]
    if not first.fits_masks:
        raise DataError(f"{names[0]} knows {len(first)} classes, more than masks can hold; it cannot be evaluated.")
    for model, name in zip(models[1:], names[1:], strict=True):
        if not (len(model.labels) == len(first) and match_labels(model.labels, first).same):
            raise DataError(
                f"{names[0]} and {name} have different classes ({first.name}: {len(first)}, "
                f"{model.labels.name}: {len(model.labels)}); evaluate them one by one."
            )
    return match_labels(dataset.known_labels, first)


def contenders(models: Sequence[Tracer], *, names: Sequence[str] | None = None) -> list[tuple[Contender, int]]:
    """Each variant of each model with the model's place, coarsest first where no variant comes twice."""
    found = [(model, variant, place) for place, model in enumerate(models) for variant in model.variants]
    variants = [variant for _, variant, _ in found]
    unique = len(set(variants)) == len(variants)
    if unique and set(variants) <= set(VARIANTS):
        found.sort(key=lambda entry: VARIANTS.index(entry[1]))
    names = names or numbered([model.name for model in models])
    return [
        (
            Contender(
                key=variant if unique else f"{variant}@{names[place]}",
                title=variant_title(variant, model.net_name) + ("" if unique else f" of {names[place]}"),
                variant=variant,
                checkpoint=names[place],
                digest=model.digest,
                device=model.choice.device,
                device_name=model.choice.name,
                precision=model.choice.precision,
            ),
            place,
        )
        for model, variant, place in found
    ]


def _chain(places: Sequence[tuple[Contender, int]]) -> tuple[tuple[Step, ...], Step | None]:
    """The steps from skip to skip, and whom to compare photo by photo: the coarsest and the finest, or two models."""
    keys = [entry.key for entry, _ in places]
    if len({entry.variant for entry, _ in places}) == len(places) and OUTPUT not in {
        entry.variant for entry, _ in places
    }:
        return tuple(pairwise(keys)), (keys[0], keys[-1]) if len(keys) > 1 else None
    within = tuple((a.key, b.key) for (a, mine), (b, other) in pairwise(places) if mine == other)
    finest = {place: entry.key for entry, place in places}  # the last of each model
    ends = list(finest.values())
    return within, (ends[0], ends[-1]) if len(ends) > 1 else None


def in_model_classes(mask: NDArray[np.uint8], void: int, match: LabelMatch) -> NDArray[np.uint8]:
    """A mask of a data set's indices, with its void, in the model's: (H, W) of both."""
    table = match.table.copy()
    table[void] = table[255]  # a match leaves 255 void, which no class can be
    found: NDArray[np.uint8] = table[mask]
    return found
