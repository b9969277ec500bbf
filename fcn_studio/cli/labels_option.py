"""What `--labels` names: a built-in label set, a TOML file, or a data set's labels.json."""

from __future__ import annotations

from fcn_studio.cli.packaged import packaged
from fcn_studio.core.datasets.label_file import LabelFile, read_label_file
from fcn_studio.core.labels import read_data_card, read_label_set


def label_file(name: str, *, also: tuple[str, ...] = ()) -> LabelFile:
    """The classes that are meant, what the values of masks stand for where a labels.json says so, and its card.

    Args:
        name: As the user gave it.
        also: Names that the caller knows besides, for the error.

    Raises:
        DataError: There is no such set, or its file is malformed.
    """
    file = packaged(name, "labels", called="label sets", also=also)
    if file.suffix.lower() == ".json":
        return read_label_file(file)
    return LabelFile(read_label_set(file), None, read_data_card(file))
