"""What a foreign checkpoint cannot say of itself, and the user may."""

from __future__ import annotations

from dataclasses import dataclass

from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.nets.decoder import Enlargement
from fcn_studio.engine.nets.preprocess import Preprocessing

HEADS = ("semantic", "geometric")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Choices for a checkpoint of another program; None leaves each to the file, its name, or what is published.

    Attributes:
        labels: The classes; None for the built-in set of that many classes.
        preprocessing: How a photo becomes the net's input; None for what the program that wrote the file does.
        at_once: Whether pool4 and pool3 are scaled down, as in FCN8sAtOnce; None goes by the file.
        head: `semantic` or `geometric`, of SIFT Flow's nets with two heads; None is the semantic one.
        decoder: `fcn32s`, `fcn16s`, `fcn8s` or `fcns`: which class a decoder's state dict belongs to.
        enlargement: How a decoder enlarges, where its weights are plain convolutions.
    """

    labels: LabelSet | None = None
    preprocessing: Preprocessing | None = None
    at_once: bool | None = None
    head: str | None = None
    decoder: str | None = None
    enlargement: Enlargement | None = None
