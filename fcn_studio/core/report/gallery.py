"""Which photos a report shows: the worst, those that skips help and harm most, and examples of confusions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fcn_studio.core.errors import ImageError
from fcn_studio.core.images.image import read_image
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.judging.photo_metrics import PhotoMetrics
from fcn_studio.core.report.facts import Facts
from fcn_studio.core.report.mask_shelf import MaskShelf
from fcn_studio.core.report.thumbnails import Picture, confusion_picture, mask_picture, photo_picture

LISTED = 5  # photos of each list
BY_PIXELS, BY_SHARE = 8, 6  # confusions shown, by pixels and by share of their true class
LEAST_SHARE = 0.05  # of a true class's pixels, below which a confusion is not worth a picture
EXAMPLES = 3  # photos named for each confusion
PHOTO, TRUTH = "photo", "truth"  # beside the contenders' keys


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo and its pictures by PHOTO, TRUTH and contender; none without pictures."""

    row: PhotoMetrics
    anchor: str
    pictures: Mapping[str, Picture]


@dataclass(frozen=True, slots=True)
class ShownConfusion:
    """Pixels of one class that the last contender takes for another.

    Attributes:
        truth: The class's index.
        predicted: What it is taken for.
        pixels: In the whole split.
        share: Of the true class's pixels.
        examples: Photos with most of them, and how many.
        pictures: PHOTO, TRUTH and the contender's mask of the first example, these pixels outlined.
    """

    truth: int
    predicted: int
    pixels: int
    share: float
    examples: tuple[tuple[PhotoMetrics, int], ...]
    pictures: Mapping[str, Picture]

    @property
    def anchor(self) -> str:
        """Its name in links."""
        return f"confusion-{self.truth}-{self.predicted}"


@dataclass(frozen=True, slots=True)
class Gallery:
    """What a report shows.

    Attributes:
        lists: By name (`worst`, `gained`, `lost`), photos.
        confusions: The largest first.
    """

    lists: Mapping[str, tuple[Shown, ...]]
    confusions: tuple[ShownConfusion, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Each picture once."""
        shown = [one.pictures for photos in self.lists.values() for one in photos]
        shown += [one.pictures for one in self.confusions]
        return tuple({picture.name: picture for found in shown for picture in found.values()}.values())

    @property
    def anchors(self) -> Mapping[str, str]:
        """By photo, where it is shown with its masks."""
        return {
            str(one.row.photo): one.anchor
            for photos in reversed(tuple(self.lists.values()))
            for one in photos
            if one.pictures
        }

    @classmethod
    def without_pictures(cls, evaluation: Evaluation) -> Gallery:
        """The same choice of photos, in words only."""
        return cls(
            {
                name: tuple(Shown(row, f"{name}-{number}", {}) for number, row in enumerate(rows, start=1))
                for name, rows in _lists(evaluation).items()
            },
            tuple(_confusion(evaluation, *cell) for cell in _cells(evaluation)),
        )


def gather_pictures(evaluation: Evaluation, facts: Facts, shelf: MaskShelf) -> Gallery:
    """Makes the pictures; a photo that can no longer be read is shown in words only."""
    plain, labels, last = Gallery.without_pictures(evaluation), evaluation.labels, evaluation.keys[-1]
    made: dict[str, Mapping[str, Picture]] = {}

    def pictures(row: PhotoMetrics) -> Mapping[str, Picture]:
        name = facts.name(row.photo)
        if name not in made:
            stem = _stem(name)
            truth, masks = shelf.get(row.photo)
            try:
                photo = photo_picture(read_image(row.photo), f"{stem}-photo.jpg")
            except ImageError:
                made[name] = {}
                return made[name]
            made[name] = {
                PHOTO: photo,
                TRUTH: mask_picture(truth, labels, f"{stem}-truth.png"),
                **{
                    key: mask_picture(mask, labels, f"{stem}-{_safe(key)}.png", truth=truth)
                    for key, mask in masks.items()
                },
            }
        return made[name]

    lists = {
        name: tuple(Shown(one.row, one.anchor, pictures(one.row)) for one in photos)
        for name, photos in plain.lists.items()
    }
    confusions = []
    for one in plain.confusions:
        row = one.examples[0][0]
        found = dict(pictures(row))
        if found:
            truth, masks = shelf.get(row.photo)
            where = (truth == one.truth) & (masks[last] == one.predicted)
            name = f"{_stem(facts.name(row.photo))}-{one.anchor}.png"
            found = {
                PHOTO: found[PHOTO],
                TRUTH: found[TRUTH],
                last: confusion_picture(masks[last], where, labels, name),
            }
        confusions.append(ShownConfusion(one.truth, one.predicted, one.pixels, one.share, one.examples, found))
    return Gallery(lists, tuple(confusions))


def _lists(evaluation: Evaluation) -> dict[str, list[PhotoMetrics]]:
    return {
        "worst": evaluation.worst(LISTED),
        "gained": evaluation.gained_most(LISTED),
        "lost": evaluation.lost_most(LISTED),
    }


def _cells(evaluation: Evaluation) -> list[tuple[int, int]]:
    """The confusions with most pixels and with the largest shares of their class, most pixels first."""
    counts = evaluation.confusion[evaluation.keys[-1]].copy()
    totals = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    shares = counts / np.maximum(totals, 1)[:, None]
    size = len(evaluation.labels)
    chosen: list[int] = np.argsort(-counts, axis=None, kind="stable")[:BY_PIXELS].tolist()
    chosen += [
        cell
        for cell in np.argsort(-shares, axis=None, kind="stable")[:BY_SHARE].tolist()
        if shares.flat[cell] >= LEAST_SHARE
    ]
    cells = sorted({cell for cell in chosen if counts.flat[cell]}, key=lambda cell: (-int(counts.flat[cell]), cell))
    return [divmod(cell, size) for cell in cells]


def _confusion(evaluation: Evaluation, truth: int, predicted: int) -> ShownConfusion:
    last = evaluation.keys[-1]
    matrix = evaluation.confusion[last]
    pixels = int(matrix[truth, predicted])
    examples = tuple(evaluation.confused(last, truth, predicted, EXAMPLES))
    return ShownConfusion(truth, predicted, pixels, pixels / int(matrix[truth].sum()), examples, {})


def _stem(name: str) -> str:
    """A file name of its own for each photo, whatever folders and signs its path has."""
    return f"{_safe(name.rpartition('/')[2].rpartition('.')[0])[:60]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _safe(text: str) -> str:
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in text)
