"""Label sets: what the packaged ones hold, and what a malformed one says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcn_studio import paths
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet, read_data_card, read_label_set


def test_camvid_is_the_segnet_set(camvid: LabelSet) -> None:
    assert camvid.classes[0] == "Sky"
    assert camvid.classes[10] == "Bicyclist"
    assert camvid.void == 11
    assert camvid.background is None  # class 0 is a real one
    assert camvid.palette()[3].tolist() == [128, 64, 128]
    assert "CC BY-NC" in read_data_card(paths.resources() / "labels" / "camvid.toml")["licence"]


def test_voc_colours_interleave_the_bits_of_the_index() -> None:
    voc = read_label_set(paths.resources() / "labels" / "voc.toml")
    assert len(voc) == 21
    assert voc.background == 0
    assert voc.colours[1] == (128, 0, 0)
    assert voc.colours[15] == (192, 128, 128)
    assert voc.colours[20] == (0, 64, 128)
    assert voc.palette()[255].tolist() == [224, 224, 192]


def test_a_label_set_survives_its_plain_form(camvid: LabelSet) -> None:
    assert LabelSet.from_dict(camvid.to_dict()) == camvid
    np.testing.assert_array_equal(LabelSet.from_dict(camvid.to_dict()).palette(), camvid.palette())


def test_classes_are_found_by_name_whatever_their_case(camvid: LabelSet) -> None:
    assert camvid.index("car") == 8
    with pytest.raises(DataError, match=r"No class 'Cat' in camvid.*Sky"):
        camvid.index("Cat")


@pytest.mark.parametrize(
    "text",
    [
        "classes = [",
        'name = "x"',
        'name = "x"\nclasses = ["a"]\ncolours = []',
        'name = "x"\nclasses = ["a"]\ncolours = [[1, 2]]',
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.toml").write_text(text)
    with pytest.raises(DataError, match=r"odd\.toml"):
        read_label_set(tmp_path / "odd.toml")
