"""The data of a training run, with its masks read as the run began."""

from __future__ import annotations

from fcn_studio.core.datasets.dataset import Dataset, open_dataset
from fcn_studio.core.datasets.label_file import LabelFile
from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import RUN, RunInfo


def run_dataset(info: RunInfo) -> Dataset:
    """The data set of a run, which may have been given other classes than the folder names.

    Raises:
        DataError: It is not there, or what the run's folder says of it is malformed.
    """
    if info.encoding is None:
        return open_dataset(info.data)
    labels, encoding = LabelSet.from_dict(info.label_set), Encoding.from_dict(info.encoding)
    return open_dataset(info.data, LabelFile(labels, encoding, info.data_card, RUN))
