"""ImageNet's classes by their English names, for classifiers whose files name none."""

from __future__ import annotations

import tomllib

from fcn_studio import paths
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import MAX_CLASSES, LabelSet, voc_colour


def imagenet_labels() -> LabelSet:
    """The 1000 classes in the order of the published classifiers; their colours repeat.

    Raises:
        DataError: The packaged file is missing or damaged.
    """
    path = paths.resources() / "classifiers" / "imagenet.toml"
    try:
        names = tuple(str(name) for name in tomllib.loads(path.read_text(encoding="utf-8"))["classes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: the names of ImageNet's classes cannot be read; install FCN Studio again.") from error
    colours = tuple(voc_colour(1 + index % MAX_CLASSES) for index in range(len(names)))
    return LabelSet(name="imagenet", classes=names, colours=colours, void=65535)
