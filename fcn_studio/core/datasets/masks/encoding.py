"""What the values of a data set's mask files stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet

VALUES = 256  # that a mask of 8 bits can hold
ALSO_VOID = 255  # the border of VOC's objects, and unlabelled in most data sets since


@dataclass(frozen=True, slots=True)
class Encoding:
    """From a file's values to class indices; 255 is void too, unless a class has it.

    ADE20K's files, where 0 is unlabelled and the classes begin at 1, are `Encoding(tuple(range(1, 151)), (0,))`.

    Attributes:
        values: The file's value of each class, 0 to 255, or None where it is the class index itself.
        void: Values of unlabelled pixels, or None for the label set's own void value.
        also_void: Whether 255 is void too; not where 255 would tell that the files count otherwise.
    """

    values: tuple[int, ...] | None = None
    void: tuple[int, ...] | None = None
    also_void: bool = True

    def table(self, labels: LabelSet) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """(256,) class index of each file value, void being `labels.void`; and (256,) which values are legal."""
        indices = np.zeros(VALUES, dtype=np.uint8)
        legal = np.zeros(VALUES, dtype=np.bool_)
        own = range(len(labels)) if self.values is None else self.values
        void = (labels.void,) if self.void is None else self.void
        # A data set's own void wins over a class that only a larger label set has at that value.
        entries = [(ALSO_VOID, labels.void)] if self.also_void else []
        entries += [(value, index) for index, value in enumerate(own) if index < len(labels)]
        entries += [(value, labels.void) for value in void]
        for value, index in entries:
            indices[value], legal[value] = index, True
        return indices, legal

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a run's folder holds them."""
        return {"values": self.values, "void": self.void, "also_void": self.also_void}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Encoding:
        """What `to_dict` gave.

        Raises:
            DataError: A value is of the wrong kind.
        """
        try:
            numbers, void = (
                None if values[key] is None else tuple(map(int, values[key])) for key in ("values", "void")
            )
            return cls(numbers, void, bool(values.get("also_void", True)))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"What the masks' values stand for is malformed ({error!r}).") from error


INDICES = Encoding()
