"""Bringing a data set's classes and a model's together by their names, where the two differ."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet


@dataclass(frozen=True, slots=True, eq=False)
class LabelMatch:
    """How masks of a data set are read in a model's classes.

    Attributes:
        table: (256,) uint8: the model's index, or void, of each value of the data set's masks.
        counted: For each class of the model, whether the data set has it, so that its IU counts.
        pairs: (the data set's name, the model's name) of the classes that were brought together.
        only_data: Classes that the model does not have; their pixels are left out like void.
        only_model: Classes that the data set does not have; a pixel predicted so is wrong.
        same: Whether the two agree class by class, so that nothing was changed.
    """

    table: NDArray[np.uint8]
    counted: tuple[bool, ...]
    pairs: tuple[tuple[str, str], ...]
    only_data: tuple[str, ...]
    only_model: tuple[str, ...]
    same: bool

    def sentences(self) -> tuple[str, ...]:
        """What was done, for a reader; empty where nothing was."""
        if self.same:
            return ()
        found = [
            f"{len(self.pairs)} of the data set's classes were matched with the model's: "
            + ", ".join(data if data == model else f"{data} = {model}" for data, model in self.pairs)
            + "."
        ]
        if self.only_data:
            found.append(f"Left out like void, since the model has no such class: {', '.join(self.only_data)}.")
        if self.only_model:
            found.append(
                f"The data set does not label {', '.join(self.only_model)}: predicted there, it is an error, "
                "but it has no IU and is left out of the mean."
            )
        return tuple(found)


def match_labels(data: LabelSet, model: LabelSet) -> LabelMatch:
    """Brings two label sets together; names count without case, spaces, hyphens and underscores.

    A model whose classes are only numbered, or guessed otherwise than the data set names them, takes the data set's
    names in order, if there are as many.

    Raises:
        DataError: No class has the same name in both, or two classes of one set have the same name.
    """
    theirs, ours = comparable_names(data), comparable_names(model)
    in_order = not model.is_named and len(model) == len(data) and set(theirs) != set(ours)
    if in_order or theirs == ours:
        found = {index: index for index in range(len(data))}
    else:
        place = {name: index for index, name in enumerate(ours)}
        if len(place) < len(ours) or len(set(theirs)) < len(theirs):
            raise DataError(
                f"{data.name} or {model.name} names a class twice, so that names cannot bring them together."
            )
        found = {index: place[name] for index, name in enumerate(theirs) if name in place}
    if not found:
        raise DataError(
            f"The data set {data.name} and the model's {model.name} have no class name in common "
            f"({', '.join(data.classes[:4])}... against {', '.join(model.classes[:4])}...); "
            "give weights that were trained on its classes."
        )
    table = np.full(256, model.void, dtype=np.uint8)
    for theirs_index, our_index in found.items():
        table[theirs_index] = our_index
    reached = set(found.values())
    return LabelMatch(
        table=table,
        counted=tuple(index in reached for index in range(len(model))),
        pairs=tuple((data.classes[a], model.classes[b]) for a, b in found.items()),
        only_data=tuple(name for index, name in enumerate(data.classes) if index not in found),
        only_model=tuple(name for index, name in enumerate(model.classes) if index not in reached),
        same=theirs == ours,
    )


def comparable_names(labels: LabelSet) -> tuple[str, ...]:
    """Class names without case, spaces, hyphens and underscores."""
    return tuple(re.sub(r"[\s_-]+", "", name.casefold()) for name in labels.classes)
