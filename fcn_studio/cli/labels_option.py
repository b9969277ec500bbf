"""What `--labels` names: a built-in label set, a TOML file, a data set's labels.json or another tool's file."""

from __future__ import annotations

from fcn_studio.cli.packaged import packaged
from fcn_studio.core.datasets.class_files import READERS, read_class_file
from fcn_studio.core.datasets.label_file import LabelFile, read_label_file
from fcn_studio.core.labels import read_data_card, read_label_set

HELP = "a label set's name, or a TOML file, a labels.json or another tool's file of classes (default: the data's own)"


def label_file(name: str, *, also: tuple[str, ...] = ()) -> LabelFile:
    """The classes that are meant, what the values of masks stand for where a file says so, and its card.

    Args:
        name: As the user gave it.
        also: Names that the caller knows besides, for the error.

    Raises:
        DataError: There is no such set, or its file is malformed.
    """
    file = packaged(name, "labels", called="label sets", also=also)
    if file.suffix.lower() == ".json":
        return read_label_file(file)
    if file.name.lower() in READERS:
        return read_class_file(file, file.resolve().parent.name or "labels")
    return LabelFile(read_label_set(file), None, read_data_card(file), f"--labels {name}", has_colours=True)
